package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"plumbline/metrics"
)

// The record is a very hidden sheet of texts, one row for each line of the sheet that is filled in, under a head that says what the
// workbook is. Its checksum is over all of it, and so over whom each line is about and what each locked cell says.
const (
	recordMark   = "plumbline.evaluation"
	recordFormat = "1"
	recordHead   = 7 // rows above the first line
)

// Rows of the head; the values stand in column B.
const (
	recordMarkRow = iota
	recordQuarterRow
	recordSheetRow
	recordWhoseRow
	recordLinesRow
	recordSumRow
	recordNamesRow
)

// Kinds of lines.
const (
	lineHead    = "person"
	lineItem    = "item"
	linePlain   = "computed"
	lineComment = "comment"
	lineNote    = "note"
)

// inputCell stands in a record for a cell that is filled in; other cells begin with v (a value) or f (a formula).
const inputCell = "?"

// recordLine says what one line of the sheet is about.
type recordLine struct {
	metrics.Evaluated
	No, Row int // number of the line, and the row where it was written
	Kind    string
	Version int
	KPI     string
	Kept    bool           // a note that the sheet does not show, and that stays when none is given
	Cells   [evHint]string // what each cell says
	Before  string         // what was filled in, as a hash
}

// texts are the cells of the record.
func (l *recordLine) texts() ([]string, error) {
	cells, err := json.Marshal(l.Cells)
	if err == nil && len(cells) > recordCellUnits {
		err = fmt.Errorf("line %d about %s is too long for a workbook", l.No, l.Employee)
	}
	kept := ""
	if l.Kept {
		kept = "kept"
	}
	return []string{itoa(l.No), itoa(l.Row), l.Kind, l.Employee, l.Department, l.Superior, itoa(l.Version), l.KPI, kept, string(cells), l.Before}, err
}

var recordNames = []string{"line", "row", "kind", "employee", "department", "superior", "version", "kpi", "note", "cells", "before"}

// readLine reads what texts wrote.
func readLine(t []string) (l recordLine, ok bool) {
	if len(t) < len(recordNames) {
		return l, false
	}
	var errs [4]error
	l.No, errs[0] = strconv.Atoi(t[0])
	l.Row, errs[1] = strconv.Atoi(t[1])
	l.Version, errs[2] = strconv.Atoi(t[6])
	errs[3] = json.Unmarshal([]byte(t[9]), &l.Cells)
	l.Kind, l.KPI, l.Kept, l.Before = t[2], t[7], t[8] == "kept", t[10]
	l.Employee, l.Department, l.Superior = t[3], t[4], t[5]
	return l, errs == [4]error{} && slices.Contains([]string{lineHead, lineItem, linePlain, lineComment, lineNote}, l.Kind)
}

// writeRecord writes the hidden sheet.
func (e *evaluationBook) writeRecord() error {
	whose := "department " + e.Department
	if e.Superior != nil {
		whose = "superior " + *e.Superior
	}
	rows := [][]string{{recordMark, recordFormat}, {"quarter", e.Report.Period.String()}, {"sheet", e.sheetName}, {"whose", whose}, {"lines", itoa(len(e.record))}, {"sha256", ""}, recordNames}
	for i := range e.record {
		texts, err := e.record[i].texts()
		if err != nil {
			return err
		}
		rows = append(rows, texts)
	}
	rows[recordSumRow][1] = recordSum(rows)
	if err := e.file.SetSheetVisible(recordSheet, false, true); err != nil { // before the stream begins: it would be read again
		return err
	}
	s, err := e.open(recordSheet, frame{tab: tabEvidence, columns: len(recordNames), rows: len(rows)})
	if err != nil {
		return err
	}
	if err := e.protect(recordSheet); err != nil {
		return err
	}
	style, err := e.style(look{format: fmtText})
	if err != nil {
		return err
	}
	for _, row := range rows {
		for i, t := range row {
			if t != "" {
				s.set(i+1, style, "", t)
			}
		}
		s.end(0)
	}
	return s.close()
}

// recordSum is the checksum of a record, its own cell left out.
func recordSum(rows [][]string) string {
	sum := sha256.New()
	for i, row := range rows {
		if i == recordSumRow {
			continue
		}
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		for _, t := range row {
			fmt.Fprintf(sum, "%s\x1f", settled(t))
		}
		sum.Write([]byte{'\x1e'})
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// inputHash tells whether what is filled in is what was there.
func inputHash(points any, comment string) string {
	sum := sha256.Sum256([]byte(cellText(points) + "\x1f" + settled(comment)))
	return hex.EncodeToString(sum[:8])
}

// trimmed is a text without blanks around it.
func trimmed(s string) string { return strings.TrimSpace(s) }

// settled is what every program that saves workbooks keeps of a text: no control characters, and no blanks.
func settled(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
}
