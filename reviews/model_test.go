package reviews_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/reviews"
)

// people are all who may act, and somebody who does not exist.
var people = []string{ceo, headSales, leadSales, seller, mover, headTech, engineer, hr, headOffice, finance, "E99"}

var departments = []string{"D1", "D2", "D3", "D9"}

// TestRandomCommands: whatever whoever tries in whatever order, the rules of the states hold; what is refused leaves no trace; what is not
// is one event more; nobody ever decides about himself; every earlier state can still be read; and a rebuild gives the same.
func TestRandomCommands(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		g := &game{world: w, rt: rt, tasks: w.tasks()}
		g.run()
		w.close()
		w.open()
		g.compare("reopened")
		if err := w.b.Rebuild(context.Background()); err != nil {
			rt.Fatal(err)
		}
		g.compare("rebuilt")
		g.judges()
		w.close()
	})
}

// game is one sequence of commands.
type game struct {
	*world
	rt     *rapid.T
	tasks  []reviews.Task
	states []kept // after every command that was carried out
}

// kept is the state of the rounds after an event.
type kept struct {
	seq   int64
	state string
}

func (g *game) run() {
	ctx := context.Background()
	for range rapid.IntRange(10, 60).Draw(g.rt, "steps") {
		g.now = g.now.Add(time.Duration(rapid.SampledFrom([]int{1, 1, 1, 1, 24, 24 * 9}).Draw(g.rt, "hours")) * time.Hour)
		before, head := g.state(always), g.b.Ledger().Head().Seq
		name, err := g.command(ctx)
		after := g.b.Ledger().Head().Seq
		switch {
		case err != nil:
			if _, ok := errors.AsType[*reviews.Refusal](err); !ok {
				g.rt.Fatalf("%s: not refused but failed: %v", name, err)
			}
			if after != head || g.state(always) != before {
				g.rt.Fatalf("%s was refused (%v), but something changed", name, err)
			}
		case after != head+1:
			g.rt.Fatalf("%s: the ledger went from %d to %d", name, head, after)
		default:
			g.states = append(g.states, kept{after, g.state(always)})
			g.lawful(name)
		}
	}
}

