package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"plumbline/company"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// comparing is what the command compare is asked for.
type comparing struct {
	from, to     string
	by, kpis     []string
	scores, rows bool
}

func (a *app) compareCommand() *cobra.Command {
	var q comparing
	c := &cobra.Command{
		Use:   "compare PERIOD --from SEQ|DATE",
		Short: a.say("两个时点的账册相比，哪些数字变了、因为哪些记录", "what differs between two states of the books, and the records that made it"),
		Long: a.say("同一期间的指标，按两个时点所知各算一遍，列出不同的值。时点写账序，或写日期，即当天结束时。\n--rows 列出造成差别的记录：新到、更正、不再有，或因当事人的部门、任职比例、请假、在职变化而计入别处。\n表格之外的格式一次只输出一张表：--scores 输出得分，--rows 输出记录。",
			"The KPIs of a period as known at two points in time, where they differ. A point is a ledger sequence, or a date, for the end of that day.\n--rows lists the records that made the difference: came in, corrected, went, or counted elsewhere because of a change of department, share, leave or employment.\nFormats other than table hold one table: --scores gives the scores, --rows the records."),
		Example: "  plumbline compare 2026Q3 --from 2026-10-08\n  plumbline compare 2026Q3 --from 30 --to 37 --kpi on_time_rate --rows\n  plumbline compare 2026Q3 --from 2026-10-08 --scores --format csv",
		Args:    a.exactly(1, a.say("一个期间", "one PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			if q.from == "" {
				return useError{errors.New(a.say("--from：请写与哪个时点相比，如 --from 2026-10-08 或 --from 30", "--from: name the state to compare with, like --from 2026-10-08 or --from 30"))}
			}
			if a.format != "table" && q.scores && q.rows {
				return useError{fmt.Errorf(a.say("--format %s 一次只输出一张表：--scores 与 --rows 请分两次", "--format %s holds one table: ask for --scores and --rows one after the other"), a.format)}
			}
			return a.with(c.Context(), func(b *books.Books) error { return a.compare(c.Context(), b, args[0], q) })
		},
	}
	f := c.Flags()
	f.StringVar(&q.from, "from", "", a.say("先前的时点：账序或日期", "the earlier state: a ledger sequence or a date"))
	f.StringVar(&q.to, "to", "", a.say("后来的时点：账序或日期；默认现在", "the later state: a ledger sequence or a date; now by default"))
	f.StringSliceVar(&q.by, "by", []string{"company", "department"}, a.say("层次：company,department,employee，可加 month", "levels: company,department,employee; month splits the period"))
	f.StringSliceVar(&q.kpis, "kpi", nil, a.say("只看这些指标", "only these KPIs"))
	f.BoolVar(&q.scores, "scores", false, a.say("得分与等级的差别", "scores and bands that differ"))
	f.BoolVar(&q.rows, "rows", false, a.say("造成差别的记录", "the records that made the difference"))
	a.formatFlag(c)
	return c
}

func (a *app) compare(ctx context.Context, b *books.Books, arg string, q comparing) error {
	c, err := a.comparison(ctx, b, arg, q)
	if err != nil {
		return err
	}
	a.tellStates(c)
	if len(c.Policy) > 0 {
		if err := a.showChanges(c.Policy); err != nil {
			return err
		}
	}
	if a.format == "table" || !q.scores && !q.rows {
		if err := a.section(a.say("不同的指标值", "values that differ"), a.differenceTable(c)); err != nil {
			return err
		}
	}
	if q.scores {
		scores, err := metrics.CompareScores(ctx, b, c)
		if err != nil {
			return err
		}
		if err := a.section(a.say("不同的得分", "scores that differ"), a.scoreDifferenceTable(c, scores)); err != nil {
			return err
		}
	}
	if q.rows {
		return a.showRecords(ctx, b, c)
	}
	return nil
}

// comparison reads the command line and compares.
func (a *app) comparison(ctx context.Context, b *books.Books, arg string, q comparing) (*metrics.Comparison, error) {
	ask, err := a.question(ctx, b, arg, 0)
	if err != nil {
		return nil, err
	}
	levels, err := a.levels(q.by)
	if err != nil {
		return nil, err
	}
	from, err := a.stateOf(ctx, b, "from", q.from)
	to := always
	if err == nil && q.to != "" {
		to, err = a.stateOf(ctx, b, "to", q.to)
	}
	if err != nil {
		return nil, err
	}
	if head := b.Ledger().Head().Seq; from > head {
		return nil, useError{fmt.Errorf(a.say("--from %d：账本只到账序 %d", "--from %d: the ledger ends at sequence %d"), from, head)}
	}
	for _, id := range q.kpis {
		then, err := policy.InForce(ctx, b.Warehouse(), from, ask.Period.LastDay())
		if err != nil {
			return nil, err
		}
		if then.Policy.KPI(id) == nil && ask.Version.Policy.KPI(id) == nil {
			return nil, unknownKPI(ask.Version.Policy, id)
		}
	}
	return metrics.Compare(ctx, b, ask, from, to, q.kpis, levels)
}

