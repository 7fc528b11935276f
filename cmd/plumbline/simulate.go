package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reports/tabular"
)

// changed reads changed policy files, a directory or one file, over a policy and checks the result.
func (a *app) changed(ctx context.Context, b *books.Books, path string, over *policy.Policy) (*policy.Policy, error) {
	s, kept, err := over.Source.ReadOver(path)
	var faults policy.Errors
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, useError{fmt.Errorf(a.say("没有 %s；请写放有制度文件的目录，或一个改动过的文件", "there is no %s; name a directory with policy files, or one changed file"), path)}
	case errors.As(err, &faults):
		return nil, err
	case err != nil:
		return nil, useError{err}
	}
	if len(kept) > 0 {
		a.tell(a.say("%s 沿用现行制度", "kept as in the policy in force: %s"), strings.Join(kept, a.say("、", ", ")))
	}
	return policy.Check(ctx, b.Warehouse(), s)
}

func (a *app) policyDiffCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "diff [DIR|FILE]",
		Short:   a.say("制度文件与现行制度有哪些不同：参数、等级、考核表、指标、记录", "what policy files change in the policy in force: parameters, bands, scorecards, KPIs, datasets"),
		Example: "  plumbline policy diff\n  plumbline policy diff ./scorecards.yaml --format csv",
		Args:    a.between(0, 1, a.say("零或一个目录或文件", "at most one DIR or FILE")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				v, err := a.current(c.Context(), b)
				if err != nil {
					return err
				}
				p, err := a.changed(c.Context(), b, a.directory(args), v.Policy)
				if err != nil {
					return err
				}
				changes := policy.Diff(v.Policy, p)
				if len(changes) == 0 {
					a.tell(a.say("与现行制度（第 %d 版）没有差别", "nothing differs from the policy in force (version %d)"), v.Number)
				}
				return a.policyChanges(changes).Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

// policyChanges lists what differs between two policies.
func (a *app) policyChanges(changes []policy.Difference) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "part", Heading: a.say("部分", "part")}, {Name: "id", Heading: a.say("编号", "id")}, {Name: "name", Heading: a.say("名称", "name")},
		{Name: "field", Heading: a.say("项", "what")}, {Name: "old", Heading: a.say("原", "old")}, {Name: "new", Heading: a.say("新", "new")},
	}}
	for _, d := range changes {
		part, field := string(d.Part), d.Field
		if a.format == "table" {
			part, field = d.Part.Name().In(a.lang), d.What.In(a.lang)
		}
		if d.Field == "" {
			field = a.say("整项", "all of it")
			if a.format != "table" {
				field = ""
			}
		}
		old, new := d.Old.In(a.lang), d.New.In(a.lang)
		if a.format == "table" {
			old, new = cmp.Or(old, a.say("（无）", "(none)")), cmp.Or(new, a.say("（无）", "(none)"))
		}
		t.Add(part, d.ID, d.Name.In(a.lang), field, old, new)
	}
	return t
}

// simulating is what the command policy simulate is asked for.
type simulating struct {
	by   []string
	all  bool
	out  string
	asOf int64
}

