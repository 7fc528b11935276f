package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// child is a command line in a process of its own, started in a folder.
type child struct {
	out, talk string
	code      int
}

func runIn(t *testing.T, folder string, args ...string) child {
	t.Helper()
	var out, talk bytes.Buffer
	cmd := exec.Command("plumbline", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &out, &talk
	_ = cmd.Run() // the exit code tells
	return child{out.String(), talk.String(), cmd.ProcessState.ExitCode()}
}

// serveIn starts the service of a data directory and waits until it is ready; stop ends it and gives what it said.
func serveIn(t *testing.T, folder, data string) (stop func() string) {
	t.Helper()
	var talk bytes.Buffer
	cmd := exec.Command("plumbline", "serve", "--addr", "127.0.0.1:0", "--data", data)
	cmd.Dir, cmd.Stderr = folder, &talk
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.Contains(lines.Text(), "服务已就绪") {
		t.Fatalf("the service says %q %s", lines.Text(), talk.String())
	}
	go func() {
		for lines.Scan() { // the rest
		}
	}()
	ended := false
	stop = func() string {
		if !ended {
			ended = true
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				t.Errorf("the service ended with %v: %s", err, talk.String())
			}
		}
		return talk.String()
	}
	t.Cleanup(func() { stop() })
	return stop
}

// TestCommandsGoThroughTheService runs commands while a service has the data directory, and compares with what they say without one: in a folder of their
// own, with files of their own, and with the same exit codes.
func TestCommandsGoThroughTheService(t *testing.T) {
	data := filled(t)
	home, folder := t.TempDir(), t.TempDir()
	reading := [][]string{{"kpi", "2026Q3", "--kpi", "conversion_rate"}, {"files", "--format", "csv"}, {"score", "2026Q3", "--format", "json", "--lang", "en"}, {"kpi", "2026Q7"}, {"explain", "2026Q3", "--employee", "99999"}}
	var before []child
	for _, args := range reading {
		before = append(before, runIn(t, folder, append(args, "--data", data)...))
	}
	stop := serveIn(t, home, data)
	for i, args := range reading {
		if got := runIn(t, folder, append(args, "--data", data)...); got != before[i] {
			t.Errorf("%q says %+v through the service, and %+v without one", args, got, before[i])
		}
	}

	if err := os.WriteFile(filepath.Join(folder, "logs.csv"), []byte("log_id,employee_no,work_date,hours\nT1,00012,2026-09-01,7.5\nT2,00012,2026-09-31,8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := runIn(t, folder, "ingest", "logs.csv", "--data", data); got.code != exitRejects || !strings.Contains(got.out+got.talk, "logs.csv") {
		t.Errorf("ingest: %+v", got)
	}
	linked := filepath.Join(folder, "linked")
	if err := os.Symlink(data, linked); err != nil {
		t.Fatal(err)
	}
	if got := runIn(t, folder, append(reading[0], "--data", "linked")...); got != before[0] {
		t.Errorf("by another path: %+v, want %+v", got, before[0])
	}
	if got := runIn(t, folder, "export", "2026Q3", "-o", "quarter.xlsx", "--data", data); got.code != exitDone {
		t.Errorf("export: %+v", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "quarter.xlsx")); err != nil {
		t.Error("the workbook is not where the caller stands:", err)
	}
	if got := runIn(t, folder, "backup", "-o", "backups", "--data", data); got.code != exitDone {
		t.Errorf("backup: %+v", got)
	}
	if got := runIn(t, folder, "doctor", "--data", data); got.code != exitDone || !strings.Contains(got.out, "访问日志") {
		t.Errorf("doctor: %+v", got)
	}
	if got := runIn(t, folder, "rebuild", "--data", data); got.code != exitDone {
		t.Errorf("rebuild: %+v", got)
	}
	if got := runIn(t, folder, "ingest", "--watch", folder, "--data", data); got.code != exitUse || !strings.Contains(got.talk, "先停下服务") {
		t.Errorf("watch: %+v", got)
	}
	if got := runIn(t, folder, "serve", "--addr", "127.0.0.1:0", "--data", data); got.code != exitFailed || !strings.Contains(got.talk, "正由进程") {
		t.Errorf("a second service: %+v", got)
	}
	for path, want := range map[string]os.FileMode{"run": 0o700, "run/service": 0o600} {
		if info, err := os.Stat(filepath.Join(data, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %v", path, info.Mode().Perm(), err, want)
		}
	}
	stop()

	if got := runIn(t, folder, "files", "--format", "csv", "--data", data); !strings.Contains(got.out, "logs.csv") || strings.Contains(got.talk, "服务") {
		t.Errorf("after the service: %+v", got)
	}
	log, err := filepath.Glob(filepath.Join(data, "trail", "journal", "*"))
	if err != nil || len(log) == 0 {
		t.Fatal(log, err)
	}
	for _, want := range []string{"ingest logs.csv", "export 2026Q3", "kpi 2026Q3"} {
		if !strings.Contains(read(t, log[0]), want) {
			t.Errorf("the log of reads does not tell of %q", want)
		}
	}
	if _, err := os.Stat(filepath.Join(data, "run", "service")); err == nil {
		t.Error("the service is gone and its way is still there")
	}
}
