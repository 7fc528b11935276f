package main

import (
	"context"
	"fmt"

	"plumbline/internal/books"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
)

// qualityWorkbook writes the findings that are asked for as a workbook.
func (a *app) qualityWorkbook(ctx context.Context, b *books.Books, q metrics.Question, found *metrics.Quality, checks []*policy.QualityCheck, l metrics.Levels, f qualityFlags) error {
	names, err := a.company(b).Names(ctx, q)
	if err != nil {
		return err
	}
	shown := *found
	shown.Findings = findingsAsked(found, checks, l, f)
	to, err := a.folder(f.out)
	if err != nil {
		return err
	}
	path, changed, err := reports.WriteQuality(ctx, to, reports.QualityList{Policy: q.Version.Policy, Quality: &shown, Names: names, Made: q.Now}, a.lang)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.out, path)
	if !changed {
		a.tell("%s", a.say("内容与上一版相同，未另存", "the content is that of the last version; no new file was made"))
	}
	return nil
}
