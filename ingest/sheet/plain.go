package sheet

// Plain says what the cells of a staged column have in common, empty ones left out. Whoever knows it need not look at each cell.
type Plain struct {
	ID       bool // printable ASCII without blanks, points and plus signs, at most 128 bytes; no quotes or commas at its ends
	Date     bool // days of the calendar such as 2026-07-01, from 1990 to 2100
	Number   bool // digits, with a minus sign in front or a point among them as in -12.50
	Digits   int  // of numbers: the most before the point
	Decimals int  // of numbers: the most behind the point, zeros at the end left out
	Point    bool // of numbers: one at least has a point
	Trimmed  bool // no cell begins or ends with white space
}

// observer watches the cells of a table go by.
type observer []Plain

func newObserver(width int) observer {
	o := make(observer, width)
	for i := range o {
		o[i] = Plain{ID: true, Date: true, Number: true, Trimmed: true}
	}
	return o
}

// see takes in one cell.
func (o observer) see(column int, cell []byte) {
	if len(cell) == 0 {
		return
	}
	p := &o[column]
	if p.Trimmed && padded(cell) {
		p.Trimmed = false
	}
	if p.Number {
		p.Number = p.number(cell)
	}
	if p.Date {
		p.Date = isDay(cell)
	}
	if p.ID {
		p.ID = isPlainID(cell)
	}
}

// padded reports white space at either end: ASCII, no-break and ideographic blanks.
func padded(cell []byte) bool {
	n := len(cell)
	switch {
	case cell[0] <= ' ', cell[n-1] <= ' ':
		return true
	case cell[0] == 0xC2 && n > 1 && cell[1] == 0xA0, n > 1 && cell[n-2] == 0xC2 && cell[n-1] == 0xA0:
		return true
	case n > 2 && cell[0] == 0xE3 && cell[1] == 0x80 && cell[2] == 0x80, n > 2 && cell[n-3] == 0xE3 && cell[n-2] == 0x80 && cell[n-1] == 0x80:
		return true
	}
	return false
}

// number reports whether the cell is a plain number, and notes its size.
func (p *Plain) number(cell []byte) bool {
	if cell[0] == '-' {
		cell = cell[1:]
	}
	i := leadingDigits(cell)
	if i == 0 || i > 18 {
		return false
	}
	p.Digits = max(p.Digits, i)
	if i == len(cell) {
		return true
	}
	rest := cell[i+1:]
	if cell[i] != '.' || len(rest) == 0 || len(rest) > 18 || leadingDigits(rest) != len(rest) {
		return false
	}
	p.Point = true
	for len(rest) > 0 && rest[len(rest)-1] == '0' {
		rest = rest[:len(rest)-1]
	}
	p.Decimals = max(p.Decimals, len(rest))
	return true
}

// leadingDigits counts the digits at the beginning.
func leadingDigits(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}

var daysOf = [13]byte{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// isDay reports whether the cell is a day of the calendar in the form 2026-07-01.
func isDay(cell []byte) bool {
	if len(cell) != 10 || cell[4] != '-' || cell[7] != '-' || leadingDigits(cell[:4]) != 4 || leadingDigits(cell[5:7]) != 2 || leadingDigits(cell[8:]) != 2 {
		return false
	}
	year := int(cell[0]-'0')*1000 + int(cell[1]-'0')*100 + int(cell[2]-'0')*10 + int(cell[3]-'0')
	month, day := (cell[5]-'0')*10+cell[6]-'0', (cell[8]-'0')*10+cell[9]-'0'
	if year < 1990 || year > 2100 || month < 1 || month > 12 || day < 1 || day > daysOf[month] {
		return false
	}
	return month != 2 || day < 29 || year%4 == 0 && year != 2100
}

// debris reports a quote or comma, which at the ends of an id is what some program left there.
func debris(c byte) bool { return c == '\'' || c == '"' || c == '`' || c == ',' || c == ';' }

// isPlainID reports whether the cell can be nothing but an id as it stands: a point or plus sign may tell a number that lost digits.
func isPlainID(cell []byte) bool {
	if len(cell) > 128 || debris(cell[0]) || debris(cell[len(cell)-1]) {
		return false
	}
	for _, c := range cell {
		if c <= ' ' || c > '~' || c == '.' || c == '+' {
			return false
		}
	}
	return true
}
