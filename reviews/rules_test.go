package reviews_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// rules runs a quarter from its opening to its signed rewards and tries on the way whatever is refused there.
type rules struct {
	*world
	seen map[string]bool
}

// no wants a command to be refused by a rule, in both languages, without a trace in the ledger.
func (g *rules) no(rule string, do func() error) {
	g.t.Helper()
	head, originals := g.b.Ledger().Head(), g.originals()
	err := do()
	refusal, ok := errors.AsType[*reviews.Refusal](err)
	switch {
	case !ok:
		g.t.Errorf("want %s, got %v", rule, err)
	case refusal.Rule != rule:
		g.t.Errorf("want %s, got %s: %v", rule, refusal.Rule, err)
	case refusal.Say.ZH == "" || refusal.Say.EN == "" || refusal.Cure.ZH == "" || refusal.Cure.EN == "" || strings.Contains(err.Error(), "%!"):
		g.t.Errorf("%s is badly worded: %v", rule, err)
	}
	if g.b.Ledger().Head() != head {
		g.t.Errorf("%s was refused, but the ledger went on", rule)
	}
	if g.originals() != originals && rule != "seal.moved" { // which is found out once the results are kept
		g.t.Errorf("%s was refused, but an original was stored", rule)
	}
	g.seen[rule] = true
}

// originals counts what the ledger keeps beside its journal.
func (g *rules) originals() int {
	found, err := filepath.Glob(filepath.Join(g.dir, "originals", "*", "*"))
	if err != nil {
		g.t.Fatal(err)
	}
	return len(found)
}

// raw wants an event to be refused by its round, whoever brings it.
func (g *rules) raw(rule, kind, data string) {
	g.t.Helper()
	g.no(rule, func() error { return reviews.Record(context.Background(), g.as(hr), kind, data) })
}

// TestEveryRefusal produces each rule of the package at least once, and reads in the source which there are.
func TestEveryRefusal(t *testing.T) {
	g := &rules{newWorld(t), map[string]bool{}}
	g.withoutRules()
	g.people()
	g.selfReviews()
	g.evaluations()
	g.calibration()
	g.publication()
	g.appeals()
	g.seals()
	g.lists()
	g.adjustments()
	for _, rule := range rulesInSource(t) {
		if !g.seen[rule] {
			t.Errorf("no test is refused by %s", rule)
		}
		delete(g.seen, rule)
	}
	for rule := range g.seen {
		t.Errorf("the source has no rule %s", rule)
	}
}

// rulesInSource collects the ids that refuse is called with.
func rulesInSource(t *testing.T) (ids []string) {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`\brefuse\(\s*([^,]+),`)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || path == "refusal.go" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			id := strings.Trim(m[1], `"`)
			if !strings.Contains(id, ".") || strings.Trim(m[1], `"`) == m[1] {
				t.Errorf("%s: the rule %s is not written as a text", path, m[1])
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) < 70 {
		t.Fatalf("only %d rules were found", len(ids))
	}
	return ids
}

// TestGuideTellsEveryRule: the guide to a quarter names every rule in a table of its own, and no other one.
func TestGuideTellsEveryRule(t *testing.T) {
	ids := rulesInSource(t)
	for _, name := range []string{"reviews.md", "reviews.zh-CN.md"} {
		text, err := os.ReadFile("../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+\\.[a-z]+)` \\| ").FindAllStringSubmatch(string(text), -1) {
			told = append(told, m[1])
		}
		for _, id := range ids {
			if !slices.Contains(told, id) {
				t.Errorf("%s does not tell of the rule %s", name, id)
			}
		}
		for i, id := range told {
			if !slices.Contains(ids, id) || slices.Contains(told[:i], id) {
				t.Errorf("%s tells of the rule %s, which there is not, or twice", name, id)
			}
		}
	}
}

// without is the desk of human resources under a policy that lacks something.
func (g *rules) without(change func(p *policy.Policy)) *reviews.Desk {
	d := g.as(hr)
	p := *d.Version.Policy
	change(&p)
	d.Version.Policy = &p
	return d
}

func (g *rules) withoutRules() {
	ctx := context.Background()
	bare := func(p *policy.Policy) { p.Reviews = nil }
	unpaid := func(p *policy.Policy) { p.Rewards = nil }
	g.no("policy.reviews", func() error { return g.without(bare).OpenQuarter(ctx, quarter) })
	g.no("policy.reviews", func() error {
		return g.without(func(p *policy.Policy) { p.Offices = nil }).Exempt(ctx, quarter, member(seller, "D1"), "新人")
	})
	g.no("policy.rewards", func() error { _, err := g.without(unpaid).Draw(ctx, quarter); return err })
	g.no("policy.promotion", func() error {
		_, _, err := reviews.Candidates(ctx, g.b, g.without(unpaid).Version.Policy, quarter)
		return err
	})
	g.no("policy.rotation", func() error {
		_, err := reviews.Rotations(ctx, g.b, g.without(unpaid).Version.Policy, g.now)
		return err
	})
}

func member(no, department string) metrics.Member {
	return metrics.Member{Employee: no, Department: department}
}

