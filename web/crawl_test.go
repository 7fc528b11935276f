package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var hrefs = regexp.MustCompile(`(?:href|data-chart)="([^"]+)"`)

// visited is what somebody found by following links: addresses by route, and what the pages hold.
type visited struct {
	found  map[string][]string
	bodies map[string]string
}

// crawl follows the links of pages from the start page on: to at most samples addresses of each route. Where nothing changes, nobody follows them twice.
func (b *browser) crawl(samples int) visited {
	b.t.Helper()
	if b.crawled == nil {
		return b.follow(samples)
	}
	who := fmt.Sprint(b.login, samples)
	if _, ok := b.crawled[who]; !ok {
		b.crawled[who] = b.follow(samples)
	}
	return b.crawled[who]
}

// follow does that.
func (b *browser) follow(samples int) visited {
	b.t.Helper()
	mux := http.NewServeMux()
	for _, r := range b.server.Routes() {
		mux.Handle(r.Pattern, http.NotFoundHandler())
	}
	bodies := map[string]string{}
	found, seen, queue := map[string][]string{}, map[string]bool{"/": true}, []string{"/"}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
		if err != nil {
			b.t.Errorf("%s: the link %q is none", b.login, path)
			continue
		}
		_, pattern := mux.Handler(r)
		if pattern == "" {
			b.t.Errorf("%s: the link %q leads nowhere", b.login, path)
			continue
		}
		if len(found[pattern]) >= samples || strings.HasPrefix(pattern, "GET /assets/") {
			continue
		}
		status, body := b.do(r)
		if status != http.StatusOK && status != http.StatusSeeOther {
			b.t.Errorf("%s: GET %s, which a page links to, answers %d", b.login, path, status)
			continue
		}
		found[pattern], bodies[path] = append(found[pattern], path), body
		for _, next := range links(path, body) {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return visited{found, bodies}
}

// links lists the addresses on this server that a page links to, in order.
func links(path, body string) (list []string) {
	at, _ := url.Parse(path)
	for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
		u, err := at.Parse(html.UnescapeString(m[1]))
		if err != nil || u.Host != "" || u.Scheme != "" || u.Path == "" || strings.HasPrefix(m[1], "#") || strings.HasPrefix(m[1], "data:") {
			continue
		}
		u.Fragment = ""
		if s := u.String(); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
