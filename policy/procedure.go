package policy

import (
	"fmt"
	"slices"

	"plumbline/internal/fixed"
)

// Office is a post of the procedure that no department has: who judges for the company.
type Office string

// The offices.
const (
	CEO     Office = "ceo"     // signs what exceeds the heads' limit, and evaluates those above whom nobody stands
	HR      Office = "hr"      // opens, calibrates, publishes, arbitrates, draws up the rewards, seals
	Finance Office = "finance" // signs rewards after the heads
)

// Offices lists them in the order of reports.
var Offices = []Office{CEO, HR, Finance}

var officeNames = map[Office]Text{CEO: {"总经理", "CEO"}, HR: {"人力资源", "human resources"}, Finance: {"财务", "finance"}}

// Name gives the office in words.
func (o Office) Name() Text { return officeNames[o] }

// Holders says who holds an office: employees of one of the positions, and those named by number.
type Holders struct {
	Positions []string
	Employees []string
}

// Reviews are the rules of self-reviews, evaluations and appeals.
type Reviews struct {
	SelfReview SelfReview
	Evaluation Evaluation
	Appeals    Appeals
}

// SelfReview says what a monthly self-review shows and when it is due.
type SelfReview struct {
	DueDay  int64 // of the next month
	Hours   *HoursBy
	Records []*KPI // whose records are listed one by one, counted or not
}

// HoursBy says which hours of the work log are added up, and by which column.
type HoursBy struct {
	Dataset *Dataset
	Sum, By string // columns
}

// Evaluation are the rules of the superior's quarterly evaluation.
type Evaluation struct {
	DueDays         int64     // after the quarter's last day
	Lowest, Highest fixed.Num // points that may be given
	Below, Above    fixed.Num // points beyond these are extreme and need a reason
	Gap             fixed.Num // so many points away from those of the KPI need a reason
}

// Appeals are the terms of an appeal, in workdays.
type Appeals struct {
	FileWithin      int64 // of the publication
	MediateWithin   int64 // of the filing
	ArbitrateWithin int64 // of the mediation, or of its term
}

// Rewards are the rules by which a sealed quarter becomes bonus, certificates and promotion.
type Rewards struct {
	DirectorLimit  fixed.Num  // yuan; a department's list of this amount or more needs the CEO's signature
	MakeUpWithin   int64      // days within which the signatures of an emergency are made up
	EmergencyLimit fixed.Num  // yuan; a head may have less than this paid before it is signed, the CEO any amount
	Budget         *fixed.Num // yuan a quarter; nil: none
	Extras         []Extra
	Incident       *Incident
	Certificate    *Certificate
	Promotion      *Promotion
	RotationYears  int64 // after so many years in a department a person may apply for another one; 0: no rule
}

// Extra pays more to whoever exceeds a target.
type Extra struct {
	KPI   *KPI      // of the person's scorecard
	Above fixed.Num // attainment in percent from which it is paid
	Share fixed.Num // percent of the bonus base
}

// Incident bounds the bonus coefficient of whoever the KPI counts something against.
type Incident struct {
	KPI  *KPI  // of unit count, lower is better
	Band *Band // whose coefficient is the most that is paid
}

// Certificate goes to everybody in a band or a better one.
type Certificate struct {
	Band   *Band
	Prefix string // of its number
}

// Promotion is earned by so many sealed quarters in a row in a band or a better one.
type Promotion struct {
	Band     *Band
	Quarters int64
	Month    int64 // of the yearly promotion
}

// procedure reads the sections offices, reviews and rewards of company.yaml, which name datasets, KPIs and bands.
func (c *checker) procedure(o *object) {
	if n := o.find("offices"); n != nil {
		c.offices(n, o.keys["offices"])
	}
	if n := o.find("reviews"); n != nil {
		c.policy.Reviews = c.reviews(n, o.keys["reviews"])
	}
	if n := o.find("rewards"); n != nil {
		c.policy.Rewards = c.rewards(n, o.keys["rewards"])
	}
	for _, section := range []string{"reviews", "rewards"} {
		if o.values[section] != nil && o.values["offices"] == nil && !o.misspelt["offices"] {
			c.fault(o.keys[section], say("没有 offices 一节，%s 无人可办", "without the section offices nobody could act by %s", section),
				say("写明 offices：ceo、hr、finance 由谁担任", "write offices: who is ceo, hr and finance"))
		}
	}
}