func (g *rules) people() {
	ctx := context.Background()
	day := at("2026-10-01 00:00")
	next := must(period.Parse("2026Q4"))
	g.no("period.kind", func() error { return g.as(hr).OpenQuarter(ctx, month) })
	g.no("period.kind", func() error { return g.as(hr).OpenMonth(ctx, quarter) })
	g.no("period.kind", func() error { return g.as(hr).CloseCalibration(ctx, month, "D1") })
	g.no("period.kind", func() error { return g.as(hr).Exempt(ctx, month, member(seller, "D1"), "新人") })
	g.no("period.kind", func() error { return g.as(hr).ReopenSelf(ctx, quarter, seller, "补充") })
	g.raw("period.kind", "quarter.opened", `{"period": "2026-13", "due": "2026-10-01T00:00:00Z"}`)
	g.no("round.early", func() error { return g.as(hr).OpenQuarter(ctx, next) })
	g.no("round.early", func() error {
		return g.as(seller).SaveSelf(ctx, next.Months()[1], reviews.SelfDraft{AsOf: always}, g.now)
	})
	g.no("round.closed", func() error { return g.as(hr).Exempt(ctx, quarter, member(seller, "D1"), "新人") })
	g.no("actor.unknown", func() error { return g.as("E99").OpenQuarter(ctx, quarter) })
	g.no("actor.unknown", func() error { return g.as("").OpenQuarter(ctx, quarter) })
	for _, no := range []string{headSales, seller, finance} {
		g.no("actor.office", func() error { return g.as(no).OpenQuarter(ctx, quarter) })
	}
	g.no("employee.unknown", func() error { return g.as(hr).NameDeputy(ctx, "E99", seller, day, day, "休假") })
	g.no("deputy.person", func() error { return g.as(headTech).NameDeputy(ctx, headTech, headTech, day, day, "休假") })
	g.no("deputy.days", func() error {
		return g.as(headTech).NameDeputy(ctx, headTech, seller, day, day.AddDate(0, 0, -1), "休假")
	})
	g.no("reason.missing", func() error { return g.as(headTech).NameDeputy(ctx, headTech, seller, day, day, " ") })
	g.no("actor.office", func() error { return g.as(seller).NameDeputy(ctx, headTech, seller, day, day, "休假") })
	revoke := func(actor, reason string) func() error {
		return func() error { return g.as(actor).RevokeDeputy(ctx, headTech, leadSales, reason) }
	}
	g.no("deputy.none", revoke(headTech, "返岗"))
	g.ok(g.as(headTech).NameDeputy(ctx, headTech, leadSales, day, day, "休假"))
	g.no("actor.office", revoke(leadSales, "返岗"))
	g.no("reason.missing", revoke(headTech, " "))
	g.ok(revoke(hr, "返岗")())
	g.no("deputy.none", revoke(headTech, "返岗"))
}

// self is a self-review of the seller's, complete but for what is changed.
func (g *rules) self(version int, change func(x *reviews.SelfDraft)) func() error {
	return func() error {
		x := reviews.SelfDraft{Version: version, AsOf: always, Rest: reviews.Accepted}
		for _, t := range g.tasks() {
			if t.Employee != seller {
				continue
			}
			for _, i := range t.Card.Items {
				x.Text.Points = append(x.Text.Points, reviews.ItemPoints{KPI: i.KPI.ID, Points: fixed.Int(90)})
			}
		}
		change(&x)
		return g.as(seller).SaveSelf(context.Background(), month, x, g.now)
	}
}

func (g *rules) selfReviews() {
	ctx := context.Background()
	submit := func(version int) func() error {
		return func() error { return g.as(seller).SubmitSelf(ctx, month, version, g.now) }
	}
	g.no("round.closed", g.self(0, func(*reviews.SelfDraft) {}))
	g.ok(g.as(hr).OpenMonth(ctx, month))
	g.no("round.open", func() error { return g.as(hr).OpenMonth(ctx, month) })
	g.no("member.none", func() error { return g.as(ceo).SaveSelf(ctx, month, reviews.SelfDraft{AsOf: always}, g.now) })
	g.no("self.empty", submit(0))
	answer := func(a reviews.Answer) func(x *reviews.SelfDraft) {
		return func(x *reviews.SelfDraft) { x.Text.Answers = []reviews.Answer{a} }
	}
	form := must(reviews.Forms(ctx, g.b, metrics.Question{Period: month, Version: g.version(), AsOf: always, Now: g.now}, seller))[seller]
	line := form.Lines[0].Key
	if i := slices.IndexFunc(form.Lines, func(l reviews.FormLine) bool { return l.Key == "hours:平台" }); i < 0 || form.Lines[i].Source != "plumbline evidence log_punctuality 2026-09 --employee E04" {
		g.t.Errorf("the hours are not shown, or by no command: %+v", form.Lines)
	}
	g.no("self.reply", g.self(0, answer(reviews.Answer{Line: line, Reply: "perhaps"})))
	g.no("self.comment", g.self(0, answer(reviews.Answer{Line: line, Reply: reviews.Disputed, Comment: " "})))
	g.no("self.line", g.self(0, answer(reviews.Answer{Line: "kpi:none", Reply: reviews.Accepted})))
	g.no("points.item", g.self(0, func(x *reviews.SelfDraft) { x.Text.Points[0].KPI = "on_time_rate" }))
	g.no("points.item", g.self(0, func(x *reviews.SelfDraft) { x.Text.Points = append(x.Text.Points, x.Text.Points[0]) }))
	for _, points := range []string{"-1", "120.01", "90.005"} {
		g.no("points.range", g.self(0, func(x *reviews.SelfDraft) { x.Text.Points[0].Points = fixed.MustParse(points) }))
	}
	g.ok(g.self(0, func(x *reviews.SelfDraft) { x.Rest, x.Text.Points = "", nil })())
	g.no("self.open", submit(1))
	g.no("version.stale", g.self(0, func(*reviews.SelfDraft) {}))
	g.ok(g.self(1, func(x *reviews.SelfDraft) { x.Text.Points = x.Text.Points[1:] })())
	g.no("self.points", submit(2))
	g.no("self.draft", func() error { return g.as(leadSales).ReopenSelf(ctx, month, seller, "计划未写") })
	g.ok(g.self(2, func(*reviews.SelfDraft) {})())
	g.no("version.stale", submit(2))
	g.ok(submit(3)())
	g.no("self.submitted", submit(3))
	g.no("self.submitted", g.self(3, func(*reviews.SelfDraft) {}))
	g.no("actor.self", func() error { return g.as(seller).ReopenSelf(ctx, month, seller, "想改") })
	g.no("actor.office", func() error { return g.as(headTech).ReopenSelf(ctx, month, seller, "想看") })
	g.no("reason.missing", func() error { return g.as(leadSales).ReopenSelf(ctx, month, seller, "") })
	// What he wrote is for himself, his superior of the month and human resources; a head further up and the CEO have no part in it.
	read := func(actor string) func() error {
		return func() error { return g.as(actor).MayReadSelf(ctx, month, seller, g.now) }
	}
	for _, no := range []string{seller, leadSales, hr} {
		g.ok(read(no)())
	}
	for _, no := range []string{mover, headSales, headTech, finance, ceo} {
		g.no("self.secret", read(no))
	}
	g.no("employee.unknown", func() error { return g.as(headTech).MayReadSelf(ctx, month, "E99", g.now) })
}

