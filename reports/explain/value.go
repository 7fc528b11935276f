package explain

import (
	"io"
	"math/big"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// WriteValue writes the receipt of one value. The files are those of the records that counted.
func WriteValue(w io.Writer, r *metrics.Receipt, files []File, lang policy.Lang) error {
	p := &page{lang: lang}
	v := r.Value
	p.title(p.f("%s，%s，%s", "%s, %s, %s", v.KPI.Name.In(lang), p.nameOf(v.Period), p.subject(r)))
	p.gap()
	if r.Person != nil && len(r.Stays) == 0 {
		p.prose(p.f("%s %s在这里没有任职，因此没有数值。", "There is no value: %s did not belong here in %s.", r.Person.Name.In(lang), p.nameOf(v.Period)))
		p.gap()
	}
	p.where(r)
	p.counts(r)
	p.sum(p.t("实际", "Value"), p.calculated(v))
	p.sure(v)
	p.target(v, r.Stays...)
	p.reach(v)
	p.compared(p.t("较上期", "Before"), v, r.Before, r.Change.Change)
	p.compared(p.t("较上年", "Year before"), v, r.YearBefore, r.Change.YearChange)
	p.section(p.t("依据", "What it rests on"))
	p.row(p.t("口径", "Formula"), v.KPI.Formula.In(lang))
	if s := v.KPI.Source.In(lang); s != "" {
		p.row(p.t("来源", "Source"), s)
	}
	if len(v.KPI.Clauses) > 0 {
		p.row(p.t("制度条款", "Clauses"), strings.Join(v.KPI.Clauses, p.t("、", ", ")))
	}
	p.basis(r.Basis)
	if len(files) > 0 && v.Status != metrics.Withheld {
		p.gap()
		p.files(files)
	}
	if list := evidence(v.KPI, v, departmentID(r), employeeNo(r)); len(list) > 0 {
		p.gap()
		p.row(p.t("逐行核对", "Row by row"), p.t("以下命令列出每一条记录及其文件与行", "every record with its file and row"))
		p.commands(list)
	}
	return p.writeTo(w)
}

// where lists the stays of a person by the ids of their departments.
func (p *page) where(r *metrics.Receipt) {
	label := p.t("任职", "Departments")
	for _, s := range r.Stays {
		text := p.f("%s，%s，比例 %s", "%s, %s, share %s", s.Department, p.span(s.First, s.Last), percent(s.Share*100))
		if s.Working != fixed.Int(1) {
			text += p.f("，工时 %s", ", working time %s", percent(s.Working*100))
		}
		p.row(label, text)
		label = ""
	}
}

// subject names whose value it is.
func (p *page) subject(r *metrics.Receipt) string {
	switch {
	case r.Person != nil && r.Department != nil:
		return p.f("%s（%s）在%s（%s）", "%s (%s) in %s (%s)", r.Person.Name.In(p.lang), r.Person.No, r.Department.Name.In(p.lang), r.Department.ID)
	case r.Person != nil:
		return p.f("%s（%s）", "%s (%s)", r.Person.Name.In(p.lang), r.Person.No)
	case r.Department != nil:
		return p.f("%s（%s，含下级部门）", "%s (%s, with its subtree)", r.Department.Name.In(p.lang), r.Department.ID)
	}
	return p.t("全公司", "the company")
}

func departmentID(r *metrics.Receipt) string {
	if r.Department == nil {
		return ""
	}
	return r.Department.ID
}

func employeeNo(r *metrics.Receipt) string {
	if r.Person == nil {
		return ""
	}
	return r.Person.No
}

// sure tells how far a value can be trusted.
func (p *page) sure(v metrics.Value) {
	if v.Status == metrics.Insufficient {
		p.row("", p.f("样本只有 %s，不足 %d：只供参考，不排名、不计分", "only %s cases, fewer than %d: for information, neither ranked nor scored", figure(v.N), v.KPI.Minimum))
	}
	if v.HasInterval {
		p.row(p.t("区间", "Interval"), p.f("样本 %s：真实水平以 95%% 的把握在 %s 与 %s 之间", "of %s cases: with 95%% confidence the true level lies between %s and %s",
			figure(v.N), p.rounded(exactly(v.Low), v.KPI.Unit), p.rounded(exactly(v.High), v.KPI.Unit)))
	}
}

func exactly(f float64) *big.Rat {
	r := new(big.Rat)
	r.SetFloat64(f) // statistics are finite
	return r
}

// compared tells the change against an earlier period, and whether it is more than chance.
func (p *page) compared(label string, now, before metrics.Value, c stat.Change) {
	x, ok := now.Exact()
	y, ok2 := before.Exact()
	if !ok || !ok2 {
		if ok {
			p.row(label, p.f("%s没有可比的数值", "%s has no value to compare with", p.nameOf(before.Period)))
		}
		return
	}
	p.sum(label, p.f("%s：", "%s: ", p.nameOf(before.Period))+p.calculated(before))
	p.sum("", bracketed(now)+" − "+bracketed(before)+" = "+p.signed(new(big.Rat).Sub(x, y), now.KPI.Unit))
	p.row("", p.chance(now, before, c))
}

// bracketed writes a value's quotient as it stands in a difference.
func bracketed(v metrics.Value) string {
	if divides(v) {
		return quotient(v)
	}
	return figure(v.Ratio.Num)
}

// chance tells whether a change is more than chance, where anybody can know.
func (p *page) chance(now, before metrics.Value, c stat.Change) string {
	testable := now.KPI.IsRate() || now.KPI.Adds() && now.KPI.Numerator.Kind == policy.CountRows
	switch {
	case now.Ratio == before.Ratio:
		return p.t("没有变化", "no change")
	case !testable:
		return p.t("是否出于偶然，这类指标无从判断", "whether chance alone would do this cannot be told for a KPI of this kind")
	case c.Significant:
		return p.t("这样的变化超出偶然波动（95% 的把握）", "this is more than chance (95% confidence)")
	case now.Status != metrics.OK || before.Status != metrics.OK:
		return p.t("样本太少，不能说明真有变化", "too few cases to speak of a change")
	}
	return p.t("这样的变化偶然也会出现，不能说明真有变化", "chance alone often does as much: no sign of a real change")
}
