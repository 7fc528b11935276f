package ledger_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"plumbline/internal/ledger"
)

// children are what the test binary does when it is started as another process.
var children = map[string]func(dir string) error{
	"append": appendForEver,
	"hold":   holdOpen,
}

// appendForEver appends until it is killed and prints each event's sequence and content after it was acknowledged.
func appendForEver(dir string) error {
	l, err := ledger.Open(dir, ledger.Options{Now: func() time.Time { return noon }, SegmentBytes: 5000})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		data := map[string]string{"text": fmt.Sprint(os.Getpid(), " ", i, strings.Repeat("x", i%500))}
		if i%7 == 0 {
			o, err := storeText(l, data["text"])
			if err != nil {
				return err
			}
			data["sha256"] = o.SHA256
		}
		ev, err := l.Append("child.wrote", "child", data)
		if err != nil {
			return err
		}
		fmt.Printf("%d %s\n", ev.Seq, ev.Data)
	}
}

func storeText(l *ledger.Ledger, text string) (ledger.Original, error) {
	w, err := l.NewOriginal()
	if err != nil {
		return ledger.Original{}, err
	}
	defer w.Abort()
	if _, err := io.WriteString(w, text); err != nil {
		return ledger.Original{}, err
	}
	return w.Commit()
}

// holdOpen keeps the ledger open until its input ends.
func holdOpen(dir string) error {
	l, err := ledger.Open(dir, ledger.Options{Now: time.Now})
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, l.Close())
}

func startChild(t *testing.T, what, dir string) (*exec.Cmd, io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LEDGER_CHILD="+what, "LEDGER_DIR="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, in, bufio.NewScanner(out)
}

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	const rounds = 25
	dir := t.TempDir()
	acknowledged := map[int64]string{}
	mended := 0
	for round := range rounds {
		cmd, _, out := startChild(t, "append", dir)
		if !out.Scan() {
			t.Fatalf("round %d: the child wrote nothing", round)
		}
		kill := time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = cmd.Process.Kill() })
		for ok := true; ok; ok = out.Scan() {
			seq, data, whole := strings.Cut(out.Text(), " ")
			n, err := strconv.ParseInt(seq, 10, 64)
			if err != nil || !whole || !strings.HasSuffix(data, "}") {
				break // the kill cut the report
			}
			acknowledged[n] = data
		}
		_ = cmd.Wait() // killed
		kill.Stop()

		var told notices
		l := mustOpen(t, dir, told.options())
		mended += len(told)
		if err := l.Verify(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		found := 0
		for _, ev := range events(t, l, 0) {
			if want, ok := acknowledged[ev.Seq]; ok && want == string(ev.Data) {
				found++
			}
		}
		if found != len(acknowledged) {
			t.Fatalf("round %d: %d of %d acknowledged events are there", round, found, len(acknowledged))
		}
		left, _ := filepath.Glob(filepath.Join(dir, "originals", "incoming-*"))
		if err := l.Close(); err != nil || len(left) > 0 {
			t.Fatalf("round %d: left behind %v, %v", round, left, err)
		}
	}
	if len(acknowledged) < rounds {
		t.Errorf("only %d events were acknowledged in %d rounds", len(acknowledged), rounds)
	}
	t.Logf("%d events acknowledged in %d rounds, %d ends mended", len(acknowledged), rounds, mended)
}

func TestLockNamesTheOtherProcess(t *testing.T) {
	dir := t.TempDir()
	cmd, in, out := startChild(t, "hold", dir)
	if !out.Scan() {
		t.Fatal("the child did not open the ledger")
	}
	_, err := ledger.Open(dir, new(notices).options())
	locked, ok := errors.AsType[*ledger.LockedError](err)
	if !ok || locked.PID != cmd.Process.Pid || !strings.Contains(err.Error(), strconv.Itoa(cmd.Process.Pid)) {
		t.Errorf("open beside process %d: %v", cmd.Process.Pid, err)
	}
	if _, err := ledger.Verify(t.Context(), dir); !isLocked(err) {
		t.Errorf("verify beside process %d: %v", cmd.Process.Pid, err)
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

func isLocked(err error) bool {
	_, ok := errors.AsType[*ledger.LockedError](err)
	return ok
}

func TestLockWithinOneProcess(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	mustAppend(t, l, "a", 1)
	_, err := ledger.Open(dir, new(notices).options())
	if locked, ok := errors.AsType[*ledger.LockedError](err); !ok || locked.PID != os.Getpid() {
		t.Errorf("second open: %v", err)
	}
	mustAppend(t, l, "a", 2)
}

// The kernel's lock counts, not what the file says.
func TestLockFileLeftBehind(t *testing.T) {
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"dead process":   strconv.Itoa(dead.Process.Pid),
		"living process": strconv.Itoa(os.Getppid()),
		"empty":          "",
		"nonsense":       "x\n-3",
		"long":           strings.Repeat("9", 100),
	} {
		dir := t.TempDir()
		overwrite(t, filepath.Join(dir, "lock"), []byte(text))
		l := open(t, dir)
		if got := string(read(t, filepath.Join(dir, "lock"))); got != strconv.Itoa(os.Getpid())+"\n" {
			t.Errorf("%s: the lock says %q", name, got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if left := read(t, filepath.Join(dir, "lock")); len(left) > 0 {
			t.Errorf("%s: the lock still says %q", name, left)
		}
	}
}

// A process that has the lock but has not written its pid yet must not be taken for a dead one that wrote before.
func TestLockWithoutPID(t *testing.T) {
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", strconv.Itoa(dead.Process.Pid)} {
		dir := t.TempDir()
		open(t, dir)
		overwrite(t, filepath.Join(dir, "lock"), []byte(text))
		_, err := ledger.Open(dir, new(notices).options())
		locked, ok := errors.AsType[*ledger.LockedError](err)
		if !ok || locked.PID != 0 || !strings.Contains(err.Error(), "another process") {
			t.Errorf("lock file %q: %v", text, err)
		}
	}
}

func TestVerifyNamesAMissingOriginal(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	mustAppend(t, l, "a", "no object")
	o := store(t, l, []byte("日期,工号\n"))
	mustAppend(t, l, "file.ingested", map[string]string{"sha256": o.SHA256})
	mustAppend(t, l, "file.ingested", map[string]string{"sha256": o.SHA256})
	if err := l.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	absent := sha256.Sum256([]byte("never stored"))
	mustAppend(t, l, "file.ingested", map[string]string{"sha256": hex.EncodeToString(absent[:])})
	if damage, ok := errors.AsType[*ledger.DamageError](l.Verify(t.Context())); !ok || damage.Seq != 4 || damage.Original != hex.EncodeToString(absent[:]) {
		t.Errorf("an original that was never stored: %v", damage)
	}
	if err := os.Remove(filepath.Join(dir, originalFile(o.SHA256))); err != nil {
		t.Fatal(err)
	}
	damage, ok := errors.AsType[*ledger.DamageError](l.Verify(t.Context()))
	if !ok || damage.Seq != 2 || damage.Original != o.SHA256 || !errors.Is(damage, os.ErrNotExist) {
		t.Errorf("a removed original: %v", damage)
	}
}
