package reviews

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// RewardLine is what a person gets, and how it comes about. Amounts are yuan with two decimals.
type RewardLine struct {
	Sheet       string // the department whose head signs it; "" where no head stands above
	Department  string
	Employee    string
	Name        policy.Text
	Total       *fixed.Num
	Band        string
	Coefficient *fixed.Num // after Capped
	Capped      bool       // a confirmed incident bounds it
	Base        *fixed.Num // of a quarter
	Weight      fixed.Num  // days × shares with a score
	Bonus       fixed.Num  // base × coefficient × weight ÷ days of the quarter
	Extra       fixed.Num  // for exceeding targets
	ExtraFor    string     // the KPIs, joined by blanks
	Cut         fixed.Num  // taken off by the budget
	Before      fixed.Num  // of a compensation: what earlier lists gave
	Amount      fixed.Num  // what is paid: Bonus + Extra − Cut − Before
	Certificate string     // its number; "" for none
	Unpaid      metrics.Unpaid
}

var rewardHeader = []string{"sheet", "department", "employee_no", "name_zh", "name_en", "score", "band", "coefficient", "capped", "base", "weight", "bonus", "extra", "extra_for",
	"cut", "before", "amount", "certificate", "unpaid"}

// writeLines gives the lines as the original that a list names.
func writeLines(lines []RewardLine) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(rewardHeader) // a buffer takes everything
	for _, l := range lines {
		_ = w.Write([]string{l.Sheet, l.Department, l.Employee, l.Name.ZH, l.Name.EN, optional(l.Total), l.Band, optional(l.Coefficient), strconv.FormatBool(l.Capped), optional(l.Base),
			l.Weight.String(), l.Bonus.String(), l.Extra.String(), l.ExtraFor, l.Cut.String(), l.Before.String(), l.Amount.String(), l.Certificate, string(l.Unpaid)})
	}
	w.Flush()
	return b.Bytes()
}

// readLines reads what writeLines wrote.
func readLines(data []byte) ([]RewardLine, error) {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err == nil && (len(rows) == 0 || !slices.Equal(rows[0], rewardHeader)) {
		err = fmt.Errorf("the header is not that of a reward list")
	}
	if err != nil {
		return nil, fmt.Errorf("read a reward list: %w", err)
	}
	var lines []RewardLine
	for _, c := range rows[1:] {
		may := func(s string) *fixed.Num {
			n, err := fixed.Parse(s)
			if err != nil {
				return nil
			}
			return &n
		}
		must := func(s string) fixed.Num {
			n, perr := fixed.Parse(s)
			err = cmp.Or(err, perr)
			return n
		}
		lines = append(lines, RewardLine{Sheet: c[0], Department: c[1], Employee: c[2], Name: policy.Text{ZH: c[3], EN: c[4]}, Total: may(c[5]), Band: c[6], Coefficient: may(c[7]), Capped: c[8] == "true",
			Base: may(c[9]), Weight: must(c[10]), Bonus: must(c[11]), Extra: must(c[12]), ExtraFor: c[13], Cut: must(c[14]), Before: must(c[15]), Amount: must(c[16]), Certificate: c[17], Unpaid: metrics.Unpaid(c[18])})
	}
	if err != nil {
		return nil, fmt.Errorf("read a reward list: %w", err)
	}
	return lines, nil
}

// ReadLines reads the lines of a list from its original.
func (l *RewardList) ReadLines(b *books.Books) ([]RewardLine, error) {
	data, err := kept(b.Ledger(), l.SHA256)
	if err != nil {
		return nil, err
	}
	return readLines(data)
}

// reckoner works out rewards of a quarter from a report.
type reckoner struct {
	policy *policy.Policy
	report *metrics.Report
	staff  *metrics.Staff
	day    time.Time
}

