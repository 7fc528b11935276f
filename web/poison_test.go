package web_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/accounts"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// poison are texts that do harm where a page, a script, a chart or a spreadsheet takes them for more than text.
var poison = []string{
	`</script><img src=x onerror=alert(1)>`, `{{.}}`, `'-alert(1)-'`, "alert(1)\u2028alert(1)", `<!--`, `javascript:alert(1)`, `<svg onload=alert(1)>`, `" onfocus="alert(1)" autofocus="`,
	`=HYPERLINK("http://x")`, `+1+SUM(1)`, `-1+SUM(1)`, `@SUM(1)`, "\t=SUM(1)", "\r=SUM(1)", `＝SUM(1)`, "甲\n=SUM(1)",
}

// poisoned is the n-th of them.
func poisoned(n int) string { return poison[n%len(poison)] }

// The people of the poisoned company.
var victims = []accounts.New{
	{Login: "executive", Employee: "00001", Roles: []accounts.Role{accounts.Executive}}, {Login: "manager", Employee: "00002"}, {Login: "employee", Employee: "00003"},
	{Login: "hr", Employee: "00007", Roles: []accounts.Role{accounts.HR}}, {Login: "finance", Employee: "00008", Roles: []accounts.Role{accounts.Finance}},
	{Login: "auditor", Roles: []accounts.Role{accounts.Auditor}},
}

// poisonedFiles are the files of the company by name: a sales department with three people under a head, an engineering one with two, and two offices.
func poisonedFiles() map[string][][]string {
	files := map[string][][]string{
		"departments.csv": {{"department_id", "name", "name_en", "parent_id", "kind", "structure"}, {"D001", poison[0], poison[6], "", "sales", "flat"}, {"D002", poison[8], poison[4], "", "engineering", "flat"}},
		"employees.csv": {{"employee_no", "name", "name_en", "email", "hired_on", "position", "bonus_base"}, {"00001", poison[6], poison[0], "u1@example.com", "2020-01-01", "总经理", ""},
			{"00002", poison[0], poison[8], poison[5], "2020-01-01", poison[9], "9000"}, {"00003", poison[8], poison[6], poison[2], "2020-01-01", poison[11], "8000"}, {"00004", poison[2], poison[1], "", "2020-01-01", poison[0], "8000"},
			{"00005", poison[11], poison[7], "", "2020-01-01", poison[4], "8000"}, {"00006", poison[4], poison[3], "", "2020-01-01", poison[6], "8000"},
			{"00007", poison[1], poison[10], "", "2020-01-01", "人力资源经理", "8000"}, {"00008", poison[14], poison[5], "", "2020-01-01", "财务经理", "8000"}, {"00009", poison[7], poison[9], "", "2020-01-01", poison[3], "8000"}},
		"memberships.csv": {{"employee_no", "department_id", "valid_from", "role", "superior_no"}, {"00002", "D001", "2020-01-01", "head", ""}, {"00003", "D001", "2020-01-01", "specialist", "00004"},
			{"00004", "D001", "2020-01-01", "supervisor", "00002"}, {"00009", "D001", "2020-01-01", "specialist", "00002"}, {"00005", "D002", "2020-01-01", "head", ""}, {"00006", "D002", "2020-01-01", "specialist", "00005"},
			{"00007", "D002", "2020-01-01", "specialist", "00005"}, {"00008", "D002", "2020-01-01", "specialist", "00005"}},
	}
	logs, deliveries, deals := "work_logs<img src=x onerror=alert(1)>.csv", `=HYPERLINK("deliveries").csv`, `'-alert(1)-'.csv`
	files[logs] = [][]string{{"log_id", "employee_no", "work_date", "logged_on", "hours", "planned_hours", "project", "content"}}
	files[deliveries] = [][]string{{"delivery_id", "employee_no", "project", "item", "created_on", "due_on", "delivered_on", "customer"}}
	files[deals] = [][]string{{"opportunity_id", "employee_no", "customer", "created_on", "closed_on", "stage", "outcome", "amount"}}
	n := 0
	for day := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC); day.Month() < 10; day = day.AddDate(0, 0, 1) {
		if wd := day.Weekday(); wd == time.Saturday || wd == time.Sunday {
			continue
		}
		d, later := day.Format(time.DateOnly), day.AddDate(0, 0, n%3).Format(time.DateOnly)
		for _, no := range []string{"00002", "00003", "00004", "00005", "00006", "00007", "00008", "00009"} {
			n++
			files[logs] = append(files[logs], []string{fmt.Sprintf("WL%04d", n), no, d, later, "8", "8", poisoned(n), poisoned(n / 7)})
			if n%3 == 0 {
				files[deliveries] = append(files[deliveries], []string{fmt.Sprintf("JF%04d", n), no, poisoned(n + 1), poisoned(n / 3), d, d, later, poisoned(n / 5)})
				files[deals] = append(files[deals], []string{fmt.Sprintf("SJ%04d", n), no, poisoned(n / 3), d, later, "closed", []string{"won", "lost"}[n%2], "1000"})
			}
		}
	}
	for i, text := range poison { // for quarantine
		files[logs] = append(files[logs], []string{fmt.Sprintf("WX%04d", i), "00003", text, "2026-09-30", text, "8", text, text})
	}
	return files
}

