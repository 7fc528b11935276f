package outbound_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plumbline/internal/outbound"
)

// site is a server on loopback that counts what reaches it.
type site struct {
	*httptest.Server
	hits atomic.Int32
}

func newSite(t *testing.T, secure bool, handle http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	count := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		handle(w, r)
	})
	if secure {
		s.Server = httptest.NewTLSServer(count)
	} else {
		s.Server = httptest.NewServer(count)
	}
	t.Cleanup(s.Close)
	return s
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// port is where the site listens.
func (s *site) port() string { return s.URL[strings.LastIndex(s.URL, ":")+1:] }

// trust has a client take the certificates of the sites.
func trust(s *site) func(*http.Transport) {
	return func(t *http.Transport) { t.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig }
}

// names is a name server on loopback that gives the answers in turn.
func names(t *testing.T, answers ...[]string) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	var asked atomic.Int32
	go func() {
		query := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(query)
			if err != nil {
				return
			}
			if answer := answerTo(query[:n], answers, &asked); answer != nil {
				_, _ = c.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// answerTo makes a message of RFC 1035: the question, and an A or AAAA record per address of the kind that is asked for.
func answerTo(query []byte, answers [][]string, asked *atomic.Int32) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5
	kind := binary.BigEndian.Uint16(query[end-4:])
	turn := int(asked.Load()) / 2 // a look-up asks for A and AAAA
	asked.Add(1)
	var records []byte
	count := uint16(0)
	for _, text := range answers[min(turn, len(answers)-1)] {
		a := netip.MustParseAddr(text)
		if (kind == 1) != a.Is4() {
			continue
		}
		count++
		records = append(records, 0xc0, 12)
		records = binary.BigEndian.AppendUint16(records, kind)
		records = append(records, 0, 1, 0, 0, 0, 0)
		records = binary.BigEndian.AppendUint16(records, uint16(a.BitLen()/8))
		records = append(records, a.AsSlice()...)
	}
	answer := append(bytes.Clone(query[:2]), 0x81, 0x80, 0, 1)
	answer = binary.BigEndian.AppendUint16(answer, count)
	answer = append(answer, 0, 0, 0, 0)
	answer = append(answer, query[12:end]...)
	return append(answer, records...)
}

func get(t *testing.T, c *http.Client, address string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	answer, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

func refused(t *testing.T, what string, err error) {
	t.Helper()
	var e *outbound.RefusedError
	if !errors.As(err, &e) {
		t.Errorf("%s: %v, want it refused", what, err)
	}
}

// Every way to write an address of this machine or its network leads nowhere.
func TestInnerAddressesAreRefused(t *testing.T) {
	s := newSite(t, true, hello)
	c := outbound.Client(outbound.Options{Transport: trust(s)})
	for _, host := range []string{
		"127.0.0.1", "127.0.0.2", "127.255.255.254", "localhost", "LOCALHOST", "localhost.", "www.localhost", "2130706433", "017700000001", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "127.1", "127.0.1", "127.0.0.1.", "0", "0.0.0.0", "0x7f.1",
		"[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[fd00::1]", "[fc00::5]", "[ff02::1]", "[2001:db8::1]",
		"169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1",
	} {
		for _, address := range []string{"https://" + host + ":" + s.port() + "/", "https://" + host + "/"} {
			_, err := get(t, c, address)
			refused(t, address, err)
		}
	}
	if n := s.hits.Load(); n > 0 {
		t.Errorf("%d requests got through", n)
	}
}

func TestOtherSchemesAreRefused(t *testing.T) {
	c := outbound.Client(outbound.Options{Allow: []string{"127.0.0.1", "localhost"}})
	for _, address := range []string{"file:///etc/passwd", "gopher://127.0.0.1:70/_x", "ftp://127.0.0.1/", "http://example.com/", "http://1.1.1.1/", "dict://127.0.0.1:11211/", "https://user:secret@127.0.0.1/", "https:///x", "https://127.0.0.1:0/", "http://localhost:0/"} {
		_, err := get(t, c, address)
		if err == nil {
			t.Errorf("%s was fetched", address)
			continue
		}
		if address != "https:///x" { // which net/http refuses itself
			refused(t, address, err)
		}
	}
}

// A name may mean something else each time it is looked up; what counts is what it means when the connection is made.
func TestRebinding(t *testing.T) {
	s := newSite(t, true, hello)
	for name, answers := range map[string][][]string{
		"to this machine":  {{"203.0.113.5"}, {"127.0.0.1"}},
		"both at once":     {{"203.0.113.5", "127.0.0.1"}},
		"by IPv6":          {{"::1", "fd00::1"}},
		"mapped":           {{"::ffff:127.0.0.1"}},
		"cloud's metadata": {{"169.254.169.254"}},
	} {
		c := outbound.Client(outbound.Options{Transport: trust(s), Resolve: names(t, answers...)})
		for range 4 {
			_, err := get(t, c, "https://example.com:"+s.port()+"/")
			refused(t, name, err)
		}
	}
	if n := s.hits.Load(); n > 0 {
		t.Errorf("%d requests got through", n)
	}
}

func TestAllowedHosts(t *testing.T) {
	s, plain := newSite(t, true, hello), newSite(t, false, hello)
	resolve := names(t, []string{"127.0.0.1"})
	for _, try := range []struct {
		allow, address string
		ok             bool
	}{
		{"example.com", "https://example.com:" + s.port() + "/", true},
		{"Example.COM.", "https://EXAMPLE.com:" + s.port() + "/", true},
		{"example.com:" + s.port(), "https://example.com:" + s.port() + "/", true},
		{"example.com:1", "https://example.com:" + s.port() + "/", false},
		{"example.com", "https://www.example.com:" + s.port() + "/", false},
		{"127.0.0.1", "https://example.com:" + s.port() + "/", false}, // the name is not what was allowed
		{"example.com", "https://127.0.0.1:" + s.port() + "/", false},
		{"127.0.0.1", "https://127.0.0.1:" + s.port() + "/", true},
		{"127.0.0.1:" + plain.port(), "http://127.0.0.1:" + plain.port() + "/", true},
		{"", "http://127.0.0.1:" + plain.port() + "/", false},
	} {
		c := outbound.Client(outbound.Options{Allow: []string{try.allow}, Transport: trust(s), Resolve: resolve})
		text, err := get(t, c, try.address)
		if try.ok && (err != nil || text != "hello") {
			t.Errorf("%+v: %q, %v", try, text, err)
		}
		if !try.ok {
			refused(t, fmt.Sprintf("%+v", try), err)
		}
	}
	if s.hits.Load() != 4 || plain.hits.Load() != 1 {
		t.Errorf("%d and %d requests got through", s.hits.Load(), plain.hits.Load())
	}
}

func TestRedirects(t *testing.T) {
	inner := newSite(t, false, hello)
	var referers []string
	s := newSite(t, true, func(w http.ResponseWriter, r *http.Request) {
		referers = append(referers, r.Header.Get("Referer"))
		var left int
		if n, _ := fmt.Sscanf(r.URL.Path, "/again/%d", &left); n == 1 && left > 0 {
			http.Redirect(w, r, fmt.Sprintf("/again/%d?key=secret", left-1), http.StatusFound)
			return
		}
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			return
		}
		hello(w, r)
	})
	c := outbound.Client(outbound.Options{Allow: []string{"127.0.0.1:" + s.port()}, Transport: trust(s)})
	if text, err := get(t, c, s.URL+"/again/3?key=secret"); err != nil || text != "hello" {
		t.Errorf("three redirects: %q, %v", text, err)
	}
	if strings.Join(referers, "") != "" {
		t.Errorf("told where it came from: %v", referers)
	}
	_, err := get(t, c, s.URL+"/again/4")
	refused(t, "four redirects", err)
	for _, to := range []string{inner.URL, "https://169.254.169.254/latest/meta-data/", "https://localhost:" + s.port() + "/", "http://127.0.0.1:" + s.port() + "/", "file:///etc/passwd", "gopher://127.0.0.1:1/", "//[::1]/", "https://2130706433/"} {
		_, err := get(t, c, s.URL+"/?to="+url.QueryEscape(to))
		refused(t, "redirect to "+to, err)
	}
	if n := inner.hits.Load(); n > 0 {
		t.Errorf("%d requests got through", n)
	}
	both := outbound.Client(outbound.Options{Allow: []string{"127.0.0.1"}, Transport: trust(s)})
	_, err = get(t, both, s.URL+"/?to="+url.QueryEscape(inner.URL))
	refused(t, "from https to http of an allowed host", err)
}

func TestAnswersAreBounded(t *testing.T) {
	s := newSite(t, true, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
		case "/slow":
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			_, _ = w.Write(make([]byte, len(r.URL.Path)))
		}
	})
	c := outbound.Client(outbound.Options{Allow: []string{"127.0.0.1"}, MaxBytes: 100, Timeout: 2 * time.Second, Transport: trust(s)})
	var size *outbound.SizeError
	for n, ok := range map[int]bool{1: true, 99: true, 100: true, 101: false, 5000: false} {
		text, err := get(t, c, s.URL+"/"+strings.Repeat("x", n-1))
		if ok && (err != nil || len(text) != n) || !ok && (!errors.As(err, &size) || len(text) > 100) {
			t.Errorf("%d bytes: %d, %v", n, len(text), err)
		}
	}
	if _, err := get(t, c, s.URL+"/bomb"); !errors.As(err, &size) {
		t.Errorf("a packed bomb: %v", err)
	}
	if _, err := get(t, c, s.URL+"/slow"); err == nil {
		t.Error("an answer without end came to one")
	}
}

