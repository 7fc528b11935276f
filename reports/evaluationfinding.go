package reports

import (
	"fmt"
	"strings"
	"unicode"

	"plumbline/policy"
)

// Rules of an EvaluationFinding.
const (
	EvaluationFile       = "file.workbook"        // no xlsx workbook, damaged, encrypted or too large
	EvaluationForeign    = "file.foreign"         // a workbook without our record
	EvaluationFormat     = "file.format"          // written by a newer program
	EvaluationRecord     = "file.record"          // the record does not match its checksum
	EvaluationSheet      = "sheet.missing"        // the sheet that is filled in is gone or renamed
	EvaluationRowForeign = "row.foreign"          // a row that was not written by us
	EvaluationRowMissing = "row.missing"          // a row that was
	EvaluationRowTwice   = "row.twice"            // a row that stands there again
	EvaluationLocked     = "cell.locked"          // a locked cell that says something else
	EvaluationFormula    = "cell.formula"         // a formula where points or a text belong
	EvaluationError      = "cell.error"           // an error value where a text belongs
	EvaluationLong       = "text.long"            // a text that is too long
	EvaluationNumber     = "points.number"        // points that are no number
	EvaluationPercent    = "points.percent"       // a number formatted as a percentage
	EvaluationDecimals   = "points.decimals"      // more than two decimals
	EvaluationRange      = "points.range"         // points outside the range of the regulation
	EvaluationQuarter    = "quarter.other"        // another quarter than the one asked for
	EvaluationStale      = "version.stale"        // somebody saved since
	EvaluationUnknown    = "evaluation.unknown"   // no such evaluation is to be written any more
	EvaluationSubmitted  = "evaluation.submitted" // it is in already
	EvaluationExempt     = "evaluation.exempt"    // nobody evaluates the person
	EvaluationItems      = "evaluation.items"     // an item without points
	EvaluationExtreme    = "evaluation.extreme"   // extreme points without a reason
	EvaluationGap        = "evaluation.gap"       // far from the KPI points without a reason
)

// EvaluationFinding is one fault of an evaluation sheet that comes back.
type EvaluationFinding struct {
	Sheet, Cell string // "" for the whole file
	Value       string // what was found; "" for nothing
	Rule        string // one of the constants above, or that of a reviews.Refusal
	Say, Cure   policy.Text
}

// EvaluationFindings are all faults of a workbook, in the order of its cells. Nothing of such a workbook is taken in.
type EvaluationFindings []EvaluationFinding

// Error gives the findings in Chinese and English.
func (f EvaluationFindings) Error() string { return f.In(policy.ZH) + "\n" + f.In(policy.EN) }

// findingsTold is how many findings a text tells one by one.
const findingsTold = 200

// In gives the findings in one language, one under the other.
func (f EvaluationFindings) In(lang policy.Lang) string {
	var b strings.Builder
	head := policy.Text{ZH: "工作簿有 %d 处不符，整份没有导入：", EN: "the workbook has %d faults, and nothing of it was taken in:"}
	fmt.Fprintf(&b, head.In(lang), len(f))
	for i, x := range f {
		if i == findingsTold {
			fmt.Fprintf(&b, "\n"+policy.Text{ZH: "……另有 %d 处", EN: "… and %d more"}.In(lang), len(f)-i)
			break
		}
		b.WriteString("\n" + x.In(lang))
	}
	return b.String()
}

// In gives one finding in one language: where, what, what was found, and what to do.
func (x EvaluationFinding) In(lang policy.Lang) string {
	where := ""
	if x.Sheet != "" {
		where = quiet(x.Sheet) + "!" + x.Cell + " "
	}
	words := policy.Text{ZH: "%s%s（%s）", EN: "%s%s (%s)"}
	s := fmt.Sprintf(words.In(lang), where, quiet(x.Say.In(lang)), x.Rule)
	if x.Value != "" {
		s += policy.Text{ZH: "\n    原值：", EN: "\n    found: "}.In(lang) + shown(x.Value)
	}
	return s + policy.Text{ZH: "\n    改法：", EN: "\n    cure: "}.In(lang) + quiet(x.Cure.In(lang))
}

// shown is what a cell holds as a terminal may show it: one line, not too long.
func shown(s string) string {
	if r := []rune(quiet(s)); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return quiet(s)
}

// quiet takes out of a text what moves the cursor or the reader: control characters and invisible ones.
func quiet(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
}

// says makes a text in both languages; both formats take the same arguments.
func says(zh, en string, args ...any) policy.Text {
	return policy.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// exportAgain is the cure where a sheet cannot be trusted.
var exportAgain = policy.Text{ZH: "请重新导出评估表，把分数和评语填进新表", EN: "export the sheet again and fill points and comments into the new one"}
