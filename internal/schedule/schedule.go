package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Job is something that is done at certain times.
type Job struct {
	Name   string // stable id, such as "notices"
	ZH, EN string // what it does, for people
	Rule   Rule
	// Do does it for a moment: the planned one, the last of several that were missed, or that of RunNow. It tells what came of it in a line.
	Do func(ctx context.Context, at time.Time) (told string, err error)
}

// Run is one run of a job.
type Run struct {
	Job     string    `json:"job"`
	At      time.Time `json:"at"` // for which moment
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`            // zero while it is under way
	Asked   bool      `json:"asked,omitempty"`  // by RunNow
	Missed  int       `json:"missed,omitempty"` // planned moments before At for which it did not run
	Told    string    `json:"told,omitempty"`
	Error   string    `json:"error,omitempty"` // "" when it succeeded
}

// Took is how long a run lasted.
func (r Run) Took() time.Duration { return r.Ended.Sub(r.Started) }

// State is a job with how it stands, for a page.
type State struct {
	Job
	Next    time.Time // zero: never
	Last    *Run      // the last one that ended; nil: none is known
	Running bool
}

// Options say how a schedule is kept.
type Options struct {
	Zone   *time.Location   // of the company
	Now    func() time.Time // the clock
	Notice func(string)     // told of a damaged file; nil: dropped
}

// Schedule keeps jobs and how far each has come. Its methods may be used from several goroutines.
type Schedule struct {
	opt  Options
	dir  string
	jobs []Job
	busy chan struct{} // holds one token while a job runs

	mu      sync.Mutex
	kept    kept
	running *Run
}

// ErrUnknown is returned for a job that is not configured.
var ErrUnknown = errors.New("there is no such job (没有这项任务)")

// ErrBusy says that a job is running, so that another one cannot be started by hand.
var ErrBusy = errors.New("a job is running; try again when it has ended (有任务正在运行，请稍后再试)")

// Open reads DIR/schedule.json. A job that the file does not know begins now: nothing that lies before is made up for. A run that was
// cut short by the end of the program is closed as such and is due again.
func Open(dir string, opt Options, jobs ...Job) (*Schedule, error) {
	if opt.Notice == nil {
		opt.Notice = func(string) {}
	}
	s := &Schedule{opt: opt, dir: dir, jobs: slices.Clone(jobs), busy: make(chan struct{}, 1)}
	for i, j := range jobs {
		if j.Name == "" || j.Do == nil || slices.ContainsFunc(jobs[:i], func(x Job) bool { return x.Name == j.Name }) {
			return nil, fmt.Errorf("schedule: the job %q has no name, nothing to do, or a name that is taken", j.Name)
		}
	}
	var err error
	if s.kept, err = read(dir, opt.Notice); err != nil {
		return nil, err
	}
	now := opt.Now()
	for i := range s.kept.Runs {
		if r := &s.kept.Runs[i]; r.Ended.IsZero() {
			r.Ended, r.Error = r.Started, "the program ended while it ran (运行中程序退出)"
		}
	}
	for _, j := range jobs {
		if upto, known := s.kept.Upto[j.Name]; !known || upto.After(now.Add(24*time.Hour)) { // the clock was wrong then, or is now
			s.kept.Upto[j.Name] = now
		}
	}
	return s, s.kept.write(dir)
}

// plan gives the first moment of a job that has not been seen to.
func (s *Schedule) plan(j Job) time.Time { return j.Rule.Next(s.kept.Upto[j.Name], s.opt.Zone) }

// planned is a job that is due for a moment.
type planned struct {
	job    Job
	at     time.Time
	missed int
}

// due lists what is due by a moment, the first planned first.
func (s *Schedule) due(now time.Time) (list []planned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := map[string]time.Time{}
	for _, j := range s.jobs {
		p := planned{job: j}
		for t := s.plan(j); !t.IsZero() && !t.After(now); t = j.Rule.Next(t, s.opt.Zone) {
			if p.at.IsZero() {
				first[j.Name] = t
			} else {
				p.missed++
			}
			p.at = t
			if p.missed >= mostMissed { // a long pause need not be counted to its end
				p.at = now
				break
			}
		}
		if !p.at.IsZero() {
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b planned) int { return first[a.job.Name].Compare(first[b.job.Name]) })
	return list
}

const mostMissed = 10000

// Due names the jobs that are due by a moment, the one planned first first.
func (s *Schedule) Due(now time.Time) (names []string) {
	for _, p := range s.due(now) {
		names = append(names, p.job.Name)
	}
	return names
}

// Next gives the moment at which the next job is due, zero for none.
func (s *Schedule) Next() (next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if t := s.plan(j); !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// Run carries out what is due, one job after the other, each once however many moments it missed. It gives their runs; what went wrong in a
// job is in its run, and the error is one of the schedule itself.
func (s *Schedule) Run(ctx context.Context) (runs []Run, err error) {
	for ctx.Err() == nil {
		select {
		case s.busy <- struct{}{}:
		case <-ctx.Done():
			return runs, ctx.Err()
		}
		var r Run
		due := s.due(s.opt.Now())
		if len(due) > 0 {
			r, err = s.carryOut(ctx, due[0], false)
		}
		<-s.busy
		if len(due) == 0 || err != nil {
			return runs, err
		}
		runs = append(runs, r)
		if len(runs) >= len(s.jobs) { // a job that takes longer than its period must not keep others from their turn
			return runs, nil
		}
	}
	return runs, ctx.Err()
}

// RunNow runs a job at once, whatever its plan, which goes on as it was. It fails with ErrBusy while a job runs.
func (s *Schedule) RunNow(ctx context.Context, name string) (Run, error) {
	i := slices.IndexFunc(s.jobs, func(j Job) bool { return j.Name == name })
	if i < 0 {
		return Run{}, fmt.Errorf("run %s now: %w", name, ErrUnknown)
	}
	select {
	case s.busy <- struct{}{}:
	default:
		return Run{}, fmt.Errorf("run %s now: %w", name, ErrBusy)
	}
	defer func() { <-s.busy }()
	return s.carryOut(ctx, planned{job: s.jobs[i], at: s.opt.Now()}, true)
}

// carryOut runs one job and keeps what came of it. The caller holds the token.
func (s *Schedule) carryOut(ctx context.Context, p planned, asked bool) (Run, error) {
	r := Run{Job: p.job.Name, At: p.at, Started: s.opt.Now(), Asked: asked, Missed: p.missed}
	if err := s.note(&r); err != nil {
		return r, err
	}
	told, err := guarded(ctx, p.job, p.at)
	r.Ended, r.Told = s.opt.Now(), clip(told)
	if err != nil {
		r.Error = clip(err.Error())
	}
	if ctx.Err() != nil && err != nil { // the program is being ended: it is due again
		return r, errors.Join(ctx.Err(), s.end(r, time.Time{}))
	}
	upto := p.at
	if asked {
		upto = time.Time{}
	}
	return r, s.end(r, upto)
}

// note writes down that a run begins.
func (s *Schedule) note(r *Run) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = r
	s.kept.add(*r)
	return s.kept.write(s.dir)
}

// end writes down how a run ended, and up to which moment the job is seen to; zero leaves that as it was.
func (s *Schedule) end(r Run, upto time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = nil
	s.kept.Runs[len(s.kept.Runs)-1] = r
	if !upto.IsZero() {
		s.kept.Upto[r.Job] = upto
	}
	return s.kept.write(s.dir)
}

// guarded runs a job; a panic becomes its error.
func guarded(ctx context.Context, j Job, at time.Time) (told string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the job %s broke off: %v", j.Name, p)
		}
	}()
	return j.Do(ctx, at)
}

// clip keeps what is told to a length that a page can show.
func clip(s string) string {
	const most = 500
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Jobs lists the jobs with how they stand, in the order in which they were given.
func (s *Schedule) Jobs() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]State, 0, len(s.jobs))
	for _, j := range s.jobs {
		x := State{Job: j, Next: s.plan(j), Running: s.running != nil && s.running.Job == j.Name}
		for _, r := range slices.Backward(s.kept.Runs) {
			if r.Job == j.Name && !r.Ended.IsZero() {
				x.Last = &r
				break
			}
		}
		list = append(list, x)
	}
	return list
}

// History lists the last runs of all jobs, the newest first.
func (s *Schedule) History() []Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.kept.Runs)
	slices.Reverse(list)
	return list
}

// Keep runs what is due until ctx ends, which is its proper end. wait pauses and returns early when ctx ends. It looks at the clock at least
// once a minute, since a machine may have slept.
func (s *Schedule) Keep(ctx context.Context, wait func(ctx context.Context, d time.Duration)) error {
	for ctx.Err() == nil {
		if _, err := s.Run(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		pause := time.Minute
		if next := s.Next(); !next.IsZero() {
			pause = min(max(next.Sub(s.opt.Now()), 0), pause)
		}
		wait(ctx, pause)
	}
	return nil
}

// Wait pauses by the clock of the machine; it is what Keep needs in a program.
func Wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
