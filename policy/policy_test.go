package policy_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

func open(t testing.TB) *warehouse.DB {
	t.Helper()
	db, err := warehouse.Open(t.Context(), "", warehouse.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// base gives the small policy of testdata/base.txtar.
func base(t testing.TB) policy.Source {
	t.Helper()
	a, err := txtar.ParseFile("testdata/base.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var s policy.Source
	for _, f := range a.Files {
		s = append(s, policy.File{Name: f.Name, Text: string(f.Data)})
	}
	return s
}

// with gives s with the text of a file replaced or, when the name ends in +, added to. A file that s lacks comes last.
func with(s policy.Source, name, text string) policy.Source {
	s = slices.Clone(s)
	if !slices.ContainsFunc(s, func(f policy.File) bool { return f.Name == strings.TrimSuffix(name, "+") }) {
		return append(s, policy.File{Name: name, Text: text})
	}
	for i := range s {
		switch name {
		case s[i].Name:
			s[i].Text = text
		case s[i].Name + "+":
			s[i].Text += text
		}
	}
	return s
}

// check gives the policy, or fails.
func check(t testing.TB, db *warehouse.DB, s policy.Source) *policy.Policy {
	t.Helper()
	p, err := policy.Check(t.Context(), db, s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// faults gives the faults of a policy that is wrong.
func faults(t testing.TB, db *warehouse.DB, s policy.Source) policy.Errors {
	t.Helper()
	p, err := policy.Check(t.Context(), db, s)
	faults, ok := errors.AsType[policy.Errors](err)
	if !ok || p != nil || len(faults) == 0 {
		t.Fatalf("got policy %v and error %v, want Errors", p, err)
	}
	return faults
}

func TestDefaultsAreRight(t *testing.T) {
	p := check(t, open(t), policy.Default())
	var sql []string
	for _, k := range p.KPIs {
		sql = append(sql, k.ID+": "+measured(k.Upper()))
		if below, ok := k.Lower(); ok {
			sql = append(sql, "  / "+measured(below))
		}
		if k.Where != nil {
			sql = append(sql, "  where "+k.Where.SQL)
		}
	}
	for _, d := range p.Datasets {
		for _, r := range d.Rules {
			sql = append(sql, d.ID+": "+r.Check.SQL)
		}
	}
	golden(t, "testdata/defaults.sql", strings.Join(sql, "\n")+"\n")
	if p.Company.Timezone != "Asia/Shanghai" || len(p.Bands) != 5 || p.BandFor(fixed.Int(96)).ID != "A" {
		t.Errorf("company %v, bands %v", p.Company, p.Bands)
	}
	if s := p.ScorecardFor("sales"); s.Items[0].KPI != p.KPI("conversion_rate") || s.Items[0].Target != fixed.Int(30) || s.KPIShare != fixed.Int(70) {
		t.Errorf("scorecard of sales: %+v", s)
	}
	if s := p.ScorecardFor("support"); s.ID != "general" || s.Missing != policy.Redistribute {
		t.Errorf("scorecard of support: %+v", s)
	}
	stay := policy.Interval{Per: "employee_no", From: "valid_from", To: "valid_to", Share: "share", Apart: []string{"department_id"}}
	if d := p.Dataset(policy.Memberships); !slices.Equal(d.Key, []string{"employee_no", "department_id", "valid_from"}) || !cmp.Equal(*d.NoOverlap, stay) {
		t.Errorf("memberships: %+v", d)
	}
	for _, d := range p.Datasets {
		of := map[string]string{"costs": "department_id", "surveys": "department_id", "appeals": "department_id"}[d.ID]
		if d.Department != of || of != "" && d.Owner != "" {
			t.Errorf("%s: department %q, owner %q", d.ID, d.Department, d.Owner)
		}
	}
	if f := p.Funnels[0]; len(f.Steps) != 5 || f.Steps[4].ID != "funnel_won" || f.Steps[4].Listed {
		t.Errorf("funnel: %+v", f)
	}
	if diff := cmp.Diff(policy.Default(), p.Source); diff != "" {
		t.Error(diff)
	}
}

// measured tells a measure in one line.
func measured(m policy.Measure) string {
	if m.Kind == policy.Expected {
		return fmt.Sprintf("expected %s, due after %s", m.Occasion, m.After)
	}
	return string(m.Kind) + " " + m.Expr.SQL
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestFaults runs the cases of the archives: their files go in, the faults in both languages come out.
func TestFaults(t *testing.T) {
	db := open(t)
	for _, name := range []string{"yaml", "company", "leave", "quality", "calendar", "datasets", "kpis", "scorecards", "procedure", "pack"} {
		path := "testdata/" + name + ".txtar"
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var files []txtar.File
		for i := 0; i < len(a.Files); {
			title, _, _ := strings.Cut(a.Files[i].Name, "/")
			s := base(t)
			for ; i < len(a.Files); i++ {
				of, file, _ := strings.Cut(a.Files[i].Name, "/")
				if of != title {
					break
				}
				if file == "zh" || file == "en" {
					continue
				}
				s = with(s, file, string(a.Files[i].Data))
				files = append(files, a.Files[i])
			}
			e := faults(t, db, s)
			if _, err := policy.CheckOneByOne(t.Context(), db, s); err == nil || err.Error() != e.Error() {
				t.Errorf("%s, each expression by itself:\n%v\ntogether:\n%v", title, err, e)
			}
			files = append(files, txtar.File{Name: title + "/zh", Data: []byte(e.In(policy.ZH) + "\n")}, txtar.File{Name: title + "/en", Data: []byte(e.In(policy.EN) + "\n")})
		}
		golden(t, path, string(txtar.Format(&txtar.Archive{Comment: a.Comment, Files: files})))
	}
}

// TestExpressionsAreAskedForTogether: what DuckDB answers about all expressions at once is what it answers about each.
func TestExpressionsAreAskedForTogether(t *testing.T) {
	db := open(t)
	for i, s := range []policy.Source{policy.Default(), base(t), full()} {
		together := check(t, db, s)
		each, err := policy.CheckOneByOne(t.Context(), db, s)
		if err != nil || !reflect.DeepEqual(each, together) {
			t.Errorf("policy %d is another one when its expressions are asked for one by one: %v", i, err)
		}
		if n, err := policy.AskedAlone(t.Context(), db, s); err != nil || n != 0 {
			t.Errorf("policy %d: %d questions about single expressions, %v", i, n, err)
		}
	}
	faulty := kpi(t, "count", "done_on + 1.5 > seen_on") // its dataset is asked for one by one, and no other
	if n, err := policy.AskedAlone(t.Context(), db, faulty); n == 0 || err == nil {
		t.Errorf("%d questions about single expressions, %v", n, err)
	}
}

// kpi gives the base policy with a KPI more, whose numerator is the expression.
func kpi(t testing.TB, kind, expression string) policy.Source {
	text := strconv.Quote(expression)
	if kind == "rule" {
		return with(base(t), "datasets.yaml+", "  rules:\n    - {check: "+text+", say: {zh: 错, en: Wrong}}\n")
	}
	unit := map[string]string{"count": "count", "sum": "hours"}[kind]
	return with(base(t), "kpis.yaml+", "probe:\n  name: {zh: 试, en: Probe}\n  dataset: logs\n  counts_on: done_on\n"+
		"  numerator:\n    "+kind+": "+text+"\n  unit: "+unit+"\n  better: higher\n")
}

func TestRefusedExpressions(t *testing.T) {
	db := open(t)
	for _, path := range []string{"testdata/expressions.txtar", "testdata/durations.txtar"} {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var zh, en strings.Builder
		for line := range strings.Lines(string(a.Files[0].Data)) {
			kind, expression, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			kind = map[string]string{"c": "count", "s": "sum", "r": "rule"}[kind]
			p, err := policy.Check(t.Context(), db, kpi(t, kind, expression))
			faults, ok := errors.AsType[policy.Errors](err)
			if !ok {
				t.Errorf("%s %q: accepted, or no Errors: %v %v", kind, expression, p != nil, err)
				continue
			}
			fmt.Fprintln(&zh, faults.In(policy.ZH))
			fmt.Fprintln(&en, faults.In(policy.EN))
		}
		a.Files = append(a.Files[:1], txtar.File{Name: "zh", Data: []byte(zh.String())}, txtar.File{Name: "en", Data: []byte(en.String())})
		golden(t, path, string(txtar.Format(a)))
	}
}

func TestAcceptedExpressions(t *testing.T) {
	db := open(t)
	for _, test := range []struct{ kind, text, sql, typ, columns string }{
		{"count", "TRUE", "TRUE", "BOOLEAN", ""},
		{"count", "approved", `"approved"`, "BOOLEAN", "approved"},
		{"count", "state = 'won' AND hours > 1", `"state" = 'won' AND "hours" > 1`, "BOOLEAN", "hours state"},
		{"count", "note = '中文，''引号''' AND hours > 1", `"note" = '中文，''引号''' AND "hours" > 1`, "BOOLEAN", "hours note"},
		{"count", "note = '-- ; $ ? /* \"' OR note LIKE '%a%' OR note NOT LIKE '_'", `"note" = '-- ; $ ? /* "' OR "note" LIKE '%a%' OR "note" NOT LIKE '_'`, "BOOLEAN", "note"},
		{"count", "done_on + limit_days >= seen_on", `"done_on" + 2 >= "seen_on"`, "BOOLEAN", "done_on seen_on"},
		{"count", "seen_on -limit_days <= done_on", `"seen_on" -2 <= "done_on"`, "BOOLEAN", "done_on seen_on"},
		{"count", "done_on -shift <= seen_on", `"done_on" -(-3) <= "seen_on"`, "BOOLEAN", "done_on seen_on"},
		{"count", "pieces > -shift AND pieces > - -limit_days", `"pieces" > -(-3) AND "pieces" > - -2`, "BOOLEAN", "pieces"},
		{"count", "seen_on IS NOT NULL OR done_on <= report_day", `"seen_on" IS NOT NULL OR "done_on" <= $report_day`, "BOOLEAN", "done_on seen_on"},
		{"count", "seen_on IS NOT DISTINCT FROM done_on", `"seen_on" IS NOT DISTINCT FROM "done_on"`, "BOOLEAN", "done_on seen_on"},
		{"count", "hours BETWEEN 1 AND 2.5 OR NOT hours IN (3, 4)", `"hours" BETWEEN 1 AND 2.5 OR NOT "hours" IN (3, 4)`, "BOOLEAN", "hours"},
		{"count", "hours NOT BETWEEN 1 AND 2 AND state NOT IN ('open')", `"hours" NOT BETWEEN 1 AND 2 AND "state" NOT IN ('open')`, "BOOLEAN", "hours state"},
		{"count", "CASE state WHEN 'won' THEN hours > 1 ELSE FALSE END", `CASE "state" WHEN 'won' THEN "hours" > 1 ELSE FALSE END`, "BOOLEAN", "hours state"},
		{"count", "hours / nullif(share, 0) >= factor", `"hours" / nullif("share", 0) >= 0.5`, "BOOLEAN", "hours share"},
		{"count", "hours / factor > 1 AND pieces % 2 = 0", `"hours" / 0.5 > 1 AND "pieces" % 2 = 0`, "BOOLEAN", "hours pieces"},
		{"count", "done_on >= DATE '2026-01-31' AND done_on <> '2026-02-01'", `"done_on" >= DATE '2026-01-31' AND "done_on" <> '2026-02-01'`, "BOOLEAN", "done_on"},
		{"count", "date_diff('day', done_on, seen_on) <= 3", `date_diff('day', "done_on", "seen_on") <= 3`, "BOOLEAN", "done_on seen_on"},
		{"count", "year(done_on) = 2026 AND extract(month FROM done_on) = 3", `year("done_on") = 2026 AND extract(month FROM "done_on") = 3`, "BOOLEAN", "done_on"},
		{"count", "date_trunc('month', done_on) = date_trunc('month', seen_on)", `date_trunc('month', "done_on") = date_trunc('month', "seen_on")`, "BOOLEAN", "done_on seen_on"},
		{"count", "starts_with(lower(trim(note)), 'x') OR length(note) > 3", `starts_with(lower(trim("note")), 'x') OR length("note") > 3`, "BOOLEAN", "note"},
		{"count", "substring(note FROM 1 FOR 2) = 'ab' OR upper(note) || 'x' = concat(note, 'y')", `substring("note" FROM 1 FOR 2) = 'ab' OR upper("note") || 'x' = concat("note", 'y')`, "BOOLEAN", "note"},
		{"count", "approved IS TRUE", `"approved" IS TRUE`, "BOOLEAN", "approved"},
		{"count", "CAST(pieces AS VARCHAR) = '5'", `CAST("pieces" AS VARCHAR) = '5'`, "BOOLEAN", "pieces"},
		{"sum", "hours", `"hours"`, "DECIMAL(9,4)", "hours"},
		{"sum", "amount * limit_days", `"amount" * 2`, "DECIMAL(18,2)", "amount"},
		{"sum", "greatest(pieces, 0) + abs(pieces)", `greatest("pieces", 0) + abs("pieces")`, "BIGINT", "pieces"},
		{"sum", "round(hours * share, 4)", `round("hours" * "share", 4)`, "DECIMAL(18,4)", "hours share"},
		{"sum", "CAST(round(hours / 3, 4) AS DECIMAL(18,4))", `CAST(round("hours" / 3, 4) AS DECIMAL(18,4))`, "DECIMAL(18,4)", "hours"},
		{"sum", "CASE WHEN state = 'won' THEN amount END", `CASE WHEN "state" = 'won' THEN "amount" END`, "DECIMAL(18,2)", "amount state"},
		{"sum", "coalesce(hours, 0)", `coalesce("hours", 0)`, "DECIMAL(14,4)", "hours"},
		{"sum", "date_diff('day', done_on, least(seen_on, report_day))", `date_diff('day', "done_on", least("seen_on", $report_day))`, "BIGINT", "done_on seen_on"},
		{"sum", "hours::DECIMAL(9,2)", `"hours"::DECIMAL(9,2)`, "DECIMAL(9,2)", "hours"},
		{"count", "sent_at <= read_at AND sent_at >= TIMESTAMP '2026-01-31 18:00:00' AND read_at <> '2026-02-01 00:00:00'",
			`"sent_at" <= "read_at" AND "sent_at" >= TIMESTAMP '2026-01-31 18:00:00' AND "read_at" <> '2026-02-01 00:00:00'`, "BOOLEAN", "read_at sent_at"},
		{"count", "date_diff('minute', sent_at, read_at) <= limit_days * 60", `date_diff('minute', "sent_at", "read_at") <= 2 * 60`, "BOOLEAN", "read_at sent_at"},
		{"count", "date_diff('second', sent_at, coalesce(read_at, TIMESTAMP '2026-01-31 18:00:00')) <= 86400",
			`date_diff('second', "sent_at", coalesce("read_at", TIMESTAMP '2026-01-31 18:00:00')) <= 86400`, "BOOLEAN", "read_at sent_at"},
		{"count", "CAST(sent_at AS DATE) <= done_on + limit_days", `CAST("sent_at" AS DATE) <= "done_on" + 2`, "BOOLEAN", "done_on sent_at"},
		{"count", "sent_at::DATE <= report_day AND CAST(done_on AS TIMESTAMP) <= sent_at", `"sent_at"::DATE <= $report_day AND CAST("done_on" AS TIMESTAMP) <= "sent_at"`, "BOOLEAN", "done_on sent_at"},
		{"count", "date_part('isodow', sent_at) = 5 AND hour(sent_at) * 60 + minute(sent_at) <= 1020",
			`date_part('isodow', "sent_at") = 5 AND hour("sent_at") * 60 + minute("sent_at") <= 1020`, "BOOLEAN", "sent_at"},
		{"count", "extract(hour FROM sent_at) < 17 AND date_trunc('month', sent_at) = date_trunc('month', read_at) AND year(sent_at) = 2026",
			`extract(hour FROM "sent_at") < 17 AND date_trunc('month', "sent_at") = date_trunc('month', "read_at") AND year("sent_at") = 2026`, "BOOLEAN", "read_at sent_at"},
		{"count", "note LIKE '50!%' ESCAPE '!' OR note NOT LIKE 'a!!' ESCAPE '!'", `"note" LIKE '50!%' ESCAPE '!' OR "note" NOT LIKE 'a!!' ESCAPE '!'`, "BOOLEAN", "note"},
		{"count", "split_part(note, '(#', 1) = 'a'", `split_part("note", '(#', 1) = 'a'`, "BOOLEAN", "note"},
		{"count", "ratio > 12.5", `"ratio" > 12.5`, "BOOLEAN", "ratio"},
		{"sum", "date_diff('hour', sent_at, read_at)", `date_diff('hour', "sent_at", "read_at")`, "BIGINT", "read_at sent_at"},
		{"rule", "done_on <= seen_on", `"done_on" <= "seen_on"`, "BOOLEAN", "done_on seen_on"},
	} {
		p, err := policy.Check(t.Context(), db, kpi(t, test.kind, test.text))
		if err != nil {
			t.Errorf("%s:\n%v", test.text, err)
			continue
		}
		e := exprOf(p, test.kind)
		if e.Text != test.text || e.SQL != test.sql || e.Type != test.typ || strings.Join(e.Columns, " ") != test.columns {
			t.Errorf("%s:\n got %s, %s, %v\nwant %s, %s, %s", test.text, e.SQL, e.Type, e.Columns, test.sql, test.typ, test.columns)
		}
	}
}

func TestOrderOfColumns(t *testing.T) {
	db := open(t)
	for _, test := range []struct{ kind, text, columns, order string }{
		{"count", "TRUE", "", ""},
		{"count", "state = 'won' AND hours > 1 AND state <> 'open'", "hours state", "state hours"},
		{"count", "note <> 'done_on' OR seen_on + limit_days >= done_on OR seen_on <= report_day", "done_on note seen_on", "note seen_on done_on"},
		{"sum", "CASE WHEN state = 'won' THEN amount ELSE pieces END", "amount pieces state", "state amount pieces"},
		{"sum", "greatest(pieces, coalesce(hours, share), pieces)", "hours pieces share", "pieces hours share"},
		{"rule", "seen_on >= done_on", "done_on seen_on", "seen_on done_on"},
	} {
		e := exprOf(check(t, db, kpi(t, test.kind, test.text)), test.kind)
		if strings.Join(e.Columns, " ") != test.columns || strings.Join(e.Order, " ") != test.order {
			t.Errorf("%s: reads %v in the order %v, want %s", test.text, e.Columns, e.Order, test.order)
		}
	}
}

// exprOf gives the expression that kpi added.
func exprOf(p *policy.Policy, kind string) policy.Expr {
	if kind == "rule" {
		return p.Dataset("logs").Rules[0].Check
	}
	return p.KPI("probe").Numerator.Expr
}

// Whatever the nesting and the length, the answer comes soon, and it is no.
func TestExpressionsAreBounded(t *testing.T) {
	db := open(t)
	for name, text := range map[string]string{
		"brackets":  strings.Repeat("(", 10_000) + "approved" + strings.Repeat(")", 10_000),
		"some":      strings.Repeat("(", 1_900) + "TRUE" + strings.Repeat(")", 1_900),
		"nots":      strings.Repeat("NOT ", 900) + "approved",
		"sum":       "hours" + strings.Repeat("+1", 1_900) + ">1",
		"minus":     strings.Repeat("- ", 1_000) + "hours > 1",
		"functions": strings.Repeat("abs(", 900) + "hours" + strings.Repeat(")", 900) + " > 1",
		"cases":     strings.Repeat("CASE WHEN TRUE THEN ", 150) + "approved" + strings.Repeat(" END", 150),
		"long":      "note = '" + strings.Repeat("x", 5_000) + "'",
		"open":      strings.Repeat("(", 3_999),
	} {
		start := time.Now()
		e := faults(t, db, kpi(t, "count", text))
		if took := time.Since(start); took > 5*time.Second || len(e) != 1 {
			t.Errorf("%s: %d faults in %v", name, len(e), took)
		}
	}
}

// The same holds for files.
func TestFilesAreBounded(t *testing.T) {
	db := open(t)
	var entries strings.Builder
	for i := 0; entries.Len() < 1<<20-20; i++ {
		fmt.Fprintf(&entries, "k%d: v\n", i)
	}
	for name, text := range map[string]string{
		"large":    strings.Repeat("# comment\n", 110_000),
		"entries":  entries.String(),
		"brackets": "a: " + strings.Repeat("[", 500_000),
		"braces":   "a: " + strings.Repeat("{a: ", 200_000),
		"dashes":   strings.Repeat("- ", 500_000),
		"keys":     strings.Repeat("? ", 500_000),
		"tags":     "a: " + strings.Repeat("!a ", 300_000),
		"indent":   indented(1_400),
		"NUL":      "a: b\x00c",
		"latin 1":  "company: {name: {zh: \xe9, en: A}}",
		"bidi":     "a: \u202eb",
	} {
		start := time.Now()
		e := faults(t, db, with(base(t), "company.yaml", text))
		if took := time.Since(start); took > 10*time.Second || e[0].Place.File != "company.yaml" {
			t.Errorf("%s: %v in %v", name, e[0], took)
		}
	}
}

func indented(depth int) string {
	var b strings.Builder
	for i := range depth {
		fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i))
	}
	return b.String()
}

func TestPlacesInsideExpressions(t *testing.T) {
	db := open(t)
	for _, test := range []struct{ yaml, want string }{
		{`{count: "state = 'won' AND ours > 1"}`, "kpis.yaml:20:41"},
		{`{count: 'note = ''中文'' AND ours > 1'}`, "kpis.yaml:20:22"}, // spelt otherwise: where it begins
		{`{count: "note = '中文' AND ours > 1"}`, "kpis.yaml:20:39"},
		{`{count: ours > 1}`, "kpis.yaml:20:22"},
		{"{count: ours > 1,\n    sums: 1}", "kpis.yaml:20:22"},
		{"\n    count: >\n      state = 'won'\n      AND ours > 1", "kpis.yaml:21:12"},
	} {
		s := with(base(t), "kpis.yaml+", "probe:\n  name: {zh: 试, en: Probe}\n  dataset: logs\n  counts_on: done_on\n  numerator: "+test.yaml+"\n  unit: count\n  better: higher\n")
		e := faults(t, db, s)
		if got := e[0].Place.String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.yaml, got, test.want)
		}
	}
}

func TestShortForms(t *testing.T) {
	db := open(t)
	s := with(base(t), "datasets.yaml+", `    stage: {type: enum, values: {won: [赢单, 成交, Closed Won], lost: [输单], open: [Running], held: [ÄÖ]}}
    amount_due: {type: money, aliases: [Due, 应收, 应收款]}
    plain: {type: text}
  rules:
    - {check: "seen_on >= done_on AND plain <> ''", say: {zh: 反了, en: Reversed}}
`)
	d := check(t, db, s).Dataset("logs")
	var got []policy.Text
	for _, v := range d.Column("stage").Values {
		got = append(got, v.Name)
	}
	got = append(got, d.Column("amount_due").Name, d.Column("plain").Name, d.Rules[0].Cure)
	want := []policy.Text{{ZH: "赢单", EN: "Closed Won"}, {ZH: "输单", EN: "lost"}, {ZH: "open", EN: "Running"}, {ZH: "held", EN: "held"},
		{ZH: "应收", EN: "Due"}, {ZH: "plain", EN: "plain"}, {ZH: "核对完成日期、plain、seen_on", EN: "Check Done, plain, seen_on"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if words := d.Column("stage").Values[0].Words; !slices.Equal(words, []string{"赢单", "成交", "Closed Won"}) {
		t.Error(words)
	}
}

func TestHowCellsAreRead(t *testing.T) {
	p := check(t, open(t), base(t))
	d := p.Dataset("logs")
	if p.Company.WorkdayHours != fixed.MustParse("7.5") || check(t, open(t), policy.Default()).Company.WorkdayHours != fixed.Int(8) {
		t.Error(p.Company.WorkdayHours)
	}
	for column, want := range map[string]policy.Format{
		"log_id":  {},
		"done_on": {Order: policy.DMY, Zone: "UTC", Serial: "1900"},
		"hours":   {Unit: policy.UnitMinutes, Blanks: []string{"-", "无"}},
		"amount":  {Decimal: ",", Myriads: true, Unit: policy.UnitThousand},
		"ratio":   {Unit: policy.UnitFraction},
	} {
		if diff := cmp.Diff(want, d.Column(column).Format); diff != "" {
			t.Errorf("%s: %s", column, diff)
		}
	}
	if made := d.Column("log_id").MadeFrom; !slices.Equal(made, []string{"employee_no", "done_on", "note"}) || d.Column("note").MadeFrom != nil {
		t.Error(made)
	}
	limits := []policy.Limit{{Sum: "hours", Per: []string{"employee_no", "done_on"}, Most: fixed.Int(24),
		Say: policy.Text{ZH: "一天超过 24 小时", EN: "More than 24 hours a day"}, Cure: policy.Text{ZH: "核对工时", EN: "Check the hours"}}}
	if diff := cmp.Diff(limits, d.Limits); diff != "" {
		t.Error(diff)
	}
	s := base(t)
	s = with(s, "datasets.yaml", strings.Replace(s[1].Text, "most: 24", "most: limit_days", 1))
	s = with(s, "datasets.yaml", strings.Replace(s[1].Text, `blanks: ["-", 无]`, "blanks: []", 1))
	d = check(t, open(t), s).Dataset("logs")
	if d.Limits[0].Most != fixed.Int(2) {
		t.Errorf("the parameter's value: %s", d.Limits[0].Most)
	}
	if blanks := d.Column("hours").Format.Blanks; blanks == nil || len(blanks) > 0 {
		t.Errorf("no word is a blank: %v", blanks)
	}
	for column, sql := range map[string]string{"sent_at": "TIMESTAMP", "ratio": "DECIMAL(18,4)", "hours": "DECIMAL(9,4)"} {
		if got := d.Column(column).Type.SQL(); got != sql {
			t.Errorf("%s is %s", column, got)
		}
	}
}

func TestDefaultsOfKPIsAndScorecards(t *testing.T) {
	p := check(t, open(t), with(base(t), "kpis.yaml+", `per_piece:
  name: {zh: 单件工时, en: Hours per piece}
  dataset: logs
  counts_on: done_on
  numerator: {sum: hours}
  denominator: {sum: "round(hours * share, 4)"}
  unit: hours
  better: lower
`))
	k := p.KPI("rate")
	if !k.Listed || k.Minimum != 0 || !k.HigherIsBetter || !k.IsRate() {
		t.Errorf("%+v", k)
	}
	formulas := []policy.Text{k.Formula, p.KPI("pieces_done").Formula, p.KPI("per_piece").Formula}
	want := []policy.Text{
		{ZH: "当期日志中（state = 'won'）的条数 ÷ 当期日志的条数", EN: "Number of Logs of the period with (state = 'won') ÷ Number of Logs of the period"},
		{ZH: "当期日志中（approved）的条数", EN: "Number of Logs of the period with (approved)"},
		{ZH: "当期日志的hours之和 ÷ 当期日志的（round(hours * share, 4)）之和", EN: "Sum of hours over the Logs of the period ÷ Sum of (round(hours * share, 4)) over the Logs of the period"},
	}
	if diff := cmp.Diff(want, formulas); diff != "" {
		t.Error(diff)
	}
	s := p.Scorecards[0]
	if curve := s.Items[0].Curve; s.Missing != policy.Redistribute || !slices.Equal(curve, []policy.Point{{}, {Attainment: fixed.Int(100), Points: fixed.Int(100)}}) {
		t.Errorf("%+v", s)
	}
	if p.Parameters[1].Value.String() != "0.5" || p.Parameters[1].Place.String() != "company.yaml:4:3" {
		t.Errorf("%+v", p.Parameters[1])
	}
}

// A percentage where less is better may well aim below 1 %.
func TestSmallTargetOfALowerIsBetterKPI(t *testing.T) {
	s := base(t)
	s = with(s, "kpis.yaml", strings.Replace(s[2].Text, "better: higher", "better: lower", 1))
	check(t, open(t), with(s, "scorecards.yaml", strings.Replace(s[3].Text, "target: 30", "target: 0.5", 1)))
}

func TestBothLanguages(t *testing.T) {
	e := faults(t, open(t), with(base(t), "scorecards.yaml", strings.Replace(base(t)[3].Text, "kpi: rate", "kpi: rats", 1)))
	want := `scorecards.yaml:7:13: 没有指标“rats”
  there is no KPI “rats”
        - {kpi: rats, weight: 100, target: 30}
                ^
  改法：是否应为 rate？
  cure: did you mean rate?`
	if diff := cmp.Diff(want, e.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestByteOrderMarkAndWindowsLineEnds(t *testing.T) {
	db := open(t)
	s := base(t)
	for i := range s {
		s[i].Text = "\ufeff" + strings.ReplaceAll(s[i].Text, "\n", "\r\n")
	}
	check(t, db, s)
	s[0].Text = strings.Replace(s[0].Text, "company:", "compny:", 1)
	if e := faults(t, db, s); e[0].Place.String() != "company.yaml:1:1" || strings.Contains(e.Error(), "\r") {
		t.Errorf("%q", e.Error())
	}
}

func TestKeys(t *testing.T) {
	for in, want := range map[string]string{"工时（小时）": "工时小时", "工時（小時）": "工时小时", "ＥＭＰ＿Ｎo.": "empno", " Employee  no. ": "employeeno", "%": "", "Ⅷ": "viii", "é": "é", "e\u0301": "é"} {
		if got := policy.HeaderKey(in); got != want {
			t.Errorf("HeaderKey(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{" Closed  Won ": "closedwon", "ＷＯＮ": "won", "赢 单": "赢单", "A-B": "a-b", "　": ""} {
		if got := policy.WordKey(in); got != want {
			t.Errorf("WordKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDirectories(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policy")
	if err := policy.Default().WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "old.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	write("notes.txt", "any")
	s, err := policy.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(policy.Default(), s); diff != "" {
		t.Error(diff)
	}
	if err := s.WriteDir(dir); err != nil {
		t.Errorf("the same files again: %v", err)
	}

	write("kpis.yaml", "# mine\n")
	if err := os.Remove(filepath.Join(dir, "company.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteDir(dir); err == nil || !strings.Contains(err.Error(), "different kpis.yaml") {
		t.Errorf("overwrote a differing file: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "company.yaml")); err == nil {
		t.Error("wrote a file although another differs")
	}

	write("compani.yaml", "")
	write("more.yml", "")
	_, err = policy.ReadDir(dir)
	e, ok := errors.AsType[policy.Errors](err)
	if !ok {
		t.Fatal(err)
	}
	want := `company.yaml: the file company.yaml is missing
  cure: rename compani.yaml to company.yaml?
compani.yaml: a policy has no file compani.yaml
  cure: did you mean company.yaml?
more.yml: a policy has no file more.yml
  cure: a policy consists of company.yaml, datasets.yaml, kpis.yaml, scorecards.yaml, calendar.yaml; move the file away or rename it`
	if diff := cmp.Diff(want, e.In(policy.EN)); diff != "" {
		t.Error(diff)
	}
	if _, err := policy.ReadDir(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestSourcesOfAnotherShape(t *testing.T) {
	db := open(t)
	d := policy.Default()
	for name, s := range map[string]policy.Source{
		"nothing":  nil,
		"missing":  d[:3],
		"twice":    append(slices.Clone(d), d[0]),
		"reversed": {d[3], d[2], d[1], d[0]},
		"outside":  append(slices.Clone(d), policy.File{Name: "../x.yaml"}),
	} {
		faults(t, db, s)
		dir := t.TempDir()
		if err := s.WriteDir(filepath.Join(dir, "p")); err == nil {
			t.Errorf("%s: written", name)
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 0 {
			t.Errorf("%s: %v", name, entries)
		}
	}
}

func TestHashChangesWithAnyByte(t *testing.T) {
	d := policy.Default()
	if d.Hash() != policy.Default().Hash() || len(d.Hash()) != 64 {
		t.Fatal(d.Hash())
	}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(d)-1).Draw(t, "file")
		changed := slices.Clone(d)
		text := []byte(d[i].Text)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		switch rapid.SampledFrom([]string{"change", "cut", "add", "move", "rename"}).Draw(t, "how") {
		case "change":
			text[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		case "cut":
			text = text[:at]
		case "add":
			text = append(text, text[at])
		case "move": // the last bytes of one file become the first of the next
			next := (i + 1) % len(d)
			changed[next].Text = string(text[at:]) + d[next].Text
			text = text[:at]
		case "rename":
			changed[i].Name += "x"
		}
		changed[i].Text = string(text)
		if changed.Hash() == d.Hash() {
			t.Fatal("the same hash")
		}
	})
}

// A closed warehouse says nothing about the policy.
func TestFailureIsNotAFault(t *testing.T) {
	db := open(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := policy.Default()
	s[0].Text += "# never seen before\n" // what was found right once is not looked at again
	_, err := policy.Check(t.Context(), db, s)
	if _, faults := errors.AsType[policy.Errors](err); faults || !errors.Is(err, warehouse.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Words that DuckDB's grammar keeps for itself are not ids, also after an update of DuckDB.
func TestReservedWords(t *testing.T) {
	db := open(t)
	keywords := warehouse.SQL("keywords", "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function') ORDER BY 1")
	count := 0
	err := db.View(t.Context(), func(tx *warehouse.Tx) error {
		return tx.Each(t.Context(), keywords, warehouse.Args{}, func(scan func(dest ...any) error) error {
			var word string
			if err := scan(&word); err != nil {
				return err
			}
			if count++; !policy.Reserved[word] {
				t.Errorf("%s may be an id", word)
			}
			return nil
		})
	})
	if err != nil || count < 70 {
		t.Errorf("%d keywords, error %v", count, err)
	}
}
