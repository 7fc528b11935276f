package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

// acting is what the commands of decisions share: who acts, and why.
type acting struct {
	as, because string
}

// actingFlags gives a command the flag --as and, where a reason is due, --because.
func (a *app) actingFlags(c *cobra.Command, x *acting, reason bool) {
	c.Flags().StringVar(&x.as, "as", "", a.say("以谁的身份办理：工号（或环境变量 PLUMBLINE_ACTOR）", "who acts: employee number (or PLUMBLINE_ACTOR)"))
	if reason {
		c.Flags().StringVar(&x.because, "because", "", a.say("理由，与决定一起留存", "the reason, which is kept with the decision"))
	}
}

// desk is where the actor decides about a period.
func (a *app) desk(ctx context.Context, b *books.Books, p period.Period, x acting) (*reviews.Desk, error) {
	actor := x.as
	if actor == "" {
		actor = a.actor()
	}
	return a.company(b).Desk(ctx, p, actor)
}

// atDesk opens the books and decides about the period that the first argument names.
func (a *app) atDesk(c *cobra.Command, arg string, x acting, decide func(ctx context.Context, d *reviews.Desk, p period.Period) error) error {
	p, err := a.period(arg)
	if err != nil {
		return err
	}
	return a.with(c.Context(), func(b *books.Books) error {
		d, err := a.desk(c.Context(), b, p, x)
		if err != nil {
			return err
		}
		return decide(c.Context(), d, p)
	})
}

// done tells what was decided.
func (a *app) done(zh, en string, args ...any) error {
	fmt.Fprintf(a.out, "✓ "+a.say(zh, en)+"\n", args...)
	return nil
}

// moment writes a time in the company's zone, "" for none.
func moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04")
}

// amount reads a decimal flag.
func (a *app) amount(flag, s string) (fixed.Num, error) {
	n, err := fixed.Parse(s)
	if err != nil {
		return 0, useError{fmt.Errorf(a.say("--%s %q：请写数字，如 85 或 85.5", "--%s %q: write a number such as 85 or 85.5"), flag, s)}
	}
	return n, nil
}

// column makes a column of a table.
func (a *app) column(name, zh, en string, kind ...tabular.Kind) tabular.Column {
	c := tabular.Column{Name: name, Heading: a.say(zh, en)}
	if len(kind) > 0 {
		c.Kind = kind[0]
	}
	return c
}

// stateText is the machine word, or the reader's in a table for people.
func (a *app) stateText(s reviews.State) string {
	if a.format != "table" {
		return string(s)
	}
	return s.Name().In(a.lang)
}

// short cuts a list of words for a line.
func short(list []string, most int) string {
	list = slices.Clone(list)
	if len(list) > most {
		list = append(list[:most], "…")
	}
	return strings.Join(list, ", ")
}