// tellStates names both states.
func (a *app) tellStates(c *metrics.Comparison) {
	a.tell(a.say("由账序 %d（制度第 %d 版）到账序 %d（制度第 %d 版）", "from ledger sequence %d (policy version %d) to %d (policy version %d)"),
		c.From.Seq, c.From.Version.Number, c.To.Seq, c.To.Version.Number)
	switch {
	case c.From.Version.Number != c.To.Version.Number && len(c.Policy) == 0:
		a.tell("%s", a.say("两版制度的内容相同", "the two policies say the same"))
	case len(c.Policy) > 0:
		a.tell(a.say("注意：两个时点的制度不同，共 %d 处", "note: the two states have different policies, which differ in %d things"), len(c.Policy))
	}
	if len(c.Values) == 0 {
		a.tell("%s", a.say("指标值没有差别", "no value differs"))
	}
}

// section writes a table under its title; formats for machines have no titles.
func (a *app) section(title string, t *tabular.Table) error {
	if a.format == "table" {
		if len(t.Rows) == 0 {
			return nil
		}
		fmt.Fprintf(a.out, "%s\n", title)
		t = inUse(t)
	}
	if err := t.Write(a.out, a.format); err != nil {
		return err
	}
	if a.format == "table" {
		fmt.Fprintln(a.out)
	}
	return nil
}

// inUse leaves out the columns in which nothing stands.
func inUse(t *tabular.Table) *tabular.Table {
	used := &tabular.Table{Rows: make([][]string, len(t.Rows))}
	for i, c := range t.Columns {
		if !slices.ContainsFunc(t.Rows, func(row []string) bool { return row[i] != "" }) {
			continue
		}
		used.Columns = append(used.Columns, c)
		for j, row := range t.Rows {
			used.Rows[j] = append(used.Rows[j], row[i])
		}
	}
	return used
}

// showChanges writes what differs in the policy: a table for people, talk beside a table for machines.
func (a *app) showChanges(changes []policy.Difference) error {
	if a.format == "table" {
		return a.section(a.say("制度的变化", "what differs in the policy"), a.policyChanges(changes))
	}
	for _, d := range changes {
		a.tell("    %s %s %s: %s → %s", d.Part.Name().In(a.lang), cmp.Or(d.ID, "-"), d.What.In(a.lang), cmp.Or(d.Old.In(a.lang), "—"), cmp.Or(d.New.In(a.lang), "—"))
	}
	return nil
}

// moved writes a figure before, after and its difference, in one cell for people and in three for machines.
func (a *app) moved(before, after, change string) []string {
	if a.format != "table" {
		return []string{before, after, change}
	}
	if before == after {
		return []string{before}
	}
	text := cmp.Or(before, "—") + " → " + cmp.Or(after, "—")
	if change != "" {
		text += " (" + change + ")"
	}
	return []string{text}
}

// movedColumns are the columns that moved fills.
func (a *app) movedColumns(name, heading string) []tabular.Column {
	if a.format == "table" {
		return []tabular.Column{{Name: name, Heading: heading}}
	}
	return []tabular.Column{{Name: name + "_before", Heading: heading, Kind: tabular.Decimal}, {Name: name + "_after", Heading: heading, Kind: tabular.Decimal},
		{Name: name + "_change", Heading: heading, Kind: tabular.Decimal}}
}

// pairColumns are the columns of a word before and after.
func (a *app) pairColumns(name, heading string, kind tabular.Kind) []tabular.Column {
	if a.format == "table" {
		return []tabular.Column{{Name: name, Heading: heading}}
	}
	return []tabular.Column{{Name: name + "_before", Heading: heading, Kind: kind}, {Name: name + "_after", Heading: heading, Kind: kind}}
}

func (a *app) pair(before, after string) []string {
	if a.format != "table" {
		return []string{before, after}
	}
	return a.moved(before, after, "")
}