func TestProxy(t *testing.T) {
	var asked atomic.Value
	proxy := newSite(t, false, func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.Host)
		http.Error(w, "no", http.StatusForbidden)
	})
	t.Setenv("HTTPS_PROXY", proxy.URL)
	s := newSite(t, true, hello)
	direct := outbound.Client(outbound.Options{Allow: []string{"example.com"}, Transport: trust(s), Resolve: names(t, []string{"127.0.0.1"})})
	if _, err := get(t, direct, "https://example.com:"+s.port()+"/"); err != nil || proxy.hits.Load() > 0 {
		t.Errorf("the proxy of the environment was asked: %v", err)
	}
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	through := outbound.Client(outbound.Options{Proxy: address})
	if _, err := get(t, through, "https://example.com/"); err == nil || asked.Load() != "CONNECT example.com:443" {
		t.Errorf("the proxy was asked %v: %v", asked.Load(), err)
	}
	_, err = get(t, through, "https://127.0.0.1:"+s.port()+"/")
	refused(t, "an inner address through the proxy", err)
}

func TestRedact(t *testing.T) {
	c := outbound.Client(outbound.Options{})
	_, err := get(t, c, "https://127.0.0.1/cgi-bin/gettoken?corpsecret=hush")
	red := outbound.Redact(err)
	refused(t, "redacted", red)
	if !strings.Contains(err.Error(), "hush") || strings.Contains(red.Error(), "hush") || strings.Contains(red.Error(), "gettoken") || !strings.Contains(red.Error(), "127.0.0.1") {
		t.Errorf("%v became %v", err, red)
	}
	if plain := errors.New("x"); outbound.Redact(nil) != nil || outbound.Redact(plain) != plain {
		t.Error("other errors are changed")
	}
}
