package explain

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
)

// target tells what was to be reached and who said so. Stays are those of a person in all departments.
func (p *page) target(v metrics.Value, stays ...metrics.Stay) {
	label := p.t("目标", "Target")
	if v.Target == nil {
		text := p.t("未设目标", "none is set")
		if slices.ContainsFunc(stays, func(s metrics.Stay) bool { return s.Department != stays[0].Department }) {
			text = p.t("所在各部门没有共同的目标，请用 --department 分部门看", "the departments have none in common; ask for one of them with --department")
		}
		p.row(label, text)
		return
	}
	text := p.given(*v.Target, v.KPI.Unit) + p.t("，", ", ") + p.setBy(v)
	if v.TargetFrom != nil && v.TargetFrom.Baseline != nil {
		text += p.t("，基线 ", ", baseline ") + p.given(*v.TargetFrom.Baseline, v.KPI.Unit)
	}
	p.row(label, text)
	if v.TargetFrom != nil {
		p.broken(v)
	}
}

// setBy names the place of a target.
func (p *page) setBy(v metrics.Value) string {
	from := v.TargetFrom
	switch {
	case from == nil:
		return p.t("由考核表所定", "set by the scorecard")
	case from.Scorecard != nil:
		return p.f("由“%s”所定", "set by the %s", from.Scorecard.Name.In(p.lang))
	}
	text := p.f("%s%s的目标", "the target of %s for %s", p.whose(from), p.nameOf(from.Period))
	if from.Set != *v.Target {
		text += " " + p.given(from.Set, v.KPI.Unit)
	}
	if ids := told(from.IDs); len(ids) > 0 {
		text += p.t("，记录 ", ", record ") + p.ids(ids)
	}
	if !from.SetOn.IsZero() {
		text += p.f("，%s 下达", ", set on %s", date(from.SetOn))
	}
	return text
}

// whose names whom a record of targets is for.
func (p *page) whose(from *metrics.TargetSource) string {
	switch {
	case from.Employee != "":
		return p.f("本人（%s）", "the person (%s)", from.Employee)
	case from.Department != "":
		return p.f("部门 %s ", "department %s", from.Department)
	}
	return p.t("全公司", "the company")
}

// told leaves out the ids that were made from the content of records without one.
func told(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return strings.HasPrefix(id, "~") })
}

func (p *page) ids(ids []string) string {
	const most = 3
	if len(ids) > most {
		return strings.Join(ids[:most], p.t("、", ", ")) + p.f(" 等 %d 条", " and others, %d in all", len(ids))
	}
	return strings.Join(ids, p.t("、", ", "))
}

// broken shows how the record of a longer period, or of a person who was not always there, becomes the target.
func (p *page) broken(v metrics.Value) {
	from, k := v.TargetFrom, v.KPI
	if from.Scorecard != nil || from.Period.IsZero() {
		return
	}
	part := from.Set
	if k.Adds() && from.Period.Kind() != v.Period.Kind() {
		part, _ = fixed.Round(new(big.Rat).Mul(part.Rat(), big.NewRat(int64(v.Period.Kind()), int64(from.Period.Kind()))), fixed.Scale)
		p.sum(p.t("分解", "Broken down"), p.f("%s × %[2]d ÷ %[3]d = %[4]s（%[3]d 个月中的 %[2]d 个月）", "%s × %[2]d ÷ %[3]d = %[4]s (%[2]d of %[3]d months)",
			figure(from.Set), int(v.Period.Kind()), int(from.Period.Kind()), figure(part)))
	}
	if from.Present != nil {
		p.sum(p.t("按出勤折算", "By presence"), fmt.Sprintf("%s × %s ÷ %s = %s", figure(part), from.Present.Num(), from.Present.Denom(), figure(*v.Target))+
			p.f("（在岗且未请假的工作日占 %s）", " (%s of the workdays employed and not on leave)", from.Present.RatString()))
	}
}

// reach shows attainment as a division; false when there is none.
func (p *page) reach(v metrics.Value) bool {
	a, ok := v.Attainment()
	if ok {
		p.sum(p.t("达成率", "Attainment"), attained(v)+" = "+fixed.Text(a, 2)+"%")
	}
	return ok
}
