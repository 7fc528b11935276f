package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"plumbline/company"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

func (a *app) tablesCommand() *cobra.Command {
	var out, format string
	var records []string
	var asOf int64
	c := &cobra.Command{
		Use:   "tables PERIOD -o DIR",
		Short: a.say("全部结果表与原始记录，机器可读，附数据字典", "all tables of results and the records behind them for machines, with a data dictionary"),
		Long: a.say("每张表一个文件：kpi（各层次、逐月）、score、quality、files、rejects；季度另有 reviews、appeals、rewards。--records 另写各类记录（all 为全部）。dictionary 逐列说明含义、类型与单位。",
			"One file a table: kpi (all levels, by month), score, quality, files, rejects; of a quarter also reviews, appeals, rewards. --records adds records by dataset (all: every one). dictionary tells of every column what it means, its type and its unit."),
		Example: "  plumbline tables 2026Q3 -o ./tables --format parquet\n  plumbline tables 2026Q3 -o ./tables --format csv --records work_logs,deliveries",
		Args:    a.exactly(1, a.say("一个期间", "one PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(strings.Split(tabular.MachineFormats, ", "), format) {
				return useError{fmt.Errorf(a.say("--format %q：应为 %s", "--format %q: use one of %s"), format, tabular.MachineFormats)}
			}
			a.format = format // words in the tables are those for machines
			return a.with(c.Context(), func(b *books.Books) error {
				q, err := a.question(c.Context(), b, args[0], asOf)
				if err != nil {
					return err
				}
				return a.tables(c.Context(), b, q, out, records)
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", ".", a.say("写入的目录", "directory to write to"))
	c.Flags().StringVar(&format, "format", "csv", a.say("格式：", "format: ")+tabular.MachineFormats)
	c.Flags().StringSliceVar(&records, "records", nil, a.say("另写这些记录种类；all 为全部", "write the records of these datasets too; all: every one"))
	a.asOfFlag(c, &asOf)
	return c
}

// tables writes everything and then the dictionary of what was written.
func (a *app) tables(ctx context.Context, b *books.Books, q metrics.Question, dir string, records []string) error {
	datasets, err := a.datasetsNamed(q.Version.Policy, records)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	list, err := a.resultTables(ctx, b, q)
	if err != nil {
		return err
	}
	words := &dictionary{app: a, policy: q.Version.Policy}
	for _, t := range list {
		words.results(t)
		if err := a.writeTable(dir, t.name, t.Columns, func(w tabular.Writer) error { return addAll(w, t.Rows) }); err != nil {
			return err
		}
	}
	for _, d := range datasets {
		name := "records-" + d.ID
		columns := words.records(name, d)
		err := a.writeTable(dir, name, columns, func(w tabular.Writer) error { return metrics.Records(ctx, b, d, q.AsOf, w.Add) })
		if err != nil {
			return err
		}
	}
	words.kpis()
	return a.writeTable(dir, "dictionary", words.table.Columns, func(w tabular.Writer) error { return addAll(w, words.table.Rows) })
}

func addAll(w tabular.Writer, rows [][]string) error {
	for _, r := range rows {
		if err := w.Add(r); err != nil {
			return err
		}
	}
	return nil
}

// datasetsNamed gives the datasets asked for; all means every one but those of anonymous answers, which nobody gets one by one.
func (a *app) datasetsNamed(p *policy.Policy, ids []string) (list []*policy.Dataset, err error) {
	anonymous := func(d *policy.Dataset) bool {
		return slices.ContainsFunc(p.KPIs, func(k *policy.KPI) bool { return k.Anonymous && k.Dataset == d })
	}
	if slices.Equal(ids, []string{"all"}) {
		return slices.DeleteFunc(slices.Clone(p.Datasets), anonymous), nil
	}
	for _, id := range ids {
		d := p.Dataset(id)
		if d == nil {
			var known []string
			for _, d := range p.Datasets {
				known = append(known, d.ID)
			}
			return nil, useError{fmt.Errorf(a.say("没有记录种类 %q；有：%s", "there is no dataset %q; there are: %s"), id, strings.Join(known, ", "))}
		}
		if anonymous(d) {
			return nil, useError{fmt.Errorf(a.say("%s 是匿名答卷，不逐条给出；指标用 plumbline kpi 查看", "%s are anonymous answers, which are not given one by one; plumbline kpi shows their figures"), d.Name.In(a.lang))}
		}
		list = append(list, d)
	}
	return list, nil
}

// namedTable is a table with the name of its file.
type namedTable struct {
	name string
	*tabular.Table
}

// resultTables gives the tables of a period.
func (a *app) resultTables(ctx context.Context, b *books.Books, q metrics.Question) (list []namedTable, err error) {
	add := func(name string, t *tabular.Table) { list = append(list, namedTable{name, t}) }
	kpis, err := chosen(q.Version.Policy, nil)
	if err != nil {
		return nil, err
	}
	all := metrics.Levels{Company: true, Department: true, Employee: true}
	values, err := metrics.Values(ctx, b, q, kpis, all)
	if err != nil {
		return nil, err
	}
	all.Month = true
	months, err := metrics.Values(ctx, b, q, kpis, all)
	if err != nil {
		return nil, err
	}
	if q.Period.Kind() == period.Month { // then the months are the period
		months = nil
	}
	add("kpi", a.kpiTable(append(values, months...)))
	report, err := metrics.New(ctx, b, q)
	if err != nil {
		return nil, err
	}
	add("score", a.scoreTable(report, metrics.Levels{Department: true, Employee: true}))
	levels := metrics.Levels{Company: true, Department: true, Employee: true}
	found, err := metrics.Examine(ctx, b, q, levels)
	if err != nil {
		return nil, err
	}
	add("quality", a.qualityTable(found, found.Checks, levels, qualityFlags{}))
	files, err := ingest.Files(ctx, b, q.AsOf)
	if err != nil {
		return nil, err
	}
	add("files", a.fileTable(files))
	rejects, err := ingest.Rejects(ctx, b, q.Version.Policy, q.AsOf)
	if err != nil {
		return nil, err
	}
	add("rejects", a.rejectTable(rejects, true))
	if q.Period.Kind() != period.Quarter {
		return list, nil
	}
	return a.quarterTables(ctx, b, q, company.DecidedBy(report), list)
}

// quarterTables adds what only a quarter has, with the decisions up to a ledger sequence.
func (a *app) quarterTables(ctx context.Context, b *books.Books, q metrics.Question, decided int64, list []namedTable) (_ []namedTable, err error) {
	x := &company.Judged{}
	if x.Round, err = reviews.Read(ctx, b, q.Period, decided); err != nil {
		return nil, err
	}
	for _, m := range q.Period.Months() {
		month, err := reviews.Read(ctx, b, m, decided)
		if err != nil {
			return nil, err
		}
		x.Months = append(x.Months, month)
	}
	q.Evaluator = reviews.Evaluate
	if x.Report, err = metrics.Judge(ctx, b, q); err != nil {
		return nil, err
	}
	x.Tasks = reviews.Tasks(x.Round, x.Months, x.Report)
	list = append(list, namedTable{"reviews", a.taskTable(x)}, namedTable{"appeals", a.appealTable(x.Round, q.Version.Policy)})
	rewards := a.rewardTable(q.Period, 0, nil)
	for _, l := range x.Round.Lists {
		lines, err := l.ReadLines(b)
		if err != nil {
			return nil, err
		}
		rewards.Rows = append(rewards.Rows, a.rewardTable(q.Period, l.Number, lines).Rows...)
	}
	return append(list, namedTable{"rewards", rewards}), nil
}

// writeTable writes one file, whole or not at all, readable by its owner alone: it tells of people.
func (a *app) writeTable(dir, name string, columns []tabular.Column, fill func(tabular.Writer) error) (err error) {
	path := filepath.Join(dir, name+"."+a.format)
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(path+".part"))
		}
	}()
	rows := &counter{}
	err = a.fillTable(f, columns, func(w tabular.Writer) error { rows.Writer = w; return fill(rows) })
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(path+".part", path); err != nil {
		return err
	}
	fmt.Fprintf(a.out, a.say("%s  %d 行\n", "%s  %d rows\n"), path, rows.n)
	return nil
}

func (a *app) fillTable(to io.Writer, columns []tabular.Column, fill func(tabular.Writer) error) error {
	buffered := bufio.NewWriterSize(to, 1<<20)
	w, err := tabular.NewWriter(buffered, a.format, columns)
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		return err
	}
	return errors.Join(w.Close(), buffered.Flush())
}

