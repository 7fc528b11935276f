package sheet

import (
	"bytes"
	"fmt"
	"io"
)

// fieldStager stages records whose cells come by field: JSON, NDJSON, Parquet, Arrow.
type fieldStager struct {
	ledge
	out    *stageWriter
	marked bool // undecodable bytes are written as by appendMarked
}

func newFieldStager(w io.Writer) *fieldStager { return &fieldStager{out: newStageWriter(w, ',')} }

// put writes, rejects or counts one record; nil cells are blank. detail tells of a fault in a cell what Detail should say.
func (s *fieldStager) put(row int64, cells [][]byte, detail func(column int, found fault) string) error {
	if blankCells(cells) {
		s.Blank++
		return nil
	}
	for i, c := range cells {
		if len(c) > maxCell {
			return longCell(row)
		}
		if clean(c, true) {
			continue
		}
		if found := findFault(c, true); found.rule != "" {
			return s.reject(BadRow{Row: row, Column: i, Value: escape(c, s.marked), Rule: found.rule, Detail: detail(i, found), Cells: shownCells(cells, s.marked)})
		}
	}
	return s.write(row, cells)
}

func (s *fieldStager) write(row int64, cells [][]byte) error {
	s.Rows++
	s.Written++
	s.LastRow = row
	s.out.begin(row)
	for i, c := range cells {
		if i > 0 {
			s.out.buf = append(s.out.buf, ',')
		}
		if bytes.ContainsAny(c, ",\"\r\n") {
			s.out.quote(c)
		} else {
			s.out.buf = append(s.out.buf, c...)
		}
	}
	return s.out.endLine()
}

// end writes what is left and gives the outcome.
func (s *fieldStager) end() (Staged, error) {
	s.Longest, s.Ascending = s.out.most, !s.out.ids.broken
	return s.Staged, s.out.flush()
}

// faultDetail gives the character of text.control, else the place.
func faultDetail(found fault, place string) string {
	if found.rule == TextControl {
		return fmt.Sprintf("U+%04X", found.char)
	}
	return place
}

func longCell(row int64) *RefusedError {
	e := refuse(FileLimit, textf("第 %[1]d 行（条）有单元格超过上限（1 MiB）。", "A cell of row %[1]d exceeds the limit of 1 MiB.", row),
		text("请把过长的内容移出后重新导出。", "Export it again without the long text."))
	e.Row = row
	return e
}

func blankCells(cells [][]byte) bool {
	for _, c := range cells {
		if !blank(c, ' ') {
			return false
		}
	}
	return true
}

func shownCells(cells [][]byte, marked bool) []string {
	shown := make([]string, len(cells))
	for i, c := range cells {
		shown[i] = escape(c, marked)
	}
	return shown
}
