package reports

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/policy"
)

// payrollSubject is what the workbook is called.
var payrollSubject = policy.Text{ZH: "奖惩发放表", EN: "Payroll"}

// Payroll is what of a sealed quarter may be paid.
type Payroll struct {
	Company policy.Text
	Period  period.Period
	Seal    string // id of the seal that all of it stands on
	Lines   []PayrollLine
	Waiting int // lines that are not signed by all yet and left out
	Made    time.Time
}

// PayrollLine is what one person gets by one list.
type PayrollLine struct {
	List                                    int
	Department, Employee, Name, Certificate string
	Amount                                  fixed.Num // yuan
}

// Columns of the payroll.
const (
	payList = iota + 1
	payDepartment
	payNo
	payName
	payAmount
	payCertificate
)

// WritePayroll writes the workbook into a folder as its next version, readable by its owner alone. When the newest version there says the same,
// that file stays and changed is false.
func WritePayroll(ctx context.Context, to Folder, p Payroll, lang policy.Lang) (path string, changed bool, err error) {
	return writePrivate(to, p.Company, p.Period, payrollSubject, lang, p.Made, func(made time.Time, w io.Writer) (string, error) {
		digest, err := renderPayroll(ctx, p, lang, made, w)
		if err != nil {
			err = fmt.Errorf("write payroll %s: %w", p.Period, err)
		}
		return digest, err
	})
}

func renderPayroll(ctx context.Context, p Payroll, lang policy.Lang, made time.Time, w io.Writer) (string, error) {
	b := blankBook(lang)
	name := b.t("发放表", "Payroll")
	periodName := policy.Text{ZH: p.Period.ZH(), EN: p.Period.EN()}.In(lang)
	b.foot = footText(p.Company.In(lang)) + " · " + periodName + " · " + b.t("封账号 ", "seal ") + p.Seal
	if err := b.create([]string{name}); err != nil {
		return "", err
	}
	defer b.close()
	if err := b.describe(strings.TrimSpace(p.Company.In(lang)+" "+periodName+" "+payrollSubject.In(lang)), payrollSubject, p.Company.In(lang), made); err != nil {
		return "", err
	}
	yes := true
	if err := b.file.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &yes}); err != nil {
		return "", err
	}
	if err := b.payrollSheet(ctx, name, periodName, p); err != nil {
		return "", err
	}
	return b.pack(ctx, w)
}

func (b *book) payrollSheet(ctx context.Context, name, periodName string, p Payroll) error {
	const head = 3
	department, person, certificate, total := 10, 12, 12, fixed.Num(0)
	for _, l := range p.Lines {
		department, person, certificate = max(department, textWidth(l.Department)), max(person, textWidth(l.Name)), max(certificate, textWidth(l.Certificate))
		total += l.Amount
	}
	last := head + len(p.Lines)
	s, err := b.open(name, frame{tab: tabOverview, columns: payCertificate, rows: last + 1, freezeCol: payName + 1, freezeRow: head + 1, titles: [2]int{head, head},
		table: "tbl_payroll", tableCells: "A" + itoa(head) + ":" + address(payCertificate, max(last, head+1)), textColumn: address(payNo, head+1) + ":" + address(payNo, last+1),
		widths: []float64{10, fit(department, 14, 36), 14, fit(person, 14, 44), max(16, fit(numberWidth(total.Float(), 2), 12, 30)), fit(certificate+2, 20, 44)}})
	if err != nil {
		return err
	}
	s.put(1, titleLook.unwrapped(), strings.TrimSpace(p.Company.In(b.lang)+"  "+periodName+"  "+payrollSubject.In(b.lang)))
	s.end(24)
	s.put(1, noteLook.unwrapped(), fmt.Sprintf(b.t("封账号 %s · %d 行 · 单位：元 · 另有 %d 行尚未签完，未列入", "Seal %s · %d lines · yuan · %d lines not signed by all yet are left out"), p.Seal, len(p.Lines), p.Waiting))
	s.end(0)
	s.header([]string{b.t("名单", "List"), b.t("部门", "Department"), b.t("工号", "Employee"), b.t("姓名", "Name"), b.t("应发（元）", "Amount (yuan)"), b.t("证书编号", "Certificate")},
		payDepartment, payNo, payName, payCertificate)
	for i, l := range p.Lines {
		if i%rowsPerCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.put(payList, number(fmtInt), l.List)
		s.put(payDepartment, textLook, l.Department)
		s.put(payNo, textLook, l.Employee)
		s.put(payName, wrapLook, l.Name)
		s.put(payAmount, number(fmtTwo), l.Amount.Float())
		s.put(payCertificate, textLook, text(l.Certificate))
		s.end(rowHeight(wrappedLines(l.Name, s.frame.widths[payName-1])))
	}
	sum := look{align: "right", format: fmtTwo, bold: true, fill: sumFill, line: rule}
	s.put(payDepartment, look{align: "left", indent: 1, bold: true, fill: sumFill, line: rule}, b.t("合计", "Total"))
	s.formula(payAmount, sum, "SUM("+address(payAmount, head+1)+":"+address(payAmount, last)+")", total.Float())
	s.blank(1, payCertificate, sum)
	s.end(0)
	return s.close()
}
