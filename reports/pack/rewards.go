package pack

import (
	"cmp"
	"fmt"
	"slices"

	"plumbline/charts"
	"plumbline/internal/fixed"
	"plumbline/policy"
	"plumbline/reviews"
)

// part is what some sheets of the reward lists come to together.
type part struct {
	name         policy.Text
	people       int
	bonus, extra fixed.Num
	cut, amount  fixed.Num
	unsigned     int // sheets
	certificates int
	sheets       int
}

// parts adds the lines up by the department whose head signs them. Departments of fewer than five people are put together until five or more are,
// so that no amount tells what one person gets.
func (b *builder) parts() []part {
	by := map[string]*part{}
	var ids []string
	lines, amounts := b.lastLines()
	for _, l := range lines {
		p := by[l.Sheet]
		if p == nil {
			p = &part{name: b.nameOf(l.Sheet)}
			by[l.Sheet], ids = p, append(ids, l.Sheet)
		}
		p.people++
		p.bonus, p.extra, p.cut, p.amount = p.bonus+l.Bonus, p.extra+l.Extra, p.cut+l.Cut, p.amount+amounts[l.Employee]
		if l.Certificate != "" {
			p.certificates++
		}
	}
	for _, list := range b.Rewards.Lists {
		if list.Refused != nil {
			continue
		}
		for i := range list.Sheets {
			if p := by[list.Sheets[i].Department]; p != nil {
				if p.sheets++; list.Sheets[i].Next() != "" {
					p.unsigned++
				}
			}
		}
	}
	all := make([]part, 0, len(ids))
	for _, id := range ids {
		all = append(all, *by[id])
	}
	return together(all)
}

// lastLines gives everybody's last line, in the order of the lists, and what all lines of each pay together: a compensation says anew what somebody
// gets in all, and pays the difference.
func (b *builder) lastLines() (lines []reviews.RewardLine, amounts map[string]fixed.Num) {
	at := map[string]int{}
	amounts = map[string]fixed.Num{}
	for n, list := range b.Rewards.Lists {
		if list.Refused != nil {
			continue
		}
		for _, l := range b.Rewards.Lines[n] {
			if i, ok := at[l.Employee]; ok {
				lines[i] = l
			} else {
				at[l.Employee], lines = len(lines), append(lines, l)
			}
			amounts[l.Employee] += l.Amount
		}
	}
	return lines, amounts
}

// together joins the smallest parts until each is of five people or more.
func together(all []part) []part {
	slices.SortStableFunc(all, func(x, y part) int { return cmp.Compare(y.people, x.people) })
	var names []policy.Text
	for len(all) > 1 && all[len(all)-1].people < fewestPeople {
		x, y := all[len(all)-2], all[len(all)-1]
		if len(names) == 0 {
			names = append(names, y.name)
		}
		names = append(names, x.name)
		x.people, x.bonus, x.extra, x.cut, x.amount = x.people+y.people, x.bonus+y.bonus, x.extra+y.extra, x.cut+y.cut, x.amount+y.amount
		x.unsigned, x.sheets, x.certificates = x.unsigned+y.unsigned, x.sheets+y.sheets, x.certificates+y.certificates
		x.name = policy.Text{ZH: fmt.Sprintf("合并：%s", until(names, 3).ZH), EN: fmt.Sprintf("together: %s", until(names, 3).EN)}
		all = append(all[:len(all)-2], x)
	}
	return all
}

func (b *builder) nameOf(department string) policy.Text {
	for _, d := range b.Report.Departments {
		if d.Department.ID == department {
			return charts.Name(d.Department.Name)
		}
	}
	if department == "" {
		return policy.Text{ZH: "部门负责人等", EN: "heads and others under no head"}
	}
	return same(department)
}

