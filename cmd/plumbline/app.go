package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"plumbline/company"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/trail"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// app is what all commands share.
type app struct {
	out, err io.Writer
	now      func() time.Time
	getenv   func(string) string
	data     string // --data
	language string // --lang
	// passwordFile is --password-file of the commands that write or read protected workbooks.
	passwordFile string
	lang         policy.Lang
	format       string    // --format
	memory       string    // --memory
	asOf         time.Time // --as-of, when it is a day

	// What the service lends that runs this command, open; lentAs is its data directory, absolute.
	lent      *books.Books
	lentTrail *trail.Trail
	lentAs    string

	coming      int64 // bytes that the command takes in: see books.Options
	unpublished bool  // --with-evaluations
}

// readLanguage finds the language before the commands are made, so that their help speaks it.
func (a *app) readLanguage(args []string) {
	a.language = a.getenv("PLUMBLINE_LANG")
	for i, s := range args {
		if v, ok := strings.CutPrefix(s, "--lang="); ok {
			a.language = v
		} else if s == "--lang" && i+1 < len(args) {
			a.language = args[i+1]
		}
	}
	a.lang = policy.ZH
	if strings.HasPrefix(a.language, "en") {
		a.lang = policy.EN
	}
	if a.language == "" {
		a.language = string(policy.ZH)
	}
}

// say picks the user's language.
func (a *app) say(zh, en string) string { return policy.Text{ZH: zh, EN: en}.In(a.lang) }

// tell writes a line of talk.
func (a *app) tell(format string, args ...any) { fmt.Fprintf(a.err, format+"\n", args...) }

func (a *app) root() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:   "plumbline",
		Short: a.say("准绳：看得见来历的绩效数字", "Plumbline: performance figures that show where they come from"),
		Long: a.say("准绳把工作日志、交付记录和商机变成人人都能核对的部门指标、考核得分和工作簿。\n期间写作 2026-07（月）、2026Q3（季）或 2026（年）。",
			"Plumbline turns work logs, delivery records and opportunities into department KPIs, scores and workbooks that everyone can check.\nPERIOD is 2026-07 (month), 2026Q3 (quarter) or 2026 (year)."),
		SilenceErrors: true, SilenceUsage: true, CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.checkFlags() },
	})
	def := a.getenv("PLUMBLINE_DATA")
	if def == "" {
		def = "./plumbline-data"
	}
	f := c.PersistentFlags()
	f.StringVar(&a.data, "data", def, a.say("数据目录（或环境变量 PLUMBLINE_DATA）", "data directory (or PLUMBLINE_DATA)"))
	f.StringVar(&a.language, "lang", a.language, a.say("语言：zh 或 en（或环境变量 PLUMBLINE_LANG）", "language: zh or en (or PLUMBLINE_LANG)"))
	f.StringVar(&a.memory, "memory", "1GiB", a.say("数据库可用的内存", "memory the database may use"))
	c.AddCommand(a.initCommand(), a.ingestCommand(), a.rejectsCommand(), a.filesCommand(), a.fileCommand(), a.mappingCommand(), a.kpiCommand(), a.scoreCommand(), a.evidenceCommand(),
		a.explainCommand(), a.statisticsCommand(), a.compareCommand(), a.qualityCommand(), a.auditCommand(), a.policyCommand(), a.exportCommand(), a.reportCommand(), a.chartCommand(), a.packCommand(), a.tablesCommand(), a.rebuildCommand(), a.doctorCommand(), a.backupCommand(), a.restoreCommand(),
		a.sampleCommand(), a.demoCommand(), a.selfReviewCommand(), a.reviewCommand(), a.quarterCommand(), a.appealCommand(), a.rewardCommand(), a.serveCommand())
	a.speak(c)
	return c
}

// formatFlag gives a command the flag --format.
func (a *app) formatFlag(c *cobra.Command) {
	c.Flags().StringVar(&a.format, "format", "table", a.say("输出格式：", "output format: ")+tabular.Formats)
}

// period reads a PERIOD argument.
func (a *app) period(s string) (period.Period, error) {
	p, err := period.Parse(s)
	if err != nil {
		return p, useError{err}
	}
	return p, nil
}

// open opens the books of the data directory.
func (a *app) open(ctx context.Context) (*books.Books, error) { return a.openAt(ctx, a.data) }

func (a *app) openAt(ctx context.Context, dir string) (*books.Books, error) {
	if _, err := os.Stat(filepath.Join(dir, "journal")); errors.Is(err, os.ErrNotExist) {
		return nil, a.noDirectory(dir)
	}
	return a.keep(ctx, dir)
}

// keep opens or makes books.
func (a *app) keep(ctx context.Context, dir string) (*books.Books, error) {
	replayed, finish := a.progress(a.say("由账本重放", "replaying the ledger"))
	defer finish()
	c, err := company.Make(ctx, dir, company.Options{Replayed: replayed, Now: a.now, Memory: a.memory,
		Notice: a.notice, Coming: a.coming})
	if err != nil {
		return nil, err
	}
	return c.Books, nil
}

// company is that of the open books.
func (a *app) company(b *books.Books) *company.Company { return company.Of(b, a.now) }

// with opens the books, runs f and closes them; a failed close is an error too. What the service lends stays open.
func (a *app) with(ctx context.Context, f func(b *books.Books) error) error {
	if a.borrows() {
		return f(a.lent)
	}
	b, err := a.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(b), b.Close())
}

// borrows reports whether the data directory is that of the service that runs this command, by whatever path.
func (a *app) borrows() bool {
	if a.lent == nil {
		return false
	}
	asked, err := os.Stat(a.data)
	if err != nil {
		return false
	}
	held, err := os.Stat(a.lentAs)
	return err == nil && os.SameFile(asked, held)
}

// withTrail opens the log of reads, runs f and closes it. What the service lends stays open.
func (a *app) withTrail(f func(t *trail.Trail) error) error {
	if a.borrows() {
		return f(a.lentTrail)
	}
	t, err := trail.Open(a.data, trail.Options{Now: a.now, Notice: a.notice})
	if err != nil {
		return err
	}
	return errors.Join(f(t), t.Close())
}

// always is the ledger sequence of "as known now".
const always = company.Always

// current gives the policy that counts today, in the company's own zone.
func (a *app) current(ctx context.Context, b *books.Books) (policy.Version, error) {
	return a.company(b).Current(ctx)
}

// today is the current date in the company's zone, as midnight UTC.
func (a *app) today(p *policy.Policy) time.Time { return company.Of(nil, a.now).Today(p) }

// clock is the current time in the company's zone.
func (a *app) clock(p *policy.Policy) time.Time { return a.now().In(company.Zone(p)) }

// actor names who is at the keyboard, for the ledger.
func (a *app) actor() string {
	for _, name := range []string{"PLUMBLINE_ACTOR", "USER", "LOGNAME"} {
		if v := a.getenv(name); v != "" {
			return v
		}
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

// interactive reports whether the talk is read on a terminal.
func (a *app) interactive() bool {
	f, ok := a.err.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
