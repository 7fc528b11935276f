package reports

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// Limits of a workbook that comes back.
const (
	filledMost   = 64 << 20  // bytes, packed
	unpackedMost = 256 << 20 // bytes, unpacked
)

// FilledSheet is an evaluation sheet that came back, as it was filled in. What is wrong with it is kept until Against tells it all.
type FilledSheet struct {
	Quarter  period.Period
	name     string // of the sheet
	people   []filledPerson
	findings EvaluationFindings
}

// filledPerson is what the sheet says of one person.
type filledPerson struct {
	metrics.Evaluated
	version            int
	head               string // cell of the name
	items              []filledItem
	comment, note      string
	commentCell        string
	kept, blank, moved bool // moved: something was changed since the sheet was written
}

type filledItem struct {
	kpi         string
	points      *fixed.Num
	comment     string
	value       string // what stands in the cell of the points
	at, reasons string // cells of points and comment
}

// ReadEvaluation reads a workbook that WriteEvaluation wrote and somebody filled in, also after other programs saved it. The error is
// an EvaluationFindings: the file as such cannot be used.
func ReadEvaluation(raw []byte) (f *FilledSheet, err error) {
	defer func() { // the workbook library meets files that nobody foresaw
		if p := recover(); p != nil {
			f, err = nil, unusable(fmt.Sprint(p))
		}
	}()
	if len(raw) > filledMost {
		return nil, unusable(fmt.Sprintf("%d bytes", len(raw)))
	}
	if why := damage(raw); why != "" {
		return nil, unusable(why)
	}
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: unpackedMost, UnzipXMLSizeLimit: unpackedMost})
	if err != nil {
		return nil, unusable(err.Error())
	}
	defer book.Close()
	return readBook(book)
}

var partNames = regexp.MustCompile(`PartName="/(xl/worksheets/[^"]+|xl/sharedStrings\.xml)"`)

// damage says what is wrong with the parts of a workbook, "" for nothing. The workbook library takes a damaged or missing part for an empty
// one, so that comments would come back blank.
func damage(raw []byte) string {
	zr, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return err.Error()
	}
	left, parts, types := int64(unpackedMost), map[string]bool{}, []byte(nil)
	for _, f := range zr.File {
		text, err := unpacked(f, left)
		if err != nil {
			return f.Name + ": " + err.Error()
		}
		left -= int64(len(text))
		parts[strings.ToLower(f.Name)] = true
		if f.Name == contentTypes {
			types = text
		}
	}
	for _, m := range partNames.FindAllSubmatch(types, -1) {
		if !parts[strings.ToLower(string(m[1]))] {
			return string(m[1]) + " is missing"
		}
	}
	return ""
}

// unpacked reads one part to its end, where its checksum is compared.
func unpacked(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("unpacked, the workbook has more than %d bytes", unpackedMost)
	}
	return text, err
}

// unusable refuses a file that is no workbook.
func unusable(why string) error {
	return EvaluationFindings{{Value: why, Rule: EvaluationFile, Say: says("不是可读的 .xlsx 工作簿", "this is no readable .xlsx workbook"),
		Cure: says("请用 Excel、WPS 或 LibreOffice 打开，去掉密码，另存为 .xlsx 再导入", "open it in Excel, WPS or LibreOffice, take off any password, save it as .xlsx and import that")}}
}

// refused refuses a whole file.
func refused(rule, value string, say policy.Text) error {
	return EvaluationFindings{{Value: value, Rule: rule, Say: say, Cure: exportAgain}}
}

func readBook(book *excelize.File) (*FilledSheet, error) {
	at := slices.IndexFunc(book.GetSheetList(), func(s string) bool { return strings.EqualFold(s, recordSheet) })
	if at < 0 {
		return nil, refused(EvaluationForeign, "", says("不是由 plumbline review export 写出的评估表", "this is no sheet that plumbline review export wrote"))
	}
	rows, err := book.GetRows(book.GetSheetList()[at], excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, unusable(err.Error())
	}
	f, lines, err := readRecord(rows)
	if err != nil {
		return nil, err
	}
	at = slices.IndexFunc(book.GetSheetList(), func(s string) bool { return strings.EqualFold(s, f.name) })
	if at < 0 {
		return nil, EvaluationFindings{{Sheet: f.name, Cell: "A1", Rule: EvaluationSheet, Say: says("没有工作表「%s」", "there is no sheet “%s”", f.name),
			Cure: says("请把这一页改回原名「%s」；若已删除，请重新导出", "name the sheet “%s” again; if it was deleted, export it anew", f.name)}}
	}
	f.name = book.GetSheetList()[at]
	r := &evaluationReader{FilledSheet: f, book: book, lines: lines}
	return f, r.read()
}