func (a *app) differenceTable(c *metrics.Comparison) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{{Name: "period", Heading: a.say("期间", "period")}, {Name: "department", Heading: a.say("部门", "department")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "kpi", Heading: a.say("指标", "kpi")}}}
	t.Columns = slices.Concat(t.Columns, a.movedColumns("value", a.say("值", "value")), a.movedColumns("numerator", a.say("分子", "numerator")),
		a.movedColumns("denominator", a.say("分母", "denominator")), a.movedColumns("n", a.say("条数", "n")),
		a.pairColumns("target", a.say("目标", "target"), tabular.Decimal), a.pairColumns("status", a.say("状态", "status"), tabular.Text))
	for _, d := range c.Values {
		x, y := a.figures(d.Before), a.figures(d.After)
		change := ""
		if r, ok := d.Change(); ok {
			change = a.signed(r)
		}
		den := ""
		if d.KPI.Divides() {
			den = a.signedNum(d.Den)
		}
		t.Rows = append(t.Rows, slices.Concat([]string{d.Period.String(), d.Department, d.Employee, d.KPI.ID}, a.moved(x.value, y.value, change),
			a.moved(x.num, y.num, a.signedNum(d.Num)), a.moved(x.den, y.den, den), a.moved(x.n, y.n, a.signedNum(d.N)), a.pair(x.target, y.target), a.pair(x.status, y.status)))
	}
	return t
}

// figures are the texts of a value.
type figures struct{ value, num, den, n, target, status string }

func (a *app) figures(v *metrics.Value) (f figures) {
	if v == nil {
		return f
	}
	if r, ok := v.Exact(); ok {
		f.value = fixed.Text(r, a.places())
	}
	if v.N != 0 || v.Ratio.Num != 0 { // sums of which no value can be formed differ too
		f.num = v.Ratio.Num.String()
		if v.KPI.Divides() {
			f.den = v.Ratio.Den.String()
		}
	}
	f.n, f.target, f.status = v.N.String(), numText(v.Target), a.statusText(v.Status)
	return f
}

// places is how many decimals computed figures have.
func (a *app) places() int {
	if a.format == "table" {
		return 2
	}
	return decimals
}

// signed is a difference; people see its sign.
func (a *app) signed(r *big.Rat) string {
	text := fixed.Text(r, a.places())
	if a.format == "table" && r.Sign() > 0 {
		return "+" + text
	}
	return text
}

func (a *app) signedNum(n fixed.Num) string {
	if a.format == "table" && n > 0 {
		return "+" + n.String()
	}
	return n.String()
}

func (a *app) scoreDifferenceTable(c *metrics.Comparison, scores []metrics.ScoreDifference) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{{Name: "period", Heading: a.say("期间", "period")}, {Name: "department", Heading: a.say("部门", "department")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "name", Heading: a.say("名称", "name")}}}
	t.Columns = slices.Concat(t.Columns, a.movedColumns("score", a.say("得分", "score")), a.pairColumns("band", a.say("等级", "band"), tabular.Text),
		a.pairColumns("rank", a.say("名次", "rank"), tabular.Integer), a.pairColumns("status", a.say("状态", "status"), tabular.Text))
	for _, d := range scores {
		x, y := a.judged(d.Before), a.judged(d.After)
		change := ""
		if d.Before != nil && d.After != nil && d.Before.Total != nil && d.After.Total != nil {
			change = a.signed((*d.After.Total - *d.Before.Total).Rat())
		}
		t.Rows = append(t.Rows, slices.Concat([]string{c.Period.String(), d.Department, d.Employee, d.Name.In(a.lang)},
			a.moved(x[0], y[0], change), a.pair(x[1], y[1]), a.pair(x[2], y[2]), a.pair(x[3], y[3])))
	}
	return t
}

// judged gives score, band, rank and status as texts.
func (a *app) judged(j *metrics.Judgement) [4]string {
	if j == nil {
		return [4]string{}
	}
	rank := ""
	if j.Rank > 0 {
		rank = strconv.Itoa(j.Rank)
	}
	return [4]string{scoreText(j.Total), bandText(j.Band), rank, a.scoreStatus(j.Status)}
}

// showRecords lists the records that made the difference, with their files.
func (a *app) showRecords(ctx context.Context, b *books.Books, c *metrics.Comparison) error {
	records, err := metrics.CompareRecords(ctx, b, c)
	if err != nil {
		return err
	}
	origins, err := ingest.ReadOrigins(ctx, b)
	if err != nil {
		return err
	}
	t := &tabular.Table{Columns: []tabular.Column{{Name: "kpi", Heading: a.say("指标", "kpi")}, {Name: "change", Heading: a.say("变化", "change")},
		{Name: "reason", Heading: a.say("原因", "reason")}, {Name: "dataset", Heading: a.say("种类", "dataset")}, {Name: "key", Heading: a.say("主键", "key")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "day", Heading: a.say("日期", "day")},
		{Name: "counted_before", Heading: a.say("原计入", "counted before")}, {Name: "counted_after", Heading: a.say("现计入", "counted after")},
		{Name: "cells_before", Heading: a.say("原内容", "cells before")}, {Name: "cells_after", Heading: a.say("现内容", "cells after")}}}
	for _, side := range []struct{ name, heading string }{{"before", a.say("原", "before")}, {"after", a.say("现", "after")}} {
		t.Columns = append(t.Columns, tabular.Column{Name: "file_" + side.name, Heading: side.heading + a.say("文件", ": file")},
			tabular.Column{Name: "row_" + side.name, Heading: side.heading + a.say("行号", ": row"), Kind: tabular.Integer},
			tabular.Column{Name: "seq_" + side.name, Heading: side.heading + a.say("账序", ": seq"), Kind: tabular.Integer})
	}
	t.Columns = append(t.Columns, tabular.Column{Name: "ended_by", Heading: a.say("失效账序", "ended by"), Kind: tabular.Integer})
	for _, r := range records {
		t.Rows = append(t.Rows, a.recordRow(r, origins))
	}
	return a.section(a.say("造成差别的记录", "the records that made the difference"), t)
}

