package sample

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// written is the time that every workbook carries, so that its bytes are the same whenever it is made.
var written = time.Date(2026, 10, 9, 9, 0, 0, 0, time.UTC)

// workbook writes tables as the sheets of an XLSX file.
func workbook(sheets []*table) (data []byte, err error) {
	f := excelize.NewFile()
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	patches := map[string]map[string]string{} // part of the file → cell → XML
	for i, t := range sheets {
		if i == 0 {
			err = f.SetSheetName("Sheet1", t.sheet)
		} else {
			_, err = f.NewSheet(t.sheet)
		}
		if err != nil {
			return nil, err
		}
		raw, err := fillSheet(f, t)
		if err != nil {
			return nil, fmt.Errorf("sheet %s: %w", t.sheet, err)
		}
		patches[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = raw
	}
	stamp := written.Format(time.RFC3339)
	err = f.SetDocProps(&excelize.DocProperties{Created: stamp, Modified: stamp, Creator: "plumbline sample", LastModifiedBy: "plumbline sample"})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return nil, err
	}
	return rezip(b.Bytes(), patches)
}

// fillSheet writes titles, header and rows, and gives the cells that only Excel itself can make, as XML.
func fillSheet(f *excelize.File, t *table) (map[string]string, error) {
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	looks, err := cellStyles(f, t)
	if err != nil {
		return nil, err
	}
	row := 0
	for _, title := range t.titles {
		row++
		if err := f.SetCellStr(t.sheet, "A"+strconv.Itoa(row), title); err != nil {
			return nil, err
		}
	}
	row++
	if err := f.SetSheetRow(t.sheet, "A"+strconv.Itoa(row), &t.format.header); err != nil {
		return nil, err
	}
	if err := f.SetRowStyle(t.sheet, 1, row, bold); err != nil {
		return nil, err
	}
	if err := f.SetColWidth(t.sheet, "A", t.columnName(len(t.columns)-1), 14); err != nil {
		return nil, err
	}
	raw := map[string]string{}
	for _, l := range t.lines {
		row++
		if err := fillRow(f, t, l, row, looks, raw); err != nil {
			return nil, err
		}
	}
	return raw, f.SetSheetDimension(t.sheet, "A1:"+t.columnName(len(t.columns)-1)+strconv.Itoa(row))
}

// fillRow writes one row; raw receives what takes the place of a cell in the XML.
func fillRow(f *excelize.File, t *table, l *line, row int, looks styles, raw map[string]string) error {
	for i, c := range l.cells {
		at := t.columnName(i) + strconv.Itoa(row)
		if err := fillCell(f, t.sheet, at, c, looks); err != nil {
			return fmt.Errorf("cell %s: %w", at, err)
		}
		switch c.kind {
		case errorCell:
			raw[at] = fmt.Sprintf(`<c r="%s" t="e"><f>VLOOKUP(A%d,Z:Z,1,FALSE)</f><v>%s</v></c>`, at, row, c.text)
		case formulaCell:
			raw[at] = fmt.Sprintf(`<c r="%s"><f>%s</f></c>`, at, c.text)
		case longCell:
			raw[at] = fmt.Sprintf(`<c r="%s"><v>%s</v></c>`, at, c.text)
		}
	}
	if l.merge == "" {
		return nil
	}
	column := t.columnName(t.at(l.merge))
	return f.MergeCell(t.sheet, column+strconv.Itoa(row), column+strconv.Itoa(row+1))
}

// styles are how the cells of a sheet look.
type styles struct{ date, time, percent int }

// cellStyles makes the styles that the cells of t need.
func cellStyles(f *excelize.File, t *table) (s styles, err error) {
	look := func(layout string) (int, error) { return f.NewStyle(&excelize.Style{CustomNumFmt: &layout}) }
	if s.date, err = look("yyyy-mm-dd"); err != nil {
		return s, err
	}
	for _, l := range t.lines {
		for _, c := range l.cells {
			if c.kind == timeCell && s.time == 0 {
				s.time, err = look("yyyy-mm-dd hh:mm")
			} else if c.kind == percentCell && s.percent == 0 {
				s.percent, err = look("0%")
			}
			if err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

func fillCell(f *excelize.File, sheet, at string, c cell, looks styles) error {
	switch {
	case c.kind == errorCell || c.kind == formulaCell || c.kind == longCell:
		return f.SetCellInt(sheet, at, 0) // holds the place
	case c.text == "":
		return nil
	case c.kind == dateCell:
		d, err := time.Parse(isoDate, c.text)
		if err != nil {
			return err
		}
		if err := f.SetCellInt(sheet, at, int64(dayOf(d))+25569); err != nil { // Excel counts from 1899-12-30
			return err
		}
		return f.SetCellStyle(sheet, at, at, looks.date)
	case c.kind == timeCell:
		d, err := time.Parse(isoTime, c.text)
		if err != nil {
			return err
		}
		minutes := d.Hour()*60 + d.Minute()
		serial := fmt.Sprintf("%d.%010d", int64(dayOf(d))+25569, (minutes*10_000_000_000+720)/1440) // as exact as Excel keeps it
		if err := f.SetCellDefault(sheet, at, serial); err != nil {
			return err
		}
		return f.SetCellStyle(sheet, at, at, looks.time)
	case c.kind == percentCell:
		n, err := strconv.Atoi(c.text)
		if err != nil {
			return err
		}
		if err := f.SetCellDefault(sheet, at, strings.TrimRight(fmt.Sprintf("%d.%02d", n/100, n%100), ".0")); err != nil {
			return err
		}
		return f.SetCellStyle(sheet, at, at, looks.percent)
	case c.kind == numberCell:
		return f.SetCellDefault(sheet, at, c.text)
	}
	return f.SetCellStr(sheet, at, c.text)
}

// rezip writes the parts of a workbook in a fixed order and with a fixed time, with cells replaced.
func rezip(data []byte, patches map[string]map[string]string) ([]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	parts := r.File
	sort.SliceStable(parts, func(a, b int) bool { return parts[a].Name < parts[b].Name }) // [Content_Types].xml comes first
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range parts {
		text, err := readPart(part)
		if err != nil {
			return nil, err
		}
		if text, err = patch(text, patches[part.Name]); err != nil {
			return nil, fmt.Errorf("%s: %w", part.Name, err)
		}
		entry, err := w.CreateHeader(&zip.FileHeader{Name: part.Name, Method: zip.Deflate, Modified: written})
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func readPart(part *zip.File) ([]byte, error) {
	r, err := part.Open()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if closing := r.Close(); err == nil {
		err = closing
	}
	return text, err
}

var cellXML = regexp.MustCompile(`<c r="([A-Z]+[0-9]+)"[^>]*>.*?</c>`)

// patch replaces cells in a sheet's XML; each must be there.
func patch(text []byte, cells map[string]string) ([]byte, error) {
	found := 0
	text = cellXML.ReplaceAllFunc(text, func(old []byte) []byte {
		replacement, ok := cells[string(cellXML.FindSubmatch(old)[1])]
		if !ok {
			return old
		}
		found++
		return []byte(replacement)
	})
	if found != len(cells) {
		return nil, fmt.Errorf("replaced %d of %d cells", found, len(cells))
	}
	return text, nil
}