// in reads the form under a key of an object; nil without it, or after a fault.
func (c *checker) in(o *object, key, form string) *object {
	return c.formOf(o.find(key), o.keys[key], form)
}

// formOf reads a node as a form; nil where there is none, or after a fault.
func (c *checker) formOf(n *node, p Place, form string) *object {
	if n == nil {
		return nil
	}
	if o, ok := c.object(n, p, form); ok {
		return o
	}
	return nil
}

func (c *checker) offices(n *node, p Place) {
	all := c.formOf(n, p, "offices")
	if all == nil {
		return
	}
	c.policy.Offices = map[Office]Holders{}
	for _, office := range Offices {
		key := string(office)
		if o := c.formOf(all.need(key), all.keys[key], "office"); o != nil {
			c.policy.Offices[office] = c.holders(o)
		}
	}
}

// holders reads who holds an office.
func (c *checker) holders(o *object) (h Holders) {
	h.Positions, _ = c.words(o.find("positions"))
	h.Employees, _ = c.words(o.find("employees"))
	if o.values["positions"] == nil && o.values["employees"] == nil && !o.misspelt["positions"] && !o.misspelt["employees"] {
		c.fault(o.place, say("没有写明由谁担任", "it does not say who holds the office"), say("写上 positions（岗位）或 employees（工号）", "write positions or employees"))
	}
	return h
}

func (c *checker) reviews(n *node, p Place) *Reviews {
	o := c.formOf(n, p, "reviews")
	if o == nil {
		return nil
	}
	r := &Reviews{}
	if o := c.formOf(o.need("self_review"), o.keys["self_review"], "self_review"); o != nil {
		r.SelfReview = c.selfReview(o)
	}
	if o := c.formOf(o.need("evaluation"), o.keys["evaluation"], "evaluation"); o != nil {
		r.Evaluation = c.evaluation(o)
	}
	if o := c.formOf(o.need("appeals"), o.keys["appeals"], "appeals"); o != nil {
		r.Appeals = Appeals{c.term(o.need("file_within")), c.term(o.need("mediate_within")), c.term(o.need("arbitrate_within"))}
	}
	return r
}

// wholeWithin reads a whole number between two bounds, both allowed; the lower one where there is none, or after a fault.
func (c *checker) wholeWithin(n *node, least, most int64) int64 {
	v, ok := c.number(n)
	if !ok {
		return least
	}
	if v < fixed.Int(least) || v > fixed.Int(most) || v%fixed.Int(1) != 0 {
		c.fault(n.place, say("%s 不是 %d 到 %d 的整数", "%s is not a whole number from %d to %d", v, least, most), say("写整数", "write a whole number"))
		return least
	}
	return int64(v / fixed.Int(1))
}

// term reads a number of days, or a parameter with one: at least one.
func (c *checker) term(n *node) int64 { return c.wholeDays(n, 1) }

// amount reads yuan above zero, or a parameter with them; false where there are none, or after a fault.
func (c *checker) amount(n *node) (fixed.Num, bool) {
	before := len(c.faults)
	v := c.figure(n)
	if n == nil || len(c.faults) > before {
		return 0, false
	}
	if v <= 0 {
		c.fault(n.place, say("金额须大于 0，此处为 %s", "an amount is above 0, but this is %s", v), say("写金额（元）或参数名", "write yuan, or a parameter"))
		return 0, false
	}
	return v, true
}

