package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reports/tabular"
)

func (a *app) rejectsCommand() *cobra.Command {
	var file, out string
	c := &cobra.Command{
		Use:   "rejects",
		Short: a.say("隔离区：每一行错在哪里、怎样改", "the quarantine: what is wrong with each row and how to cure it"),
		Long: a.say("-o 写成 Excel 工作簿：原列原值，标出有问题的格；改正后用 plumbline ingest 导入，改对的行入账并离开隔离区。",
			"-o writes an Excel workbook: the original columns with the faulty cells marked. Corrected there and ingested, the rows are filed and leave the quarantine."),
		Example: "  plumbline rejects\n  plumbline rejects -o rejects.xlsx\n  plumbline rejects --format csv > rejects.csv\n  plumbline rejects dismiss 7-12 --note 重复登记",
		Args:    a.nothing(), Annotations: alone,
		RunE: func(c *cobra.Command, _ []string) error {
			if out != "" && !strings.EqualFold(filepath.Ext(out), ".xlsx") {
				return useError{fmt.Errorf(a.say("-o %s：写出的是工作簿，文件名须以 .xlsx 结尾", "-o %s: a workbook is written; let the name end in .xlsx"), out)}
			}
			return a.withPolicy(c.Context(), func(b *books.Books, p *policy.Policy) error {
				rejects, err := a.rejects(c.Context(), b, p, file)
				if err != nil {
					return err
				}
				if len(rejects) == 0 {
					a.tell(a.say("隔离区是空的", "the quarantine is empty"))
				}
				if out != "" {
					return a.writeRejects(c.Context(), p, rejects, out)
				}
				return a.rejectTable(rejects, true).Write(a.out, a.format)
			})
		},
	}
	c.Flags().StringVar(&file, "file", "", a.say("只看这个文件的行：SHA-256 或其前 8 位以上", "only rows of this file: its SHA-256, or at least its first 8 digits"))
	c.Flags().StringVarP(&out, "output", "o", "", a.say("写成供更正的工作簿 FILE.xlsx", "write a workbook to correct, FILE.xlsx"))
	a.formatFlag(c)
	c.AddCommand(a.dismissCommand())
	return c
}

// rejects gives the reasons in quarantine; with the SHA-256 of a file those of its rows, also where a correction of them failed.
func (a *app) rejects(ctx context.Context, b *books.Books, p *policy.Policy, sha256 string) ([]ingest.Reject, error) {
	list, err := ingest.Rejects(ctx, b, p, always)
	if err != nil || sha256 == "" {
		return list, err
	}
	tables, err := a.tablesOf(ctx, b, sha256)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(r ingest.Reject) bool { return !belongs(r, tables) }), nil
}

// belongs reports whether the row came in with one of the tables, first or last.
func belongs(r ingest.Reject, tables []ingest.File) bool {
	root, _, _ := strings.Cut(r.ID, "-")
	return slices.ContainsFunc(tables, func(f ingest.File) bool { return f.Seq == r.Seq || strconv.FormatInt(f.Seq, 10) == root })
}

// writeRejects writes the workbook in which rows are corrected.
func (a *app) writeRejects(ctx context.Context, p *policy.Policy, rejects []ingest.Reject, path string) error {
	if len(rejects) == 0 {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return useError{fmt.Errorf(a.say("%s 已存在，其中可能有尚未导入的更正；请换一个文件名", "%s is there already and may hold corrections not yet ingested; choose another name"), path)}
	}
	if err := reports.WriteRejects(ctx, path, a.lang, p.Company.Name, rejects, a.clock(p)); err != nil {
		return err
	}
	fmt.Fprintln(a.out, path)
	return nil
}

// rejectTable lists reasons; the ids name rows that are in quarantine already.
func (a *app) rejectTable(rejects []ingest.Reject, ids bool) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "file", Heading: a.say("文件", "file")}, {Name: "sheet", Heading: a.say("工作表", "sheet")},
		{Name: "row", Heading: a.say("行", "row"), Kind: tabular.Integer}, {Name: "column", Heading: a.say("列", "column")},
		{Name: "header", Heading: a.say("列名", "header")}, {Name: "value", Heading: a.say("原值", "value")},
		{Name: "rule", Heading: a.say("规则", "rule")}, {Name: "problem", Heading: a.say("问题", "problem")}, {Name: "cure", Heading: a.say("改法", "cure")},
	}}
	if ids {
		t.Columns = append(t.Columns, tabular.Column{Name: "id", Heading: a.say("编号", "id")})
	}
	for _, r := range rejects {
		cells := []string{r.File, r.Sheet, strconv.FormatInt(r.Row, 10), r.Column, r.Header, r.Value, r.Rule, r.Say.In(a.lang), r.Cure.In(a.lang)}
		if ids {
			cells = append(cells, r.ID)
		}
		t.Add(cells...)
	}
	return t
}

func (a *app) dismissCommand() *cobra.Command {
	var note string
	c := &cobra.Command{
		Use:     "dismiss ID…",
		Short:   a.say("这些行不是记录：附理由移出隔离区", "these rows are no records: take them out of quarantine, with the reason"),
		Example: "  plumbline rejects dismiss 7-12 7-13 --note 与上月重复登记",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return useError{errors.New(a.say("请给出隔离编号；见 plumbline rejects 的最后一列", "name the ids of rows; they are the last column of plumbline rejects"))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.noted(note, a.say("这些行为什么不是记录", "why the rows are no records")); err != nil {
				return err
			}
			return a.withPolicy(c.Context(), func(b *books.Books, p *policy.Policy) error {
				if err := a.inQuarantine(c.Context(), b, p, args); err != nil {
					return err
				}
				if err := ingest.Dismiss(c.Context(), b, args, note, a.actor()); err != nil {
					return err
				}
				left, err := waitingRows(c.Context(), b)
				if err != nil {
					return err
				}
				a.tell(a.say("已移出 %d 行；隔离区还有 %d 行", "%d rows taken out; %d rows are left in quarantine"), len(distinct(args)), left)
				return nil
			})
		},
	}
	c.Flags().StringVar(&note, "note", "", a.say("理由", "the reason"))
	return c
}

func distinct(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// noted wants a note.
func (a *app) noted(note, what string) error {
	if strings.TrimSpace(note) == "" {
		return useError{fmt.Errorf(a.say("--note：请写明%s", "--note: say %s"), what)}
	}
	return nil
}

// inQuarantine refuses ids of rows that do not wait in quarantine.
func (a *app) inQuarantine(ctx context.Context, b *books.Books, p *policy.Policy, ids []string) error {
	rejects, err := ingest.Rejects(ctx, b, p, always)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.ContainsFunc(rejects, func(r ingest.Reject) bool { return r.ID == id }) {
			return useError{fmt.Errorf(a.say("隔离区中没有 %q；编号是 plumbline rejects 的最后一列", "no row %q is in quarantine; the ids are the last column of plumbline rejects"), id)}
		}
	}
	return nil
}