// task gives the evaluation of a person in a department.
func (g *rules) task(no, department string) reviews.Task {
	g.t.Helper()
	for _, x := range g.tasks() {
		if x.Member == member(no, department) {
			return x
		}
	}
	g.t.Fatalf("%s has no task in %s", no, department)
	return reviews.Task{}
}

func (g *rules) evaluations() {
	ctx := context.Background()
	save := func(actor string, drafts ...reviews.EvaluationDraft) func() error {
		return func() error { return g.as(actor).SaveEvaluations(ctx, quarter, drafts, g.now) }
	}
	g.ok(g.as(hr).OpenQuarter(ctx, quarter))
	g.no("round.open", func() error { return g.as(hr).OpenQuarter(ctx, quarter) })
	x := g.task(seller, "D1")
	good := evaluation(x, fixed.Int(90), "综合评价")
	with := func(change func(d *reviews.EvaluationDraft)) reviews.EvaluationDraft {
		d := good
		d.Text.Items = slices.Clone(good.Text.Items)
		change(&d)
		return d
	}
	g.no("evaluation.none", save(leadSales))
	g.no("evaluation.empty", func() error { return g.as(leadSales).SubmitEvaluation(ctx, quarter, x.Evaluated, 0, g.now) })
	g.no("evaluation.items", save(leadSales, with(func(d *reviews.EvaluationDraft) { d.Text.Items = d.Text.Items[1:] })))
	g.no("evaluation.extreme", save(leadSales, with(func(d *reviews.EvaluationDraft) {
		d.Text.Items[0].Points, d.Text.Items[0].Comment = fixed.MustParse("59.99"), ""
	})))
	g.no("evaluation.extreme", save(leadSales, with(func(d *reviews.EvaluationDraft) {
		d.Text.Items[0].Points, d.Text.Items[0].Comment = fixed.MustParse("110.01"), ""
	})))
	far := fixed.Int(60)
	if *x.KPIPoints < fixed.Int(85) {
		far = fixed.Int(110)
	}
	g.no("evaluation.gap", save(leadSales, evaluation(x, far, "")))
	g.no("points.range", save(leadSales, with(func(d *reviews.EvaluationDraft) { d.Text.Items[0].Points = fixed.Int(121) })))
	g.no("points.item", save(leadSales, with(func(d *reviews.EvaluationDraft) { d.Text.Items[0].KPI = "on_time_rate"; d.Submit = false })))
	g.no("actor.self", save(seller, good))
	g.no("evaluation.actor", save(headTech, good))
	g.no("superior.unknown", save(leadSales, with(func(d *reviews.EvaluationDraft) { d.Superior = headTech })))
	g.no("scorecard.none", save(leadSales, with(func(d *reviews.EvaluationDraft) { d.Department = "D9" })))
	g.no("member.unknown", save(leadSales, with(func(d *reviews.EvaluationDraft) { d.Department, d.Submit = "D9", false })))
	may := func(actor string) func() error {
		return func() error {
			return g.as(actor).MayReadEvaluations(ctx, quarter, []metrics.Evaluated{x.Evaluated}, g.now)
		}
	}
	for _, no := range []string{leadSales, hr, ceo} {
		g.ok(may(no)())
	}
	g.no("evaluation.actor", may(headTech))
	g.no("actor.self", may(seller))
	g.no("evaluation.draft", func() error { return g.as(hr).ReturnEvaluation(ctx, quarter, x.Evaluated, 0, "过于笼统") })
	g.no("calibration.early", func() error { return g.as(headSales).Calibrate(ctx, quarter, x.Member, 0, fixed.Int(80), "口径") })
	// One that is faulty keeps all others out.
	g.no("evaluation.items", save(ceo, good, with(func(d *reviews.EvaluationDraft) { d.Text.Items = nil })))
	g.no("evaluation.submitted", save(leadSales, good, with(func(d *reviews.EvaluationDraft) { d.Version = 1 })))
	g.ok(save(leadSales, good)())
	g.no("version.stale", save(leadSales, good))
	g.no("evaluation.submitted", save(leadSales, with(func(d *reviews.EvaluationDraft) { d.Version = 1 })))
	g.no("evaluation.submitted", func() error { return g.as(leadSales).SubmitEvaluation(ctx, quarter, x.Evaluated, 1, g.now) })
	g.no("actor.office", func() error { return g.as(leadSales).ReturnEvaluation(ctx, quarter, x.Evaluated, 1, "想改") })
	g.no("reason.missing", func() error { return g.as(hr).ReturnEvaluation(ctx, quarter, x.Evaluated, 1, "") })
}