// counter counts the rows.
type counter struct {
	tabular.Writer
	n int
}

func (c *counter) Add(cells []string) error {
	c.n++
	return c.Writer.Add(cells)
}

// dictionary tells of every column of the tables what it means.
type dictionary struct {
	app    *app
	policy *policy.Policy
	table  tabular.Table
}

// add notes a column; the first call makes the dictionary's own.
func (d *dictionary) add(table, column, kind, unit string, name, meaning policy.Text) {
	if d.table.Columns == nil {
		for _, c := range []string{"table", "column", "type", "unit", "name_zh", "name_en", "meaning_zh", "meaning_en"} {
			d.table.Columns = append(d.table.Columns, tabular.Column{Name: c})
		}
	}
	d.table.Add(table, column, kind, unit, name.ZH, name.EN, meaning.ZH, meaning.EN)
}

var kindNames = map[tabular.Kind]string{tabular.Text: "text", tabular.Integer: "integer", tabular.Decimal: "decimal"}

// results notes the columns of a table of results.
func (d *dictionary) results(t namedTable) {
	for _, c := range t.Columns {
		means := columnMeanings[t.name+"."+c.Name]
		if means == (policy.Text{}) {
			means = columnMeanings[c.Name]
		}
		d.add(t.name, c.Name, kindNames[c.Kind], "", policy.Text{ZH: c.Heading, EN: c.Heading}, means)
	}
}

