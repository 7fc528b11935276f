package reports

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"
)

func itoa(n int) string { return strconv.Itoa(n) }

// letters names a column, counted from 1. A column past the end of a sheet gets no name, and writing there fails.
func letters(col int) string {
	name, err := excelize.ColumnNumberToName(col)
	if err != nil {
		return ""
	}
	return name
}

// address names a cell: B7.
func address(col, row int) string { return letters(col) + itoa(row) }

// fixedAddress names a cell that stays when a formula moves: $B$7.
func fixedAddress(col, row int) string { return "$" + letters(col) + "$" + itoa(row) }

// fixedRange names cells that stay when a formula moves: $B$7:$B$12.
func fixedRange(col, from, to int) string {
	return fixedAddress(col, from) + ":" + fixedAddress(col, to)
}

// quoted is a sheet name as formulas write it.
func quoted(sheet string) string { return "'" + strings.ReplaceAll(sheet, "'", "''") + "'" }

// literal is a text as formulas write it.
func literal(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// sheetNames hands out names that Excel accepts and that differ from each other.
type sheetNames map[string]bool

const sheetNameUnits = 31 // UTF-16 units

// name makes a sheet name out of any text.
func (n sheetNames) name(wanted string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`:\/?*[]`, r), unicode.IsControl(r), r == unicode.ReplacementChar:
			return '_'
		case r == '\'':
			return '’'
		}
		return r
	}, wanted)
	clean = strings.TrimSpace(clean)
	if clean == "" || strings.EqualFold(clean, "History") { // History is reserved
		clean += "_"
	}
	for i := 1; ; i++ {
		suffix := ""
		if i > 1 {
			suffix = " (" + itoa(i) + ")"
		}
		try := strings.TrimSpace(cutUnits(clean, sheetNameUnits-len(suffix))) + suffix
		key := strings.ToLower(norm.NFKC.String(try))
		if !n[key] {
			n[key] = true
			return try
		}
	}
}

// cutUnits shortens s to at most n UTF-16 units without splitting a character.
func cutUnits(s string, n int) string {
	used := 0
	for i, r := range s {
		used += utf16.RuneLen(r)
		if used > n {
			return s[:i]
		}
	}
	return s
}
