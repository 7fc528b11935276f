package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

func (a *app) policyCommand() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:     "policy",
		Short:   a.say("制度：检查、比较、试算与启用", "the policy: check, compare, try out and adopt"),
		Example: "  plumbline policy check",
	})
	c.AddCommand(a.policyCheckCommand(), a.policyDiffCommand(), a.policySimulateCommand(), a.policyAdoptCommand())
	return c
}

// directory is where the policy files to work on stand.
func (a *app) directory(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return filepath.Join(a.data, "policy")
}

func (a *app) readPolicy(args []string) (policy.Source, error) {
	dir := a.directory(args)
	s, err := policy.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, useError{fmt.Errorf(a.say("没有制度目录 %s；先运行 plumbline init，或写明目录", "there is no policy directory %s; run plumbline init first, or name the directory"), dir)}
	case err != nil:
		return nil, useError{err}
	}
	return s, nil
}

func (a *app) policyCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "check [DIR]",
		Short:   a.say("检查制度文件与其中的映射，指出文件、行、列与改法", "check the policy files and their mappings; faults come with file, line, column and cure"),
		Example: "  plumbline policy check\n  plumbline policy check ./our-policy",
		Args:    a.between(0, 1, a.say("零或一个目录", "at most one DIR")),
		RunE: func(c *cobra.Command, args []string) (err error) {
			s, err := a.readPolicy(args)
			if err != nil {
				return err
			}
			db, err := warehouse.Open(c.Context(), "", warehouse.Options{Memory: "256MiB"})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, db.Close()) }()
			p, err := policy.Check(c.Context(), db, s)
			if err != nil {
				return err
			}
			files, err := policy.ReadMappings(a.directory(args))
			if err != nil {
				return err
			}
			mappings, err := policy.CheckMappings(c.Context(), db, p, files)
			if err != nil {
				return err
			}
			a.tell(a.say("制度没有问题：记录 %d 种，指标 %d 个，考核表 %d 张，等级 %d 个，映射 %d 个", "the policy is sound: %d datasets, %d KPIs, %d scorecards, %d bands, %d mappings"),
				len(p.Datasets), len(p.KPIs), len(p.Scorecards), len(p.Bands), len(mappings))
			return nil
		},
	}
}

func (a *app) policyAdoptCommand() *cobra.Command {
	var effective, note string
	c := &cobra.Command{
		Use:     "adopt [DIR]",
		Short:   a.say("启用制度文件，记下生效日期与说明", "adopt the policy files, with effective date and note"),
		Example: "  plumbline policy adopt --effective 2026-10-01 --note 转化率目标调整为32%",
		Args:    a.between(0, 1, a.say("零或一个目录", "at most one DIR")),
		RunE: func(c *cobra.Command, args []string) error {
			day, err := time.Parse(time.DateOnly, effective)
			if err != nil {
				return useError{fmt.Errorf(a.say("--effective %q：请写生效日期，如 2026-10-01", "--effective %q: name the first day it counts, like 2026-10-01"), effective)}
			}
			if note == "" {
				return useError{errors.New(a.say("--note：请写明改了什么", "--note: say what changed"))}
			}
			s, err := a.readPolicy(args)
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error {
				if err := policy.Adopt(c.Context(), b, s, day, note, a.actor()); err != nil {
					return err
				}
				v, err := policy.InForce(c.Context(), b.Warehouse(), always, day)
				if err != nil {
					return err
				}
				a.tell(a.say("已启用制度第 %d 版，自 %s 起生效", "policy version %d adopted, effective from %s"), v.Number, effective)
				return b.Checkpoint(c.Context())
			})
		},
	}
	c.Flags().StringVar(&effective, "effective", "", a.say("生效日期，如 2026-10-01", "first day it counts, like 2026-10-01"))
	c.Flags().StringVar(&note, "note", "", a.say("改了什么、为什么", "what changed and why"))
	return c
}
