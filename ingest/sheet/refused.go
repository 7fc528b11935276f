package sheet

import (
	"fmt"

	"plumbline/policy"
)

// Rules of a RefusedError.
const (
	FileEmpty     = "file.empty"              // no byte, or no record that is not blank
	FileHTML      = "file.html"               // a web page, whatever its name says
	FileXLS       = "file.xls"                // the binary workbook of Excel 97 to 2003
	FileEncrypted = "file.encrypted"          // protected by a password
	FileFormat    = "file.format"             // PDF, archive, image, …: not a table
	FileDamaged   = "file.damaged"            // a workbook or packing that is cut, broken or contradicts itself
	FileDoctype   = "file.doctype"            // a workbook with a document type declaration, which no spreadsheet program writes
	FileLimit     = "file.limit"              // larger than the limits of this package
	FileArchive   = "file.archive"            // a member of an archive that may lead outside it
	FileJSON      = "file.json"               // JSON that is broken or holds no list of records
	FileColumnar  = "file.columnar"           // a Parquet or Arrow file that is damaged or harms the process that reads it
	TextEncoding  = "file.encoding"           // the encoding is unknown or could be two
	TextQuote     = "file.unterminated_quote" // a quote that is never closed
)

// RefusedError says why a whole file is refused. Nothing of a refused file may be used, also when rows were staged before.
type RefusedError struct {
	Rule   string // one of the constants above
	Row    int64  // physical row, from 1; 0 = no single row
	Column string // letter (XLSX) or number (CSV); "" = no single column
	Value  string // what was found, escaped; may be ""
	Member string // file in a zip archive; "" = none. Say names it
	Say    policy.Text
	Cure   policy.Text
}

// Error gives the reason and the cure in Chinese, then in English.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s%s / %s %s", e.Say.ZH, e.Cure.ZH, e.Say.EN, e.Cure.EN)
}

func refuse(rule string, say, cure policy.Text) *RefusedError {
	return &RefusedError{Rule: rule, Say: say, Cure: cure}
}

func text(zh, en string) policy.Text { return policy.Text{ZH: zh, EN: en} }

func textf(zh, en string, args ...any) policy.Text {
	return policy.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// tooLong refuses a CSV record that breaks a limit; what names the limit.
func tooLong(row int64, what policy.Text) *RefusedError {
	e := refuse(FileLimit,
		textf("第 %[1]d 行起的记录超过上限（%[2]s）。", "The record that begins in line %[1]d exceeds the limit (%[3]s).", row, what.ZH, what.EN),
		text("请检查该行是否缺少收尾的引号，或把过长的内容移出表格。", "Check whether that line lacks a closing quote, or move the long text out of the table."))
	e.Row = row
	return e
}

// wideHeader refuses a table with too many columns.
func wideHeader(row int64, columns int) *RefusedError {
	e := refuse(FileLimit,
		textf("第 %[1]d 行的表头有 %[2]d 列，超过上限（10,000 列）。", "The header in row %[1]d has %[2]d columns, which exceeds the limit (10,000 columns).", row, columns),
		text("请只导出需要的列；若列是日期或人员，请改为每行一条记录。", "Export only the columns that matter; where columns are days or people, put each record into a row of its own."))
	e.Row = row
	return e
}
