package reports

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// The evaluation sheet (考核表) is a workbook that superiors fill in and that comes back.
//  1. evaluation.go plans where everybody stands; evaluationguide.go, evaluationoverview.go and evaluationsheet.go write what people see.
//  2. evaluationrecord.go writes a hidden record of what was written: whom each line is about, and what its locked cells say.
//  3. evaluationread.go reads the workbook back by that record, never by looks; evaluationcheck.go holds it against the round as it is now.
// Every fault is told with its cell; a workbook with any fault gives no evaluation at all.

// EvaluationData is what an evaluation sheet shows.
type EvaluationData struct {
	Report     *metrics.Report // of the quarter
	Round      *reviews.Round
	Tasks      []reviews.Task // of the quarter
	Superior   *string        // of this superior only; "" are those above whom nobody stands
	Department string         // of this department only; "": of any
	Holder     string         // who gets the file: nobody evaluates himself, and notes of others stay with them
}

// evaluationTitle is what the workbook is called.
var evaluationTitle = policy.Text{ZH: "上级评估表", EN: "Evaluation sheet"}

// subject names the workbook by whose it is.
func (d EvaluationData) subject() policy.Text {
	whose := policy.Text{ZH: d.Department, EN: d.Department}
	if d.Superior != nil {
		whose = policy.Text{ZH: *d.Superior, EN: *d.Superior}
		if *d.Superior == "" {
			whose = policy.Text{ZH: "无上级", EN: "no superior"}
		}
	}
	return policy.Text{ZH: evaluationTitle.ZH + "（" + whose.ZH + "）", EN: evaluationTitle.EN + " (" + whose.EN + ")"}
}

// Waiting lists the evaluations that the sheet asks for, and counts those of its superior or department that are in or exempt.
func (d EvaluationData) Waiting() (waiting []reviews.Task, in, exempt int) {
	for _, t := range d.Tasks {
		switch {
		case d.Superior != nil && t.Superior != *d.Superior, d.Department != "" && t.Department != d.Department, t.Employee == d.Holder:
		case t.Exempt != nil:
			exempt++
		case t.Done != nil && t.Done.State == reviews.Submitted:
			in++
		default:
			waiting = append(waiting, t)
		}
	}
	slices.SortStableFunc(waiting, func(a, b reviews.Task) int {
		return cmp.Or(cmp.Compare(a.Department, b.Department), cmp.Compare(a.Superior, b.Superior), cmp.Compare(a.Employee, b.Employee))
	})
	return waiting, in, exempt
}

// WriteEvaluation writes the sheet into a folder as its next version, readable by its owner alone. When the newest version there says the
// same, apart from when it was made, that file stays and changed is false.
func WriteEvaluation(ctx context.Context, to Folder, d EvaluationData, lang policy.Lang) (path string, changed bool, err error) {
	company, p := d.Report.Policy.Company.Name, d.Report.Period
	return writePrivate(to, company, p, d.subject(), lang, d.Report.Made, func(made time.Time, w io.Writer) (string, error) {
		return renderEvaluation(ctx, d, lang, made, w)
	})
}

// renderEvaluation writes the workbook and gives the digest of its contents.
func renderEvaluation(ctx context.Context, d EvaluationData, lang policy.Lang, made time.Time, w io.Writer) (digest string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write evaluation sheet %s: %w", d.Report.Period, err)
		}
	}()
	e, err := newEvaluationBook(d, lang, made)
	if err != nil {
		return "", err
	}
	defer e.close()
	for _, write := range []func() error{e.writeGuide, e.writeOverview, func() error { return e.writeSheet(ctx) }, e.writeRecord} {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if err := write(); err != nil {
			return "", err
		}
	}
	return e.pack(ctx, w)
}

// recordSheet is the name of the hidden sheet by which the workbook is known.
const recordSheet = "_plumbline"

// evaluationBook is an evaluation sheet being written.
type evaluationBook struct {
	*book
	EvaluationData
	guide, overview, sheetName string
	people                     []evaluatee
	in, exempt                 int
	rules                      guideCells
	names                      map[string]string // of people, by number
	record                     []recordLine
}

