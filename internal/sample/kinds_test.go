package sample_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/internal/sample"
)

// kindDays are the days by which records of the further kinds fall to their owner's department.
var kindDays = map[string][]string{
	"attendance": {"work_date"}, "satisfaction": {"answered_on"}, "milestones": {"due_on", "held_on"}, "meetings": {"held_at", "filed_on"},
	"decisions": {"decided_at", "done_on"}, "submissions": {"period_to", "submitted_at"}, "approvals": {"submitted_at"}, "findings": {"audited_on"},
	"trainings": {"due_on", "done_on"}, "incidents": {"found_at"}, "collaborations": {"week_from", "synchronised_on"}, "documents": {"created_on", "filed_on"},
	"leaves": {"first_day", "last_day"},
}

// owned checks that the owner of every record of the further kinds is in a department on its days, and that it happened by the
// company's last day.
func (r *reader) owned(t *testing.T) {
	t.Helper()
	for name, days := range kindDays {
		owner := r.sets[name].Owner
		for _, record := range r.records[name] {
			for _, column := range days {
				day, _, _ := strings.Cut(record[column], " ")
				planned := column == "due_on" || column == "period_to"
				if day != "" && (r.post(record[owner], day) == "" && (!planned || day <= r.today) || day > "2026-09-30" && !planned) {
					t.Errorf("%s: nobody's on %s: %v", name, day, record)
				}
			}
		}
	}
}

// kindFiles leaves the organisation and the further kinds.
func kindFiles(files map[string][]byte) map[string][]byte {
	others := regexp.MustCompile(`^company/(work_logs|deliveries|opportunities)-|^[^/]*$|^refused/`)
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return others.MatchString(name) })
	return files
}

// smallCompany makes the company of sample_data anew and reads its organisation and the further kinds.
func smallCompany(t *testing.T) *reader {
	t.Helper()
	files, _ := write(t, sample.Small())
	return read(t, kindFiles(files), "2026-10-09")
}

// TestEveryDatasetHasRecords counts the records of each kind.
func TestEveryDatasetHasRecords(t *testing.T) {
	r := smallCompany(t)
	for name := range r.sets {
		if slices.Contains([]string{"work_logs", "deliveries", "opportunities", "appeals"}, name) { // appeals are decided: no file brings them
			continue
		}
		least := 8
		if name == "department_changes" {
			least = 2
		}
		if n := len(r.records[name]); n < least || n > 400 {
			t.Errorf("%d records of %s", n, name)
		}
	}
}

// share counts the records that apply, and how many of them are good, in permille.
func (r *reader) share(name string, applies, good func(record map[string]string) bool) (permille, n int) {
	for _, record := range r.records[name] {
		if applies(record) {
			n++
			permille += 1000 * btoi(good(record))
		}
	}
	return permille / max(n, 1), n
}

// hours gives the time from one column to another, and whether both are filled.
func hours(t *testing.T, record map[string]string, from, to string) (float64, bool) {
	t.Helper()
	if record[from] == "" || record[to] == "" {
		return 0, false
	}
	var at [2]time.Time
	for i, text := range []string{record[from], record[to]} {
		var err error
		if at[i], err = time.Parse("2006-01-02 15:04", (text + " 00:00")[:len("2006-01-02 15:04")]); err != nil {
			t.Fatal(err)
		}
	}
	return at[1].Sub(at[0]).Hours(), true
}

var properName = regexp.MustCompile(`^.+项目-202\d年\d{1,2}月-\d\.\d版$`)