func (g *rules) calibration() {
	ctx := context.Background()
	calibrate := func(actor, no string, version int, points, reason string) func() error {
		return func() error {
			return g.as(actor).Calibrate(ctx, quarter, member(no, "D1"), version, fixed.MustParse(points), reason)
		}
	}
	g.no("calibration.incomplete", func() error { return g.as(headSales).CloseCalibration(ctx, quarter, "D1") })
	g.no("publish.open", func() error { return g.as(hr).Publish(ctx, quarter, g.now) })
	var drafts []reviews.EvaluationDraft
	for _, x := range g.tasks() {
		if x.Done == nil {
			drafts = append(drafts, evaluation(x, fixed.Int(90), "综合评价"))
		}
	}
	g.ok(g.as(ceo).SaveEvaluations(ctx, quarter, drafts, g.now))
	g.no("actor.self", calibrate(headSales, headSales, 0, "99", "我"))
	g.no("actor.office", calibrate(leadSales, seller, 0, "80", "口径"))
	g.no("points.range", calibrate(headSales, seller, 0, "121", "口径"))
	g.no("reason.missing", calibrate(headSales, seller, 0, "80", ""))
	g.ok(calibrate(headSales, seller, 0, "80", "口径")())
	g.no("version.stale", calibrate(hr, seller, 0, "85", "口径"))
	g.ok(g.as(hr).Exempt(ctx, quarter, member(mover, "D1"), "在职 46 天"))
	g.no("evaluation.exempt", func() error { return g.as(hr).Exempt(ctx, quarter, member(mover, "D1"), "在职 46 天") })
	revoke := func(actor, no, reason string) func() error {
		return func() error { return g.as(actor).Unexempt(ctx, quarter, member(no, "D1"), reason) }
	}
	g.no("actor.office", revoke(headSales, mover, "可以评"))
	g.no("actor.self", revoke(hr, hr, "可以评"))
	g.no("reason.missing", revoke(hr, mover, ""))
	g.no("exemption.none", revoke(hr, seller, "可以评"))
	g.ok(revoke(hr, mover, "可以评")())
	g.no("exemption.none", revoke(hr, mover, "可以评"))
	g.ok(g.as(hr).Exempt(ctx, quarter, member(mover, "D1"), "在职 46 天"))
	g.no("member.unknown", func() error { return g.as(hr).Exempt(ctx, quarter, member(mover, "D3"), "不在") })
	g.no("actor.self", func() error { return g.as(hr).Exempt(ctx, quarter, member(hr, "D3"), "我") })
	g.no("calibration.running", func() error { return g.as(hr).ReopenCalibration(ctx, quarter, "D1", "漏评") })
	g.no("department.empty", func() error { return g.as(hr).CloseCalibration(ctx, quarter, "D9") })
	g.no("actor.office", func() error { return g.as(headTech).CloseCalibration(ctx, quarter, "D1") })
	g.ok(g.as(headSales).CloseCalibration(ctx, quarter, "D1"))
	g.no("calibration.closed", func() error { return g.as(headSales).CloseCalibration(ctx, quarter, "D1") })
	g.no("calibration.closed", calibrate(headSales, seller, 1, "85", "再改"))
	g.no("calibration.closed", func() error { return g.as(hr).Exempt(ctx, quarter, member(seller, "D1"), "再改") })
	g.no("actor.office", func() error { return g.as(headSales).ReopenCalibration(ctx, quarter, "D1", "漏评") })
	g.no("reason.missing", func() error { return g.as(hr).ReopenCalibration(ctx, quarter, "D1", "") })
	g.ok(g.as(hr).CloseCalibration(ctx, quarter, "D2"))
	g.ok(g.as(hr).CloseCalibration(ctx, quarter, "D3"))
}

func (g *rules) publication() {
	ctx := context.Background()
	publish := func(actor string) func() error {
		return func() error { return g.as(actor).Publish(ctx, quarter, g.now) }
	}
	g.no("actor.office", publish(headSales))
	g.no("appeal.early", func() error { _, err := g.file(seller, "D1", reviews.Fact, "", "早"); return err })
	// Somebody whose membership comes in only now is not evaluated, although his department is closed.
	if n := g.take(map[string]string{"employees.csv": tables["employees.csv"] + "E11,吴新,2026-08-01,,销售代表\n",
		"memberships.csv": tables["memberships.csv"] + "E11,D1,2026-08-01,,专员\n"}); n > 0 {
		g.t.Fatalf("%d rows are faulty", n)
	}
	g.no("publish.incomplete", publish(hr))
	g.ok(g.as(hr).ReopenCalibration(ctx, quarter, "D1", "新人入册"))
	g.ok(g.as(hr).Exempt(ctx, quarter, member("E11", "D1"), "新人"))
	g.ok(g.as(hr).CloseCalibration(ctx, quarter, "D1"))
	g.ok(publish(hr)())
	g.no("round.published", publish(hr))
	g.no("round.published", func() error { return g.as(hr).Exempt(ctx, quarter, member(seller, "D1"), "晚了") })
	g.no("round.published", func() error { return g.as(hr).ReopenCalibration(ctx, quarter, "D1", "漏评") })
}