var yamlNames = regexp.MustCompile(`(?m)^(  )?(  )?name: \{zh: .*\}$`)

// poisonedPolicy is the regulation with poison for the names of company, KPIs, scorecards and bands.
func poisonedPolicy() (policy.Source, error) {
	quoted := func(s string) string {
		b, _ := json.Marshal(s) // YAML reads JSON's strings
		return string(b)
	}
	s, replaced := policy.Default(), 0
	for i := range s {
		switch s[i].Name {
		case "kpis.yaml", "scorecards.yaml":
			s[i].Text = yamlNames.ReplaceAllStringFunc(s[i].Text, func(line string) string {
				replaced++
				indent := line[:strings.Index(line, "name:")]
				// Names must be unlike each other and one line.
				return fmt.Sprintf("%sname: {zh: %s, en: %s}", indent, quoted(oneLine(replaced)+fmt.Sprint(" ", replaced)), quoted(oneLine(replaced+1)+fmt.Sprint(" ", replaced)))
			})
		case "company.yaml":
			s[i].Text = strings.NewReplacer("{zh: 某某公司, en: Example Company}", fmt.Sprintf("{zh: %s, en: %s}", quoted(poison[0]), quoted(poison[8])), "{zh: 良好, en: Good}", fmt.Sprintf("{zh: %s, en: %s}", quoted(poison[8]), quoted(poison[6])),
				"{zh: 客户转化, en: Conversion}", fmt.Sprintf("{zh: %s, en: %s}", quoted(poison[6]), quoted(poison[0]))).Replace(s[i].Text)
		}
	}
	if replaced < 20 {
		return nil, fmt.Errorf("only %d names are poisoned", replaced)
	}
	return s, nil
}

// oneLine is a poison without characters that steer.
func oneLine(n int) string {
	return strings.TrimLeft(strings.NewReplacer("\t", "", "\r", "", "\n", " ", "\u2028", " ").Replace(poisoned(n)), " ")
}

// poisonedCompany is the company with its quarter: self-reviewed, evaluated, appealed against, sealed, with a reward list; made and served once.
var poisonedCompany = sync.OnceValues(func() (*service, error) {
	root, err := made()
	if err != nil {
		return nil, err
	}
	data, at := filepath.Join(root, "poisoned"), today
	err = makePoisoned(data, filepath.Join(root, "poison"), &at)
	if err != nil {
		return nil, err
	}
	s, err := lasting(data, at)
	if err != nil {
		return nil, err
	}
	return s, s.employ(context.Background(), victims)
})

// makePoisoned makes the company in data of files in another folder, and moves the clock to the end of its quarter.
func makePoisoned(data, files string, at *time.Time) error {
	ctx, opt := context.Background(), company.Options{Now: func() time.Time { return *at }, Memory: "1GiB"}
	regulation, err := poisonedPolicy()
	if err := errors.Join(err, writeCSVs(files)); err != nil {
		return err
	}
	c, err := company.Make(ctx, data, opt)
	if err != nil {
		return err
	}
	err = policy.Adopt(ctx, c.Books, regulation, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), poison[0], "setup")
	if err := errors.Join(err, c.Close()); err != nil {
		return err
	}
	if c, err = company.Open(ctx, data, opt); err != nil {
		return err
	}
	return errors.Join(fillPoisoned(ctx, c, files, at), c.Close())
}

