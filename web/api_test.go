package web_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/parquet/file"

	"plumbline/access"
	"plumbline/internal/accounts"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/trail"
	"plumbline/metrics"
	"plumbline/web"
)

var allScopes = []string{"kpi", "scores", "evidence", "files", "records:read", "records:write", "quarters", "reviews", "rewards", "packs"}

// program is a program that acts for somebody.
type program struct {
	*browser
	token string
}

// program makes a token; without scopes it has all.
func (s *service) program(login string, scopes ...string) *program {
	s.t.Helper()
	if len(scopes) == 0 {
		scopes = allScopes
	}
	raw, _, err := s.accounts.CreateToken(s.t.Context(), login, login, "test", scopes, s.now.Add(24*time.Hour))
	if err != nil {
		s.t.Fatal(err)
	}
	return &program{s.as(""), raw}
}

// reply is what the API answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// call sends a request; headers are name, value, name, value …
func (p *program) call(method, path, body string, headers ...string) reply {
	p.t.Helper()
	if !strings.HasPrefix(path, "/api/") {
		path = "/api/v1" + path
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return reply{a.StatusCode, a.Header, text}
}

// page is a page of a list; numbers keep their digits.
type page struct {
	Items []map[string]any
	Next  string
	Basis map[string]any
}

func (p *program) list(path string) page {
	p.t.Helper()
	r := p.call(http.MethodGet, path, "")
	var x page
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.UseNumber()
	if err := d.Decode(&x); r.status != http.StatusOK || err != nil {
		p.t.Fatalf("GET %s: %d %s %v", path, r.status, r.body, err)
	}
	return x
}

// all follows a list to its end.
func (p *program) all(path string) (items []map[string]any) {
	p.t.Helper()
	for path != "" {
		x := p.list(path)
		items, path = append(items, x.Items...), x.Next
	}
	return items
}

// problem reads an error.
func (r reply) problem(t testing.TB) map[string]any {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(r.body, &p); err != nil || r.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("no problem: %d %s %s", r.status, r.header.Get("Content-Type"), r.body)
	}
	if p["status"] != float64(r.status) || p["request"] != r.header.Get("X-Request-Id") || p["say"] == "" || p["title"] == "" {
		t.Errorf("the problem is incomplete: %v", p)
	}
	return p
}

// values gives a field of all items, each once, in order.
func values(items []map[string]any, field string) (list []string) {
	for _, i := range items {
		if s := fmt.Sprint(i[field]); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func TestAPIKnowsWhoAsks(t *testing.T) {
	s := looks(t, common)
	for _, c := range []struct {
		name, token string
		header      []string
		status      int
		challenge   string
	}{
		{"nobody", "", nil, http.StatusUnauthorized, `Bearer realm="plumbline"`},
		{"an unknown token", "pl_nobody", nil, http.StatusUnauthorized, `Bearer realm="plumbline", error="invalid_token"`},
		{"another scheme", "", []string{"Authorization", "Basic aHI6aHI="}, http.StatusUnauthorized, `Bearer realm="plumbline", error="invalid_token"`},
		{"a token", s.program("hr").token, nil, http.StatusOK, ""},
	} {
		p := &program{s.as(""), c.token}
		r := p.call(http.MethodGet, "/me", "", c.header...)
		if r.status != c.status || r.header.Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: %d %q", c.name, r.status, r.header.Get("WWW-Authenticate"))
		}
		if c.status != http.StatusOK {
			r.problem(t)
		}
	}
	session := &program{s.as("hr"), ""}
	if r := session.call(http.MethodGet, "/me", ""); r.status != http.StatusOK || !strings.Contains(string(r.body), `"token":null`) {
		t.Errorf("a session: %d %s", r.status, r.body)
	}
	if r := session.call(http.MethodGet, "/me", "", "Authorization", "Bearer pl_nobody"); r.status != http.StatusUnauthorized {
		t.Errorf("a session does not stand in for a token that opens nothing: %d", r.status)
	}
	push := `{"records":[{"log_id":"A","employee_no":"00012","work_date":"2026-10-08","hours":1}]}`
	for _, from := range [][]string{{"Origin", "https://elsewhere.example"}, {"Sec-Fetch-Site", "cross-site"}, nil} {
		if r := session.call(http.MethodPost, "/records/work_logs", push, append(from, "Idempotency-Key", "from-elsewhere")...); r.status != http.StatusForbidden {
			t.Errorf("a session from another page (%v) may push: %d %s", from, r.status, r.body)
		}
	}
}

func TestAPITokensEndAndReachNoFurther(t *testing.T) {
	s := demo(t)
	narrow := s.program("hr", "kpi")
	if r := narrow.call(http.MethodGet, "/kpi/2026Q3?limit=1", ""); r.status != http.StatusOK {
		t.Errorf("its own scope: %d", r.status)
	}
	for _, path := range []string{"/scores/2026Q3", "/evidence/conversion_rate/2026Q3", "/files", "/records/work_logs", "/quarters/2026Q3", "/reviews/2026Q3", "/rewards/2026Q2", "/packs/2026Q3"} {
		if r := narrow.call(http.MethodGet, path, ""); r.status != http.StatusForbidden || !strings.HasPrefix(r.problem(t)["rule"].(string), "scope.") {
			t.Errorf("GET %s without its scope: %d", path, r.status)
		}
	}
	reader := s.program("hr", "records:read")
	if r := reader.call(http.MethodPost, "/records/work_logs", `{"records":[{"log_id":"A"}]}`, "Idempotency-Key", "reader-0001"); r.status != http.StatusForbidden {
		t.Errorf("who may read may not write: %d", r.status)
	}
	tokens := s.accounts.Tokens("hr")
	if err := s.accounts.RevokeToken(t.Context(), "hr", "hr", tokens[slices.IndexFunc(tokens, func(x accountsToken) bool { return slices.Equal(x.Scopes, []string{"kpi"}) })].ID); err != nil {
		t.Fatal(err)
	}
	if r := narrow.call(http.MethodGet, "/kpi/2026Q3?limit=1", ""); r.status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", r.status)
	}
	s.now = s.now.Add(25 * time.Hour)
	if r := reader.call(http.MethodGet, "/records/work_logs?limit=1", ""); r.status != http.StatusUnauthorized {
		t.Errorf("a token that is over: %d", r.status)
	}
}