func (c *checker) selfReview(o *object) SelfReview {
	s := SelfReview{DueDay: c.wholeWithin(o.need("due_day"), 1, 28)} // every month has a day 28
	if hours := c.in(o, "hours", "hours_by"); hours != nil {
		s.Hours = c.hoursBy(hours)
	}
	for _, n := range c.list(o.find("records")) {
		k := c.kpiOf(n)
		switch {
		case k == nil:
		case k.DepartmentOnly() || k.Anonymous || k.IsRatio():
			c.fault(n.place, say("指标 %s 没有一个人自己的记录可列", "the KPI %s has no records of one person to list", k.ID),
				say("换成记录属于个人的指标", "name a KPI whose records belong to people"))
		case slices.Contains(s.Records, k):
			c.twice(n, "records")
		default:
			s.Records = append(s.Records, k)
		}
	}
	return s
}

// hoursBy reads {dataset, sum, by}; nil without a dataset.
func (c *checker) hoursBy(o *object) *HoursBy {
	of, sum, by := o.need("dataset"), o.need("sum"), o.need("by")
	d := c.datasetNamed(of)
	if d == nil {
		return nil
	}
	if d.Owner == "" || d.Day == "" {
		c.fault(of.place, say("记录 %s 没有 owner 或 day，说不出谁在哪一天做了多少", "the dataset %s has no owner or no day and cannot say who worked when", d.ID),
			say("换成两者都有的记录", "name a dataset with both"))
	}
	return &HoursBy{Dataset: d, Sum: c.columnOf(d, sum, false, TypeHours), By: c.columnOf(d, by, true, TypeText, TypeID, TypeEnum)}
}

func (c *checker) evaluation(o *object) Evaluation {
	given := map[string]fixed.Num{} // what can be read
	for _, key := range []string{"lowest", "extreme_below", "extreme_above", "highest", "gap"} {
		if v, ok := c.number(o.need(key)); ok {
			given[key] = v
		}
	}
	for _, pair := range [][2]string{{"lowest", "extreme_below"}, {"extreme_below", "extreme_above"}, {"extreme_above", "highest"}} {
		low, ok := given[pair[0]]
		high, ok2 := given[pair[1]]
		if ok && ok2 && high < low {
			c.fault(o.values[pair[1]].place, say("%s（%s）低于 %s（%s）", "%s (%s) lies below %s (%s)", pair[1], high, pair[0], low),
				say("要求 lowest ≤ extreme_below ≤ extreme_above ≤ highest", "keep lowest ≤ extreme_below ≤ extreme_above ≤ highest"))
		}
	}
	low, ok := given["lowest"]
	if ok && low < 0 {
		c.fault(o.values["lowest"].place, say("最低分不可为负", "the lowest points are never negative"), say("从 0 写起", "begin at 0"))
	}
	if high, ok2 := given["highest"]; ok && ok2 && high == low {
		c.fault(o.values["highest"].place, say("最高分就是最低分，人人都一样", "the highest points are the lowest as well, so that all are alike"), say("写高于 lowest 的数", "write a number above lowest"))
	}
	if gap, ok := given["gap"]; ok && gap <= 0 {
		c.fault(o.values["gap"].place, say("gap 须大于 0", "gap is above 0"), say("写相差多少分须说明理由，例如 20", "write how many points away need a reason, such as 20"))
	}
	return Evaluation{DueDays: c.term(o.need("due_days")), Lowest: low, Highest: given["highest"], Below: given["extreme_below"], Above: given["extreme_above"], Gap: given["gap"]}
}