// reckon gives the line of everybody in a report, by sheet, department and number.
func reckon(ctx context.Context, b *books.Books, q metrics.Question) ([]RewardLine, error) {
	r, err := metrics.New(ctx, b, q)
	if err != nil {
		return nil, err
	}
	outcomes, err := metrics.Outcomes(ctx, b, r)
	if err != nil {
		return nil, err
	}
	k := &reckoner{policy: q.Version.Policy, report: r, day: r.Day}
	err = b.View(ctx, func(tx *warehouse.Tx) (err error) {
		k.staff, err = metrics.ReadStaff(ctx, tx, k.policy, q.AsOf, k.day)
		return err
	})
	if err != nil {
		return nil, err
	}
	var lines []RewardLine
	for i := range r.Scores {
		lines = append(lines, k.line(&r.Scores[i], outcomes[i]))
	}
	slices.SortStableFunc(lines, func(x, y RewardLine) int {
		return cmp.Or(strings.Compare(x.Sheet, y.Sheet), strings.Compare(x.Department, y.Department), strings.Compare(x.Employee, y.Employee))
	})
	k.cut(lines)
	k.certify(lines)
	return lines, nil
}

func (k *reckoner) line(s *metrics.PersonScore, o metrics.Outcome) RewardLine {
	l := RewardLine{Department: s.Department, Employee: s.Person.No, Name: s.Person.Name, Total: s.Total, Band: bandOf(s.Band), Coefficient: o.Coefficient, Base: o.Base, Weight: o.Weight, Unpaid: o.Unpaid}
	l.Sheet, _ = k.staff.HeadOver(metrics.Member{Employee: l.Employee, Department: l.Department}, k.day)
	if o.Unpaid != metrics.Paid {
		return l
	}
	l.Bonus = *o.Reward
	if k.incident(s) {
		most := k.policy.Rewards.Incident.Band.Bonus
		if most != nil && *most < *o.Coefficient {
			l.Capped, l.Coefficient = true, most
			l.Bonus, _ = metrics.Reward(k.report.Period, *o.Base, *most, o.Weight) // less than a reward that is known
		}
	}
	if !l.Capped {
		k.extras(s, &l)
	}
	l.Amount = l.Bonus + l.Extra
	return l
}

// incident reports whether something confirmed stands against a person.
func (k *reckoner) incident(s *metrics.PersonScore) bool {
	rule := k.policy.Rewards.Incident
	if rule == nil {
		return false
	}
	for _, i := range s.Lines {
		for _, v := range k.report.People[i].Values {
			if n, ok := v.Exact(); v.KPI == rule.KPI && ok && n.Sign() > 0 {
				return true
			}
		}
	}
	return false
}

// extras adds what exceeding targets earns, stay by stay.
func (k *reckoner) extras(s *metrics.PersonScore, l *RewardLine) {
	for _, e := range k.policy.Rewards.Extras {
		var earned fixed.Num
		for _, i := range s.Lines {
			stay := &k.report.People[i]
			for _, item := range stay.Score.Items {
				attained, ok := item.Value.Attainment()
				if item.Item.KPI != e.KPI || item.Value.Status != metrics.OK || !ok || attained.Cmp(e.Above.Rat()) < 0 {
					continue
				}
				share, _ := fixed.Round(new(big.Rat).Quo(e.Share.Rat(), big.NewRat(100, 1)), fixed.Scale)
				amount, _ := metrics.Reward(k.report.Period, *l.Base, share, stay.Weight)
				earned += amount
			}
		}
		if earned > 0 {
			l.Extra += earned
			l.ExtraFor = strings.TrimSpace(l.ExtraFor + " " + e.KPI.ID)
		}
	}
}

// cut brings the amounts into the budget, each in proportion and rounded down to cents.
func (k *reckoner) cut(lines []RewardLine) {
	budget := k.policy.Rewards.Budget
	var total fixed.Num
	for _, l := range lines {
		total += l.Amount
	}
	if budget == nil || total <= *budget {
		return
	}
	cent := int64(fixed.Int(1)) / 100
	for i := range lines {
		l := &lines[i]
		part := new(big.Int).Mul(big.NewInt(int64(l.Amount)), big.NewInt(int64(*budget)))
		part.Quo(part, big.NewInt(int64(total)))
		left := fixed.Num(part.Int64() / cent * cent)
		l.Cut, l.Amount = l.Amount-left, left
	}
}

