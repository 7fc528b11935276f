package reports

import (
	"archive/zip"
	"fmt"
	"html"
	"io"
	"regexp"
	"sort"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Dump gives a workbook as text, so that two can be compared line by line: sheets with their widths, panes, print set-up,
// conditional formats and input checks, every cell with value, formula and number format, names, and what charts draw.
func Dump(path string) (string, error) {
	f, err := excelize.OpenFile(path, excelize.Options{UnzipSizeLimit: 1 << 30})
	if err != nil {
		return "", fmt.Errorf("dump %s: %w", path, err)
	}
	defer f.Close()
	var out strings.Builder
	props, err := f.GetDocProps()
	if err != nil {
		return "", fmt.Errorf("dump %s: %w", path, err)
	}
	fmt.Fprintf(&out, "properties: title=%q creator=%q language=%q created=%s\n", props.Title, props.Creator, props.Language, props.Created)
	names := f.GetDefinedName()
	for _, n := range names {
		fmt.Fprintf(&out, "name: %s (%s) = %s\n", n.Name, n.Scope, n.RefersTo)
	}
	for _, name := range f.GetSheetList() {
		if err := dumpSheet(&out, f, name); err != nil {
			return "", fmt.Errorf("dump %s, sheet %s: %w", path, name, err)
		}
	}
	if err := dumpCharts(&out, path); err != nil {
		return "", fmt.Errorf("dump %s: %w", path, err)
	}
	return out.String(), nil
}

func dumpSheet(out *strings.Builder, f *excelize.File, name string) error {
	fmt.Fprintf(out, "\n== %s\n", name)
	if err := dumpFrame(out, f, name); err != nil {
		return err
	}
	rows, err := f.GetRows(name, excelize.Options{RawCellValue: true})
	if err != nil {
		return err
	}
	for r, row := range rows {
		for c, value := range row {
			cell := address(c+1, r+1)
			formula, err := f.GetCellFormula(name, cell)
			if err != nil {
				return err
			}
			if value == "" && formula == "" {
				continue
			}
			format, err := numberFormat(f, name, cell)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\t%q", cell, value)
			if formula != "" {
				fmt.Fprintf(out, "\t=%s", formula)
			}
			if format != "" {
				fmt.Fprintf(out, "\t[%s]", format)
			}
			out.WriteByte('\n')
		}
	}
	return nil
}

func numberFormat(f *excelize.File, sheet, cell string) (string, error) {
	id, err := f.GetCellStyle(sheet, cell)
	if err != nil {
		return "", err
	}
	style, err := f.GetStyle(id)
	if err != nil || style.CustomNumFmt == nil {
		return "", err
	}
	return *style.CustomNumFmt, nil
}

// dumpFrame writes what a sheet has besides cells.
func dumpFrame(out *strings.Builder, f *excelize.File, name string) error {
	panes, err := f.GetPanes(name)
	if err != nil {
		return err
	}
	page, err := f.GetPageLayout(name)
	if err != nil {
		return err
	}
	foot, err := f.GetHeaderFooter(name)
	if err != nil {
		return err
	}
	props, err := f.GetSheetProps(name)
	if err != nil {
		return err
	}
	wide, tab := "as wide as it is", "none"
	if props.FitToPage != nil && *props.FitToPage {
		wide = fmt.Sprintf("%d wide", *page.FitToWidth)
	}
	if props.TabColorRGB != nil {
		tab = *props.TabColorRGB
	}
	fmt.Fprintf(out, "tab: %s\npanes: freeze=%t x=%d y=%d\nprint: %s, %s\nfooter: %s\n", tab, panes.Freeze, panes.XSplit, panes.YSplit,
		*page.Orientation, wide, foot.OddFooter)
	merged, err := f.GetMergeCells(name)
	if err != nil {
		return err
	}
	for _, m := range merged {
		fmt.Fprintf(out, "merged: %s:%s\n", m.GetStartAxis(), m.GetEndAxis())
	}
	rules, err := f.GetConditionalFormats(name)
	if err != nil {
		return err
	}
	for _, cells := range sortedKeys(rules) {
		for _, r := range rules[cells] {
			fmt.Fprintf(out, "rule: %s %s %s %s%s\n", cells, r.Type, r.Criteria, r.MinValue, r.MaxValue)
		}
	}
	checks, err := f.GetDataValidations(name)
	if err != nil {
		return err
	}
	for _, c := range checks {
		fmt.Fprintf(out, "input: %s %s %s to %s\n", c.Sqref, c.Type, c.Formula1, c.Formula2)
	}
	return dumpExtras(out, f, name)
}

// dumpExtras writes the Excel tables and the notes of a sheet.
func dumpExtras(out *strings.Builder, f *excelize.File, name string) error {
	tables, err := f.GetTables(name)
	if err != nil {
		return err
	}
	for _, t := range tables {
		fmt.Fprintf(out, "table: %s %s\n", t.Name, t.Range)
	}
	notes, err := f.GetComments(name)
	if err != nil {
		return err
	}
	for _, n := range notes {
		text := n.Text
		for _, run := range n.Paragraph {
			text += run.Text
		}
		fmt.Fprintf(out, "note: %s %q\n", n.Cell, text)
	}
	return nil
}

var (
	leads = regexp.MustCompile(`<hyperlink ref="([^"]*)" location="([^"]*)"`)
	icons = regexp.MustCompile(`<x14:iconSet iconSet="([^"]*)">.*?<xm:sqref>([^<]*)</xm:sqref>`)
	small = regexp.MustCompile(`<x14:sparkline><xm:f>([^<]*)</xm:f><xm:sqref>([^<]*)</xm:sqref>`)
)

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

var drawn = regexp.MustCompile(`<c:f>([^<]*)</c:f>`)

// dumpPointers writes where the links of a sheet lead, and what its sparklines draw.
func dumpPointers(out *strings.Builder, part, text string) {
	links, sparks := leads.FindAllStringSubmatch(text, -1), small.FindAllStringSubmatch(text, -1)
	arrows := icons.FindAllStringSubmatch(text, -1)
	if len(links)+len(sparks)+len(arrows) == 0 {
		return
	}
	fmt.Fprintf(out, "\n== %s\n", part)
	for _, m := range links {
		fmt.Fprintf(out, "link: %s to %s\n", m[1], html.UnescapeString(m[2]))
	}
	for _, m := range arrows {
		fmt.Fprintf(out, "icons: %s %s\n", m[2], m[1])
	}
	for _, m := range sparks {
		fmt.Fprintf(out, "sparkline: %s over %s\n", m[2], html.UnescapeString(m[1]))
	}
}

// dumpCharts writes which cells each chart draws, and where links lead.
func dumpCharts(out *strings.Builder, path string) error {
	zr, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer zr.Close()
	for _, part := range zr.File {
		sheet := strings.HasPrefix(part.Name, "xl/worksheets/sheet")
		if !sheet && !strings.HasPrefix(part.Name, "xl/charts/chart") {
			continue
		}
		r, err := part.Open()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return err
		}
		if sheet {
			dumpPointers(out, part.Name, string(text))
			continue
		}
		fmt.Fprintf(out, "\n== %s\n", part.Name)
		for _, m := range drawn.FindAllStringSubmatch(string(text), -1) {
			fmt.Fprintln(out, m[1])
		}
	}
	return nil
}
