package reports

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// EvaluationNow is what a sheet that comes back is held against.
type EvaluationNow struct {
	Quarter period.Period // zero: any
	Tasks   []reviews.Task
	Rules   policy.Evaluation
	Refused map[metrics.Evaluated]*reviews.Refusal // whom the actor may not evaluate, of those on the sheet
	Submit  bool                                   // all that the actor may evaluate must be complete
}

// Taken is what a sheet comes to.
type Taken struct {
	Drafts           []reviews.EvaluationDraft
	Blank, Unchanged int // people who were left out
}

// People lists whom the sheet is about.
func (f *FilledSheet) People() (keys []metrics.Evaluated) {
	for i := range f.people {
		keys = append(keys, f.people[i].Evaluated)
	}
	return keys
}

// Against holds the sheet against the round as it is now: all of it is taken, or the error, an EvaluationFindings, tells every fault.
func (f *FilledSheet) Against(now EvaluationNow) (Taken, error) {
	c := &evaluationCheck{FilledSheet: f, EvaluationNow: now, tasks: map[metrics.Evaluated]*reviews.Task{}, all: slices.Clone(f.findings)}
	for i := range now.Tasks {
		c.tasks[now.Tasks[i].Evaluated] = &now.Tasks[i]
	}
	if !now.Quarter.IsZero() && now.Quarter != f.Quarter {
		c.found("", f.Quarter.String(), EvaluationQuarter, says("这是 %s 的评估表，不是 %s 的", "this is a sheet of %s, not of %s", f.Quarter.String(), now.Quarter.String()),
			says("请导入 %s 的评估表", "import a sheet of %s", now.Quarter.String()))
		return Taken{}, c.all
	}
	var taken Taken
	own := slices.ContainsFunc(f.people, func(p filledPerson) bool { return now.Refused[p.Evaluated] == nil })
	for i := range f.people {
		c.person(&f.people[i], own, &taken)
	}
	if len(c.all) > 0 {
		return Taken{}, c.sorted()
	}
	return taken, nil
}

type evaluationCheck struct {
	*FilledSheet
	EvaluationNow
	tasks map[metrics.Evaluated]*reviews.Task
	all   EvaluationFindings
}

func (c *evaluationCheck) found(cell, value, rule string, say, cure policy.Text) {
	name := c.name
	if cell == "" {
		name = ""
	}
	c.all = append(c.all, EvaluationFinding{name, cell, value, rule, say, cure})
}

// sorted puts findings in the order of rows and columns.
func (c *evaluationCheck) sorted() EvaluationFindings {
	place := func(x EvaluationFinding) (row, col int) {
		col, row, err := excelize.CellNameToCoordinates(x.Cell)
		if err != nil {
			return 0, 0
		}
		return row, col
	}
	slices.SortStableFunc(c.all, func(a, b EvaluationFinding) int {
		ar, ac := place(a)
		br, bc := place(b)
		return cmp.Or(cmp.Compare(ar, br), cmp.Compare(ac, bc))
	})
	return c.all
}

// person takes what the sheet says of somebody, or tells why not. Whom the actor may not evaluate is passed over when nothing about him was
// changed and the actor has people of his own on the sheet.
func (c *evaluationCheck) person(p *filledPerson, own bool, taken *Taken) {
	if refusal := c.Refused[p.Evaluated]; refusal != nil {
		if own && !p.moved {
			return
		}
		c.found(p.head, p.Employee, refusal.Rule, refusal.Say, refusal.Cure)
		return
	}
	switch {
	case p.blank && !p.moved && !c.Submit:
		taken.Blank++
		return
	case !p.moved && !c.Submit:
		taken.Unchanged++
		return
	}
	before := len(c.all)
	task := c.standing(p)
	if task == nil {
		if p.blank && !p.moved && c.all[before].Rule != EvaluationStale { // handed in or exempt since, and nothing was written here
			c.all = c.all[:before]
			taken.Blank++
		}
		return
	}
	c.ranged(p)
	if c.Submit {
		c.complete(p, task)
	}
	if len(c.all) == before {
		taken.Drafts = append(taken.Drafts, p.draft(task, c.Submit))
	}
}

