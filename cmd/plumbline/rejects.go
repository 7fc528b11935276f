package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/reports/tabular"
)

func (a *app) rejectsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "rejects",
		Short:   a.say("隔离区：每一行错在哪里、怎样改", "the quarantine: what is wrong with each row and how to cure it"),
		Example: "  plumbline rejects\n  plumbline rejects --format csv > rejects.csv",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				v, err := a.current(c.Context(), b)
				if err != nil {
					return err
				}
				rejects, err := ingest.Rejects(c.Context(), b, v.Policy, always)
				if err != nil {
					return err
				}
				if len(rejects) == 0 {
					a.tell(a.say("隔离区是空的", "the quarantine is empty"))
				}
				return a.rejectTable(rejects).Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) rejectTable(rejects []ingest.Reject) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "file", Heading: a.say("文件", "file")}, {Name: "sheet", Heading: a.say("工作表", "sheet")},
		{Name: "row", Heading: a.say("行", "row"), Kind: tabular.Integer}, {Name: "column", Heading: a.say("列", "column")},
		{Name: "header", Heading: a.say("列名", "header")}, {Name: "value", Heading: a.say("原值", "value")},
		{Name: "rule", Heading: a.say("规则", "rule")}, {Name: "problem", Heading: a.say("问题", "problem")}, {Name: "cure", Heading: a.say("改法", "cure")},
	}}
	for _, r := range rejects {
		t.Add(r.File, r.Sheet, strconv.FormatInt(r.Row, 10), r.Column, r.Header, r.Value, r.Rule, r.Say.In(a.lang), r.Cure.In(a.lang))
	}
	return t
}

func (a *app) filesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "files",
		Short:   a.say("导入过的文件及其行数", "the files taken in and their rows"),
		Example: "  plumbline files",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				files, err := ingest.Files(c.Context(), b, always)
				if err != nil {
					return err
				}
				return a.fileTable(files).Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) fileTable(files []ingest.File) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "seq", Heading: a.say("账序", "seq"), Kind: tabular.Integer}, {Name: "at", Heading: a.say("时间", "at")}, {Name: "actor", Heading: a.say("经手", "actor")},
		{Name: "file", Heading: a.say("文件", "file")}, {Name: "sheet", Heading: a.say("工作表", "sheet")}, {Name: "dataset", Heading: a.say("种类", "dataset")},
		{Name: "rows_in", Heading: a.say("行数", "rows in"), Kind: tabular.Integer}, {Name: "accepted", Heading: a.say("入账", "accepted"), Kind: tabular.Integer},
		{Name: "quarantined", Heading: a.say("隔离", "quarantined"), Kind: tabular.Integer}, {Name: "new", Heading: a.say("新增", "new"), Kind: tabular.Integer},
		{Name: "corrected", Heading: a.say("更正", "corrected"), Kind: tabular.Integer}, {Name: "unchanged", Heading: a.say("未变", "unchanged"), Kind: tabular.Integer},
		{Name: "duplicates", Heading: a.say("重复", "duplicates"), Kind: tabular.Integer}, {Name: "sha256", Heading: "SHA-256"},
	}}
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	for _, f := range files {
		t.Add(n(f.Seq), f.At.UTC().Format("2006-01-02T15:04:05Z"), f.Actor, f.Name, f.Sheet, f.Dataset, n(f.RowsIn), n(f.Accepted), n(f.Quarantined),
			n(f.New), n(f.Corrected), n(f.Unchanged), n(f.Duplicates), f.SHA256)
	}
	return t
}
