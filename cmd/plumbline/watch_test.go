package main

import (
	"bufio"
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"plumbline/policy"
)

// keeper gives a watcher of an empty inbox, and what it tells.
func keeper(t *testing.T) (*watcher, *bytes.Buffer) {
	t.Helper()
	var talk bytes.Buffer
	a := &app{err: &talk, lang: policy.EN, now: clock}
	return &watcher{app: a, inbox: inbox{dir: t.TempDir()}, seen: map[string]sighting{}, told: map[string]string{}}, &talk
}

// arrive writes a file into the inbox; age tells versions of the same size apart.
func (w *watcher) arrive(t *testing.T, name, text string, age time.Duration) {
	t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(w.path(name), time.Time{}, clock().Add(-age)); err != nil {
		t.Fatal(err)
	}
}

func (w *watcher) looks(t *testing.T, want ...string) {
	t.Helper()
	names, err := w.look()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, want) {
		t.Errorf("ready: %q, want %q", names, want)
	}
}

func TestAFileIsTakenOnceItNoLongerChanges(t *testing.T) {
	w, _ := keeper(t)
	w.arrive(t, "a.csv", "x", 0)
	w.looks(t)
	w.looks(t)
	w.arrive(t, "a.csv", "xy", 0) // it grew
	w.looks(t)
	w.looks(t)
	w.arrive(t, "a.csv", "xz", time.Hour) // same size, another time
	w.arrive(t, "b.csv", "x", 0)
	w.looks(t)
	w.looks(t)
	w.looks(t, "a.csv", "b.csv")
	w.arrive(t, "c.csv", "x", 0)
	w.looks(t, "a.csv", "b.csv") // what is not moved stays ready
	if err := os.Remove(w.path("c.csv")); err != nil {
		t.Fatal(err)
	}
	w.arrive(t, "other", "x", 0) // another file under the name, alike in size and time
	if err := os.Rename(w.path("other"), w.path("b.csv")); err != nil {
		t.Fatal(err)
	}
	w.looks(t, "a.csv")
}

func TestWhatIsNoFileStaysAndIsToldOnce(t *testing.T) {
	w, talk := keeper(t)
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, w.path("link.csv")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{doneDir, failedDir, "sub", ".git"} {
		if err := os.Mkdir(w.path(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"~$book.xlsx", "up.csv.part", "up.csv.CRDOWNLOAD", "up.tmp", ".DS_Store", "Thumbs.db", "new\nline.csv"} {
		w.arrive(t, name, "x", 0)
	}
	w.looks(t)
	w.looks(t)
	w.looks(t, "new\nline.csv")
	told := strings.Split(strings.TrimSpace(talk.String()), "\n")
	if len(told) != 2 || !strings.HasPrefix(told[0], "- link.csv is no plain file") || !strings.HasPrefix(told[1], "- sub is no plain file") {
		t.Errorf("told: %q", told)
	}
	// What went and came again is told again.
	if err := os.Remove(w.path("link.csv")); err != nil {
		t.Fatal(err)
	}
	w.looks(t, "new\nline.csv")
	if err := os.Symlink(outside, w.path("link.csv")); err != nil {
		t.Fatal(err)
	}
	w.looks(t, "new\nline.csv")
	if n := strings.Count(talk.String(), "link.csv"); n != 2 {
		t.Errorf("the link was told %d times", n)
	}
}

func TestFreeNames(t *testing.T) {
	long := strings.Repeat("长", 85)
	for _, c := range []struct {
		name string
		have []string
		want string
	}{
		{"a.csv", nil, "a.csv"},
		{"a.csv", []string{"a.csv"}, "a-20261121-020000.csv"},
		{"a.csv", []string{"a.csv.report.txt"}, "a-20261121-020000.csv"},
		{"a.csv", []string{"a.csv.rejects.xlsx"}, "a-20261121-020000.csv"},
		{"a.csv", []string{"a.csv", "a-20261121-020000.csv"}, "a-20261121-020000-2.csv"},
		{"a.csv", []string{"a.csv", "a-20261121-020000.csv", "a-20261121-020000-2.csv"}, "a-20261121-020000-3.csv"},
		{"README", []string{"README"}, "README-20261121-020000"},
		{long, nil, strings.Repeat("长", 80)},
		{"a." + strings.Repeat("x", 253), nil, "a." + strings.Repeat("x", 240)},
	} {
		w, _ := keeper(t)
		for _, name := range c.have {
			w.arrive(t, name, "x", 0)
		}
		got, err := w.free(w.dir, c.name, clock())
		if err != nil || got != c.want {
			t.Errorf("%s beside %q becomes %q, %v; want %q", c.name, c.have, got, err, c.want)
		}
	}
}

func TestBinary(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "工号,姓名\r\n\t1,张伟\n": false, "PK\x03\x04": true, "\x1b[2J": true, "\xd6\xd0\xce\xc4,abc": true, "a\u0085b": true, "\xff\xfea\x00": true,
		strings.Repeat("中", 1<<16): false, // the first bytes end within a character
	} {
		if got := binary(bufio.NewReaderSize(strings.NewReader(text), 1<<16)); got != want {
			t.Errorf("%.20q: %v, want %v", text, got, want)
		}
	}
}

// keepInbox starts a process that keeps the inbox, its talk going to this test's.
func keepInbox(t *testing.T, data, dir string) *exec.Cmd {
	t.Helper()
	child := exec.Command("plumbline", "--lang", "en", "ingest", "--watch", dir, "--every", "10ms", "--data", data)
	child.Stderr = t.Output()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if child.ProcessState == nil {
			_ = child.Process.Kill() // the test failed before it ended
			_ = child.Wait()
		}
	})
	return child
}