func (a *app) recordRow(r metrics.RecordDifference, origins *ingest.Origins) []string {
	s := cmp.Or(r.After, r.Before)
	kpi, key, day, ended := "", "", "", ""
	if r.KPI != nil {
		kpi = r.KPI.ID
	}
	if s.Seq > 0 {
		key = s.Key()
	}
	if s.Day.IsZero() && r.Before != nil {
		day = dayText(r.Before.Day) // it lies in another period now
	} else {
		day = dayText(s.Day)
	}
	if r.Change == metrics.Went && r.Before.EndedBy > 0 {
		ended = strconv.FormatInt(r.Before.EndedBy, 10)
	}
	before, after := a.recordCells(r)
	row := []string{kpi, a.changeText(r.Change), r.Why.In(a.lang), s.Dataset.ID, key, s.Employee, day, a.placesText(r.KPI, r.Before), a.placesText(r.KPI, r.After), before, after}
	row = slices.Concat(row, originCells(r.Before, origins), originCells(r.After, origins))
	return append(row, ended)
}

func dayText(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}

// originCells name the file, row and ledger sequence of a record.
func originCells(s *metrics.RecordState, origins *ingest.Origins) []string {
	if s == nil || s.Seq == 0 {
		return []string{"", "", ""}
	}
	file, row := origins.Of(s.Dataset.ID, s.Seq, s.Row)
	return []string{company.FileName(file), strconv.FormatInt(row, 10), strconv.FormatInt(s.Seq, 10)}
}

// recordCells gives what stands in a record: of a corrected one the cells that differ, nothing of one that counts elsewhere.
func (a *app) recordCells(r metrics.RecordDifference) (before, after string) {
	if r.Change != metrics.CameIn && r.Change != metrics.Corrected && r.Change != metrics.Went {
		return "", ""
	}
	text := func(s, other *metrics.RecordState) string {
		if s == nil {
			return ""
		}
		var cells []string
		for i, c := range s.Dataset.Columns {
			if other != nil && other.Cell(c.ID) == s.Cells[i] || other == nil && s.Cells[i] == "" {
				continue
			}
			name := c.ID
			if a.format == "table" {
				name = c.Name.In(a.lang)
			}
			cells = append(cells, name+"="+s.Cells[i])
		}
		return strings.Join(cells, a.separator())
	}
	return text(r.Before, r.After), text(r.After, r.Before)
}

// separator stands between the parts of a cell; machines get the same in every language.
func (a *app) separator() string {
	if a.format == "table" {
		return a.say("；", "; ")
	}
	return "; "
}

// placesText says where a record counts and as what, with the share where it is not the whole.
func (a *app) placesText(k *policy.KPI, s *metrics.RecordState) string {
	switch {
	case s == nil || k == nil:
		return ""
	case len(s.Places) == 0 && a.format == "table":
		return a.say("不计入", "not counted")
	}
	var parts []string
	for _, p := range s.Places {
		text := strings.TrimSpace(p.Department + " " + a.countedText(p.Counted))
		if p.Share != fixed.Int(1) {
			text += " × " + p.Share.String()
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, a.separator())
}

func (a *app) changeText(c metrics.RecordChange) string {
	if a.format != "table" {
		return string(c)
	}
	return map[metrics.RecordChange]policy.Text{
		metrics.CameIn: {ZH: "新到", EN: "came in"}, metrics.Corrected: {ZH: "更正", EN: "changed"}, metrics.Went: {ZH: "不再有", EN: "went"},
		metrics.Elsewhere: {ZH: "计入有变", EN: "counts otherwise"}, metrics.NowDue: {ZH: "现为缺", EN: "missing now"}, metrics.NotDue: {ZH: "不再算缺", EN: "missing no more"},
	}[c].In(a.lang)
}
