// Package sheet turns the bytes of a CSV or XLSX file into rows of text, and loses nothing on the way.
//
// In come bytes. Out go staging lines: one line of delimited text per data record, beginning with the physical row number
// in the file and followed by exactly as many cells as the header has. Lines end in LF; a cell is quoted where it must be, and
// quotes inside are doubled. DuckDB reads them with auto_detect=false, delim as in the Dialect, quote and escape '"', and
// new_line='\n': without the last it takes a CR inside a quoted cell for the line end.
//
//  1. Recognise tells by content what a file is, and refuses what only looks like a table (HTML named .xls, a locked workbook, …).
//  2. DetectCSV finds encoding and delimiter and gives the first records; OpenXLSX checks every part of a workbook to its last
//     byte before any row is believed, and Head gives the first rows. The caller finds the header among them.
//  3. StageCSV and Workbook.Stage write the staging lines. Every record below the header is written, or is in Staged.Bad
//     with its fault, or is blank and counted: Rows = Written + len(Bad).
//
// A fault that puts the borders of the records in doubt (an open quote, a damaged part) refuses the whole file: *RefusedError.
//
// It never replaces, trims or interprets text, except for what Excel stores as numbers and shows as dates, durations or padded
// numbers (see numberText). It never runs formulas, macros or links, and knows nothing of datasets.
package sheet
