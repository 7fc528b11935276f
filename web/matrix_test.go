package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/sample_data/story"
)

// leads is who leads whom in the third quarter, written down by hand from sample_data: departments with those below, and people by department.
type leads struct{}

var (
	departmentsOf = map[string][]string{"00047": {"D003"}, "00046": {"D002"}, story.CEO: {"D001", "D002", "D003", "D004", "D005", "D006", "D007", "D008", "D009"}}
	membersOf     = map[string][]string{"D003": {"00012", "00054", "00047"}, "D002": {"00046", "00013"}, "D001": {"00012", "00016"}}
)

func (leads) LeadsDepartment(head, department string, _ period.Period) bool {
	return slices.Contains(departmentsOf[head], department)
}

func (leads) LeadsPerson(head, employee, department string, _ period.Period) bool {
	return slices.ContainsFunc(departmentsOf[head], func(d string) bool {
		return (department == "" || d == department) && slices.Contains(membersOf[d], employee)
	})
}

// roles are what the accounts of the tests are.
var roles = map[string]access.Viewer{
	"employee":  {Employee: "00012", Roles: []access.Role{access.Employee}},
	"colleague": {Employee: "00054", Roles: []access.Role{access.Employee}},
	"manager":   {Employee: "00047", Roles: []access.Role{access.Employee, access.Manager}},
	"manager2":  {Employee: "00046", Roles: []access.Role{access.Employee, access.Manager}},
	"executive": {Employee: story.CEO, Roles: []access.Role{access.Employee, access.Manager, access.Executive}},
	"hr":        {Employee: story.HR, Roles: []access.Role{access.Employee, access.HR}},
	"finance":   {Employee: story.Finance, Roles: []access.Role{access.Employee, access.Finance}},
	"auditor":   {Roles: []access.Role{access.Auditor}},
	"admin":     {Roles: []access.Role{access.Admin}},
	"":          {},
}

// subjects are the owners that a route is tried with: what stands in the path, and whom it is about.
var subjects = []struct {
	employee, department string
}{{"00012", "D003"}, {"00054", "D003"}, {"00013", "D002"}, {"00047", "D003"}, {"99999", "D999"}}

var wildcard = regexp.MustCompile(`\{(\w+)\}`)

// fill gives the path of a pattern for a subject.
func fill(pattern string, employee, department string, of string) string {
	_, path, _ := strings.Cut(pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	values := map[string]string{"employee": employee, "department": department, "period": of, "kpi": "on_time_rate", "chart": "radar-1", "appeal": of + "-A1", "superior": "00047"}
	return wildcard.ReplaceAllStringFunc(path, func(w string) string {
		if v, ok := values[strings.Trim(w, "{}")]; ok {
			return v
		}
		return "x"
	})
}

// TestMatrix tries every route with every method that it has, as everybody, about everybody, and holds the answer against the table of access: what it does not allow does
// not exist, and says nothing of what was asked for.
func TestMatrix(t *testing.T) {
	s := looks(t, common)
	_, nothing := s.as("hr").get("/there/is/no/such/page")
	browsers := map[string]*browser{}
	for login := range roles {
		browsers[login] = s.as(login)
	}
	pages := map[string]string{} // of what does not exist, by login
	for login, b := range browsers {
		_, pages[login] = b.get("/people/99999/2026Q3")
	}
	tried := 0
	for _, r := range s.server.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		own := strings.HasPrefix(path, "/me")
		for login, viewer := range roles {
			for _, x := range subjects {
				ofPerson, ofDepartment := strings.Contains(path, "{employee}"), strings.Contains(path, "{department}")
				if !ofPerson && !ofDepartment && x.employee != subjects[0].employee {
					continue // about nobody: once is enough
				}
				subject := access.Subject{}
				switch {
				case own:
					subject.Employee = viewer.Employee
				case ofPerson:
					subject.Employee = x.employee
				case ofDepartment:
					subject.Department = x.department
				}
				allowed := r.Action == access.Open || login != "" && (r.Action == access.SignedIn || access.May(viewer, r.Action, subject, leads{}))
				if own && viewer.Employee == "" && r.Action != access.SignedIn {
					allowed = false
				}
				if allowed {
					continue // what is allowed is walked through by other tests
				}
				tried++
				where := fill(r.Pattern, x.employee, x.department, "2026Q3")
				status, body := send1(browsers[login], method, where)
				switch {
				case strings.HasPrefix(where, "/api/"):
					if want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusNotFound}[login == ""]; status != want {
						t.Errorf("%q: %s %s answers %d, not %d", login, method, where, status, want)
					} // that foreign and missing answer alike there is a test of its own
				case login == "" && status != http.StatusSeeOther:
					t.Errorf("nobody: %s %s answers %d instead of the sign-in", method, where, status)
				case login != "" && status != http.StatusNotFound:
					t.Errorf("%s: %s %s answers %d, though %s reaches no further than %v", login, method, where, status, r.Action, scopes(viewer, r.Action))
				case login != "" && body != pages[login]:
					t.Errorf("%s: %s %s answers unlike what does not exist", login, method, where)
				}
			}
		}
	}
	if tried < 400 || nothing == "" {
		t.Errorf("only %d refusals were tried", tried)
	}
}

func send1(b *browser, method, path string) (int, string) {
	if method == http.MethodGet {
		return b.get(path)
	}
	return b.post(path, url.Values{"reason": {"x"}, "text": {"x"}, "points": {"90"}})
}

func scopes(v access.Viewer, a access.Action) (list []string) {
	for _, r := range v.Roles {
		list = append(list, fmt.Sprintf("%s:%s", r, access.ScopeOf(a, r)))
	}
	return list
}

// TestEveryRouteNamesAnAction makes sure that no route is outside the table, that writing is never open, and that pages with pay-relevant data of people are written down.
func TestEveryRouteNamesAnAction(t *testing.T) {
	for _, r := range looks(t, common).server.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if !access.Known(r.Action) {
			t.Errorf("%s has no action", r.Pattern)
		}
		if method == http.MethodGet && strings.Contains(path, "{employee}") && !strings.Contains(path, "/charts/") && !r.Trail {
			t.Errorf("%s shows somebody's data and is not written down", r.Pattern)
		}
	}
}

func TestCrossSitePostsAreRefused(t *testing.T) {
	s := looks(t, common)
	b := s.as("employee")
	for name, header := range map[string]map[string]string{
		"another site":     {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"another origin":   {"Origin": "https://evil.example"},
		"no origin at all": {},
		"null origin":      {"Origin": "null"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/sign-out", nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range header {
			r.Header.Set(k, v)
		}
		if status, _ := b.do(r); status != http.StatusForbidden {
			t.Errorf("%s: status %d", name, status)
		}
	}
	b.sees("/", "待办")
}

// TestLookingChangesNothing fetches every page that each role finds, and compares the ledger.
func TestLookingChangesNothing(t *testing.T) {
	s := looks(t, common)
	before := s.company.Books.Ledger().Head()
	for _, login := range []string{"manager", "executive", "hr", "admin"} { // who together find all pages
		s.as(login).crawl(1)
	}
	if after := s.company.Books.Ledger().Head(); after != before {
		t.Errorf("GETs moved the ledger from %d to %d", before.Seq, after.Seq)
	}
}