// TestAPIShowsWhatIsTheirs asks for everything as each role and looks whom the answers are about.
func TestAPIShowsWhatIsTheirs(t *testing.T) {
	s := looks(t, common)
	type seen struct{ company, departments, people bool }
	for login, want := range map[string]seen{"employee": {}, "manager": {departments: true, people: true}, "executive": {true, true, true} /* heads, above whom nobody else stands */, "hr": {true, true, true}, "auditor": {true, true, true}, "finance": {}, "admin": {}} {
		p := s.program(login)
		own := ""
		if me := p.call(http.MethodGet, "/me", ""); me.status == http.StatusOK {
			var x struct {
				Employee string `json:"employee_no"`
			}
			if err := json.Unmarshal(me.body, &x); err != nil {
				t.Fatal(err)
			}
			own = x.Employee
		}
		got := seen{}
		for _, i := range append(p.all("/kpi/2026Q3?by=company,department,employee&kpi=log_punctuality&limit=1000"), p.all("/scores/2026Q3?limit=1000")...) {
			switch no, department := i["employee_no"], i["department"]; {
			case no != nil:
				got.people = got.people || no != own
			case department != nil:
				got.departments = true
			default:
				got.company = true
			}
		}
		if got != want {
			t.Errorf("%s sees %+v, want %+v", login, got, want)
		}
	}
	manager := s.program("manager")
	inside := []string{"D003"}
	for _, path := range []string{"/kpi/2026Q3?by=department&limit=1000", "/scores/2026Q3?by=department"} {
		for _, d := range values(manager.all(path), "department") {
			if !slices.Contains(inside, d) {
				t.Errorf("the manager of D003 sees %s in %s", d, path)
			}
		}
	}
	for _, no := range values(manager.all("/scores/2026Q3?by=employee&limit=1000"), "employee_no") {
		if status, _ := s.as("manager").get("/people/" + no + "/2026Q3"); status != http.StatusOK && no != "00047" {
			t.Errorf("the manager sees the score of %s but not the page: %d", no, status)
		}
	}
}

func TestAPIForeignAndMissingAnswerAlike(t *testing.T) {
	p := looks(t, common).program("employee")
	for _, pair := range [][2]string{
		{"/kpi/2026Q3?by=employee&employee=00016", "/kpi/2026Q3?by=employee&employee=99999"}, {"/kpi/2026Q3?department=D003", "/kpi/2026Q3?department=D999"}, {"/scores/2026Q3?employee=00016", "/scores/2026Q3?employee=99999"},
		{"/evidence/log_punctuality/2026Q3?employee=00016", "/evidence/log_punctuality/2026Q3?employee=99999"}, {"/evidence/log_punctuality/2026Q3?department=D003", "/evidence/no_such/2026Q3"},
		{"/records/work_logs", "/records/no_such"}, {"/rewards/2026Q2", "/nothing"}, {"/packs/2026Q2", "/packs/none"},
	} {
		foreign, missing := p.call(http.MethodGet, pair[0], "", "If-None-Match", `"x", *`), p.call(http.MethodGet, pair[1], "")
		a, b := foreign.problem(t), missing.problem(t)
		delete(a, "request")
		delete(b, "request")
		if foreign.status != http.StatusNotFound || !maps.EqualFunc(a, b, func(x, y any) bool { return fmt.Sprint(x) == fmt.Sprint(y) }) {
			t.Errorf("%s and %s differ: %v, %v", pair[0], pair[1], a, b)
		}
	}
	hr := p.service.program("hr")
	for _, path := range []string{"/evidence/survey_score/2026Q3", "/records/surveys"} {
		if r := hr.call(http.MethodGet, path, ""); r.status != http.StatusNotFound {
			t.Errorf("anonymous answers one by one, GET %s: %d", path, r.status)
		}
	}
}

