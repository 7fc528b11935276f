// Package outbound is the only door through which requests leave this machine.
//
// In goes what an operator allows (Options), out comes an http.Client for identity providers, messengers and web hooks. It reaches public addresses over https
// only: whatever a name resolves to is looked at when the connection is made, after every redirect and every answer of the name server, so an address of this
// machine, its network or its cloud's metadata is reached by no form of writing it. Hosts and plain http can be allowed by name, one by one.
//
// The client follows few redirects, reads answers up to a size, has a time limit for everything, keeps no cookies, and takes no proxy from the environment. The
// package never sends anything by itself. Errors of an http.Client hold the whole address, whose path or query may be secret: Redact takes them out.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options say what may be reached and how.
type Options struct {
	// Allow lists hosts ("id.corp.example") or hosts with ports ("10.0.0.5:8443", "[fd00::5]:8443") that may be reached at any address and without TLS. The
	// name as it stands in the URL counts; nothing else is let through with it.
	Allow []string
	// Proxy is where all requests go to, if there is one; it then decides what addresses may be reached. nil: none.
	Proxy *url.URL
	// Timeout is how long a request may take altogether, reading the answer included; 0: 20 seconds.
	Timeout time.Duration
	// MaxBytes is how long an answer may be; 0: 4 MiB. Reading on fails with a *SizeError.
	MaxBytes int64
	// Transport changes what is used besides, such as the certificates that are trusted; nil: nothing is changed.
	Transport func(*http.Transport)
	// Resolve looks up names; nil: the system does. For tests, and for those with a name server of their own.
	Resolve *net.Resolver
}

const maxRedirects = 3

// RefusedError says that something may not be reached.
type RefusedError struct {
	Host   string // as it stands in the URL, or its address
	Reason string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s may not be reached: %s; if it is meant, list the host among those that are allowed", e.Host, e.Reason)
}

// SizeError says that an answer was longer than is read.
type SizeError struct{ Max int64 }

func (e *SizeError) Error() string {
	return fmt.Sprintf("the answer is longer than %d bytes", e.Max)
}

// Redact gives an error of the client without path and query of the address, and nil for nil. The causes stay.
func Redact(err error) error {
	e, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	host := "an address that cannot be read"
	if u, parseErr := url.Parse(e.URL); parseErr == nil {
		host = u.Host
	}
	return fmt.Errorf("%s %s: %w", strings.ToUpper(e.Op), host, e.Err)
}

// door is a client's rules.
type door struct {
	opt     Options
	allowed map[string]bool // folded hosts, with or without port
	inner   http.RoundTripper
}

// Client gives a client that keeps to the rules. It may be used from several goroutines.
func Client(opt Options) *http.Client {
	if opt.Timeout <= 0 {
		opt.Timeout = 20 * time.Second
	}
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = 4 << 20
	}
	d := &door{opt: opt, allowed: map[string]bool{}}
	for _, host := range opt.Allow {
		d.allowed[fold(host)] = true
	}
	t := &http.Transport{
		DialContext: d.dial, Proxy: http.ProxyURL(opt.Proxy), ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: opt.Timeout, IdleConnTimeout: time.Minute,
		MaxIdleConns: 20, MaxConnsPerHost: 10, MaxResponseHeaderBytes: 64 << 10, ExpectContinueTimeout: time.Second,
	}
	if opt.Transport != nil {
		opt.Transport(t)
	}
	d.inner = t
	return &http.Client{Transport: d, CheckRedirect: d.redirect, Timeout: opt.Timeout}
}

func fold(host string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(host)), ".")
}

// allows tells whether a host is on the list, alone or with its port.
func (d *door) allows(host, port string) bool {
	host = fold(host)
	return d.allowed[host] || d.allowed["["+host+"]"] || d.allowed[net.JoinHostPort(host, port)]
}

// check looks at an address before anything is sent.
func (d *door) check(u *url.URL) error {
	port := portOf(u)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return &RefusedError{Host: u.Scheme + "://" + u.Host, Reason: "only https is spoken"}
	case u.Hostname() == "":
		return &RefusedError{Host: u.Scheme + ":", Reason: "it names no host"}
	case u.User != nil:
		return &RefusedError{Host: u.Host, Reason: "it holds a user name"}
	case port == "0":
		return &RefusedError{Host: u.Host, Reason: "port 0 is nobody's"}
	case d.allows(u.Hostname(), port):
		return nil
	case u.Scheme != "https":
		return &RefusedError{Host: u.Host, Reason: "it is not https"}
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		if reason := closed(a); reason != "" {
			return &RefusedError{Host: u.Host, Reason: reason}
		}
		return nil
	}
	return namable(u.Host, u.Hostname())
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// namable refuses names of this machine, and hosts that some resolvers read as an address in disguise: decimal, octal, hexadecimal, shortened.
func namable(shown, host string) error {
	labels := strings.Split(fold(host), ".")
	last := labels[len(labels)-1]
	if last == "localhost" {
		return &RefusedError{Host: shown, Reason: "it names this machine"}
	}
	if last == "" || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return &RefusedError{Host: shown, Reason: "it is neither a name nor a usual way to write an address"}
	}
	return nil
}