// fillPoisoned takes the files in and lets people write.
func fillPoisoned(ctx context.Context, c *company.Company, files string, at *time.Time) error {
	v, err := c.Current(ctx)
	if err != nil {
		return err
	}
	units, faults := ingest.Find(ctx, c.Books, v.Policy, []string{files}, ingest.How{})
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	how := ingest.Options{Actor: "00007", Day: c.Today(v.Policy)}
	if err := ingest.TakeAll(ctx, c.Books, v, units, how, func(_ ingest.File, _ bool, err error) error { return err }); err != nil {
		return err
	}
	return poisonedReviews(ctx, c, func(moment string) error {
		*at, err = time.ParseInLocation("2006-01-02 15:04", moment, company.Zone(v.Policy))
		return err
	})
}

func writeCSVs(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, rows := range poisonedFiles() {
		var text strings.Builder
		if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text.String()), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// poisonedReviews lets people write poison wherever they may write.
func poisonedReviews(ctx context.Context, c *company.Company, on func(moment string) error) error {
	month := mustPeriod("2026-09")
	as := func(no string, d func(*reviews.Desk) error) error {
		desk, err := c.Desk(ctx, quarter, no)
		if err != nil {
			return err
		}
		if err := d(desk); err != nil {
			return fmt.Errorf("%s: %w", no, err)
		}
		return nil
	}
	var step error
	then := func(moment, no string, d func(*reviews.Desk) error) {
		if step == nil {
			step = on(moment)
		}
		if step == nil {
			step = as(no, d)
		}
	}
	then("2026-10-01 09:00", "00007", func(d *reviews.Desk) error {
		return errors.Join(d.OpenMonth(ctx, month), d.OpenQuarter(ctx, quarter), d.NameDeputy(ctx, "00005", "00006", c.Now(), c.Now().AddDate(0, 0, 2), poison[0]))
	})
	then("2026-10-04 10:00", "00003", func(d *reviews.Desk) error {
		q, _, err := c.Question(ctx, month, 0)
		if err != nil {
			return err
		}
		forms, err := reviews.Forms(ctx, c.Books, q, "00003")
		if err != nil {
			return err
		}
		x := reviews.SelfDraft{AsOf: forms["00003"].AsOf, Rest: reviews.Accepted, Text: reviews.SelfText{Achievements: strings.Join(poison, "\n"), Problems: poison[0], Plan: poison[8]}}
		for _, i := range forms["00003"].Items {
			x.Text.Points = append(x.Text.Points, reviews.ItemPoints{KPI: i.KPI.ID, Points: fixed.Int(92)})
		}
		x.Text.Answers = []reviews.Answer{{Line: forms["00003"].Lines[0].Key, Reply: reviews.Disputed, Comment: strings.Join(poison, "\n")}}
		return errors.Join(d.SaveSelf(ctx, month, x, c.Now()), d.SubmitSelf(ctx, month, 1, c.Now()))
	})
	then("2026-10-09 10:00", "00001", func(d *reviews.Desk) error { return evaluatePoisoned(ctx, c, d) })
	then("2026-10-13 09:00", "00007", func(d *reviews.Desk) error { return d.Publish(ctx, quarter, c.Now()) })
	then("2026-10-14 11:00", "00003", func(d *reviews.Desk) error {
		_, err := d.File(ctx, quarter, reviews.Objection{Department: "D001", Against: reviews.Judgement, Text: strings.Join(poison, "\n")}, c.Now())
		return err
	})
	then("2026-10-15 11:00", "00002", func(d *reviews.Desk) error {
		points := fixed.Int(92)
		return d.Mediate(ctx, "2026Q3-A1", reviews.Verdict{Outcome: reviews.Granted, Reason: strings.Join(poison, "\n"), Remedy: reviews.Remedy{Points: &points}})
	})
	then("2026-10-23 09:00", "00007", func(d *reviews.Desk) error {
		_, err := d.Seal(ctx, quarter, c.Now())
		if err == nil {
			_, err = d.Draw(ctx, quarter)
		}
		return err
	})
	then("2026-10-23 10:00", "00008", func(d *reviews.Desk) error {
		return d.NameDeputy(ctx, "00008", "00009", c.Now(), c.Now(), poison[8])
	})
	for _, x := range [][2]string{{"00002", "D001"}, {"00005", "D002"}, {"00008", "D001"}, {"00009", "D002"}} {
		then("2026-10-23 14:00", x[0], func(d *reviews.Desk) error { return d.Sign(ctx, quarter, 0, x[1]) })
	}
	return step
}

// evaluatePoisoned has the CEO judge everybody with poison for words, and close the departments.
func evaluatePoisoned(ctx context.Context, c *company.Company, d *reviews.Desk) error {
	x, err := c.Judged(ctx, quarter)
	if err != nil {
		return err
	}
	var drafts []reviews.EvaluationDraft
	for _, k := range x.Tasks {
		e := reviews.EvaluationDraft{Evaluated: k.Evaluated, Submit: true, Text: reviews.EvaluationText{Comment: strings.Join(poison, "\n"), Note: poison[0]}}
		for _, i := range k.Card.Items {
			e.Text.Items = append(e.Text.Items, reviews.ItemPoints{KPI: i.KPI.ID, Points: fixed.Int(90)})
		}
		drafts = append(drafts, e)
	}
	if err := d.SaveEvaluations(ctx, quarter, drafts, c.Now()); err != nil {
		return err
	}
	if err := d.Calibrate(ctx, quarter, metrics.Member{Employee: "00004", Department: "D001"}, 0, fixed.Int(75), poison[0]); err != nil {
		return err
	}
	return errors.Join(d.CloseCalibration(ctx, quarter, "D001"), d.CloseCalibration(ctx, quarter, "D002"))
}

// strange lists what no page of ours has: elements and attributes that run something or fetch it, beside the scripts and pictures of the service.
const strange = `(function () {
  var found = [];
  document.querySelectorAll('*').forEach(function (e) {
    Array.prototype.forEach.call(e.attributes, function (a) {
      if (/^on/i.test(a.name) || a.name === 'autofocus' && !e.closest('form') || /^\s*(javascript|vbscript):/i.test(a.value) && /^(href|src|action|xlink:href|formaction|data)$/i.test(a.name)) { found.push(e.outerHTML.slice(0, 160)); }
    });
    var name = e.localName.toLowerCase(), src = e.getAttribute('src') || '';
    if (/^(img|iframe|object|embed|base|frame|applet)$/.test(name) && !(name === 'img' && src.indexOf('data:image/') === 0)) { found.push(e.outerHTML.slice(0, 160)); }
    if (name === 'script' && src.indexOf('/assets/') !== 0 && e.type !== 'application/json' && !(document.body.dataset.deck || location.pathname.endsWith('/deck'))) { found.push(e.outerHTML.slice(0, 160)); }
  });
  return found;
})()`

// tips shows the tooltip of every point of every chart that is drawn, and tells how many charts there are and what the tips say.
const tips = `(function () {
  var all = {Charts: 0, Text: ''};
  document.querySelectorAll('.canvas.drawn').forEach(function (c) {
    var chart = window.echarts.getInstanceByDom(c);
    if (!chart) { return; }
    all.Charts++;
    (chart.getOption().series || []).forEach(function (s, i) {
      for (var k = 0; k < Math.min(6, (s.data || []).length); k++) {
        chart.dispatchAction({type: 'showTip', seriesIndex: i, dataIndex: k});
        all.Text += c.textContent;
      }
    });
  });
  return all;
})()`

// TestPoisonStaysTextOnPages opens a page of each route as human resources, a manager and an employee of a company whose every text is an attack: none runs, and none becomes an element.
func TestPoisonStaysTextOnPages(t *testing.T) {
	ctx := browse(t)
	s := looks(t, poisonedCompany)
	done, charts, shown := map[string]bool{}, 0, ""
	for _, login := range []string{"employee", "manager", "hr"} {
		b := s.as(login)
		found := b.crawl(3).found
		b.handOver(ctx)
		for _, pattern := range slices.Sorted(maps.Keys(found)) {
			path := found[pattern][0]
			if i := slices.IndexFunc(found[pattern], func(p string) bool { return strings.Contains(p, "2026Q3") && !strings.Contains(p, "format=") }); i > 0 {
				path = found[pattern][i] // the quarter with most in it
			}
			if !shows(pattern) || strings.Contains(path, "format=") || done[pattern] && pattern != "GET /{$}" {
				continue
			}
			done[pattern] = true
			v := look(t, ctx, s.url+path, 1440, 900)
			tip, err := chromedp.Run(ctx, chromedp.Evaluate[struct {
				Charts int
				Text   string
			}](tips))
			if err != nil {
				t.Fatalf("%s %s: %v", login, path, err)
			}
			charts, shown = charts+tip.Charts, shown+tip.Text
			odd, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](strange))
			if err != nil {
				t.Fatalf("%s %s: %v", login, path, err)
			}
			faults, err := chromedp.Run(ctx, chromedp.Evaluate[[]string]("window.faults"))
			if err != nil || len(v.Faults) > 0 || len(faults) > 0 || len(odd) > 0 {
				t.Errorf("%s %s: faults %q %q, strange elements %q, %v", login, path, v.Faults, faults, odd, err)
			}
			shoot(t, ctx, "poison-"+strings.NewReplacer("/", "_", "?", "-").Replace(login+path)+".jpg")
		}
	}
	if odd, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`document.body.insertAdjacentHTML('beforeend', '<svg onload=alert(1)>'); `+strange)); err != nil || len(odd) != 1 {
		t.Errorf("an element that got through is not noticed: %q, %v", odd, err)
	}
	if len(done) < 40 || charts < 5 || !strings.Contains(shown, "alert(1)") {
		t.Errorf("only %d pages and %d charts were looked at; tips say %.200q", len(done), charts, shown)
	}
}