func (a *app) policySimulateCommand() *cobra.Command {
	var q simulating
	c := &cobra.Command{
		Use:   "simulate DIR|FILE PERIOD",
		Short: a.say("新制度试算：谁的得分、等级、奖金会变，成本多少；不作任何记录", "try a changed policy out: whose score, band and reward change, and the cost; nothing is recorded"),
		Long: a.say("DIR 是放有改动后制度文件的目录，没有的文件沿用现行制度；FILE 是一个改动过的文件。\n奖金 = 奖金基数 × 等级的奖金系数 × 有得分的天数（按任职比例）÷ 期间天数，四舍五入到分一次。\n奖金基数是员工名册中的本人基数，没有的取 company.yaml 的参数 bonus_base；均按季度，月度取三分之一，年度取四倍。",
			"DIR holds the changed policy files, and files that it lacks stay as they are in force; FILE is one changed file.\nReward = bonus base × bonus coefficient of the band × days with a score (by shares) ÷ days of the period, rounded once to cents.\nThe bonus base is the person's own in the list of employees, or else the parameter bonus_base of company.yaml; both are for a quarter, a month has a third and a year four times as much."),
		Example: "  plumbline policy simulate ./scorecards.yaml 2026Q3\n  plumbline policy simulate ./new-policy 2026Q3 -o trial.xlsx\n  plumbline policy simulate ./new-policy 2026Q3 --by employee --format csv",
		Args:    a.exactly(2, a.say("一个目录或文件和一个期间", "a DIR or FILE and a PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			levels, err := a.effectLevels(q.by)
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error {
				s, err := a.simulate(c.Context(), b, args[0], args[1], q.asOf)
				if err != nil {
					return err
				}
				if q.out != "" {
					if err := reports.WriteSimulation(c.Context(), q.out, s, a.lang); err != nil {
						return useError{err}
					}
					fmt.Fprintln(a.out, q.out)
					return nil
				}
				return a.showSimulation(s, levels, q.all)
			})
		},
	}
	f := c.Flags()
	f.StringSliceVar(&q.by, "by", nil, a.say("只看：company,department,employee，或 band（等级变化）、policy（制度的变化）", "only: company,department,employee, or band (moves between bands), policy (what differs)"))
	f.BoolVar(&q.all, "all", false, a.say("表格也列出没有变化的人", "let the table list people without a change too"))
	f.StringVarP(&q.out, "output", "o", "", a.say("写成 Excel 工作簿", "write an Excel workbook"))
	a.asOfFlag(c, &q.asOf)
	a.formatFlag(c)
	return c
}

// effectLevels reads --by. In formats for machines bands and policy are tables of their own.
func (a *app) effectLevels(by []string) ([]string, error) {
	known := []string{"company", "department", "employee", "band", "policy"}
	for _, s := range by {
		if !slices.Contains(known, s) {
			return nil, useError{fmt.Errorf(a.say("--by %q：应为 %s", "--by %q: use %s"), s, strings.Join(known, a.say("、", ", ")))}
		}
	}
	apart := slices.Contains(by, "band") || slices.Contains(by, "policy")
	switch {
	case a.format == "table" && len(by) == 0:
		return known, nil
	case len(by) == 0:
		return known[:3], nil
	case a.format != "table" && apart && len(by) > 1:
		return nil, useError{fmt.Errorf(a.say("--format %s 一次只输出一张表：band 与 policy 请单独写", "--format %s holds one table: ask for band or policy alone"), a.format)}
	}
	return by, nil
}

// simulate tries a changed policy out.
func (a *app) simulate(ctx context.Context, b *books.Books, path, arg string, asOf int64) (*metrics.Simulation, error) {
	q, err := a.question(ctx, b, arg, asOf)
	if err != nil {
		return nil, err
	}
	p, err := a.changed(ctx, b, path, q.Version.Policy)
	if err != nil {
		return nil, err
	}
	s, err := metrics.Simulate(ctx, b, q, p)
	if err != nil {
		return nil, err
	}
	a.tell(a.say("现行：制度第 %d 版；试算未作任何记录", "in force: policy version %d; nothing was recorded"), q.Version.Number)
	a.tellSimulation(s)
	return s, nil
}

// tellSimulation tells what the reader of the figures has to know.
func (a *app) tellSimulation(s *metrics.Simulation) {
	note := func(format string, args ...any) { a.tell(a.say("注意：", "note: ")+format, args...) }
	if len(s.Changes) == 0 {
		note("%s", a.say("试算的制度与现行制度没有差别", "the policy tried out says the same as the one in force"))
	}
	if slices.ContainsFunc(s.People, func(e metrics.PersonEffect) bool { return e.New.Status == metrics.Provisional }) {
		note("%s", a.say("上级评分尚未录入，得分只含指标部分，为暂定", "superiors' evaluations are not in yet; scores hold the KPI part only and are provisional"))
	}
	for _, o := range s.Overruled {
		note("%s", reports.OverruledWords(o).In(a.lang))
	}
	for _, side := range []struct {
		unknown int
		r       *metrics.Report
		name    string
	}{{s.Company.OldUnknown, s.Old, a.say("现行制度", "the policy in force")}, {s.Company.NewUnknown, s.New, a.say("试算的制度", "the policy tried out")}} {
		switch bands := side.r.Policy.Bands; {
		case side.unknown == 0:
		case len(bands) == 0 || bands[0].Bonus == nil:
			note(a.say("%s的等级没有奖金系数，奖金无从计算，不是零", "the bands of %s have no bonus coefficients; its rewards are not known, which is not zero"), side.name)
		default:
			note(a.say("%s下有 %d 人没有奖金基数，奖金无从计算，未计入合计", "under %s %d people have no bonus base; their rewards are not known and not in the sums"), side.name, side.unknown)
		}
	}
}