// RoundTrip sends a request that may be sent, and bounds its answer.
func (d *door) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := d.check(r.URL); err != nil {
		if r.Body != nil {
			err = errors.Join(err, r.Body.Close())
		}
		return nil, err
	}
	answer, err := d.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{ReadCloser: answer.Body, left: d.opt.MaxBytes, max: d.opt.MaxBytes}
	return answer, nil
}

// redirect follows to https or within the same host, a few times, and does not tell where it came from.
func (d *door) redirect(r *http.Request, via []*http.Request) error {
	r.Header.Del("Referer")
	last := via[len(via)-1].URL
	switch {
	case len(via) > maxRedirects:
		return &RefusedError{Host: r.URL.Host, Reason: fmt.Sprintf("it was redirected to more than %d times", maxRedirects)}
	case r.URL.Scheme == "https", r.URL.Scheme == last.Scheme && r.URL.Host == last.Host:
		return nil // RoundTrip looks at where it leads
	}
	return &RefusedError{Host: r.URL.Host, Reason: "a redirect leads to something that is not https"}
}

// CloseIdleConnections closes what waits for another request.
func (d *door) CloseIdleConnections() {
	if c, ok := d.inner.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// dial connects to a host after each of its addresses has been looked at.
func (d *door) dial(ctx context.Context, kind, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	n := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: d.opt.Resolve}
	if !d.allows(host, port) && !d.isProxy(host, port) {
		n.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			return checkAddress(host, resolved)
		}
	}
	return n.DialContext(ctx, kind, address)
}

func (d *door) isProxy(host, port string) bool {
	return d.opt.Proxy != nil && fold(host) == fold(d.opt.Proxy.Hostname()) && port == portOf(d.opt.Proxy)
}

// checkAddress looks at what a name has become; this is the last moment before the connection.
func checkAddress(host, resolved string) error {
	a, err := netip.ParseAddrPort(resolved)
	if err != nil {
		return &RefusedError{Host: host, Reason: "its address cannot be read"}
	}
	if a.Port() == 0 {
		return &RefusedError{Host: host, Reason: "port 0 is nobody's"}
	}
	if reason := closed(a.Addr()); reason != "" {
		return &RefusedError{Host: host, Reason: reason}
	}
	return nil
}

// ranges are the networks that are not the public internet, besides those that netip knows: registries of special-purpose addresses, RFC 6890 and after.
var ranges = []struct {
	reason string
	nets   []netip.Prefix
}{
	{"its address belongs to this network", prefixes("0.0.0.0/8")},
	{"its address belongs to a carrier's inner network", prefixes("100.64.0.0/10")},
	{"its address belongs to protocol assignments", prefixes("192.0.0.0/24", "2001::/23", "5f00::/16")},
	{"its address is for documentation", prefixes("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")},
	{"its address is for measurements", prefixes("198.18.0.0/15")},
	{"its address leads to one of IPv4 in disguise", prefixes("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "192.88.99.0/24")},
	{"its address is reserved", prefixes("240.0.0.0/4", "100::/64", "100:0:0:1::/64")},
	{"its address is private", prefixes("fec0::/10")},
}

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, t := range texts {
		list = append(list, netip.MustParsePrefix(t))
	}
	return list
}

// closed says why an address is not of the public internet, or "".
func closed(a netip.Addr) string {
	switch {
	case a.Zone() != "":
		return "its address names an interface of this machine"
	case a.Is4In6():
		return "its address is one of IPv4 written as IPv6"
	case a.IsLoopback():
		return "its address is this machine"
	case a.IsUnspecified():
		return "its address is unspecified"
	case a.IsPrivate():
		return "its address is private"
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast(), a.IsInterfaceLocalMulticast():
		return "its address is link-local, where clouds keep secrets"
	case a.IsMulticast():
		return "its address is a multicast group"
	}
	for _, r := range ranges {
		if slices.ContainsFunc(r.nets, func(p netip.Prefix) bool { return p.Contains(a) }) {
			return r.reason
		}
	}
	return ""
}

// bounded reads up to a size and then fails, rather than ending as if all had come.
type bounded struct {
	io.ReadCloser
	left, max int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &SizeError{Max: b.max}
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, &SizeError{Max: b.max}
	}
	return n, err
}
