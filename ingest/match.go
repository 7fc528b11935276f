package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// matcher finds the headers of tables.
type matcher struct {
	policy   *policy.Policy
	how      How
	datasets []*policy.Dataset
	words    []map[string]*policy.Column // parallel to datasets
	mappings []*policy.Mapping
}

func newMatcher(p *policy.Policy, how How) (*matcher, error) {
	m := &matcher{policy: p, how: how, datasets: p.FromFiles()}
	if how.Dataset != "" {
		d := p.Dataset(how.Dataset)
		switch {
		case d == nil:
			return nil, unknownDataset(p, how.Dataset)
		case d.Recorded != "":
			return nil, recorded(d)
		}
		m.datasets = []*policy.Dataset{d}
	}
	for _, c := range how.Mappings {
		if how.Mapping == c.ID || how.Mapping == "" && (how.Dataset == "" || how.Dataset == c.Dataset.ID) {
			m.mappings = append(m.mappings, c)
		}
	}
	if how.Mapping != "" {
		if m.mappings == nil {
			return nil, unknownMapping(how)
		}
		m.datasets = nil
	}
	for _, d := range m.datasets {
		m.words = append(m.words, headings(d))
	}
	return m, nil
}

// match finds the header row among the first rows, and the dataset or mapping it fits. Rows above it are titles and skipped with
// a notice.
func (m *matcher) match(ctx context.Context, b *books.Books, u *Unit, rows []sheet.Row) error {
	for _, row := range rows {
		if len(row.Cells) > Lead && policy.HeaderKey(row.Cells[0]) == policy.HeaderKey(RejectID) {
			return m.correction(ctx, b, u, row, rows)
		}
	}
	plain, rival := m.bestDataset(rows)
	mapped, other := m.bestMapping(u, rows)
	switch {
	case mapped.mapping != nil && (!plain.complete() || len(plain.twice) > 0 || mapped.found > len(plain.found)):
		if other != nil {
			return refuse("file.ambiguous", policy.Text{ZH: fmt.Sprintf("表头同样符合映射「%s」和「%s」。", mapped.mapping.ID, other.ID),
				EN: fmt.Sprintf("The header fits the mappings %q and %q alike.", mapped.mapping.ID, other.ID)},
				policy.Text{ZH: "请用 --mapping 指明是哪一个。", EN: "Say which with --mapping."})
		}
		if err := heedTitles(mapped.mapping.Dataset, formatsOf(mapped.mapping), mapped.row, rows); err != nil {
			return err
		}
		u.mapped(m.policy, mapped, m.how.Set, rows)
		return nil
	case m.how.Mapping != "":
		return misfit(m.mappings[0], m.how.Set, u, rows)
	case !plain.complete():
		if d := m.decided(rows); d != nil {
			return recorded(d)
		}
		return noHeader(m.policy, plain, rows, m.how.Dataset)
	case len(plain.twice) > 0:
		return duplicateHeader(plain)
	case rival != nil:
		return refuse("file.ambiguous", policy.Text{ZH: fmt.Sprintf("表头同样符合「%s」和「%s」。", plain.dataset.Name.ZH, rival.Name.ZH),
			EN: fmt.Sprintf("The header fits %q as well as %q.", plain.dataset.ID, rival.ID)},
			policy.Text{ZH: "请用 --dataset 指明是哪一种。", EN: "Say which with --dataset."})
	}
	if err := heedTitles(plain.dataset, plain.formats(), plain.row, rows); err != nil {
		return err
	}
	if err := heedHeaders(headings(plain.dataset), plain); err != nil {
		return err
	}
	u.accept(m.policy, plain, rows)
	for id, v := range m.how.Set {
		if c := plain.dataset.Column(id); c != nil && !plain.found[id] {
			if u.Set == nil {
				u.Set = map[string]string{}
			}
			u.Set[id] = v
		}
	}
	return nil
}

// bestDataset finds the row and dataset that fit best, and another dataset that fits the row as well.
func (m *matcher) bestDataset(rows []sheet.Row) (best fit, rival *policy.Dataset) {
	for _, row := range rows {
		for i, d := range m.datasets {
			switch f := fitHeader(d, m.words[i], row, m.how.Set); {
			case f.better(best):
				best, rival = f, nil
			case f.complete() && best.complete() && len(f.found) == len(best.found) && f.dataset != best.dataset && f.row.Number == best.row.Number:
				rival = f.dataset
			}
		}
	}
	return best, rival
}