var (
	number = regexp.MustCompile(`^[+-]?[\d,]+(\.\d+)?%?$`)
	// quotedInFormula are texts and names of sheets, which a formula says and does not run.
	quotedInFormula = regexp.MustCompile(`"(?:[^"]|"")*"|'(?:[^']|'')*'`)
	formulas        = regexp.MustCompile(`(?s)<f[ >].*?</f>`)
)

// active reports whether a spreadsheet takes a cell of a CSV for a formula, on one of its lines.
func active(text string) bool {
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }) {
		trimmed := strings.TrimLeft(line, " \u00a0\u3000")
		if trimmed != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(trimmed)[0]) && !number.MatchString(strings.TrimSpace(trimmed)) && trimmed != "-" {
			return !strings.HasPrefix(text, "'")
		}
	}
	return false
}

// TestPoisonStaysTextInFiles fetches every file that the pages offer in a company whose every text is an attack: spreadsheets run none of it.
func TestPoisonStaysTextInFiles(t *testing.T) {
	s := looks(t, poisonedCompany)
	cells, sheets := 0, 0
	for _, x := range []struct {
		login   string
		samples int
	}{{"employee", 3}, {"manager", 3}, {"finance", 8}, {"hr", 3}} {
		b := s.as(x.login)
		for _, d := range perKind(b.offeredFiles(x.samples), 2) {
			status, file := b.fetched(d)
			switch {
			case status != http.StatusOK:
				t.Errorf("%s: %s answers %d", x.login, d, status)
			case strings.HasPrefix(file, "PK\x03\x04"):
				sheets++
				s.inertWorkbook(x.login+": "+d.String(), parts(t, "", file))
			case strings.HasPrefix(file, "\ufeff") && !strings.HasPrefix(d.path, "/originals/"):
				cells += s.inertCSV(x.login+": "+d.String(), file)
			}
		}
	}
	if cells < 1000 || sheets < 6 {
		t.Errorf("only %d cells and %d workbooks were looked at", cells, sheets)
	}
}

