package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/internal/period"
)

// Absence says which records tell of whole days on which their owner is not expected to work.
type Absence struct {
	Dataset  *Dataset // has an owner
	From, To string   // the columns of its first and last day, both included; the same column for records of one day
	Where    Expr     // true for the records that count; the zero value where all do
}

// weekdays are the days of workweek as the file names them, Monday first.
var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// calendar reads calendar.yaml. A policy without it works from Monday to Friday and knows no holidays.
func (c *checker) calendar(n *node) {
	o, _ := c.object(n, n.place, calendarFile)
	week := c.workweek(o.need("workweek"))
	var years []period.Exceptions
	places := map[int]Place{}
	for _, p := range c.entries(o.find("years")) {
		if year, ok := c.year(p.key); ok {
			places[year] = p.key.place
			years = append(years, c.exceptions(p, year, week))
		}
	}
	slices.SortFunc(years, func(a, b period.Exceptions) int { return a.Year - b.Year })
	for i := 1; i < len(years); i++ {
		if last, year := years[i-1].Year, years[i].Year; year != last+1 {
			c.fault(places[year], say("%d 年之后缺少 %d 年", "%[2]d is missing after %[1]d", last, last+1),
				say("补上缺少的年份，没有节假日的写 %d: {}", "add the missing years; one without holidays is written %d: {}", last+1))
		}
	}
	if c.faults == nil {
		c.policy.Calendar, c.broken = period.NewCalendar(week, years...)
	}
}

// workweek reads the days of a plain week on which people work.
func (c *checker) workweek(n *node) (week []time.Weekday) {
	for _, item := range c.list(n) {
		i := slices.Index(weekdays, c.oneOf(item, weekdays...))
		if i < 0 {
			continue
		}
		day := time.Weekday((i + 1) % 7)
		if slices.Contains(week, day) {
			c.twice(item, "workweek")
			continue
		}
		week = append(week, day)
	}
	return week
}

var yearForm = regexp.MustCompile(`^(19|2[0-9])[0-9]{2}$`)

// year reads the year that a key names.
func (c *checker) year(key *node) (int, bool) {
	if !yearForm.MatchString(key.text) {
		c.fault(key.place, say("“%s”不是年份", "“%s” is not a year", clip(key.text)), say("写四位数的年份，例如 2026", "write four digits, such as 2026"))
		return 0, false
	}
	year, err := strconv.Atoi(key.text)
	return year, err == nil
}

// exceptions reads the days of a year that are not as in a plain week.
func (c *checker) exceptions(p pair, year int, week []time.Weekday) period.Exceptions {
	e := period.Exceptions{Year: year}
	o, ok := c.object(p.value, p.key.place, "calendar_year")
	if !ok {
		return e
	}
	listed := map[time.Time]string{} // by day: the list that holds it
	for _, list := range []struct {
		name string
		days *[]time.Time
	}{{"off", &e.Off}, {"work", &e.Work}} {
		for _, item := range c.list(o.find(list.name)) {
			first, last, ok := c.span(item, year)
			if !ok || c.listed(item, list.name, first, last, listed) {
				continue
			}
			if single := !strings.Contains(item.text, spanSign); single && list.name == "work" && slices.Contains(week, first.Weekday()) {
				c.fault(item.place, say("%s 本来就是工作日", "%s is a workday anyway", first.Format(time.DateOnly)),
					say("核对日期；work 只列调休上班的休息日", "check the date; work lists days of rest that are worked"))
			}
			for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
				listed[day] = list.name
				*list.days = append(*list.days, day)
			}
		}
	}
	return e
}

// listed reports a span that holds a day which is listed already, once.
func (c *checker) listed(n *node, list string, first, last time.Time, listed map[time.Time]string) bool {
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		switch text := day.Format(time.DateOnly); listed[day] {
		case "":
			continue
		case list:
			c.fault(n.place, say("%[1]s 在 %[2]s 中重复", "%[1]s stands in %[2]s twice", text, list), say("删去一处", "delete it in one place"))
		default:
			c.fault(n.place, say("%s 既放假又上班", "%s is both off and worked", text), say("在 off 与 work 中只留一处", "keep it in one of off and work"))
		}
		return true
	}
	return false
}