// readRecord reads the hidden record.
func readRecord(rows [][]string) (*FilledSheet, []recordLine, error) {
	value := func(i int) string {
		if i < len(rows) && len(rows[i]) > 1 {
			return strings.TrimSpace(rows[i][1])
		}
		return ""
	}
	if len(rows) < recordHead || len(rows[0]) == 0 || rows[0][0] != recordMark {
		return nil, nil, refused(EvaluationForeign, "", says("不是由 plumbline review export 写出的评估表", "this is no sheet that plumbline review export wrote"))
	}
	if value(recordMarkRow) != recordFormat {
		return nil, nil, refused(EvaluationFormat, value(recordMarkRow), says("评估表的格式是第 %s 版，本程序只认第 %s 版", "the sheet has format %s; this program reads format %s", value(recordMarkRow), recordFormat))
	}
	changed := func() (*FilledSheet, []recordLine, error) {
		return nil, nil, refused(EvaluationRecord, "", says("记录被评估人与版本的隐藏页被改动或损坏，无法确认每一行是谁的", "the hidden record of people and versions was changed or damaged, so that nobody can tell whom a row is about"))
	}
	n, err := strconv.Atoi(value(recordLinesRow))
	if err != nil || n != len(rows)-recordHead || value(recordSumRow) != recordSum(rows) {
		return changed()
	}
	quarter, err := period.Parse(value(recordQuarterRow))
	if err != nil || quarter.Kind() != period.Quarter || value(recordSheetRow) == "" {
		return changed()
	}
	lines := make([]recordLine, n)
	for i, row := range rows[recordHead:] {
		for len(row) < len(recordNames) {
			row = append(slices.Clip(row), "")
		}
		line, ok := readLine(row)
		if !ok || line.No != i+1 {
			return changed()
		}
		lines[i] = line
	}
	return &FilledSheet{Quarter: quarter, name: value(recordSheetRow)}, lines, nil
}

// evaluationReader holds the sheet that was filled in against its record.
type evaluationReader struct {
	*FilledSheet
	book  *excelize.File
	lines []recordLine
	at    []int // row of each line, 0: not seen
}

func (r *evaluationReader) found(cell, value, rule string, say, cure policy.Text) {
	r.findings = append(r.findings, EvaluationFinding{r.name, cell, value, rule, say, cure})
}

func (r *evaluationReader) read() error {
	rows, err := r.book.GetRows(r.name, excelize.Options{RawCellValue: true})
	if err != nil {
		return unusable(err.Error())
	}
	r.at = make([]int, len(r.lines))
	for i, row := range rows {
		if err := r.row(i+1, row); err != nil {
			return err
		}
	}
	for i, at := range r.at {
		if line := &r.lines[i]; at == 0 {
			r.found(address(evNo, line.Row), "", EvaluationRowMissing, says("缺少第 %d 行（%s），原在此处", "line %d (about %s) is missing; it stood here", line.No, line.Employee),
				says("请撤销删除，或重新导出", "undo the deletion, or export the sheet again"))
		}
	}
	return nil
}

// row reads one row: it is a line of the record, or it is not ours.
func (r *evaluationReader) row(at int, row []string) error {
	first := ""
	if len(row) > 0 {
		first = strings.TrimSpace(row[0])
	}
	no, err := strconv.ParseFloat(first, 64)
	switch {
	case at <= evaluationHead || !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" }):
		return nil
	case err != nil || no != math.Trunc(no) || no < 1 || no > float64(len(r.lines)):
		r.found(address(evNo, at), first, EvaluationRowForeign, says("这一行不是评估表原有的行", "this row was not on the sheet"), says("请删去这一行；补充的话写进评语", "delete the row; what is to be said goes into a comment"))
		return nil
	}
	line := &r.lines[int(no)-1]
	if r.at[line.No-1] != 0 {
		r.found(address(evNo, at), first, EvaluationRowTwice, says("第 %d 行（%s）出现了两次，另一次在第 %d 行的位置", "line %d (about %s) stands here twice, the other time in row %d", line.No, line.Employee, r.at[line.No-1]),
			says("请删去多出的一行", "delete the one that is too many"))
		return nil
	}
	r.at[line.No-1] = at
	return r.match(line, at, row)
}