// certify numbers the certificates, by employee number.
func (k *reckoner) certify(lines []RewardLine) {
	c := k.policy.Rewards.Certificate
	if c == nil {
		return
	}
	bands := map[string]*policy.Band{}
	for i := range k.policy.Bands {
		bands[k.policy.Bands[i].ID] = &k.policy.Bands[i]
	}
	var earned []*RewardLine
	for i := range lines {
		if k.policy.AtLeast(bands[lines[i].Band], c.Band) && !lines[i].Capped {
			earned = append(earned, &lines[i])
		}
	}
	slices.SortFunc(earned, func(x, y *RewardLine) int { return strings.Compare(x.Employee, y.Employee) })
	for i, l := range earned {
		l.Certificate = fmt.Sprintf("%s-%s-%03d", c.Prefix, k.report.Period, i+1)
	}
}

// compensate turns lines into the differences to what earlier lists gave; people without one are left out.
func compensate(lines []RewardLine, earlier ...[]RewardLine) []RewardLine {
	given := map[string]fixed.Num{}
	certified := map[string]bool{}
	certificates := 0
	had := map[string]RewardLine{}
	for _, list := range earlier {
		for _, l := range list {
			given[l.Employee] += l.Amount
			if l.Certificate != "" {
				certified[l.Employee], certificates = true, certificates+1
			}
			had[l.Employee] = l
		}
	}
	var differ []RewardLine
	for _, l := range lines {
		l.Before = given[l.Employee]
		l.Amount -= l.Before
		if certified[l.Employee] {
			l.Certificate = "" // it has been given
		}
		delete(had, l.Employee)
		if l.Amount != 0 || l.Certificate != "" {
			differ = append(differ, l)
		}
	}
	for _, l := range had { // whom the later state does not know any more
		if given[l.Employee] != 0 {
			differ = append(differ, RewardLine{Sheet: l.Sheet, Department: l.Department, Employee: l.Employee, Name: l.Name, Before: given[l.Employee], Amount: -given[l.Employee], Unpaid: metrics.NoTotal})
		}
	}
	renumber(differ, certificates)
	slices.SortStableFunc(differ, func(x, y RewardLine) int {
		return cmp.Or(strings.Compare(x.Sheet, y.Sheet), strings.Compare(x.Department, y.Department), strings.Compare(x.Employee, y.Employee))
	})
	return differ
}

// renumber numbers new certificates after those given before, by employee number: no number is given twice.
func renumber(lines []RewardLine, given int) {
	var fresh []*RewardLine
	for i := range lines {
		if lines[i].Certificate != "" {
			fresh = append(fresh, &lines[i])
		}
	}
	slices.SortFunc(fresh, func(x, y *RewardLine) int { return strings.Compare(x.Employee, y.Employee) })
	for i, l := range fresh {
		l.Certificate = fmt.Sprintf("%s-%03d", l.Certificate[:strings.LastIndexByte(l.Certificate, '-')], given+i+1)
	}
}

// sheets adds the lines up by who signs them. A compensation is judged by its amount together with those of the lists that it compensates, lest
// a list slip below the limit in parts.
func sheets(p *policy.Policy, lines []RewardLine, before []*RewardList) (list []Sheet) {
	for _, l := range lines {
		n := len(list) - 1
		if n < 0 || list[n].Department != l.Sheet {
			list = append(list, Sheet{Department: l.Sheet})
			n++
		}
		list[n].People++
		list[n].Total += l.Amount
	}
	for i := range list {
		s := &list[i]
		switch {
		case s.Department == "":
			s.Needs = []Step{FinanceStep, CEOStep}
		case together(s, before) >= p.Rewards.DirectorLimit:
			s.Needs = []Step{HeadStep, FinanceStep, CEOStep}
		default:
			s.Needs = []Step{HeadStep, FinanceStep}
		}
	}
	return list
}

