package metrics

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Simulation shows a period as judged by the policy in force and by another one, over the same facts. Nothing is recorded.
//
// A reward is bonus base × bonus coefficient of the band × part. The base is the person's own, or else the policy's parameter bonus_base;
// both are for a quarter, so that a month has a third of it and a year four times as much. The part is the days × shares of the stays with a
// score ÷ the days of the period. The product is rounded once, to cents, half away from zero; every sum is one of rounded rewards.
type Simulation struct {
	Old, New    *Report
	Changes     []policy.Difference
	People      []PersonEffect     // by department as in the reports, then by number
	Departments []DepartmentEffect // those with people
	Bands       []BandMove         // from the best of the old bands to the best of the new ones; those without people are left out
	Company     Cost
	Overruled   []Overruled // in the order of Changes
}

// Overruled is a changed target of a scorecard that does not reach everybody whom the scorecard judges, since a target that is recorded
// for the person or the department goes before it.
type Overruled struct {
	Scorecard *policy.Scorecard
	KPI       *policy.KPI
	People    int // with a recorded target
	Of        int // whom the scorecard judges
}

// Unpaid says why there is no reward.
type Unpaid string

// The reasons. Without a score or a band nothing is paid; without a coefficient or a base it is not known what would be.
const (
	Paid    Unpaid = ""
	NoTotal Unpaid = "no_score"
	NoBand  Unpaid = "no_band"  // the score lies below the lowest band
	NoBonus Unpaid = "no_bonus" // the policy gives its bands no bonus coefficients
	NoBase  Unpaid = "no_base"  // neither the person nor the policy has a bonus base
)

// Outcome is what one policy comes to for a person.
type Outcome struct {
	Judgement
	Coefficient *fixed.Num
	Base        *fixed.Num // for a quarter
	OwnBase     bool       // the person's, not the policy's
	Weight      fixed.Num  // days × shares of the stays with a score
	Reward      *fixed.Num // nil: Unpaid says why
	Unpaid      Unpaid
}

// amount is what is paid, nothing without a score or a band, and false when it is not known.
func (o Outcome) amount() (fixed.Num, bool) {
	switch o.Unpaid {
	case Paid:
		return *o.Reward, true
	case NoTotal, NoBand:
		return 0, true
	}
	return 0, false
}

// PersonEffect is what the other policy changes for a person.
type PersonEffect struct {
	Person     Person
	Department string // at the end of the period, or of the person's last day in it
	Old, New   Outcome
}

// ScoreChange gives the new score less the old one; nil when one of them is missing.
func (e PersonEffect) ScoreChange() *fixed.Num { return less(e.New.Total, e.Old.Total) }

// RewardChange gives the new reward less the old one, no reward for want of a score counted as nothing; nil when one is not known.
func (e PersonEffect) RewardChange() *fixed.Num {
	x, ok := e.Old.amount()
	y, ok2 := e.New.amount()
	if !ok || !ok2 {
		return nil
	}
	d := y - x
	return &d
}

// Changed reports whether score, band, coefficient or reward differ.
func (e PersonEffect) Changed() bool {
	return !sameNum(e.Old.Total, e.New.Total) || idOf(e.Old.Band) != idOf(e.New.Band) || !sameNum(e.Old.Coefficient, e.New.Coefficient) ||
		!sameNum(e.Old.Reward, e.New.Reward)
}

func less(a, b *fixed.Num) *fixed.Num {
	if a == nil || b == nil {
		return nil
	}
	d := *a - *b
	return &d
}

// Cost adds up the rewards of a group of people.
type Cost struct {
	People   int
	Changed  int // people with another score, band, coefficient or reward
	Up, Down int // people whose band becomes better and worse
	Old, New *fixed.Num
	// OldUnknown and NewUnknown count the people whose reward is not known; the sums leave them out, and are nil when nobody's is known.
	OldUnknown, NewUnknown int
}

// Change gives the new sum less the old one; nil when the reward of somebody is not known.
func (c Cost) Change() *fixed.Num {
	if c.OldUnknown+c.NewUnknown > 0 {
		return nil
	}
	return less(c.New, c.Old)
}

// DepartmentEffect is what the other policy changes for a department: its own score, and the people who are there at the end, without
// those of departments below.
type DepartmentEffect struct {
	Department Department
	Old, New   Judgement
	Cost
}

// BandMove is how many people go from one band to another; nil stands for no band.
type BandMove struct {
	From, To *policy.Band
	People   int
}

