package ingest

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plumbline/ingest/sheet"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// footnote knows the beginning of what programs and people write below a table: who made it and when, and that it is confidential.
var footnote = regexp.MustCompile(`^(?:(?:制表|填表|审核|复核|审批|批准|编制|经办)(?:人|单位|部门|日期|时间|说明)?|(?:部门)?负责人(?:签字|签名)?|签字|签名|(?:打印|导出|生成|统计|报表生成)(?:人|日期|时间|口径)|` +
	`数据来源|资料来源|备注|说明|填写说明|附注|注[0-9]*)[:：]|^(?i:confidential information\b|copyright\b|©|(?:generated|exported|printed|prepared) (?:by|on|at|from)\b|grand totals? \(|notes?:|source:)`)

// imprint is a note that ends what a program wrote; above it stands the name of the report.
var imprint = regexp.MustCompile(`^(?i:copyright\b|©|confidential information\b)`)

// mostFootnotes is how many rows at the end of a file are looked at.
const mostFootnotes = 50

// below is a faulty row behind the last record, and its cells that hold something.
type below struct {
	row   int64
	cells []string
}

// noted reports a row that holds nothing but beginnings of notes.
func (b below) noted() bool {
	return len(b.cells) > 0 && !slices.ContainsFunc(b.cells, func(c string) bool { return !footnote.MatchString(strings.TrimSpace(c)) })
}

// footnotes leaves out what stands below the table. It begins with a row that can be told by its words; the rows behind it that hold
// one cell go on with it, such as the name of the company. Other faulty rows are set aside, as are such rows between records. broken
// says that there are faulty rows among those that could be staged.
func (t *taking) footnotes(ctx context.Context, broken bool) error {
	if t.decision.Edition == 0 || t.decision.Corrects > 0 || t.parts != 1 || !broken && len(t.staged.Bad) == 0 {
		return nil
	}
	rows, err := t.belowRecords(ctx, broken)
	if err != nil {
		return err
	}
	first := slices.IndexFunc(rows, below.noted)
	if first < 0 {
		return nil
	}
	if at := first - 1; t.decision.Edition > 1 && at >= 0 && imprint.MatchString(rows[first].cells[0]) && len(rows[at].cells) == 1 && rows[at].row == rows[first].row-1 && t.narrow(rows[at]) {
		first = at
	}
	var left, said []string
	for _, r := range rows[first:] {
		if len(r.cells) == 1 || r.noted() {
			left, said = append(left, fmt.Sprintf("(%d)", r.row)), append(said, r.cells...)
			t.staged.Bad = slices.DeleteFunc(t.staged.Bad, func(b sheet.BadRow) bool { return b.Row == r.row })
		}
	}
	t.notice(fmt.Sprintf("表格下方的 %d 行是说明，不是记录，未导入：%s", len(left), excerpt(said)),
		fmt.Sprintf("%d rows below the table are notes, no records, and were left out: %s", len(left), excerpt(said)))
	return t.all(ctx, append([]step{
		{"footnotes of", "CREATE TEMP TABLE footnote (_row BIGINT NOT NULL)"},
		{"footnotes of", "INSERT INTO footnote VALUES " + strings.Join(left, ", ")},
		{"footnotes left out of", "INSERT INTO excluded SELECT _row, 'row.note' FROM footnote"}}, t.forget("footnote")...))
}

// narrow reports a row that has one cell where the table has several: no record that lacks the rest.
func (t *taking) narrow(b below) bool {
	return slices.ContainsFunc(t.staged.Bad, func(bad sheet.BadRow) bool {
		return bad.Row == b.row && bad.Rule == sheet.RowFields && len(bad.Cells) == 1
	})
}

// belowRecords gives the faulty rows behind the last good one in their order, of many the last.
func (t *taking) belowRecords(ctx context.Context, broken bool) (rows []below, err error) {
	last, err := warehouse.One[int64](ctx, t.tx, warehouse.SQL("last record of "+t.plan.dataset.ID,
		fmt.Sprintf("SELECT coalesce(max(_row), 0) FROM stage WHERE _until = %d AND _row NOT IN (SELECT _row FROM problem)", policy.Current)), nil)
	if err != nil {
		return nil, err
	}
	for _, b := range t.staged.Bad {
		if b.Row > last {
			rows = append(rows, below{b.Row, withText(b.Cells)})
		}
	}
	if broken {
		query := fmt.Sprintf("SELECT _row, array_to_string(_cells, chr(31)) FROM broken WHERE _row > %d AND _row IN (SELECT _row FROM problem) ORDER BY _row DESC LIMIT %d", last, mostFootnotes)
		err = t.tx.Each(ctx, warehouse.SQL("rows below "+t.plan.dataset.ID, query), nil, func(scan func(...any) error) error {
			var b below
			var cells string
			if err := scan(&b.row, &cells); err != nil {
				return err
			}
			b.cells = withText(strings.Split(cells, "\x1f"))
			rows = append(rows, b)
			return nil
		})
	}
	slices.SortFunc(rows, func(a, b below) int { return cmp.Compare(a.row, b.row) })
	return rows[max(0, len(rows)-mostFootnotes):], err
}

// withText gives the cells that hold something.
func withText(cells []string) []string {
	return slices.DeleteFunc(slices.Clone(cells), func(c string) bool { return strings.TrimSpace(c) == "" })
}