// arrived waits until done holds at least n files, reports not counted, or with n < 0 until the inbox holds none.
func arrived(t *testing.T, dir string, n int) {
	t.Helper()
	isFile := func(e fs.DirEntry) bool {
		return e.Type().IsRegular() && !strings.HasSuffix(e.Name(), reportEnd) && !strings.HasSuffix(e.Name(), rejectsEnd)
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(2 * time.Millisecond) {
		left, err := os.ReadDir(dir)
		done, doneErr := os.ReadDir(filepath.Join(dir, doneDir))
		if err != nil || doneErr != nil {
			continue // it is not made yet
		}
		files := slices.DeleteFunc(done, func(e fs.DirEntry) bool { return !isFile(e) })
		if n >= 0 && len(files) >= n || n < 0 && !slices.ContainsFunc(left, isFile) {
			return
		}
	}
	t.Fatalf("%s is not as wanted after %s", dir, patience)
}

func TestAKilledInboxLosesNothing(t *testing.T) {
	company := filepath.Join(companyFiles(t), "company")
	data := filepath.Join(t.TempDir(), "data")
	must(t, exitDone, "init", "--data", data)
	must(t, exitRejects, "ingest", filepath.Join(company, "company.xlsx"), "--data", data)
	paths, err := filepath.Glob(filepath.Join(company, "*-2026Q3.*"))
	if err != nil || len(paths) < 3 {
		t.Fatalf("%q, %v", paths, err)
	}
	before, err := readTree(data)
	if err != nil {
		t.Fatal(err)
	}
	must(t, exitRejects, append([]string{"ingest", "--data", data}, paths...)...)
	want := values(t, data)
	for n := range 3 {
		data, dir := filepath.Join(t.TempDir(), "data"), t.TempDir()
		if err := writeTree(data, before); err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if err := os.Link(path, filepath.Join(dir, filepath.Base(path))); err != nil {
				t.Fatal(err)
			}
		}
		killedOnce(t, data, dir, n)
		if values(t, data) != want {
			t.Errorf("killed after %d files, the values are not those of an ingest that nobody killed", n)
		}
		must(t, exitDone, "doctor", "--data", data)
		for _, path := range paths {
			isDone(t, path, filepath.Join(dir, doneDir, filepath.Base(path)))
		}
	}
}

// killedOnce keeps the inbox, kills that after n files, and keeps it again until it is empty.
func killedOnce(t *testing.T, data, dir string, n int) {
	t.Helper()
	child := keepInbox(t, data, dir)
	arrived(t, dir, n)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	child = keepInbox(t, data, dir)
	arrived(t, dir, -1)
	if err := child.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err != nil {
		t.Errorf("a watch that is asked to end: %v", err)
	}
}

// isDone wants a file with the same bytes, and a report in English that tells its rows.
func isDone(t *testing.T, original, moved string) {
	t.Helper()
	want, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(moved); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, want %d: %v", moved, len(got), len(want), err)
	}
	report, err := os.ReadFile(moved + reportEnd)
	if err != nil || !strings.Contains(string(report), "result: taken in\n") || !strings.Contains(string(report), " accepted + ") {
		t.Errorf("report beside %s: %v\n%s", moved, err, report)
	}
}