// mappedFit is a row that a mapping fits.
type mappedFit struct {
	mapping *policy.Mapping
	row     sheet.Row
	found   int // headers of the mapping that the row has
}

// bestMapping finds the mapping that uses most of a row's headers, and another that uses as many.
func (m *matcher) bestMapping(u *Unit, rows []sheet.Row) (best mappedFit, other *policy.Mapping) {
	for _, row := range rows {
		for _, c := range m.mappings {
			found, missing := fitMapping(c, row, m.how.Set)
			if len(missing) > 0 || c.Sheet != "" && c.Sheet != u.Sheet || c.HeaderRow > 0 && c.HeaderRow != row.Number {
				continue
			}
			switch {
			case found > best.found:
				best, other = mappedFit{c, row, found}, nil
			case found == best.found && c != best.mapping && row.Number == best.row.Number:
				other = c
			}
		}
	}
	return best, other
}

// fitMapping counts the mapping's headers that the row has and lists those it lacks.
func fitMapping(m *policy.Mapping, row sheet.Row, set map[string]string) (found int, missing []*policy.Header) {
	cells := headerCells(m, row.Cells)
	for _, h := range m.Headers {
		_, there := cells[h.ID]
		_, declared := set[h.ID]
		switch {
		case there:
			found++
		case !h.Optional && !declared:
			missing = append(missing, h)
		}
	}
	if m.Unpivot != nil && len(wide(m, row.Cells)) == 0 {
		return 0, m.Headers
	}
	for _, f := range m.Fields {
		missing = append(missing, sourceless(m, f, cells, set)...)
	}
	return found, missing
}

// sourceless gives the headers that could fill a required field, when the row has none of them: each may be missing, but not all.
func sourceless(m *policy.Mapping, f *policy.Field, cells map[string]int, set map[string]string) (lacking []*policy.Header) {
	if f.Column.Optional || f.Column.MadeFrom != nil {
		return nil
	}
	for _, id := range f.Sources() {
		_, there := cells[id]
		_, declared := set[id]
		if u := m.Unpivot; there || declared || u != nil && (id == u.Name || id == u.Value) {
			return nil
		}
		if h := m.Header(id); h != nil && h.Optional { // others are missed by themselves
			lacking = append(lacking, h)
		}
	}
	return lacking
}

// mapped notes that a mapping reads the table.
func (u *Unit) mapped(p *policy.Policy, f mappedFit, set map[string]string, rows []sheet.Row) {
	m := f.mapping
	u.dataset, u.Dataset, u.order = m.Dataset, m.Dataset.ID, orderOf(p, m.Dataset)
	u.HeaderRow, u.Header, u.Mapping = f.row.End(), f.row.Cells, &m.File
	u.Snapshot = u.Snapshot || m.Snapshot
	cells := headerCells(m, f.row.Cells)
	used := map[int]bool{}
	for _, at := range cells {
		used[at] = true
	}
	for _, at := range wide(m, f.row.Cells) {
		used[at] = true
	}
	for id, v := range set {
		if _, there := cells[id]; !there && m.Header(id) != nil {
			if u.Set == nil {
				u.Set = map[string]string{}
			}
			u.Set[id] = v
		}
	}
	u.Notices = append(u.Notices, policy.Text{ZH: "按映射「" + m.Name.ZH + "」读取", EN: "read by the mapping " + m.Name.EN})
	u.skipped(f.row, rows, func(i int) bool { return used[i] })
}

// misfit says which headers a mapping that was asked for does not find.
func misfit(m *policy.Mapping, set map[string]string, u *Unit, rows []sheet.Row) error {
	best, lacking := -1, []*policy.Header(nil)
	var at sheet.Row
	for _, row := range rows {
		if found, missing := fitMapping(m, row, set); found > best {
			best, lacking, at = found, missing, row
		}
	}
	var names []string
	for _, h := range lacking {
		names = append(names, fmt.Sprintf("%s（%s）", h.ID, strings.Join(h.Names, "/")))
	}
	if m.Sheet != "" && m.Sheet != u.Sheet {
		names = append(names, m.Sheet)
	}
	e := refuse("file.mapping", policy.Text{ZH: fmt.Sprintf("映射「%s」所需的列没有找到：%s。", m.ID, strings.Join(names, "、")),
		EN: fmt.Sprintf("The mapping %q does not find its columns: %s.", m.ID, strings.Join(names, ", "))},
		policy.Text{ZH: "请核对表头，在映射的 headers 中登记现有列名，或用 --set 列=值 给出固定值。", EN: "Check the header, list the names it has under headers in the mapping, or give a fixed value with --set column=value."})
	e.Row, e.Value = at.Number, excerpt(at.Cells)
	return e
}

