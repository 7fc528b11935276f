package reviews

import (
	"slices"
	"time"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// RewardList is a list of rewards drawn up for a sealed quarter. A compensation holds the differences to all lists before it.
type RewardList struct {
	Number       int // 1, 2, 3 … within the quarter
	Drawn        Mark
	Compensation bool
	AsOf         int64  // the ledger sequence that it is drawn from
	Seal         string // hash of the seal that it rests on
	SHA256       string // of the original that holds the lines
	Lines        int
	Total        fixed.Num // yuan
	Cut          fixed.Num // what the budget took off
	Sheets       []Sheet
	Refused      *Refused // by a signer; a list drawn later takes its place
}

// Sheet is the part of a list that one head signs first.
type Sheet struct {
	Department string    `json:"department"` // "" for heads and people above whom no head stands
	People     int       `json:"people"`
	Total      fixed.Num `json:"total"`
	Needs      []Step    `json:"needs"` // whose signatures, in this order
	signed     []Signature
	Emergency  *Emergency `json:"-"`
}

// Step is one signature of a sheet.
type Step string

// The steps.
const (
	HeadStep    Step = "head"
	FinanceStep Step = Step(policy.Finance)
	CEOStep     Step = Step(policy.CEO)
)

var stepNames = map[Step]policy.Text{HeadStep: {ZH: "部门负责人", EN: "head"}, FinanceStep: {ZH: "财务", EN: "finance"}, CEOStep: {ZH: "总经理", EN: "CEO"}}

// Name gives the step in words.
func (s Step) Name() policy.Text { return stepNames[s] }

// Signature is a step that was taken.
type Signature struct {
	Mark
	Step   Step
	MadeUp bool // after an emergency
	Late   bool // after the term for it
}

// Signed lists the signatures of a sheet in order.
func (s *Sheet) Signed() []Signature { return s.signed }

// Next gives the step that comes next, "" when all are taken.
func (s *Sheet) Next() Step {
	if len(s.signed) >= len(s.Needs) {
		return ""
	}
	return s.Needs[len(s.signed)]
}

// due gives the step that comes next, and refuses when all are taken.
func (s *Sheet) due() (Step, error) {
	if next := s.Next(); next != "" {
		return next, nil
	}
	return "", refuse("rewards.signed", say("该表已经签完", "this sheet is signed by all"), say("无需重复签字", "there is nothing to do"))
}

// Payable reports whether a sheet may be paid: signed by all, or an emergency.
func (s *Sheet) Payable() bool { return s.Next() == "" || s.Emergency != nil }

// Emergency is a payment before the signatures, which are made up.
type Emergency struct {
	Reason
	MakeUpBy time.Time
}

// Refused is a signature that was refused, with the reason.
type Refused struct {
	Reason
	Department string
	Step       Step
}

// Sheet gives the sheet of a department, or nil.
func (l *RewardList) Sheet(department string) *Sheet {
	if i := slices.IndexFunc(l.Sheets, func(s Sheet) bool { return s.Department == department }); i >= 0 {
		return &l.Sheets[i]
	}
	return nil
}

// List gives the list with a number, or nil; 0 asks for the last one.
func (r *Round) List(number int) *RewardList {
	if number == 0 {
		number = len(r.Lists)
	}
	if number < 1 || number > len(r.Lists) {
		return nil
	}
	return r.Lists[number-1]
}

type rewardsDrawn struct {
	on
	Number       int       `json:"number"`
	Compensation bool      `json:"compensation,omitempty"`
	AsOf         int64     `json:"as_of"`
	Seal         string    `json:"seal"`
	SHA256       string    `json:"sha256"`
	Lines        int       `json:"lines"`
	Total        fixed.Num `json:"total"`
	Cut          fixed.Num `json:"cut"`
	Sheets       []Sheet   `json:"sheets"`
}

func (e *rewardsDrawn) apply(r *Round, m Mark) error {
	if err := r.standing(); err != nil {
		return err
	}
	if e.Seal != r.Sealed.Hash {
		return refuse("rewards.seal", say("名单所依据的封账号不是 %s", "the list does not rest on the seal %s", r.Sealed.ID()), say("请重新生成名单", "draw it up again"))
	}
	if e.Number != len(r.Lists)+1 {
		return stale(e.Number-1, len(r.Lists))
	}
	if n := len(r.Lists); n > 0 {
		last := r.Lists[n-1]
		switch {
		case last.Refused == nil && !e.Compensation:
			return refuse("rewards.drawn", say("第 %d 号名单已经生成", "list %d was drawn up already", last.Number), say("等它签完；结果有调整的，另生成补差名单", "have it signed; what changes later is compensated by a further list"))
		case last.Refused == nil && slices.ContainsFunc(last.Sheets, func(s Sheet) bool { return s.Next() != "" }):
			return refuse("rewards.unsigned", say("第 %d 号名单还没有签完", "list %d is not signed by all yet", last.Number), say("签完或退回之后再生成下一份", "have it signed or refused first"))
		}
	} else if e.Compensation {
		return refuse("rewards.none", say("还没有名单，无从补差", "there is no list to compensate"), say("先生成名单", "draw the list up first"))
	}
	r.Lists = append(r.Lists, &RewardList{Number: e.Number, Drawn: m, Compensation: e.Compensation, AsOf: e.AsOf, Seal: e.Seal, SHA256: e.SHA256, Lines: e.Lines,
		Total: e.Total, Cut: e.Cut, Sheets: slices.Clone(e.Sheets)})
	return nil
}

// sheetOf is a sheet that an event concerns.
type sheetOf struct {
	on
	Number     int    `json:"number"`
	SHA256     string `json:"sha256"` // of the list that the signer saw
	Department string `json:"department"`
}

// sheet gives the list and its sheet, if it stands.
func (e sheetOf) sheet(r *Round) (*RewardList, *Sheet, error) {
	if err := r.standing(); err != nil {
		return nil, nil, err
	}
	l := r.List(e.Number)
	switch {
	case l == nil || e.Number == 0:
		return nil, nil, refuse("rewards.unknown", say("没有第 %d 号名单", "there is no list %d", e.Number), say("用 plumbline reward list 查看", "plumbline reward list shows them"))
	case l.SHA256 != e.SHA256:
		return nil, nil, refuse("rewards.changed", say("所签的内容不是第 %d 号名单的内容", "what was signed is not list %d", e.Number), say("请重新取出名单核对", "fetch the list and look at it again"))
	case l.Refused != nil:
		return nil, nil, refuse("rewards.refused", say("第 %d 号名单已于 %s 被退回", "list %d was refused on %s", l.Number, date(l.Refused.At)), say("请人力资源重新生成", "human resources draw it up again"))
	}
	s := l.Sheet(e.Department)
	if s == nil {
		return nil, nil, refuse("rewards.sheet", say("第 %d 号名单没有部门“%s”", "list %d has no sheet of “%s”", l.Number, e.Department), say("用 plumbline reward list 查看", "plumbline reward list shows them"))
	}
	return l, s, nil
}

type rewardsSigned struct {
	sheetOf
	Step Step `json:"step"`
}

func (e *rewardsSigned) apply(r *Round, m Mark) error {
	_, s, err := e.sheet(r)
	if err != nil {
		return err
	}
	next, err := s.due()
	if err != nil {
		return err
	}
	if next != e.Step {
		return refuse("rewards.order", policy.Text{ZH: "现在应由" + next.Name().ZH + "签字", EN: "it is the turn of: " + next.Name().EN}, say("签字次序：部门负责人 → 财务 → 总经理", "the order is head, finance, CEO"))
	}
	x := Signature{Mark: m, Step: e.Step, MadeUp: s.Emergency != nil}
	x.Late = x.MadeUp && m.At.After(s.Emergency.MakeUpBy)
	s.signed = append(s.signed, x)
	return nil
}

type rewardsRefused struct {
	sheetOf
	Step   Step   `json:"step"`
	Reason string `json:"reason"`
}

func (e *rewardsRefused) apply(r *Round, m Mark) error {
	l, s, err := e.sheet(r)
	if err != nil {
		return err
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	if s.Next() != e.Step || slices.ContainsFunc(l.Sheets, func(s Sheet) bool { return s.Payable() }) {
		return refuse("rewards.payable", say("该表已签完，或名单已有部分可以发放，不能再退回", "this sheet is signed, or a part of the list may be paid already; it cannot be refused any more"), say("错误由补差名单更正", "a further list compensates what is wrong"))
	}
	l.Refused = &Refused{Reason{m, e.Reason}, e.Department, e.Step}
	return nil
}

type rewardsEmergency struct {
	sheetOf
	Reason   string    `json:"reason"`
	MakeUpBy time.Time `json:"make_up_by"`
}

func (e *rewardsEmergency) apply(r *Round, m Mark) error {
	_, s, err := e.sheet(r)
	if err != nil {
		return err
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	if s.Payable() {
		return refuse("rewards.payable", say("该表已经可以发放", "this sheet may be paid already"), say("无需应急处置", "there is no emergency"))
	}
	s.Emergency = &Emergency{Reason{m, e.Reason}, e.MakeUpBy}
	return nil
}
