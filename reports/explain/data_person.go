package explain

import (
	"encoding/json"
	"math/big"
	"time"

	"plumbline/metrics"
	"plumbline/policy"
)

// Person is the derivation of a score as data.
type Person struct {
	Period        string        `json:"period"`
	Employee      string        `json:"employee_no"`
	Name          string        `json:"name"`
	Status        string        `json:"status"`
	Total         *json.Number  `json:"total"`
	BeforePenalty *json.Number  `json:"before_penalties"`
	Penalty       json.Number   `json:"penalty_points"`
	Earned        string        `json:"band_earned,omitempty"`
	Limited       string        `json:"band_limited,omitempty"`
	Band          string        `json:"band,omitempty"`
	Distribution  *Distribution `json:"distribution,omitempty"`
	Rank          int           `json:"rank,omitempty"`
	RankOf        int           `json:"rank_of,omitempty"`
	Tied          bool          `json:"tied,omitempty"`
	Before        *json.Number  `json:"score_before,omitempty"`
	Lines         []Line        `json:"lines"`
	Unplaced      []Unplaced    `json:"unplaced,omitempty"`
	Files         []FileData    `json:"files,omitempty"`
	Basis         *BasisData    `json:"basis"`
}

// Distribution is what the quotas say.
type Distribution struct {
	People int   `json:"people"`
	Forced bool  `json:"forced"`
	AtMost []int `json:"at_most,omitempty"` // by band from the best: how many may hold it or a better one
	Moved  bool  `json:"moved"`             // it gave the person another band
}

// Line is the time in one department.
type Line struct {
	Department    string       `json:"department"`
	Name          string       `json:"name"`
	Stays         []Stay       `json:"stays"`
	Superiors     []Superior   `json:"superiors"`
	Weight        json.Number  `json:"weight"` // days × share
	Scorecard     string       `json:"scorecard,omitempty"`
	KPIShare      *json.Number `json:"kpi_share,omitempty"`
	SuperiorShare *json.Number `json:"superior_share,omitempty"`
	Items         []Item       `json:"items"`
	Uncapped      *json.Number `json:"uncapped,omitempty"`
	KPIPoints     *json.Number `json:"kpi_points"`
	Superior      *json.Number `json:"superior_points"`
	Evaluations   []Evaluation `json:"evaluations,omitempty"`
	Calibrated    *Calibrated  `json:"calibrated,omitempty"`
	Exempt        string       `json:"exempt,omitempty"` // the reason why nobody evaluates
	BeforePenalty *json.Number `json:"before_penalties"`
	Penalties     []Penalty    `json:"penalties,omitempty"`
	Limits        []Limit      `json:"band_limits,omitempty"`
}

// Evaluation is what one superior gave.
type Evaluation struct {
	Superior string                 `json:"superior"` // "" for nobody
	Days     int                    `json:"days"`
	Points   *json.Number           `json:"points"` // null: not in yet
	Items    map[string]json.Number `json:"items,omitempty"`
}

// Calibrated are points that took the place of what superiors gave.
type Calibrated struct {
	Points json.Number `json:"points"`
	By     string      `json:"by"`
	On     string      `json:"on"`
	Reason string      `json:"reason"`
	Appeal string      `json:"appeal,omitempty"`
}

// evaluation adds the superiors' part.
func (d *Line) evaluation(e *metrics.Evaluation) {
	if e == nil {
		return
	}
	for _, s := range e.Superiors {
		x := Evaluation{Superior: s.No, Days: s.Days}
		if s.Given != nil {
			x.Points, x.Items = optional(&s.Given.Points), map[string]json.Number{}
			for _, i := range s.Given.Items {
				x.Items[i.KPI] = exact(i.Points)
			}
		}
		d.Evaluations = append(d.Evaluations, x)
	}
	if c := e.Calibrated; c != nil {
		d.Calibrated = &Calibrated{exact(c.Points), c.By, c.On.UTC().Format(time.RFC3339), c.Reason, c.Appeal}
	}
	d.Exempt = e.Why
}

// Stay is a stretch of days with one share.
type Stay struct {
	From        string      `json:"from"`
	To          string      `json:"to"`
	Share       json.Number `json:"share"`
	WorkingTime json.Number `json:"working_time"`
}

// Superior is who stood above the person.
type Superior struct {
	Employee string `json:"employee_no"` // "" for nobody
	From     string `json:"from"`
	To       string `json:"to"`
}

// Item is one line of a scorecard.
type Item struct {
	Value       Value        `json:"value"`
	Weight      json.Number  `json:"weight"`
	Curve       [][2]any     `json:"curve"`
	Filled      string       `json:"filled,omitempty"`
	Points      *json.Number `json:"points"`
	PointsExact string       `json:"points_exact,omitempty"` // as a fraction
	Effective   *json.Number `json:"effective_weight"`
	Weighted    *json.Number `json:"weighted_points"`
}

