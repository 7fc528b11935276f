package suggest

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// label is what the headers of a wide table are.
type label int

const (
	wholeDates  label = iota // 2026-07-01
	yearMonths               // 2026-07, 2026年7月
	months                   // 7月
	daysOfMonth              // 1日 … 31日
)

var labelForms = []*regexp.Regexp{
	wholeDates:  regexp.MustCompile(`^20[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?( 0?0:00(:00)?)?$`),
	yearMonths:  regexp.MustCompile(`^20[0-9]{2}([-/.年][0-9]{1,2}月?|(0[1-9]|1[0-2]))$`),
	months:      regexp.MustCompile(`^([1-9]|1[0-2])月份?$`),
	daysOfMonth: regexp.MustCompile(`^0?([1-9]|[12][0-9]|3[01])[日号]?$`),
}

// wide is a group of columns that are one column laid out in a row.
type wide struct {
	label   label
	columns []*column
}

// How many columns such a group has.
const (
	leastWide = 3
	mostWide  = 400
)

// findWide gives the largest group of columns whose headers are dates, months or days, or nil.
func findWide(columns []*column) *wide {
	var best *wide
	for l, form := range labelForms {
		w := &wide{label: label(l)}
		for _, c := range columns {
			if c.usable && c.nth == 1 && form.MatchString(norm.NFKC.String(c.name)) {
				w.columns = append(w.columns, c)
			}
		}
		if len(w.columns) >= leastWide && len(w.columns) <= mostWide && (best == nil || len(w.columns) > len(best.columns)) {
			best = w
		}
	}
	return best
}

// patterns gives the words that name the columns of the group in a mapping.
func (w *wide) patterns(all []*column) []string {
	prefix := w.columns[0].key[:min(4, len(w.columns[0].key))]
	common := w.label <= yearMonths && !slices.ContainsFunc(w.columns, func(c *column) bool { return !strings.HasPrefix(c.key, prefix) })
	others := slices.ContainsFunc(all, func(c *column) bool { return strings.HasPrefix(c.key, prefix) && !slices.Contains(w.columns, c) })
	if common && !others {
		return []string{prefix + "*"}
	}
	names := make([]string, len(w.columns))
	for i, c := range w.columns {
		names[i] = c.name
	}
	return names
}

// widens gives the guess for the figure that a wide table holds: the one required column of hours, numbers or money. nil: none, or
// several.
func (p *plan) widens() *guess {
	return p.only(func(t policy.Type) bool {
		switch t {
		case policy.TypeInteger, policy.TypeNumber, policy.TypeHours, policy.TypeMoney, policy.TypePercent:
			return true
		}
		return false
	})
}

// names gives the guess for the day that the headers of a wide table name.
func (p *plan) names() *guess {
	if p.widens() == nil {
		return nil
	}
	return p.only(func(t policy.Type) bool { return t == policy.TypeDate || t == policy.TypeDatetime })
}

// only gives the guess for the one required column of some types, or nil.
func (p *plan) only(of func(policy.Type) bool) *guess {
	var found *guess
	for _, g := range p.guesses {
		if g.column.Optional || !of(g.column.Type) {
			continue
		}
		if found != nil {
			return nil
		}
		found = g
	}
	return found
}

// between is a start and an end in the file, each of one or two columns.
type between struct {
	day, start, endDay, end *column // day and endDay are nil where start and end hold the day too; endDay may be day
}

