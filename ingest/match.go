package ingest

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// match finds the header row among the first rows and the dataset it names. Rows above it are titles and skipped with a notice.
func (u *Unit) match(p *policy.Policy, rows []sheet.Row, want string) error {
	if len(rows) == 0 {
		return refuse("file.empty", policy.Text{ZH: "文件没有内容。", EN: "The file is empty."}, policy.Text{ZH: "请核对导出的文件。", EN: "Check the export."})
	}
	datasets := p.Datasets
	if want != "" {
		d := p.Dataset(want)
		if d == nil {
			return unknownDataset(p, want)
		}
		datasets = []*policy.Dataset{d}
	}
	words := make([]map[string]*policy.Column, len(datasets))
	for i, d := range datasets {
		words[i] = headings(d)
	}
	best, rival := fit{}, fit{}
	for _, row := range rows {
		for i, d := range datasets {
			switch f := fitHeader(d, words[i], row); {
			case f.better(best):
				best, rival = f, fit{}
			case f.complete() && best.complete() && len(f.found) == len(best.found) && f.dataset != best.dataset && f.row.Number == best.row.Number:
				rival = f
			}
		}
	}
	if !best.complete() {
		return noHeader(p, best, rows, want)
	}
	if len(best.twice) > 0 {
		return duplicateHeader(best)
	}
	if rival.dataset != nil {
		return refuse("file.ambiguous", policy.Text{ZH: fmt.Sprintf("表头同样符合「%s」和「%s」。", best.dataset.Name.ZH, rival.dataset.Name.ZH),
			EN: fmt.Sprintf("The header fits %q as well as %q.", best.dataset.ID, rival.dataset.ID)},
			policy.Text{ZH: "请用 --dataset 指明是哪一种。", EN: "Say which with --dataset."})
	}
	u.accept(p, best, rows)
	return nil
}

// accept notes what was decided, and what the user should know of it.
func (u *Unit) accept(p *policy.Policy, f fit, rows []sheet.Row) {
	u.dataset, u.Dataset, u.order = f.dataset, f.dataset.ID, slices.Index(p.Datasets, f.dataset)
	u.HeaderRow, u.Header, u.Columns = f.row.Number, f.row.Cells, f.columns
	if rows[0].Number != f.row.Number {
		u.Notices = append(u.Notices, policy.Text{
			ZH: fmt.Sprintf("表头在第 %d 行，其上的标题行未作数据", f.row.Number),
			EN: fmt.Sprintf("the header stands in row %d; the title rows above it are no data", f.row.Number)})
	}
	var unused []string
	for i, id := range f.columns {
		if h := strings.TrimSpace(f.row.Cells[i]); id == "" && h != "" {
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

func fitHeader(d *policy.Dataset, words map[string]*policy.Column, row sheet.Row) fit {
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
		if !c.Optional && !f.found[c.ID] {
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

func unknownDataset(p *policy.Policy, want string) error {
	ids := make([]string, len(p.Datasets))
	for i, d := range p.Datasets {
		ids[i] = d.ID
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

// noHeader says what is missing, by the closest dataset when one comes close.
func noHeader(p *policy.Policy, best fit, rows []sheet.Row, want string) error {
	if best.dataset == nil || len(best.found) < 2 && want == "" {
		var names []string
		for _, d := range p.Datasets {
			names = append(names, d.Name.ZH+" "+d.ID)
		}
		list := strings.Join(names, "、")
		e := refuse("file.no_header", policy.Text{ZH: "前 30 行中找不到表头。", EN: "There is no header row among the first 30 rows."},
			policy.Text{ZH: "第一行应写列名。可识别的记录有：" + list + "；列名见 policy/datasets.yaml。",
				EN: "Put column names into the first row. Known records: " + list + "; their columns stand in policy/datasets.yaml."})
		e.Row, e.Value = rows[0].Number, strings.Join(rows[0].Cells, " | ")
		return e
	}
	var zh, en []string
	for _, c := range best.missing {
		zh, en = append(zh, c.Name.ZH), append(en, c.Name.EN)
	}
	e := refuse("file.missing_column", policy.Text{
		ZH: fmt.Sprintf("按「%s」读取，缺少必需的列：%s。", best.dataset.Name.ZH, strings.Join(zh, "、")),
		EN: fmt.Sprintf("Read as %s, it lacks required columns: %s.", best.dataset.Name.EN, strings.Join(en, ", "))},
		policy.Text{ZH: "请补上这些列后重新导入；同义的列名也可在 policy/datasets.yaml 的 aliases 中登记。",
			EN: "Add these columns and ingest again; other names for a column can be listed under aliases in policy/datasets.yaml."})
	e.Row, e.Value = best.row.Number, strings.Join(best.row.Cells, " | ")
	return e
}
