package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

// OfQuarter names a quarter in the path.
type OfQuarter struct {
	Period string `path:"period" example:"2026Q3" doc:"A quarter: 2026Q3."`
}

type quarterAsked struct {
	OfQuarter
	Match string `header:"If-None-Match" maxLength:"2000" doc:"The ETag of an answer that is at hand: 304 when it still stands."`
}

type roundAsked struct {
	OfQuarter
	Tabling
}

// quarterState is how far a quarter is.
type quarterState struct {
	Period      string       `json:"period" example:"2026Q3" doc:"The quarter."`
	State       string       `json:"state" enum:"not_open,open,published,sealed" doc:"How far the quarter is."`
	Opened      *time.Time   `json:"opened" doc:"When evaluations were opened."`
	Due         *time.Time   `json:"due" doc:"Until when evaluations are to be in."`
	Published   *time.Time   `json:"published" doc:"When results were published."`
	AppealUntil *time.Time   `json:"appeal_until" doc:"Until when one may appeal."`
	Sealed      *time.Time   `json:"sealed" doc:"When the quarter was sealed."`
	Seal        *quarterSeal `json:"seal" doc:"The seal under which data, organisation, policy and results stand."`
	Months      []monthState `json:"months" nullable:"false" doc:"The self-reviews of its months."`
}

// quarterSeal is what a quarter was sealed with.
type quarterSeal struct {
	ID     string `json:"id" example:"3FA9C1D20B77" doc:"The short form that exports show."`
	Hash   string `json:"hash" doc:"SHA-256 of all that was sealed."`
	AsOf   int64  `json:"as_of" doc:"The ledger sequence up to which everything counts."`
	Policy string `json:"policy" doc:"SHA-256 of the policy's files."`
}

// monthState is how far the self-reviews of a month are.
type monthState struct {
	Period string     `json:"period" example:"2026-07" doc:"The month."`
	Opened *time.Time `json:"opened" doc:"When self-reviews were opened."`
	Due    *time.Time `json:"due" doc:"Until when they are to be in."`
}

var (
	reviewColumns = []column{
		{"department", tabular.Text, meaning("部门编号", "department id"), "D003"}, {"employee_no", tabular.Text, meaning("被评估人的工号", "employee number of who is judged"), "00012"},
		{"name", tabular.Text, meaning("姓名", "name"), "王磊"}, {"superior", tabular.Text, meaning("上级工号", "employee number of the superior"), "00047"},
		{"days", tabular.Integer, meaning("由该上级负责的天数", "days under this superior"), "92"}, {"state", tabular.Text, meaning("none 未评、draft 草稿、submitted 已提交、exempt 免评", "none, draft, submitted, exempt"), "submitted"},
		{"self", tabular.Decimal, meaning("自评分", "points of the self-review"), "88"}, {"given", tabular.Decimal, meaning("上级评分，提交后才有", "points of the superior, once submitted"), "85"},
		{"kpi", tabular.Decimal, meaning("指标部分得分", "points of the KPI part"), "83.5"}, {"gap", tabular.Decimal, meaning("上级评分与指标得分之差", "points of the superior less those of the KPIs"), "1.5"},
		{"calibrated", tabular.Decimal, meaning("校准后的上级评分", "points after the calibration"), "86"}, {"version", tabular.Integer, meaning("评估的版本；0 为没有", "version of the evaluation; 0: none"), "2"},
	}
	rewardColumns = []column{
		{"period", tabular.Text, meaning("季度", "quarter"), "2026Q3"}, {"list", tabular.Integer, meaning("名单号", "number of the list"), "1"}, {"sheet", tabular.Text, meaning("签字部门", "department whose head signs"), "D003"},
		{"department", tabular.Text, meaning("部门编号", "department id"), "D003"}, {"employee_no", tabular.Text, meaning("工号", "employee number"), "00012"}, {"name", tabular.Text, meaning("姓名", "name"), "王磊"},
		{"score", tabular.Decimal, meaning("得分", "score"), "86.4"}, {"band", tabular.Text, meaning("等级", "rating band"), "B"}, {"base", tabular.Decimal, meaning("奖金基数，元/季", "bonus base, yuan a quarter"), "6000"},
		{"coefficient", tabular.Decimal, meaning("奖金系数", "bonus coefficient"), "1"}, {"weight", tabular.Decimal, meaning("有得分的天数×份额", "days with a score × share"), "92"},
		{"bonus", tabular.Decimal, meaning("奖金，元：基数×系数×天数与比例÷季度天数", "bonus in yuan: base × coefficient × days and share ÷ days of the quarter"), "6000"},
		{"extra", tabular.Decimal, meaning("超额完成的奖金，元", "yuan for exceeding targets"), "0"}, {"cut", tabular.Decimal, meaning("预算削减的金额，元", "yuan cut by the budget"), "0"},
		{"before", tabular.Decimal, meaning("此前名单已给的金额，元", "yuan given by lists before"), "0"}, {"amount", tabular.Decimal, meaning("应发金额，元：奖金＋超额奖－预算削减－已发", "yuan to be paid: bonus + extra − cut − given before"), "6000"},
		{"certificate", tabular.Text, meaning("荣誉证书编号", "number of the certificate of honour"), ""}, {"note", tabular.Text, meaning("说明：capped 系数受限、exceeded 超额的指标、no_total 等", "what is special: capped, exceeded with the KPIs, or why nothing is paid"), ""},
	}
)

