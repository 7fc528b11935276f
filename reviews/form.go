package reviews

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// Form is what a person's own records say of a month: the lines of a self-review, to be accepted, commented or disputed.
type Form struct {
	Person metrics.Person
	Month  period.Period
	AsOf   int64 // the ledger sequence that the lines are made from
	Items  []FormItem
	Lines  []FormLine
}

// FormItem is an item of a scorecard for which the person gives himself points.
type FormItem struct {
	KPI        *policy.KPI
	Department string
	Weight     fixed.Num // percent of the scorecard
}

// FormLine is one line with its source.
type FormLine struct {
	Key    string      // such as "kpi:on_time_rate:D003"; the same in every form of the month
	Text   policy.Text // what it says
	Source string      // the command that shows the rows behind it; "" where the policy has none
	Good   *bool       // of a record: counted as a success; nil: no success or failure
}

// Forms makes the forms of a month for one employee, or for everybody when employee is "", by number. A month that has not begun is refused.
func Forms(ctx context.Context, b *books.Books, q metrics.Question, employee string) (map[string]*Form, error) {
	if err := monthly(q.Period); err != nil {
		return nil, err
	}
	if y, m, day := q.Now.Date(); time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Before(q.Period.Start()) {
		return nil, refuse("round.early", say("%s 还没有开始", "%s has not begun", q.Period.String()), say("请核对月份", "check the month"))
	}
	r, err := metrics.Judge(ctx, b, q)
	if err != nil {
		return nil, err
	}
	return FormsFrom(ctx, b, r, employee)
}

