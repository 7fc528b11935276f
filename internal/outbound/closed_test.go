package outbound

import (
	"net"
	"net/netip"
	"net/url"
	"testing"
)

func TestPublicAddressesAreOpen(t *testing.T) {
	for _, text := range []string{"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "101.91.40.24",
		"2400:3200::1", "2606:4700::1111", "2a00:1450::1"} {
		if reason := closed(netip.MustParseAddr(text)); reason != "" {
			t.Errorf("%s: %s", text, reason)
		}
	}
}

// FuzzCheck looks for hosts that get past the first look and would be taken for an address by a lenient resolver.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"https://example.com/", "https://0x7f.1/", "https://[::ffff:1.2.3.4]/", "https://1.1.1.1:443/x?y", "http://a/"} {
		f.Add(s)
	}
	d := &door{allowed: map[string]bool{}}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil || d.check(u) != nil {
			return
		}
		if u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			t.Errorf("%q may be reached", s)
		}
		if ip := net.ParseIP(u.Hostname()); ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()) {
			t.Errorf("%q may be reached", s)
		}
	})
}
