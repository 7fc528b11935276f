package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// preview tells what an ingest would do and writes nothing. It ends as the ingest would.
func (a *app) preview(ctx context.Context, b *books.Books, paths []string, d declared) error {
	v, err := a.current(ctx, b)
	if err != nil {
		return err
	}
	units, faults, err := a.find(ctx, b, v.Policy, paths, d)
	if err != nil {
		return err
	}
	o := a.options(v.Policy)
	o.Again = d.again
	p, err := ingest.Try(ctx, b, v, units, o)
	if err != nil {
		return err
	}
	t := taken{faults: append(faults, p.Refused...), files: p.Files, already: p.Already, left: p.Settled}
	for _, f := range p.Already {
		a.tellFile(v.Policy, f, true)
	}
	for _, f := range p.Files {
		a.tellFile(v.Policy, f, false)
		t.waiting += f.Waiting
	}
	for _, f := range t.faults {
		a.tell("✗ %s", a.refusal(f))
	}
	if err := a.previewTables(v.Policy, p); err != nil {
		return err
	}
	if t.left > 0 {
		a.tell(a.say("以前隔离的 %d 行会离开隔离区", "%d rows of earlier files would leave the quarantine"), t.left)
	}
	a.tell(a.say("以上只是预演，什么也没有写入", "this was a dry run; nothing was written"))
	return t.verdict()
}

// previewTables writes the changes, and the rejects where they do not get into a machine's way.
func (a *app) previewTables(p *policy.Policy, v ingest.Preview) error {
	if err := a.changeTable(p, v.Changes).Write(a.out, a.format); err != nil || len(v.Rejects) == 0 {
		return err
	}
	w := a.err
	if a.format == "table" {
		w = a.out
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
	}
	return a.rejectTable(v.Rejects, false).Write(w, "table")
}

// mostPeople is how many people a change lists.
const mostPeople = 1000

// changeTable tells by dataset and month how many records change, and whose: for people their number, for machines their employee
// numbers, with a blank between.
func (a *app) changeTable(p *policy.Policy, changes []ingest.Change) *tabular.Table {
	people := tabular.Column{Name: "people", Heading: a.say("人数", "people")}
	if a.format == "table" {
		people.Kind = tabular.Integer
	}
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "dataset", Heading: a.say("种类", "dataset")}, {Name: "month", Heading: a.say("月份", "month")},
		{Name: "new", Heading: a.say("新增", "new"), Kind: tabular.Integer}, {Name: "corrected", Heading: a.say("更正", "corrected"), Kind: tabular.Integer},
		{Name: "retired", Heading: a.say("退场", "retired"), Kind: tabular.Integer}, people,
	}}
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	for _, c := range changes {
		kind, who := c.Dataset, strings.Join(slices.Sorted(slices.Values(c.People)), " ")
		if a.format == "table" {
			kind, who = a.kind(p, c.Dataset), strconv.Itoa(len(c.People))
			if len(c.People) >= mostPeople {
				who = fmt.Sprintf("≥%d", mostPeople)
			}
		}
		t.Add(kind, c.Month, n(c.New), n(c.Corrected), n(c.Retired), who)
	}
	return t
}