// rounds adds the operations that show what people decide about quarters.
func (a *api) rounds() {
	add(a, route{action: access.Home, about: ofPeriod, api: &operation{name: "quarter", scope: scopeQuarters, title: policy.Text{ZH: "季度的状态", EN: "The state of a quarter"},
		text: policy.Text{ZH: "季度走到哪一步、各期限，以及封账号。时间为 UTC。", EN: "How far a quarter is, its terms and its seal. Times are UTC."}}},
		"GET /quarters/{period}", a.answers("Quarter", quarterState{}), (*request).apiQuarter)
	add(a, route{action: access.Home, about: ofPeriod, api: &operation{name: "reviews", scope: scopeReviews, asks: []access.Action{access.Evaluate, access.RoundsRead},
		title: policy.Text{ZH: "上级评估的进度", EN: "Evaluations and how far they are"},
		text: policy.Text{ZH: "主管得到要由自己写的评估（含代理）；人力资源得到全部；审计得到全部，但公布之前没有评分。谁也得不到关于自己的评估。",
			EN: "A manager gets those that he, or whom he stands in for, is to write; human resources get all; auditors get all, without points before the publication. Nobody gets those about himself."}}},
		"GET /reviews/{period}", a.listed("reviews", reviewColumns, true), (*request).apiReviews)
	add(a, route{action: access.Rewards, about: ofPeriod, api: &operation{name: "rewards", scope: scopeRewards, title: policy.Text{ZH: "奖励名单", EN: "Reward lists"},
		text: policy.Text{ZH: "季度各份奖励名单的逐人明细；主管得到其部门的。", EN: "The lines of the reward lists of a quarter; a manager gets those of his departments."}}},
		"GET /rewards/{period}", a.listed("rewards", rewardColumns, true), (*request).apiRewards)
}

// timeOf gives a time, nil for none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

func markTime(m *reviews.Mark) *time.Time {
	if m == nil {
		return nil
	}
	return timeOf(m.At)
}

// apiQuarter tells how far a quarter is.
func (q *request) apiQuarter(in *quarterAsked) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	s := quarterState{Period: of.String(), State: "not_open"}
	err = q.roundsOf(of, func(r *reviews.Round, months []*reviews.Round) error {
		s.Opened, s.Due, s.Published, s.AppealUntil = markTime(r.Opened), timeOf(r.Due), markTime(r.Published), timeOf(r.AppealUntil)
		switch {
		case r.Sealed != nil:
			s.State, s.Sealed, s.Seal = "sealed", timeOf(r.Sealed.At), &quarterSeal{r.Sealed.ID(), r.Sealed.Hash, r.Sealed.AsOf, r.Sealed.Policy}
		case r.Published != nil:
			s.State = "published"
		case r.Opened != nil:
			s.State = "open"
		}
		for _, m := range months {
			s.Months = append(s.Months, monthState{m.Period.String(), markTime(m.Opened), timeOf(m.Due)})
		}
		return nil
	})
	if err != nil || q.unchanged(in.Match) {
		return err
	}
	return q.reply(http.StatusOK, s)
}

// roundsOf reads a quarter's round and those of its months; they are valid inside look only.
func (q *request) roundsOf(of period.Period, look func(r *reviews.Round, months []*reviews.Round) error) error {
	var months []*reviews.Round
	var next func(rest []period.Period) error
	next = func(rest []period.Period) error {
		if len(rest) > 0 {
			return q.rounds.Read(q.ctx(), rest[0], func(r *reviews.Round, _ int64) error {
				months = append(months, r)
				return next(rest[1:])
			})
		}
		return q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error { return look(r, months) })
	}
	return next(of.Months())
}

