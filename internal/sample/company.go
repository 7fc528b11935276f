package sample

import (
	"fmt"
	"sort"
	"strconv"
)

// kind is what a department does.
type kind uint8

const (
	sales kind = iota
	engineering
	support
)

var kindNames = [...]string{sales: "销售", engineering: "技术", support: "职能"}

// role is a person's place in a department.
type role uint8

const (
	specialist role = iota
	supervisor
	head
)

// department is a unit of the company. skill shifts what its people achieve, in permille.
type department struct {
	id, name, nameEN string
	parent           int // index, -1 for none
	kind             kind
	matrix           bool
	delivery, win    int
}

// post is a membership: role in a department from a day to a day, both included, 0 for open. superior is the index of
// a person, -1 for none.
type post struct {
	department int
	from, to   day
	role       role
	superior   int
}

// person is an employee with habits, all in permille: late is the share of logs written too late, pace how much of a
// half hour is worked beyond plan a day, onTime and win the share of deliveries and opportunities that succeed,
// rate how many of them there are, compared with others.
type person struct {
	no                            int
	name, nameEN                  string
	hired, left                   day
	posts                         []post
	late, pace, onTime, win, rate int
}

// company is everyone and everything that does not change from row to row.
type company struct {
	calendar    *calendar
	departments []department
	people      []person // by department; numbers run by the day hired
	seed        uint64
	names       map[string]bool // taken; asked, never listed
}

// unit is a department within a block of the company, with its share of 60 people.
type unit struct {
	name, nameEN string
	kind         kind
	weight       int
	parent       int // index within the block, -1 for none
	matrix       bool
	headless     bool // the supervisor's post is vacant
}

// block is the company in small: larger companies have several, with larger departments.
var block = []unit{
	{name: "销售%s部", nameEN: "Sales %d", kind: sales, weight: 11, parent: -1},
	{name: "销售%s部", nameEN: "Sales %d", kind: sales, weight: 10, parent: -1},
	{name: "技术研发%s部", nameEN: "Research and Development", kind: engineering, weight: 12, parent: -1},
	{name: "交付实施%s部", nameEN: "Delivery", kind: engineering, weight: 10, parent: -1},
	{name: "创新服务%s部", nameEN: "Innovation Services", kind: engineering, weight: 1, parent: -1, matrix: true},
	{name: "项目协调组", nameEN: "Project Coordination", kind: engineering, weight: 4, parent: 4, matrix: true},
	{name: "资源支持组", nameEN: "Resource Support", kind: engineering, weight: 3, parent: 4, matrix: true, headless: true},
	{name: "数据分析师组", nameEN: "Data Analysts", kind: engineering, weight: 3, parent: 4, matrix: true},
	{name: "综合管理%s部", nameEN: "General Management", kind: support, weight: 6, parent: -1},
}

const blockPeople = 60

// newCompany founds the company: departments grow in number and in size with the square root of its people.
func newCompany(o Options) *company {
	c := &company{calendar: newCalendar(o.Last, o.Months), seed: o.Seed, names: map[string]bool{}}
	blocks := 1
	for (blocks+1)*(blocks+1)*blockPeople <= o.Employees {
		blocks++
	}
	for b := range blocks {
		size := o.Employees*(b+1)/blocks - o.Employees*b/blocks
		c.addBlock(b, size)
	}
	c.number()
	return c
}

// addBlock founds the departments of block b and staffs them with size people.
func (c *company) addBlock(b, size int) {
	base := len(c.departments)
	start := len(c.people)
	weight, done := 0, 0
	for i, u := range block {
		d := c.newDepartment(b, base, i, u)
		c.departments = append(c.departments, d)
		weight += u.weight
		staff := size*weight/blockPeople - done
		if u.parent < 0 && u.matrix {
			staff = min(staff, 1) // the director; everyone else is in a group
		}
		done += staff
		c.staff(base+i, staff, u.headless && b == 0)
	}
	c.move(b, start, base)
	if n := len(c.people); b == 0 && n-start >= 12 { // two people of one name
		c.people[n-1].name, c.people[n-1].nameEN = c.people[start+4].name, c.people[start+4].nameEN
	}
}

func (c *company) newDepartment(b, base, i int, u unit) department {
	d := department{id: fmt.Sprintf("D%03d", base+i+1), name: u.name, nameEN: u.nameEN, parent: -1, kind: u.kind, matrix: u.matrix}
	number, english := "", ""
	if b > 0 {
		number, english = numeral(b+1), " "+strconv.Itoa(b+1)
	}
	switch {
	case u.kind == sales: // numbered from the first on, two in each block
		d.name, d.nameEN = fmt.Sprintf(u.name, numeral(2*b+i+1)), fmt.Sprintf(u.nameEN, 2*b+i+1)
	case u.parent >= 0:
		d.parent = base + u.parent
		if b > 0 {
			d.name = c.departments[d.parent].name + d.name
		}
		d.nameEN += english
	default:
		d.name, d.nameEN = fmt.Sprintf(u.name, number), u.nameEN+english
	}
	var roll dice
	roll.seed(c.seed, streamDepartment, base+i, 0)
	d.delivery, d.win = roll.between(-90, 30), roll.between(-50, 50)
	return d
}

// numeral writes a number as a Chinese reader does, up to 99, and in digits beyond.
func numeral(n int) string {
	digits := []string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	switch {
	case n < 10:
		return digits[n]
	case n < 20:
		return "十" + digits[n%10]
	case n < 100:
		return digits[n/10] + "十" + digits[n%10]
	}
	return strconv.Itoa(n)
}

