package metrics

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Activity is what was done and what is due in a stretch of days, for reports of a week, a month or a year. What the policy has no dataset or
// column for is nil.
type Activity struct {
	From, To    time.Time // both included
	Department  string    // with its subtree; "" for the company
	Hours       []HoursBy // by project, the most first
	Late        []Record  // deliveries due in the days and not made by then, by due day
	Milestones  []Record  // due in the days ahead and not held, by due day
	Resolutions []Record  // not done by the last day, by due day
	Trainings   []Record  // due or done in the days
	// Rates are the shares of counted records over the days, and RatesBefore over as many days before, both parallel to the KPIs asked for; only
	// where these are asked for.
	Rates, RatesBefore []Value
}

// HoursBy is what was logged for one project, split by the shares of people in several departments.
type HoursBy struct {
	Name   string // "" where none was given
	Hours  fixed.Num
	Logs   int64
	People int64
}

// Record is one record of a dataset with its owner's department on the day that decides.
type Record struct {
	Dataset              *policy.Dataset
	Department, Employee string
	Day                  time.Time // that it was put under: due day, or day done
	Cells                []string  // parallel to the dataset's columns; "" for blank
}

// Cell gives a column's text; "" where the dataset has no such column.
func (r *Record) Cell(id string) string {
	for i, c := range r.Dataset.Columns {
		if c.ID == id && i < len(r.Cells) {
			return r.Cells[i]
		}
	}
	return ""
}

// ActivityQuestion asks for the activity of a stretch of days.
type ActivityQuestion struct {
	From, To   time.Time
	Department string
	Ahead      int           // days after To in which milestones are due
	Rates      []*policy.KPI // shares of counted records that are wanted over the days themselves
}

// ReadActivity lists what was done and is due, as known at q.AsOf; q's period is one that contains the last day.
func ReadActivity(ctx context.Context, b *books.Books, q Question, ask ActivityQuestion) (*Activity, error) {
	known, err := state(ctx, b, q.AsOf)
	if err != nil {
		return nil, fmt.Errorf("activity from %s: %w", ask.From.Format(time.DateOnly), err)
	}
	a := &Activity{From: ask.From, To: ask.To, Department: ask.Department}
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		l := &activityReader{tx: tx, ask: ask, asOf: known.Seq, day: earlier(ask.To, day(q.Now))}
		if l.org, err = readOrganisation(ctx, tx, q.Version.Policy, known.Seq, l.day); err != nil {
			return err
		}
		if err := l.org.lay(ctx, tx); err != nil {
			return err
		}
		if err := l.departments(); err != nil {
			return err
		}
		return l.read(ctx, q.Version.Policy, a)
	})
	if err != nil {
		return nil, fmt.Errorf("activity from %s to %s: %w", ask.From.Format(time.DateOnly), ask.To.Format(time.DateOnly), err)
	}
	return a, nil
}

// activityReader reads records in one transaction.
type activityReader struct {
	tx     *warehouse.Tx
	org    *organisation
	ask    ActivityQuestion
	asOf   int64
	day    time.Time       // the last day that can be known of
	within map[string]bool // departments asked for; nil: all
}

func (l *activityReader) departments() error {
	if l.ask.Department == "" {
		return nil
	}
	l.within = map[string]bool{}
	for _, i := range l.org.subtree(l.ask.Department) {
		l.within[l.org.departments[i].ID] = true
	}
	if len(l.within) == 0 {
		return fmt.Errorf("no department has the id %q (没有这个部门编号)", l.ask.Department)
	}
	return nil
}

func (l *activityReader) read(ctx context.Context, p *policy.Policy, a *Activity) (err error) {
	if p.Reviews != nil && p.Reviews.SelfReview.Hours != nil {
		if a.Hours, err = l.hours(ctx, p.Reviews.SelfReview.Hours); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		into    *[]Record
		dataset string
		day     string
		needs   []string
		where   string
	}{
		{&a.Late, "deliveries", "due_on", []string{"due_on", "delivered_on"}, "due_on BETWEEN $from AND $to AND due_on < $day AND (delivered_on IS NULL OR delivered_on > due_on)"},
		{&a.Milestones, "milestones", "due_on", []string{"due_on", "held_on"}, "due_on > $to AND due_on <= $ahead AND (held_on IS NULL OR held_on > $day)"},
		{&a.Resolutions, "decisions", "decided_at", []string{"decided_at", "due_on", "done_on"}, "CAST(decided_at AS DATE) <= $to AND (done_on IS NULL OR done_on > $to)"},
		{&a.Trainings, "trainings", "due_on", []string{"due_on", "done_on"}, "(due_on BETWEEN $from AND $to OR done_on BETWEEN $from AND $to)"},
	} {
		d := p.Dataset(list.dataset)
		if d == nil || d.Owner == "" || slices.ContainsFunc(list.needs, func(c string) bool { return d.Column(c) == nil }) {
			continue
		}
		if *list.into, err = l.records(ctx, d, list.day, list.where); err != nil {
			return err
		}
	}
	if l.ask.Rates == nil {
		return nil
	}
	days := int(l.ask.To.Sub(l.ask.From).Hours()/24) + 1
	if a.Rates, err = l.rates(ctx, p, l.ask.From, l.ask.To); err == nil {
		a.RatesBefore, err = l.rates(ctx, p, l.ask.From.AddDate(0, 0, -days), l.ask.From.AddDate(0, 0, -1))
	}
	return err
}

