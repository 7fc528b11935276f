package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
)

// asOfFlag gives a command the flag --as-of: a ledger sequence, or a day at whose end the books are meant.
func (a *app) asOfFlag(c *cobra.Command, asOf *int64) {
	c.Flags().Var(&asOfValue{a, asOf, ""}, "as-of", a.say("按当时所知：账序，只看不大于此数的内容；或日期，即当天结束时",
		"as known then: a ledger sequence, for what the ledger held at it, or a date, for the end of that day"))
}

// asOfValue takes what is written after --as-of.
type asOfValue struct {
	app  *app
	seq  *int64
	text string
}

func (v *asOfValue) String() string { return v.text }
func (v *asOfValue) Type() string   { return "SEQ|DATE" }

// Set reads the flag. The sequence that a day stands for is found when the books are open.
func (v *asOfValue) Set(s string) error {
	seq, day, err := v.app.state(s)
	if err == nil {
		*v.seq, v.app.asOf, v.text = seq, day, s
	}
	return err
}

// state reads a state of the books: a ledger sequence, or a day.
func (a *app) state(s string) (seq int64, day time.Time, err error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return 0, day, nil
	}
	seq, err = strconv.ParseInt(s, 10, 64)
	if err != nil || seq < 1 {
		return 0, day, errors.New(a.say("请写账序，从 1 起，见 plumbline files；或写日期，如 2026-10-01", "name a ledger sequence, from 1, see plumbline files; or a date like 2026-10-01"))
	}
	return seq, day, nil
}

// asOfDay gives the sequence that --as-of stands for, 0 for none.
func (a *app) asOfDay(ctx context.Context, b *books.Books, seq int64) (int64, error) {
	if a.asOf.IsZero() {
		return seq, nil
	}
	return a.endOf(ctx, b, a.asOf)
}

// endOf gives the ledger sequence of the last event recorded by the end of a day in the company's zone, and tells it.
func (a *app) endOf(ctx context.Context, b *books.Books, day time.Time) (int64, error) {
	v, err := a.current(ctx, b)
	if err != nil {
		return 0, err
	}
	text := day.Format(time.DateOnly)
	if day.After(a.today(v.Policy)) {
		return 0, useError{fmt.Errorf(a.say("%s 还没有到；要看现在的情况，请不写日期", "%s is still to come; leave the date out to see the books as they are now"), text)}
	}
	zone := a.clock(v.Policy).Location()
	y, m, d := day.Date()
	end, last, first := time.Date(y, m, d+1, 0, 0, 0, 0, zone), int64(0), time.Time{}
	for e, err := range b.Ledger().Events(0) {
		if err != nil {
			return 0, err
		}
		if first.IsZero() {
			first = e.Time
		}
		if e.Time.Before(end) {
			last = e.Seq
		}
	}
	if last == 0 {
		return 0, useError{fmt.Errorf(a.say("%s 时账册还是空的；第一笔记于 %s", "the books were still empty on %s; their first entry is of %s"), text, first.In(zone).Format(time.DateOnly))}
	}
	a.tell(a.say("%s 结束时的账册：账序 %d", "the books at the end of %s: ledger sequence %d"), text, last)
	return last, nil
}

// stateOf gives the sequence of a state that is written as such or as a day.
func (a *app) stateOf(ctx context.Context, b *books.Books, flag, text string) (int64, error) {
	seq, day, err := a.state(text)
	switch {
	case err != nil:
		return 0, useError{fmt.Errorf("--%s %q: %w", flag, text, err)}
	case day.IsZero():
		return seq, nil
	}
	return a.endOf(ctx, b, day)
}
