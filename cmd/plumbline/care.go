package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/internal/accounts"
	"plumbline/internal/backup"
	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/internal/sample"
	"plumbline/internal/trail"
)

func (a *app) rebuildCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "rebuild",
		Short:   a.say("从账本重建数据库，结果与之前完全相同", "make the warehouse anew from the ledger; every result stays the same"),
		Example: "  plumbline rebuild",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				begun := a.now()
				if err := b.Rebuild(c.Context()); err != nil {
					return err
				}
				a.tell(a.say("已由 %d 个事件重建，用时 %s", "rebuilt from %d events in %s"), b.Ledger().Head().Seq, a.now().Sub(begun).Round(time.Millisecond))
				return nil
			})
		},
	}
}

func (a *app) doctorCommand() *cobra.Command {
	var heads []string
	var write string
	c := &cobra.Command{
		Use:     "doctor",
		Short:   a.say("体检：账本链、原件、行数是否都对得上", "a health check: ledger chain, originals, and every row accounted for"),
		Long:    a.say("--write-head 把账本现在的末尾写成文件，另存别处；日后用 --head 核对，可发现账本被截断、被换成旧的或另一本。", "--write-head writes what the ledger ends with now; keep it elsewhere. --head compares later, and exposes a ledger that was cut, or exchanged for an older or another one."),
		Example: "  plumbline doctor\n  plumbline doctor --write-head head.json\n  plumbline doctor --head head.json",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			known, err := a.readHeads(heads)
			if err != nil {
				return err
			}
			trails, err := readTrailHeads(heads)
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error {
				if write != "" {
					return a.writeHead(b, write)
				}
				return a.examine(c.Context(), b, known, trails)
			})
		},
	}
	c.Flags().StringArrayVar(&heads, "head", nil, a.say("早先写出的末尾，可重复", "a head written earlier; may be repeated"))
	c.Flags().StringVar(&write, "write-head", "", a.say("把账本现在的末尾写到此文件", "write what the ledger ends with now to this file"))
	return c
}

// writeHead writes what the ledger ends with, for keeping elsewhere.
func (a *app) writeHead(b *books.Books, path string) error {
	h := b.Ledger().Head()
	known := struct {
		headFile
		Trail *headFile `json:"trail,omitempty"`
	}{headFile: headFile(h)}
	if a.hasTrail() {
		err := a.withTrail(func(t *trail.Trail) error {
			last := headFile(t.Head())
			known.Trail = &last
			return nil
		})
		if err != nil {
			return err
		}
	}
	text, err := json.Marshal(known)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return a.done("账本末尾 %d %s 已写入 %s", "the head %d %s is written to %s", h.Seq, h.Hash, path)
}

// examine checks everything that can be checked and tells each finding; the first fault is returned.
func (a *app) examine(ctx context.Context, b *books.Books, heads, trails []ledger.Head) error {
	head := b.Ledger().Head()
	var first error
	report := func(what, well string, err error) {
		if err == nil {
			fmt.Fprintf(a.out, "✓ %s%s\n", what, well)
			return
		}
		fmt.Fprintf(a.out, "✗ %s%v\n", what, err)
		first = errors.Join(first, err)
	}
	report(a.say("账本：", "ledger: "), fmt.Sprintf(a.say("%d 个事件首尾相连，原件逐个解压核对无误；末尾哈希 %s", "%d events in one chain, every original unpacked and verified; head %s"),
		head.Seq, head.Hash), b.Ledger().Verify(ctx))
	for _, h := range heads {
		report(a.say("末尾：", "head: "), fmt.Sprintf(a.say("账本包含早先写出的 %d", "the ledger holds %d, written earlier"), h.Seq), b.Ledger().CheckHead(h))
	}
	files, err := ingest.Files(ctx, b, always)
	report(a.say("导入：", "files taken in: "), fmt.Sprintf(a.say("%d 个文件", "%d"), len(files)), err)
	var lost error
	for _, f := range files {
		if f.RowsIn != f.Accepted+f.Quarantined+f.Excluded {
			lost = errors.Join(lost, fmt.Errorf("%s: %d ≠ %d + %d + %d", f.Name, f.RowsIn, f.Accepted, f.Quarantined, f.Excluded))
		}
	}
	report(a.say("每个文件：", "every file: "), a.say("行数 = 入账 + 隔离 + 不计", "rows in = accepted + quarantined + excluded"), lost)
	report(a.say("事实表：", "facts: "), a.say("每条记录只有一个当前版本，行数与回执一致", "one current version per record, as many rows as the receipts say"), ingest.Examine(ctx, b))
	a.examineTrail(ctx, trails, report)
	a.examineAccounts(report)
	first = errors.Join(first, a.tellReturns(b))
	if first != nil {
		return fmt.Errorf("doctor: %w", first)
	}
	return nil
}