// records notes the columns of a dataset and gives them as the table has them.
func (d *dictionary) records(name string, set *policy.Dataset) (columns []tabular.Column) {
	units := map[policy.Type]string{policy.TypeHours: "h", policy.TypeMoney: "yuan", policy.TypePercent: "%"}
	for _, c := range set.Columns {
		kind := tabular.Text
		switch c.Type {
		case policy.TypeInteger:
			kind = tabular.Integer
		case policy.TypeNumber, policy.TypeHours, policy.TypeMoney, policy.TypePercent:
			kind = tabular.Decimal
		}
		columns = append(columns, tabular.Column{Name: c.ID, Heading: c.Name.In(d.app.lang), Kind: kind})
		means := policy.Text{ZH: set.Name.ZH + "：" + c.Name.ZH, EN: set.Name.EN + ": " + c.Name.EN}
		for i, v := range c.Values {
			means.ZH += map[bool]string{true: "；取值 ", false: "、"}[i == 0] + v.Value + "＝" + v.Name.ZH
			means.EN += map[bool]string{true: "; values ", false: ", "}[i == 0] + v.Value + " = " + v.Name.EN
		}
		d.add(name, c.ID, string(c.Type), units[c.Type], c.Name, means)
	}
	for _, c := range metrics.RecordColumns {
		columns = append(columns, tabular.Column{Name: c, Kind: tabular.Integer})
		d.add(name, c, "integer", "", policy.Text{ZH: c, EN: c}, columnMeanings[c])
	}
	return columns
}

// kpis notes what the values of the column kpi stand for.
func (d *dictionary) kpis() {
	for _, k := range d.policy.KPIs {
		if !k.Listed {
			continue
		}
		means := policy.Text{ZH: k.Formula.ZH + "；来源：" + k.Source.ZH, EN: k.Formula.EN + "; source: " + k.Source.EN}
		if k.Minimum > 0 {
			minimum := strconv.FormatInt(k.Minimum, 10)
			means.ZH += "；少于 " + minimum + " 条为样本不足"
			means.EN += "; fewer than " + minimum + " are too few"
		}
		d.add("kpi", "kpi="+k.ID, "decimal", string(k.Unit), k.Name, means)
	}
}
