package metrics

import (
	"context"
	"math/big"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
)

// Member is a person in a department, whatever the days.
type Member struct{ Employee, Department string }

// Evaluated is a person in a department under one superior, "" where nobody stands above.
type Evaluated struct {
	Member
	Superior string
}

// Evaluations are what superiors said of a period, as known at a moment. Points are on the scale of scores.
type Evaluations struct {
	Given      map[Evaluated]Given
	Calibrated map[Member]Calibration // takes the place of what superiors gave
	Exempt     map[Member]string      // nobody evaluates, for this reason: the KPI part alone is final
}

// Given is an evaluation of one superior.
type Given struct {
	Points fixed.Num // of all items by their weights, rounded to two decimals
	Items  []GivenItem
}

// GivenItem are the points for one KPI of the scorecard.
type GivenItem struct {
	KPI    string // its id
	Points fixed.Num
}

// Calibration are points that were set, by whom and why.
type Calibration struct {
	Points fixed.Num
	By     string // employee number
	On     time.Time
	Reason string
	Appeal string // by which it was granted; "" in the calibration of the department
}

// Evaluator reads the evaluations of a period as known at a ledger sequence. A nil Evaluator, and nil Evaluations, mean that there are none.
type Evaluator func(ctx context.Context, tx *warehouse.Tx, of period.Period, asOf int64) (*Evaluations, error)

// SuperiorPoints is what one superior gave, with the days on which he stood above the person.
type SuperiorPoints struct {
	No    string // "" where nobody stands above
	Days  int
	Given *Given // nil: not in yet
}

// Evaluation is the superiors' part of a score.
type Evaluation struct {
	Superiors  []SuperiorPoints // in the order of their first days
	Mean       *fixed.Num       // of the superiors' points, by days, rounded to two decimals; nil: one of them is missing
	Calibrated *Calibration     // the points that count instead; nil: Mean counts
	Exempt     bool             // nobody evaluates: the KPI part alone is final
	Why        string           // the reason of the exemption
}

// Points gives what the superiors' part comes to, nil when it is not in.
func (e *Evaluation) Points() *fixed.Num {
	switch {
	case e == nil || e.Exempt:
		return nil
	case e.Calibrated != nil:
		return &e.Calibrated.Points
	}
	return e.Mean
}

// of joins what superiors gave to a person in a department, each weighted by the days on which he stood above. nil: there are no evaluations.
func (e *Evaluations) of(m Member, superiors []Superior) *Evaluation {
	if e == nil {
		return nil
	}
	r := &Evaluation{}
	r.Why, r.Exempt = e.Exempt[m]
	if c, ok := e.Calibrated[m]; ok {
		r.Calibrated = &c
	}
	at := map[string]int{}
	for _, s := range superiors {
		i, ok := at[s.No]
		if !ok {
			i = len(r.Superiors)
			at[s.No] = i
			part := SuperiorPoints{No: s.No}
			if given, ok := e.Given[Evaluated{m, s.No}]; ok {
				part.Given = &given
			}
			r.Superiors = append(r.Superiors, part)
		}
		r.Superiors[i].Days += int(s.To.Sub(s.From).Hours()/24) + 1
	}
	r.mean()
	return r
}

func (e *Evaluation) mean() {
	sum, days := new(big.Rat), int64(0)
	for _, s := range e.Superiors {
		if s.Given == nil {
			return
		}
		sum.Add(sum, new(big.Rat).Mul(s.Given.Points.Rat(), big.NewRat(int64(s.Days), 1)))
		days += int64(s.Days)
	}
	if days > 0 {
		mean := round2(sum.Quo(sum, big.NewRat(days, 1)))
		e.Mean = &mean
	}
}
