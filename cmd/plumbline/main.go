// Command plumbline keeps a company's performance books: it takes files in, computes KPIs and scores, and writes workbooks and charts.
//
// main only wires: arguments, environment, clock and standard streams go into run; each command has a file of its own.
// Data goes to standard output, talk to standard error. Exit codes: 0 done, 1 failed, 2 wrong use, 3 done with rejects.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"plumbline/ingest/sheet"
	"plumbline/ingest/sheet/columnar"
	"plumbline/internal/ledger"
	"plumbline/policy"
	"plumbline/reviews"
)

func main() {
	columnar.Main()
	os.Exit(process(time.Now))
}

// process runs the command line of this process, until an interrupt at the most, and gives its exit code.
func process(now func() time.Time) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], os.Getenv, now, os.Stdout, os.Stderr)
}

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUse     = 2
	exitRejects = 3
)

// run executes one command line and gives its exit code. What a running service holds, the service does.
func run(ctx context.Context, args []string, getenv func(string) string, now func() time.Time, stdout, stderr io.Writer) int {
	a := &app{out: stdout, err: stderr, now: now, getenv: getenv}
	a.readLanguage(args)
	err := a.try(ctx, args)
	if a.held(err) {
		if code, handed := a.through(ctx, args); handed {
			return code
		}
	}
	return a.finish(err)
}

// execute executes a command line here, whoever has the books.
func (a *app) execute(ctx context.Context, args []string) int { return a.finish(a.try(ctx, args)) }

func (a *app) try(ctx context.Context, args []string) error {
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	return root.ExecuteContext(ctx)
}

// finish tells how a command failed, and gives its exit code.
func (a *app) finish(err error) int {
	if err != nil && !errors.Is(err, errRejects) {
		fmt.Fprintf(a.err, "plumbline: %s\n", a.words(err))
	}
	return exitCode(err)
}

// errRejects says that the work is done but rows or files were set aside; they have been told already.
var errRejects = errors.New("done, with rejects")

// useError is a mistake in how the program was called or in what it was given.
type useError struct{ error }

func (e useError) Unwrap() error { return e.error }

// exitCode is the one table from kinds of error to exit codes.
func exitCode(err error) int {
	var use useError
	var faults policy.Errors
	var refused *sheet.RefusedError
	var refusal *reviews.Refusal
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errRejects):
		return exitRejects
	case errors.As(err, &use), errors.As(err, &faults), errors.As(err, &refused), errors.As(err, &refusal), backupMisuse(err):
		return exitUse
	}
	return exitFailed
}

// words gives an error in the user's language.
func (a *app) words(err error) string {
	var faults policy.Errors
	if errors.As(err, &faults) {
		return faults.In(a.lang)
	}
	if refusal, ok := errors.AsType[*reviews.Refusal](err); ok {
		return fmt.Sprintf(a.say("%s（%s）\n    改法：%s", "%s (%s)\n    cure: %s"), refusal.Say.In(a.lang), refusal.Rule, refusal.Cure.In(a.lang))
	}
	if errors.Is(err, context.Canceled) {
		return a.say("已中断；已记录的内容不受影响", "interrupted; what was recorded is safe")
	}
	if locked, ok := errors.AsType[*ledger.LockedError](err); ok && a.lang == policy.ZH {
		if locked.PID == 0 {
			return fmt.Sprintf("数据目录 %s 正由另一个进程使用；请先结束那个进程", locked.Dir)
		}
		return fmt.Sprintf("数据目录 %s 正由进程 %d 使用；请先结束那个进程", locked.Dir, locked.PID)
	}
	if words, ok := a.backupWords(err); ok {
		return words
	}
	return a.explained(err)
}
