package reports

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// note is a note on a cell.
type note struct {
	col, row int
	words    string
}

// shapesPerBlock is how many shapes share a block of ids in drawings of the old kind.
const shapesPerBlock = 1024

// addNotes writes the notes of a sheet. The workbook library is given the first one, so that it makes the parts and what points at them; the
// parts themselves are written here, because it takes a time for each note that grows with their number.
func (s *sheet) addNotes() error {
	if len(s.notes) == 0 {
		return nil
	}
	b, list := s.book, s.notes
	if err := b.file.AddComment(s.name, excelize.Comment{Cell: address(list[0].col, list[0].row), Author: "Plumbline", Text: "-"}); err != nil {
		return err
	}
	b.noted++
	first := b.hung + 1
	b.hung += (len(list) + shapesPerBlock - 1) / shapesPerBlock
	font := b.font
	b.whole[fmt.Sprintf("xl/comments%d.xml", b.noted)] = func(w io.Writer) error { return writeComments(w, list, font) }
	b.whole[fmt.Sprintf("xl/drawings/vmlDrawing%d.vml", b.noted)] = func(w io.Writer) error { return writeShapes(w, list, first) }
	return nil
}

// writeComments writes the texts of notes.
func writeComments(to io.Writer, list []note, font string) error {
	w := bufio.NewWriter(to)
	w.WriteString(xml.Header + `<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>Plumbline</author></authors><commentList>`)
	for _, n := range list {
		fmt.Fprintf(w, `<comment ref="%s" authorId="0"><text><r><rPr><sz val="9"/><color rgb="FF%s"/><rFont val="%s"/></rPr><t xml:space="preserve">`, address(n.col, n.row), ink, font)
		if err := xml.EscapeText(w, []byte(n.words)); err != nil {
			return err
		}
		w.WriteString(`</t></r></text></comment>`)
	}
	w.WriteString(`</commentList></comments>`)
	return w.Flush()
}

// writeShapes writes the boxes of notes, hidden until somebody points at the cell; first is the first block of their ids.
func writeShapes(to io.Writer, list []note, first int) error {
	w := bufio.NewWriter(to)
	blocks := itoa(first)
	for i := 1; i <= (len(list)-1)/shapesPerBlock; i++ {
		blocks += "," + itoa(first+i)
	}
	fmt.Fprintf(w, `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">`+
		`<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="%s"/></o:shapelayout>`+
		`<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`, blocks)
	for i, n := range list {
		const columns = 5 // that a box is wide
		fmt.Fprintf(w, `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;z-index:%d;visibility:hidden" fillcolor="#fffdf0" o:insetmode="auto"><v:fill color2="#fffdf0"/>`+
			`<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"/></v:textbox>`+
			`<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%d, 12, %d, 4, %d, 12, %d, 4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>`,
			first*shapesPerBlock+i+1, i+1, n.col, max(n.row-2, 0), n.col+columns, max(n.row-2, 0)+wrappedLines(n.words, 52)+1, n.row-1, n.col-1)
	}
	w.WriteString("</xml>")
	return w.Flush()
}