// records lists the records of a dataset that meet a condition over its columns and the days asked for.
func (l *activityReader) records(ctx context.Context, d *policy.Dataset, by, where string) ([]Record, error) {
	cells := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		cells[i] = "coalesce(CAST(f." + warehouse.Ident(c.ID) + " AS VARCHAR), '')"
	}
	s := warehouse.SQL("activity "+d.ID, fmt.Sprintf(`SELECT coalesce(m._department, ''), coalesce(f.%[1]s, ''), CAST(f.%[2]s AS DATE), [%[3]s]
FROM %[4]s f LEFT JOIN attribution m ON m._employee = f.%[1]s AND least(CAST(f.%[2]s AS DATE), $day) BETWEEN m._first AND m._last
%[5]s AND %[6]s
ORDER BY 3, f._seq, f._row, m._stay`, warehouse.Ident(d.Owner), warehouse.Ident(by), strings.Join(cells, ", "), d.Table(), known, where))
	list := []Record{}
	args := warehouse.Args{"as_of": l.asOf, "day": l.day}
	for name, value := range map[string]time.Time{"from": l.ask.From, "to": l.ask.To, "ahead": l.ask.To.AddDate(0, 0, l.ask.Ahead)} {
		if strings.Contains(where, "$"+name) {
			args[name] = value
		}
	}
	key := ""
	err := l.tx.Each(ctx, s, args, func(scan func(...any) error) error {
		r := Record{Dataset: d}
		if err := scan(&r.Department, &r.Employee, &r.Day, &r.Cells); err != nil {
			return err
		}
		if l.within != nil && !l.within[r.Department] {
			return nil
		}
		if same := strings.Join(r.Cells, "\x1f"); same != key { // of somebody with two departments it is listed once
			list, key = append(list, r), same
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", d.ID, err)
	}
	return list, nil
}

// hours adds up what was logged by project.
func (l *activityReader) hours(ctx context.Context, h *policy.HoursBy) ([]HoursBy, error) {
	owner, day := warehouse.Ident(h.Dataset.Owner), warehouse.Ident(h.Dataset.Day)
	s := warehouse.SQL("activity hours", fmt.Sprintf(`SELECT coalesce(CAST(f.%[3]s AS VARCHAR), ''), m._stay, CAST(coalesce(sum(f.%[4]s), 0) * 10000 AS BIGINT), count(*)
FROM %[5]s f JOIN attribution m ON m._employee = f.%[1]s AND CAST(f.%[2]s AS DATE) BETWEEN m._first AND m._last
%[6]s AND CAST(f.%[2]s AS DATE) BETWEEN $from AND $to
GROUP BY ALL ORDER BY 1, 2`, owner, day, warehouse.Ident(h.By), warehouse.Ident(h.Sum), h.Dataset.Table(), known))
	sums, people, logs := map[string]*big.Rat{}, map[string]map[string]bool{}, map[string]int64{}
	err := l.tx.Each(ctx, s, warehouse.Args{"as_of": l.asOf, "from": l.ask.From, "to": l.ask.To}, func(scan func(...any) error) error {
		var name string
		var stay int32
		var hours, n int64
		if err := scan(&name, &stay, &hours, &n); err != nil {
			return err
		}
		x := l.org.stays[stay]
		if l.within != nil && !l.within[x.Department] {
			return nil
		}
		if sums[name] == nil {
			sums[name], people[name] = new(big.Rat), map[string]bool{}
		}
		sums[name].Add(sums[name], new(big.Rat).Mul(fixed.Num(hours).Rat(), x.Share.Rat()))
		people[name][x.Employee] = true
		logs[name] += n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("hours by %s: %w", h.By, err)
	}
	list := []HoursBy{}
	for name, sum := range sums {
		hours, ok := fixed.Round(sum, 2)
		if !ok {
			return nil, fmt.Errorf("hours of %q are more than can be held", name)
		}
		list = append(list, HoursBy{name, hours, logs[name], int64(len(people[name]))})
	}
	slices.SortFunc(list, func(x, y HoursBy) int {
		if x.Hours != y.Hours {
			return int(max(min(y.Hours-x.Hours, 1), -1))
		}
		return strings.Compare(x.Name, y.Name)
	})
	return list, nil
}

// rates counts the rows behind shares over a stretch of days.
func (l *activityReader) rates(ctx context.Context, p *policy.Policy, from, to time.Time) ([]Value, error) {
	var list []Value
	for _, k := range l.ask.Rates {
		if !k.IsRate() || k.Anonymous {
			return nil, fmt.Errorf("%s is no share of records that can be counted day by day", k.ID)
		}
		v := Value{KPI: k, Status: NoData}
		for m := period.MonthOf(from); !m.Start().After(to); m = period.MonthOf(m.End()) {
			e, err := l.org.examine(ctx, l.tx, p, EvidenceQuestion{KPI: k, Period: m, Department: l.ask.Department, AsOf: l.asOf, ReportDay: l.day, Asked: l.day})
			if err != nil {
				return nil, err
			}
			v.count(e.rows, from, to)
		}
		list = append(list, v)
	}
	return list, nil
}

// count adds the rows that count on days from one to another, both included.
func (v *Value) count(rows []EvidenceRow, from, to time.Time) {
	for i := range rows {
		r := &rows[i]
		if r.Day.Before(from) || r.Day.After(to) {
			continue
		}
		switch r.Counted {
		case InBoth:
			v.Ratio.Num += r.Share
			v.Ratio.Den += r.Share
		case InDenominator:
			v.Ratio.Den += r.Share
		}
	}
	v.N = v.Ratio.Den
	switch {
	case v.N == 0:
		v.Status = NoData
	case v.N < fixed.Int(v.KPI.Minimum):
		v.Status = Insufficient
	default:
		v.Status = OK
	}
}
