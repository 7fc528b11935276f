package sample

import (
	"bufio"
	"bytes"
	"slices"
	"strings"
)

// refusedRows is how many rows the files hold that are refused as a whole.
const refusedRows = 12

// writeRefused writes the folder refused: files of which no row may be taken.
func writeRefused(out *output, b *books) ([]Fault, error) {
	delivered, err := workbook(b.deliveries[len(b.deliveries)-1:])
	if err != nil {
		return nil, err
	}
	hours := slices.Index(workLogColumns, "hours")
	var missing bytes.Buffer
	for _, row := range append([][]string{slices.Clone(workLogHeader)}, b.logs[len(b.logs)-2].excerpt(workLogHeader)...) {
		missing.WriteString(strings.Join(slices.Delete(row, hours, hours+1), ",") + "\n")
	}
	files := []struct {
		name, dataset string
		data          []byte
		rule, zh, en  string
	}{
		{"empty.csv", "", nil, "file.empty", "空文件", "An empty file"},
		{"header-only.csv", "deliveries", []byte(strings.Join(deliveryHeader, ",") + "\n"), "file.no_rows", "只有表头，没有数据", "A header without data"},
		{"html-saved-as.xls", "", b.html(), "file.html", "网页另存为 .xls，并非工作簿", "A web page called .xls, not a workbook"},
		{"missing-column.csv", "work_logs", missing.Bytes(), "file.missing_column", "缺少必填列“实际工时”", "The required column “Hours” is missing"},
		{"truncated.xlsx", "deliveries", delivered[:len(delivered)*3/5], "file.damaged", "文件只传了一部分，无法打开", "Only a part of the file arrived, it does not open"},
		{"unterminated-quote.csv", "opportunities", b.unterminated(), "file.unterminated_quote", "第 5 行的引号没有结束", "The quote in row 5 does not end"},
	}
	var faults []Fault
	for _, f := range files {
		name := "refused/" + f.name
		err := out.file(name, f.dataset, func(w *bufio.Writer) (int64, error) {
			_, err := w.Write(f.data)
			return 0, err
		})
		if err != nil {
			return nil, err
		}
		faults = append(faults, Fault{File: name, Rule: f.rule, ZH: f.zh, EN: f.en})
	}
	return faults, nil
}

// excerpt gives the first rows of t as texts.
func (t *table) excerpt(header []string) [][]string {
	var rows [][]string
	for _, l := range t.lines[:refusedRows] {
		row := make([]string, len(header))
		for i := range row {
			row[i] = l.cells[i].text
		}
		rows = append(rows, row)
	}
	return rows
}

// html is a page with a table, as many systems offer it for download as “Excel”.
func (b *books) html() []byte {
	var page strings.Builder
	page.WriteString("<html><head><meta charset=\"utf-8\"><title>交付记录</title></head><body><table border=\"1\">\n")
	for _, row := range append([][]string{deliveryHeader}, b.deliveries[0].excerpt(deliveryHeader)...) {
		page.WriteString("<tr><td>" + strings.Join(row, "</td><td>") + "</td></tr>\n")
	}
	page.WriteString("</table></body></html>\n")
	return []byte(page.String())
}

// unterminated is a CSV file in which a quote opens and never closes.
func (b *books) unterminated() []byte {
	var text strings.Builder
	text.WriteString(strings.Join(opportunityHeader, ",") + "\n")
	for i, row := range b.opportunities[0].excerpt(opportunityHeader) {
		if i == 3 {
			row[2] = `"` + row[2]
		}
		text.WriteString(strings.Join(row, ",") + "\n")
	}
	return []byte(text.String())
}
