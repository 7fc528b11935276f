package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/audit"
	"plumbline/internal/books"
	"plumbline/policy"
	"plumbline/reports"
)

func (a *app) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: a.say("内部审计：每季度抽查流程合规性", "internal audit: sample checks of processes, by quarter"),
		Args:  a.nothing(),
	}
	c.AddCommand(a.auditSampleCommand())
	return c
}

// sampling is what the command audit sample is asked for.
type sampling struct {
	seed, out string
	per, asOf int64
}

func (a *app) auditSampleCommand() *cobra.Command {
	var x sampling
	c := &cobra.Command{
		Use:   "sample QUARTER --seed SEED",
		Short: a.say("按流程与部门分层随机抽样，写成待填的抽查表", "draw a sample by process and department, as a workbook to fill in"),
		Long: a.say("同一季度、种子、账序和件数，抽出的总是同一批对象，与数据导入的先后无关。抽查哪些流程、每个部门抽几件、哪些角色可任审计人，见 company.yaml 的 audit。填好的表用 plumbline ingest 导入，即为审计发现；没有填结论的行留在隔离区待补。",
			"The same quarter, seed, ledger sequence and number always draw the same objects, in whatever order the data came in. The section audit of company.yaml says which processes, how many of each department, and which roles audit. "+
				"plumbline ingest takes the filled-in workbook back as findings; rows without a verdict wait in quarantine."),
		Example: "  plumbline audit sample 2026Q3 --seed 20261008 -o ./audit\n  plumbline --lang en audit sample 2026Q3 --seed 7 --per 1 --as-of 30",
		Args:    a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case strings.TrimSpace(x.seed) == "":
				return useError{fmt.Errorf("%s", a.say("请用 --seed 写明种子，例如公证过的一个数字；同样的种子抽出同样的对象", "give a seed with --seed, such as a number drawn before witnesses; the same seed draws the same objects"))}
			case c.Flags().Changed("per") && (x.per < 1 || x.per > policy.AuditMost):
				return useError{fmt.Errorf(a.say("--per 须为 1 到 %d 的整数", "--per must be a whole number from 1 to %d"), policy.AuditMost)}
			}
			return a.with(c.Context(), func(b *books.Books) error { return a.auditSample(c.Context(), b, args[0], x) })
		},
	}
	c.Flags().StringVar(&x.seed, "seed", "", a.say("随机种子，任意文字", "seed of the draw, any text"))
	c.Flags().StringVarP(&x.out, "output", "o", ".", a.say("写入的目录", "directory to write to"))
	c.Flags().Int64Var(&x.per, "per", 0, a.say("每个流程每个部门抽几件；默认按制度", "how many of each process and department; by default as the policy says"))
	a.asOfFlag(c, &x.asOf)
	return c
}

// auditSample draws a sample and writes its workbook.
func (a *app) auditSample(ctx context.Context, b *books.Books, quarter string, x sampling) error {
	q, err := a.question(ctx, b, quarter, x.asOf)
	if err != nil {
		return err
	}
	s, err := audit.Draw(ctx, b, q, x.seed, x.per)
	if err != nil {
		return err
	}
	path, err := reports.WriteAuditSample(ctx, x.out, s, a.lang)
	if err != nil {
		return err
	}
	drawn, without := s.Objects()
	fmt.Fprintln(a.out, path)
	a.tell(a.say("%d 层，共抽查 %d 件，账序 %d", "%d strata, %d objects, ledger sequence %d"), len(s.Strata), drawn, s.Basis.LedgerSeq)
	if without > 0 {
		a.tell(a.say("其中 %d 件没有合适的审计人，请另行指定", "for %d of them nobody qualifies as auditor; appoint somebody"), without)
	}
	return nil
}
