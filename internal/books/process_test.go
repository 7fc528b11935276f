package books_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/books"
	"plumbline/internal/ledger"
)

// countForEver records until it is killed, several events at a time, and prints each event's sequence and step after it was acknowledged.
func countForEver(dir string) error {
	ctx := context.Background()
	b, err := books.Open(ctx, dir, new(notices).options())
	if err != nil {
		return err
	}
	failed := make(chan error)
	for c := range int64(5) {
		go func() {
			for i := int64(1); ; i++ {
				m := move{fmt.Sprint("c", c), 5*i + c}
				ev, err := b.Record(ctx, "count.moved", fmt.Sprint("pid ", os.Getpid()), m, light{})
				if err == nil && i%10 == 0 {
					err = b.Checkpoint(ctx)
				}
				if err != nil {
					failed <- err
				}
				fmt.Printf("%d %s %d.\n", ev.Seq, m.Name, m.By)
			}
		}()
	}
	return <-failed
}

// killedRun starts a process that records, kills it in the middle and adds what it acknowledged.
func killedRun(t *testing.T, dir string, acknowledged map[int64]move) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BOOKS_CHILD_DIR="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the process acknowledged nothing")
	}
	kill := time.AfterFunc(rand.N(80*time.Millisecond), func() { _ = cmd.Process.Kill() })
	for ok := true; ok; ok = lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 || !strings.HasSuffix(fields[2], ".") {
			break // the kill cut the report
		}
		seq, err1 := strconv.ParseInt(fields[0], 10, 64)
		by, err2 := strconv.ParseInt(strings.TrimSuffix(fields[2], "."), 10, 64)
		if err1 != nil || err2 != nil {
			t.Fatalf("the process wrote %q", lines.Text())
		}
		acknowledged[seq] = move{fields[1], by}
	}
	_ = cmd.Wait() // killed
	kill.Stop()
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	const rounds = 22
	dir := t.TempDir()
	acknowledged := map[int64]move{}
	behind := 0
	for round := range rounds {
		killedRun(t, dir, acknowledged)
		var told notices
		opt := told.options()
		opt.Replayed = func(int64, int64) { behind++ }
		b, err := books.Open(t.Context(), dir, opt)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		checkAgainstLedger(t, b, acknowledged)
		if told.mention("warehouse") {
			t.Errorf("round %d: the warehouse had to be made anew: %q", round, told)
		}
		if round == rounds-1 {
			before := dump(t, b)
			if err := b.Rebuild(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, dump(t, b)); diff != "" {
				t.Errorf("the warehouse differs from a rebuilt one:\n%s", diff)
			}
		}
		mustClose(t, b)
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
	}
	t.Logf("%d events acknowledged in %d rounds, %d found in the ledger only", len(acknowledged), rounds, behind)
}

// checkAgainstLedger compares the tables with the ledger's events, and these with what was acknowledged.
func checkAgainstLedger(t *testing.T, b *books.Books, acknowledged map[int64]move) {
	t.Helper()
	sums, found := map[string]int64{}, 0
	var want []string
	for ev, err := range b.Ledger().Events(0) {
		if err != nil {
			t.Fatal(err)
		}
		m := moveOf(t, ev)
		if acknowledged[ev.Seq] == m {
			found++
		}
		sums[m.Name] += m.By
		want = append(want, fmt.Sprintf("step|%06d|%s|%s|%s|%s|%d", ev.Seq, ev.Time.Format("2006-01-02 15:04:05.000"), ev.Actor, ev.Prev, m.Name, m.By))
	}
	if found != len(acknowledged) {
		t.Errorf("%d of %d acknowledged events are in the ledger", found, len(acknowledged))
	}
	var counts []string
	for i := range 5 {
		if n, ok := sums[fmt.Sprint("c", i)]; ok {
			counts = append(counts, fmt.Sprintf("count|c%d|%d", i, n))
		}
	}
	if diff := cmp.Diff(append(counts, want...), dump(t, b)); diff != "" {
		t.Errorf("the warehouse does not say what the ledger says:\n%s", diff)
	}
}

func moveOf(t *testing.T, ev ledger.Event) (m move) {
	t.Helper()
	if err := json.Unmarshal(ev.Data, &m); err != nil {
		t.Fatalf("event %d holds %s: %v", ev.Seq, ev.Data, err)
	}
	return m
}