// apiReviews gives evaluations with their states.
func (q *request) apiReviews(in *roundAsked) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	l := &list{name: "reviews-" + of.String(), columns: reviewColumns, basis: basisOf(s), moved: q.company.Books.Seq()}
	err = q.roundsOf(of, func(r *reviews.Round, months []*reviews.Round) error {
		for _, t := range reviews.Tasks(r, months, s.Report) {
			if q.seesTask(t, of) {
				l.lines = append(l.lines, line{cells: q.taskCells(t, r), action: access.Evaluate, about: access.Subject{Employee: t.Employee, Department: t.Department, Period: of}})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return q.answer(l, in.Tabling)
}

// seesTask reports whether an evaluation is the viewer's business: all of them are for who sees everybody's, else those that he, or whom he stands in for,
// is to write. None about himself is.
func (q *request) seesTask(t reviews.Task, of period.Period) bool {
	if t.Employee == q.viewer.Employee {
		return false
	}
	return access.Everybody(q.viewer, access.Evaluate) || access.Everybody(q.viewer, access.RoundsRead) || q.falls(of, t.Evaluated)
}

func (q *request) taskCells(t reviews.Task, r *reviews.Round) []string {
	state, self, given, gap, calibrated, version := "none", "", "", "", "", "0"
	judged := r.Published != nil || access.Anywhere(q.viewer, access.Evaluate) // who only looks on sees no points before they are published
	if n := t.SelfTotal(); n != nil {
		self = n.Text(2)
	}
	if t.Done != nil {
		state, version = string(t.Done.State), strconv.Itoa(t.Done.Version)
		if t.Done.State == reviews.Submitted && judged {
			given = t.Done.Points.Text(2)
			if t.KPIPoints != nil {
				gap = (t.Done.Points - *t.KPIPoints).Text(2)
			}
		}
	}
	if t.Exempt != nil {
		state = "exempt"
	}
	if c := r.Calibrated[t.Member]; c != nil && judged {
		calibrated = c.Points.Text(2)
	}
	return []string{t.Department, t.Employee, t.Person.Name.In(q.lang), t.Superior, strconv.Itoa(t.Days), state, self, given, pointsText(t.KPIPoints), gap, calibrated, version}
}

// apiRewards gives the lines of reward lists.
func (q *request) apiRewards(in *roundAsked) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	lists, _, err := q.signedLists(of)
	if err != nil {
		return err
	}
	l := &list{name: "rewards-" + of.String(), columns: rewardColumns, moved: q.company.Books.Seq(), basis: map[string]any{"period": of.String()}}
	for _, x := range slices.Backward(lists) { // the first list first
		for _, r := range x.lines {
			if q.seesReward(x, r, of) {
				l.lines = append(l.lines, line{cells: q.rewardCells(of, x.list.Number, r), action: access.Rewards, about: access.Subject{Employee: r.Employee, Department: r.Department, Period: of}})
			}
		}
	}
	return q.answer(l, in.Tabling)
}

// seesReward reports whether a line is the viewer's business: that of a sheet which is, but for his own, unless he sees everybody's.
func (q *request) seesReward(x signed, r reviews.RewardLine, of period.Period) bool {
	return access.Everybody(q.viewer, access.Rewards) || r.Employee != q.viewer.Employee && q.seesSheet(x, of, r.Sheet)
}

func (q *request) rewardCells(of period.Period, number int, l reviews.RewardLine) []string {
	var notes []string
	if l.Capped {
		notes = append(notes, "capped")
	}
	if l.ExtraFor != "" {
		notes = append(notes, "exceeded: "+l.ExtraFor)
	}
	if l.Unpaid != metrics.Unpaid("") {
		notes = append(notes, string(l.Unpaid))
	}
	return []string{of.String(), strconv.Itoa(number), l.Sheet, l.Department, l.Employee, l.Name.In(q.lang), pointsText(l.Total), l.Band, pointsText(l.Base), pointsText(l.Coefficient), l.Weight.String(), l.Bonus.Text(2), l.Extra.Text(2),
		l.Cut.Text(2), l.Before.Text(2), l.Amount.Text(2), l.Certificate, strings.Join(notes, "; ")}
}
