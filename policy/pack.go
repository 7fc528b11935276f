package policy

import "slices"

// Pack says what the pack of the quarterly strategy meeting (季度战略会) shows besides what every quarter has.
type Pack struct {
	Meetings    *PackMeetings    // nil: nobody keeps a list of strategy meetings
	Resolutions *PackResolutions // nil: nobody keeps a list of what they resolve
	Pages       []*PackPage
}

// PackMeetings says which records are strategy meetings.
type PackMeetings struct {
	Dataset *Dataset
	Title   string // the column that names the meeting
	Day     string // when it was held
	Where   *Expr  // only these records; nil: all
}

// PackResolutions says which records are resolutions, and in which columns they tell what became of them.
type PackResolutions struct {
	Dataset    *Dataset
	Meeting    string // refers to the key of a meeting
	Text       string // what was resolved
	Decided    string // when
	Department string // whose it is; "": that of the assignee
	Assignee   string // who is to do it
	Assigned   string // when he was named
	Due        string
	Done       string
	Cancelled  *Expr // holds for those given up; nil: none ever is
}

// PackPage is a page about KPIs that belong together.
type PackPage struct {
	ID   string
	Name Text
	KPIs []*KPI
}

// pack reads what the pack shows. It stands in company.yaml, but names datasets and KPIs.
func (c *checker) pack(n *node, key Place) {
	if n == nil {
		return
	}
	o, ok := c.object(n, key, "pack")
	if !ok {
		return
	}
	c.policy.Pack = &Pack{}
	if n := o.find("meetings"); n != nil {
		if o, ok := c.object(n, o.keys["meetings"], "pack_meetings"); ok {
			c.policy.Pack.Meetings = c.packMeetings(o)
		}
	}
	if n := o.find("resolutions"); n != nil {
		if o, ok := c.object(n, o.keys["resolutions"], "pack_resolutions"); ok {
			c.policy.Pack.Resolutions = c.packResolutions(o)
		}
	}
	c.packMeets(o.find("resolutions"))
	for _, p := range c.entries(o.find("pages")) {
		valid := c.named(p.key, false)
		if slices.ContainsFunc(c.policy.Pack.Pages, func(x *PackPage) bool { return x.ID == p.key.text }) {
			c.twice(p.key, "pages")
			continue
		}
		if o, ok := c.object(p.value, p.key.place, "pack_page"); ok {
			if x := c.packPage(p.key, o); valid {
				c.policy.Pack.Pages = append(c.policy.Pack.Pages, x)
			}
		}
	}
}

func (c *checker) packMeetings(o *object) *PackMeetings {
	x := &PackMeetings{Dataset: c.datasetNamed(o.need("dataset"))}
	title, day, where := o.need("title"), o.need("day"), o.find("where")
	if x.Dataset == nil {
		return x
	}
	if len(x.Dataset.Key) > 1 {
		c.fault(o.need("dataset").place, say("%s 的主键不止一列，决议无法指明是哪次会议", "%s has a key of several columns, to which no resolution can refer", x.Dataset.ID), say("换成主键只有一列的记录", "name records whose key is one column"))
	}
	x.Title = c.columnOf(x.Dataset, title, true)
	x.Day = c.columnOf(x.Dataset, day, true, TypeDatetime, TypeDate)
	if where != nil {
		e := c.expression(where, x.Dataset, qualityUse)
		x.Where = &e
	}
	return x
}

func (c *checker) packResolutions(o *object) *PackResolutions {
	x := &PackResolutions{Dataset: c.datasetNamed(o.need("dataset"))}
	columns := []struct {
		key      string
		required bool
		into     *string
		types    []Type
	}{
		{"meeting", true, &x.Meeting, nil}, {"text", true, &x.Text, []Type{TypeText}}, {"decided", true, &x.Decided, []Type{TypeDatetime, TypeDate}},
		{"department", false, &x.Department, []Type{TypeDepartment}}, {"assignee", true, &x.Assignee, []Type{TypeEmployee}}, {"assigned", true, &x.Assigned, []Type{TypeDatetime, TypeDate}},
		{"due", true, &x.Due, []Type{TypeDate, TypeDatetime}}, {"done", true, &x.Done, []Type{TypeDate, TypeDatetime}},
	}
	for _, col := range columns {
		n := o.find(col.key)
		if col.required {
			n = o.need(col.key)
		}
		if n != nil && x.Dataset != nil {
			*col.into = c.columnOf(x.Dataset, n, true, col.types...)
		}
	}
	if n := o.find("cancelled"); n != nil && x.Dataset != nil {
		e := c.expression(n, x.Dataset, qualityUse)
		x.Cancelled = &e
	}
	return x
}

// packMeets makes sure that resolutions belong to meetings that somebody lists.
func (c *checker) packMeets(n *node) {
	if n != nil && c.policy.Pack.Meetings == nil {
		c.fault(n.place, say("写了 resolutions 而没有 meetings", "there are resolutions, but no meetings"), say("补上 meetings，说明哪些记录是战略会", "add meetings, which says what records are strategy meetings"))
	}
}

func (c *checker) packPage(key *node, o *object) *PackPage {
	x := &PackPage{ID: key.text, Name: c.bilingual(o.need("name"), maxName)}
	n := o.need("kpis")
	if n == nil {
		return x
	}
	for _, item := range c.list(n) {
		k := c.kpiOf(item)
		switch {
		case k == nil:
		case slices.Contains(x.KPIs, k):
			c.twice(item, "kpis")
		case !k.Listed && !c.policy.Judges(k):
			c.fault(item.place, say("指标 %s 不列出（listed: false），报告中没有它", "the KPI %s is not listed (listed: false), so that no report has it", k.ID), say("去掉它的 listed: false，或换一个指标", "delete its listed: false, or name another KPI"))
		default:
			x.KPIs = append(x.KPIs, k)
		}
	}
	return x
}

// pack tells what the pack shows, for Diff.
func (s *sayings) pack(p *Pack) {
	if p == nil {
		return
	}
	if m := p.Meetings; m != nil {
		s.about(PackPart, "meetings", Text{"战略会", "Strategy meetings"})
		s.add("dataset", Text{"记录", "dataset"}, plain(m.Dataset.ID))
		s.add("title", Text{"名称列", "column of the title"}, plain(m.Title))
		s.add("day", Text{"日期列", "column of the day"}, plain(m.Day))
		s.expression("where", Text{"条件", "condition"}, m.Where)
	}
	if r := p.Resolutions; r != nil {
		s.about(PackPart, "resolutions", Text{"决议", "Resolutions"})
		s.add("dataset", Text{"记录", "dataset"}, plain(r.Dataset.ID))
		s.add("columns", Text{"会议、内容、决议、部门、责任人、分配、期限、完成各列", "columns of meeting, text, decision, department, assignee, assignment, due and done"},
			joined([]string{r.Meeting, r.Text, r.Decided, r.Department, r.Assignee, r.Assigned, r.Due, r.Done}))
		s.expression("cancelled", Text{"取消的条件", "condition of cancelled ones"}, r.Cancelled)
	}
	for _, x := range p.Pages {
		var kpis []string
		for _, k := range x.KPIs {
			kpis = append(kpis, k.ID)
		}
		s.about(PackPart, "pages."+x.ID, x.Name)
		s.add("kpis", Text{"指标", "KPIs"}, joined(kpis))
	}
}
