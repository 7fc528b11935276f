package sample

// This file and the files kinds_….go make the records beside work logs, deliveries and opportunities: one file for each kind,
// of the latest quarter, half-year or year, as such records are kept by hand or exported. They are part of a company with
// faults only.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The words for true and false.
const (
	yes = "是"
	no  = "否"
)

// clerk keeps the further records of a company.
type clerk struct {
	*generator
	half, quarter day // first days of the last six months and of the latest quarter
	ventures      []venture
	meetings      []meeting
	office        int // the department of general management
	finance       int // the employee number of who signs for finance

	sharer, second int // the person who works for two groups of the matrix department, and the second of these
	partTimer      int // the person who works part-time
}

func newClerk(g *generator) *clerk {
	c := &clerk{generator: g, quarter: g.calendar.latestQuarter()}
	months := g.calendar.months
	c.half = dayOf(months[max(0, len(months)-6)].period.Start())
	c.office = slices.IndexFunc(g.departments, func(d department) bool { return d.kind == support })
	lead := c.leaders(c.office)
	c.finance = g.people[lead[len(lead)-1]].no
	c.foundVentures()
	c.callMeetings()
	return c
}

// tables makes all further tables, in the order in which they are written.
func (c *clerk) tables() []*table {
	return []*table{
		c.managementTable(), c.accountTable(), c.attendanceTable(), c.satisfactionTable(), c.milestoneTable(), c.meetingTable(), c.decisionTable(),
		c.submissionTable(), c.approvalTable(), c.findingTable(), c.trainingTable(), c.incidentTable(), c.surveyTable(), c.collaborationTable(),
		c.documentTable(), c.targetTable(), c.costTable(),
	}
}

// newKind makes a CSV table; fields are column ids and headers by turns.
func newKind(dataset, fields string) *table {
	t := &table{dataset: dataset, file: "company/" + dataset + ".csv", format: format{day: isoDate}}
	for i, word := range strings.Fields(fields) {
		if i%2 == 0 {
			t.columns = append(t.columns, word)
		} else {
			t.format.header = append(t.format.header, word)
		}
	}
	return t
}

// inBook puts the table into a workbook.
func (t *table) inBook(sheet string) *table {
	t.file, t.sheet = strings.TrimSuffix(t.file, ".csv")+".xlsx", sheet
	return t
}

// asJSON puts the table into a JSON file.
func (t *table) asJSON(form jsonForm, ending string) *table {
	t.file, t.json = strings.TrimSuffix(t.file, "csv")+ending, form
	return t
}

// row adds a record without faults.
func (t *table) row(cells ...cell) { t.add(&line{cells: cells}) }

// time writes m as the table does.
func (t *table) time(m moment) cell {
	switch {
	case m == 0:
		return cell{}
	case t.sheet != "":
		return cell{m.String(), timeCell}
	case t.json != notJSON:
		return cell{text: strings.Replace(m.String(), " ", "T", 1) + ":00+08:00"}
	}
	return cell{text: m.day().in(t.format.day) + m.String()[len(isoDate):]}
}

func word(text string) cell { return cell{text: text} }

func number(n int) cell { return cell{strconv.Itoa(n), numberCell} }

// tenths writes n tenths as a decimal number.
func tenths(n int) cell {
	if n%10 == 0 {
		return number(n / 10)
	}
	return cell{fmt.Sprintf("%d.%d", n/10, n%10), numberCell}
}

// yuan writes an amount of whole yuan.
func yuan(n int) cell { return cell{strconv.Itoa(n) + ".00", numberCell} }

func flag(b bool) cell {
	if b {
		return cell{yes, flagCell}
	}
	return cell{no, flagCell}
}

// who writes the employee number of person i.
func (c *clerk) who(i int) cell { return word(employeeNo(c.people[i].no)) }

// where writes the id of department d.
func (c *clerk) where(d int) cell { return word(c.departments[d].id) }

// dice begins a sequence of its own for a and b.
func (c *clerk) dice(s stream, a, b int) *dice {
	var roll dice
	roll.seed(c.seed, s, a, b)
	return &roll
}

// staffOn lists who belongs to department d on a day.
func (c *clerk) staffOn(d int, on day) []int {
	var staff []int
	for i := range c.people {
		if q := c.people[i].postOn(on); q != nil && q.department == d {
			staff = append(staff, i)
		}
	}
	return staff
}

// leaders lists the head and the supervisors of department d, or who leads the department above. Leaders neither come nor go.
func (c *clerk) leaders(d int) []int {
	var lead []int
	for i := range c.people {
		if q := c.people[i].posts[0]; q.department == d && q.role != specialist {
			lead = append(lead, i)
		}
	}
	slices.SortStableFunc(lead, func(a, b int) int { return int(c.people[b].posts[0].role) - int(c.people[a].posts[0].role) })
	if parent := c.departments[d].parent; len(lead) == 0 && parent >= 0 {
		return c.leaders(parent)
	}
	return lead
}

// top lists the departments that are no groups of another and have people.
func (c *clerk) top() []int {
	var top []int
	for i, d := range c.departments {
		if d.parent < 0 && len(c.leaders(i)) > 0 {
			top = append(top, i)
		}
	}
	return top
}

// house lists who belongs on a day to department d or a group of it.
func (c *clerk) house(d int, on day) []int {
	staff := c.staffOn(d, on)
	for i := range c.departments {
		if c.departments[i].parent == d {
			staff = append(staff, c.staffOn(i, on)...)
		}
	}
	return staff
}

// pick draws one of a list.
func pick[T any](roll *dice, list []T) T { return list[roll.below(len(list))] }

// officeTime is when within office hours something happens on d.
func officeTime(roll *dice, d day) moment {
	return d.at(9, 0) + moment(roll.below(16)*30+roll.below(30))
}

// officeDay is the minutes between 9:00 and 18:00.
const officeDay = 9 * 60

// later adds minutes of office time to m, and gives 0 where the company does not live to see it.
func (c *clerk) later(m moment, minutes int) moment {
	d := c.calendar.next(m.day(), 0)
	if d == m.day() {
		minutes += clamp(int(m-d.at(9, 0)), 0, officeDay)
	}
	if d = c.calendar.next(d, minutes/officeDay); d == 0 {
		return 0
	}
	return d.at(9, minutes%officeDay)
}

// done gives d, or 0 where the company does not live to see it.
func (c *clerk) done(d day) day {
	if d > c.calendar.last {
		return 0
	}
	return d
}

// past gives m, or 0 where the company does not live to see it.
func (c *clerk) past(m moment) moment {
	if m.day() > c.calendar.last {
		return 0
	}
	return m
}

func id(prefix string, n int) cell { return word(fmt.Sprintf("%s%06d", prefix, n)) }