// evaluatee is a person with the rows of the sheet that are about him.
type evaluatee struct {
	*reviews.Task
	line  *metrics.PersonLine
	first int // row of the name
	given map[string]reviews.ItemPoints
}

func (p *evaluatee) items() int     { return p.first + 1 } // first row of the items
func (p *evaluatee) sum() int       { return p.items() + len(p.Items) }
func (p *evaluatee) gap() int       { return p.sum() + 1 }
func (p *evaluatee) off() int       { return p.gap() + 1 } // when the scorecard has penalties
func (p *evaluatee) punished() bool { return len(p.Card.Penalties) > 0 }
func (p *evaluatee) comment() int   { return p.score() + 1 }
func (p *evaluatee) note() int      { return p.score() + 2 }
func (p *evaluatee) withholds(h string) bool {
	return p.Superior != h && p.Done != nil && p.Done.Text.Note != ""
}

func (p *evaluatee) score() int {
	if p.punished() {
		return p.off() + 1
	}
	return p.off()
}

// penalties are the points that come off the score.
func (p *evaluatee) penalties() (sum fixed.Num) {
	for _, x := range p.line.Score.Penalties {
		sum += x.Points
	}
	return sum
}

func newEvaluationBook(d EvaluationData, lang policy.Lang, made time.Time) (*evaluationBook, error) {
	e := &evaluationBook{book: blankBook(lang), EvaluationData: d, names: map[string]string{}}
	e.book.Report = d.Report
	tasks, in, exempt := d.Waiting()
	e.in, e.exempt = in, exempt
	lines := map[metrics.Member]*metrics.PersonLine{}
	for i := range d.Report.People {
		l := &d.Report.People[i]
		lines[metrics.Member{Employee: l.Person.No, Department: l.Department}] = l
		e.names[l.Person.No] = l.Person.Name.In(lang)
	}
	row := evaluationHead + 1
	for i := range tasks {
		p := evaluatee{Task: &tasks[i], line: lines[tasks[i].Member], first: row, given: map[string]reviews.ItemPoints{}}
		if p.line == nil {
			return nil, fmt.Errorf("the report does not know %s in %s", p.Employee, p.Department)
		}
		if p.Done != nil {
			for _, x := range p.Done.Text.Items {
				p.given[x.KPI] = x
			}
		}
		row = p.note() + 1
		e.people = append(e.people, p)
	}
	if row > excelize.TotalRows {
		return nil, fmt.Errorf("%d people are more than a sheet holds", len(e.people))
	}
	e.guide, e.overview, e.sheetName = e.t("说明", "Read me"), e.t("总览", "Overview"), e.t("评分", "Evaluation")
	company := e.Report.Policy.Company.Name.In(lang)
	e.foot = footText(company) + " · " + e.periodName() + " · " + d.subject().In(lang)
	if err := e.create([]string{e.guide, e.overview, e.sheetName, recordSheet}); err != nil {
		return nil, err
	}
	if err := e.describe(company+" "+e.periodName()+" "+d.subject().In(lang), evaluationTitle, company, made); err != nil {
		return nil, err
	}
	yes := true
	return e, e.file.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &yes})
}

// person names somebody with his number.
func (e *evaluationBook) person(no string) string {
	if no == "" {
		return e.t("无", "none")
	}
	return joined(no, e.names[no])
}

// joined puts two words beside each other.
func joined(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}

// department names a department with its number.
func (e *evaluationBook) department(id string) string {
	for i := range e.Report.Departments {
		if d := &e.Report.Departments[i].Department; d.ID == id {
			return joined(id, d.Name.In(e.lang))
		}
	}
	return id
}

// protect locks a sheet but for cells that are open. There is no password: it keeps honest people from slips.
func (e *evaluationBook) protect(name string) error {
	return e.file.ProtectSheet(name, &excelize.SheetProtectionOptions{SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true})
}