// match holds a row against its line and reads what was filled in.
func (r *evaluationReader) match(line *recordLine, at int, row []string) error {
	for col := 1; col <= max(evHint, len(row)); col++ {
		value := ""
		if col <= len(row) {
			value = row[col-1]
		}
		want := "v"
		if col <= evHint {
			want = line.Cells[col-1]
		}
		if want == inputCell {
			continue
		}
		if err := r.locked(line, address(col, at), value, want, at == line.Row); err != nil {
			return err
		}
	}
	if line.Kind == lineHead {
		r.people = append(r.people, filledPerson{Evaluated: line.Evaluated, version: line.Version, head: address(evWhat, at), blank: true})
	}
	if len(r.people) == 0 || r.people[len(r.people)-1].Evaluated != line.Evaluated {
		if line.Kind != linePlain && line.Kind != lineHead { // its head is missing, which is told, or stands below
			r.people = append(r.people, filledPerson{Evaluated: line.Evaluated, version: line.Version, head: address(evWhat, at), blank: true})
		} else {
			return nil
		}
	}
	return r.filled(&r.people[len(r.people)-1], line, at, row)
}

// locked makes sure that a locked cell says what it said.
func (r *evaluationReader) locked(line *recordLine, cell, value, want string, unmoved bool) error {
	was := want[min(1, len(want)):]
	if strings.HasPrefix(want, "f") {
		formula, err := r.book.GetCellFormula(r.name, cell)
		if err != nil {
			return unusable(err.Error())
		}
		if formula == "" || unmoved && plainFormula(formula) != plainFormula(was) {
			if formula != "" {
				value = "=" + formula
			}
			r.found(cell, value, EvaluationLocked, says("这一格由公式计算（%s），被改动了", "this cell is computed (about %s) and was changed", line.Employee),
				says("原公式是 =%s；请恢复，或重新导出", "the formula was =%s; put it back, or export the sheet again", was))
		}
		return nil
	}
	if sameLocked(value, was) {
		return nil
	}
	cure := says("应为「%s」；请恢复原值", "it said “%s”; put that back", shown(was))
	if was == "" {
		cure = says("这一格原是空的；请清除", "the cell was blank; clear it")
	}
	r.found(cell, value, EvaluationLocked, says("锁定的格被改动了（%s）", "a locked cell was changed (about %s)", line.Employee), cure)
	return nil
}

var formulaNoise = strings.NewReplacer(" ", "", "$", "", "'", "", "\n", "", "_xlfn.", "")

// plainFormula is a formula without what programs that save workbooks write their own way.
func plainFormula(s string) string {
	return strings.ToUpper(formulaNoise.Replace(strings.TrimPrefix(s, "=")))
}

// sameLocked compares what a cell says with what it said: numbers as numbers, texts without what other programs change.
func sameLocked(got, want string) bool {
	g, gerr := strconv.ParseFloat(strings.TrimSpace(got), 64)
	w, werr := strconv.ParseFloat(want, 64)
	if gerr == nil && werr == nil {
		return math.Abs(g-w) <= 1e-9*math.Max(1, math.Abs(w))
	}
	return settled(escapes.ReplaceAllString(got, "")) == settled(escapes.ReplaceAllString(want, ""))
}

// escapes are how workbooks write control characters.
var escapes = regexp.MustCompile(`_x00[0-9a-fA-F]{2}_`)

// filled reads the cells of a line that are filled in.
func (r *evaluationReader) filled(p *filledPerson, line *recordLine, at int, row []string) (err error) {
	get := func(col int) string {
		if col <= len(row) {
			return row[col-1]
		}
		return ""
	}
	var points any
	comment := ""
	switch line.Kind {
	case lineItem:
		item := filledItem{kpi: line.KPI, at: address(evPoints, at), reasons: address(evComment, at), value: get(evPoints)}
		if item.points, err = r.points(item.at, item.value); err != nil {
			return err
		}
		if item.comment, err = r.text(item.reasons, get(evComment)); err != nil {
			return err
		}
		if comment = item.comment; item.points != nil {
			points = item.points.Float()
		}
		p.blank = p.blank && strings.TrimSpace(item.value) == ""
		p.items = append(p.items, item)
	case lineComment:
		p.commentCell = address(evComment, at)
		p.comment, err = r.text(p.commentCell, get(evComment))
		comment = p.comment
	case lineNote:
		p.kept = line.Kept
		p.note, err = r.text(address(evComment, at), get(evComment))
		comment = p.note
	default:
		return nil
	}
	p.blank = p.blank && comment == ""
	p.moved = p.moved || inputHash(points, comment) != line.Before
	return err
}

