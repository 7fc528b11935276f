// Package sample_data holds the files of a small company that does not exist, for trying out and for tests.
//
// Nothing flows in; out go the files as they are. README.md tells about the company, faults.csv where its files are
// wrong on purpose. The package computes nothing.
package sample_data

import "embed"

//go:generate go run plumbline/internal/sample/gen -o .

// FS holds company/ (files for ingest, with rows that are faulty on purpose), refused/ (files that are refused as a
// whole) and faults.csv: file, sheet, row (from 1, titles and header included; in JSON the record; 0 = the whole file),
// column (letter in XLSX, number in CSV, number of the key in JSON, blank = the whole row), rule, what_zh, what_en. The
// rules accepted.… mark rows that are right.
//
//go:embed company refused faults.csv
var FS embed.FS
