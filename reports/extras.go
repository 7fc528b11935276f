package reports

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// What a sheet has besides cells: links, notes, sparklines and its Excel table.

// Excel keeps 65,530 links on a sheet; fewer are written, because each costs the reader memory. Notes likewise.
const (
	linksMost = 8_000
	notesMost = 2_000
)

// link makes a cell of the current row lead to a place in the workbook. Past linksMost cells stay without.
func (s *sheet) link(col int, place string) {
	if s.links++; s.links <= linksMost && place != "" {
		s.keep(s.book.file.SetCellHyperLink(s.name, address(col, s.row), place, "Location"))
	}
}

// spot names a cell of another sheet as links want it.
func spot(sheet string, col, row int) string { return quoted(sheet) + "!" + address(col, row) }

// linked is the look of a cell that leads somewhere.
func linked(l look) look { l.ink, l.under = linkInk, true; return l }

// note hangs a note on a cell of the current row. Past notesMost cells stay without.
func (s *sheet) note(col int, words string) {
	if words == "" || len(s.notes) == notesMost {
		return
	}
	s.notes = append(s.notes, note{col, s.row, cutBytes(words, 8000)})
}

// spark is a small line in a cell over cells of its row.
type spark struct{ cell, from string }

// sparkline draws the cells of the current row from one column to another in a cell.
func (s *sheet) sparkline(col, from, to int) {
	s.sparks = append(s.sparks, spark{address(col, s.row), quoted(s.name) + "!" + address(from, s.row) + ":" + address(to, s.row)})
}

// arrows sets ▲ beside what is above zero in a range, ▬ beside zero and ▼ beside what is below.
func (s *sheet) arrows(cells string) { s.icons = append(s.icons, cells) }

// addExtensions writes arrows and sparklines, which the workbook library cannot express.
func (s *sheet) addExtensions() error {
	if len(s.sparks)+len(s.icons) == 0 {
		return nil
	}
	i := slices.Index(s.book.file.GetSheetList(), s.name)
	var x strings.Builder
	s.writeArrows(&x, i)
	if err := s.writeSparklines(&x); err != nil {
		return err
	}
	s.book.last[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = x.String() // sheets are made in their order
	return nil
}

const excel2010 = `xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"`

func (s *sheet) writeArrows(x *strings.Builder, sheet int) {
	if len(s.icons) == 0 {
		return
	}
	x.WriteString(`<ext ` + excel2010 + ` uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}"><x14:conditionalFormattings>`)
	for n, cells := range s.icons {
		fmt.Fprintf(x, `<x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:cfRule type="iconSet" priority="%d" id="{00000000-0000-0001-%04X-%012X}"><x14:iconSet iconSet="3Triangles">`+
			`<x14:cfvo type="percent"><xm:f>0</xm:f></x14:cfvo><x14:cfvo type="num"><xm:f>0</xm:f></x14:cfvo><x14:cfvo type="num" gte="0"><xm:f>0</xm:f></x14:cfvo></x14:iconSet></x14:cfRule><xm:sqref>%s</xm:sqref></x14:conditionalFormatting>`,
			9000+n, sheet+1, n+1, cells)
	}
	x.WriteString(`</x14:conditionalFormattings></ext>`)
}

// writeSparklines writes one group of lines with marks, the last in another colour.
func (s *sheet) writeSparklines(x *strings.Builder) error {
	if len(s.sparks) == 0 {
		return nil
	}
	x.WriteString(`<ext ` + excel2010 + ` uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}">` +
		`<x14:sparklineGroups xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">` +
		`<x14:sparklineGroup lineWeight="1.25" displayEmptyCellsAs="gap" markers="1" last="1">` +
		`<x14:colorSeries rgb="FF` + chartInk + `"/><x14:colorNegative rgb="FF` + badInk + `"/><x14:colorAxis rgb="FF000000"/><x14:colorMarkers rgb="FF` + chartInk + `"/>` +
		`<x14:colorFirst rgb="FF` + chartInk + `"/><x14:colorLast rgb="FFC77C2E"/><x14:colorHigh rgb="FF` + chartInk + `"/><x14:colorLow rgb="FF` + chartInk + `"/><x14:sparklines>`)
	for _, k := range s.sparks {
		x.WriteString("<x14:sparkline><xm:f>")
		if err := xml.EscapeText(x, []byte(k.from)); err != nil {
			return err
		}
		x.WriteString("</xm:f><xm:sqref>" + k.cell + "</xm:sqref></x14:sparkline>")
	}
	x.WriteString("</x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext>")
	return nil
}

// addTable lays an Excel table over the cells that the frame names.
func (s *sheet) addTable() error {
	if s.frame.table == "" {
		return nil
	}
	no := false
	name := s.frame.table
	for i := 2; s.book.tables[strings.ToLower(name)]; i++ {
		name = s.frame.table + "_" + itoa(i)
	}
	s.book.tables[strings.ToLower(name)] = true
	return s.stream.AddTable(&excelize.Table{Range: s.frame.tableCells, Name: name, ShowRowStripes: &no})
}

// define gives cells of the workbook a name that formulas may use.
func (b *book) define(name, refersTo string) error {
	return b.file.SetDefinedName(&excelize.DefinedName{Name: name, RefersTo: refersTo})
}

// nameOfPerson is a person's name with the number behind; people share names. Who is not in the report has a number only.
func (b *book) nameOfPerson(no string) string {
	if b.people == nil {
		b.people = map[string]string{}
		for other, name := range b.Names {
			b.people[other] = name.In(b.lang)
		}
		if b.Report != nil {
			for i := range b.Report.Scores {
				p := &b.Report.Scores[i].Person
				b.people[p.No] = p.Name.In(b.lang)
			}
			for i := range b.Report.People {
				p := &b.Report.People[i].Person
				b.people[p.No] = p.Name.In(b.lang)
			}
		}
	}
	if name := b.people[no]; name != "" {
		return name + b.t("（", " (") + no + b.t("）", ")")
	}
	return no
}