// showSimulation writes the tables that are asked for.
func (a *app) showSimulation(s *metrics.Simulation, levels []string, all bool) error {
	has := func(level string) bool { return slices.Contains(levels, level) }
	if has("policy") {
		if err := a.section(fmt.Sprintf(a.say("制度的变化（%d 处）", "what differs in the policy (%d)"), len(s.Changes)), a.policyChanges(s.Changes)); err != nil {
			return err
		}
	}
	if has("band") {
		if err := a.section(a.say("等级变化（人数）", "moves between bands (people)"), a.bandTable(s)); err != nil {
			return err
		}
	}
	if a.format != "table" {
		if !has("company") && !has("department") && !has("employee") {
			return nil
		}
		t := a.effectTable()
		for _, level := range []string{"company", "department", "employee"} {
			if has(level) {
				a.addEffects(t, s, level, true)
			}
		}
		return t.Write(a.out, a.format)
	}
	for _, level := range []struct{ name, zh, en string }{{"company", "全公司", "company"}, {"department", "各部门（期末在岗的人，不含下级部门）", "departments (people there at the end, without sub-departments)"},
		{"employee", "人员", "people"}} {
		if !has(level.name) {
			continue
		}
		t := a.effectTable()
		left := a.addEffects(t, s, level.name, all)
		if err := a.section(a.say(level.zh, level.en), t); err != nil {
			return err
		}
		if left > 0 {
			a.tell(a.say("另有 %d 人没有变化，未列出（--all 全部列出）", "%d more people without a change are not listed (--all lists them)"), left)
		}
	}
	return nil
}

func (a *app) bandTable(s *metrics.Simulation) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{{Name: "period", Heading: a.say("期间", "period")}, {Name: "band_before", Heading: a.say("现行", "in force")},
		{Name: "band_after", Heading: a.say("试算", "tried out")}, {Name: "people", Heading: a.say("人数", "people"), Kind: tabular.Integer}}}
	word := func(b *policy.Band) string {
		if b == nil && a.format == "table" {
			return a.say("（无等级）", "(no band)")
		}
		return bandText(b)
	}
	for _, m := range s.Bands {
		t.Add(s.New.Period.String(), word(m.From), word(m.To), strconv.Itoa(m.People))
	}
	return t
}

// effectTable has the columns of what the changed policy does to the company, departments and people.
func (a *app) effectTable() *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{{Name: "period", Heading: a.say("期间", "period")}, {Name: "department", Heading: a.say("部门", "department")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "name", Heading: a.say("名称", "name")},
		{Name: "people", Heading: a.say("人数", "people"), Kind: tabular.Integer}, {Name: "changed", Heading: a.say("有变化", "changed"), Kind: tabular.Integer},
		{Name: "up", Heading: a.say("升级", "up"), Kind: tabular.Integer}, {Name: "down", Heading: a.say("降级", "down"), Kind: tabular.Integer}}}
	t.Columns = slices.Concat(t.Columns, a.movedColumns("score", a.say("得分", "score")), a.pairColumns("band", a.say("等级", "band"), tabular.Text),
		a.pairColumns("coefficient", a.say("奖金系数", "coefficient"), tabular.Decimal), a.pairColumns("base", a.say("奖金基数（季）", "base (quarter)"), tabular.Decimal),
		a.pairColumns("days", a.say("计奖天数", "days counted"), tabular.Decimal), a.movedColumns("reward", a.say("奖金", "reward")),
		a.pairColumns("unpaid", a.say("无奖金的原因", "why no reward"), tabular.Text))
	return t
}