// together adds the amounts of a sheet and of those of the same department before it, whichever way they go.
func together(s *Sheet, before []*RewardList) fixed.Num {
	sum := max(s.Total, -s.Total)
	for _, l := range before {
		if x := l.Sheet(s.Department); x != nil {
			sum += max(x.Total, -x.Total)
		}
	}
	return sum
}

// rewarding refuses to work without rules of rewards.
func (d *Desk) rewarding() error {
	if err := d.ruled(); err != nil {
		return err
	}
	if d.Version.Policy.Rewards == nil {
		return refuse("policy.rewards", say("现行制度没有 rewards 一节", "the policy in force has no section rewards"), say("在 company.yaml 中补上并启用", "add it to company.yaml and adopt it"))
	}
	return nil
}

// reckonAt works a list out as of a ledger sequence: the first one, or the differences to the lists before it.
func (r *Round) reckonAt(ctx context.Context, b *books.Books, v policy.Version, zone *time.Location, asOf int64, before []*RewardList) ([]RewardLine, error) {
	q := r.Sealed.Standing(r.Period, v, zone)
	q.AsOf, q.Proof = asOf, true
	lines, err := reckon(ctx, b, q)
	if err != nil || len(before) == 0 {
		return lines, err
	}
	var earlier [][]RewardLine
	for _, l := range before {
		had, err := l.ReadLines(b)
		if err != nil {
			return nil, err
		}
		earlier = append(earlier, had)
	}
	return compensate(lines, earlier...), nil
}

// standingLists gives the lists that were not refused before the one with a number.
func (r *Round) standingLists(number int) (list []*RewardList) {
	for _, l := range r.Lists {
		if l.Number < number && l.Refused == nil {
			list = append(list, l)
		}
	}
	return list
}

// Preview works out the next reward list without recording it: the first one, or the compensation of approved adjustments.
func (d *Desk) Preview(ctx context.Context, of period.Period) (*RewardList, []RewardLine, error) {
	if err := d.rewarding(); err != nil {
		return nil, nil, err
	}
	r, err := Read(ctx, d.Books, of, AsKnownNow)
	if err != nil {
		return nil, nil, err
	}
	if err := r.standing(); err != nil {
		return nil, nil, err
	}
	before := r.standingLists(len(r.Lists) + 1)
	l := &RewardList{Number: len(r.Lists) + 1, Compensation: len(before) > 0, AsOf: r.Sealed.AsOf, Seal: r.Sealed.Hash}
	if l.Compensation {
		if len(r.Approved) == 0 || r.Approved[len(r.Approved)-1].Seq <= before[len(before)-1].AsOf {
			return nil, nil, refuse("rewards.nothing", say("没有已批准的调整，无须补差", "no adjustment was approved; there is nothing to compensate"), say("先用 plumbline quarter approve 批准调整", "approve it first with plumbline quarter approve"))
		}
		l.AsOf = r.Approved[len(r.Approved)-1].Seq
	}
	lines, err := r.reckonAt(ctx, d.Books, d.Version, d.Zone, l.AsOf, before)
	if err != nil {
		return nil, nil, err
	}
	l.Lines, l.Sheets = len(lines), sheets(d.Version.Policy, lines, before)
	for _, x := range lines {
		l.Total += x.Amount
		l.Cut += x.Cut
	}
	if len(lines) == 0 {
		return nil, nil, refuse("rewards.nothing", say("没有人的奖金有变化", "nobody's reward changes"), say("无须补差", "there is nothing to compensate"))
	}
	return l, lines, nil
}

