package ingest

import (
	"time"

	"plumbline/policy"
)

// File is the receipt of one ingested file (or sheet): every physical row is accepted or quarantined.
// RowsIn = Accepted + Quarantined, and Accepted = New + Corrected + Unchanged + Duplicates.
type File struct {
	Seq       int64     // ledger sequence of the ingest event
	At        time.Time // when it was recorded
	Actor     string
	Name      string // as the user named it, without folders
	SHA256    string // of the original bytes
	Dataset   string
	Sheet     string        // "" for CSV
	Format    string        // "csv", "xlsx"
	Encoding  string        // "UTF-8", "GB18030"; "" for XLSX
	Delimiter string        // "," ";" or a tab; "" for XLSX
	HeaderRow int64         // physical row of the header, from 1
	Notices   []policy.Text // what the reader should know: title rows skipped, columns not used, hidden rows …

	RowsIn, Accepted, Quarantined         int64
	New, Corrected, Unchanged, Duplicates int64

	header []string // as in the file
}

// Reject is one reason why a row is in quarantine. A row with two faults has two Rejects.
type Reject struct {
	Seq     int64 // ledger sequence of the file's event
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
}
