package reports

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/period"
	"plumbline/policy"
)

// SelfReview is the monthly self-review form of one person (月度自评), prefilled from the person's own records and with what was saved before.
type SelfReview struct {
	Company                      policy.Text
	Month                        period.Period
	Employee, Name               string
	Version                      int   // how often it was saved
	AsOf                         int64 // the ledger sequence that the lines are made from
	Due                          string
	Points                       []SelfPoints
	Lines                        []SelfLine
	Achievements, Problems, Plan string
	Made                         time.Time
}

// SelfPoints is an item of the scorecard for which the person gives points; "" while there are none.
type SelfPoints struct{ KPI, Name, Weight, Points, Comment string }

// SelfLine is a line of the person's records, to be answered with one of the replies.
type SelfLine struct{ Key, Says, Source, Reply, Comment string }

// selfSubject is what the form is called; the file's name has the number of its owner, not the name.
func (d *SelfReview) subject() policy.Text {
	return policy.Text{ZH: "自评" + d.Employee, EN: "Self-review " + d.Employee}
}

// replyWords are the replies as the form shows them.
var replyWords = []struct {
	id    string
	words policy.Text
}{{"accepted", policy.Text{ZH: "认可", EN: "accepted"}}, {"commented", policy.Text{ZH: "说明", EN: "commented"}}, {"disputed", policy.Text{ZH: "有异议", EN: "disputed"}}}

// Columns of the form. The first is folded away and says what each row is about.
const (
	srKey = iota + 1
	srWhat
	srSource
	srAnswer
	srComment
)

// Keys of the rows that are read back.
const (
	keyForm   = "form:"
	keyPoints = "points:"
	keyLine   = "line:"
	keyText   = "text:"
)

var selfTexts = []struct {
	id    string
	title policy.Text
}{{"achievements", policy.Text{ZH: "三、成绩", EN: "3. Achievements"}}, {"problems", policy.Text{ZH: "四、问题", EN: "4. Problems"}}, {"plan", policy.Text{ZH: "五、下月计划", EN: "5. Plan for next month"}}}

// WriteSelfReview writes the form into a folder as its next version, readable by its owner alone. When the newest version there says the same, apart
// from when it was made, that file stays and changed is false.
func WriteSelfReview(ctx context.Context, to Folder, d SelfReview, lang policy.Lang) (path string, changed bool, err error) {
	return writePrivate(to, d.Company, d.Month, d.subject(), lang, d.Made, func(made time.Time, w io.Writer) (string, error) {
		digest, err := renderSelfReview(ctx, d, lang, made, w)
		if err != nil {
			err = fmt.Errorf("write self-review %s of %s: %w", d.Month, d.Employee, err)
		}
		return digest, err
	})
}

func renderSelfReview(ctx context.Context, d SelfReview, lang policy.Lang, made time.Time, w io.Writer) (string, error) {
	b := blankBook(lang)
	name := b.t("自评", "Self-review")
	month := policy.Text{ZH: d.Month.ZH(), EN: d.Month.EN()}.In(lang)
	b.foot = footText(d.Company.In(lang)) + " · " + month + " · " + d.Employee
	if err := b.create([]string{name}); err != nil {
		return "", err
	}
	defer b.close()
	if err := b.describe(month+" "+d.subject().In(lang), policy.Text{ZH: "月度自评", EN: "Monthly self-review"}, d.Company.In(lang), made); err != nil {
		return "", err
	}
	if err := b.selfSheet(ctx, name, month, &d); err != nil {
		return "", err
	}
	return b.pack(ctx, w)
}

func (b *book) selfSheet(ctx context.Context, name, month string, d *SelfReview) error {
	rows := 4 + 3 + len(d.Points) + 3 + len(d.Lines) + 2*len(selfTexts) + 1
	s, err := b.open(name, frame{tab: tabDepartment, columns: srComment, rows: rows, widths: []float64{16, 62, 50, 14, 50}, folded: []int{srKey}, titles: [2]int{1, 1}})
	if err != nil {
		return err
	}
	err = b.file.ProtectSheet(name, &excelize.SheetProtectionOptions{SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true})
	if err != nil {
		return err
	}
	s.put(srKey, noteLook, keyForm+d.Month.String()+":"+d.Employee+":"+strconv.Itoa(d.Version)+":"+strconv.FormatInt(d.AsOf, 10))
	s.put(srWhat, titleLook.unwrapped(), strings.TrimSpace(d.Company.In(b.lang)+"  "+month+b.t(" 月度自评", " self-review")))
	s.end(24)
	s.across(sayLook, d.Name+b.t("（", " (")+d.Employee+b.t("）", ")")+b.dueWords(d.Due))
	s.across(noteLook, b.t("只填淡黄底的格。为每个考核项目打 0 至 120 分；每一行记录选一个答复，说明与异议须写明内容。填好后存为 .xlsx，运行 plumbline self-review save 文件名 --as 工号 --submit。",
		"Fill in pale yellow cells only. Give every item points from 0 to 120; answer every line, and say what you mean where you comment or dispute. Save as .xlsx and run plumbline self-review save FILE --as NUMBER --submit."))
	s.skip(1)
	b.selfPoints(s, d)
	b.selfLines(s, d)
	for i, text := range []string{d.Achievements, d.Problems, d.Plan} {
		s.put(srWhat, sectionLook, selfTexts[i].title.In(b.lang))
		s.end(22)
		b.selfText(s, keyText+selfTexts[i].id, text)
	}
	return s.close()
}

