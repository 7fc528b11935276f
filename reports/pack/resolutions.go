package pack

import (
	"fmt"

	"plumbline/charts"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

func grouped(n int64) string { return fixed.Grouped(fixed.Int(n).Text(0)) }

var stateNames = map[metrics.ResolutionState]policy.Text{
	metrics.Overdue: {ZH: "▼ 逾期", EN: "▼ overdue"}, metrics.Unassigned: {ZH: "▼ 无责任人", EN: "▼ no assignee"}, metrics.Pending: {ZH: "执行中", EN: "under way"},
	metrics.DoneLate: {ZH: "逾期完成", EN: "done late"}, metrics.DoneInTime: {ZH: "▲ 按期完成", EN: "▲ done in time"}, metrics.Abandoned: {ZH: "已取消", EN: "given up"},
}

var stateTones = map[metrics.ResolutionState]Tone{metrics.Overdue: Bad, metrics.Unassigned: Bad, metrics.DoneInTime: Good, metrics.Abandoned: Weak}

// resolved counts the resolutions in a state, of the last meeting and those that earlier ones left.
func resolved(f *metrics.FollowUp, state metrics.ResolutionState) (n int) {
	for _, list := range [][]metrics.Resolution{f.Last, f.Earlier} {
		for _, r := range list {
			if r.State == state {
				n++
			}
		}
	}
	return n
}

// resolutions is what the last meeting resolved, and what became of it.
func (b *builder) resolutions() []Page {
	f := b.FollowUp
	if f == nil {
		return nil
	}
	p := Page{ID: "resolutions", Section: policy.Text{ZH: "上次会议决议", EN: "Last meeting's resolutions"}, Layout: Whole}
	if f.Title == "" {
		p.Headline = policy.Text{ZH: "账本中还没有战略会的记录", EN: "The books hold no strategy meeting yet"}
		p.Blocks = []Block{{Points: []Point{{Tone: Weak, Text: policy.Text{ZH: "会议与决议记录入账后，这里列出每项决议的责任人、期限和完成情况。", EN: "Once meetings and resolutions are in, every resolution stands here with assignee, day and what became of it."}}}}}
		return []Page{p}
	}
	title := charts.Name(same(f.Title)).ZH
	day := f.Held.Format("2006-01-02")
	p.Title = policy.Text{ZH: fmt.Sprintf("%s（%s 召开）· 截至 %s", title, day, f.Day.Format("2006-01-02")), EN: fmt.Sprintf("%s (held on %s) · as of %s", title, day, f.Day.Format("2006-01-02"))}
	done := 0
	for _, r := range f.Last {
		if r.State == metrics.DoneInTime || r.State == metrics.DoneLate {
			done++
		}
	}
	p.Headline = saying("上次会议 %[1]d 项决议，完成 %[2]d 项；连同更早的，现有 %[3]d 项逾期、%[4]d 项没有责任人", "Resolutions of the last meeting done: %[2]d of %[1]d; overdue, with earlier ones: %[3]d, without assignee: %[4]d",
		len(f.Last), done, resolved(f, metrics.Overdue), resolved(f, metrics.Unassigned))
	t := &Table{Columns: []Column{{Name: policy.Text{ZH: "决议", EN: "Resolution"}, Share: 34}, {Name: policy.Text{ZH: "部门", EN: "Department"}, Share: 14}, {Name: policy.Text{ZH: "责任人", EN: "Assignee"}, Share: 12},
		{Name: policy.Text{ZH: "期限", EN: "Due"}, Share: 11}, {Name: policy.Text{ZH: "完成", EN: "Done"}, Share: 11}, {Name: policy.Text{ZH: "状态", EN: "State"}, Share: 18}}}
	for _, list := range [][]metrics.Resolution{f.Last, f.Earlier} {
		for _, r := range list {
			t.Rows = append(t.Rows, b.resolution(r, r.Meeting != f.Title || !r.Held.Equal(f.Held)))
		}
	}
	return paged(p, t, bodyWidth)
}

func (b *builder) resolution(r metrics.Resolution, earlier bool) Row {
	what := charts.Name(same(r.Text))
	if earlier {
		held := r.Held.Format("2006-01-02")
		what = policy.Text{ZH: what.ZH + "（" + held + " 的会议）", EN: what.EN + " (meeting of " + held + ")"}
	}
	who := Cell{Text: charts.Name(r.Assignee.Name)}
	if isEmpty(who.Text) {
		who.Text = same(r.Assignee.No)
	}
	if r.Assignee.No == "" {
		who = Cell{Text: policy.Text{ZH: "未分配", EN: "nobody"}, Tone: Bad}
	}
	department := charts.Name(r.Department.Name)
	if isEmpty(department) {
		department = same("–")
	}
	return Row{Cells: []Cell{text(what), text(department), who, text(date(r.Due)), text(date(r.Done)), {Text: stateNames[r.State], Tone: stateTones[r.State]}}}
}
