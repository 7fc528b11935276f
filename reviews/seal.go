package reviews

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// Evaluate gives what superiors said of a quarter as known at a ledger sequence; it is a metrics.Evaluator.
func Evaluate(ctx context.Context, tx *warehouse.Tx, of period.Period, asOf int64) (*metrics.Evaluations, error) {
	if of.Kind() != period.Quarter {
		return nil, nil
	}
	r, err := Load(ctx, tx, of, asOf)
	if err != nil {
		return nil, err
	}
	return r.Said(), nil
}

// EvaluatePublished is Evaluate for everybody: until a quarter is published, what superiors said of it is nobody's business, and scores rest on
// the KPIs alone.
func EvaluatePublished(ctx context.Context, tx *warehouse.Tx, of period.Period, asOf int64) (*metrics.Evaluations, error) {
	if of.Kind() != period.Quarter {
		return nil, nil
	}
	r, err := Load(ctx, tx, of, asOf)
	if err != nil || r.Published == nil {
		return nil, err
	}
	return r.Said(), nil
}

// QuarterOf gives the quarter of a month, a quarter itself, and false for a year.
func QuarterOf(p period.Period) (period.Period, bool) {
	switch p.Kind() {
	case period.Quarter:
		return p, true
	case period.Month:
		of, err := period.Parse(fmt.Sprintf("%dQ%d", p.Year(), (p.Number()+2)/3))
		return of, err == nil
	}
	return p, false
}

// SealOf gives the seal of the quarter to which a period belongs, nil when it has none.
func SealOf(ctx context.Context, b *books.Books, p period.Period, asOf int64) (*Seal, error) {
	of, ok := QuarterOf(p)
	if !ok {
		return nil, nil
	}
	var seal *Seal
	err := b.View(ctx, func(tx *warehouse.Tx) error {
		r, err := fold(ctx, tx, of, nobody, asOf)
		if err == nil {
			seal = r.Sealed
		}
		return err
	})
	return seal, err
}

// Standing asks for a period as its seal has it.
func (s *Seal) Standing(p period.Period, v policy.Version, zone *time.Location) metrics.Question {
	return metrics.Question{Period: p, Version: v, AsOf: s.AsOf, Now: s.At.In(zone), Evaluator: Evaluate, Seal: s.ID()}
}

