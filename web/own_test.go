package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestEmployeeSeesHisOwn(t *testing.T) {
	s := looks(t, common)
	e := s.as("employee")
	e.sees("/", "待办")
	e.sees("/me/2026-09", "自评已于")
	e.sees("/me/2026Q2", "上级评估与申诉", "已封账")
	e.sees("/me/2026Q3", "评估进行中")
	e.sees("/me/2026Q3/derivation", "D003", "D001")
	e.sees("/me/history", "2026年第2季度")
	for _, path := range []string{"/people/00016/2026Q3", "/people/00016/2026-09/self-review", "/departments/D003/2026Q3", "/company/2026Q3", "/me/2026Q9", "/people/99999/2026Q3"} {
		if status, _ := e.get(path); status != http.StatusNotFound {
			t.Errorf("GET %s answers %d to an employee", path, status)
		}
	}
}

// TestOwnPagesAreOnesOwn reads the own pages of several people, which are at the same address and of which much is kept, and holds each against what human
// resources see of him.
func TestOwnPagesAreOnesOwn(t *testing.T) {
	s := looks(t, common)
	hr, seen := s.as("hr"), map[string]string{}
	for range 2 {
		for login, no := range map[string]string{"employee": "00012", "colleague": "00054", "manager": "00047"} {
			own := s.as(login).sees("/me/2026Q3", "查看数据")
			theirs := strings.ReplaceAll(hr.sees("/people/"+no+"/2026Q3", "查看数据"), "/people/"+no+"/", "/me/")
			from := func(page string) string {
				_, page, _ = strings.Cut(page, `<div class="charts">`)
				page, _, _ = strings.Cut(page, "</main>")
				page, _, _ = strings.Cut(page, `<section class="card">`)
				return page
			}
			if from(own) != from(theirs) {
				t.Errorf("%s does not see his own charts", login)
			}
			if other, twice := seen[from(own)]; twice && other != login {
				t.Errorf("%s and %s see the same", login, other)
			}
			seen[from(own)] = login
		}
	}
}

// TestFirstPageIsLight adds up what a browser fetches for the first page of each role, without the drawing library, which it keeps for good: less than 150 kB.
func TestFirstPageIsLight(t *testing.T) {
	s := looks(t, common)
	for _, login := range []string{"employee", "manager", "executive", "hr", "finance", "auditor", "admin"} {
		b := s.as(login)
		body := b.sees("/", "<main")
		total, parts := len(body), 0
		for _, m := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(body, -1) {
			if strings.Contains(m, "echarts") {
				continue
			}
			status, text := b.get(m)
			if status != http.StatusOK {
				t.Errorf("%s: %s answers %d", login, m, status)
			}
			total += len(text)
			parts++
		}
		if parts < 2 || total >= 150_000 {
			t.Errorf("%s: %d bytes in a page and %d files", login, total, parts)
		}
		t.Logf("%s: %d kB", login, total/1000)
	}
}

// TestForeignAndMissingAnswerAlike compares the page of somebody who is none of the viewer's business with that of nobody.
func TestForeignAndMissingAnswerAlike(t *testing.T) {
	e := looks(t, common).as("employee")
	_, foreign := e.get("/people/00016/2026Q3")
	_, missing := e.get("/people/99999/2026Q3")
	if foreign != missing {
		t.Errorf("the pages differ:\n%s\n%s", foreign, missing)
	}
}

func TestSelfReviewIsWrittenSavedAndSubmitted(t *testing.T) {
	s := demo(t)
	e := s.as("colleague")
	path := "/me/2026-09/self-review"
	body := e.sees(path, "下月计划请写明交付日期", "没有答复的各行都认可")
	form := fields(body)
	form.Set("plan", "完成验收 <script>alert(1)</script>")
	form.Set("do", "save")
	if status, body := e.post(path, form); status != http.StatusSeeOther {
		t.Fatalf("save: %d %s", status, body)
	}
	body = e.sees(path, "完成验收 &lt;script&gt;")
	if status, body := e.post(path, form); status != http.StatusConflict || !strings.Contains(body, "完成验收 &lt;script&gt;") {
		t.Errorf("a stale version answers %d and keeps what was typed: %s", status, body)
	}
	form = fields(body)
	form.Set("do", "submit")
	if status, body := e.post(path, form); status != http.StatusSeeOther {
		t.Fatalf("submit: %d %s", status, body)
	}
	m := s.as("manager")
	m.sees("/people/00054/2026-09/self-review", "完成验收", "退回修改")
	if status, body := m.post("/people/00054/2026-09/self-review/reopen", url.Values{"reason": {"请补充"}}); status != http.StatusSeeOther {
		t.Errorf("reopen: %d %s", status, body)
	}
	if body := m.sees("/people/00054/2026-09/self-review"); strings.Contains(body, "完成验收") {
		t.Error("a draft is its writer's own")
	}
	if status, _ := s.as("manager2").get("/people/00054/2026-09/self-review"); status != http.StatusNotFound {
		t.Errorf("a foreign manager reads it: %d", status)
	}
}

var (
	inputs    = regexp.MustCompile(`<input[^>]*>`)
	textareas = regexp.MustCompile(`<textarea[^>]*name="([^"]*)"[^>]*>([^<]*)</textarea>`)
	attribute = func(tag, name string) (string, bool) {
		m := regexp.MustCompile(`\s` + name + `="([^"]*)"`).FindStringSubmatch(tag)
		if m == nil {
			return "", false
		}
		return m[1], true
	}
)

// fields reads the fields of the page's forms as a browser would send them.
func fields(body string) url.Values {
	form := url.Values{}
	for _, tag := range inputs.FindAllString(body, -1) {
		name, ok := attribute(tag, "name")
		kind, _ := attribute(tag, "type")
		if !ok || name == "q" || name == "lang" || name == "to" || (kind == "radio" || kind == "checkbox") && !strings.Contains(tag, " checked") {
			continue
		}
		value, _ := attribute(tag, "value")
		form.Add(name, value)
	}
	for _, m := range textareas.FindAllStringSubmatch(body, -1) {
		form.Set(m[1], m[2])
	}
	return form
}
