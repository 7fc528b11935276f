package web

import (
	"strings"
	"sync"
	"time"
)

// span remembers the last day with records, as long as the books have not moved.
type span struct {
	mu    sync.Mutex
	moved int64
	last  time.Time
}

// lastDay gives the last day, today at the latest, on which a record counts for a KPI that somebody is judged by; today in a company without any.
func (q *request) lastDay() (time.Time, error) {
	q.span.mu.Lock()
	defer q.span.mu.Unlock()
	moved := q.company.Moved()
	if !q.span.last.IsZero() && q.span.moved == moved && !q.span.last.After(q.today()) {
		return q.span.last, nil
	}
	last, err := q.company.LastDay(q.ctx(), q.seat.version.Policy, q.today())
	if err != nil {
		return last, err
	}
	q.span.moved, q.span.last = moved, last
	return last, nil
}

// matches reports whether one of the words holds what was asked for, large or small letters alike.
func matches(asked string, words ...string) bool {
	asked = strings.ToLower(strings.TrimSpace(asked))
	for _, w := range words {
		if asked != "" && strings.Contains(strings.ToLower(w), asked) {
			return true
		}
	}
	return false
}