func (g *rules) file(actor, department string, against reviews.Against, kpi, text string) (string, error) {
	return g.as(actor).File(context.Background(), quarter, reviews.Objection{Department: department, Against: against, KPI: kpi, Text: text}, g.now)
}

func (g *rules) appeals() {
	ctx := context.Background()
	filing := func(department string, against reviews.Against, kpi, text string) func() error {
		return func() error { _, err := g.file(seller, department, against, kpi, text); return err }
	}
	mediate := func(actor, id string, v reviews.Verdict) func() error {
		return func() error { return g.as(actor).Mediate(ctx, id, v) }
	}
	arbitrate := func(actor, id string, v reviews.Verdict) func() error {
		return func() error { return g.as(actor).Arbitrate(ctx, id, v) }
	}
	points, far := fixed.Int(95), fixed.Int(130)
	g.no("appeal.against", filing("D1", "everything", "", "不服"))
	g.no("appeal.kpi", filing("D1", reviews.Fact, "none", "不服"))
	g.no("member.unknown", filing("D2", reviews.Fact, "", "不服"))
	g.no("reason.missing", filing("D1", reviews.Fact, "", ""))
	g.ok(filing("D1", reviews.Judgement, "", "评分偏低")())
	g.no("appeal.twice", filing("D1", reviews.Judgement, "", "再来一次"))
	g.raw("appeal.id", "appeal.filed", `{"period": "2026Q3", "appeal": "2026Q3-A1", "employee": "E04", "department": "D1", "against": "fact", "text": "同时", "mediate_by": "2026-10-10T00:00:00Z"}`)
	const first = "2026Q3-A1"
	g.no("appeal.unknown", mediate(ceo, "A1", reviews.Verdict{Outcome: reviews.Failed, Reason: "未成"}))
	g.no("appeal.unknown", mediate(ceo, "2026Q3-A9", reviews.Verdict{Outcome: reviews.Failed, Reason: "未成"}))
	g.no("appeal.unknown", func() error { return g.as(seller).Withdraw(ctx, "2026-09-A1", "") })
	g.no("actor.self", mediate(seller, first, reviews.Verdict{Outcome: reviews.Settled, Reason: "好"}))
	g.no("actor.office", mediate(headTech, first, reviews.Verdict{Outcome: reviews.Settled, Reason: "好"}))
	g.no("appeal.neutral", mediate(headSales, first, reviews.Verdict{Outcome: reviews.Settled, Reason: "我校准的"}))
	g.no("reason.missing", mediate(ceo, first, reviews.Verdict{Outcome: reviews.Settled}))
	g.no("appeal.outcome", mediate(ceo, first, reviews.Verdict{Outcome: "maybe", Reason: "好"}))
	g.no("appeal.outcome", mediate(ceo, first, reviews.Verdict{Outcome: reviews.Dismissed, Reason: "好"}))
	g.no("appeal.remedy", mediate(ceo, first, reviews.Verdict{Outcome: reviews.Granted, Reason: "好"}))
	g.no("appeal.remedy", mediate(ceo, first, reviews.Verdict{Outcome: reviews.Failed, Reason: "好", Remedy: reviews.Remedy{Points: &points}}))
	g.no("appeal.remedy", mediate(ceo, first, reviews.Verdict{Outcome: reviews.Granted, Reason: "好", Remedy: reviews.Remedy{Seq: g.b.Ledger().Head().Seq}}))
	g.no("points.range", mediate(ceo, first, reviews.Verdict{Outcome: reviews.Granted, Reason: "好", Remedy: reviews.Remedy{Points: &far}}))
	g.no("appeal.order", func() error { return g.as(seller).Escalate(ctx, first, "不等了", g.now) })
	g.no("appeal.order", arbitrate(hr, first, reviews.Verdict{Outcome: reviews.Dismissed, Reason: "不成立"}))
	g.ok(mediate(ceo, first, reviews.Verdict{Outcome: reviews.Failed, Reason: "未达成一致"})())
	g.no("appeal.mediated", mediate(ceo, first, reviews.Verdict{Outcome: reviews.Failed, Reason: "未达成一致"}))
	g.no("actor.office", func() error { return g.as(mover).Escalate(ctx, first, "不是我的", g.now) })
	g.no("reason.missing", func() error { return g.as(seller).Escalate(ctx, first, " ", g.now) })
	g.ok(g.as(seller).Escalate(ctx, first, "不接受", g.now))
	g.no("appeal.escalated", func() error { return g.as(seller).Escalate(ctx, first, "不接受", g.now) })
	g.no("appeal.outcome", arbitrate(hr, first, reviews.Verdict{Outcome: reviews.Settled, Reason: "好"}))
	g.no("appeal.neutral", arbitrate(ceo, first, reviews.Verdict{Outcome: reviews.Granted, Reason: "我调解的", Remedy: reviews.Remedy{Points: &points}}))
	g.no("actor.office", arbitrate(finance, first, reviews.Verdict{Outcome: reviews.Dismissed, Reason: "不成立"}))
	g.no("seal.early", g.seal)
	g.ok(arbitrate(hr, first, reviews.Verdict{Outcome: reviews.Granted, Reason: "复核后更正", Remedy: reviews.Remedy{Points: &points}})())
	g.no("appeal.ended", arbitrate(hr, first, reviews.Verdict{Outcome: reviews.Dismissed, Reason: "不成立"}))
	g.no("appeal.ended", func() error { return g.as(seller).Withdraw(ctx, first, "算了") })
	// Points that are granted to somebody who was exempt count.
	must(g.file(mover, "D1", reviews.Judgement, "", "免评不当"))
	g.ok(mediate(headSales, "2026Q3-A2", reviews.Verdict{Outcome: reviews.Granted, Reason: "补评", Remedy: reviews.Remedy{Points: &points}})())
	if said := g.round().Said(); said.Exempt[member(mover, "D1")] != "" || said.Calibrated[member(mover, "D1")].Points != points {
		g.t.Errorf("%s is still exempt, or has no points: %+v", mover, said)
	}
	// One against a fact needs the correction first.
	g.ok(filing("D1", reviews.Fact, "conversion_rate", "漏登一单")())
	g.no("appeal.remedy", mediate(headSales, "2026Q3-A3", reviews.Verdict{Outcome: reviews.Granted, Reason: "属实"}))
	g.no("appeal.remedy", mediate(headSales, "2026Q3-A3", reviews.Verdict{Outcome: reviews.Granted, Reason: "属实", Remedy: reviews.Remedy{Seq: g.b.Ledger().Head().Seq}}))
	// … of what it is about: of the person's records, not of somebody else's; a policy is no fact.
	granted := func(seq int64) func() error {
		return mediate(headSales, "2026Q3-A3", reviews.Verdict{Outcome: reviews.Granted, Reason: "属实", Remedy: reviews.Remedy{Seq: seq}})
	}
	g.take(map[string]string{"deliveries.csv": "交付编号,负责人工号,项目名称,交付内容,创建日期,承诺日期\nJF99,E07,平台,模块,2026-07-01,2026-12-01\n"})
	g.no("appeal.unrelated", granted(g.b.Ledger().Head().Seq))
	g.ok(policy.Adopt(ctx, g.b, policy.Default(), at("2026-12-01 00:00"), "重申", "tester"))
	g.no("appeal.unrelated", granted(g.b.Ledger().Head().Seq))
	g.named()
	g.now = at("2026-10-26 09:00")
	g.no("appeal.late", filing("D1", reviews.Rule, "", "晚了"))
	g.no("seal.appeals", g.seal)
	g.no("reason.missing", func() error { return g.as(seller).Withdraw(ctx, "2026Q3-A3", "") })
	g.ok(g.as(seller).Withdraw(ctx, "2026Q3-A3", "已沟通清楚"))
	g.turnaround()
}

