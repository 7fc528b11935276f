package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/internal/schedule"
)

// world is a schedule under a clock that the test sets.
type world struct {
	t    *testing.T
	dir  string
	now  time.Time
	zone *time.Location
	told []string // by the schedule
	did  []string // by the jobs
	fail error
}

func newWorld(t *testing.T, now string) *world {
	w := &world{t: t, dir: t.TempDir(), zone: zone(t, "Asia/Shanghai")}
	w.set(now)
	return w
}

func (w *world) set(now string) {
	w.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", now, w.zone)
	if err != nil {
		w.t.Fatal(err)
	}
	w.now = at
}

// job notes for which moment it ran.
func (w *world) job(name string, r schedule.Rule) schedule.Job {
	return schedule.Job{Name: name, ZH: "任务", EN: "job", Rule: r, Do: func(_ context.Context, at time.Time) (string, error) {
		w.did = append(w.did, name+" "+at.In(w.zone).Format("01-02 15:04"))
		return "done " + name, w.fail
	}}
}

func (w *world) open(jobs ...schedule.Job) *schedule.Schedule {
	w.t.Helper()
	s, err := schedule.Open(w.dir, schedule.Options{Zone: w.zone, Now: func() time.Time { return w.now }, Notice: func(s string) { w.told = append(w.told, s) }}, jobs...)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// ran runs what is due and wants these runs.
func (w *world) ran(s *schedule.Schedule, want ...string) []schedule.Run {
	w.t.Helper()
	w.did = nil
	runs, err := s.Run(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if !slices.Equal(w.did, want) {
		w.t.Errorf("at %s ran %q, want %q", w.now.Format("01-02 15:04"), w.did, want)
	}
	return runs
}

// TestRunsEachMomentOnce: jobs run when they are due, the first planned first, and not again before their next moment.
func TestRunsEachMomentOnce(t *testing.T) {
	w := newWorld(t, "2026-07-02 10:00")
	s := w.open(w.job("weekly", schedule.Weekly(time.Friday, at(9, 30))), w.job("daily", schedule.Daily(at(9, 0))))
	w.ran(s)
	w.set("2026-07-03 08:59")
	w.ran(s)
	w.set("2026-07-03 09:31")
	if got := s.Due(w.now); !slices.Equal(got, []string{"daily", "weekly"}) {
		t.Errorf("due are %q", got)
	}
	w.ran(s, "daily 07-03 09:00", "weekly 07-03 09:30")
	w.ran(s)
	if next := s.Next().Format("01-02 15:04"); next != "07-04 09:00" {
		t.Errorf("the next moment is %s", next)
	}
}

// TestCatchesUpOnce: after three days without the program a daily job runs once, for the last moment it missed, also over a restart; a job
// that is new begins now.
func TestCatchesUpOnce(t *testing.T) {
	w := newWorld(t, "2026-07-01 08:00")
	daily := w.job("daily", schedule.Daily(at(9, 0)))
	w.open(daily)
	w.set("2026-07-04 12:00")
	s := w.open(daily, w.job("new", schedule.Daily(at(9, 0))))
	runs := w.ran(s, "daily 07-04 09:00")
	if len(runs) != 1 || runs[0].Missed != 3 {
		t.Errorf("the run tells of %+v", runs)
	}
	w.ran(s)
	s = w.open(daily) // a restart knows that it ran
	w.ran(s)
	w.set("2026-07-05 09:00")
	w.ran(s, "daily 07-05 09:00")
	w.set("2031-07-05 09:00") // a pause of years is not counted to its end
	minutely := w.open(w.job("minutely", schedule.Every(1)))
	w.set("2036-07-05 09:00")
	w.ran(minutely, "minutely 07-05 09:00")
}

// TestFailuresAreKept: an error and a panic are the outcome of their run, the other jobs run all the same, and the page shows them.
func TestFailuresAreKept(t *testing.T) {
	w := newWorld(t, "2026-07-01 08:00")
	broken := schedule.Job{Name: "broken", Rule: schedule.Daily(at(9, 0)), Do: func(context.Context, time.Time) (string, error) { panic("nil map") }}
	failing := schedule.Job{Name: "failing", Rule: schedule.Daily(at(9, 0)), Do: func(context.Context, time.Time) (string, error) {
		return "half", errors.New(strings.Repeat("长", 900))
	}}
	s := w.open(broken, failing, w.job("well", schedule.Daily(at(9, 0))))
	w.set("2026-07-01 09:00")
	w.ran(s, "well 07-01 09:00")
	var got []string
	for _, x := range s.Jobs() {
		got = append(got, fmt.Sprintf("%s %s|%s|%d %s", x.Name, x.Last.Told, strings.TrimRight(x.Last.Error, "长…"), len([]rune(x.Last.Error)), x.Next.Format("01-02 15:04")))
	}
	want := []string{"broken |the job broken broke off: nil map|33 07-02 09:00", "failing half||501 07-02 09:00", "well done well||0 07-02 09:00"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRunNow: a job runs by hand for the moment of asking, its plan goes on, and nothing starts beside a running job.
func TestRunNow(t *testing.T) {
	w := newWorld(t, "2026-07-01 08:00")
	var s *schedule.Schedule
	var inside error
	var running []bool
	slow := schedule.Job{Name: "slow", Rule: schedule.Daily(at(9, 0)), Do: func(ctx context.Context, _ time.Time) (string, error) {
		_, inside = s.RunNow(ctx, "quick")
		for _, x := range s.Jobs() {
			running = append(running, x.Running)
		}
		w.now = w.now.Add(90 * time.Second)
		return "", nil
	}}
	s = w.open(slow, w.job("quick", schedule.Daily(at(9, 0))))
	r, err := s.RunNow(t.Context(), "slow")
	if err != nil || !r.Asked || r.Took() != 90*time.Second {
		t.Errorf("got %+v, %v", r, err)
	}
	if !errors.Is(inside, schedule.ErrBusy) || !slices.Equal(running, []bool{true, false}) {
		t.Errorf("while it ran: %v, running %v", inside, running)
	}
	if _, err := s.RunNow(t.Context(), "quick"); err != nil || !slices.Equal(w.did, []string{"quick 07-01 08:01"}) {
		t.Errorf("by hand ran %q, %v", w.did, err)
	}
	w.set("2026-07-01 09:00")
	w.ran(s, "quick 07-01 09:00")
	if _, err := s.RunNow(t.Context(), "none"); err == nil {
		t.Error("a job that does not exist ran")
	}
}

// TestNeverOverlaps: several loops over one schedule never run two jobs at once, nor one moment twice.
func TestNeverOverlaps(t *testing.T) {
	w := newWorld(t, "2026-07-01 08:00")
	inside, most, count := make(chan int, 10), 0, 0
	var jobs []schedule.Job
	for i := range 5 {
		jobs = append(jobs, schedule.Job{Name: fmt.Sprint("job", i), Rule: schedule.Daily(at(9, 0)), Do: func(context.Context, time.Time) (string, error) {
			inside <- i
			most, count = max(most, len(inside)), count+1
			<-inside
			return "", nil
		}})
	}
	s := w.open(jobs...)
	w.set("2026-07-01 09:00")
	failures := make(chan error, 8)
	for range cap(failures) {
		go func() {
			_, err := s.Run(t.Context())
			failures <- err
		}()
	}
	for range cap(failures) {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if most != 1 || count != 5 {
		t.Errorf("%d jobs ran, %d of them at once", count, most)
	}
}

// TestInterrupted: a run that the end of the program cut short is shown as such and is due again; one that the program itself ends too.
func TestInterrupted(t *testing.T) {
	w := newWorld(t, "2026-07-01 08:00")
	ctx, cancel := context.WithCancel(t.Context())
	job, killed := w.job("daily", schedule.Daily(at(9, 0))), filepath.Join(t.TempDir(), "killed")
	cut := job
	cut.Do = func(ctx context.Context, _ time.Time) (string, error) {
		if err := os.CopyFS(killed, os.DirFS(w.dir)); err != nil { // what a kill in the middle leaves
			return "", err
		}
		cancel()
		return "", ctx.Err()
	}
	s := w.open(cut)
	w.set("2026-07-01 09:05")
	if _, err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the run ended with %v", err)
	}
	for _, dir := range []string{w.dir, killed} {
		w.dir = dir
		s = w.open(job)
		last := s.Jobs()[0].Last
		if last == nil || last.Error == "" {
			t.Errorf("the interrupted run is kept as %+v", last)
		}
		w.ran(s, "daily 07-01 09:00")
	}
}

// TestFile: the file is for its owner alone, holds fifty runs, is never half written, and a damaged one is set aside with a word.
func TestFile(t *testing.T) {
	w := newWorld(t, "2026-07-01 08:00")
	s := w.open(w.job("often", schedule.Every(1)))
	for range 60 {
		w.now = w.now.Add(time.Minute)
		if _, err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(w.dir, "schedule.json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if h := s.History(); len(h) != 50 || !h[0].At.Equal(w.now) {
		t.Errorf("%d runs are kept, the first %+v", len(h), h[0])
	}
	if names, _ := filepath.Glob(filepath.Join(w.dir, "*")); len(names) != 1 {
		t.Errorf("beside the file lie %q", names)
	}
	if err := os.WriteFile(path, []byte(`{"upto": {"often"`), 0o600); err != nil {
		t.Fatal(err)
	}
	s = w.open(w.job("often", schedule.Every(1)))
	if len(w.told) != 1 || len(s.History()) != 0 {
		t.Errorf("told %q, history %v", w.told, s.History())
	}
	if text, err := os.ReadFile(path + ".damaged"); err != nil || string(text) != `{"upto": {"often"` {
		t.Errorf("set aside: %q, %v", text, err)
	}
}

// TestClockThatWasWrong: a moment far ahead in the file does not keep a job from running for months.
func TestClockThatWasWrong(t *testing.T) {
	w := newWorld(t, "2027-07-01 08:00")
	job := w.job("daily", schedule.Daily(at(9, 0)))
	w.open(job)
	w.set("2026-07-01 08:00")
	s := w.open(job)
	w.set("2026-07-01 09:00")
	w.ran(s, "daily 07-01 09:00")
}

// TestKeep: the loop waits until the next moment, a minute at most, runs what is due and ends with its context.
func TestKeep(t *testing.T) {
	w := newWorld(t, "2026-07-01 08:58")
	s := w.open(w.job("daily", schedule.Daily(at(9, 0))))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var waits []time.Duration
	err := s.Keep(ctx, func(_ context.Context, d time.Duration) {
		waits = append(waits, d)
		if w.now = w.now.Add(d); len(waits) == 3 {
			cancel()
		}
	})
	if err != nil || !slices.Equal(w.did, []string{"daily 07-01 09:00"}) || !slices.Equal(waits, []time.Duration{time.Minute, time.Minute, time.Minute}) {
		t.Errorf("ran %q, waited %v, %v", w.did, waits, err)
	}
}

func TestBadJobs(t *testing.T) {
	do := func(context.Context, time.Time) (string, error) { return "", nil }
	for _, jobs := range [][]schedule.Job{{{Name: "", Do: do}}, {{Name: "a"}}, {{Name: "a", Do: do}, {Name: "a", Do: do}}} {
		if _, err := schedule.Open(t.TempDir(), schedule.Options{Zone: time.UTC, Now: time.Now}, jobs...); err == nil {
			t.Errorf("%+v was taken", jobs)
		}
	}
}

// FuzzFile: any file opens, whatever stands in it; what was read is written in a form that is read again.
func FuzzFile(f *testing.F) {
	for _, s := range []string{`{"upto":{"daily":"2026-07-01T09:00:00+08:00"},"runs":[{"job":"daily","at":"2026-07-01T09:00:00+08:00","started":"2026-07-01T09:00:00+08:00"}]}`, `{}`, `null`, `[]`, `{"runs":null} x`, "", "\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir, now := t.TempDir(), time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
		if err := os.WriteFile(filepath.Join(dir, "schedule.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		ran := 0
		opt := schedule.Options{Zone: time.UTC, Now: func() time.Time { return now }}
		job := schedule.Job{Name: "daily", Rule: schedule.Daily(at(8, 0)), Do: func(context.Context, time.Time) (string, error) { ran++; return "", nil }}
		for range 2 {
			s, err := schedule.Open(dir, opt, job)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Run(t.Context()); err != nil || ran > 1 {
				t.Fatalf("ran %d times, %v", ran, err)
			}
		}
	})
}