func (c *checker) rewards(n *node, p Place) *Rewards {
	o := c.formOf(n, p, "rewards")
	if o == nil {
		return nil
	}
	r := &Rewards{MakeUpWithin: c.term(o.need("make_up_within"))}
	r.DirectorLimit, _ = c.amount(o.need("director_limit"))
	r.EmergencyLimit = r.DirectorLimit
	if v, ok := c.amount(o.find("emergency_limit")); ok {
		r.EmergencyLimit = v
	}
	if v, ok := c.amount(o.find("budget")); ok {
		r.Budget = &v
	}
	for _, n := range c.list(o.find("extras")) {
		if o := c.formOf(n, n.place, "extra"); o != nil {
			r.Extras = append(r.Extras, c.extra(o, r.Extras))
		}
	}
	if o := c.in(o, "incident", "incident"); o != nil {
		r.Incident = c.incident(o)
	}
	if o := c.in(o, "certificate", "certificate"); o != nil {
		r.Certificate = &Certificate{Band: c.bandNamed(o.need("band"))}
		r.Certificate.Prefix, _ = c.word(o.need("prefix"), maxBand)
	}
	if o := c.in(o, "promotion", "promotion"); o != nil {
		r.Promotion = &Promotion{c.bandNamed(o.need("band")), c.wholeWithin(o.need("quarters"), 1, 40), c.wholeWithin(o.need("month"), 1, 12)}
	}
	if n := o.find("rotation_years"); n != nil {
		r.RotationYears = c.wholeWithin(n, 1, 50)
	}
	return r
}

// extra reads {kpi, above, share} after the extras before it. Whoever's scorecard does not have the KPI earns nothing by it.
func (c *checker) extra(o *object, before []Extra) (e Extra) {
	kpi := o.need("kpi")
	e.KPI = c.kpiOf(kpi)
	if e.KPI != nil && slices.ContainsFunc(before, func(x Extra) bool { return x.KPI == e.KPI }) {
		c.twice(kpi, "extras")
	}
	e.Above, e.Share = c.percentAbove(o.need("above"), fixed.Int(100), "120"), c.percentAbove(o.need("share"), 0, "10")
	return e
}

// percentAbove reads a percentage that lies above a bound.
func (c *checker) percentAbove(n *node, bound fixed.Num, example string) fixed.Num {
	v, ok := c.number(n)
	if ok && v <= bound {
		c.fault(n.place, say("%s 不大于 %s", "%s is not above %s", v, bound), say("写百分数，例如 %s", "write a percentage, such as %s", example))
	}
	return v
}

// incident reads {kpi, band}.
func (c *checker) incident(o *object) *Incident {
	kpi, band := o.need("kpi"), o.need("band")
	i := &Incident{KPI: c.judging(kpi), Band: c.bandOf(band)}
	if i.KPI != nil {
		c.penalised(kpi, i.KPI)
	}
	if i.Band != nil && i.Band.Bonus == nil {
		c.fault(band.place, say("等级 %s 没有 bonus，限制不了奖金", "the band %s has no bonus, so that nothing would be bounded", i.Band.ID),
			say("给各等级写上 bonus，或删去 incident", "give every band a bonus, or delete incident"))
	}
	return i
}

// bandNamed reads the id of a band; any will do.
func (c *checker) bandNamed(n *node) *Band {
	id, ok := c.word(n, maxBand)
	if !ok || len(c.policy.Bands) == 0 { // without bands, company.yaml is at fault, and that has been reported
		return nil
	}
	i := c.policy.bandIndex(id)
	if i < 0 {
		c.fault(n.place, say("没有等级“%s”", "there is no band “%s”", clip(id)), oneOfCure(id, c.policy.bandIDs()))
		return nil
	}
	return &c.policy.Bands[i]
}

// AtLeast reports whether a band is another one or better; nil is below all.
func (p *Policy) AtLeast(band, than *Band) bool {
	return band != nil && p.bandIndex(band.ID) <= p.bandIndex(than.ID)
}

