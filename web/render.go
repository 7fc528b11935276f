package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/policy"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// pages are the templates by name, each with the layout and the parts. Only a service needs them.
var pages = sync.OnceValue(mustPages)

// parts are the templates that pages share.
var parts = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(pageFiles, "pages/layout.html", "pages/parts.html"))
})

func mustPages() map[string]*template.Template {
	shared := parts()
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		panic(err)
	}
	set := map[string]*template.Template{}
	for _, name := range names {
		if base := strings.TrimSuffix(path.Base(name), ".html"); base != "layout" && base != "parts" {
			set[base] = template.Must(template.Must(shared.Clone()).ParseFS(pageFiles, name))
		}
	}
	return set
}

// frame is what every page has: the head with the menu, what was just done, and the foot.
type frame struct {
	Lang      policy.Lang
	Theme     string
	Title     string
	Company   string
	Name      string // of the viewer; "" before he signed in
	Path      string // of this page, to come back to
	Menu      []menuItem
	Done      string // what was just done, in words
	Fault     *fault // why something was not done
	Switch    *periodSwitch
	Downloads []download
	Foot      []string
	Script    string // path of our script
	Style     string
	Library   string // path of the drawing library, where the page has charts; "" for none
}

type menuItem struct {
	Href, Text string
	Here       bool
}

// periodSwitch leads to the same page of another period.
type periodSwitch struct {
	Now     string
	Choices []menuItem
}

// Items writes the choices of the switch.
func (s *periodSwitch) Items() template.HTML { return menuItems(s.Choices, "true") }

// MenuItems writes the menu.
func (f frame) MenuItems() template.HTML { return menuItems(f.Menu, "page") }

// menuItems writes entries that lead somewhere; current says of the one that is shown what it is. Every page has some thirty, so that no template does it.
func menuItems(list []menuItem, current string) template.HTML {
	var b strings.Builder
	for _, m := range list {
		b.WriteString("\n<li><a href=\"" + attribute(m.Href) + "\"")
		if m.Here {
			b.WriteString(` aria-current="` + current + `"`)
		}
		b.WriteString(">" + html.EscapeString(m.Text) + "</a></li>")
	}
	return template.HTML(b.String())
}

// download is the page as a file.
type download struct{ Href, Text string }

// T picks the page's language.
func (f frame) T(zh, en string) string { return policy.Text{ZH: zh, EN: en}.In(f.Lang) }

// In gives a text in the page's language.
func (f frame) In(t policy.Text) string { return t.In(f.Lang) }

// HTMLLang is the language as HTML names it.
func (f frame) HTMLLang() string { return f.T("zh-CN", "en") }

// Other is the other language, to switch to.
func (f frame) Other() policy.Lang {
	if f.Lang == policy.EN {
		return policy.ZH
	}
	return policy.EN
}

func (f *frame) base() *frame { return f }

// page is what templates receive.
type page interface{ base() *frame }

// frame makes the frame of a page.
func (q *request) frame(title string) frame {
	f := frame{Lang: q.lang, Theme: q.theme, Title: title, Name: q.name, Path: q.r.URL.Path, Script: q.assets.path("plumbline.js"), Style: q.assets.path("style.css")}
	if q.r.Method != http.MethodGet {
		f.Path = "/"
	}
	if q.seat.org != nil {
		f.Company = q.seat.version.Policy.Company.Name.In(q.lang)
	}
	f.Done = doneText(q.r.URL.Query().Get("done"), q.lang)
	if q.viewer.Login != "" {
		f.Menu = q.menu()
	}
	return f
}

// render writes a page.
func (q *request) render(name string, p page) error { return q.renderStatus(http.StatusOK, name, p) }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (q *request) renderStatus(status int, name string, p page) error {
	t := pages()[name]
	if t == nil {
		return fmt.Errorf("there is no page %q", name)
	}
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	for _, part := range []string{"top", "content", "bottom"} {
		if err := t.ExecuteTemplate(b, part, p); err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
	}
	return q.send(status, b.Bytes())
}

func (q *request) send(status int, parts ...[]byte) error {
	h := q.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	h.Set("Content-Length", strconv.Itoa(n))
	q.w.WriteHeader(status)
	for _, p := range parts {
		if _, err := q.w.Write(p); err != nil {
			return nil // the reader has gone
		}
	}
	return nil
}

// prepared is a page whose content was rendered before: what it shows is the same for all who may see it, or for one person until something moves.
type prepared struct {
	frame   frame // without what is the viewer's
	content []byte
}

