package reports

import (
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// Colours: one meaning, one look. Good and bad can be told apart by colour-blind people and never stand without ▲▼ or words.
const (
	ink       = "222222"
	faintInk  = "767676"
	linkInk   = "0563C1"
	goodInk   = "00695C"
	badInk    = "B5450B"
	headFill  = "E6EDF2"
	groupFill = "D3DFE8"
	sumFill   = "F5F7F9"
	inputFill = "FFF8D6"
	hairline  = "D9D9D9"
	rule      = "8CA0AE"
	barFill   = "B8CFDD"
	chartInk  = "2F5D7C"
)

// bandFills run from the best band to the lowest.
var bandFills = []string{"CDE8E4", "E3F1EC", "F4F4EC", "FBE9D3", "F6D5C3"}

// bandFill gives the pale colour of band i of n, best first.
func bandFill(i, n int) string {
	if n < 2 {
		return bandFills[0]
	}
	return bandFills[i*(len(bandFills)-1)/(n-1)]
}

// Tab colours by kind of sheet.
const (
	tabOverview   = "1F4E6B"
	tabDepartment = "5B8DB0"
	tabEvidence   = "9AA7B0"
	tabQuality    = "C77C2E"
)

// look is everything that makes up a cell style. Equal looks share one style.
type look struct {
	format string // number format
	align  string // "left", "right" or "center"
	fill   string
	ink    string
	size   float64 // points; 0 means 10
	bold   bool
	italic bool
	under  bool
	wrap   bool
	line   string // colour of the line below; "" none
	box    string // colour of a heavy line all round; "" none
	top    bool   // stands at the top of its row, not in the middle
	indent int
	open   bool // may be filled in on a protected sheet
}

// The looks that sheets build on.
var (
	titleLook   = look{size: 14, bold: true, align: "left", wrap: true}
	sayLook     = look{align: "left", wrap: true}
	noteLook    = look{align: "left", wrap: true, ink: faintInk}
	sectionLook = look{size: 12, bold: true, align: "left"}
	headLook    = look{size: 11, bold: true, align: "right", wrap: true, fill: headFill, line: rule}
	groupLook   = look{size: 11, bold: true, align: "center", wrap: true, fill: groupFill}
	textLook    = look{align: "left", line: hairline}
	wrapLook    = look{align: "left", wrap: true, line: hairline}
	midLook     = look{align: "left", line: hairline}
	apartLook   = look{align: "left", wrap: true, indent: 1, line: hairline} // after a number
	dateLook    = look{align: "left", format: "yyyy-mm-dd", line: hairline}
)

// Number formats.
const (
	fmtInt    = "#,##0"
	fmtOne    = "#,##0.0"
	fmtTwo    = "#,##0.00"
	fmtChange = "▲ #,##0.0;▼ #,##0.0;0.0"
	fmtMove   = "▲ 0.00;▼ 0.00;0.00"
	fmtSigned = "+0.00;-0.00;0.00" // beside arrows
	fmtText   = "@"
)

func number(format string) look { return look{align: "right", format: format, line: hairline} }

func (l look) filled(fill string) look { l.fill = fill; return l }
func (l look) strong() look            { l.bold = true; return l }

// style gives the number of the style with this look.
func (b *book) style(l look) (int, error) {
	if id, ok := b.styles[l]; ok {
		return id, nil
	}
	id, err := b.file.NewStyle(l.excel(b.font))
	if err == nil {
		b.styles[l] = id
	}
	return id, err
}

func (l look) excel(font string) *excelize.Style {
	s := &excelize.Style{
		Font:      &excelize.Font{Family: font, Size: 10, Color: ink, Bold: l.bold, Italic: l.italic},
		Alignment: &excelize.Alignment{Horizontal: l.align, Vertical: "center", WrapText: l.wrap, Indent: l.indent},
	}
	if l.size > 0 {
		s.Font.Size = l.size
	}
	if l.ink != "" {
		s.Font.Color = l.ink
	}
	if l.under {
		s.Font.Underline = "single"
	}
	if l.top {
		s.Alignment.Vertical = "top"
	}
	switch l.format {
	case "":
	case fmtText:
		s.NumFmt = 49 // built in
	default:
		s.CustomNumFmt = &l.format
	}
	if l.fill != "" {
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{l.fill}}
	}
	if l.open {
		s.Protection = &excelize.Protection{}
	}
	if l.line != "" {
		s.Border = []excelize.Border{{Type: "bottom", Color: l.line, Style: 1}}
	}
	if l.box != "" {
		s.Border = nil
		for _, side := range []string{"left", "right", "top", "bottom"} {
			s.Border = append(s.Border, excelize.Border{Type: side, Color: l.box, Style: 2})
		}
	}
	return s
}

// rule gives the number of a conditional style that changes ink or fill.
func (b *book) rule(l look) (*int, error) {
	id, ok := b.rules[l]
	if !ok {
		s := &excelize.Style{}
		if l.ink != "" {
			s.Font = &excelize.Font{Color: l.ink}
		}
		if l.fill != "" {
			s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{l.fill}}
		}
		var err error
		if id, err = b.file.NewConditionalStyle(s); err != nil {
			return nil, err
		}
		b.rules[l] = id
	}
	return &id, nil
}

// numberWidth is how many characters a number takes with so many decimals and commas between thousands.
func numberWidth(x float64, decimals int) int {
	n := len(strconv.FormatFloat(x, 'f', decimals, 64))
	digits := n - decimals
	return n + max(digits-1, 0)/3
}

// valueFormat gives the number format of a KPI's value.
func valueFormat(u policy.Unit) string {
	switch u {
	case policy.Count:
		return fmtInt
	case policy.Money, policy.Points:
		return fmtTwo
	}
	return fmtOne
}

// decimals is how many decimals valueFormat shows.
func decimals(u policy.Unit) int {
	switch u {
	case policy.Count:
		return 0
	case policy.Money, policy.Points:
		return 2
	}
	return 1
}

// sumFormat gives the number format of a numerator or denominator. Counts have decimals where records are split by shares.
func sumFormat(m policy.Measure, n fixed.Num) string {
	if m.Kind != policy.SumOf && m.Kind != policy.Median {
		return countFormat(n)
	}
	return fmtTwo
}

// countFormat gives the number format of a count, which has decimals where records are split by shares.
func countFormat(n fixed.Num) string {
	if n%fixed.Int(1) != 0 {
		return fmtTwo
	}
	return fmtInt
}

// unit names what a KPI is counted in.
func (b *book) unit(u policy.Unit) string {
	switch u {
	case policy.Percent:
		return "%"
	case policy.Count:
		return b.t("件", "count")
	case policy.Hours:
		return b.t("小时", "h")
	case policy.Days:
		return b.t("天", "days")
	case policy.Money:
		return b.t("元", "")
	case policy.Points:
		return b.t("分", "points")
	}
	return string(u)
}

// kpiTitle is a KPI's name with its unit: 客户转化率 %.
func (b *book) kpiTitle(k *policy.KPI) string {
	name, unit := k.Name.In(b.lang), b.unit(k.Unit)
	if k.Unit == policy.Percent || unit == "" {
		return strings.TrimSpace(name + " " + unit)
	}
	if b.lang == policy.EN {
		return name + " (" + unit + ")"
	}
	return name + "（" + unit + "）"
}

// bandLabel is how a band is written in cells: its id, and its name where that says more.
func (b *book) bandLabel(band *policy.Band) string {
	if band == nil {
		return ""
	}
	name := band.Name.In(b.lang)
	if name == "" || strings.EqualFold(name, band.ID) {
		return band.ID
	}
	return band.ID + " " + name
}