// procedure tells what offices, reviews and rewards say.
func (s *sayings) procedure(p *Policy) {
	for _, o := range Offices {
		if h, ok := p.Offices[o]; ok {
			s.about(OfficesPart, string(o), o.Name())
			s.add("positions", Text{"岗位", "positions"}, joined(h.Positions))
			s.add("employees", Text{"工号", "employees"}, joined(h.Employees))
		}
	}
	if r := p.Reviews; r != nil {
		s.selfReview(&r.SelfReview)
		s.evaluation(&r.Evaluation)
		s.about(ReviewsPart, "appeals", Text{"申诉", "Appeals"})
		s.whole("file_within", Text{"公布后几个工作日内提出", "workdays to file"}, r.Appeals.FileWithin)
		s.whole("mediate_within", Text{"几个工作日内调解", "workdays to mediate"}, r.Appeals.MediateWithin)
		s.whole("arbitrate_within", Text{"几个工作日内仲裁", "workdays to arbitrate"}, r.Appeals.ArbitrateWithin)
	}
	if p.Rewards != nil {
		s.rewards(p.Rewards)
	}
}

func (s *sayings) evaluation(e *Evaluation) {
	s.about(ReviewsPart, "evaluation", Text{"上级评估", "Evaluation"})
	s.whole("due_days", Text{"季末后几日内完成", "days after the quarter"}, e.DueDays)
	s.add("lowest", Text{"最低分", "lowest points"}, plain(e.Lowest.String()))
	s.add("highest", Text{"最高分", "highest points"}, plain(e.Highest.String()))
	s.add("extreme_below", Text{"低于此分须说明理由", "a reason is needed below"}, plain(e.Below.String()))
	s.add("extreme_above", Text{"高于此分须说明理由", "a reason is needed above"}, plain(e.Above.String()))
	s.add("gap", Text{"与指标得分相差多少须说明理由", "a reason is needed so far from the KPI points"}, plain(e.Gap.String()))
}

func (s *sayings) whole(field string, what Text, n int64) {
	s.add(field, what, plain(fixed.Int(n).String()))
}

func (s *sayings) selfReview(r *SelfReview) {
	s.about(ReviewsPart, "self_review", Text{"月度自评", "Self-review"})
	s.whole("due_day", Text{"次月几日截止", "day of the next month"}, r.DueDay)
	if h := r.Hours; h != nil {
		s.add("hours", Text{"工时合计", "hours"}, plain(h.Dataset.ID+": "+h.Sum+" / "+h.By))
	}
	var ids []string
	for _, k := range r.Records {
		ids = append(ids, k.ID)
	}
	s.add("records", Text{"逐条列出的记录", "records listed"}, joined(ids))
}

func (s *sayings) rewards(r *Rewards) {
	s.about(RewardsPart, "", Text{"奖惩", "Rewards"})
	s.add("director_limit", Text{"部门负责人的审批限额", "the head's limit"}, plain(r.DirectorLimit.String()))
	s.whole("make_up_within", Text{"应急发放后几日内补签", "days to make up an emergency"}, r.MakeUpWithin)
	s.add("emergency_limit", Text{"部门负责人应急发放的限额", "the head's limit in an emergency"}, plain(r.EmergencyLimit.String()))
	s.add("budget", Text{"每季预算", "budget of a quarter"}, optionalNum(r.Budget))
	for _, e := range r.Extras {
		s.add("extra "+e.KPI.ID, Text{"超额奖励：" + e.KPI.Name.ZH, "extra for " + e.KPI.Name.EN}, plain(e.Above.String()+" % → "+e.Share.String()+" %"))
	}
	if i := r.Incident; i != nil {
		s.add("incident", Text{"事件查实后的奖金上限", "most bonus after an incident"}, plain(i.KPI.ID+" → "+i.Band.ID))
	}
	if c := r.Certificate; c != nil {
		s.add("certificate", Text{"荣誉证书", "certificate"}, plain(c.Band.ID+" "+c.Prefix))
	}
	if m := r.Promotion; m != nil {
		s.add("promotion", Text{"晋升：等级 × 季度数 / 月份", "promotion: band × quarters / month"}, plain(fmt.Sprintf("%s × %d / %d", m.Band.ID, m.Quarters, m.Month)))
	}
	if r.RotationYears > 0 {
		s.whole("rotation_years", Text{"轮岗年限", "years before rotation"}, r.RotationYears)
	}
}