// dueWords says until when the form is to be handed in.
func (b *book) dueWords(due string) string {
	if due == "" {
		return b.t("　·　本月自评尚未开放", " · the self-reviews of this month are not open yet")
	}
	return b.t("　·　截止 ", " · due ") + due
}

// across writes a text over the columns that are seen.
func (s *sheet) across(l look, words string) {
	s.put(srWhat, l, words)
	s.keep(s.stream.MergeCell(address(srWhat, s.row), address(srComment, s.row)))
	s.end(float64(wrappedLines(words, s.visibleWidth(srWhat, srComment)))*16 + 2)
}

func (b *book) selfPoints(s *sheet, d *SelfReview) {
	s.put(srWhat, sectionLook, b.t("一、考核项目自评分", "1. Points for the items of the scorecard"))
	s.end(22)
	s.header([]string{b.t("行", "Row"), b.t("考核项目", "Item"), b.t("权重 %", "Weight %"), b.t("自评分", "Points"), b.t("说明", "Comment")}, srKey, srWhat, srSource, srComment)
	first := s.row
	for _, p := range d.Points {
		s.put(srKey, noteLook, keyPoints+p.KPI)
		s.put(srWhat, wrapLook, p.Name)
		s.put(srSource, textLook, text(p.Weight))
		s.put(srAnswer, evPointsLook, numberText(p.Points))
		s.put(srComment, evTextLook, text(p.Comment))
		s.end(rowHeight(max(wrappedLines(p.Comment, s.frame.widths[srComment-1]-3), 1)))
	}
	if len(d.Points) > 0 {
		s.keep(b.pointsInput(s.name, address(srAnswer, first)+":"+address(srAnswer, s.row-1)))
	}
	s.skip(1)
}

// numberText is a number that came as a text, as a cell holds it.
func numberText(s string) any {
	if x, err := strconv.ParseFloat(s, 64); err == nil {
		return x
	}
	return text(s)
}

// pointsInput allows points from 0 to the most that anybody may give.
func (b *book) pointsInput(sheet, cells string) error {
	check := excelize.NewDataValidation(true)
	check.SetSqref(cells)
	if err := check.SetRange(0, superiorMost, excelize.DataValidationTypeDecimal, excelize.DataValidationOperatorBetween); err != nil {
		return err
	}
	check.SetError(excelize.DataValidationErrorStyleStop, b.t("自评分", "Points"), b.t("请填写 0 至 120 之间的数字。", "Enter a number from 0 to 120."))
	return b.file.AddDataValidation(sheet, check)
}

func (b *book) selfLines(s *sheet, d *SelfReview) {
	s.put(srWhat, sectionLook, b.t("二、本月记录", "2. Records of the month"))
	s.end(22)
	s.header([]string{b.t("行", "Row"), b.t("记录", "Record"), b.t("逐条查看", "Rows behind it"), b.t("答复", "Reply"), b.t("说明或异议", "Comment or dispute")}, srKey, srWhat, srSource, srAnswer, srComment)
	first := s.row
	answer := evTextLook
	answer.indent = 0
	for _, l := range d.Lines {
		s.put(srKey, noteLook, keyLine+l.Key)
		s.put(srWhat, wrapLook, l.Says)
		s.put(srSource, look{align: "left", wrap: true, ink: faintInk, line: hairline}, text(l.Source))
		s.put(srAnswer, answer, text(b.replyOf(l.Reply)))
		s.put(srComment, evTextLook, text(l.Comment))
		s.end(rowHeight(max(wrappedLines(l.Says, s.frame.widths[srWhat-1]), wrappedLines(l.Source, s.frame.widths[srSource-1]), wrappedLines(l.Comment, s.frame.widths[srComment-1]-3))))
	}
	if len(d.Lines) > 0 {
		var words []string
		for _, r := range replyWords {
			words = append(words, r.words.In(b.lang))
		}
		check := excelize.NewDataValidation(true)
		check.SetSqref(address(srAnswer, first) + ":" + address(srAnswer, s.row-1))
		s.keep(check.SetDropList(words))
		s.keep(b.file.AddDataValidation(s.name, check))
	}
	s.skip(1)
}