// standing gives the evaluation that is to be written, or tells why it no longer is.
func (c *evaluationCheck) standing(p *filledPerson) *reviews.Task {
	task := c.tasks[p.Evaluated]
	seen := 0
	if task != nil && task.Done != nil {
		seen = task.Done.Version
	}
	switch {
	case task == nil:
		c.found(p.head, p.Employee, EvaluationUnknown, says("%s 在部门 %s 已不由 %s 评估", "%s in %s is no longer evaluated by %s", p.Employee, p.Department, p.Superior), exportAgain)
	case task.Exempt != nil:
		c.found(p.head, p.Employee, EvaluationExempt, says("%s 本季免评：%s", "%s is exempt this quarter: %s", p.Employee, task.Exempt.Text), says("请清空此人的分数与评语", "clear what is written about this person"))
	case task.Done != nil && task.Done.State == reviews.Submitted:
		c.found(p.head, p.Employee, EvaluationSubmitted, says("对 %s 的评估已于 %s 提交", "the evaluation of %s was submitted on %s", p.Employee, task.Done.In.At.Format("2006-01-02")),
			says("要修改，请人力资源退回，并写明理由", "to change it, human resources return it with a reason"))
	case seen != p.version:
		c.found(p.head, p.Employee, EvaluationStale, says("对 %s 的评估，本表依据第 %d 版，现已是第 %d 版：有人先改过了", "of %s the sheet has version %d, but there is version %d: somebody was faster", p.Employee, p.version, seen), exportAgain)
	default:
		return task
	}
	return nil
}

// ranged makes sure that points may be given, and that no comment stands without points, which would be lost.
func (c *evaluationCheck) ranged(p *filledPerson) {
	for _, i := range p.items {
		if i.points == nil && i.comment != "" && strings.TrimSpace(i.value) == "" && !c.Submit {
			c.found(i.at, "", EvaluationItems, says("对 %s 写了评语，但没有打分", "there is a comment about %s, but no points", p.Employee), says("请打分，或把评语移到总评语", "give points, or move the comment to the overall one"))
		}
		if i.points != nil && (*i.points < c.Rules.Lowest || *i.points > c.Rules.Highest) {
			c.found(i.at, i.value, EvaluationRange, says("%s 的分数不在 %s 与 %s 之间", "the points of %s do not lie between %s and %s", p.Employee, c.Rules.Lowest, c.Rules.Highest),
				says("请填写 %s 至 %s 的分数", "give points from %s to %s", c.Rules.Lowest, c.Rules.Highest))
		}
	}
}

// complete makes sure that an evaluation may be submitted.
func (c *evaluationCheck) complete(p *filledPerson, task *reviews.Task) {
	sum, whole := new(big.Rat), true
	for _, item := range task.Card.Items {
		at := slices.IndexFunc(p.items, func(i filledItem) bool { return i.kpi == item.KPI.ID })
		if at < 0 {
			c.found(p.head, p.Employee, EvaluationItems, says("%s 的考核表新增了项目 %s", "the scorecard of %s has a new item %s", p.Employee, item.KPI.ID), exportAgain)
			whole = false
			continue
		}
		i := p.items[at]
		if i.points == nil {
			whole = false
			if strings.TrimSpace(i.value) == "" {
				c.found(i.at, "", EvaluationItems, policy.Text{ZH: p.Employee + " 的「" + item.KPI.Name.ZH + "」没有打分", EN: p.Employee + " has no points for “" + item.KPI.Name.EN + "”"},
					says("提交前须为每个项目打分", "give each item points before submitting"))
			}
			continue
		}
		if (*i.points < c.Rules.Below || *i.points > c.Rules.Above) && i.comment == "" {
			c.found(i.reasons, i.value, EvaluationExtreme, says("%s 分须写明理由（低于 %s 或高于 %s）", "%s points need a reason (below %s or above %s)", *i.points, c.Rules.Below, c.Rules.Above), says("请在这一格写明", "write it here"))
		}
		sum.Add(sum, new(big.Rat).Mul(i.points.Rat(), item.Weight.Rat()))
	}
	points, _ := fixed.Round(sum.Quo(sum, big.NewRat(100, 1)), 2)
	if k := task.KPIPoints; whole && k != nil && max(points-*k, *k-points) >= c.Rules.Gap && p.comment == "" {
		c.found(p.commentCell, points.Text(2), EvaluationGap, says("合计 %s 分，与指标得分 %s 相差达到 %s 分，须写明理由", "the sum %s is away from the KPI points %s by %s or more and needs a reason", points.Text(2), k.Text(2), c.Rules.Gap),
			says("请在总评语写明", "write it into the overall comment"))
	}
}

// draft is what is handed to the desk.
func (p *filledPerson) draft(task *reviews.Task, submit bool) reviews.EvaluationDraft {
	x := reviews.EvaluationDraft{Evaluated: p.Evaluated, Version: p.version, Submit: submit, Text: reviews.EvaluationText{Comment: p.comment, Note: p.note}}
	if p.kept && p.note == "" && task.Done != nil {
		x.Text.Note = task.Done.Text.Note
	}
	for _, i := range p.items {
		if i.points != nil {
			x.Text.Items = append(x.Text.Items, reviews.ItemPoints{KPI: i.kpi, Points: *i.points, Comment: i.comment})
		}
	}
	return x
}