// staff hires n people for department d: the head, a supervisor for every seven others, specialists. In a group of a
// matrix department the supervisors answer to its director.
func (c *company) staff(d, n int, vacant bool) {
	top, first := -1, len(c.people)
	if parent := c.departments[d].parent; parent >= 0 {
		for i := range c.people {
			if c.people[i].posts[0].department == parent && c.people[i].posts[0].role == head {
				top = i
			}
		}
	}
	if parent := c.departments[d].parent; parent < 0 && n > 0 {
		c.hire(d, head, -1)
		top, n = first, n-1
	}
	supervisors := (n + 6) / 7
	if vacant {
		supervisors = 0
	}
	lead := len(c.people)
	for i := range n {
		if i < supervisors {
			c.hire(d, supervisor, top)
			continue
		}
		superior := top
		if supervisors > 0 {
			superior = lead + i%supervisors
		}
		c.hire(d, specialist, superior)
	}
}

// hire adds a person. Only specialists come and go within the months told; who leads was there before and stays.
func (c *company) hire(d int, r role, superior int) {
	var roll dice
	i := len(c.people)
	roll.seed(c.seed, streamPerson, i, 0)
	p := person{late: roll.between(10, 75), pace: roll.between(-1000, 850), rate: roll.between(800, 1300)}
	if roll.chance(150) {
		p.late = roll.between(90, 150)
	}
	dep := c.departments[d]
	p.onTime = clamp(roll.between(715, 950)+dep.delivery, 550, 985)
	p.win = clamp(roll.between(190, 375)+dep.win, 150, 460)
	if r == head {
		p.rate = p.rate * 45 / 100 // who leads a department has fewer records of his own
	}
	p.hired = weekday(c.calendar.first - day(roll.between(120, 3300)))
	days := int(c.calendar.last - c.calendar.first)
	if event := roll.below(1000); r == specialist && days >= 28 {
		switch {
		case event < 80:
			p.hired = c.calendar.work[c.calendar.index(c.calendar.first+day(roll.between(7, days-14)))]
		case event < 150:
			p.left = c.calendar.work[c.calendar.index(c.calendar.first+day(roll.between(14, days-14)))]
		}
	}
	c.baptise(&p, &roll)
	p.posts = []post{{department: d, from: p.hired, to: p.left, role: r, superior: superior}}
	c.people = append(c.people, p)
}

// baptise finds a name that nobody has, as long as there are enough.
func (c *company) baptise(p *person, roll *dice) {
	for range 20 {
		family := surnames[min(roll.below(len(surnames)), roll.below(len(surnames)))]
		given := givenName(roll)
		p.name = family.zh + given.zh
		p.nameEN = string(given.en[0]-'a'+'A') + given.en[1:] + " " + family.en
		if !c.names[p.name] {
			break
		}
	}
	c.names[p.name] = true
}

// givenName draws a name of one character or, mostly, two.
func givenName(roll *dice) pair {
	all, last := givenNames[:boysGiven], givenNames[:eitherGiven] // from which the first and the last character come
	if roll.chance(500) {
		all, last = givenNames[eitherGiven:], givenNames[boysGiven:]
	}
	given := last[roll.below(len(last))]
	if !roll.chance(780) {
		return given
	}
	before := all[roll.below(len(all))]
	if before == given {
		return given
	}
	return pair{before.zh + given.zh, before.en + given.en}
}

// move lets specialists of the block's first department change to its third: the first of them in the middle of the
// last quarter, the others on any workday.
func (c *company) move(b, start, base int) {
	const from, to = 0, 2
	first, last := c.calendar.first, c.calendar.last
	boss := -1
	for i := start; i < len(c.people); i++ {
		if c.people[i].posts[0].department == base+to {
			boss = i
			break
		}
	}
	wanted := max(1, (len(c.people)-start)/100)
	for i := start + 3; i < len(c.people) && wanted > 0 && boss >= 0; i++ {
		p := &c.people[i]
		stays := p.left == 0 && p.hired < first && p.posts[0].role == specialist
		if p.posts[0].department != base+from || !stays || last-first < 80 {
			continue
		}
		on := last - 44
		if b > 0 || wanted < max(1, (len(c.people)-start)/100) {
			var roll dice
			roll.seed(c.seed, streamPerson, i, 1)
			on = c.calendar.work[c.calendar.index(first+day(roll.between(20, int(last-first)-20)))]
		}
		p.posts[0].to = on - 1
		p.posts = append(p.posts, post{department: base + to, from: on, role: specialist, superior: boss})
		wanted--
	}
}

// number gives employee numbers in the order of hiring.
func (c *company) number() {
	order := make([]int, len(c.people))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return c.people[order[a]].hired < c.people[order[b]].hired })
	for n, i := range order {
		c.people[i].no = n + 1
	}
}

// post gives the person's membership in a department of the kind, or nil. Nobody has two of one kind.
func (c *company) post(p *person, k kind) *post {
	for i := range p.posts {
		if c.departments[p.posts[i].department].kind == k {
			return &p.posts[i]
		}
	}
	return nil
}

// postOn gives the person's membership on d, or nil.
func (p *person) postOn(d day) *post {
	for i := range p.posts {
		if q := &p.posts[i]; q.from <= d && (q.to == 0 || d <= q.to) {
			return q
		}
	}
	return nil
}

// weekday gives d, or the Monday after it when d is on a weekend.
func weekday(d day) day {
	switch (d + 3) % 7 { // 1970-01-01 was a Thursday
	case 5:
		return d + 2
	case 6:
		return d + 1
	}
	return d
}

func clamp(n, lo, hi int) int { return max(lo, min(n, hi)) }

func employeeNo(no int) string { return fmt.Sprintf("%05d", no) }