// addEffects adds the rows of a level and gives how many people were left out because nothing changes for them.
func (a *app) addEffects(t *tabular.Table, s *metrics.Simulation, level string, all bool) (left int) {
	p := s.New.Period.String()
	switch level {
	case "company":
		t.Rows = append(t.Rows, a.costRow(p, "", a.say("全公司", "Company"), metrics.Judgement{}, metrics.Judgement{}, s.Company))
	case "department":
		for _, d := range s.Departments {
			t.Rows = append(t.Rows, a.costRow(p, d.Department.ID, d.Department.Name.In(a.lang), d.Old, d.New, d.Cost))
		}
	case "employee":
		for _, e := range s.People {
			if !all && !e.Changed() && e.Old.Unpaid == metrics.Paid && e.New.Unpaid == metrics.Paid {
				left++
				continue
			}
			t.Rows = append(t.Rows, a.effectRow(p, e))
		}
	}
	return left
}

func (a *app) costRow(period, department, name string, old, new metrics.Judgement, c metrics.Cost) []string {
	blank := a.pair("", "")
	return slices.Concat([]string{period, department, "", name, strconv.Itoa(c.People), strconv.Itoa(c.Changed), strconv.Itoa(c.Up), strconv.Itoa(c.Down)},
		a.scoreMoved(old.Total, new.Total), a.pair(bandText(old.Band), bandText(new.Band)), blank, blank, blank,
		a.moneyMoved(c.Old, c.New, c.Change()), a.pair(a.unknownText(c.OldUnknown), a.unknownText(c.NewUnknown)))
}

// unknownText says how many rewards a sum leaves out.
func (a *app) unknownText(n int) string {
	switch {
	case n == 0:
		return ""
	case a.format != "table":
		return fmt.Sprintf("%d unknown", n)
	}
	return fmt.Sprintf(a.say("%d 人未知", "%d unknown"), n)
}

func (a *app) effectRow(period string, e metrics.PersonEffect) []string {
	return slices.Concat([]string{period, e.Department, e.Person.No, e.Person.Name.In(a.lang), "", "", "", ""},
		a.scoreMoved(e.Old.Total, e.New.Total), a.pair(bandText(e.Old.Band), bandText(e.New.Band)),
		a.pair(numText(e.Old.Coefficient), numText(e.New.Coefficient)), a.pair(numText(e.Old.Base), numText(e.New.Base)),
		a.pair(e.Old.Weight.String(), e.New.Weight.String()), a.moneyMoved(e.Old.Reward, e.New.Reward, e.RewardChange()),
		a.pair(a.unpaidText(e.Old.Unpaid), a.unpaidText(e.New.Unpaid)))
}

func (a *app) scoreMoved(old, new *fixed.Num) []string {
	change := ""
	if old != nil && new != nil {
		change = a.signed2(*new - *old)
	}
	return a.moved(scoreText(old), scoreText(new), change)
}

func (a *app) moneyMoved(old, new, change *fixed.Num) []string {
	text := ""
	if change != nil {
		text = a.signed2(*change)
	}
	return a.moved(scoreText(old), scoreText(new), text)
}

// signed2 is a difference with two decimals; people see its sign.
func (a *app) signed2(n fixed.Num) string {
	if a.format == "table" && n > 0 {
		return "+" + n.Text(2)
	}
	return n.Text(2)
}

// unpaidText says why there is no reward.
func (a *app) unpaidText(u metrics.Unpaid) string {
	if a.format != "table" {
		return string(u)
	}
	return map[metrics.Unpaid]policy.Text{
		metrics.NoTotal: {ZH: "无得分", EN: "no score"}, metrics.NoBand: {ZH: "未达最低等级", EN: "below the lowest band"},
		metrics.NoBonus: {ZH: "制度未定奖金系数", EN: "the policy has no bonus"}, metrics.NoBase: {ZH: "没有奖金基数", EN: "no bonus base"},
	}[u].In(a.lang)
}