// examineTrail checks the log of reads, if there is one, as the ledger is checked.
func (a *app) examineTrail(ctx context.Context, heads []ledger.Head, report func(what, well string, err error)) {
	what := a.say("访问日志：", "log of reads: ")
	if !a.hasTrail() {
		if len(heads) > 0 {
			report(what, "", errors.New(a.say("早先有过，现在没有了；请从备份恢复", "it was there when the head was written and is gone; restore it from a backup")))
		}
		return
	}
	err := a.withTrail(func(t *trail.Trail) error {
		last := t.Head()
		report(what, fmt.Sprintf(a.say("%d 批首尾相连；末尾哈希 %s", "%d in one chain; head %s"), last.Seq, last.Hash), t.Verify(ctx))
		for _, h := range heads {
			report(what, fmt.Sprintf(a.say("包含早先写出的 %d", "it holds %d, written earlier"), h.Seq), t.CheckHead(h))
		}
		return nil
	})
	if err != nil {
		report(what, "", err)
	}
}

// readTrailHeads reads the heads of the trail that doctor --write-head wrote beside those of the ledger.
func readTrailHeads(paths []string) (heads []ledger.Head, err error) {
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, useError{err}
		}
		var known struct {
			Trail *headFile `json:"trail"`
		}
		if err := json.Unmarshal(text, &known); err != nil {
			return nil, useError{fmt.Errorf("%s: %w", path, err)}
		}
		if known.Trail != nil {
			heads = append(heads, ledger.Head(*known.Trail))
		}
	}
	return heads, nil
}

// examineAccounts looks who may read the files of accounts, if there are any.
func (a *app) examineAccounts(report func(what, well string, err error)) {
	files, err := accounts.Examine(a.data)
	if files > 0 || err != nil {
		report(a.say("账号：", "accounts: "), fmt.Sprintf(a.say("%d 个文件，只有所有者可读", "%d files, readable by their owner alone"), files), err)
	}
}

// tellReturns tells of each time that the ledger was restored to an earlier state.
func (a *app) tellReturns(b *books.Books) error {
	for ev, err := range b.Ledger().Events(0) {
		if err != nil {
			return err
		}
		if ev.Kind != backup.Restored {
			continue
		}
		var r backup.Return
		if err := json.Unmarshal(ev.Data, &r); err != nil {
			return fmt.Errorf("read event %d: %w", ev.Seq, err)
		}
		fmt.Fprintf(a.out, a.say("! 事件 %d：%s 由备份 %s 退回到事件 %d，而当时已记到 %d；经手 %s，同意 %s，理由：%s\n",
			"! event %d: on %s the ledger went back by the backup %s to event %d, although %d had been written; by %s, agreed by %s, because: %s\n"),
			ev.Seq, ev.Time.Format(time.RFC3339), r.File, r.Backup.Seq, r.Expected.Seq, r.By, r.Second, r.Reason)
	}
	return nil
}

func (a *app) sampleCommand() *cobra.Command {
	o := sample.Options{}
	var dir, last string
	c := &cobra.Command{
		Use:     "sample -o DIR",
		Short:   a.say("按种子生成任意规模的示例公司", "make a sample company of any size from a seed"),
		Example: "  plumbline sample --employees 60 --months 15 --seed 1 -o ./company\n  plumbline sample --employees 20000 --months 15 --work-logs 4000000 --deliveries 1000000 --opportunities 1000000 -o ./large",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.output(dir); err != nil {
				return err
			}
			p, err := period.Parse(last)
			if err != nil || p.Kind() != period.Month {
				return useError{fmt.Errorf(a.say("--last %q：请写最后一个月，如 2026-09", "--last %q: name the last month, like 2026-09"), last)}
			}
			o.Last = p
			report, finish := a.progress(dir)
			s, err := sample.Write(c.Context(), dir, o, report)
			finish()
			var disk *fs.PathError
			switch {
			case err != nil && c.Context().Err() == nil && !errors.As(err, &disk):
				return useError{err} // such a company cannot be made, or not there
			case err != nil:
				return err
			}
			for _, f := range s.Files {
				fmt.Fprintf(a.out, "%s  %d\n", filepath.Join(dir, filepath.FromSlash(f.Name)), f.Rows)
			}
			return nil
		},
	}
	f := c.Flags()
	f.IntVar(&o.Employees, "employees", 60, a.say("员工人数", "number of employees"))
	f.IntVar(&o.Months, "months", 15, a.say("月数", "number of months"))
	f.Uint64Var(&o.Seed, "seed", 1, a.say("种子；同样的种子得到同样的公司", "seed; the same seed gives the same company"))
	f.StringVar(&last, "last", "2026-09", a.say("最后一个月", "the last month"))
	f.Int64Var(&o.WorkLogs, "work-logs", 0, a.say("工作日志总行数，0 为按人数推算", "rows of work logs in all; 0: what such a company has"))
	f.Int64Var(&o.Deliveries, "deliveries", 0, a.say("交付记录总行数", "rows of deliveries in all"))
	f.Int64Var(&o.Opportunities, "opportunities", 0, a.say("商机总行数", "rows of opportunities in all"))
	f.StringVarP(&dir, "output", "o", "", a.say("写入的目录", "directory to write to"))
	return c
}
