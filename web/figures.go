package web

import (
	"context"
	"sync"
	"time"

	"plumbline/charts"
	"plumbline/company"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/reviews"
)

// keptPeriods is how many periods' figures stay in memory.
const keptPeriods = 24

// figures keeps the reports that pages show. A report is made anew when the books have moved since; whoever asks meanwhile waits for it, so that no
// page shows older figures than the books had when it was asked for.
type figures struct {
	company *company.Company
	mu      sync.Mutex
	kept    map[period.Period]*making
	used    map[period.Period]int64 // when, by count
	count   int64
}

// making is a sheet that is there or being made.
type making struct {
	moved int64 // the books' Moved when it was begun
	done  chan struct{}
	sheet *sheet
	err   error
}

// sheet is a period's report with what pages look up in it.
type sheet struct {
	*metrics.Report
	question    metrics.Question
	lines       map[string][]int // by employee: indexes into People
	scores      map[string]int   // by employee: index into Scores
	departments map[string]int   // by id: index into Departments
	drawn       sync.Map         // charts by what they are of
	inside      sync.Map         // by department: indexes into People of those in it and below
	written     sync.Map         // lines of people in tables, by language
	contents    contents         // of pages about nothing but these figures

	formsMu sync.Mutex
	forms   map[string]*reviews.Form // of a month, by employee
}

func newFigures(c *company.Company) *figures {
	return &figures{company: c, kept: map[period.Period]*making{}, used: map[period.Period]int64{}}
}

// of gives the figures of a period as the books have them now.
func (f *figures) of(ctx context.Context, p period.Period) (*sheet, error) {
	m := f.begin(ctx, p)
	select {
	case <-m.done:
		return m.sheet, m.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ofYesterday reports whether the figures were made on another day of the company: what is missing by now is missed by them.
func (m *making) ofYesterday(now time.Time) bool {
	select {
	case <-m.done:
	default:
		return false
	}
	if m.err != nil {
		return false
	}
	was := m.sheet.question.Now
	return !day(was).Equal(day(now.In(was.Location())))
}

// begin finds the sheet of a period or starts making it. The making outlives the request that began it: others wait for it too.
func (f *figures) begin(ctx context.Context, p period.Period) *making {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	f.used[p] = f.count
	moved := f.company.Moved()
	if m := f.kept[p]; m != nil && m.moved == moved && !m.ofYesterday(f.company.Now()) {
		return m
	}
	m := &making{moved: moved, done: make(chan struct{})}
	f.kept[p] = m
	f.forget()
	go func() {
		defer close(m.done)
		m.sheet, m.err = f.make(context.WithoutCancel(ctx), p)
		if m.err != nil {
			f.drop(p, m)
		}
	}()
	return m
}

// drop forgets what failed, so that the next one tries again.
func (f *figures) drop(p period.Period, m *making) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept[p] == m {
		delete(f.kept, p)
	}
}

// forget lets go of what was not used for longest.
func (f *figures) forget() {
	for len(f.kept) > keptPeriods {
		var oldest period.Period
		for p := range f.kept {
			if oldest.IsZero() || f.used[p] < f.used[oldest] {
				oldest = p
			}
		}
		delete(f.kept, oldest)
		delete(f.used, oldest)
	}
}

func (f *figures) make(ctx context.Context, p period.Period) (*sheet, error) {
	q, _, err := f.company.Question(ctx, p, 0)
	if err != nil {
		return nil, err
	}
	r, err := metrics.New(ctx, f.company.Books, q)
	if err != nil {
		return nil, err
	}
	s := &sheet{Report: r, question: q, lines: map[string][]int{}, scores: map[string]int{}, departments: map[string]int{}}
	for i := range r.People {
		no := r.People[i].Person.No
		s.lines[no] = append(s.lines[no], i)
	}
	for i := range r.Scores {
		s.scores[r.Scores[i].Person.No] = i
	}
	for i := range r.Departments {
		s.departments[r.Departments[i].Department.ID] = i
	}
	return s, nil
}

// standing gives the figures of a period that are at hand and are what reading them as known at a ledger sequence would give; nil when there are none.
func (f *figures) standing(p period.Period, asOf int64) *sheet {
	f.mu.Lock()
	m := f.kept[p]
	f.mu.Unlock()
	if m == nil || m.moved != f.company.Moved() || asOf < m.moved {
		return nil
	}
	select {
	case <-m.done:
	default:
		return nil
	}
	if m.err != nil || m.sheet.Seal != "" || m.ofYesterday(f.company.Now()) {
		return nil
	}
	return m.sheet
}

// mostForms is how many forms are kept for a month; people who write at the same time are fewer.
const mostForms = 512

// form gives somebody's form for his self-review of a month, nil where he has none. It is made of his records once for the figures.
func (s *sheet) form(ctx context.Context, b *books.Books, employee string) (*reviews.Form, error) {
	s.formsMu.Lock()
	kept, ok := s.forms[employee]
	s.formsMu.Unlock()
	if ok {
		return kept, nil
	}
	made, err := reviews.FormsFrom(ctx, b, s.Report, employee)
	if err != nil {
		return nil, err
	}
	s.formsMu.Lock()
	defer s.formsMu.Unlock()
	if s.forms == nil || len(s.forms) >= mostForms {
		s.forms = map[string]*reviews.Form{}
	}
	s.forms[employee] = made[employee]
	return made[employee], nil
}

// department gives a department's line, or nil.
func (s *sheet) department(id string) *metrics.DepartmentLine {
	i, ok := s.departments[id]
	if !ok {
		return nil
	}
	return &s.Departments[i]
}

// score gives a person's score, or nil.
func (s *sheet) score(employee string) *metrics.PersonScore {
	i, ok := s.scores[employee]
	if !ok {
		return nil
	}
	return &s.Scores[i]
}

// set gives a list of charts that is made once for a sheet.
func (s *sheet) set(of string, draw func() []charts.Chart) []charts.Chart {
	if kept, ok := s.drawn.Load(of); ok {
		return kept.([]charts.Chart)
	}
	list := draw()
	s.drawn.Store(of, list)
	return list
}