// Simulate judges the question's period by the question's version and by another policy. The other policy is not adopted and need not be:
// its KPIs are computed over the facts there are. When they read what no file has brought yet, the error is of type policy.Errors.
func Simulate(ctx context.Context, b *books.Books, q Question, other *policy.Policy) (*Simulation, error) {
	fail := func(err error) (*Simulation, error) { return nil, fmt.Errorf("simulate %s: %w", q.Period, err) }
	known, err := state(ctx, b, q.AsOf)
	if err != nil {
		return fail(err)
	}
	q.AsOf = known.Seq // both reports look at one state
	if err := b.View(ctx, func(tx *warehouse.Tx) error { return policy.Lacking(ctx, tx, other) }); err != nil {
		return nil, err
	}
	s := &Simulation{Changes: policy.Diff(q.Version.Policy, other)}
	if s.Old, err = New(ctx, b, q); err != nil {
		return fail(err)
	}
	q.inForce = q.Version.Policy
	q.Version = policy.Version{Policy: other, Hash: other.Source.Hash()}
	if s.New, err = New(ctx, b, q); err != nil {
		return fail(err)
	}
	bases, err := readBases(ctx, b, s.Old.LedgerSeq, hasBases(s.Old.Policy) || hasBases(s.New.Policy))
	if err != nil {
		return fail(err)
	}
	if err := s.people(bases); err != nil {
		return fail(err)
	}
	s.sumUp()
	return s, nil
}

// hasBases reports whether people may have a bonus base of their own.
func hasBases(p *policy.Policy) bool {
	return p.Dataset(policy.Employees).Column(policy.BonusBase) != nil
}

// readBases reads people's own bonus bases, where they may have some.
func readBases(ctx context.Context, b *books.Books, asOf int64, may bool) (map[string]fixed.Num, error) {
	bases := map[string]fixed.Num{}
	if !may {
		return bases, nil
	}
	own := warehouse.SQL("bonus bases", "SELECT employee_no, CAST(bonus_base * 10000 AS BIGINT)\nFROM facts.employees "+known+" AND bonus_base IS NOT NULL")
	err := b.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, own, warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
			var no string
			var base sql.NullInt64
			err := scan(&no, &base)
			bases[no] = fixed.Num(base.Int64)
			return err
		})
	})
	return bases, err
}

