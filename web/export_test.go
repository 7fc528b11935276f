package web

import (
	"cmp"
	"context"
	"time"
)

// LetWait lets another number of pushes wait than a service does.
func (s *Server) LetWait(pushes int) { s.api.pushes = newGate(1, pushes) }

// Bound sets other limits than a service has: bytes of a form, of files sent at once, and of all that wait to be taken in; and how long a form and files may be on
// their way. What is 0 stays.
func (s *Server) Bound(form, upload, staged int64, formWithin, uploadWithin time.Duration) {
	s.limits.form, s.limits.upload = cmp.Or(form, s.limits.form), cmp.Or(upload, s.limits.upload)
	s.limits.formWithin, s.limits.uploadWithin = cmp.Or(formWithin, s.limits.formWithin), cmp.Or(uploadWithin, s.limits.uploadWithin)
	s.uploads.most = cmp.Or(staged, s.uploads.most)
}

// Busy holds the gate of long work, as a piece of it does, until the function ends it.
func (s *Server) Busy(ctx context.Context) (end func(), err error) { return s.heavy.enter(ctx) }

// Long counts the long work that is under way or waits.
func (s *Server) Long() int { return len(s.heavy.waiting) }