// TestKindsAreWorthMeasuring computes what the regulations ask of each kind: mostly kept, never always.
func TestKindsAreWorthMeasuring(t *testing.T) {
	r := smallCompany(t)
	is := func(column string, values ...string) func(map[string]string) bool {
		return func(record map[string]string) bool { return slices.Contains(values, record[column]) }
	}
	all := func(map[string]string) bool { return true }
	within := func(from, to string, limit float64) func(map[string]string) bool {
		return func(record map[string]string) bool {
			h, ok := hours(t, record, from, to)
			return ok && h <= limit
		}
	}
	filled := func(column string) func(map[string]string) bool {
		return func(record map[string]string) bool { return record[column] != "" }
	}
	inTime := func(done, due string) func(map[string]string) bool {
		return func(record map[string]string) bool { return record[done] != "" && record[done] <= record[due] }
	}
	signed := func(record map[string]string) bool {
		return record["head_at"] != "" && record["head_at"] < record["finance_at"] && record["finance_at"] < record["ceo_at"]
	}
	for _, c := range []struct {
		what, dataset string
		applies, good func(map[string]string) bool
		lo, hi        int
	}{
		{"minutes within a day", "meetings", all, within("ended_at", "minutes_at", 24), 750, 980},
		{"resolutions assigned within a day", "decisions", all, within("decided_at", "assigned_at", 24), 600, 990},
		{"resolutions done in time", "decisions", is("status", "done"), inTime("done_on", "due_on"), 500, 950},
		{"reports in time", "submissions", all, inTime("submitted_at", "due_at"), 800, 970},
		{"nodes in time", "milestones", filled("held_on"), inTime("held_on", "due_on"), 700, 970},
		{"chains of three signatures", "approvals", is("status", "approved"), signed, 800, 990},
		{"emergencies", "approvals", all, is("emergency", "true"), 30, 200},
		{"made up within three days", "approvals", filled("made_up_at"), within("acted_at", "made_up_at", 72), 100, 990},
		{"compliant samples", "findings", all, is("compliant", "true"), 700, 970},
		{"trainings done", "trainings", all, filled("done_on"), 850, 995},
		{"nodes held", "milestones", all, filled("held_on"), 800, 995},
		{"incidents reported within an hour", "incidents", all, within("found_at", "reported_at", 1), 500, 990},
		{"weeks synchronised", "collaborations", all, filled("synchronised_on"), 700, 980},
		{"cross-department matters closed within two days", "collaborations", all, within("requested_at", "completed_at", 48), 100, 950},
		{"names of the proper form", "documents", all, func(record map[string]string) bool { return properName.MatchString(record["document_name"]) }, 700, 980},
		{"satisfied customers", "satisfaction", all, is("score", "4", "5"), 600, 970},
		{"content colleagues", "surveys", all, is("score", "4", "5"), 300, 950},
		{"days without being late", "attendance", all, is("late_times", "0"), 850, 990},
		{"costs within the budget", "costs", all, func(record map[string]string) bool { return len(record["amount"]) <= len(record["budget"]) }, 900, 1000},
	} {
		if got, n := r.share(c.dataset, c.applies, c.good); n < 5 || got < c.lo || got > c.hi {
			t.Errorf("%s: %d ‰ of %d", c.what, got, n)
		}
	}
}

// TestNobodySignsForHimself checks that who asks, audits or leads is not who is asked, audited or concerned.
func TestNobodySignsForHimself(t *testing.T) {
	r := smallCompany(t)
	for name, columns := range map[string][]string{
		"approvals": {"head_no", "finance_no", "ceo_no"}, "findings": {"auditor_no"}, "incidents": {"person_no"},
	} {
		for _, record := range r.records[name] {
			for _, column := range columns {
				if record[column] == record["employee_no"] {
					t.Errorf("%s, %s: %v", name, column, record)
				}
			}
		}
	}
	for _, record := range r.records["surveys"] {
		for column, text := range record {
			if _, known := r.employees[text]; known {
				t.Errorf("the anonymous survey names %s in %s", text, column)
			}
		}
	}
}

// TestResolutionsHaveTheirMeeting looks for the meeting of each resolution; its row may be a faulty one.
func TestResolutionsHaveTheirMeeting(t *testing.T) {
	files, _ := write(t, sample.Small())
	r := smallCompany(t)
	for _, d := range r.records["decisions"] {
		if !bytes.Contains(files["company/meetings.csv"], []byte("\n"+d["meeting_id"]+",")) {
			t.Errorf("a resolution of no meeting: %v", d)
		}
	}
}