func (b *between) columns() []*column {
	var list []*column
	for _, c := range []*column{b.day, b.start, b.endDay, b.end} {
		if c != nil && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

var (
	startTimes = keySet("start", "start time", "started", "started at", "begin", "begin time", "from", "开始", "开始时间", "起始时间", "上班时间", "开始时刻")
	endTimes   = keySet("end", "end time", "ended", "ended at", "finish", "finish time", "to", "结束", "结束时间", "终止时间", "下班时间", "结束时刻")
	endDates   = keySet("end date", "finish date", "结束日期")
)

var (
	timeOnly = regexp.MustCompile(`^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[APap][Mm])?$`)
	timed    = regexp.MustCompile(`[0-9][^0-9:]+[0-9]{1,2}:[0-9]{2}`)
)

// findBetween fills the hours from a start and an end, where no column holds them.
func (p *plan) findBetween(used map[*column]bool) {
	hours := p.only(func(t policy.Type) bool { return t == policy.TypeHours })
	if hours == nil || hours.decided() || p.wide != nil {
		return
	}
	find := func(words map[string]bool, form *regexp.Regexp) *column {
		for _, c := range p.sample.columns {
			if c.usable && words[c.key] && c.filled > 0 && (form == nil || c.mostly(form)) {
				return c
			}
		}
		return nil
	}
	start, end := find(startTimes, timed), find(endTimes, timed)
	if start != nil && end != nil {
		hours.between = &between{start: start, end: end}
		return
	}
	start, end = find(startTimes, timeOnly), find(endTimes, timeOnly)
	day := p.only(func(t policy.Type) bool { return t == policy.TypeDate || t == policy.TypeDatetime })
	if start == nil || end == nil || day == nil || day.from == nil || day.from == start || day.from == end {
		return
	}
	b := &between{day: day.from, start: start, endDay: day.from, end: end}
	if d := find(endDates, nil); d != nil && !used[d] {
		b.endDay = d
	}
	hours.between = b
	used[start], used[end], used[b.endDay] = true, true, true
}

// mostly reports whether most cells have a form.
func (c *column) mostly(form *regexp.Regexp) bool {
	n := 0
	for _, v := range c.values {
		if form.MatchString(norm.NFKC.String(v.text)) {
			n += v.count
		}
	}
	return n*2 > c.filled
}

// repeated are rows of one key that differ.
type repeated struct {
	keys  int      // keys that stand several times with different cells
	first []string // such a key
	row   int64
	lines int // rows that repeat another one in all columns that the plan uses
	line  int64
}

// repeats looks for keys and rows that come several times.
func (p *plan) repeats() repeated {
	if p.twice == nil {
		p.twice = p.findRepeats()
	}
	return *p.twice
}

func (p *plan) findRepeats() *repeated {
	r := &repeated{}
	type seen struct {
		row     sheet.Row
		counted bool
	}
	keys, lines := map[string]*seen{}, map[string]bool{}
	var columns []*column
	used := p.used()
	for _, c := range p.sample.columns {
		if used[c] {
			columns = append(columns, c)
		}
	}
	for _, row := range p.sample.rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = c.cell(row)
		}
		if line := strings.Join(cells, "\x00"); lines[line] {
			r.lines++
			if r.line == 0 {
				r.line = row.Number
			}
		} else {
			lines[line] = true
		}
		key := p.rowKey(func(c *column) string { return c.cell(row) })
		if key == "" {
			continue
		}
		if s := keys[key]; s == nil {
			keys[key] = &seen{row: row}
		} else if !s.counted && !slices.Equal(s.row.Cells, row.Cells) {
			s.counted = true
			if r.keys++; r.keys == 1 {
				r.first, r.row = strings.Split(key, "\x00"), row.Number
			}
		}
	}
	return r
}

// headerRow finds the header among the first rows. found is false when none of them looks like one.
func headerRow(head []sheet.Row, wordings [][]*wording) (row sheet.Row, found bool) {
	best := 0
	for _, r := range head {
		if n := headerScore(r, wordings); n > best {
			best, row = n, r
		}
	}
	if best > 0 {
		return row, true
	}
	for _, r := range head {
		if !slices.ContainsFunc(r.Cells, looksLikeData) && fullCells(r) >= 1 {
			return r, true
		}
	}
	return sheet.Row{}, false
}

// mostHeaders is how many cells of a row are compared with the words of the datasets, to find the header.
const mostHeaders = 200

// headerScore says how well a row serves as the header of the dataset that it fits best.
func headerScore(r sheet.Row, wordings [][]*wording) int {
	weights := map[tier]int{byName: 10, byAlias: 10, byBase: 8, bySynonym: 6, byPart: 2}
	columns := columnsOf(r.Cells[:min(len(r.Cells), mostHeaders)])
	best := 0
	for _, ws := range wordings {
		n := 0
		for _, w := range ws {
			fits := noTier
			for _, c := range columns {
				if c.usable {
					fits = max(fits, w.tier(c))
				}
			}
			n += weights[fits]
		}
		best = max(best, n)
	}
	if findWide(columns) != nil {
		return best
	}
	for _, c := range r.Cells {
		if looksLikeData(c) {
			best -= 4
		}
	}
	return best
}

var dataForm = regexp.MustCompile(`^[-+￥¥$]?[0-9][0-9.,:/%\- ]*$`)

func looksLikeData(cell string) bool {
	cell = norm.NFKC.String(strings.TrimSpace(cell))
	return dataForm.MatchString(cell) || emailForm.MatchString(cell)
}

func fullCells(r sheet.Row) int {
	n := 0
	for _, c := range r.Cells {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}