// command tries one command of a random actor. Those on the way to the seal come more often, so that every state is reached.
func (g *game) command(ctx context.Context) (string, error) {
	actor := rapid.SampledFrom(people).Draw(g.rt, "actor")
	if rapid.Bool().Draw(g.rt, "by the book") {
		actor = rapid.SampledFrom([]string{hr, ceo}).Draw(g.rt, "official")
	}
	d := g.as(actor)
	task := rapid.SampledFrom(g.tasks).Draw(g.rt, "task")
	department := rapid.SampledFrom(departments).Draw(g.rt, "department")
	employee := rapid.SampledFrom(people).Draw(g.rt, "employee")
	reason := rapid.SampledFrom([]string{"有据可查", ""}).Draw(g.rt, "reason")
	points := fixed.Int(rapid.Int64Range(-5, 130).Draw(g.rt, "points"))
	r := g.round()
	appeal := "2026Q3-A1"
	if n := len(r.Appeals); n > 0 {
		appeal = r.Appeals[rapid.IntRange(0, n-1).Draw(g.rt, "appeal")].ID
	}
	commands := map[string]func() error{
		"open month":   func() error { return d.OpenMonth(ctx, month) },
		"open quarter": func() error { return d.OpenQuarter(ctx, quarter) },
		"save self": func() error {
			return d.SaveSelf(ctx, month, reviews.SelfDraft{Version: rapid.IntRange(0, 2).Draw(g.rt, "version"), AsOf: always, Rest: reviews.Accepted, Text: g.ownPoints(actor)}, g.now)
		},
		"submit self": func() error { return d.SubmitSelf(ctx, month, rapid.IntRange(0, 3).Draw(g.rt, "version"), g.now) },
		"reopen self": func() error { return d.ReopenSelf(ctx, month, employee, reason) },
		"evaluate": func() error {
			x := evaluation(task, points, reason)
			x.Version = rapid.IntRange(0, 1).Draw(g.rt, "version")
			return d.SaveEvaluations(ctx, quarter, []reviews.EvaluationDraft{x}, g.now)
		},
		"evaluate all": func() error {
			var all []reviews.EvaluationDraft
			for _, t := range g.tasks {
				t.Done = r.Evaluations[t.Evaluated]
				if t.Done == nil || t.Done.State != reviews.Submitted {
					all = append(all, evaluation(t, fixed.Int(90), "综合评价"))
				}
			}
			if len(all) == 0 {
				return d.OpenQuarter(ctx, quarter)
			}
			return d.SaveEvaluations(ctx, quarter, all, g.now)
		},
		"return": func() error {
			return d.ReturnEvaluation(ctx, quarter, task.Evaluated, version(r, task.Evaluated), reason)
		},
		"calibrate": func() error {
			return d.Calibrate(ctx, quarter, task.Member, rapid.IntRange(0, 1).Draw(g.rt, "version"), points, reason)
		},
		"exempt":        func() error { return d.Exempt(ctx, quarter, task.Member, reason) },
		"unexempt":      func() error { return d.Unexempt(ctx, quarter, task.Member, reason) },
		"revoke deputy": func() error { return d.RevokeDeputy(ctx, headTech, employee, reason) },
		"close":         func() error { return d.CloseCalibration(ctx, quarter, department) },
		"reopen":        func() error { return d.ReopenCalibration(ctx, quarter, department, reason) },
		"deputy": func() error {
			return d.NameDeputy(ctx, headTech, employee, g.now, g.now.AddDate(0, 0, rapid.IntRange(-1, 20).Draw(g.rt, "days")), reason)
		},
		"publish": func() error { return d.Publish(ctx, quarter, g.now) },
		"appeal": func() error {
			_, err := d.File(ctx, quarter, reviews.Objection{Department: department, Against: rapid.SampledFrom([]reviews.Against{reviews.Fact, reviews.Judgement}).Draw(g.rt, "against"), Text: reason}, g.now)
			return err
		},
		"mediate": func() error {
			return d.Mediate(ctx, appeal, reviews.Verdict{Outcome: rapid.SampledFrom([]reviews.Outcome{reviews.Granted, reviews.Settled, reviews.Failed, "maybe"}).Draw(g.rt, "outcome"), Reason: reason, Remedy: reviews.Remedy{Points: &points}})
		},
		"escalate": func() error { return d.Escalate(ctx, appeal, reason, g.now) },
		"arbitrate": func() error {
			return d.Arbitrate(ctx, appeal, reviews.Verdict{Outcome: rapid.SampledFrom([]reviews.Outcome{reviews.Granted, reviews.Dismissed}).Draw(g.rt, "outcome"), Reason: reason})
		},
		"withdraw": func() error { return d.Withdraw(ctx, appeal, reason) },
		"seal":     func() error { _, err := d.Seal(ctx, quarter, g.now); return err },
		"draw":     func() error { _, err := d.Draw(ctx, quarter); return err },
		"sign": func() error {
			return d.Sign(ctx, quarter, 0, rapid.SampledFrom([]string{"D1", "D2", "D3", ""}).Draw(g.rt, "sheet"))
		},
		"refuse": func() error { return d.RefuseList(ctx, quarter, 0, department, reason) },
		"emergency": func() error {
			return d.PayAhead(ctx, quarter, 0, department, reason, g.now)
		},
	}
	often := []string{"open month", "open quarter", "save self", "submit self", "evaluate all", "close", "close", "close", "publish", "appeal", "mediate", "seal", "draw", "sign", "sign"}
	names := append(often, "reopen self", "evaluate", "return", "calibrate", "exempt", "unexempt", "reopen", "deputy", "revoke deputy", "escalate", "arbitrate", "withdraw", "refuse", "emergency")
	name := rapid.SampledFrom(names).Draw(g.rt, "command")
	return fmt.Sprintf("%s by %s", name, actor), commands[name]()
}

// ownPoints are a person's points for the items of his scorecards.
func (g *game) ownPoints(no string) (text reviews.SelfText) {
	seen := map[string]bool{}
	for _, t := range g.tasks {
		if t.Employee != no || t.Department == "D1" && no == mover { // in September he is in D2 alone
			continue
		}
		for _, i := range t.Card.Items {
			if !seen[i.KPI.ID] {
				seen[i.KPI.ID] = true
				text.Points = append(text.Points, reviews.ItemPoints{KPI: i.KPI.ID, Points: fixed.Int(90)})
			}
		}
	}
	return text
}

func version(r *reviews.Round, key metrics.Evaluated) int {
	if e := r.Evaluations[key]; e != nil {
		return e.Version
	}
	return 0
}

// state writes both rounds down as known at a ledger sequence.
func (g *game) state(asOf int64) string {
	text := ""
	for _, p := range []*reviews.Round{must(reviews.Read(context.Background(), g.b, quarter, asOf)), must(reviews.Read(context.Background(), g.b, month, asOf))} {
		text += digest(p)
	}
	return text
}