// spanSign stands between the first and the last day of a span.
const spanSign = ".."

// span reads a day, or the first and last of several, of a year.
func (c *checker) span(n *node, year int) (first, last time.Time, ok bool) {
	text, ok := c.word(n, maxName)
	if !ok {
		return first, last, false
	}
	from, to, several := strings.Cut(text, spanSign)
	if !several {
		to = from
	}
	first, ok = c.day(n, from, year)
	if ok {
		last, ok = c.day(n, to, year)
	}
	if ok && last.Before(first) {
		c.fault(n.place, say("起止颠倒：%[2]s 早于 %[1]s", "the range is reversed: %[2]s is before %[1]s", first.Format(time.DateOnly), last.Format(time.DateOnly)),
			say("先写第一天，再写最后一天", "write the first day first"))
		return first, last, false
	}
	return first, last, ok
}

// day reads a day of a year.
func (c *checker) day(n *node, text string, year int) (time.Time, bool) {
	text = strings.TrimSpace(text)
	day, err := time.Parse(time.DateOnly, text)
	if text == "" {
		text = n.text // a range without its first or last day
	}
	if err != nil {
		c.fault(n.place, say("“%s”不是日期", "“%s” is not a date", clip(text)),
			say("写成 %[1]d-01-31，连续几天写成 %[1]d-01-31..%[1]d-02-02", "write it like %[1]d-01-31, or like %[1]d-01-31..%[1]d-02-02 for several days", year))
		return day, false
	}
	if day.Year() != year {
		c.fault(n.place, say("%s 不在 %d 年", "%s is not in %d", day.Format(time.DateOnly), year),
			say("写到 %d 年之下；跨年的假期按年分开写", "write it under %d; split a holiday that crosses the year", day.Year()))
		return day, false
	}
	return day, true
}

// calendarFigures gives a calendar as the SQL macro workdays of the warehouse takes it, before its other arguments.
func calendarFigures(c period.Calendar) string {
	t := c.Table()
	list := func(figures []int) string { return strings.Join(strings.Fields(fmt.Sprint(figures)), ", ") }
	return fmt.Sprintf("%d, %d, %d, '%s', '%s', %d", t.Week, t.First, len(t.Days), list(t.Before), list(t.Days), t.After)
}

// leaves reads which records tell of days off. It stands in company.yaml, but names datasets.
func (c *checker) leaves(n *node) {
	for _, item := range c.list(n) {
		if o, ok := c.object(item, item.place, "absence"); ok {
			c.policy.Leaves = append(c.policy.Leaves, c.absence(o))
		}
	}
}

func (c *checker) absence(o *object) Absence {
	of := o.need("dataset")
	a := Absence{Dataset: c.datasetNamed(of)}
	if a.Dataset != nil && a.Dataset.Owner == "" {
		c.fault(of.place, say("记录 %s 没有 owner，说不出谁不用上班", "the dataset %s has no owner and cannot say who is away", a.Dataset.ID),
			say("换成有 owner 的记录，或在 %s 中为它写上", "name a dataset with an owner, or give it one in %s", datasetsFile))
	}
	has := func(key string) bool { return o.values[key] != nil || o.misspelt[key] }
	if has("day") == has("from") || has("from") != has("to") {
		c.fault(o.place, say("要么写 day，要么写 from 与 to", "it has either day, or from and to"),
			say("一条记录一天的写 day，起止两列的写 from 与 to", "write day for records of one day, from and to for a first and a last day"))
		return a
	}
	if a.Dataset == nil {
		return a
	}
	if has("day") {
		a.From = c.columnOf(a.Dataset, o.find("day"), false, TypeDate)
		a.To = a.From
	} else {
		a.From = c.columnOf(a.Dataset, o.find("from"), false, TypeDate)
		a.To = c.columnOf(a.Dataset, o.find("to"), false, TypeDate)
	}
	a.Where = c.expression(o.find("where"), a.Dataset, absenceUse)
	return a
}
