package main

import (
	"context"
	"fmt"
	"os"

	"plumbline/internal/period"
	"plumbline/reports"
	"plumbline/reviews"
)

// selfWorkbook writes the actor's form as a workbook.
func (a *app) selfWorkbook(ctx context.Context, d *reviews.Desk, p period.Period, f *selfFile, dir string) error {
	r, err := reviews.Read(ctx, d.Books, p, always)
	if err != nil {
		return err
	}
	q, err := a.question(ctx, d.Books, p.String(), 0)
	if err != nil {
		return err
	}
	forms, err := reviews.Forms(ctx, d.Books, q, d.Actor)
	if err != nil {
		return err
	}
	x := reports.SelfReview{Company: d.Version.Policy.Company.Name, Month: p, Employee: f.Employee, Name: f.Name, Version: f.Version, AsOf: f.AsOf, Due: moment(r.Due, d.Zone),
		Achievements: f.Achievements, Problems: f.Problems, Plan: f.Plan, Made: a.clock(d.Version.Policy)}
	for i, y := range f.Points {
		weight := ""
		if form := forms[d.Actor]; form != nil && i < len(form.Items) {
			weight = form.Items[i].Weight.String()
		}
		x.Points = append(x.Points, reports.SelfPoints{KPI: y.KPI, Name: y.Name, Weight: weight, Points: y.Points, Comment: y.Comment})
	}
	for _, y := range f.Lines {
		x.Lines = append(x.Lines, reports.SelfLine{Key: y.Line, Says: y.Says, Source: y.Source, Reply: y.Reply, Comment: y.Comment})
	}
	to, err := a.folder(dir)
	if err != nil {
		return err
	}
	path, _, err := reports.WriteSelfReview(ctx, to, x, a.lang)
	if err != nil {
		return err
	}
	return a.done("%s：%d 行，填好后 plumbline self-review save", "%s: %d lines; fill it in, then plumbline self-review save", path, len(f.Lines))
}

// readSelfWorkbook reads a form that was filled in as a workbook.
func (a *app) readSelfWorkbook(path string) (*selfFile, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, useError{err}
	}
	if raw, err = a.unprotected(path, raw); err != nil {
		return nil, err
	}
	x, err := reports.ReadSelfReview(path, raw)
	if err != nil {
		return nil, useError{fmt.Errorf(a.say("%s 读不出自评：%w", "%s: no self-review can be read: %w"), path, err)}
	}
	f := &selfFile{Month: x.Month.String(), Employee: x.Employee, Version: x.Version, AsOf: x.AsOf, Achievements: x.Achievements, Problems: x.Problems, Plan: x.Plan}
	for _, y := range x.Points {
		f.Points = append(f.Points, selfPoint{KPI: y.KPI, Points: y.Points, Comment: y.Comment})
	}
	for _, y := range x.Lines {
		f.Lines = append(f.Lines, selfLine{Line: y.Key, Reply: y.Reply, Comment: y.Comment})
	}
	return f, nil
}