// replyOf is a reply as the form shows it.
func (b *book) replyOf(id string) string {
	for _, r := range replyWords {
		if r.id == id {
			return r.words.In(b.lang)
		}
	}
	return ""
}

func (b *book) selfText(s *sheet, key, words string) {
	l := look{align: "left", wrap: true, top: true, fill: inputFill, line: hairline, format: fmtText, open: true}
	s.put(srKey, noteLook, key)
	s.put(srWhat, l, text(words))
	s.blank(srWhat, srComment, l)
	s.keep(s.stream.MergeCell(address(srWhat, s.row), address(srComment, s.row)))
	s.end(float64(max(wrappedLines(words, s.visibleWidth(srWhat, srComment)), 5)) * 17)
}

// ReadSelfReview reads a form that was filled in: what its owner wrote, with the keys of the lines. What else the file says is not looked at, since
// the ledger knows it.
func ReadSelfReview(path string, raw []byte) (*SelfReview, error) {
	f, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: 1 << 28})
	if err != nil {
		return nil, fmt.Errorf("read self-review %s: %w", path, err)
	}
	defer f.Close()
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return nil, fmt.Errorf("read self-review %s: it has no sheet", path)
	}
	rows, err := f.GetRows(sheets[0], excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("read self-review %s: %w", path, err)
	}
	d := &SelfReview{}
	seen := map[string]bool{}
	for i, row := range rows {
		key := cellAt(row, srKey-1)
		if key != "" && strings.Contains(key, ":") && seen[key] {
			return nil, fmt.Errorf("read self-review %s: row %d repeats an earlier one", path, i+1)
		}
		seen[key] = true
		if err := d.take(key, row); err != nil {
			return nil, fmt.Errorf("read self-review %s: row %d: %w", path, i+1, err)
		}
	}
	if d.Employee == "" {
		return nil, fmt.Errorf("read self-review %s: it is no self-review form (这不是自评表)", path)
	}
	return d, nil
}

// take reads one row.
func (d *SelfReview) take(key string, row []string) (err error) {
	answer, comment := strings.TrimSpace(cellAt(row, srAnswer-1)), strings.TrimSpace(cellAt(row, srComment-1))
	switch {
	case strings.HasPrefix(key, keyForm):
		return d.takeHead(strings.Split(strings.TrimPrefix(key, keyForm), ":"))
	case strings.HasPrefix(key, keyPoints):
		d.Points = append(d.Points, SelfPoints{KPI: strings.TrimPrefix(key, keyPoints), Points: answer, Comment: comment})
	case strings.HasPrefix(key, keyLine):
		reply := ""
		for _, r := range replyWords {
			if slices.Contains([]string{r.id, r.words.ZH, r.words.EN}, answer) {
				reply = r.id
			}
		}
		if reply == "" && answer != "" {
			return fmt.Errorf("the reply %q is unknown (不认识的答复)", answer)
		}
		d.Lines = append(d.Lines, SelfLine{Key: strings.TrimPrefix(key, keyLine), Reply: reply, Comment: comment})
	case strings.HasPrefix(key, keyText):
		words := strings.TrimSpace(cellAt(row, srWhat-1))
		for i, into := range []*string{&d.Achievements, &d.Problems, &d.Plan} {
			if strings.TrimPrefix(key, keyText) == selfTexts[i].id {
				*into = words
			}
		}
	}
	return nil
}

// takeHead reads month, owner, version and ledger sequence.
func (d *SelfReview) takeHead(parts []string) (err error) {
	if len(parts) < 4 {
		return fmt.Errorf("the form's own row is damaged (表头行已损坏)")
	}
	n := len(parts)
	if d.Month, err = period.Parse(parts[0]); err != nil {
		return err
	}
	d.Employee = strings.Join(parts[1:n-2], ":")
	if d.Version, err = strconv.Atoi(parts[n-2]); err != nil {
		return err
	}
	d.AsOf, err = strconv.ParseInt(parts[n-1], 10, 64)
	return err
}