// Draw draws the next reward list up.
func (d *Desk) Draw(ctx context.Context, of period.Period) (*RewardList, error) {
	l, lines, err := d.Preview(ctx, of)
	if err != nil {
		return nil, err
	}
	ev := &rewardsDrawn{on{of.String()}, l.Number, l.Compensation, l.AsOf, l.Seal, "", l.Lines, l.Total, l.Cut, l.Sheets}
	official := func(s *scene) error { return s.official(policy.HR) }
	err = d.ask(ctx, of, d.Books.Now(), func(s *scene) error { // before the lines become an original
		if err := official(s); err != nil {
			return err
		}
		return ev.apply(s.Round, s.mark)
	})
	if err != nil {
		return nil, err
	}
	if l.SHA256, err = keep(d.Books.Ledger(), writeLines(lines)); err != nil {
		return nil, err
	}
	ev.SHA256 = l.SHA256
	return l, d.do(ctx, "rewards.drawn", ev, official)
}

// sheetEvent names the sheet of a list as its signer saw it.
func (d *Desk) sheetEvent(ctx context.Context, of period.Period, number int, department string) (sheetOf, []string, error) {
	if err := d.rewarding(); err != nil {
		return sheetOf{}, nil, err
	}
	r, err := Read(ctx, d.Books, of, AsKnownNow)
	if err != nil {
		return sheetOf{}, nil, err
	}
	e := sheetOf{on{of.String()}, number, "", department}
	l := r.List(number)
	if l == nil {
		_, _, err := e.sheet(r)
		if err == nil {
			err = refuse("rewards.unknown", say("%s 还没有奖惩名单", "%s has no reward list yet", of.String()), say("先用 plumbline reward draw 生成", "draw it up first: plumbline reward draw"))
		}
		return e, nil, err
	}
	e.Number, e.SHA256 = l.Number, l.SHA256
	lines, err := l.ReadLines(d.Books)
	var people []string
	for _, x := range lines {
		if x.Sheet == department {
			people = append(people, x.Employee)
		}
	}
	return e, people, err
}

// Sign signs a sheet of a reward list; number 0 means the last list. The step is the one that is due.
func (d *Desk) Sign(ctx context.Context, of period.Period, number int, department string) error {
	e, people, err := d.sheetEvent(ctx, of, number, department)
	if err != nil {
		return err
	}
	step, err := d.due(ctx, of, e)
	if err != nil {
		return err
	}
	return d.do(ctx, "rewards.signed", &rewardsSigned{e, step}, func(s *scene) error { return s.signs(e, step, people) })
}

// RefuseList refuses to sign a sheet: the whole list is drawn up again.
func (d *Desk) RefuseList(ctx context.Context, of period.Period, number int, department, reason string) error {
	e, people, err := d.sheetEvent(ctx, of, number, department)
	if err != nil {
		return err
	}
	step, err := d.due(ctx, of, e)
	if err != nil {
		return err
	}
	return d.do(ctx, "rewards.refused", &rewardsRefused{e, step, reason}, func(s *scene) error { return s.signs(e, step, people) })
}

// due gives the step that a sheet waits for, and refuses one that waits for none.
func (d *Desk) due(ctx context.Context, of period.Period, e sheetOf) (Step, error) {
	r, err := Read(ctx, d.Books, of, AsKnownNow)
	if err != nil {
		return "", err
	}
	_, s, err := e.sheet(r)
	if err != nil {
		return "", err
	}
	return s.due()
}

// verifyLists works every list out again.
func (r *Round) verifyLists(ctx context.Context, b *books.Books, v policy.Version, zone *time.Location, well func(policy.Text)) error {
	for _, l := range r.Lists {
		var before []*RewardList
		if l.Compensation {
			before = r.standingLists(l.Number)
		}
		lines, err := r.reckonAt(ctx, b, v, zone, l.AsOf, before)
		if err != nil {
			return err
		}
		was, err := kept(b.Ledger(), l.SHA256)
		if err != nil {
			return Fault{say("奖惩名单 %d", "reward list %d", l.Number), told(err)}
		}
		if d := difference(was, writeLines(lines)); d != (policy.Text{}) {
			return Fault{say("奖惩名单 %d", "reward list %d", l.Number), d}
		}
		well(say("奖惩名单 %d：重算的 %d 行逐行一致，合计 %s 元", "reward list %d: all %d lines computed anew are the same, %s yuan in all", l.Number, l.Lines, l.Total))
	}
	return nil
}
