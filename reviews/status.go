package reviews

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// Progress is how far a department has come in a quarter.
type Progress struct {
	Department metrics.Department
	People     int // with a scorecard
	SelfDue    int // self-reviews of the quarter's opened months that are due
	SelfIn     int
	SelfLate   int
	Due        int // evaluations
	In         int
	Waiting    []string // superiors with evaluations that are not in, by number
	Exempt     int
	Calibrated int // people whose superiors' part was changed
	State      State
}

// StateOf gives how far a person in a department has come.
func (r *Round) StateOf(m metrics.Member, tasks []Task, months []*Round) State {
	switch {
	case r.Sealed != nil:
		return Sealed
	case r.Published != nil:
		return Published
	case r.Closed[m.Department] != nil:
		return Calibrated
	}
	written := r.Exempt[m] != nil || r.Calibrated[m] != nil
	in := true
	for _, t := range tasks {
		if t.Member == m {
			in = in && t.Done != nil && t.Done.State == Submitted
		}
	}
	if written || in {
		return Evaluated
	}
	if selfPoints(months, m.Employee) != nil {
		return Submitted
	}
	return Draft
}

// Progresses tells how far each department with people has come.
func Progresses(r *Round, months []*Round, report *metrics.Report, tasks []Task) (list []Progress) {
	byDepartment := map[string]*Progress{}
	for i := range report.Departments {
		byDepartment[report.Departments[i].Department.ID] = &Progress{Department: report.Departments[i].Department}
	}
	seen := map[metrics.Member]bool{}
	for _, t := range tasks {
		p := byDepartment[t.Department]
		p.Due++
		if t.Done != nil && t.Done.State == Submitted {
			p.In++
		} else if t.Exempt == nil && !slices.Contains(p.Waiting, orNobody(t.Superior)) {
			p.Waiting = append(p.Waiting, orNobody(t.Superior))
		}
		if !seen[t.Member] {
			seen[t.Member] = true
			p.People++
			p.self(months, t.Employee)
			if t.Exempt != nil {
				p.Exempt++
			}
			if r.Calibrated[t.Member] != nil {
				p.Calibrated++
			}
		}
	}
	for _, d := range report.Departments {
		p := byDepartment[d.Department.ID]
		if p.People == 0 {
			continue
		}
		slices.Sort(p.Waiting)
		p.State = p.state(r)
		list = append(list, *p)
	}
	return list
}

func (p *Progress) self(months []*Round, employee string) {
	for _, m := range months {
		if m.Opened == nil {
			continue
		}
		p.SelfDue++
		if s := m.SelfReviews[employee]; s != nil && s.State == Submitted {
			p.SelfIn++
			if s.Late {
				p.SelfLate++
			}
		}
	}
}

func (p *Progress) state(r *Round) State {
	switch {
	case r.Sealed != nil:
		return Sealed
	case r.Published != nil:
		return Published
	case r.Closed[p.Department.ID] != nil:
		return Calibrated
	case len(p.Waiting) == 0:
		return Evaluated
	}
	return Draft
}

// Candidate is how somebody stands to the rule of promotion.
type Candidate struct {
	Employee   string
	Department string
	Bands      []string // of the sealed quarters in a row up to the last, the latest first; "" for none
	Run        int      // quarters in a row at or above the band, up to the last
	Earned     bool
}

// Candidates lists who has earned a promotion by the sealed quarters up to one, and near-misses: those who lack one quarter, or, while fewer
// quarters are sealed than the rule asks for, those who were never below the band. Sealed quarters count in a row; one that is not sealed
// ends the row. It also gives the sealed quarters, the last first. A policy without the rule is refused.
func Candidates(ctx context.Context, b *books.Books, p *policy.Policy, of period.Period) (list []Candidate, sealed []period.Period, err error) {
	if p.Rewards == nil || p.Rewards.Promotion == nil || p.Rewards.Promotion.Band == nil {
		return nil, nil, refuse("policy.promotion", say("现行制度没有晋升的规则", "the policy in force has no rule of promotion"), say("在 company.yaml 的 rewards 中写上 promotion 并启用", "add promotion to rewards in company.yaml and adopt it"))
	}
	rule := p.Rewards.Promotion
	bands := map[string][]string{}
	departments := map[string]string{}
	for q := of; len(sealed) < int(rule.Quarters); q = q.Before() {
		r, err := Read(ctx, b, q, AsKnownNow)
		if err != nil {
			return nil, nil, err
		}
		if r.Sealed == nil {
			break
		}
		results, err := kept(b.Ledger(), r.Sealed.Results)
		if err != nil {
			return nil, nil, err
		}
		scores, err := SealedScores(results)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range scores {
			if len(bands[s.Employee]) == len(sealed) { // without a break
				bands[s.Employee] = append(bands[s.Employee], s.Band)
			}
			if len(sealed) == 0 {
				departments[s.Employee] = s.Department
			}
		}
		sealed = append(sealed, q)
	}
	for no, had := range bands {
		c := Candidate{Employee: no, Department: departments[no], Bands: had}
		for _, id := range had {
			i := slices.IndexFunc(p.Bands, func(x policy.Band) bool { return x.ID == id })
			if i < 0 || !p.AtLeast(&p.Bands[i], rule.Band) {
				break
			}
			c.Run++
		}
		c.Earned = c.Run >= int(rule.Quarters)
		if departments[no] != "" && c.Run >= min(int(rule.Quarters)-1, max(len(sealed), 1)) && c.Run > 0 {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(x, y Candidate) int {
		return cmp.Or(cmp.Compare(y.Run, x.Run), strings.Compare(x.Employee, y.Employee))
	})
	return list, sealed, nil
}

// Rotation is how long somebody has been in a department, for the right to apply for another one.
type Rotation struct {
	metrics.Member
	Person   metrics.Person
	Since    time.Time
	From     time.Time // from which day on he may apply
	Eligible bool
}

// Rotations lists everybody with a department on a day, by employee number. A policy without the rule is refused.
func Rotations(ctx context.Context, b *books.Books, p *policy.Policy, day time.Time) (list []Rotation, err error) {
	if p.Rewards == nil || p.Rewards.RotationYears == 0 {
		return nil, refuse("policy.rotation", say("现行制度没有轮岗的规则", "the policy in force has no rule of rotation"), say("在 company.yaml 的 rewards 中写上 rotation_years 并启用", "add rotation_years to rewards in company.yaml and adopt it"))
	}
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		staff, err := metrics.ReadStaff(ctx, tx, p, AsKnownNow, day)
		if err != nil {
			return err
		}
		for _, x := range staff.Placed(period.MonthOf(day)) {
			if x.To.Before(day) {
				continue
			}
			since := staff.Since(x.Member, day)
			if since.IsZero() {
				continue
			}
			person, _ := staff.Person(x.Employee)
			from := since.AddDate(int(p.Rewards.RotationYears), 0, 0)
			list = append(list, Rotation{x.Member, person, since, from, !day.Before(from)})
		}
		return nil
	})
	return list, err
}
