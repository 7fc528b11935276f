package ingest

import (
	"time"

	"plumbline/policy"
)

// File is the receipt of one ingested table of a file, or of a release of rows that waited in its quarantine: every row is
// accepted, quarantined or, being no record, excluded. Of a wide table each filled cell is a row.
// RowsIn = Accepted + Quarantined + Excluded, and Accepted = New + Corrected + Unchanged + Duplicates.
type File struct {
	Seq       int64     // ledger sequence of the ingest event
	At        time.Time // when it was recorded
	Actor     string
	Name      string // as the user named it, without folders
	SHA256    string // of the original bytes
	Dataset   string
	Size      int64         // bytes of the original
	Member    string        // file in a zip archive; "" for none
	Sheet     string        // of a workbook
	Format    string        // "csv", "xlsx", "json", "ndjson", "parquet", "arrow"
	Encoding  string        // "UTF-8", "GB18030"; "" but for CSV
	Delimiter string        // "," ";" or a tab; "" but for CSV
	Mapping   string        // by which it was read; "" for none
	HeaderRow int64         // physical row of the header, its last one, from 1
	Notices   []policy.Text // what the reader should know: title rows skipped, columns not used, hidden rows …

	RowsIn, Accepted, Quarantined, Excluded int64
	New, Corrected, Unchanged, Duplicates   int64

	Retired   int64 // records of earlier files that this snapshot no longer has
	Waiting   int64 // rows still in quarantine
	Origin    int64 // of a release: the event of the file whose rows came in; else 0
	Corrects  int64 // of a sheet of corrections: the event of the file it corrects; else 0
	Withdrawn int64 // the event that took the file back; 0 while it stands

	header  []string // as in the file
	columns []string // the dataset's column per header cell
	parts   int64    // records per physical row
	lead    int      // columns of ours before those of the file
}

// Row gives the physical row of a row number of this file.
func (f File) Row(n int64) int64 { return n / max(f.parts, 1) }

// Reject is one reason why a row is in quarantine. A row with two faults has two Rejects.
type Reject struct {
	ID      string // names the row for corrections; it stays when a correction fails
	Seq     int64  // ledger sequence of the file's event
	File    string
	SHA256  string
	Dataset string
	Sheet   string
	Row     int64       // physical row in the file, the header's row included, from 1
	Column  string      // letter for XLSX and number for CSV, e.g. "C" or "3"; "" when the whole row is meant
	Header  string      // the header as in the file; "" when the whole row is meant
	Value   string      // the value as in the file
	Rule    string      // stable id, e.g. "date.impossible"
	Say     policy.Text // what is wrong
	Cure    policy.Text // what to do
	Cells   []string    // the whole row as in the file, in the file's column order
	Headers []string    // the header as in the file, parallel to Cells
	Cell    int         // index in Cells; -1 when the whole row is meant
}