// rewards is what the quarter brings, and how far it is signed.
func (b *builder) rewards() []Page {
	p := Page{ID: "rewards", Section: policy.Text{ZH: "奖惩与预算", EN: "Rewards and budget"}, Layout: Whole}
	if b.Rewards == nil || len(b.Rewards.Lists) == 0 {
		p.Headline = policy.Text{ZH: "还没有生成奖惩名单", EN: "No reward list is drawn up yet"}
		p.Title = b.about(b.company(), "奖惩", "rewards")
		p.Blocks = []Block{{Points: []Point{{Tone: Weak, Text: policy.Text{ZH: "封账之后才能由结果生成名单，再由部门负责人、财务部、总经理逐级签字。", EN: "Lists are drawn from sealed results, and then signed by head, finance and CEO."}}}}}
		return []Page{p}
	}
	of := periodText(b.Rewards.Period)
	p.Title = policy.Text{ZH: b.company().ZH + " · 奖惩名单（元）· " + of.ZH, EN: b.company().EN + " · reward lists (yuan) · " + of.EN}
	parts := b.parts()
	if n := len(parts); n > 0 && parts[n-1].people < fewestPeople {
		p.Headline = saying("名单不足 %d 人，金额不显示", "The list has fewer than %d people: amounts are not shown", fewestPeople)
		p.Blocks = []Block{{Points: []Point{{Tone: Weak, Text: policy.Text{ZH: "明细见人力资源的工作簿。", EN: "Human resources have it in their workbook."}}}}}
		return []Page{p}
	}
	var sum part
	t := &Table{Columns: []Column{{Name: policy.Text{ZH: "部门", EN: "Department"}, Share: 30}, {Name: policy.Text{ZH: "人数", EN: "People"}, Number: true, Share: 8}, {Name: policy.Text{ZH: "奖金", EN: "Bonus"}, Number: true, Share: 15},
		{Name: policy.Text{ZH: "超额奖", EN: "Extra"}, Number: true, Share: 12}, {Name: policy.Text{ZH: "预算削减", EN: "Cut by the budget"}, Number: true, Share: 13}, {Name: policy.Text{ZH: "应发", EN: "Amount"}, Number: true, Share: 15},
		{Name: policy.Text{ZH: "待签的单子", EN: "Sheets to sign"}, Number: true, Share: 7}}}
	for _, x := range parts {
		t.Rows = append(t.Rows, x.row())
		sum.people, sum.bonus, sum.extra, sum.cut, sum.amount = sum.people+x.people, sum.bonus+x.bonus, sum.extra+x.extra, sum.cut+x.cut, sum.amount+x.amount
		sum.unsigned, sum.sheets, sum.certificates = sum.unsigned+x.unsigned, sum.sheets+x.sheets, sum.certificates+x.certificates
	}
	sum.name = policy.Text{ZH: "合计", EN: "Total"}
	last := sum.row()
	last.Sum = true
	t.Rows = append(t.Rows, last)
	amount := yuan(sum.amount)
	p.Headline = policy.Text{ZH: fmt.Sprintf("%s奖惩共 %d 人、%s，%s", of.ZH, sum.people, amount.ZH, signState(sum).ZH), EN: fmt.Sprintf("Rewards of %s: %d people, %s, %s", of.EN, sum.people, amount.EN, signState(sum).EN)}
	p.Blocks = []Block{{Points: b.rewardPoints(sum)}}
	return paged(p, t, bodyWidth)
}

func (x *part) row() Row {
	return Row{Cells: []Cell{text(x.name), count(x.people), money(x.bonus), money(x.extra), money(x.cut), money(x.amount), count(x.unsigned)}}
}

func signState(x part) policy.Text {
	if x.unsigned == 0 {
		return policy.Text{ZH: "已签完", EN: "all signed"}
	}
	return saying("%d 份单子待签", "sheets to be signed: %d", x.unsigned)
}

// rewardPoints are the rules and what they did.
func (b *builder) rewardPoints(sum part) (list []Point) {
	if b.Rewards.Period != b.Report.Period {
		now, of := periodText(b.Report.Period), periodText(b.Rewards.Period)
		list = append(list, Point{Tone: Weak, Text: policy.Text{ZH: now.ZH + "尚无名单，以下是" + of.ZH + "的。", EN: now.EN + " has no list yet; this is that of " + of.EN + "."}})
	}
	if r := b.Policy.Rewards; r != nil && r.Budget != nil {
		budget, cut := yuan(*r.Budget), yuan(sum.cut)
		list = append(list, Point{Text: policy.Text{ZH: "预算 " + budget.ZH + "，削减 " + cut.ZH + "。", EN: "Budget " + budget.EN + ", cut " + cut.EN + "."}})
	} else {
		list = append(list, Point{Tone: Weak, Text: policy.Text{ZH: "制度没有写奖惩预算，不作削减。", EN: "The policy has no budget of rewards, so nothing is cut."}})
	}
	if sum.certificates > 0 {
		list = append(list, Point{Text: saying("荣誉证书 %d 份。", "Certificates of honour: %d.", sum.certificates)})
	}
	return list
}

// rewardDecisions are signatures that only the CEO can give, and a list that was refused.
func (b *builder) rewardDecisions() (list []Point) {
	waiting := 0
	for _, l := range b.Rewards.Lists {
		if l.Refused != nil {
			continue
		}
		for i := range l.Sheets {
			if l.Sheets[i].Next() == reviews.CEOStep {
				waiting++
			}
		}
	}
	if waiting > 0 {
		list = append(list, Point{Tone: Bad, Page: "rewards", Text: saying("%d 份奖惩单待总经理签字", "Reward sheets that wait for the CEO's signature: %d", waiting)})
	}
	return list
}