// TestKindsFitAnyCompany makes companies of other sizes, seeds and times: the further kinds must find somebody for everything.
func TestKindsFitAnyCompany(t *testing.T) {
	for _, o := range []sample.Options{
		{Employees: 50, Months: 6, Seed: 1, Last: month(t, "2026-02")},
		{Employees: 97, Months: 24, Seed: 4, Last: month(t, "2024-12")},
		{Employees: 200, Months: 12, Seed: 5},
	} {
		o.Faults = true
		files, summary := write(t, o)
		today := "2026-09-30"
		if !o.Last.IsZero() {
			today = o.Last.LastDay().Format("2006-01-02")
		}
		r := read(t, kindFiles(files), today)
		planted := map[found]bool{}
		for _, f := range summary.Faults {
			planted[found{f.File, f.Sheet, f.Row, f.Rule}] = true
		}
		for _, f := range r.found {
			if !planted[f] && kindDays[datasetOf(f.file)] != nil {
				t.Errorf("%d people: %s", o.Employees, f)
			}
		}
	}
}

// header gives the words of one spelling for the columns of a dataset; made keys can be left out, and so can optional columns.
func header(d dataset, spell func(id string, c column) string, whole bool) (words, ids []string) {
	for _, id := range slices.Sorted(maps.Keys(d.Columns)) {
		if c := d.Columns[id]; whole || !c.Optional && c.MadeFrom == nil {
			words, ids = append(words, spell(id, c)), append(ids, id)
		}
	}
	return words, ids
}

// fits counts the columns of d that the words name; complete tells that no required one is missing.
func fits(r *reader, d dataset, words []string) (n int, complete bool) {
	named := map[string]bool{}
	for _, word := range words {
		for _, id := range r.columns(d, []string{word}) {
			named[id] = true
		}
	}
	for id, c := range d.Columns {
		if !c.Optional && c.MadeFrom == nil && !named[id] {
			return len(named), false
		}
	}
	return len(named), true
}

// TestHeadersNameOneDataset checks that a file with the words of one dataset, with all columns or the required ones alone, is
// not taken for another.
func TestHeadersNameOneDataset(t *testing.T) {
	r := &reader{sets: loadDatasets(t)}
	spellings := map[string]func(id string, c column) string{
		"id": func(id string, _ column) string { return id },
		"zh": func(_ string, c column) string { return c.Name["zh"] },
		"en": func(_ string, c column) string { return c.Name["en"] },
	}
	for name, d := range r.sets {
		for spelling, spell := range spellings {
			for _, whole := range []bool{true, false} {
				words, ids := header(d, spell, whole)
				if n, complete := fits(r, d, words); n != len(ids) || !complete {
					t.Errorf("%s (%s): %d of its own %d columns", name, spelling, n, len(ids))
				}
				for other, o := range r.sets {
					if n, complete := fits(r, o, words); other != name && complete && n >= len(ids) {
						t.Errorf("%s (%s, all %v) could be %s: %q", name, spelling, whole, other, words)
					}
				}
			}
		}
	}
}

// TestFormsOfFiles looks at the bytes: the forms that the sample promises are there.
func TestFormsOfFiles(t *testing.T) {
	files, _ := write(t, sample.Small())
	for name, begins := range map[string]string{
		"company/accounts.csv": "Login,System,Employee no.\n", "company/collaborations.csv": "\ufeff协作编号,", "company/documents.csv": "文件编号\t",
		"company/satisfaction.csv": "问卷编号;", "company/incidents.json": "[\n{\"事件编号\":", "company/decisions.ndjson": "{\"决议编号\":", "company/approvals.xlsx": "PK",
		"company/submissions.csv": "工号,报告类型,", "company/employees-management.csv": "工号,姓名,",
	} {
		if !bytes.HasPrefix(files[name], []byte(begins)) {
			t.Errorf("%s begins with %.40q", name, files[name])
		}
	}
	for _, word := range []string{`:00+08:00"`, `"是否演练":true`, `"是否演练":false`, `"涉及人工号":null`, "},\n{", "}\n]\n"} {
		if !bytes.Contains(files["company/incidents.json"], []byte(word)) {
			t.Errorf("no %q in the JSON array", word)
		}
	}
	lines := bytes.Split(bytes.TrimSuffix(files["company/decisions.ndjson"], []byte("\n")), []byte("\n"))
	for i, line := range lines {
		if !json.Valid(line) {
			t.Errorf("line %d is no JSON: %s", i+1, line)
		}
	}
}
