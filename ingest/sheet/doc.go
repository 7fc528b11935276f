// Package sheet turns the bytes of a table file into rows of text, and loses nothing on the way: CSV, XLSX, JSON, NDJSON, Parquet
// and Arrow IPC, each as it is, in gzip or zstd, or with others in a zip archive.
//
// In come bytes. Out go staging lines: one line of delimited text per data record, beginning with the physical row number
// in the file and followed by exactly as many cells as the header has. Lines end in LF; a cell is quoted where it must be, and
// quotes inside are doubled. DuckDB reads them with auto_detect=false, delim as in the Dialect, quote and escape '"', and
// new_line='\n': without the last it takes a CR inside a quoted cell for the line end.
//
//  1. Tables looks at a file, unpacks it, and gives a Reading for each table in it; a Reading stages its table anew from the
//     original bytes, now or from the ledger years later. Tables and Reading.Stage go by the steps below.
//  2. Recognise tells by content what a file is, and refuses what only looks like a table (HTML named .xls, a locked workbook, …).
//  3. DetectCSV finds encoding and delimiter and gives the first records; OpenXLSX checks every part of a workbook to its last
//     byte before any row is believed, and Head gives the first rows. The caller finds the header among them.
//     A first pass over JSON gives the fields; a child process reads Parquet and Arrow (see package columnar).
//  4. StageCSV, Workbook.Stage and Reading.Stage write the staging lines. Every record below the header is written, or is in Staged.Bad
//     with its fault, or is blank and counted: Rows = Written + len(Bad).
//
// A fault that puts the borders of the records in doubt (an open quote, a damaged part) refuses the whole file: *RefusedError.
//
// A JSON record becomes a row: members of objects in objects are named a.b.c, lists of plain values are joined by ", ", lists that
// hold objects or lists stay JSON text, numbers keep the digits they are written with (an exponent gets its sign: 1e22 becomes
// 1e+22), null and {} say nothing. Parquet and Arrow values become text as package columnar says.
//
// It never replaces, trims or interprets text, except for what Excel stores as numbers and shows as dates, durations, percentages or
// padded numbers (see appendNumber). It never runs formulas, macros or links, and knows nothing of datasets.
package sheet
