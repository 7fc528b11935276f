package policy

import "slices"

// Mapping says how an export of another tool, or of one's own making, becomes records of a dataset. It is data that HR edits:
// one YAML file in the folder mappings of the policy. A mapping is no part of the regulation; the ledger keeps it with every
// file that was read by it.
type Mapping struct {
	ID        string // the file's name without .yaml
	Name      Text
	Dataset   *Dataset
	Sheet     string // only this sheet of a workbook; "" = any
	HeaderRow int64  // physical row of the header; 0 = found by its words
	Encoding  string // as sheet.Dialect names it; "" = told from the bytes
	Delimiter byte   // 0 = told from the rows
	Headers   []*Header
	Unpivot   *Unpivot // nil: one row is one record
	Where     *Expr    // rows for which it is not true are left out; nil: none
	Pick      *Pick    // nil: a key that stands several times is a conflict
	Fields    []*Field
	Snapshot  bool // the file tells of all records there are: what an earlier one had and it has not is retired
	Repeats   bool // lines that are alike in all their fields are records of their own (datasets with a made key)
	File      File // as read
}

// Header is a column of the file under a name of our own, by which expressions use it. Its value is the cell without white space
// around it, NULL when nothing is left.
type Header struct {
	ID       string
	Names    []string // what the column may be called, compared by HeaderKey; the first that the file has is used
	Optional bool     // a file without it fits too; its value is NULL then
	Nth      int      // which of several columns of that name, from 1
	Place    Place
}

// Field fills a column of the dataset. Exactly one of From, Value, Constant, Between and Digest is set.
type Field struct {
	Column   *Column
	From     string   // a header's ID
	Value    *Expr    // text over headers
	Constant *string  //
	Between  *[2]Expr // hours: two texts over headers, each read as a date and time in Format; their distance
	Digest   []string // id: headers whose values together make the key
	Format   Format   // that of the column, overlaid with what the mapping says; with Between that of the two times
	Words    []Word   // words of the file beside those of the dataset (enum and bool)
	Lookup   []Lookup // employee: in which order the text is looked up; nil: it is the number
	Place    Place
}

// Sources lists the headers that the field is made of; none for a constant.
func (f *Field) Sources() []string {
	switch {
	case f.Value != nil:
		return f.Value.Order
	case f.Between != nil:
		return append(slices.Clone(f.Between[0].Order), f.Between[1].Order...)
	case f.Digest != nil:
		return f.Digest
	case f.From != "":
		return []string{f.From}
	}
	return nil
}

// Word is a word of a file and the value it stands for.
type Word struct{ Word, Value string }

// Lookup is a way from the text of a cell to an employee's number.
type Lookup string

// The ways. A name is believed only when one person bears it.
const (
	ByNumber Lookup = "employee_no"
	ByEmail  Lookup = "email"
	ByLogin  Lookup = "login" // dataset accounts
	ByName   Lookup = "name"
)

// Pick keeps one row per key of a log of events.
type Pick struct {
	By     string // the header that orders the rows, read as a date and time; rows alike stay in the file's order
	First  bool   // else the last one
	Format Format // of By: Order, Zone, Serial, Blanks
	Place  Place
}

// Unpivot makes one record of each filled cell of some columns: wide to long. Name and Value are used like headers, but are none
// of the file's and not among Headers.
type Unpivot struct {
	Columns []string // header words of the file, compared by HeaderKey; a trailing * stands for anything
	Except  []string // headers' IDs that are never unpivoted; the columns are all others when Columns is empty
	Name    string   // header ID that holds the column's header
	Value   string   // header ID that holds the cell
	Place   Place
}

// Header gives the header with the id, or nil.
func (m *Mapping) Header(id string) *Header {
	for _, h := range m.Headers {
		if h.ID == id {
			return h
		}
	}
	return nil
}

// Field gives the field that fills the column, or nil.
func (m *Mapping) Field(column string) *Field {
	for _, f := range m.Fields {
		if f.Column.ID == column {
			return f
		}
	}
	return nil
}
