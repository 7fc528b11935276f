package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// values is everybody's values by month, of the year that the files are about.
func values(t *testing.T, data string) string {
	t.Helper()
	return must(t, exitDone, "kpi", "2026", "--by", "company,department,employee,month", "--format", "csv", "--data", data)
}

func scores(t *testing.T, data string) string {
	t.Helper()
	return must(t, exitDone, "score", "2026Q3", "--format", "csv", "--data", data)
}

// interrupted is what the killed ingests are measured against.
type interrupted struct {
	folder string            // with the files to take in
	before map[string][]byte // the data directory before the ingest
	names  []string          // of the files in the order in which they are taken in
	values []string          // after none, one, two … files
	scores []string          // likewise
}

// newInterrupted takes the files in one by one and notes the results after each.
func newInterrupted(t *testing.T) *interrupted {
	t.Helper()
	in := &interrupted{folder: t.TempDir()}
	sample := filepath.Join(companyFiles(t), "company")
	data := filepath.Join(t.TempDir(), "data")
	must(t, exitDone, "init", "--data", data)
	must(t, exitRejects, "ingest", filepath.Join(sample, "company.xlsx"), "--data", data)
	var err error
	if in.before, err = readTree(data); err != nil {
		t.Fatal(err)
	}
	in.values, in.scores = []string{values(t, data)}, []string{scores(t, data)}
	for _, pattern := range []string{"work_logs-2026Q3*", "deliveries-2026Q[23]*", "opportunities-2026Q3*"} {
		paths, err := filepath.Glob(filepath.Join(sample, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name := filepath.Base(path)
			if err := os.Rename(path, filepath.Join(in.folder, name)); err != nil {
				t.Fatal(err)
			}
			if o := plumbline(t, "ingest", filepath.Join(in.folder, name), "--data", data); o.code != exitDone && o.code != exitRejects {
				t.Fatalf("%s: exit code %d\n%s", name, o.code, o.err)
			}
			in.names = append(in.names, name)
			in.values, in.scores = append(in.values, values(t, data)), append(in.scores, scores(t, data))
		}
	}
	return in
}

// start gives a fresh data directory and a process that takes the folder in, its talk going to the file.
func (in *interrupted) start(t *testing.T) (data, talk string, child *exec.Cmd) {
	t.Helper()
	dir := t.TempDir()
	data, talk = filepath.Join(dir, "data"), filepath.Join(dir, "talk")
	for name, text := range in.before {
		path := filepath.Join(data, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(talk)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	child = exec.Command("plumbline", "ingest", in.folder, "--data", data)
	child.Stderr = out
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return data, talk, child
}

// acknowledged counts the files that the process said were filed.
func acknowledged(t *testing.T, talk string) int {
	t.Helper()
	text, err := os.ReadFile(talk)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasSuffix(line, "\n") && (strings.HasPrefix(line, "✓ ") || strings.HasPrefix(line, "! ")) {
			n++
		}
	}
	return n
}

// check opens what a killed ingest left and gives the number of files that are in.
func (in *interrupted) check(t *testing.T, data string, told int) int {
	t.Helper()
	var names []string
	for _, f := range table(t, "files", "--data", data) {
		if f["file"] != "company.xlsx" {
			names = append(names, f["file"])
		}
	}
	n := len(names)
	if n > len(in.names) || !slices.Equal(names, in.names[:n]) {
		t.Fatalf("the books hold %q, want a beginning of %q", names, in.names)
	}
	if n != told && n != told+1 {
		t.Fatalf("%d files were acknowledged, %d are in the books", told, n)
	}
	if values(t, data) != in.values[n] {
		t.Errorf("after %d files the values are not those of %d files", n, n)
	}
	must(t, exitDone, "doctor", "--data", data)
	return n
}

func TestKilledIngest(t *testing.T) {
	in := newInterrupted(t)
	_, talk, child := in.start(t)
	begun := time.Now()
	if killAfter(t, child, talk, len(in.names)+1, 0); child.ProcessState.ExitCode() != exitRejects || acknowledged(t, talk) != len(in.names) {
		t.Fatalf("an ingest that nobody kills: %v, %d of %d files acknowledged", child.ProcessState, acknowledged(t, talk), len(in.names))
	}
	step := time.Since(begun) / time.Duration(len(in.names)+1)
	rounds := 2 * len(in.names) // each file is the last one acknowledged in two of them
	dice := rand.New(rand.NewPCG(2026, 11))
	killed, amid := 0, 0
	for i := range rounds {
		data, talk, child := in.start(t)
		killAfter(t, child, talk, i%len(in.names), time.Duration(dice.Float64()*1.5*float64(step)))
		if child.ProcessState.ExitCode() < 0 {
			killed++
		}
		n := in.check(t, data, acknowledged(t, talk))
		if 0 < n && n < len(in.names) {
			amid++
		}
		if i%5 == 4 {
			in.mend(t, data, n)
		}
		if err := os.RemoveAll(data); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d processes were killed, %d of them between the first file and the last", killed, rounds, amid)
	if killed < rounds/2 || amid < rounds/4 {
		t.Errorf("only %d of %d processes were killed, %d amid: the test proves too little", killed, rounds, amid)
	}
}

// killAfter kills the process some time after it acknowledged so many files, unless it ends before. So the moments are spread
// over the whole ingest, however fast the machine is.
func killAfter(t *testing.T, child *exec.Cmd, talk string, files int, later time.Duration) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		_ = child.Wait() // its state says how it ended
		close(ended)
	}()
	for alive := true; alive && acknowledged(t, talk) < files; {
		select {
		case <-ended:
			alive = false
		case <-time.After(2 * time.Millisecond):
		}
	}
	select {
	case <-ended:
	case <-time.After(later):
		_ = child.Process.Kill() // it may have ended in this moment
		<-ended
	}
}

// mend rebuilds what a killed ingest left, and takes the folder in again.
func (in *interrupted) mend(t *testing.T, data string, n int) {
	t.Helper()
	in.rebuilt(t, data, n)
	if o := plumbline(t, "ingest", in.folder, "--data", data); o.code != exitDone && o.code != exitRejects {
		t.Fatalf("take the folder in again: exit code %d\n%s", o.code, o.err)
	}
	if values(t, data) != in.values[len(in.names)] || scores(t, data) != in.scores[len(in.names)] {
		t.Errorf("after a second ingest the results are not those of an ingest that nobody killed")
	}
	in.rebuilt(t, data, len(in.names))
	must(t, exitDone, "doctor", "--data", data)
}

// rebuilt makes the warehouse anew and wants the results of n files.
func (in *interrupted) rebuilt(t *testing.T, data string, n int) {
	t.Helper()
	must(t, exitDone, "rebuild", "--data", data)
	if values(t, data) != in.values[n] || scores(t, data) != in.scores[n] {
		t.Errorf("a rebuild after %d files gives other results", n)
	}
}
