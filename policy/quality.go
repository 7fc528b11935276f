package policy

import (
	"strconv"

	"plumbline/internal/fixed"
)

// QualityKind is what a check of data counts.
type QualityKind string

// The kinds of check.
const (
	Coverage     QualityKind = "coverage"       // people or occasions with a record, of those expected
	Late         QualityKind = "late"           // records written more than Days days after their day
	Delay        QualityKind = "delay"          // a percentile of the days from a record's day until it was written
	BackDated    QualityKind = "back_dated"     // records that first came into the books more than Days days after their day
	AfterClose   QualityKind = "after_close"    // records that came, or were changed, more than Days days after their month
	DueMoved     QualityKind = "due_moved"      // records whose due day was moved later after it had passed
	ClosedAtOnce QualityKind = "closed_at_once" // records that were closed on the day of their creation when they first came
	Multiples    QualityKind = "multiples"      // records whose amount is a full multiple, compared with the company
	Copied       QualityKind = "copied"         // records with a text that their owner has on at least Days days
	Unvaried     QualityKind = "unvaried"       // people with the same amount on each of at least Days days
)

// QualityCheck is a check of the data behind KPIs. It warns and corrects nothing.
type QualityCheck struct {
	ID         string
	Name       Text
	Kind       QualityKind
	Dataset    *Dataset  // the records that are looked at
	KPI        *KPI      // of Coverage: made of the check, the days with a record over what is expected; no report lists it
	OfPeople   bool      // of Coverage: people are counted, not occasions
	Day        string    // the day of a record: due day of DueMoved, closing day of ClosedAtOnce, counting day of Coverage
	Until      string    // of Late and Delay: the day on which the record was written; of ClosedAtOnce: that of its creation
	Amount     string    // of Multiples and Unvaried
	Text       string    // of Copied
	Where      *Expr     // of ClosedAtOnce: only these records; nil: all
	Days       int64     // see the kinds
	Percentile fixed.Num // of Delay: 50 is the median
	Multiple   fixed.Num // of Multiples
	// Limit is in percent, of Delay in days. It is the least of Coverage, how far a share may lie above the company's of Multiples, and
	// the most of all others; the limit itself is good enough.
	Limit   fixed.Num
	Minimum int64 // fewer records or people: no warning
	Place   Place
}

// QualityCheck gives the check with the id, or nil.
func (p *Policy) QualityCheck(id string) *QualityCheck {
	for _, q := range p.Quality {
		if q.ID == id {
			return q
		}
	}
	return nil
}

// qualityForms are the kinds of check in the order of reports, the keys of each and what reads them.
var qualityForms = []struct {
	kind QualityKind
	form string
	read func(c *checker, q *QualityCheck, o *object)
}{
	{Coverage, "quality_coverage", (*checker).coverage},
	{Late, "quality_late", (*checker).lateness},
	{Delay, "quality_delay", (*checker).delay},
	{BackDated, "quality_arrival", (*checker).arrival},
	{AfterClose, "quality_arrival", (*checker).arrival},
	{DueMoved, "quality_due_moved", (*checker).dueMoved},
	{ClosedAtOnce, "quality_closed_at_once", (*checker).closedAtOnce},
	{Multiples, "quality_multiples", (*checker).multiples},
	{Copied, "quality_copied", (*checker).copied},
	{Unvaried, "quality_unvaried", (*checker).unvaried},
}

// quality reads the checks of data, by kind and id. It stands in company.yaml, but names datasets.
func (c *checker) quality(n *node, key Place) {
	if n == nil {
		return
	}
	all, ok := c.object(n, key, "quality")
	if !ok {
		return
	}
	for _, f := range qualityForms {
		for _, p := range c.entries(all.find(string(f.kind))) {
			valid := c.named(p.key, false)
			if c.policy.QualityCheck(p.key.text) != nil {
				c.twice(p.key, "quality")
				continue
			}
			o, ok := c.object(p.value, p.key.place, f.form)
			if !ok {
				continue
			}
			q := &QualityCheck{ID: p.key.text, Kind: f.kind, Place: p.key.place, Name: c.bilingual(o.need("name"), maxName), Minimum: c.whole(o.find("minimum"))}
			f.read(c, q, o)
			if valid {
				c.policy.Quality = append(c.policy.Quality, q)
			}
		}
	}
}

// coverage reads what is expected of people, and makes it the denominator of a KPI of its own.
func (c *checker) coverage(q *QualityCheck, o *object) {
	c.dated(q, o, "day")
	c.personal(q)
	k := &KPI{ID: q.ID, Name: q.Name, Dataset: q.Dataset, CountsOn: q.Day, Unit: Percent, HigherIsBetter: true, Place: q.Place}
	k.Numerator = Measure{Kind: PersonDays, Expr: Expr{Text: "TRUE", SQL: "TRUE"}}
	if n := o.find("where"); n != nil {
		k.Numerator.Expr = c.expression(n, q.Dataset, qualityUse)
	}
	k.Denominator = &Measure{Kind: Expected, Occasion: Occasion(c.oneOf(o.need("expected"), string(Workday), string(Week), string(Month)))}
	k.Denominator.After = fixed.Int(c.wholeDays(o.find("due_after"), 0))
	if q.Dataset != nil {
		k.Owner, k.Source, k.Formula = q.Dataset.Owner, q.Dataset.Name, defaultFormula(k)
	}
	q.KPI = k
	q.OfPeople = c.oneOf(o.need("of"), "people", "days") == "people"
	q.Limit = c.percent(o.need("at_least"))
}

