package main

import (
	"context"
	"fmt"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/reviews"
)

// demoStatus shows where the reviews stand.
func (a *app) demoStatus(ctx context.Context, b *books.Books) error {
	seal, err := reviews.Read(ctx, b, mustPeriod("2026Q2"), always)
	if err != nil {
		return err
	}
	if seal.Sealed != nil && len(seal.Lists) > 0 {
		fmt.Fprintf(a.out, a.say("2026Q2 已封账（封账号 %s），奖惩名单 %d 人、%s 元，已签完；申诉 %d 件，已办结。\n", "2026Q2 is sealed (seal %s); rewards of %d people, %s yuan, signed by all; %d appeal, decided.\n"),
			seal.Sealed.ID(), seal.Lists[0].Lines, seal.Lists[0].Total.Text(2), len(seal.Appeals))
	}
	return a.quarterStatus(ctx, b, demoPeriod)
}

// mustPeriod reads a period that stands in the program.
func mustPeriod(s string) period.Period {
	p, err := period.Parse(s)
	if err != nil {
		panic(err)
	}
	return p
}
