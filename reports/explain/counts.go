package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// counts says which figures were counted, in the words of the formula, and from which records.
func (p *page) counts(r *metrics.Receipt) {
	v := r.Value
	if v.Status == metrics.Withheld {
		return
	}
	p.row(p.t("计数", "Counted"), p.counted(v))
	p.sources(r)
	p.occasions(r)
	p.leftOut(r)
}

// counted says the two figures of a value in the words of its formula, or the formula alone where it has no two.
func (p *page) counted(v metrics.Value) string {
	formula := strings.ReplaceAll(v.KPI.Formula.In(p.lang), p.t("当期", "the period"), p.nameOf(v.Period))
	upper, lower, ok := halves(formula)
	if !ok || !v.KPI.HasDenominator() || v.Status == metrics.NoData {
		return formula
	}
	return p.f("%s：%s；%s：%s", "%s: %s; %s: %s", upper, figure(v.Ratio.Num), lower, figure(v.Ratio.Den))
}

// halves splits a formula in words at its division.
func halves(formula string) (upper, lower string, ok bool) {
	upper, lower, ok = strings.Cut(formula, " ÷ ")
	return upper, lower, ok && !strings.Contains(lower, " ÷ ")
}

// sources tells how many records the figures come from, and by which share each of them counts.
func (p *page) sources(r *metrics.Receipt) {
	n := len(r.Rows.Facts)
	if n == 0 {
		return
	}
	text := p.records(r.Value.KPI, n)
	if r.Rows.Denominator > r.Rows.Numerator {
		text += p.f("，其中 %d 条计入分子", ", %d of them above the line", r.Rows.Numerator)
	}
	switch share := r.Rows.Uniform; {
	case r.Department == nil || share == fixed.Int(1): // the shares of a day add up to the whole record
	case share == 0:
		text += p.t("；兼任两个部门的人，其记录按任职比例计", "; records of people in two departments count by their share of work")
	default:
		text += p.f("，每条按任职比例计 %s", ", each counting by the share of work, %s", percent(share*100))
	}
	p.row(p.t("记录", "Records"), text)
}

// records names the records of a KPI with their number.
func (p *page) records(k *policy.KPI, n int) string {
	if k.IsRatio() {
		return p.f("%s与%s %d 条", "%s and %s: %d", k.Of.Dataset.Name.In(p.lang), k.To.Dataset.Name.In(p.lang), n)
	}
	return p.f("%s %d 条", "%s: %d", k.Dataset.Name.In(p.lang), n)
}

// listed is how many days are named before the rest is only counted.
const listed = 10

// occasions tells what was due, what was done and what is missing.
func (p *page) occasions(r *metrics.Receipt) {
	k := r.Value.KPI
	if k.Expects() == "" {
		return
	}
	missing := 0
	for _, g := range r.Rows.Missing {
		missing += g.Count
	}
	done := r.Rows.Done
	p.sum(p.t("应有", "Due"), p.f("%d + %d = %d %s（已有 %[1]d，缺 %[2]d）", "%d + %d = %d %s (done %[1]d, missing %[2]d)", done, missing, done+missing, p.occasion(k.Expects(), done+missing)))
	p.partTime(r, done, done+missing)
	for _, g := range r.Rows.Missing {
		text := p.f("%d：%s", "%d: %s", g.Count, g.Reason.In(p.lang))
		if r.Person != nil {
			text += p.t("，", ", ") + p.days(g.Days)
		}
		p.row(p.t("缺", "Missing"), text)
	}
}