// TestAPIJudgementsAreForThoseWhoJudge asks for evaluations and rewards as each role.
func TestAPIJudgementsAreForThoseWhoJudge(t *testing.T) {
	s := looks(t, common)
	hr := s.program("hr").all("/reviews/2026Q3?limit=1000")
	if len(hr) < 50 || !slices.ContainsFunc(hr, func(i map[string]any) bool { return i["given"] != nil }) {
		t.Fatalf("human resources get %d evaluations", len(hr))
	}
	mine := s.program("manager").all("/reviews/2026Q3?limit=1000")
	if superiors := values(mine, "superior"); !slices.Equal(superiors, []string{"00047"}) || len(mine) >= len(hr) {
		t.Errorf("the manager gets those of %v", superiors)
	}
	for _, i := range s.program("auditor").all("/reviews/2026Q3?limit=1000") {
		if i["given"] != nil || i["gap"] != nil || i["calibrated"] != nil {
			t.Fatalf("the auditor sees points before they are published: %v", i)
		}
	}
	if got := s.program("auditor").all("/reviews/2026Q2?limit=1000"); !slices.ContainsFunc(got, func(i map[string]any) bool { return i["given"] != nil }) {
		t.Error("the auditor sees no points after they are published")
	}
	for _, i := range hr {
		if i["employee_no"] == "00051" {
			t.Error("somebody reads the evaluation of himself in the making")
		}
	}
	for _, login := range []string{"employee", "executive", "finance"} {
		if got := s.program(login).all("/reviews/2026Q3"); login != "executive" && len(got) > 0 {
			t.Errorf("%s gets %d evaluations", login, len(got))
		}
	}
	if got := values(s.program("manager").all("/rewards/2026Q2"), "sheet"); len(got) > 0 && !slices.Equal(got, []string{"D003"}) {
		t.Errorf("the manager of D003 gets rewards of %v", got)
	}
	if all, finance := s.program("hr").all("/rewards/2026Q2"), s.program("finance").all("/rewards/2026Q2"); len(all) == 0 || len(all) != len(finance) {
		t.Errorf("%d lines of rewards for human resources, %d for finance", len(all), len(finance))
	}
}