// text reads a text that somebody wrote.
func (r *evaluationReader) text(cell, value string) (string, error) {
	formula, err := r.book.GetCellFormula(r.name, cell)
	if err != nil {
		return "", unusable(err.Error())
	}
	kind, err := r.book.GetCellType(r.name, cell)
	if err != nil {
		return "", unusable(err.Error())
	}
	value = strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))
	switch {
	case formula != "":
		r.found(cell, "="+formula, EvaluationFormula, says("评语写成了公式", "the text is a formula"), says("以 = 开头的文字，请在前面加一个单引号 '", "where a text begins with =, write an apostrophe ' before it"))
	case kind == excelize.CellTypeError:
		r.found(cell, value, EvaluationError, says("评语是错误值", "the text is an error value"), says("请重新输入", "type it again"))
	case utf16Units(value) > textMost:
		r.found(cell, value, EvaluationLong, says("评语有 %d 个字，最多 %d 个", "the text has %d characters; %d is the most", utf16Units(value), textMost), says("请缩短", "shorten it"))
	}
	return value, nil
}

// pointsForm is how points are written; an exponent is what workbooks make of very small and very large numbers.
var pointsForm = regexp.MustCompile(`^[+-]?[0-9]{1,20}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,3})?$`)

// points reads points: a number, or a text that is one. What is none is told and gives nil.
func (r *evaluationReader) points(cell, value string) (*fixed.Num, error) {
	formula, err := r.book.GetCellFormula(r.name, cell)
	if err != nil {
		return nil, unusable(err.Error())
	}
	kind, err := r.book.GetCellType(r.name, cell)
	if err != nil {
		return nil, unusable(err.Error())
	}
	plain := strings.TrimPrefix(norm.NFKC.String(strings.TrimSpace(value)), "'")
	if formula != "" {
		r.found(cell, "="+formula, EvaluationFormula, says("分数写成了公式", "the points are a formula"), says("请填写数字，不要填公式", "write the number itself"))
		return nil, nil
	}
	if plain == "" {
		return nil, nil
	}
	x, err := strconv.ParseFloat(plain, 64)
	if err != nil || !pointsForm.MatchString(plain) || kind == excelize.CellTypeBool || kind == excelize.CellTypeError || kind == excelize.CellTypeDate || math.Abs(x) > 1e6 {
		r.found(cell, value, EvaluationNumber, says("分数不是数字", "the points are no number"), says("请填写数字，如 85 或 85.5；未评分请留空", "write a number such as 85 or 85.5, or leave the cell blank"))
		return nil, nil
	}
	if math.Abs(x) < 2 && x != 0 && r.percent(cell) {
		r.found(cell, value, EvaluationPercent, says("分数是百分数", "the points are a percentage"), says("请填写分数本身，如 85，不带 %%", "write the points themselves, such as 85, without %%"))
		return nil, nil
	}
	cents := math.Round(x * 100)
	if math.Abs(x*100-cents) > 1e-6 {
		r.found(cell, value, EvaluationDecimals, says("分数多于两位小数", "the points have more than two decimals"), says("请最多写两位小数", "write two decimals at most"))
		return nil, nil
	}
	n, err := fixed.Parse(strconv.FormatFloat(cents/100, 'f', 2, 64))
	if err != nil {
		return nil, unusable(err.Error())
	}
	return &n, nil
}

// percent reports whether a cell shows its number as a percentage.
func (r *evaluationReader) percent(cell string) bool {
	id, err := r.book.GetCellStyle(r.name, cell)
	if err != nil {
		return false
	}
	style, err := r.book.GetStyle(id)
	return err == nil && (style.NumFmt == 9 || style.NumFmt == 10 || style.CustomNumFmt != nil && strings.Contains(*style.CustomNumFmt, "%"))
}
