package reviews

import (
	"slices"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// Round is everything that was decided about one period: self-reviews of a month; evaluations, appeals, rewards and seal of a quarter.
type Round struct {
	Period      period.Period
	Opened      *Mark
	Due         time.Time              // when self-reviews or evaluations are due
	SelfReviews map[string]*SelfReview // by employee
	Evaluations map[metrics.Evaluated]*Evaluation
	Calibrated  map[metrics.Member]*Calibration
	Exempt      map[metrics.Member]*Exemption
	Closed      map[string]*Mark // departments whose calibration is closed
	Deputies    []Deputy
	Published   *Mark
	AppealUntil time.Time // zero before the publication
	Appeals     []*Appeal // in the order of filing
	Sealed      *Seal
	Lists       []*RewardList
	Approved    []Adjustment // in the order of approval

	quarterSealed bool // of a month as foldOf makes it: nothing of it changes any more
}

func newRound(of period.Period) *Round {
	return &Round{Period: of, SelfReviews: map[string]*SelfReview{}, Evaluations: map[metrics.Evaluated]*Evaluation{},
		Calibrated: map[metrics.Member]*Calibration{}, Exempt: map[metrics.Member]*Exemption{}, Closed: map[string]*Mark{}}
}

// State is how far something has come.
type State string

// The states. A quarter goes through them in this order; a self-review knows the first two, an evaluation the first two, a person all.
const (
	Draft      State = "draft"
	Submitted  State = "submitted"  // the self-review is in
	Evaluated  State = "evaluated"  // all superiors' evaluations are in
	Calibrated State = "calibrated" // the department's calibration is closed
	Published  State = "published"
	Sealed     State = "sealed"
)

var stateNames = map[State]policy.Text{
	Draft: {ZH: "草稿", EN: "draft"}, Submitted: {ZH: "已提交", EN: "submitted"}, Evaluated: {ZH: "已评", EN: "evaluated"},
	Calibrated: {ZH: "已校准", EN: "calibrated"}, Published: {ZH: "已公布", EN: "published"}, Sealed: {ZH: "已封账", EN: "sealed"},
}

// Name gives the state in words.
func (s State) Name() policy.Text { return stateNames[s] }

// Reply says what a person thinks of a prefilled line.
type Reply string

// The replies.
const (
	Accepted  Reply = "accepted"
	Commented Reply = "commented"
	Disputed  Reply = "disputed"
)

// Answer is a reply to one prefilled line.
type Answer struct {
	Line    string `json:"line"` // key of the line, such as "kpi:on_time_rate"
	Seen    string `json:"seen"` // what the line said
	Reply   Reply  `json:"reply"`
	Comment string `json:"comment,omitempty"`
}

// ItemPoints are points for one KPI of a scorecard.
type ItemPoints struct {
	KPI     string    `json:"kpi"`
	Points  fixed.Num `json:"points"`
	Comment string    `json:"comment,omitempty"`
}

// SelfText is what a person writes in a self-review.
type SelfText struct {
	Answers      []Answer     `json:"answers,omitempty"`
	Achievements string       `json:"achievements,omitempty"`
	Problems     string       `json:"problems,omitempty"`
	Plan         string       `json:"plan,omitempty"` // of the next month
	Points       []ItemPoints `json:"points,omitempty"`
}

// SelfReview is a person's self-review of a month.
type SelfReview struct {
	Employee string
	State    State
	Version  int // how often it was saved; a save names the version that it saw
	Text     SelfText
	Saved    Mark
	In       *Mark // when it was submitted last
	Late     bool  // after the due time
	Reopened []Reason
}

// Reason is why something was done out of the ordinary.
type Reason struct {
	Mark
	Text string
}

// EvaluationText is what a superior writes.
type EvaluationText struct {
	Items   []ItemPoints `json:"items,omitempty"`
	Comment string       `json:"comment,omitempty"` // shown to the person once published
	Note    string       `json:"note,omitempty"`    // never shown to the person
}

// Evaluation is what one superior says of a person in a department.
type Evaluation struct {
	metrics.Evaluated
	State    State
	Version  int
	Text     EvaluationText
	Points   fixed.Num  // of all items by their weights; once submitted
	KPI      *fixed.Num // points of the KPI part that the superior saw; nil: none
	Saved    Mark
	In       *Mark // when and by whom it was submitted; a deputy's mark names the deputy
	Returned []Reason
}

// Calibration are points that take the place of what the superiors gave.
type Calibration struct {
	metrics.Member
	Points  fixed.Num
	Version int // how often it was set
	Reason
	Appeal string // by which it was granted; "" in the calibration round
}

// Exemption says that nobody evaluates a person.
type Exemption struct {
	metrics.Member
	Reason
}

// Deputy acts for a superior for a while, both days included.
type Deputy struct {
	Superior, Deputy string
	From, To         time.Time
	Reason
	Revoked *Reason // nil: it runs to its last day
}

// Against says what an appeal objects to.
type Against string

// What an appeal may be against.
const (
	Fact      Against = "fact"      // a record is wrong or missing
	Rule      Against = "rule"      // the regulation was applied wrongly, or is wrong
	Judgement Against = "judgement" // the superior's evaluation
)

// Outcome is how an instance decides.
type Outcome string

// The outcomes. Mediation grants, settles or fails; arbitration grants or dismisses.
const (
	Granted   Outcome = "granted"
	Settled   Outcome = "settled" // the person is content without a change
	Failed    Outcome = "failed"
	Dismissed Outcome = "dismissed"
	Withdrawn Outcome = "withdrawn"
)

// Remedy is the cause that a granted appeal changes.
type Remedy struct {
	Points *fixed.Num `json:"points,omitempty"` // of a judgement: the superior's part from now on
	Seq    int64      `json:"seq,omitempty"`    // of a fact or rule: the event that corrected it
}

// Appeal is an objection of a person and what became of it.
type Appeal struct {
	ID                     string // 2026Q3-A1
	Employee, Department   string
	Against                Against
	KPI, Record            string // which figure, which record; may be ""
	Text                   string
	Filed                  Mark
	MediateBy, ArbitrateBy time.Time // zero while it is not with HR
	Mediated               *Decision
	Escalated              *Reason
	Arbitrated             *Decision
	Withdrawn              *Reason
}

// Decision is what an instance decided.
type Decision struct {
	Reason
	Outcome Outcome
	Remedy  Remedy
}

// Outcome gives how an appeal ended, "" while it is open.
func (a *Appeal) Outcome() Outcome {
	switch {
	case a.Withdrawn != nil:
		return Withdrawn
	case a.Arbitrated != nil:
		return a.Arbitrated.Outcome
	case a.Mediated != nil && a.Mediated.Outcome != Failed:
		return a.Mediated.Outcome
	}
	return ""
}

// Ended gives when it ended; nil while it is open.
func (a *Appeal) Ended() *Mark {
	switch {
	case a.Outcome() == "":
		return nil
	case a.Withdrawn != nil:
		return &a.Withdrawn.Mark
	case a.Arbitrated != nil:
		return &a.Arbitrated.Mark
	}
	return &a.Mediated.Mark
}

// Term gives until when the instance with which an appeal is, or ended, had to decide.
func (a *Appeal) Term() time.Time {
	if a.Escalated != nil {
		return a.ArbitrateBy
	}
	return a.MediateBy
}

// InTime reports whether every instance kept its term: false as soon as one did not, nil while that is open and when it was withdrawn.
func (a *Appeal) InTime() *bool {
	late := a.Mediated != nil && a.Mediated.At.After(a.MediateBy) || a.Mediated == nil && a.Escalated != nil || // or nobody could have escalated it
		a.Arbitrated != nil && a.Arbitrated.At.After(a.ArbitrateBy)
	if kept := !late; late || a.Ended() != nil && a.Withdrawn == nil {
		return &kept
	}
	return nil
}

// Why gives the reason with which an appeal ended, "" while it is open.
func (a *Appeal) Why() string {
	switch {
	case a.Outcome() == "":
		return ""
	case a.Withdrawn != nil:
		return a.Withdrawn.Text
	case a.Arbitrated != nil:
		return a.Arbitrated.Text
	}
	return a.Mediated.Text
}

// Seal is what a sealed quarter stands on. Hash is SHA-256 over all the rest.
type Seal struct {
	Mark
	AsOf    int64  // the ledger sequence up to which everything counts
	Head    string // hash of that event
	Policy  string // SHA-256 of the policy's files
	Facts   string // digest of the records known then
	Org     string // digest of departments, people and memberships known then
	Results string // SHA-256 of the original that holds the results
	Hash    string
}

// ID is the short form of the seal that exports show.
func (s *Seal) ID() string { return strings.ToUpper(s.Hash[:12]) }

// Adjustment is a change of a sealed quarter that was approved: what the ledger says up to Seq counts for compensation.
type Adjustment struct {
	Reason
	Seq int64
}

// appeal gives an appeal by its id.
func (r *Round) appeal(id string) *Appeal {
	if i := slices.IndexFunc(r.Appeals, func(a *Appeal) bool { return a.ID == id }); i >= 0 {
		return r.Appeals[i]
	}
	return nil
}

// Said gives what superiors said, for reports; nil before the evaluations are opened.
func (r *Round) Said() *metrics.Evaluations {
	if r.Opened == nil {
		return nil
	}
	e := &metrics.Evaluations{Given: map[metrics.Evaluated]metrics.Given{}, Calibrated: map[metrics.Member]metrics.Calibration{}, Exempt: map[metrics.Member]string{}}
	for key, x := range r.Evaluations {
		if x.State != Submitted {
			continue
		}
		given := metrics.Given{Points: x.Points}
		for _, i := range x.Text.Items {
			given.Items = append(given.Items, metrics.GivenItem{KPI: i.KPI, Points: i.Points})
		}
		e.Given[key] = given
	}
	for m, c := range r.Calibrated {
		e.Calibrated[m] = metrics.Calibration{Points: c.Points, By: c.Actor, On: c.At, Reason: c.Text, Appeal: c.Appeal}
	}
	for m, x := range r.Exempt {
		e.Exempt[m] = x.Text
	}
	return e
}
