package cell

import (
	"fmt"
	"math/big"
	"slices"
	"time"
	_ "time/tzdata" // a machine without zone files must read the same values

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// The rules that a text may break. Details are the same in every language.
const (
	textUndecodable = "text.undecodable" // detail: the first byte that is no UTF-8, such as "0xFF"
	textControl     = "text.control"     // detail: the character, such as "U+202E"
	idForm          = "id.form"          // detail: the character that no id holds, or the length in bytes
	idDigitsLost    = "id.digits_lost"
	idDebris        = "id.debris"
	dateForm        = "date.form" // detail: the piece that is too much, or ""
	dateNoYear      = "date.no_year"
	dateAmbiguous   = "date.ambiguous"
	dateImpossible  = "date.impossible" // detail: the weekday that the day is, where the text names another
	dateRange       = "date.range"
	dateGap         = "date.gap"     // detail: the zone whose clock was put forward
	dateOverlap     = "date.overlap" // detail: the zone whose clock was put back
	numberForm      = "number.form"  // detail: the piece that is too much (万, %, w …), or ""
	numberUnit      = "number.unit"
	numberCurrency  = "number.currency" // detail: the sign or name of the currency
	numberScale     = "number.scale"
	numberRange     = "number.range"
	enumUnknown     = "enum.unknown"
	boolForm        = "bool.form"
	employeeUnknown = "employee.unknown"
)

// Rules are all the rules that a Value may name, but for those that Column.Resolve brings.
var Rules = []string{
	textUndecodable, textControl, idForm, idDigitsLost,
	dateForm, dateNoYear, dateAmbiguous, dateImpossible, dateRange, dateGap, dateOverlap,
	numberForm, numberUnit, numberCurrency, numberScale, numberRange,
	enumUnknown, boolForm, employeeUnknown,
}

// Rounded is the Detail of a duration that has no exact value in ten-thousandths of an hour.
const Rounded = "rounded"

// Column says what the cells of a column hold.
type Column struct {
	Type    policy.Type
	Format  policy.Format
	Words   map[string]string // enum, bool: policy.WordKey of a word → value; "true" and "false" for bool
	Zone    *time.Location    // the company's; needed for date and datetime
	Workday fixed.Num         // hours of a day of work; needed for hours
	// Resolve looks up the text of a cell of type employee, brought to NFKC and trimmed. It gives a number, or the rule that the
	// text breaks. nil: the text is the number itself.
	Resolve func(text string) (value, rule, detail string)
	Edition int // of the rules by which to read: see sheet.Edition
}

// Value is what a cell says: exactly one of Text, Blank and Rule is set.
type Value struct {
	// Text is canonical and casts to the column's SQL type without loss:
	//
	//	date              2026-07-01
	//	datetime          2026-07-01 18:30:00, with at most six decimals of the second where they are not zero; company's zone
	//	integer, number, hours, money, percent   -12.5, no zeros to spare, no minus zero
	//	bool              true, false
	//	enum              the value
	//	id, employee, department   in NFKC
	//	text              as it is, without white space around it
	Text   string
	Blank  bool
	Rule   string // why it cannot be read
	Detail string // of Rule; Rounded beside a Text
}

func fault(rule, detail string) Value { return Value{Rule: rule, Detail: detail} }

// Reader reads the cells of a column. It can be used by several goroutines at once if Resolve can.
type Reader struct {
	Column
	read    func(*Reader, string) Value // the type's forms, tried on clean text that is not blank
	blanks  words
	source  *time.Location // in which times without an offset are told
	workday *big.Rat       // hours
}

// NewReader makes the reader of a column. An error means that the column is not one: a type or format there is not.
func NewReader(c Column) (*Reader, error) {
	read := forms[c.Type]
	if read == nil {
		return nil, fmt.Errorf("read cells: there is no column type %q", c.Type)
	}
	r := &Reader{Column: c, read: read}
	for _, check := range []func(*Reader) error{(*Reader).checkFormat, (*Reader).setZones, (*Reader).setBlanks} {
		if err := check(r); err != nil {
			return nil, fmt.Errorf("read cells of type %s: %w", c.Type, err)
		}
	}
	return r, nil
}

var forms = map[policy.Type]func(*Reader, string) Value{
	policy.TypeID:         (*Reader).id,
	policy.TypeText:       (*Reader).text,
	policy.TypeDate:       (*Reader).moment,
	policy.TypeDatetime:   (*Reader).moment,
	policy.TypeEnum:       (*Reader).enum,
	policy.TypeInteger:    (*Reader).number,
	policy.TypeNumber:     (*Reader).number,
	policy.TypeHours:      (*Reader).hours,
	policy.TypeMoney:      (*Reader).money,
	policy.TypePercent:    (*Reader).percent,
	policy.TypeBool:       (*Reader).truth,
	policy.TypeEmployee:   (*Reader).employee,
	policy.TypeDepartment: (*Reader).id,
}

// units are what bare numbers of a type may count.
var units = map[policy.Type][]policy.CellUnit{
	policy.TypeHours:   {policy.UnitHours, policy.UnitMinutes, policy.UnitSeconds, policy.UnitWorkdays},
	policy.TypeMoney:   {policy.UnitOne, policy.UnitThousand, policy.UnitMyriad},
	policy.TypePercent: {policy.UnitPercent, policy.UnitFraction},
}

func (r *Reader) checkFormat() error {
	f := r.Format
	switch {
	case f.Order != "" && f.Order != policy.DMY && f.Order != policy.MDY:
		return fmt.Errorf("there is no order of dates %q", f.Order)
	case f.Serial != "" && f.Serial != "1900" && f.Serial != "1904":
		return fmt.Errorf("there is no Excel calendar %q", f.Serial)
	case f.Decimal != "" && f.Decimal != "." && f.Decimal != ",":
		return fmt.Errorf("%q begins no decimals", f.Decimal)
	case f.Unit != "" && !slices.Contains(units[r.Type], f.Unit):
		return fmt.Errorf("its cells do not count in %q", f.Unit)
	case r.Type == policy.TypeHours && r.Workday <= 0:
		return fmt.Errorf("a day of work has %s hours", r.Workday)
	}
	for word, value := range r.Words {
		if r.Type == policy.TypeBool && value != "true" && value != "false" {
			return fmt.Errorf("%q stands for %q, which is neither true nor false", word, value)
		}
		if value == "" {
			return fmt.Errorf("%q stands for nothing", word)
		}
	}
	r.workday = r.Workday.Rat()
	return nil
}

func (r *Reader) setZones() error {
	if r.Type != policy.TypeDate && r.Type != policy.TypeDatetime {
		return nil
	}
	if r.Zone == nil {
		return fmt.Errorf("the company's zone is missing")
	}
	r.source = r.Zone
	if r.Format.Zone == "" || r.Format.Zone == r.Zone.String() {
		return nil
	}
	zone, err := time.LoadLocation(r.Format.Zone)
	if err != nil {
		return err
	}
	r.source = zone
	return nil
}

// usualBlanks are the words that mean blank where a column does not list its own.
var usualBlanks = []string{"NULL", "N/A", "NA", "#N/A", "nil", "none", "-", "--", "—", "–", "/", "无", "空", "未填", "暂无"}

// setBlanks collects the words that mean blank. A word that the column knows as a value is one only where Format says so.
func (r *Reader) setBlanks() error {
	list := r.Format.Blanks
	if list == nil && r.Type != policy.TypeID && r.Type != policy.TypeText {
		for _, w := range usualBlanks {
			if _, known := r.Words[policy.WordKey(w)]; !known {
				list = append(list, w)
			}
		}
	}
	r.blanks = newWords(list)
	return nil
}

// Read reads the text of a cell.
func (r *Reader) Read(text string) Value {
	s, bad := r.tidy(text)
	switch {
	case bad.Rule != "":
		return bad
	case s == "" || r.blanks.has(s):
		return Value{Blank: true}
	}
	if rule := r.formRule(); rule != "" {
		if d := disguised(text); d != "" {
			return fault(rule, d)
		}
	}
	return r.read(r, s)
}

// formRule is the rule that a text breaks which has none of the type's forms; "" for types whose digits are no figures.
func (r *Reader) formRule() string {
	switch r.Type {
	case policy.TypeDate, policy.TypeDatetime:
		return dateForm
	case policy.TypeInteger, policy.TypeNumber, policy.TypeHours, policy.TypeMoney, policy.TypePercent:
		return numberForm
	}
	return ""
}