// named grants an appeal that names a record: the correction of another record of the same person is none.
func (g *rules) named() {
	ctx := context.Background()
	id := must(g.as(mover).File(ctx, quarter, reviews.Objection{Department: "D1", Against: reviews.Fact, Record: "SJ01", Text: "客户名称有误"}, g.now))
	granted := func() error {
		return g.as(headSales).Mediate(ctx, id, reviews.Verdict{Outcome: reviews.Granted, Reason: "属实", Remedy: reviews.Remedy{Seq: g.b.Ledger().Head().Seq}})
	}
	header := "商机编号,负责人工号,客户名称,创建日期,结案日期,结果\n"
	g.take(map[string]string{"opportunities.csv": header + "SJ04,E05,客户四,2026-07-01,2026-07-06,赢单\n"})
	g.no("appeal.unrelated", granted)
	g.take(map[string]string{"opportunities.csv": header + "SJ01,E05,客户一,2026-07-01,2026-07-03,输单\n"})
	g.ok(granted())
}

// turnaround wants the appeals as the KPIs count them.
func (g *rules) turnaround() {
	want := []string{"2026Q3-A1 D1 arbitration 2026-10-01 granted true", "2026Q3-A2 D1 mediation 2026-10-01 granted true", "2026Q3-A3 D1 mediation  withdrawn ", "2026Q3-A4 D1 mediation 2026-10-01 granted true"}
	if got := appealsOf(g.world); !slices.Equal(got, want) {
		g.t.Errorf("got %q, want %q", got, want)
	}
}

func (g *rules) seal() error {
	_, err := g.as(hr).Seal(context.Background(), quarter, g.now)
	return err
}

func (g *rules) seals() {
	ctx := context.Background()
	g.no("round.unsealed", func() error { _, _, err := g.as(hr).Preview(ctx, quarter); return err })
	g.no("period.kind", func() error { _, err := g.as(hr).Seal(ctx, month, g.now); return err })
	g.no("actor.office", func() error { _, err := g.as(headSales).Seal(ctx, quarter, g.now); return err })
	g.no("seal.moved", func() error { _, err := g.as(hr).Seal(ctx, quarter, g.now.AddDate(0, 0, 1)); return err })
	g.raw("seal.hash", "quarter.sealed", `{"period": "2026Q3", "as_of": 1, "head": "", "policy": "", "facts": "", "org": "", "sha256": "", "hash": "00"}`)
	g.ok(g.seal())
	g.no("round.sealed", g.seal)
	g.no("round.sealed", func() error { return g.as(hr).Exempt(ctx, quarter, member(seller, "D1"), "晚了") })
	// Self-reviews are part of the quarter.
	g.no("round.sealed", func() error { return g.as(leadSales).ReopenSelf(ctx, month, seller, "晚了") })
	g.no("round.sealed", func() error { return g.as(hr).OpenMonth(ctx, quarter.Months()[0]) })
}