// partTime tells how what was due becomes the denominator, where it is not all of it.
func (p *page) partTime(r *metrics.Receipt, done, due int) {
	ratio := r.Value.Ratio
	if ratio.Den == fixed.Int(int64(due)) && ratio.Num == fixed.Int(int64(done)) {
		return
	}
	label := p.t("折算", "Part-time")
	if len(r.Stays) != 1 {
		p.row(label, p.f("按任职比例与工时比例，应有计 %s，已有计 %s", "by shares and working time, %s count as due and %s as done", figure(ratio.Den), figure(ratio.Num)))
		return
	}
	s, factors := r.Stays[0], ""
	if s.Share != fixed.Int(1) {
		factors += " × " + percent(s.Share*100)
	}
	if s.Working != fixed.Int(1) && r.Value.KPI.Expects() == policy.Workday {
		factors += " × " + percent(s.Working*100)
	}
	p.sum(label, p.f("应有 %d%s = %s", "due %d%s = %s", due, factors, figure(ratio.Den)))
	if fixed.Int(int64(done)).Times(s.Share) > ratio.Num {
		p.row("", p.f("非全日制的人按月计，已有的超出应有的部分不计：计 %s", "of part-time people no more counts in a month than is due: %s", figure(ratio.Num)))
	}
}

func (p *page) occasion(of policy.Occasion, n int) string {
	switch of {
	case policy.Week:
		return p.t("周", plural(n, "week", "weeks"))
	case policy.Month:
		return p.t("月", plural(n, "month", "months"))
	}
	return p.t("个工作日", plural(n, "workday", "workdays"))
}

// days lists days, the first ones by name.
func (p *page) days(all []time.Time) string {
	var names []string
	for _, d := range all[:min(len(all), listed)] {
		names = append(names, date(d))
	}
	s := strings.Join(names, p.t("、", ", "))
	if len(all) > listed {
		s += p.f(" 等 %d 天", " and %d more", pickCount(p.lang, len(all)))
	}
	return s
}

// pickCount is the number that the language tells: Chinese counts all, English those that are not named.
func pickCount(l policy.Lang, all int) int {
	if l == policy.EN {
		return all - listed
	}
	return all
}

// leftOut tells which records do not count, and why.
func (p *page) leftOut(r *metrics.Receipt) {
	var parts []string
	for _, g := range r.Rows.LeftOut {
		parts = append(parts, p.f("%d 条，%s", "%d, %s", g.Count, g.Reason.In(p.lang)))
	}
	if len(parts) > 0 {
		p.row(p.t("未计入", "Left out"), strings.Join(parts, p.t("；", "; ")))
	}
}

// files lists the files of records that counted.
func (p *page) files(files []File) {
	if len(files) == 0 {
		return
	}
	rows := [][]string{{p.t("数据文件", "File"), p.t("计入行", "Rows"), p.t("账序", "Ledger"), "SHA-256"}}
	for _, f := range files {
		rows = append(rows, []string{f.Name, fmt.Sprint(f.Rows), fmt.Sprint(f.Seq), mark(f.SHA256)})
	}
	p.table(rows, 1, 2)
}

// basis names the policy and the state of the books.
func (p *page) basis(b metrics.Basis) {
	p.row(p.t("制度", "Policy"), p.f("第 %d 版，指纹 %s", "version %d, fingerprint %s", b.PolicyVersion, mark(b.PolicyHash)))
	p.row(p.t("账本", "Ledger"), p.f("第 %d 笔，指纹 %s", "entry %d, fingerprint %s", b.LedgerSeq, mark(b.LedgerHash)))
	p.row(p.t("截至", "As of"), date(b.Day))
	if b.Seal != "" {
		p.row(p.t("封账号", "Seal"), b.Seal)
	}
}

// evidence is the command that lists the rows of a KPI.
func evidence(k *policy.KPI, of metrics.Value, department, employee string) []string {
	kpis := []*policy.KPI{k}
	if k.IsRatio() {
		kpis = []*policy.KPI{k.Of, k.To}
	}
	var commands []string
	for _, k := range kpis {
		if k.Anonymous { // no answer is listed
			continue
		}
		c := "plumbline evidence " + k.ID + " " + of.Period.String()
		if department != "" {
			c += " --department " + department
		}
		if employee != "" {
			c += " --employee " + employee
		}
		commands = append(commands, c)
	}
	return commands
}

// commands lists the commands, none twice.
func (p *page) commands(list []string) {
	var said []string
	for _, c := range list {
		if !slices.Contains(said, c) {
			said = append(said, c)
			p.line(indent + c)
		}
	}
}
