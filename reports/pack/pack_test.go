package pack_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/charts"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reports/pack"
	"plumbline/reviews"
)

func build(t testing.TB, d pack.Data) *pack.Deck {
	t.Helper()
	deck, err := pack.Build(d)
	if err != nil {
		t.Fatal(err)
	}
	return deck
}

func renderer(t testing.TB) *charts.Renderer {
	t.Helper()
	r, err := charts.NewRenderer()
	if errors.Is(err, charts.ErrNoLibrary) {
		t.Skip("the drawing library is not built in")
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func html(t testing.TB, deck *pack.Deck, lang policy.Lang) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := deck.WriteHTML(t.Context(), renderer(t), lang, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fewPages leaves all but one page of KPIs out, for tests that draw.
func fewPages(d pack.Data) pack.Data {
	p, r := *d.Report.Policy, *d.Report
	few := *p.Pack
	few.Pages = few.Pages[:1]
	p.Pack, r.Policy, d.Report = &few, &p, &r
	return d
}

// TestDeckSays compares everything that a pack of six departments says with a golden, in both languages.
func TestDeckSays(t *testing.T) {
	deck := build(t, company(t, 6, ""))
	for _, lang := range []policy.Lang{policy.ZH, policy.EN} {
		golden(t, "deck."+string(lang), []byte(outline(deck, lang)))
	}
}

// outline is a deck as text.
func outline(deck *pack.Deck, lang policy.Lang) string {
	var b strings.Builder
	say := func(t policy.Text) string { return t.In(lang) }
	fmt.Fprintf(&b, "%s | %s\n", say(deck.Title), say(deck.Foot))
	for _, p := range deck.Pages {
		fmt.Fprintf(&b, "\n## %s [%s %s]\n%s\n%s\n", say(p.Section), p.ID, p.Layout, say(p.Headline), say(p.Title))
		for _, x := range p.Blocks {
			if n := say(x.Name); n != "" {
				fmt.Fprintf(&b, "- %s\n", n)
			}
			for _, t := range x.Tiles {
				fmt.Fprintf(&b, "  [%s] %s: %s (%s)\n", t.Tone, say(t.Name), say(t.Figure), say(t.Note))
			}
			for _, q := range x.Points {
				fmt.Fprintf(&b, "  * %s %s %s\n", q.Tone, say(q.Text), q.Page)
			}
			if x.Chart != nil {
				fmt.Fprintf(&b, "  chart %s: %s\n", x.Chart.ID, say(x.Chart.Title))
			}
			if x.Table != nil {
				var heads []string
				for _, c := range x.Table.Columns {
					heads = append(heads, say(c.Name))
				}
				fmt.Fprintf(&b, "  | %s\n", strings.Join(heads, " | "))
				for _, r := range x.Table.Rows {
					var cells []string
					for _, c := range r.Cells {
						cells = append(cells, say(c.Text))
					}
					fmt.Fprintf(&b, "  | %s\n", strings.Join(cells, " | "))
				}
			}
			if n := say(x.Note); n != "" {
				fmt.Fprintf(&b, "  (%s)\n", n)
			}
		}
	}
	return b.String()
}

// TestWorkbookSays compares the cells of a small pack's workbook with a golden.
func TestWorkbookSays(t *testing.T) {
	d := fewPages(company(t, 2, ""))
	for _, lang := range []policy.Lang{policy.ZH, policy.EN} {
		path := filepath.Join(t.TempDir(), "pack.xlsx")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := build(t, d).WriteWorkbook(t.Context(), lang, f); err != nil {
			t.Fatal(err)
		}
		f.Close()
		dump, err := reports.Dump(path)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "workbook."+string(lang), []byte(dump))
	}
}

// TestSameDeckSameBytes writes a pack twice, as every file.
func TestSameDeckSameBytes(t *testing.T) {
	write := func() (page, book []byte) {
		deck := build(t, fewPages(company(t, 2, "")))
		var b bytes.Buffer
		if err := deck.WriteWorkbook(t.Context(), policy.ZH, &b); err != nil {
			t.Fatal(err)
		}
		return html(t, deck, policy.ZH), b.Bytes()
	}
	page1, book1 := write()
	page2, book2 := write()
	if !bytes.Equal(page1, page2) || !bytes.Equal(book1, book2) {
		t.Error("the same deck gave other bytes the second time")
	}
}

// TestVersions: the same pack on another day stays the file that is there; another figure makes the next version.
func TestVersions(t *testing.T) {
	dir, r := t.TempDir(), renderer(t)
	d := fewPages(company(t, 1, ""))
	write := func() pack.Files {
		f, err := pack.Write(t.Context(), dir, d, r, "", policy.ZH)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := write()
	if !first.Changed || !strings.HasSuffix(first.HTML, "-1.0版.html") || first.PDF != "" {
		t.Errorf("first: %+v", first)
	}
	d.Report.Made = d.Report.Made.AddDate(0, 0, 1)
	d.FollowUp.Day = d.FollowUp.Day.AddDate(0, 0, 1)
	if again := write(); again.Changed || again.HTML != first.HTML {
		t.Errorf("a day later: %+v", again)
	}
	d.Files.Quarantined++
	if next := write(); !next.Changed || !strings.HasSuffix(next.HTML, "-1.1版.html") || !strings.HasSuffix(next.Workbook, "-1.1版.xlsx") {
		t.Errorf("another figure: %+v", next)
	}
	if err := os.Remove(strings.Replace(first.Workbook, "1.0", "1.1", 1)); err != nil {
		t.Fatal(err)
	}
	if whole := write(); !whole.Changed || !strings.HasSuffix(whole.HTML, "-1.2版.html") {
		t.Errorf("a version that lost its workbook still counts: %+v", whole)
	}
}

// TestNothingOfFew: no department of fewer than five people has a chart of its people, and no amount of fewer than five stands in the rewards. No
// name and no number of a person is anywhere but in the resolutions.
func TestNothingOfFew(t *testing.T) {
	for _, departments := range []int{1, 2, 4, 7} {
		d := company(t, departments, "")
		deck := build(t, d)
		for i, x := range d.Report.Departments {
			told := false
			for _, p := range deck.Pages {
				if p.ID != "department-"+x.Department.ID {
					continue
				}
				told = slices.ContainsFunc(p.Blocks, func(b pack.Block) bool { return b.Chart != nil && strings.Contains(b.Chart.ID, "distribution") })
			}
			if few := i%4 == 3; few && told {
				t.Errorf("%d departments: %s has %d people, and its distribution is shown", departments, x.Department.ID, x.Headcount)
			}
			if departments == 4 && told && i < 3 && hidden(deck, d) < 5 {
				t.Errorf("%d people can be worked out by subtraction", hidden(deck, d))
			}
		}
		for _, p := range deck.Pages {
			for _, b := range p.Blocks {
				if p.ID == "rewards" && b.Table != nil {
					for _, r := range b.Table.Rows {
						if n, _ := r.Cells[1].Number.Float64(); n < 5 {
							t.Errorf("%d departments: the rewards tell of %v people", departments, n)
						}
					}
				}
			}
		}
		if text := outline(deck, policy.ZH) + outline(deck, policy.EN); strings.Contains(text, "秘密姓名") || strings.Contains(text, "Secret Name") || regexp.MustCompile(`\b0000\d\b`).MatchString(text) {
			t.Errorf("%d departments: somebody is named", departments)
		}
	}
}

// TestRewardsAreWhatIsPaid: a compensation says anew what somebody gets, so that nothing is counted twice; a refused list counts for nothing, and of
// a list of few people no amount is told.
func TestRewardsAreWhatIsPaid(t *testing.T) {
	d := company(t, 1, "")
	n := fixed.Int
	pay := func(no string, bonus, extra, before int64) reviews.RewardLine {
		return reviews.RewardLine{Sheet: "D01", Employee: no, Bonus: n(bonus), Extra: n(extra), Before: n(before), Amount: n(bonus + extra - before)}
	}
	first := []reviews.RewardLine{pay("1", 3000, 100, 0), pay("2", 3000, 0, 0), pay("3", 3000, 0, 0), pay("4", 3000, 0, 0), pay("5", 3000, 0, 0)}
	d.Rewards.Lists = []*reviews.RewardList{{Number: 1, Refused: &reviews.Refused{}}, {Number: 2}, {Number: 3, Compensation: true}}
	d.Rewards.Lines = [][]reviews.RewardLine{first, first, {pay("1", 3500, 100, 3100)}}
	text := outline(build(t, d), policy.ZH)
	if want := "合计 | 5 | 15,500.00 | 100.00 | 0.00 | 15,600.00 | 0"; !strings.Contains(text, want) {
		t.Errorf("the rewards do not say %q:\n%s", want, text[strings.Index(text, "奖惩与预算"):])
	}
	d.Rewards.Lists, d.Rewards.Lines = d.Rewards.Lists[1:2], [][]reviews.RewardLine{first[:3]}
	if text := outline(build(t, d), policy.ZH); strings.Contains(text, "9,100.00") || !strings.Contains(text, "名单不足 5 人") {
		t.Error("amounts of three people are told")
	}
}

// hidden counts the people of departments whose distribution is not shown.
func hidden(deck *pack.Deck, d pack.Data) (n int) {
	for _, x := range d.Report.Departments {
		for _, p := range deck.Pages {
			if p.ID == "department-"+x.Department.ID && !slices.ContainsFunc(p.Blocks, func(b pack.Block) bool { return b.Chart != nil && strings.Contains(b.Chart.ID, "distribution") }) {
				n += x.Headcount
			}
		}
	}
	return n
}

// TestPoison: names that look like code stay words in the page and in the workbook.
func TestPoison(t *testing.T) {
	deck := build(t, fewPages(company(t, 2, poison)))
	page := html(t, deck, policy.ZH)
	if n := bytes.Count(page, []byte("<script")); n != 1 {
		t.Errorf("the page has %d scripts", n)
	}
	if bytes.Contains(page, []byte("\u202E")) {
		t.Error("a mark that turns the direction of writing got into the page")
	}
	path := filepath.Join(t.TempDir(), "pack.xlsx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := deck.WriteWorkbook(t.Context(), policy.ZH, f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	dump, err := reports.Dump(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(dump) {
		if i := strings.Index(line, "=cmd"); i >= 0 && strings.Contains(line, " = =cmd") {
			t.Errorf("a name became a formula: %s", line)
		}
	}
	if !strings.Contains(dump, "cmd|") {
		t.Error("the poisoned name is not in the workbook; the test looks at nothing")
	}
}

// TestLittleData: a company of one employee, one without departments, a quarter without any data and one that is not a quarter.
func TestLittleData(t *testing.T) {
	one := company(t, 1, "")
	one.Report.Scores = one.Report.Scores[:1]
	none := company(t, 5, "")
	for i := range none.Report.Departments {
		none.Report.Departments[i].Line = line(none.Report, 0, 0)
	}
	none.Report.Company = line(none.Report, 0, 0)
	empty := company(t, 0, "")
	empty.FollowUp, empty.Rewards, empty.Quality = nil, nil, nil
	never := company(t, 2, "")
	never.FollowUp = &metrics.FollowUp{Day: time.Date(2026, 10, 9, 0, 0, 0, 0, time.UTC)}
	for name, d := range map[string]pack.Data{"one": one, "no data": none, "no departments": empty, "no meeting": never} {
		deck := build(t, d)
		text := outline(deck, policy.ZH)
		for _, wrong := range []string{"NaN", "Inf", "%!", "<nil>"} {
			if strings.Contains(text, wrong) {
				t.Errorf("%s: the deck says %s", name, wrong)
			}
		}
		if name == "no data" && !strings.Contains(text, "0 项达到目标，0 项未达到") {
			t.Errorf("%s: something is judged without data:\n%s", name, text)
		}
	}
	d := company(t, 1, "")
	d.Report.Period = must(period.Parse("2026-09"))
	if _, err := pack.Build(d); err == nil || !strings.Contains(err.Error(), "2026Q3") {
		t.Errorf("a pack of a month: %v", err)
	}
}

// TestTablesGoOn: a table that is too long for a page goes on, with its head, and loses no row.
func TestTablesGoOn(t *testing.T) {
	d := company(t, 40, "")
	deck := build(t, d)
	rows, pages := 0, 0
	for _, p := range deck.Pages {
		if p.ID == "changes" || strings.HasPrefix(p.ID, "changes-") {
			pages++
			for _, b := range p.Blocks {
				if b.Table != nil {
					rows += len(b.Table.Rows)
				}
			}
		}
	}
	if rows != 40 || pages < 2 {
		t.Errorf("40 departments stand in %d rows on %d pages", rows, pages)
	}
}

// TestPageIsWellFormed parses the page as XML as far as its pictures go: inside them there is nothing but drawing.
func TestPageIsWellFormed(t *testing.T) {
	page := html(t, build(t, fewPages(company(t, 3, poison))), policy.EN)
	pictures := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAll(page, -1)
	if len(pictures) < 6 {
		t.Fatalf("%d pictures", len(pictures))
	}
	ids := map[string]bool{}
	for _, svg := range pictures {
		d := xml.NewDecoder(bytes.NewReader(svg))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if s, ok := token.(xml.StartElement); ok {
				for _, a := range s.Attr {
					if a.Name.Local == "id" && ids[a.Value] {
						t.Errorf("two elements of the page have the id %s", a.Value)
					}
					ids[a.Value] = ids[a.Value] || a.Name.Local == "id"
				}
			}
		}
	}
}