// Outcomes gives what a report comes to for each person, parallel to Scores.
func Outcomes(ctx context.Context, b *books.Books, r *Report) ([]Outcome, error) {
	bases, err := readBases(ctx, b, r.LedgerSeq, hasBases(r.Policy))
	if err != nil {
		return nil, fmt.Errorf("rewards of %s: %w", r.Period, err)
	}
	list := make([]Outcome, len(r.Scores))
	for i := range r.Scores {
		if list[i], err = outcome(r, &r.Scores[i], bases); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// people pairs the people of both reports.
func (s *Simulation) people(bases map[string]fixed.Num) error {
	effects := map[string]*PersonEffect{}
	var numbers []string
	for i, r := range []*Report{s.New, s.Old} {
		for _, score := range r.Scores {
			e := effects[score.Person.No]
			if e == nil {
				e = &PersonEffect{Person: score.Person, Department: score.Department, Old: Outcome{Unpaid: NoTotal}, New: Outcome{Unpaid: NoTotal}}
				e.Old.Status, e.New.Status = NoScore, NoScore
				effects[score.Person.No] = e
				numbers = append(numbers, score.Person.No)
			}
			o, err := outcome(r, &score, bases)
			if err != nil {
				return err
			}
			if i == 0 {
				e.New = o
			} else {
				e.Old = o
			}
		}
	}
	slices.Sort(numbers)
	place := map[string]int{}
	for i, d := range s.New.Departments {
		place[d.Department.ID] = i
	}
	for _, no := range numbers {
		s.People = append(s.People, *effects[no])
	}
	slices.SortStableFunc(s.People, func(a, b PersonEffect) int { return place[a.Department] - place[b.Department] })
	return nil
}

// outcome gives a person's reward by the report's policy.
func outcome(r *Report, s *PersonScore, bases map[string]fixed.Num) (Outcome, error) {
	o := Outcome{Judgement: Judgement{s.Department, s.Total, s.Band, s.Rank, s.RankOf, s.Status}}
	for _, i := range s.Lines {
		if l := &r.People[i]; l.Score.Total != nil {
			o.Weight += l.Weight
		}
	}
	if base, own := bases[s.Person.No]; own && hasBases(r.Policy) {
		o.Base, o.OwnBase = &base, true
	} else if p := r.Policy.Parameter(policy.BonusBase); p != nil {
		o.Base = &p.Value
	}
	if s.Band != nil {
		o.Coefficient = s.Band.Bonus
	}
	switch {
	case len(r.Policy.Bands) == 0 || r.Policy.Bands[0].Bonus == nil: // all have one or none
		o.Unpaid = NoBonus
	case s.Total == nil:
		o.Unpaid = NoTotal
	case s.Band == nil:
		o.Unpaid = NoBand
	case o.Base == nil:
		o.Unpaid = NoBase
	default:
		reward, ok := Reward(r.Period, *o.Base, *o.Coefficient, o.Weight)
		if !ok {
			return o, fmt.Errorf("the reward of %s is too large: check the bonus base %s and the coefficient %s (奖金过大，请核对奖金基数与系数)", s.Person.No, o.Base, o.Coefficient)
		}
		o.Reward = &reward
	}
	return o, nil
}

// Reward gives the reward for a period in cents: base of a quarter × coefficient × weight ÷ days of the period, rounded once. It reports
// false when that is more than a fixed.Num holds.
func Reward(p period.Period, base, coefficient, weight fixed.Num) (fixed.Num, bool) {
	days := int64(Days(p))
	r := new(big.Rat).Mul(base.Rat(), coefficient.Rat())
	r.Mul(r, weight.Rat())
	r.Mul(r, Quarters(p))
	return fixed.Round(r.Quo(r, big.NewRat(days, 1)), 2)
}

// Days counts the calendar days of a period.
func Days(p period.Period) int { return int(p.End().Sub(p.Start()).Hours() / 24) }

// Quarters gives how many quarters a period is: a third for a month, four for a year.
func Quarters(p period.Period) *big.Rat { return big.NewRat(int64(p.Kind()), int64(period.Quarter)) }

// sumUp fills in the sums of departments and company and the moves between bands.
func (s *Simulation) sumUp() {
	old := map[string]*DepartmentLine{}
	for i := range s.Old.Departments {
		old[s.Old.Departments[i].Department.ID] = &s.Old.Departments[i]
	}
	for i := range s.New.Departments {
		d := &s.New.Departments[i]
		e := DepartmentEffect{Department: d.Department, New: departmental(d), Old: departmental(old[d.Department.ID])}
		for _, p := range s.People {
			if p.Department == d.Department.ID {
				e.add(p, s)
			}
		}
		if e.People > 0 {
			s.Departments = append(s.Departments, e)
		}
	}
	for _, p := range s.People {
		s.Company.add(p, s)
	}
	s.moves()
	s.overrule()
}

// overrule finds the changed targets that recorded ones go before.
func (s *Simulation) overrule() {
	for _, d := range s.Changes {
		id, ok := strings.CutPrefix(d.Field, "target ")
		if d.Part != policy.ScorecardsPart || !ok || d.New.ZH == "" {
			continue
		}
		o := Overruled{KPI: s.New.Policy.KPI(id)}
		judged, overruled := map[string]bool{}, map[string]bool{}
		for _, l := range s.New.People {
			if l.Score.Scorecard == nil || l.Score.Scorecard.ID != d.ID {
				continue
			}
			o.Scorecard = l.Score.Scorecard
			judged[l.Person.No] = true
			for _, item := range l.Score.Items {
				if from := item.Value.TargetFrom; item.Item.KPI == o.KPI && from != nil && from.Scorecard == nil {
					overruled[l.Person.No] = true
				}
			}
		}
		if o.People, o.Of = len(overruled), len(judged); o.People > 0 {
			s.Overruled = append(s.Overruled, o)
		}
	}
}

func departmental(d *DepartmentLine) Judgement {
	if d == nil {
		return Judgement{Status: NoScore}
	}
	return Judgement{Department: d.Department.ID, Total: d.Score.Total, Band: d.Score.Band, Status: d.Score.Status}
}

// add counts a person in.
func (c *Cost) add(e PersonEffect, s *Simulation) {
	c.People++
	if e.Changed() {
		c.Changed++
	}
	switch x, y := place(s.Old.Policy.Bands, e.Old.Band), s.likeOld(e.New.Band); {
	case y < x:
		c.Up++
	case y > x:
		c.Down++
	}
	plus(&c.Old, &c.OldUnknown, e.Old)
	plus(&c.New, &c.NewUnknown, e.New)
}

// plus adds what is paid to a sum.
func plus(sum **fixed.Num, unknown *int, o Outcome) {
	amount, ok := o.amount()
	if !ok {
		*unknown++
		return
	}
	if *sum == nil {
		*sum = new(fixed.Num)
	}
	**sum += amount
}

// likeOld gives the position of a new band among the old ones. One that only the new policy has stands where its lowest score would.
func (s *Simulation) likeOld(b *policy.Band) int {
	bands := s.Old.Policy.Bands
	if b == nil {
		return len(bands)
	}
	if i := place(bands, b); i >= 0 {
		return i
	}
	return place(bands, s.Old.Policy.BandFor(b.From))
}

// moves counts the people by band before and after.
func (s *Simulation) moves() {
	for i := range len(s.Old.Policy.Bands) + 1 {
		for j := range len(s.New.Policy.Bands) + 1 {
			from, to := bandAt(s.Old.Policy.Bands, i), bandAt(s.New.Policy.Bands, j)
			m := BandMove{From: from, To: to}
			for _, e := range s.People {
				if idOf(e.Old.Band) == idOf(from) && idOf(e.New.Band) == idOf(to) {
					m.People++
				}
			}
			if m.People > 0 {
				s.Bands = append(s.Bands, m)
			}
		}
	}
}

// bandAt gives a band by its position; nil past the last.
func bandAt(bands []policy.Band, i int) *policy.Band {
	if i >= len(bands) {
		return nil
	}
	return &bands[i]
}