// digest writes a round down; the maps with keys that JSON does not know become lists.
func digest(r *reviews.Round) string {
	evaluations, calibrated, exempt := map[string]any{}, map[string]any{}, map[string]any{}
	for k, x := range r.Evaluations {
		evaluations[fmt.Sprint(k)] = x
	}
	for k, x := range r.Calibrated {
		calibrated[fmt.Sprint(k)] = x
	}
	for k, x := range r.Exempt {
		exempt[fmt.Sprint(k)] = x
	}
	signed := map[string]any{}
	for _, l := range r.Lists {
		for i := range l.Sheets {
			signed[fmt.Sprint(l.Number, l.Sheets[i].Department)] = l.Sheets[i].Signed()
		}
	}
	text, err := json.Marshal([]any{r.Period.String(), r.Opened, r.Due, r.SelfReviews, evaluations, calibrated, exempt, r.Closed, r.Deputies, r.Published, r.AppealUntil, r.Appeals, r.Sealed, r.Lists, signed, r.Approved})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// lawful checks what must hold of the quarter's state after every command.
func (g *game) lawful(name string) {
	r := g.round()
	fail := func(what string) { g.rt.Fatalf("after %s: %s\n%s", name, what, digest(r)) }
	if r.Published != nil {
		for _, d := range []string{"D1", "D2", "D3"} {
			if r.Closed[d] == nil {
				fail("published before " + d + " was calibrated")
			}
		}
		for _, t := range g.tasks {
			e := r.Evaluations[t.Evaluated]
			if (e == nil || e.State != reviews.Submitted) && r.Exempt[t.Member] == nil {
				fail("published without the evaluation of " + t.Employee)
			}
		}
	} else if len(r.Appeals) > 0 {
		fail("an appeal before the publication")
	}
	if s := r.Sealed; s != nil {
		if r.Published == nil || !s.At.After(r.AppealUntil) {
			fail("sealed too early")
		}
		for _, a := range r.Appeals {
			if a.Outcome() == "" || a.Ended().Seq > s.Seq {
				fail("sealed with an open appeal")
			}
		}
	} else if len(r.Lists) > 0 {
		fail("rewards before the seal")
	}
	for _, l := range r.Lists {
		for i := range l.Sheets {
			s := &l.Sheets[i]
			for j, x := range s.Signed() {
				if j >= len(s.Needs) || x.Step != s.Needs[j] {
					fail("a signature out of order")
				}
				if slices.ContainsFunc(s.Signed()[:j], func(y reviews.Signature) bool { return y.Actor == x.Actor }) {
					fail("two steps by one person")
				}
			}
		}
	}
}

// compare makes sure that every state there was can still be read.
func (g *game) compare(when string) {
	for _, k := range g.states {
		if got := g.state(k.seq); got != k.state {
			g.rt.Fatalf("%s: the state at %d is\n%s\nand was\n%s", when, k.seq, got, k.state)
		}
	}
}

// judges makes sure that nobody decided about himself, from the events alone.
func (g *game) judges() {
	for e, err := range g.b.Ledger().Events(0) {
		if err != nil {
			g.rt.Fatal(err)
		}
		var data struct {
			Employee    string
			Evaluations []struct{ Employee string }
			Appeal      string
			Deputy      string
			Superior    string
		}
		_ = json.Unmarshal(e.Data, &data) // other rooms' events have other shapes
		about := []string{data.Employee}
		switch e.Kind {
		case "evaluation.saved":
			for _, x := range data.Evaluations {
				about = append(about, x.Employee)
			}
		case "evaluation.submitted", "evaluation.returned", "evaluation.calibrated", "evaluation.exempted", "evaluation.unexempted", "self.reopened":
		case "appeal.mediated", "appeal.arbitrated":
			for _, a := range g.round().Appeals {
				if a.ID == data.Appeal {
					about = append(about, a.Employee)
				}
			}
		default:
			continue
		}
		for _, no := range about {
			if no == e.Actor {
				g.rt.Fatalf("event %d: %s decided about himself (%s)", e.Seq, no, e.Kind)
			}
		}
	}
}

// TestStatesOfOneRun shows that random commands do reach the end, so that the laws above are not about nothing.
func TestStatesOfOneRun(t *testing.T) {
	w := newWorld(t)
	seal := w.sealed()
	ctx := context.Background()
	if _, err := w.as(hr).Draw(ctx, quarter); err != nil {
		t.Fatal(err)
	}
	for _, s := range w.round().List(0).Sheets {
		for s := w.round().List(0).Sheet(s.Department); s.Next() != ""; s = w.round().List(0).Sheet(s.Department) {
			signer := map[reviews.Step]string{reviews.HeadStep: map[string]string{"D1": headSales, "D2": headTech, "D3": headOffice}[s.Department], reviews.FinanceStep: finance, reviews.CEOStep: ceo}[s.Next()]
			if err := w.as(signer).Sign(ctx, quarter, 0, s.Department); err != nil && w.as(ceo).Sign(ctx, quarter, 0, s.Department) != nil {
				t.Fatalf("%s %s: %v", s.Department, s.Next(), err)
			}
		}
	}
	if r := w.round(); !reflect.DeepEqual(r.Sealed, seal) || !r.Lists[0].Sheets[0].Payable() {
		t.Error("the list is not payable")
	}
}