func unknownMapping(how How) error {
	ids := make([]string, len(how.Mappings))
	for i, m := range how.Mappings {
		ids[i] = m.ID
	}
	list := strings.Join(ids, ", ")
	return refuse("file.unknown_mapping", policy.Text{ZH: fmt.Sprintf("没有名为 %q 的映射。", how.Mapping), EN: fmt.Sprintf("There is no mapping %q.", how.Mapping)},
		policy.Text{ZH: "可用的有：" + list + "。", EN: "Known ones: " + list + "."})
}

// correction reads a sheet of rejects as the file that the rejects came from.
func (m *matcher) correction(ctx context.Context, b *books.Books, u *Unit, header sheet.Row, rows []sheet.Row) error {
	id := ""
	for _, row := range rows {
		if row.Number > header.Number && len(row.Cells) > 0 && strings.Contains(row.Cells[0], "-") {
			id = strings.TrimSpace(row.Cells[0])
			break
		}
	}
	text, _, _ := strings.Cut(id, "-")
	seq, err := strconv.ParseInt(text, 10, 64)
	var origin Decision
	if err == nil {
		origin, err = decisionOf(ctx, b, seq)
	}
	if err != nil {
		e := refuse("file.correction", policy.Text{ZH: "这是隔离区更正表，但表中的隔离编号在账册里找不到。", EN: "This is a sheet of rejects to correct, but its ids are not those of these books."},
			policy.Text{ZH: "请用 plumbline rejects -o 重新导出后再更正，第一列不要改动。", EN: "Export it anew with plumbline rejects -o and leave its first column as it is."})
		e.Row, e.Value = header.Number, id
		return e
	}
	d := m.policy.Dataset(origin.Dataset)
	if d == nil {
		return unknownDataset(m.policy, origin.Dataset)
	}
	want := origin.Header
	got := slices.Clone(header.Cells[Lead:])
	for len(got) < len(want) { // a workbook drops blank cells at the end
		got = append(got, "")
	}
	if !slices.EqualFunc(got[:len(want)], want, func(a, b string) bool { return policy.HeaderKey(a) == policy.HeaderKey(b) }) {
		e := refuse("file.correction", policy.Text{ZH: "更正表的列与原文件不同。", EN: "The columns of the corrected sheet are not those of the original file."},
			policy.Text{ZH: "只改单元格的内容，不要增删或移动列。", EN: "Change cells only; add, delete or move no columns."})
		e.Row, e.Value = header.Number, excerpt(header.Cells)
		return e
	}
	u.dataset, u.Dataset, u.order = d, d.ID, orderOf(m.policy, d)
	u.HeaderRow, u.Header, u.Columns, u.Mapping, u.Set = header.Number, origin.Header, origin.Columns, origin.Mapping, origin.Set
	u.Order, u.Proven = origin.Order, origin.Proven
	u.Corrects, u.Snapshot = seq, false
	u.Notices = append(u.Notices, policy.Text{ZH: "更正「" + origin.Name + "」中被隔离的行", EN: "corrects rows of " + origin.Name + " that were quarantined"})
	return nil
}

// decisionOf gives what was decided about the file of an event.
func decisionOf(ctx context.Context, b *books.Books, seq int64) (d Decision, err error) {
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		text, err := warehouse.One[string](ctx, tx, statements.Get("decided"), warehouse.Args{"seq": seq})
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &d)
	})
	return d, err
}

// orderOf says when a dataset is taken in: those first for whose records others may wait.
func orderOf(p *policy.Policy, d *policy.Dataset) int {
	at := slices.Index(p.Datasets, d)
	if slices.Contains(organisation, d.ID) {
		at -= len(p.Datasets)
	}
	return at
}

// excerpt shows the beginning of a row.
func excerpt(cells []string) string {
	s := []rune(strings.Join(cells, " | "))
	if len(s) > 200 {
		return string(s[:200]) + "…"
	}
	return string(s)
}