func (g *rules) lists() {
	ctx := context.Background()
	d1 := func(actor string) func() error {
		return func() error { return g.as(actor).Sign(ctx, quarter, 0, "D1") }
	}
	g.no("rewards.unknown", d1(headSales))
	g.no("actor.office", func() error { _, err := g.as(headSales).Draw(ctx, quarter); return err })
	drawn := func(number int, compensation bool, seal string) string {
		return fmt.Sprintf(`{"period": "2026Q3", "number": %d, "compensation": %v, "as_of": 1, "seal": %q, "sha256": "", "lines": 0, "total": "0", "cut": "0", "sheets": []}`, number, compensation, seal)
	}
	seal := g.round().Sealed.Hash
	g.raw("rewards.seal", "rewards.drawn", drawn(1, false, "00"))
	g.raw("rewards.none", "rewards.drawn", drawn(1, true, seal))
	g.raw("version.stale", "rewards.drawn", drawn(2, false, seal))
	must(g.as(hr).Draw(ctx, quarter))
	g.raw("rewards.drawn", "rewards.drawn", drawn(2, false, seal))
	g.raw("rewards.unsigned", "rewards.drawn", drawn(2, true, seal))
	g.no("rewards.nothing", func() error { _, err := g.as(hr).Draw(ctx, quarter); return err })
	sha := g.round().List(0).SHA256
	signed := func(number int, sha, step string) string {
		return fmt.Sprintf(`{"period": "2026Q3", "number": %d, "sha256": %q, "department": "D1", "step": %q}`, number, sha, step)
	}
	g.raw("rewards.order", "rewards.signed", signed(1, sha, "finance"))
	g.raw("rewards.changed", "rewards.signed", signed(1, "00", "head"))
	g.raw("rewards.unknown", "rewards.signed", signed(2, sha, "head"))
	g.no("rewards.sheet", func() error { return g.as(headSales).Sign(ctx, quarter, 0, "D9") })
	g.no("actor.self", d1(seller))
	g.no("actor.office", d1(headTech))
	g.no("reason.missing", func() error { return g.as(headSales).RefuseList(ctx, quarter, 0, "D1", "") })
	g.ok(g.as(headSales).RefuseList(ctx, quarter, 0, "D1", "请核对"))
	g.no("rewards.refused", d1(headSales))
	strict := func(actor string) *reviews.Desk { // everything is above the heads' limits
		d := g.as(actor)
		p := *d.Version.Policy
		rewards := *p.Rewards
		rewards.DirectorLimit, rewards.EmergencyLimit = 1, 1
		p.Rewards, d.Version.Policy = &rewards, &p
		return d
	}
	must(strict(hr).Draw(ctx, quarter))
	emergency := func(actor, reason string) func() error {
		return func() error { return g.as(actor).PayAhead(ctx, quarter, 0, "D2", reason, g.now) }
	}
	g.no("rewards.emergency", func() error { return strict(headTech).PayAhead(ctx, quarter, 0, "D2", "急用", g.now) })
	g.no("reason.missing", emergency(ceo, ""))
	g.no("actor.self", emergency(engineer, "急用"))
	g.no("actor.office", emergency(headSales, "急用"))
	g.ok(emergency(ceo, "急用")())
	g.no("rewards.payable", emergency(ceo, "急用"))
	g.no("rewards.payable", func() error { return g.as(headSales).RefuseList(ctx, quarter, 0, "D1", "晚了") })
	g.ok(d1(headSales)())
	g.no("actor.office", d1(headSales))
	g.ok(d1(finance)())
	for s := g.round().List(0).Sheet("D1"); s.Next() != ""; s = g.round().List(0).Sheet("D1") {
		g.ok(d1(ceo)())
	}
	for _, no := range []string{ceo, hr, headSales, seller} {
		g.no("rewards.signed", d1(no))
	}
	g.steps()
	g.no("rewards.signed", func() error { return g.as(ceo).RefuseList(ctx, quarter, 0, "D1", "晚了") })
	g.raw("rewards.signed", "rewards.signed", signed(2, g.round().List(0).SHA256, ""))
}

// steps signs the sheet of finance and human resources: the CEO stands in for finance, and then nobody is left but a deputy.
func (g *rules) steps() {
	ctx := context.Background()
	d3 := func(actor string) func() error {
		return func() error { return g.as(actor).Sign(ctx, quarter, 0, "D3") }
	}
	g.ok(d3(headOffice)())
	g.no("actor.self", d3(finance))
	g.ok(d3(ceo)())
	g.no("rewards.twice", d3(ceo))
	g.no("rewards.nobody", d3(headSales))
	g.no("actor.self", d3(hr))
	day := time.Date(g.now.Year(), g.now.Month(), g.now.Day(), 0, 0, 0, 0, time.UTC)
	g.ok(g.as(ceo).NameDeputy(ctx, ceo, headOffice, day, day, "出差"))
	g.no("rewards.twice", d3(headOffice)) // nor by standing in
	g.ok(g.as(ceo).NameDeputy(ctx, ceo, headSales, day, day, "出差"))
	g.ok(d3(headSales)())
}