// Seal closes a published quarter for good: ledger, facts, organisation, policy and results under one hash.
func (d *Desk) Seal(ctx context.Context, of period.Period, now time.Time) (*Seal, error) {
	if err := quarterly(of); err != nil {
		return nil, err
	}
	head := d.Books.Ledger().Head()
	ev := &sealed{on: on{of.String()}, AsOf: head.Seq, Head: head.Hash, Policy: d.Version.Hash}
	results, err := ev.gather(ctx, d.Books, d.Version, now.In(d.Zone))
	if err != nil {
		return nil, err
	}
	if r, err := Read(ctx, d.Books, of, head.Seq); err != nil {
		return nil, err
	} else if err := ev.apply(r, Mark{At: now, Actor: d.Actor}); err != nil && !isRule(err, "seal.hash") {
		return nil, err // before the results become an original
	}
	official := func(s *scene) error { return s.official(policy.HR) }
	if err := d.ask(ctx, of, now, official); err != nil {
		return nil, err
	}
	if ev.Results, err = keep(d.Books.Ledger(), results); err != nil {
		return nil, err
	}
	ev.Hash = ev.hash()
	err = d.do(ctx, "quarter.sealed", ev, func(s *scene) error {
		if err := official(s); err != nil {
			return err
		}
		if s.mark.Seq != ev.AsOf+1 || !s.day.Equal(d.dayOf(now)) {
			return refuse("seal.moved", say("计算期间账本有了新的内容", "the ledger went on while the results were computed"), say("请重新封账", "seal it again"))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r, err := Read(ctx, d.Books, of, AsKnownNow)
	if err != nil {
		return nil, err
	}
	return r.Sealed, nil
}

func isRule(err error, rule string) bool {
	r, ok := errors.AsType[*Refusal](err)
	return ok && r.Rule == rule
}

// gather fills in the digests of a seal and gives the results.
func (e *sealed) gather(ctx context.Context, b *books.Books, v policy.Version, now time.Time) ([]byte, error) {
	err := b.View(ctx, func(tx *warehouse.Tx) (err error) {
		e.Facts, e.Org, err = digests(ctx, tx, v.Policy, e.AsOf)
		return err
	})
	if err != nil {
		return nil, err
	}
	r, err := metrics.New(ctx, b, metrics.Question{Period: e.of(), Version: v, AsOf: e.AsOf, Now: now, Evaluator: Evaluate, Proof: true})
	if err != nil {
		return nil, err
	}
	return Results(r), nil
}

// Verify recomputes a sealed quarter from the originals and compares everything with the seal. It names what it finds wrong, the first
// thing first, and reports what it found right to well. Heads exported earlier expose a ledger that was cut or exchanged.
func Verify(ctx context.Context, b *books.Books, of period.Period, zone *time.Location, heads []ledger.Head, well func(policy.Text)) error {
	if err := quarterly(of); err != nil {
		return err
	}
	for _, h := range heads {
		if err := b.Ledger().CheckHead(h); err != nil {
			return Fault{say("早先导出的账本末尾", "the head exported earlier"), told(err)}
		}
		well(say("账本包含早先导出的末尾 %d", "the ledger holds the head %d exported earlier", h.Seq))
	}
	if err := b.Ledger().Verify(ctx); err != nil {
		return Fault{say("账本", "the ledger"), told(err)}
	}
	well(say("账本 %d 个事件首尾相连，原件逐个核对无误", "%d events of the ledger in one chain, every original as it was", b.Ledger().Head().Seq))
	return b.Shadow(ctx, func(shadow *books.Books) error {
		well(say("已由账本与原件重建", "everything was made anew from ledger and originals"))
		r, err := Read(ctx, shadow, of, AsKnownNow)
		if err != nil {
			return Fault{say("决定的次序", "the order of decisions"), told(err)}
		}
		if r.Sealed == nil {
			return r.standing()
		}
		if err := compareWarehouses(ctx, b, shadow); err != nil {
			return err
		}
		well(say("数据库与重建的逐行一致", "the warehouse holds row by row what was made anew"))
		return r.verify(ctx, shadow, zone, well)
	})
}

// verify recomputes the seal and the lists of a round.
func (r *Round) verify(ctx context.Context, b *books.Books, zone *time.Location, well func(policy.Text)) error {
	s := r.Sealed
	e := &sealed{on: on{r.Period.String()}, AsOf: s.AsOf, Head: s.Head, Policy: s.Policy, Facts: s.Facts, Org: s.Org, Results: s.Results}
	if e.hash() != s.Hash {
		return Fault{say("封账号", "the seal"), say("其哈希不是各部分的哈希", "its hash is not that of its parts")}
	}
	if err := b.Ledger().CheckHead(ledger.Head{Seq: s.AsOf, Hash: s.Head}); err != nil {
		return Fault{say("封账时的账本", "the ledger of the seal"), told(err)}
	}
	v, err := policy.InForce(ctx, b.Warehouse(), s.AsOf, r.Period.LastDay())
	if err != nil {
		return err
	}
	if v.Hash != s.Policy {
		return Fault{say("制度", "the policy"), say("第 %d 版的哈希是 %s，封账记的是 %s", "version %d has the hash %s, the seal names %s", v.Number, v.Hash, s.Policy)}
	}
	again := &sealed{on: e.on, AsOf: s.AsOf}
	results, err := again.gather(ctx, b, v, s.At.In(zone))
	if err != nil {
		return err
	}
	switch {
	case again.Facts != s.Facts:
		return Fault{say("数据记录", "the records"), say("摘要是 %s，封账记的是 %s", "their digest is %s, the seal names %s", again.Facts, s.Facts)}
	case again.Org != s.Org:
		return Fault{say("组织", "the organisation"), say("摘要是 %s，封账记的是 %s", "its digest is %s, the seal names %s", again.Org, s.Org)}
	}
	well(say("记录与组织的摘要与封账一致", "records and organisation have the digests of the seal"))
	was, err := kept(b.Ledger(), s.Results)
	if err != nil {
		return Fault{say("封账结果", "the sealed results"), told(err)}
	}
	if d := difference(was, results); d != (policy.Text{}) {
		return Fault{say("封账结果", "the sealed results"), d}
	}
	well(say("重算的 %d 行结果与封账逐行一致（封账号 %s）", "all %d rows of results computed anew are those of the seal %s", strings.Count(string(was), "\n")-1, s.ID()))
	return r.verifyLists(ctx, b, v, zone, well)
}

// compareWarehouses names the first row in which the warehouse in use is not what the ledger says.
func compareWarehouses(ctx context.Context, used, made *books.Books) error {
	var tables []string
	err := made.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, statements.Get("tables"), nil, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			tables = append(tables, name)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, t := range tables {
		var sums [2]string
		for i, b := range []*books.Books{used, made} {
			if sums[i], err = tableDigest(ctx, b, t); err != nil {
				return Fault{say("数据库的表 %s", "the table %s of the warehouse", t), told(err)}
			}
		}
		if sums[0] == sums[1] {
			continue
		}
		row, err := firstDifference(ctx, used, made, t)
		if err != nil {
			return err
		}
		return Fault{say("数据库的表 %s", "the table %s of the warehouse", t), row}
	}
	return nil
}

func tableDigest(ctx context.Context, b *books.Books, table string) (sum string, err error) {
	s := warehouse.SQL("digest "+table, fmt.Sprintf(`SELECT count(*) || ' ' || coalesce(sum(CAST(md5_number_lower(CAST(t AS VARCHAR)) AS HUGEINT)), 0) || ' ' || coalesce(sum(CAST(md5_number_upper(CAST(t AS VARCHAR)) AS HUGEINT)), 0) FROM %s t`, table))
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		sum, err = warehouse.One[string](ctx, tx, s, nil)
		return err
	})
	return sum, err
}

// firstDifference gives the first row, in order, that only one of both has.
func firstDifference(ctx context.Context, used, made *books.Books, table string) (none policy.Text, err error) {
	rows := func(b *books.Books) (list []string, err error) {
		s := warehouse.SQL("rows of "+table, fmt.Sprintf("SELECT CAST(t AS VARCHAR) FROM %s t", table))
		err = b.View(ctx, func(tx *warehouse.Tx) error {
			return tx.Each(ctx, s, nil, func(scan func(...any) error) error {
				var row string
				err := scan(&row)
				list = append(list, row)
				return err
			})
		})
		slices.Sort(list)
		return list, err
	}
	has, err := rows(used)
	if err != nil {
		return none, err
	}
	should, err := rows(made)
	if err != nil {
		return none, err
	}
	for i, j := 0, 0; i < len(has) || j < len(should); {
		switch {
		case i < len(has) && j < len(should) && has[i] == should[j]:
			i, j = i+1, j+1
		case j == len(should) || i < len(has) && has[i] < should[j]:
			return say("多出 %s，账本中没有", "it holds %s, which the ledger does not give", has[i]), nil
		default:
			return say("缺少 %s，账本中有", "it lacks %s, which the ledger gives", should[j]), nil
		}
	}
	return none, nil
}
