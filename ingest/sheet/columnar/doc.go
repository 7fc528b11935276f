// Package columnar reads Parquet and Arrow IPC files as rows of text, in a child process.
//
// In comes an open file. Out come its columns and its rows, each cell as text or nil. Structs are flattened to
// columns named a.b; lists and maps come as JSON text.
//
//  1. A program calls Main first thing in main, and in TestMain of its tests. Main returns at once, except in the child.
//  2. Read starts the same program again as the child, with nothing but the file: it limits its own address space, processor time
//     and files, and only then looks at the first byte.
//  3. The child writes frames (see frames.go); Read checks them and hands the rows on. Whatever happens to the child, a crash, a
//     limit or nonsense in its frames, becomes a *Refusal.
//
// It is a package of its own because these formats are read by large libraries that trust the offsets in a file. A crafted file may
// crash or stall the child; it never harms the process that keeps the books. The package writes no file, interprets no value and
// knows nothing of datasets.
//
// Values as text, exact in all digits:
//
//	date32, date64          2026-07-01
//	timestamp with a zone   2026-07-01T08:30:00Z, always in UTC, with as many digits behind the second as are not zero
//	timestamp without       2026-07-01 08:30:00
//	INT96 (Parquet)         as a timestamp without zone: some programs store local time in it, others UTC, and none says which;
//	                        Field tells such columns
//	time32, time64          08:30:00
//	duration                PT5400S
//	decimal                 12.50, all digits of its scale
//	float, double           the shortest text that gives the same number again: 0.1, 1e+21, NaN
//	boolean                 true, false
//	string, binary          the bytes as they are; whether they are text is for the caller to judge
//	list, map, struct in a list   JSON text
//	null                    nil
//
// What is damaged inside a page and still reads as values cannot be told: neither format has checksums that all programs write.
package columnar