// renderOnce writes a page whose content is rendered once for a key, which tells everything that the content depends on but language. The frame is the
// viewer's own each time; make fills the page in.
func (q *request) renderOnce(kept *contents, key, name string, make func() (page, error)) error {
	key = string(q.lang) + " " + key
	x, ok := kept.get(key)
	if !ok {
		p, err := make()
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := pages()[name].ExecuteTemplate(&b, "content", p); err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
		x = prepared{*p.base(), b.Bytes()}
		kept.put(key, x)
	}
	p := &barePage{q.frame(x.frame.Title)}
	p.Switch, p.Downloads, p.Foot, p.Library = x.frame.Switch, x.frame.Downloads, x.frame.Foot, x.frame.Library
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := pages()[name].ExecuteTemplate(b, "top", p); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	head := b.Len()
	if err := pages()[name].ExecuteTemplate(b, "bottom", p); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	return q.send(http.StatusOK, b.Bytes()[:head], x.content, b.Bytes()[head:])
}

type barePage struct{ frame }

// mostContents is how many bytes of contents are kept for the figures of a period.
const mostContents = 8 << 20

// contents keeps rendered contents; when there are too many it begins anew.
type contents struct {
	mu   sync.RWMutex
	list map[string]prepared
	size int
}

func (c *contents) get(key string) (prepared, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p, ok := c.list[key]
	return p, ok
}

func (c *contents) put(key string, p prepared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list == nil || c.size > mostContents {
		c.list, c.size = map[string]prepared{}, 0
	}
	c.list[key] = p
	c.size += len(p.content)
}

// menu lists the rooms that the viewer has a key to.
func (q *request) menu() (list []menuItem) {
	add := func(href, zh, en string, a access.Action) {
		if access.Anywhere(q.viewer, a) {
			here := q.r.URL.Path == href || href != "/" && strings.HasPrefix(q.r.URL.Path, href+"/")
			list = append(list, menuItem{href, q.say(zh, en), here})
		}
	}
	for _, m := range menuTable {
		if m.only == "" || q.viewer.Has(m.only) {
			add(m.href, m.zh, m.en, m.action)
		}
	}
	return list
}

// menuTable is the menu of everybody; each sees what the table of access lets him.
var menuTable = []struct {
	href, zh, en string
	action       access.Action
	only         access.Role
}{
	{"/", "首页", "Start", access.Home, ""},
	{"/me", "我的", "Mine", access.SelfWrite, ""},
	{"/departments", "部门", "Departments", access.Department, ""},
	{"/company", "公司", "Company", access.Company, ""},
	{"/evaluations", "评估", "Evaluations", access.Evaluate, ""},
	{"/quarters", "考核进度", "Quarters", access.RoundsRead, ""},
	{"/appeals", "申诉", "Appeals", access.Cases, ""},
	{"/packs", "战略会", "Strategy pack", access.Pack, ""},
	{"/rewards", "奖惩", "Rewards", access.Rewards, ""},
	{"/files", "数据", "Data", access.Files, ""},
	{"/policy", "制度", "Policy", access.Policy, ""},
	{"/audits", "抽查", "Audit sample", access.Audits, ""},
	{"/notices", "通知", "Notices", access.Notices, ""},
	{"/trail", "审计日志", "Audit log", access.Trail, ""},
	{"/accounts", "账号", "Accounts", access.Accounts, ""},
	{"/operation", "运行", "Operation", access.Operation, ""},
}

// periods makes the switch between periods of the same kind: the path has %s where the period stands.
func (q *request) periods(now period.Period, pattern string, list []period.Period) *periodSwitch {
	s := &periodSwitch{Now: q.periodText(now)}
	for _, p := range list {
		s.Choices = append(s.Choices, menuItem{fmt.Sprintf(pattern, p), q.periodText(p), p == now})
	}
	return s
}

func (q *request) periodText(p period.Period) string {
	return policy.Text{ZH: p.ZH(), EN: p.EN()}.In(q.lang)
}

// assets are the files that pages load, under names that change with their content, so that browsers may keep them for good.
type assets struct {
	paths map[string]string
	files map[string]asset // by the name under /assets/
}

type asset struct {
	kind          string
	plain, zipped []byte
}

// newAssets gathers our own files and, where it is built in, the drawing library.
func newAssets(library []byte) (*assets, error) {
	a := &assets{paths: map[string]string{}, files: map[string]asset{}}
	for _, name := range []string{"plumbline.js", "style.css"} {
		text, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			return nil, err
		}
		a.add(name, text)
	}
	if library != nil {
		a.add("echarts.js", library)
	}
	return a, nil
}

func (a *assets) add(name string, text []byte) {
	sum := sha256.Sum256(text)
	base, ext, _ := strings.Cut(name, ".")
	full := base + "-" + hex.EncodeToString(sum[:6]) + "." + ext
	a.paths[name] = "/assets/" + full
	a.files[full] = asset{map[string]string{"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}[ext], text, gzipped(text)}
}

// path gives where a file is found, "" when it is not built in.
func (a *assets) path(name string) string { return a.paths[name] }