// TestAPIFiguresAreThoseOfTheCompany compares values with what metrics give, digit by digit, and pages with the whole.
func TestAPIFiguresAreThoseOfTheCompany(t *testing.T) {
	s := looks(t, common)
	p := s.program("hr")
	of, err := period.Parse("2026Q3")
	if err != nil {
		t.Fatal(err)
	}
	q, _, err := s.company.Question(t.Context(), of, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := metrics.Values(t.Context(), s.company.Books, q, q.Version.Policy.KPIs, metrics.Levels{Company: true, Department: true, Employee: true, Month: true})
	if err != nil {
		t.Fatal(err)
	}
	items := p.all("/kpi/2026Q3?by=company,department,employee,month&limit=977")
	at := 0
	for _, r := range rows {
		if !r.KPI.Listed {
			continue
		}
		if at == len(items) {
			t.Fatalf("the API ends after %d values", at)
		}
		i := items[at]
		at++
		value := "<nil>"
		if v, ok := r.Exact(); ok {
			value = fixed.Text(v, 6)
		}
		if text := func(f string) string { return strings.Trim(fmt.Sprint(i[f]), "<nil>") }; i["kpi"] != r.KPI.ID || i["period"] != r.Period.String() || text("department") != r.Department || text("employee_no") != r.Employee || fmt.Sprint(i["value"]) != value {
			t.Fatalf("value %d is %v, want %s %s %s %s %s", at, i, r.Department, r.Employee, r.KPI.ID, r.Period, value)
		}
	}
	if at != len(items) || at < 1000 {
		t.Errorf("%d values, want %d", len(items), at)
	}
	if x := p.list("/scores/2026Q2?limit=1"); x.Basis["seal"] == nil {
		t.Errorf("a sealed quarter bears no seal: %v", x.Basis)
	}
}

func TestAPIListsGoOnWhereTheyEnded(t *testing.T) {
	s := demo(t)
	p := s.program("hr")
	whole := p.all("/records/deliveries?limit=1000")
	parts := p.all("/records/deliveries?limit=73")
	if len(whole) < 200 || fmt.Sprint(whole) != fmt.Sprint(parts) {
		t.Errorf("%d records at once, %d in parts", len(whole), len(parts))
	}
	first, kpi := p.list("/records/deliveries?limit=1"), p.list("/kpi/2026Q3?limit=1")
	before := len(p.all("/records/work_logs?limit=1000"))
	push(t, p, "grow-00001", `{"records":[{"log_id":"API-1","employee_no":"00012","work_date":"2026-10-08","hours":1.5}]}`, http.StatusCreated)
	if r := p.call(http.MethodGet, kpi.Next, ""); r.status != http.StatusConflict {
		t.Errorf("a list that has changed goes on: %d", r.status)
	}
	if x := p.list(first.Next); x.Items[0]["delivery_id"] == first.Items[0]["delivery_id"] || fmt.Sprint(x.Basis) != fmt.Sprint(first.Basis) {
		t.Errorf("records go on as they were: %v", x.Basis)
	}
	if after := len(p.all("/records/work_logs?limit=1000")); after != before+1 {
		t.Errorf("%d work logs after the push, %d before", after, before)
	}
	if then := len(p.all(fmt.Sprintf("/records/work_logs?limit=1000&as_of=%v", first.Basis["ledger_seq"]))); then != before {
		t.Errorf("%d work logs as of then, want %d", then, before)
	}
	for path, status := range map[string]int{"/kpi/2026Q3?cursor=nonsense": 400, "/records/deliveries?cursor=LTE6MQ": 400, "/records/deliveries?as_of=999999": 422, "/kpi/2026Q3?limit=1001": 422, "/kpi/2026Q3?by=planet": 422, "/kpi/2026Q3?format=xls": 422, "/kpi/2026Q3?unknown=1": 422, "/kpi/2026Q9": 404, "/quarters/2026-07": 404} {
		if r := p.call(http.MethodGet, path, ""); r.status != status {
			t.Errorf("GET %s: %d %s", path, r.status, r.body)
		} else {
			r.problem(t)
		}
	}
}

func TestAPIAnswersBearATag(t *testing.T) {
	s := demo(t)
	p := s.program("hr")
	for _, path := range []string{"/kpi/2026Q3", "/scores/2026Q3", "/evidence/conversion_rate/2026Q3", "/files", "/records/work_logs", "/quarters/2026Q3", "/reviews/2026Q3", "/rewards/2026Q2", "/packs/2026Q3", "/datasets"} {
		r := p.call(http.MethodGet, path, "")
		tag := r.header.Get("ETag")
		if r.status != http.StatusOK || tag == "" || !strings.Contains(r.header.Get("Cache-Control"), "private") {
			t.Errorf("GET %s: %d, tag %q, %q", path, r.status, tag, r.header.Get("Cache-Control"))
		}
		if again := p.call(http.MethodGet, path, "", "If-None-Match", `"other", W/`+tag); again.status != http.StatusNotModified || len(again.body) > 0 {
			t.Errorf("GET %s again: %d", path, again.status)
		}
		if r := s.program("admin").call(http.MethodGet, path, "", "If-None-Match", tag); r.status == http.StatusNotModified {
			t.Errorf("GET %s: the tag of one serves another", path)
		}
		if r := p.call(http.MethodGet, path, "", "If-None-Match", tag, "Accept-Language", "en"); r.status != http.StatusOK {
			t.Errorf("GET %s in the other language: %d", path, r.status)
		}
	}
	tag := p.call(http.MethodGet, "/files", "").header.Get("ETag")
	push(t, p, "tag-000001", `{"records":[{"log_id":"API-1","employee_no":"00012","work_date":"2026-10-08","hours":1.5}]}`, http.StatusCreated)
	if r := p.call(http.MethodGet, "/files", "", "If-None-Match", tag); r.status != http.StatusOK {
		t.Errorf("the books have moved, and the old answer still stands: %d", r.status)
	}
}

func TestAPIFilesSayTheSame(t *testing.T) {
	p := looks(t, common).program("hr")
	for _, path := range []string{"/kpi/2026Q3", "/scores/2026Q2", "/evidence/conversion_rate/2026Q3", "/records/deliveries"} {
		items := p.all(path + "?limit=1000")
		raw := func(format string) []byte {
			r := p.call(http.MethodGet, path+"?format="+format, "")
			if r.status != http.StatusOK || !strings.Contains(r.header.Get("Content-Disposition"), "."+format) {
				t.Fatalf("%s as %s: %d %q", path, format, r.status, r.header.Get("Content-Disposition"))
			}
			return r.body
		}
		rows, err := csv.NewReader(bytes.NewReader(raw("csv"))).ReadAll()
		if err != nil || len(rows) != len(items)+1 {
			t.Fatalf("%s as csv: %d rows for %d items, %v", path, len(rows), len(items), err)
		}
		for i, item := range items {
			for c, name := range rows[0] {
				want := ""
				if item[name] != nil {
					want = fmt.Sprint(item[name])
				}
				if strings.TrimPrefix(rows[i+1][c], "'") != want {
					t.Fatalf("%s as csv: row %d, %s is %q, want %q", path, i, name, rows[i+1][c], want)
				}
			}
		}
		pq, err := file.NewParquetReader(bytes.NewReader(raw("parquet")))
		if err != nil || int(pq.NumRows()) != len(items) {
			t.Errorf("%s as parquet: %v", path, err)
		}
		stream, err := ipc.NewReader(bytes.NewReader(raw("arrow")))
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for stream.Next() {
			n += stream.RecordBatch().NumRows()
		}
		if int(n) != len(items) {
			t.Errorf("%s as arrow: %d rows for %d items", path, n, len(items))
		}
	}
}

// push sends a batch of work logs.
func push(t testing.TB, p *program, key, body string, status int) reply {
	t.Helper()
	r := p.call(http.MethodPost, "/records/work_logs", body, "Idempotency-Key", key, "Content-Type", "application/json")
	if r.status != status {
		t.Fatalf("push %s: %d %s", key, r.status, r.body)
	}
	return r
}

func TestAPITakesRecordsInOnce(t *testing.T) {
	s := demo(t)
	p := s.program("hr")
	body := `{"records":[{"log_id":"API-1","employee_no":"00012","work_date":"2026-10-08","hours":7.50,"mood":"good"},
		{"log_id":"API-2","employee_no":"99999","work_date":"2026-10-08","hours":2}, {"log_id":"API-3","employee_no":"00012","work_date":"2026-10-08","hours":"=1+1"}]}`
	first := push(t, p, "night-0001", body, http.StatusCreated)
	var got struct {
		RowsIn, Accepted, Quarantined, New int64
		Seq                                int64
		Notices                            []string
		Rejects                            []struct {
			Row                            int64
			Column, Value, Rule, Say, Cure string
		}
	}
	if err := json.Unmarshal(bytes.ReplaceAll(first.body, []byte("rows_in"), []byte("RowsIn")), &got); err != nil {
		t.Fatal(err)
	}
	if got.RowsIn != 3 || got.Accepted != 1 || got.Quarantined != 2 || got.New != 1 || !strings.Contains(strings.Join(got.Notices, " "), "mood") {
		t.Errorf("the receipt: %+v", got)
	}
	for row, want := range map[int64][2]string{2: {"employee_no", "99999"}, 3: {"hours", "=1+1"}} {
		if !slices.ContainsFunc(got.Rejects, func(r struct {
			Row                            int64
			Column, Value, Rule, Say, Cure string
		}) bool {
			return r.Row == row && r.Column == want[0] && r.Value == want[1] && r.Rule != "" && r.Say != "" && r.Cure != ""
		}) {
			t.Errorf("no reject of row %d: %+v", row, got.Rejects)
		}
	}
	seq := s.company.Books.Seq()
	again := push(t, p, "night-0001", strings.ReplaceAll(body, "\n\t\t", " "), http.StatusOK)
	if !bytes.Equal(first.body, again.body) || again.header.Get("Idempotency-Replayed") != "true" || s.company.Books.Seq() != seq {
		t.Errorf("the same batch again:\n%s\n%s", first.body, again.body)
	}
	if r := push(t, p, "night-0001", `{"records":[{"log_id":"API-9","employee_no":"00012","work_date":"2026-10-08","hours":1}]}`, http.StatusConflict); r.problem(t)["cure"] == "" {
		t.Error("no cure")
	}
	fresh, err := web.New(web.Options{Company: s.company, Accounts: s.accounts, Trail: s.trail}) // as after a restart
	if err != nil {
		t.Fatal(err)
	}
	r := served(t, fresh, p, "night-0001", body)
	if r.status != http.StatusOK || !bytes.Equal(r.body, first.body) || s.company.Books.Seq() != seq {
		t.Errorf("after a restart: %d %s", r.status, r.body)
	}
	hours := func() string {
		for _, i := range p.all("/records/work_logs?limit=1000") {
			if i["log_id"] == "API-1" {
				return fmt.Sprint(i["hours"])
			}
		}
		return "none"
	}
	one := func(h string) string {
		return `{"records":[{"log_id":"API-1","employee_no":"00012","work_date":"2026-10-08","hours":` + h + `}]}`
	}
	for i, h := range []string{"6.2500", "5.0000", "6.2500"} { // what is said last stands, though it was said before
		if push(t, p, fmt.Sprintf("correct-%d", i), one(h), http.StatusCreated); hours() != h {
			t.Errorf("after correction %d: %s, want %s", i, hours(), h)
		}
	}
	if err := s.company.Books.Ledger().Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAPIRefusesWhatIsNoBatch(t *testing.T) {
	s := looks(t, common)
	p := s.program("hr")
	good := `{"log_id":"A","employee_no":"00012","work_date":"2026-10-08","hours":1}`
	many := strings.Repeat(good+",", 10_000) + good
	seq := s.company.Books.Seq()
	for _, c := range []struct {
		name, path, key, body string
		status                int
		says                  string
	}{
		{"no key", "work_logs", "", `{"records":[` + good + `]}`, 422, "header.Idempotency-Key"}, {"a short key", "work_logs", "k", `{"records":[` + good + `]}`, 422, "header.Idempotency-Key"},
		{"a path for a key", "work_logs", "../../etc/x", `{"records":[` + good + `]}`, 422, "header.Idempotency-Key"},
		{"a field of ours that is none", "work_logs", "key-00001", `{"records":[` + good + `],"force":true}`, 422, "body.force"}, {"no records", "work_logs", "key-00001", `{"records":[]}`, 422, "body.records"},
		{"no list", "work_logs", "key-00001", `{"records":` + good + `}`, 422, "body.records"}, {"a record that is none", "work_logs", "key-00001", `{"records":[7]}`, 422, "body.records[0]"},
		{"a list in a record", "work_logs", "key-00001", `{"records":[` + good + `,{"log_id":["A"]}]}`, 422, "body.records[1]"}, {"no UTF-8", "work_logs", "key-00001", "{\"records\":[{\"log_id\":\"\xff\"}]}", 422, "UTF-8"},
		{"no JSON", "work_logs", "key-00001", `{"records":[`, 400, "body"}, {"nothing", "work_logs", "key-00001", ``, 400, ""}, {"too many", "work_logs", "key-00001", `{"records":[` + many + `]}`, 422, "body.records"},
		{"too large", "work_logs", "key-00001", `{"records":[{"log_id":"` + strings.Repeat("x", 17<<20) + `"}]}`, 413, "batch.too_large"}, {"no column", "work_logs", "key-00001", `{"records":[{"color":"red"}]}`, 422, "batch.no_columns"},
		{"no dataset", "no_such", "key-00001", `{"records":[` + good + `]}`, 404, ""}, {"decisions", "appeals", "key-00001", `{"records":[` + good + `]}`, 404, ""},
	} {
		headers := []string{"Content-Type", "application/json"}
		if c.key != "" {
			headers = append(headers, "Idempotency-Key", c.key)
		}
		r := p.call(http.MethodPost, "/records/"+c.path, c.body, headers...)
		if r.status != c.status || !strings.Contains(string(r.body), c.says) {
			t.Errorf("%s: %d %.300s", c.name, r.status, r.body)
			continue
		}
		r.problem(t)
	}
	if r := s.program("auditor").call(http.MethodPost, "/records/work_logs", `{"records":[`+good+`]}`, "Idempotency-Key", "key-00001"); r.status != http.StatusNotFound {
		t.Errorf("an auditor writes: %d", r.status)
	}
	if now := s.company.Books.Seq(); now != seq {
		t.Errorf("something was recorded: %d, before %d", now, seq)
	}
}

// TestAPIPushesTakeTheirTurn sends more batches at once than may wait: each is recorded, or told to come back and recorded then.
func TestAPIPushesTakeTheirTurn(t *testing.T) {
	s := demo(t)
	s.server.LetWait(4) // so that few are too many
	p := s.program("hr")
	const batches = 12
	var wg sync.WaitGroup
	turned := make(chan bool, batches*100)
	for i := range batches {
		wg.Go(func() {
			body := fmt.Sprintf(`{"records":[{"log_id":"P-%d","employee_no":"00012","work_date":"2026-10-08","hours":0.1}]}`, i)
			for {
				r := p.call(http.MethodPost, "/records/work_logs", body, "Idempotency-Key", fmt.Sprintf("parallel-%03d", i))
				if r.status == http.StatusCreated {
					return
				}
				if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
					t.Errorf("batch %d: %d %s", i, r.status, r.body)
					return
				}
				select {
				case turned <- true:
				default:
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	n := 0
	for _, i := range p.all("/records/work_logs?limit=1000") {
		if strings.HasPrefix(fmt.Sprint(i["log_id"]), "P-") {
			n++
		}
	}
	if n != batches || len(turned) == 0 {
		t.Errorf("%d of %d batches are recorded, %d were told to come back", n, batches, len(turned))
	}
}

// TestAPIReadsOfPeopleAreWrittenDown compares the audit log with what was read.
func TestAPIReadsOfPeopleAreWrittenDown(t *testing.T) {
	s := looks(t, common)
	p := s.program("hr")
	for _, c := range []struct{ path, action, subject string }{
		{"/scores/2026Q3?by=employee&employee=00012", "person.read", "00012"}, {"/kpi/2026Q3?by=employee&department=D003", "person.read", "D003"}, {"/evidence/log_punctuality/2026Q3?employee=00012", "evidence.read", "00012"},
		{"/evidence/log_punctuality/2026Q3?department=D003", "rows.read", "D003"}, {"/records/work_logs?limit=1", "api.records.read", "work_logs"}, {"/rewards/2026Q2?format=csv", "rewards.read", "D003"}, {"/kpi/2026Q3?by=department", "", ""},
	} {
		r := p.call(http.MethodGet, c.path, "")
		id := r.header.Get("X-Request-Id")
		found := trailOf(t, s, id)
		if c.action == "" {
			if len(found) != 0 {
				t.Errorf("GET %s shows nobody and is written down: %v", c.path, found)
			}
			continue
		}
		if r.status != http.StatusOK || !slices.Contains(found, "hr "+c.action+" "+c.subject) {
			t.Errorf("GET %s: %d, the log has %v", c.path, r.status, found)
		}
	}
}

// TestAPIIsDescribed checks the document as a structure, and that it tells of the routes that there are.
func TestAPIIsDescribed(t *testing.T) {
	s := looks(t, common)
	r := s.program("employee", "kpi").call(http.MethodGet, "/openapi.json", "")
	var doc map[string]any
	if err := json.Unmarshal(r.body, &doc); r.status != http.StatusOK || err != nil || doc["openapi"] != "3.1.0" {
		t.Fatalf("%d %v %v", r.status, doc["openapi"], err)
	}
	var told []string
	ids := map[string]bool{}
	schemes := at(doc, "components", "securitySchemes").(map[string]any)
	for path, item := range at(doc, "paths").(map[string]any) {
		for method, x := range item.(map[string]any) {
			op := x.(map[string]any)
			told = append(told, strings.ToUpper(method)+" "+path)
			id, _ := op["operationId"].(string)
			if id == "" || ids[id] || op["summary"] == "" || op["description"] == "" || len(op["tags"].([]any)) != 1 {
				t.Errorf("%s %s is not described: %q", method, path, id)
			}
			ids[id] = true
			for _, way := range op["security"].([]any) {
				for name := range way.(map[string]any) {
					if schemes[name] == nil {
						t.Errorf("%s: the security scheme %s is not there", id, name)
					}
				}
			}
			checkParameters(t, id, path, op)
			for _, status := range []string{"401", "404"} {
				if at(op, "responses", status, "content", "application/problem+json", "schema") == nil {
					t.Errorf("%s: no description of %s", id, status)
				}
			}
		}
	}
	var served []string
	for _, rt := range s.server.Routes() {
		if strings.Contains(rt.Pattern, " /api/") {
			served = append(served, rt.Pattern)
			if !access.Known(rt.Action) || rt.Action == access.Open {
				t.Errorf("%s asks for %q", rt.Pattern, rt.Action)
			}
		}
	}
	slices.Sort(told)
	slices.Sort(served)
	if !slices.Equal(told, served) || len(served) < 13 {
		t.Errorf("described:\n%s\nserved:\n%s", strings.Join(told, "\n"), strings.Join(served, "\n"))
	}
	for _, m := range regexp.MustCompile(`"\$ref":"#([^"]+)"`).FindAllStringSubmatch(string(r.body), -1) {
		if at(doc, strings.Split(strings.Trim(m[1], "/"), "/")...) == nil {
			t.Errorf("%s leads nowhere", m[1])
		}
	}
	for _, name := range []string{"ErrorModel", "ErrorDetail"} {
		if strings.Contains(string(r.body), name) {
			t.Errorf("%s is none of ours", name)
		}
	}
}

// TestAPIAnswersAsDescribed holds what each operation answers against the document.
func TestAPIAnswersAsDescribed(t *testing.T) {
	s := demo(t)
	p := s.program("hr")
	var doc map[string]any
	if err := json.Unmarshal(p.call(http.MethodGet, "/openapi.json", "").body, &doc); err != nil {
		t.Fatal(err)
	}
	check := func(method, template string, r reply) {
		t.Helper()
		kind, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
		schema := at(doc, "paths", "/api/v1"+template, strings.ToLower(method), "responses", fmt.Sprint(r.status), "content", kind, "schema")
		var body any
		if err := json.Unmarshal(r.body, &body); err != nil || schema == nil {
			t.Errorf("%s %s: %d %s is not described; %v", method, template, r.status, kind, err)
			return
		}
		for _, fault := range unlike(doc, schema.(map[string]any), body, "") {
			t.Errorf("%s %s: %d %s", method, template, r.status, fault)
		}
	}
	for path, template := range map[string]string{"/kpi/2026Q3": "/kpi/{period}", "/kpi/2026Q3?limit=0": "/kpi/{period}", "/scores/2026Q2": "/scores/{period}", "/evidence/conversion_rate/2026Q3": "/evidence/{kpi}/{period}", "/files": "/files", "/records/work_logs": "/records/{dataset}",
		"/records/none": "/records/{dataset}", "/quarters/2026Q2": "/quarters/{period}", "/quarters/2026Q4": "/quarters/{period}", "/reviews/2026Q3": "/reviews/{period}", "/rewards/2026Q2": "/rewards/{period}", "/packs/2026Q3": "/packs/{period}", "/datasets": "/datasets", "/me": "/me"} {
		check(http.MethodGet, template, p.call(http.MethodGet, path, ""))
	}
	session := &program{s.as("auditor"), ""}
	check(http.MethodGet, "/me", session.call(http.MethodGet, "/me", ""))
	body := `{"records":[{"log_id":"API-1","employee_no":"99999","work_date":"2026-10-08","hours":1.5}]}`
	for _, status := range []int{http.StatusCreated, http.StatusOK} {
		check(http.MethodPost, "/records/{dataset}", push(t, p, "described-1", body, status))
	}
	check(http.MethodPost, "/records/{dataset}", push(t, p, "described-1", `{"records":[{"log_id":"API-2"}]}`, http.StatusConflict))
}

// unlike tells where a value is not as a schema has it, as far as our schemas go.
func unlike(doc map[string]any, schema map[string]any, v any, where string) (faults []string) {
	if ref, ok := schema["$ref"].(string); ok {
		return unlike(doc, at(doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...).(map[string]any), v, where)
	}
	if choices, ok := schema["oneOf"].([]any); ok {
		fits := 0
		for _, s := range choices {
			if len(unlike(doc, s.(map[string]any), v, where)) == 0 {
				fits++
			}
		}
		if fits != 1 {
			faults = append(faults, fmt.Sprintf("%s fits %d of several schemas", where, fits))
		}
		return faults
	}
	kind := map[bool]string{true: "integer", false: "number"}
	is := "null"
	switch x := v.(type) {
	case string:
		is = "string"
	case bool:
		is = "boolean"
	case float64:
		is = kind[x == float64(int64(x))]
	case []any:
		is = "array"
	case map[string]any:
		is = "object"
	}
	if types := fmt.Sprint(schema["type"]); !strings.Contains(types, is) && !(is == "integer" && strings.Contains(types, "number")) {
		return append(faults, fmt.Sprintf("%s is %s, described as %s", where, is, types))
	}
	if list, ok := schema["enum"].([]any); ok && !slices.Contains(list, v) {
		faults = append(faults, fmt.Sprintf("%s is %v", where, v))
	}
	if list, ok := v.([]any); ok {
		items, _ := schema["items"].(map[string]any)
		for i, x := range list {
			faults = append(faults, unlike(doc, items, x, fmt.Sprintf("%s[%d]", where, i))...)
		}
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return faults
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, there := fields[name.(string)]; !there {
			faults = append(faults, fmt.Sprintf("%s lacks %s", where, name))
		}
	}
	for name, x := range fields {
		property, known := at(schema, "properties", name).(map[string]any)
		switch {
		case known:
			faults = append(faults, unlike(doc, property, x, where+"."+name)...)
		case schema["additionalProperties"] == nil || schema["additionalProperties"] == false:
			faults = append(faults, where+"."+name+" is not described")
		}
	}
	return faults
}

func checkParameters(t *testing.T, id, path string, op map[string]any) {
	t.Helper()
	var inPath []string
	list, _ := op["parameters"].([]any)
	for _, x := range list {
		p := x.(map[string]any)
		if p["description"] == "" || p["description"] == nil || p["schema"] == nil {
			t.Errorf("%s: the parameter %v is not described", id, p["name"])
		}
		if p["in"] == "path" {
			inPath = append(inPath, "{"+p["name"].(string)+"}")
			if p["required"] != true {
				t.Errorf("%s: %v must be required", id, p["name"])
			}
		}
	}
	wanted := regexp.MustCompile(`\{\w+\}`).FindAllString(path, -1)
	slices.Sort(wanted)
	slices.Sort(inPath)
	if !slices.Equal(wanted, inPath) {
		t.Errorf("%s: the path %s has %v, described are %v", id, path, wanted, inPath)
	}
}

// at follows names into a JSON value; nil where they end.
func at(v any, names ...string) any {
	for _, n := range names {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[n]
	}
	return v
}

func TestAPISpeaksTwoLanguages(t *testing.T) {
	p := looks(t, common).program("employee")
	for want, headers := range map[string][]string{"没有这个内容": nil, "Nothing is here": {"Accept-Language", "en-GB,zh;q=0.5"}, "没有这个内容 ": {"Accept-Language", "zh-TW, en;q=0.8"}, "没有这个内容  ": {"Accept-Language", "fr"}} {
		if got := p.call(http.MethodGet, "/nothing", "", headers...).problem(t)["title"]; got != strings.TrimSpace(want) {
			t.Errorf("%v: %v", headers, got)
		}
	}
	r := p.call(http.MethodGet, "/kpi/2026Q3?limit=5000", "")
	if !strings.Contains(string(r.body), "至多为 1000") {
		t.Errorf("%s", r.body)
	}
}

func TestTokensAreMadeShownOnceAndRevoked(t *testing.T) {
	s := demo(t)
	m := s.as("manager")
	body := m.sees("/account/tokens", "还没有令牌")
	if strings.Contains(body, `value="records:write"`) || !strings.Contains(body, `value="reviews"`) {
		t.Error("a manager is offered what managers have")
	}
	form := url.Values{"name": {"报表 <b>"}, "days": {"30"}, "scope": {"kpi", "records:write"}}
	status, body := m.post("/account/tokens", form)
	raw := regexp.MustCompile(`pl_[\w-]+`).FindString(body)
	if status != http.StatusOK || raw == "" || strings.Contains(body, "<b>") {
		t.Fatalf("%d %s", status, body)
	}
	p := &program{s.as(""), raw}
	if r := p.call(http.MethodGet, "/me", ""); r.status != http.StatusOK || !strings.Contains(string(r.body), `"scopes":["kpi"]`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	body = m.sees("/account/tokens", "报表 &lt;b&gt;", "作废")
	if strings.Contains(body, raw) {
		t.Error("the token is shown twice")
	}
	for _, bad := range []url.Values{{"name": {""}, "days": {"30"}, "scope": {"kpi"}}, {"name": {"x"}, "days": {"30"}}} {
		if status, _ := m.post("/account/tokens", bad); status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, status)
		}
	}
	action := regexp.MustCompile(`action="(/account/tokens/[0-9a-f]+)"`).FindStringSubmatch(body)[1]
	if status, _ := s.as("employee").post(action, nil); status != http.StatusNotFound {
		t.Errorf("somebody else revokes it: %d", status)
	}
	if status, _ := m.post(action, nil); status != http.StatusSeeOther {
		t.Errorf("revoke: %d", status)
	}
	if r := p.call(http.MethodGet, "/me", ""); r.status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", r.status)
	}
}

type accountsToken = accounts.APIToken

// trailOf gives what the audit log has of a request.
func trailOf(t testing.TB, s *service, request string) (found []string) {
	t.Helper()
	entries, _, err := s.trail.Read(t.Context(), trail.Filter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Request == request && e.Action != "token.created" {
			found = append(found, e.Actor+" "+e.Action+" "+e.Subject)
		}
	}
	return found
}

// served pushes a batch of work logs to another server of the same company.
func served(t testing.TB, server *web.Server, p *program, key, body string) reply {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/records/work_logs", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Idempotency-Key", key)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	server.Handler().ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.Bytes()}
}