// accept notes what was decided, and what the user should know of it.
func (u *Unit) accept(p *policy.Policy, f fit, rows []sheet.Row) {
	u.dataset, u.Dataset, u.order = f.dataset, f.dataset.ID, orderOf(p, f.dataset)
	u.HeaderRow, u.Header, u.Columns = f.row.End(), f.row.Cells, f.columns
	u.skipped(f.row, rows, func(i int) bool { return f.columns[i] != "" })
}

// skipped tells of title rows above the header, and of columns that are not used.
func (u *Unit) skipped(header sheet.Row, rows []sheet.Row, used func(i int) bool) {
	if rows[0].Number != header.Number {
		u.Notices = append(u.Notices, policy.Text{
			ZH: fmt.Sprintf("表头在第 %d 行，其上的标题行未作数据", header.Number),
			EN: fmt.Sprintf("the header stands in row %d; the title rows above it are no data", header.Number)})
	}
	if header.Below > 0 {
		u.Notices = append(u.Notices, policy.Text{
			ZH: fmt.Sprintf("表头占第 %d 至 %d 行，分组列的列名由两行相连", header.Number, header.End()),
			EN: fmt.Sprintf("the header takes the rows %d to %d; columns in groups bear the names of both", header.Number, header.End())})
	}
	var unused []string
	for i, h := range header.Cells {
		if h = strings.TrimSpace(h); h != "" && !used(i) {
			unused = append(unused, h)
		}
	}
	if len(unused) > 0 {
		u.Notices = append(u.Notices, policy.Text{ZH: "未使用的列（保留在原件中）：" + strings.Join(unused, "、"),
			EN: "columns not used (kept in the original): " + strings.Join(unused, ", ")})
	}
}

// fit is how well a row serves as the header of a dataset.
type fit struct {
	dataset *policy.Dataset
	row     sheet.Row
	columns []string         // dataset column per cell, "" for none
	found   map[string]bool  // dataset columns found
	missing []*policy.Column // required columns not found
	twice   []string         // dataset columns found more than once
}

func fitHeader(d *policy.Dataset, words map[string]*policy.Column, row sheet.Row, set map[string]string) fit {
	f := fit{dataset: d, row: row, columns: make([]string, len(row.Cells)), found: map[string]bool{}}
	for i, h := range row.Cells {
		c := words[policy.HeaderKey(h)]
		if c == nil {
			continue
		}
		if f.found[c.ID] {
			f.twice = append(f.twice, c.ID)
		}
		f.columns[i], f.found[c.ID] = c.ID, true
	}
	for _, c := range d.Columns {
		if _, declared := set[c.ID]; !c.Optional && !f.found[c.ID] && !declared && c.MadeFrom == nil {
			f.missing = append(f.missing, c)
		}
	}
	return f
}

// headings maps every word that may head a column of the dataset, in the form of policy.HeaderKey, to the column.
func headings(d *policy.Dataset) map[string]*policy.Column {
	words := map[string]*policy.Column{}
	for _, c := range d.Columns {
		for _, w := range append([]string{c.ID, c.Name.ZH, c.Name.EN}, c.Aliases...) {
			words[policy.HeaderKey(w)] = c
		}
	}
	return words
}

func (f fit) complete() bool { return f.dataset != nil && len(f.missing) == 0 }

// better prefers complete headers, then more columns found, then fewer missing; the earlier row and dataset win ties.
func (f fit) better(g fit) bool {
	switch {
	case g.dataset == nil:
		return len(f.found) > 0
	case f.complete() != g.complete():
		return f.complete()
	case len(f.found) != len(g.found):
		return len(f.found) > len(g.found)
	}
	return len(f.missing) < len(g.missing)
}

// decided gives the dataset of decisions that a table would fit, if files could bring it.
func (m *matcher) decided(rows []sheet.Row) *policy.Dataset {
	for _, d := range m.policy.Datasets {
		for _, row := range rows {
			if d.Recorded != "" && fitHeader(d, headings(d), row, nil).complete() {
				return d
			}
		}
	}
	return nil
}