// Penalty is what one penalty takes off.
type Penalty struct {
	Value  Value       `json:"value"`
	Each   json.Number `json:"each"`
	Most   json.Number `json:"most"`
	Points json.Number `json:"points"`
	Limits string      `json:"band_limit,omitempty"` // in force
}

// Limit is a bound of the band.
type Limit struct {
	Value  Value       `json:"value"`
	Figure json.Number `json:"figure"`
	Band   string      `json:"band"`
	Limits bool        `json:"in_force"`
}

// Unplaced counts records of days without a department.
type Unplaced struct {
	KPI   string `json:"kpi"`
	Count int    `json:"count"`
}

// PersonData gives a derivation as data.
func PersonData(d *metrics.Derivation, files []File, lang policy.Lang) Person {
	r := d.Report
	p := Person{Period: r.Period.String(), Employee: d.Person.No, Name: d.Person.Name.In(lang), Status: string(metrics.NoScore), Penalty: "0", Lines: []Line{},
		Files: fileData(files), Basis: basisData(metrics.Basis{PolicyVersion: r.PolicyVersion, PolicyHash: r.PolicyHash, LedgerSeq: r.LedgerSeq, LedgerHash: r.LedgerHash, Day: r.Day, Seal: r.Seal})}
	if d.Score != nil {
		p.score(d.Score)
	}
	for _, l := range d.Lines {
		p.Lines = append(p.Lines, lineData(l, lang))
	}
	for _, u := range d.Unplaced {
		p.Unplaced = append(p.Unplaced, Unplaced{u.KPI.ID, u.Count})
	}
	return p
}

// score sets what the person's lines come to.
func (p *Person) score(s *metrics.PersonScore) {
	p.Status, p.Total, p.BeforePenalty, p.Before = string(s.Status), optional(s.Total), optional(s.BeforePenalties), optional(s.Before)
	p.Penalty, p.Rank, p.RankOf, p.Tied = exact(s.PenaltyPoints), s.Rank, s.RankOf, s.Tied
	p.Earned, p.Limited, p.Band = bandID(s.Earned), bandID(s.BandLimited), bandID(s.Band)
	if of := s.Distribution; of != nil {
		p.Distribution = &Distribution{of.People, of.Forced, of.AtMost, s.Forced}
	}
}

func bandID(b *policy.Band) string {
	if b == nil {
		return ""
	}
	return b.ID
}

func lineData(l metrics.LineReceipts, lang policy.Lang) Line {
	s := &l.Line.Score
	d := Line{Department: l.Department.ID, Name: l.Department.Name.In(lang), Weight: exact(l.Line.Weight), Items: []Item{}, Uncapped: optional(s.Uncapped),
		KPIPoints: optional(s.KPIPoints), Superior: optional(s.Superior), BeforePenalty: optional(s.BeforePenalties)}
	d.evaluation(s.Evaluation)
	for _, stay := range l.Stays {
		d.Stays = append(d.Stays, Stay{date(stay.First), date(stay.Last), exact(stay.Share * 100), exact(stay.Working * 100)})
	}
	for _, of := range l.Line.Superiors {
		d.Superiors = append(d.Superiors, Superior{of.No, date(of.From), date(of.To)})
	}
	if card := s.Scorecard; card != nil {
		d.Scorecard, d.KPIShare, d.SuperiorShare = card.ID, optional(&card.KPIShare), optional(&card.SuperiorShare)
	}
	for _, item := range s.Items {
		d.Items = append(d.Items, itemData(l, item, lang))
	}
	for _, of := range s.Penalties {
		penalty := Penalty{Value: receiptData(l.Of(of.Penalty.KPI), lang), Each: exact(of.Penalty.Each), Most: exact(of.Penalty.Most), Points: exact(of.Points)}
		if of.Limits {
			penalty.Limits = bandID(of.Penalty.BandLimit)
		}
		d.Penalties = append(d.Penalties, penalty)
	}
	for _, of := range s.BandLimits {
		d.Limits = append(d.Limits, Limit{receiptData(l.Of(of.Limit.KPI), lang), exact(of.Limit.Figure), bandID(of.Limit.Band), of.Limits})
	}
	return d
}

func itemData(l metrics.LineReceipts, item metrics.ItemScore, lang policy.Lang) Item {
	d := Item{Value: receiptData(l.Of(item.Item.KPI), lang), Weight: exact(item.Item.Weight), Filled: string(item.Filled)}
	d.Value.fill(item.Value) // with the scorecard's target where nothing more particular was set
	for _, knot := range item.Item.Curve {
		d.Curve = append(d.Curve, [2]any{exact(knot.Attainment), exact(knot.Points)})
	}
	if item.Points == nil {
		return d
	}
	weighted := new(big.Rat).Mul(item.Points, item.Weight)
	d.Points, d.PointsExact = decimal(item.Points), item.Points.RatString()
	d.Effective, d.Weighted = decimal(item.Weight), decimal(weighted.Quo(weighted, big.NewRat(100, 1)))
	return d
}