func (c *checker) lateness(q *QualityCheck, o *object) {
	c.dated(q, o, "day")
	q.Until = c.dayOf(q, o.need("until"))
	q.Days = c.wholeDays(o.need("within"), 0)
	q.Limit = c.percent(o.need("at_most"))
}

func (c *checker) delay(q *QualityCheck, o *object) {
	c.dated(q, o, "day")
	q.Until = c.dayOf(q, o.need("until"))
	n := o.need("percentile")
	var ok bool
	if q.Percentile, ok = c.number(n); ok && (q.Percentile <= 0 || q.Percentile >= fixed.Int(100)) {
		c.fault(n.place, say("百分位 %s 不在 0 与 100 之间", "the percentile %s does not lie between 0 and 100", q.Percentile),
			say("中位数写 50，九成写 90", "write 50 for the median, 90 for nine tenths"))
	}
	q.Limit = fixed.Int(c.wholeDays(o.need("at_most"), 0))
}

func (c *checker) arrival(q *QualityCheck, o *object) {
	c.dated(q, o, "day")
	q.Days = c.wholeDays(o.need("after"), 0)
	q.Limit = c.percent(o.need("at_most"))
}

func (c *checker) dueMoved(q *QualityCheck, o *object) {
	c.dated(q, o, "due")
	q.Limit = c.percent(o.need("at_most"))
}

func (c *checker) closedAtOnce(q *QualityCheck, o *object) {
	c.dated(q, o, "closed")
	q.Until = c.dayOf(q, o.need("created"))
	if n := o.find("where"); n != nil {
		where := c.expression(n, q.Dataset, qualityUse)
		q.Where = &where
	}
	q.Limit = c.percent(o.need("at_most"))
}

func (c *checker) multiples(q *QualityCheck, o *object) {
	c.dated(q, o, "day")
	c.measured(q, o)
	n := o.need("of")
	var ok bool
	if q.Multiple, ok = c.number(n); ok && q.Multiple <= 0 {
		c.fault(n.place, say("%s 没有整倍数", "nothing is a full multiple of %s", q.Multiple), say("写大于 0 的数，例如 4", "write a number above 0, such as 4"))
	}
	q.Limit = c.percent(o.need("above_company"))
}

func (c *checker) copied(q *QualityCheck, o *object) {
	c.dated(q, o, "day")
	c.personal(q)
	if n := o.need("text"); q.Dataset != nil {
		q.Text = c.columnOf(q.Dataset, n, true, TypeText)
	}
	q.Days = c.wholeDays(o.need("days"), 2)
	q.Limit = c.percent(o.need("at_most"))
}

func (c *checker) unvaried(q *QualityCheck, o *object) {
	c.dated(q, o, "day")
	c.personal(q)
	c.measured(q, o)
	q.Days = c.wholeDays(o.need("days"), 2)
	q.Limit = c.percent(o.need("at_most"))
}

// dated reads the dataset and the day of its records.
func (c *checker) dated(q *QualityCheck, o *object, key string) {
	q.Dataset = c.datasetOf(o.need("dataset"))
	q.Day = c.dayOf(q, o.need(key))
}

func (c *checker) dayOf(q *QualityCheck, n *node) string {
	if q.Dataset == nil {
		return ""
	}
	return c.columnOf(q.Dataset, n, true, TypeDate, TypeDatetime)
}

// measured reads the column of the amount.
func (c *checker) measured(q *QualityCheck, o *object) {
	if n := o.need("amount"); q.Dataset != nil {
		q.Amount = c.columnOf(q.Dataset, n, true, TypeHours, TypeNumber, TypeInteger, TypeMoney, TypePercent)
	}
}

// personal makes sure that the records are people's.
func (c *checker) personal(q *QualityCheck) {
	if q.Dataset != nil && q.Dataset.Owner == "" && q.Dataset.Department != "" {
		c.fault(q.Place, say("记录 %s 没有 owner，不能按人检查", "the dataset %s has no owner, so that nothing is checked per person", q.Dataset.ID),
			say("换一类有 owner 的记录", "take a dataset with an owner"))
	}
}

// percent reads a share from 0 to 100.
func (c *checker) percent(n *node) fixed.Num {
	v, ok := c.number(n)
	if ok && (v < 0 || v > fixed.Int(100)) {
		c.fault(n.place, say("%s%% 不在 0 与 100%% 之间", "%s%% does not lie between 0 and 100%%", v), say("写百分数，例如 10", "write percent, such as 10"))
	}
	return v
}

// wholeDays reads a number of days, or a parameter with one.
func (c *checker) wholeDays(n *node, least int64) int64 {
	if n == nil {
		return 0
	}
	before := len(c.faults)
	v := c.figure(n)
	if len(c.faults) > before {
		return 0
	}
	const most = 36_500 // a hundred years
	days, err := strconv.ParseInt(v.String(), 10, 64)
	if err != nil || days < least || days > most {
		c.fault(n.place, say("%s 不是 %d 到 %d 的整天数", "%s is not a whole number of days from %d to %d", v, least, most), say("写整天数，或参数名", "write whole days, or a parameter"))
		return 0
	}
	return days
}

// About reports whether the check looks at records that a KPI is formed from.
func (q *QualityCheck) About(k *KPI) bool {
	if k.IsRatio() {
		return q.About(k.Of) || q.About(k.To)
	}
	return q.Dataset == k.Dataset
}