func (g *rules) adjustments() {
	ctx := context.Background()
	approve := func(actor string, seq int64, reason string) func() error {
		return func() error { return g.as(actor).Approve(ctx, quarter, seq, reason) }
	}
	g.no("adjustment.none", approve(ceo, 3, "补签"))
	g.no("round.unsealed", func() error { _, _, err := reviews.Adjustments(ctx, g.b, quarter.Before(), shanghai); return err })
	// A won opportunity comes late.
	g.take(map[string]string{"opportunities.csv": "商机编号,负责人工号,客户名称,创建日期,结案日期,结果\nSJ99,E04,客户99,2026-07-01,2026-08-20,赢单\n"})
	seq := g.b.Ledger().Head().Seq
	g.actor = ceo
	g.take(map[string]string{"opportunities.csv": "商机编号,负责人工号,客户名称,创建日期,结案日期,结果\nSJ98,E04,客户98,2026-07-01,2026-08-21,赢单\n"})
	g.no("adjustment.own", approve(ceo, g.b.Ledger().Head().Seq, "自己导入的"))
	g.take(map[string]string{"accounts.csv": "登录名,工号\nhuangba,E08\n"})
	g.actor = "HuangBa" // as human resources are known at the keyboard
	g.take(map[string]string{"opportunities.csv": "商机编号,负责人工号,客户名称,创建日期,结案日期,结果\nSJ97,E04,客户97,2026-07-01,2026-08-22,赢单\n"})
	g.no("adjustment.own", approve(hr, g.b.Ledger().Head().Seq, "自己导入的"))
	g.actor = ""
	g.no("actor.self", approve(seller, seq, "补签"))
	g.no("actor.office", approve(headTech, seq, "补签"))
	g.no("reason.missing", approve(ceo, seq, ""))
	g.ok(approve(ceo, seq, "补签")())
	g.no("adjustment.seq", approve(ceo, seq, "补签"))
	g.raw("adjustment.seq", "adjustment.approved", fmt.Sprintf(`{"period": "2026Q3", "seq": %d, "reason": "补签"}`, g.b.Ledger().Head().Seq+1))
	g.no("rewards.unsigned", func() error { _, err := g.as(hr).Draw(ctx, quarter); return err })
}

// TestCertificatesAreNumberedOnce: who earns a certificate by a later list gets a number that nobody has.
func TestCertificatesAreNumberedOnce(t *testing.T) {
	line := func(no string, amount int64, certificate string) reviews.RewardLine {
		return reviews.RewardLine{Employee: no, Amount: fixed.Int(amount), Certificate: certificate}
	}
	first := []reviews.RewardLine{line("E02", 100, "RY-2026Q3-001"), line("E04", 100, "RY-2026Q3-002"), line("E09", 50, "")}
	second := reviews.Compensate([]reviews.RewardLine{line("E01", 100, "RY-2026Q3-001"), line("E02", 100, "RY-2026Q3-002"), line("E03", 30, "RY-2026Q3-003"), line("E04", 90, "")}, first)
	want := []string{"E01 100 RY-2026Q3-003", "E03 30 RY-2026Q3-004", "E04 -10 ", "E09 -50 "}
	if got := told(second); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	third := reviews.Compensate([]reviews.RewardLine{line("E00", 10, "RY-2026Q3-001"), line("E01", 100, "RY-2026Q3-002"), line("E02", 100, "RY-2026Q3-003"), line("E03", 30, ""), line("E04", 90, "")}, first, second)
	if got := told(third); !slices.Equal(got, []string{"E00 10 RY-2026Q3-005"}) {
		t.Errorf("got %q", got)
	}
}

func told(lines []reviews.RewardLine) (list []string) {
	for _, l := range lines {
		list = append(list, fmt.Sprintf("%s %s %s", l.Employee, l.Amount, l.Certificate))
	}
	return list
}

// TestCompensationIsJudgedTogether: what a list leaves below the limit does not let its compensation slip below it.
func TestCompensationIsJudgedTogether(t *testing.T) {
	p := &policy.Policy{Rewards: &policy.Rewards{DirectorLimit: fixed.Int(50000)}}
	before := []*reviews.RewardList{{Sheets: []reviews.Sheet{{Department: "D1", Total: fixed.Int(-30000)}, {Department: "D2", Total: fixed.Int(49000)}}}, {Sheets: []reviews.Sheet{{Department: "D1", Total: fixed.Int(10000)}}}}
	for _, test := range []struct {
		department string
		amount     int64
		ceo        bool
	}{{"D1", 9999, false}, {"D1", 10000, true}, {"D1", -10000, true}, {"D2", 999, false}, {"D2", 1000, true}, {"D3", 49999, false}, {"D3", -50000, true}} {
		sheets := reviews.Sheets(p, []reviews.RewardLine{{Sheet: test.department, Amount: fixed.Int(test.amount)}}, before)
		if got := slices.Contains(sheets[0].Needs, reviews.CEOStep); got != test.ceo {
			t.Errorf("%s %d: signed by the CEO is %v", test.department, test.amount, got)
		}
	}
}

// TestDeputyActsOnHisDays: not a day earlier or later, and for no other superior.
func TestDeputyActsOnHisDays(t *testing.T) {
	g := &rules{newWorld(t), map[string]bool{}}
	ctx := context.Background()
	g.ok(g.as(hr).OpenQuarter(ctx, quarter))
	from, to := at("2026-10-08 00:00"), at("2026-10-09 00:00")
	g.ok(g.as(headTech).NameDeputy(ctx, headTech, leadSales, from, to, "休假"))
	save := func() error {
		return g.as(leadSales).SaveEvaluations(ctx, quarter, []reviews.EvaluationDraft{evaluation(g.task(engineer, "D2"), fixed.Int(90), "代评")}, g.now)
	}
	for _, day := range []string{"2026-10-07 23:59", "2026-10-10 00:00"} {
		g.now = at(day)
		g.no("evaluation.actor", save)
	}
	g.now = at("2026-10-08 00:01").Add(time.Hour * 47) // the last hour of the last day
	g.no("evaluation.actor", func() error {
		return g.as(leadSales).SaveEvaluations(ctx, quarter, []reviews.EvaluationDraft{evaluation(g.task(finance, "D3"), fixed.Int(90), "代评")}, g.now)
	})
	g.ok(save())
}
