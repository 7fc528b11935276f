package reports

import (
	"fmt"
	"strings"
	"unicode"
)

// pointerWords say where values lead and what notes tell.
func (b *book) pointerWords(p *stayPlan) string {
	if p.card == nil {
		return ""
	}
	words := b.t("总分的批注写明由来。", " Notes on the totals say how they come about.")
	if len(p.people) > notesMost {
		words = fmt.Sprintf(b.t("前 %d 人总分的批注写明由来。", " Notes on the first %d totals say how they come about."), notesMost)
	}
	if len(b.plan.blocks) > 0 {
		words += b.t("点指标的数值即到背后的逐条记录。", " Clicking the value of a KPI leads to the rows behind it.")
	}
	return words
}

// defineStays gives the totals and bands of a department names that formulas of one's own may use.
func (b *book) defineStays(s *sheet, p *stayPlan) {
	id := nameID(p.department.Department.ID)
	s.keep(b.define("total_"+id, p.there(p.total)))
	s.keep(b.define("band_"+id, p.there(p.band)))
	s.keep(b.define("people_"+id, p.there(colNo)))
}

// nameID makes part of a defined name out of an id: letters and digits stay, all else becomes its code.
func nameID(id string) string {
	var n strings.Builder
	for _, r := range id {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			n.WriteRune(r)
		} else {
			fmt.Fprintf(&n, "_%x", r)
		}
	}
	return cutBytes(n.String(), 200)
}