// inertCSV makes sure that no cell is a formula, and counts the cells with poison.
func (s *service) inertCSV(what, file string) (n int) {
	s.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil {
		s.t.Errorf("%s: %v", what, err)
	}
	for i, row := range rows {
		for _, cell := range row {
			if active(cell) {
				s.t.Errorf("%s, row %d: %q is a formula", what, i+1, cell)
			}
			if strings.Contains(cell, "alert(1)") || strings.Contains(cell, "SUM(1)") {
				n++
			}
		}
	}
	return n
}

// inertWorkbook makes sure that no formula holds words of the data, and that nothing outside is linked or embedded.
func (s *service) inertWorkbook(what string, parts map[string]string) {
	s.t.Helper()
	for name, text := range parts {
		for _, f := range formulas.FindAllString(text, -1) {
			f = quotedInFormula.ReplaceAllString(html.UnescapeString(f[strings.Index(f, ">")+1:len(f)-len("</f>")]), "…")
			for _, bad := range []string{"alert(1)", "SUM(1)", "http://x", "{{.}}", "<!--"} {
				if strings.Contains(f, bad) {
					s.t.Errorf("%s, %s: the formula %s holds words of the data", what, name, f)
				}
			}
		}
		if strings.Contains(text, `TargetMode="External"`) || strings.Contains(name, "externalLink") || strings.Contains(name, "vbaProject") {
			s.t.Errorf("%s, %s: something outside is linked", what, name)
		}
	}
}
