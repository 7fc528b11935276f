package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var hrefs = regexp.MustCompile(`(?:href|data-chart)="([^"]+)"`)

// crawl follows the links of pages from the start page on, and gives what was found by route: at most samples addresses of each.
func (b *browser) crawl(samples int) map[string][]string {
	b.t.Helper()
	mux := http.NewServeMux()
	for _, r := range b.server.Routes() {
		mux.Handle(r.Pattern, http.NotFoundHandler())
	}
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
		found[pattern] = append(found[pattern], path)
		for _, next := range links(path, body) {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return found
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
