package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"plumbline/company"
	"slices"

	"github.com/spf13/cobra"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "init",
		Short:   a.say("新建数据目录，启用默认制度，写出现成的映射", "make a new data directory with the default policy and mappings"),
		Example: "  plumbline init --data ./plumbline-data",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.initialise(c.Context(), a.data); err != nil {
				return err
			}
			a.tell(a.say("数据目录：%s\n制度文件：%s（按贵司制度修改后，运行 plumbline policy adopt 启用；其中 mappings 是现成的映射）\n下一步：plumbline ingest 文件或目录",
				"data directory: %s\npolicy files: %s (edit them to your regulation, then run plumbline policy adopt; mappings in it are ready for use)\nnext: plumbline ingest FILE or DIR"),
				a.data, filepath.Join(a.data, "policy"))
			return nil
		},
	}
}

// initialise makes the data directory and adopts the default policy, which counts from the beginning.
func (a *app) initialise(ctx context.Context, dir string) error {
	switch journal, err := os.ReadDir(filepath.Join(dir, "journal")); {
	case err == nil && begun(journal):
		return useError{fmt.Errorf(a.say("%s 已经是数据目录，未作改动", "%s is a data directory already; nothing was changed"), dir)}
	case err != nil:
		if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
			return useError{fmt.Errorf(a.say("%s 不是空目录；请换一个目录", "%s is not empty; choose another directory"), dir)}
		}
	}
	return company.Begin(ctx, dir, company.Options{Now: a.now, Memory: a.memory, Notice: a.notice}, a.say("默认制度", "default policy"), a.actor())
}

// begun reports whether a journal holds anything: an interrupted init may have left an empty one, and is repeated.
func begun(journal []os.DirEntry) bool {
	return slices.ContainsFunc(journal, func(e os.DirEntry) bool {
		info, err := e.Info()
		return err != nil || info.Size() > 0
	})
}