// FormsFrom makes the forms from the report of a month that is at hand.
func FormsFrom(ctx context.Context, b *books.Books, r *metrics.Report, employee string) (_ map[string]*Form, err error) {
	p := r.Policy
	var work map[string]*metrics.Work
	if p.Reviews != nil {
		err = b.View(ctx, func(tx *warehouse.Tx) error {
			work, err = metrics.ReadWork(ctx, tx, p, metrics.WorkQuestion{Period: r.Period, Employee: employee, AsOf: r.LedgerSeq, ReportDay: r.Day})
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	forms := map[string]*Form{}
	for i := range r.People {
		l := &r.People[i]
		if employee != "" && l.Person.No != employee {
			continue
		}
		f := forms[l.Person.No]
		if f == nil {
			f = &Form{Person: l.Person, Month: r.Period, AsOf: r.LedgerSeq}
			forms[l.Person.No] = f
		}
		f.measured(l)
	}
	for no, f := range forms {
		if w := work[no]; w != nil {
			f.worked(p, w)
		}
	}
	return forms, nil
}

// measured adds the KPIs of a stay.
func (f *Form) measured(l *metrics.PersonLine) {
	for _, item := range l.Score.Items {
		k := item.Item.KPI
		if !slices.ContainsFunc(f.Items, func(x FormItem) bool { return x.KPI == k }) {
			f.Items = append(f.Items, FormItem{k, l.Department, item.Item.Weight})
		}
		key := "kpi:" + k.ID + ":" + l.Department
		source := fmt.Sprintf("plumbline evidence %s %s --department %s --employee %s", k.ID, f.Month, l.Department, l.Person.No)
		f.Lines = append(f.Lines, FormLine{Key: key, Text: valueText(item.Value, l), Source: source})
	}
}

// valueText tells a value with its sums and its target.
func valueText(v metrics.Value, l *metrics.PersonLine) policy.Text {
	t := v.KPI.Name
	if l.Moved {
		t.ZH, t.EN = t.ZH+"（"+l.Department+"）", t.EN+" ("+l.Department+")"
	}
	exact, ok := v.Exact()
	if !ok || v.Status == metrics.Withheld {
		return policy.Text{ZH: t.ZH + "：无数据", EN: t.EN + ": no data"}
	}
	unit := ""
	if v.KPI.Unit == policy.Percent {
		unit = " %"
	}
	value := fixed.Text(exact, 1) + unit
	if v.KPI.HasDenominator() {
		value += fmt.Sprintf(" (%s / %s)", v.Ratio.Num, v.Ratio.Den)
	}
	t.ZH, t.EN = t.ZH+"："+value, t.EN+": "+value
	if v.Target != nil {
		t.ZH, t.EN = t.ZH+"，目标 "+v.Target.String()+unit, t.EN+", target "+v.Target.String()+unit
	}
	if v.Status == metrics.Insufficient {
		t.ZH, t.EN = t.ZH+"，样本不足", t.EN+", too few to judge"
	}
	return t
}

// worked adds hours and records.
func (f *Form) worked(p *policy.Policy, w *metrics.Work) {
	rules := p.Reviews.SelfReview
	source := ""
	if k := logged(p, rules.Hours); k != nil {
		source = fmt.Sprintf("plumbline evidence %s %s --employee %s", k.ID, f.Month, f.Person.No)
	}
	for _, h := range w.Hours {
		name := policy.Text{ZH: h.Name, EN: h.Name}
		if h.Name == "" {
			name = policy.Text{ZH: "（未填）", EN: "(blank)"}
		}
		f.Lines = append(f.Lines, FormLine{Key: "hours:" + h.Name, Text: policy.Text{
			ZH: fmt.Sprintf("工时 %s：%s 小时，%d 天 %d 条", name.ZH, h.Hours, h.Days, h.Logs),
			EN: fmt.Sprintf("hours, %s: %s hours, %d days, %d logs", name.EN, h.Hours, h.Days, h.Logs)},
			Source: source})
	}
	for i, rows := range w.Records {
		k := rules.Records[i]
		for _, row := range rows {
			f.Lines = append(f.Lines, recordLine(k, row, f))
		}
	}
}

// logged gives a KPI whose evidence shows the records that the hours are added up from, counted or not; nil where the policy has none.
func logged(p *policy.Policy, h *policy.HoursBy) *policy.KPI {
	if h == nil {
		return nil
	}
	i := slices.IndexFunc(p.KPIs, func(k *policy.KPI) bool {
		return k.Dataset == h.Dataset && k.Owner == h.Dataset.Owner && k.CountsOn == h.Dataset.Day && !k.Anonymous && len(k.DepartmentKinds) == 0
	})
	if i < 0 {
		return nil
	}
	return p.KPIs[i]
}

// recordLine tells one record: its key, what it says, and whether it counts as a success.
func recordLine(k *policy.KPI, row metrics.EvidenceRow, f *Form) FormLine {
	var key, said []string
	for i, c := range row.Dataset.Columns {
		cell := row.Cells[i]
		if slices.Contains(row.Dataset.Key, c.ID) {
			key = append(key, cell)
		} else if cell != "" && c.ID != row.Dataset.Owner && len(said) < 4 && c.Type == policy.TypeText {
			said = append(said, cell)
		}
	}
	good := row.Counted == metrics.InBoth
	verdict := policy.Text{ZH: "未达成", EN: "not met"}
	if good {
		verdict = policy.Text{ZH: "达成", EN: "met"}
	}
	id, words := strings.Join(key, " "), strings.Join(said, "，")
	return FormLine{Key: "record:" + k.ID + ":" + id, Good: &good,
		Text: policy.Text{ZH: fmt.Sprintf("%s %s（%s，%s）：%s，%s", row.Dataset.Name.ZH, id, words, date(row.Day), k.Name.ZH, verdict.ZH),
			EN: fmt.Sprintf("%s %s (%s, %s): %s, %s", row.Dataset.Name.EN, id, words, date(row.Day), k.Name.EN, verdict.EN)},
		Source: fmt.Sprintf("plumbline evidence %s %s --employee %s", k.ID, f.Month, f.Person.No)}
}

// line gives a line by its key.
func (f *Form) line(key string) *FormLine {
	if i := slices.IndexFunc(f.Lines, func(l FormLine) bool { return l.Key == key }); i >= 0 {
		return &f.Lines[i]
	}
	return nil
}

// question asks for a month as known at a moment, by the desk's policy.
func (d *Desk) question(of period.Period, asOf int64, now time.Time) metrics.Question {
	return metrics.Question{Period: of, Version: d.Version, AsOf: asOf, Now: now.In(d.Zone)}
}