// recorded refuses records that come from decisions.
func recorded(d *policy.Dataset) error {
	return refuse("file.recorded", policy.Text{ZH: fmt.Sprintf("「%s」由程序在作出决定时登记，不从文件导入。", d.Name.ZH), EN: fmt.Sprintf("The records of %q are written when something is decided; no file brings them.", d.ID)},
		policy.Text{ZH: "申诉用 plumbline appeal 办理，登记随之更新。", EN: "Decide appeals with plumbline appeal; the records follow."})
}

func unknownDataset(p *policy.Policy, want string) error {
	var ids []string
	for _, d := range p.FromFiles() {
		ids = append(ids, d.ID)
	}
	list := strings.Join(ids, ", ")
	return refuse("file.unknown_dataset", policy.Text{ZH: fmt.Sprintf("制度中没有记录种类 %q。", want), EN: fmt.Sprintf("The policy has no dataset %q.", want)},
		policy.Text{ZH: "可用的有：" + list + "。", EN: "Known ones: " + list + "."})
}

func duplicateHeader(f fit) error {
	c := f.dataset.Column(f.twice[0])
	e := refuse("file.duplicate_header", policy.Text{ZH: fmt.Sprintf("有两列都表示「%s」。", c.Name.ZH), EN: fmt.Sprintf("Two columns both mean %q.", c.Name.EN)},
		policy.Text{ZH: "请删去其中一列或改名。", EN: "Delete or rename one of them."})
	e.Row = f.row.Number
	return e
}

// suggestion is what helps with exports of other tools, whose columns bear names of their own.
var suggestion = policy.Text{ZH: "其他系统的导出，可用 plumbline mapping suggest 文件 起草映射。", EN: "For an export of another tool, plumbline mapping suggest FILE drafts a mapping. "}

// noHeader says what is missing, by the closest dataset when one comes close.
func noHeader(p *policy.Policy, best fit, rows []sheet.Row, want string) error {
	if best.dataset == nil || len(best.found) < 2 && want == "" {
		var names []string
		for _, d := range p.FromFiles() {
			names = append(names, d.Name.ZH+" "+d.ID)
		}
		list := strings.Join(names, "、")
		say := policy.Text{ZH: "前 30 行中找不到表头。", EN: "There is no header row among the first 30 rows."}
		cure := policy.Text{ZH: "第一行应写列名。", EN: "Put column names into the first row. "}
		if rows[0].Number == 0 { // of JSON, Parquet and Arrow, whose fields have names in any case
			say = policy.Text{ZH: "字段不是任何一种记录的列。", EN: "The fields are the columns of no kind of record."}
			cure = policy.Text{}
		}
		e := refuse("file.no_header", say, policy.Text{ZH: cure.ZH + suggestion.ZH + "可识别的记录有：" + list + "；列名见 policy/datasets.yaml。",
			EN: cure.EN + suggestion.EN + "Known records: " + list + "; their columns stand in policy/datasets.yaml."})
		e.Row, e.Value = rows[0].Number, excerpt(rows[0].Cells)
		return e
	}
	var zh, en []string
	for _, c := range best.missing {
		zh, en = append(zh, c.Name.ZH), append(en, c.Name.EN)
	}
	set := policy.Text{}
	if c := best.missing[0]; len(best.missing) == 1 && !slices.Contains(best.dataset.Key, c.ID) &&
		slices.Contains([]policy.Type{policy.TypeEmployee, policy.TypeDepartment, policy.TypeEnum}, c.Type) {
		set = policy.Text{ZH: "整份文件都是同一个值的，导入时写明：--set " + c.ID + "=值。", EN: "If one value holds for the whole file, say it when taking it in: --set " + c.ID + "=VALUE. "}
	}
	e := refuse("file.missing_column", policy.Text{
		ZH: fmt.Sprintf("按「%s」读取，缺少必需的列：%s。", best.dataset.Name.ZH, strings.Join(zh, "、")),
		EN: fmt.Sprintf("Read as %s, it lacks required columns: %s.", best.dataset.Name.EN, strings.Join(en, ", "))},
		policy.Text{ZH: "请补上这些列后重新导入；同义的列名也可在 policy/datasets.yaml 的 aliases 中登记。" + set.ZH + suggestion.ZH,
			EN: "Add these columns and ingest again; other names for a column can be listed under aliases in policy/datasets.yaml. " + set.EN + strings.TrimSpace(suggestion.EN)})
	e.Row, e.Value = best.row.Number, excerpt(best.row.Cells)
	return e
}
