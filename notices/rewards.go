package notices

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"plumbline/policy"
	"plumbline/reviews"
)

// rewards tells whose signature a sheet of a reward list waits for, and that those of a payment ahead are to be made up. No amount is told.
func (l *look) rewards(r *reviews.Round) error {
	for _, list := range r.Lists {
		if list.Refused != nil || !slices.ContainsFunc(list.Sheets, func(s reviews.Sheet) bool { return s.Next() != "" }) {
			continue
		}
		lines, err := list.ReadLines(l.books)
		if err != nil {
			return fmt.Errorf("reward list %d of %s: %w", list.Number, r.Period, err)
		}
		for i := range list.Sheets {
			s := &list.Sheets[i]
			if s.Next() == "" {
				continue
			}
			l.sheet(r, list, s, func(no string) bool {
				return slices.ContainsFunc(lines, func(x reviews.RewardLine) bool { return x.Sheet == s.Department && x.Employee == no })
			})
		}
	}
	return nil
}

// sheet tells of one sheet. own reports who gets something by it.
func (l *look) sheet(r *reviews.Round, list *reviews.RewardList, s *reviews.Sheet, own func(no string) bool) {
	step, since := s.Next(), list.Drawn.At
	if n := len(s.Signed()); n > 0 {
		since = s.Signed()[n-1].At
	}
	of, number := r.Period.String(), strconv.Itoa(list.Number)
	who, name, link := l.signers(r, s, own), l.sheetName(s), pageOf("rewards", of, number)
	tell := func(k Kind, since time.Time, title, line policy.Text) {
		for _, no := range who {
			l.add(k, of, no, since, link, title, []policy.Text{say("名单 %[1]s，%[2]s。", "List %[1]s, %[3]s.", number, name.ZH, name.EN), line}, of, number, s.Department, string(step), no)
		}
	}
	zh, en := r.Period.ZH(), r.Period.EN()
	switch e := s.Emergency; {
	case e == nil:
		tell(SignatureWaiting, since, say("%[1]s奖惩名单待您签字", "The reward list of %[2]s waits for your signature", zh, en),
			policy.Text{ZH: "当前环节：" + step.Name().ZH + "。", EN: "The step is: " + step.Name().EN + "."})
	case l.now.After(e.MakeUpBy):
		for _, no := range l.holders(policy.HR) {
			if !slices.Contains(who, no) {
				who = append(who, no)
			}
		}
		tell(PaymentOverdue, e.MakeUpBy, say("%[1]s先行发放的补签已逾期", "The signatures of a payment ahead of %[2]s are overdue", zh, en),
			say("应于 %s 前补签。", "They were to be made up by %s.", l.clock(e.MakeUpBy)))
	default:
		tell(PaymentMakeUp, later(since, e.At), say("%[1]s先行发放待您补签", "A payment ahead of %[2]s waits for your signature", zh, en), say("请于 %s 前补签。", "Please sign by %s.", l.clock(e.MakeUpBy)))
	}
}

// sheetName names a sheet by its department.
func (l *look) sheetName(s *reviews.Sheet) policy.Text {
	d, ok := l.staff.Department(s.Department)
	if !ok {
		return policy.Text{ZH: "无部门负责人的一页", EN: "the sheet without a head"}
	}
	return policy.Text{ZH: plain(d.Name.ZH), EN: plain(d.Name.EN)}
}

// signers lists who may sign the next step of a sheet: who holds its post, with deputies, or else the CEO, or else human resources; nobody who gets
// something by it or has signed it. reviews.Desk has the last word.
func (l *look) signers(r *reviews.Round, s *reviews.Sheet, own func(no string) bool) []string {
	may := func(posts []string) []string {
		list := slices.Clone(posts)
		for _, no := range posts {
			list = append(list, l.deputies(r, no)...)
		}
		list = slices.DeleteFunc(list, func(no string) bool {
			return own(no) || slices.ContainsFunc(s.Signed(), func(x reviews.Signature) bool { return x.Actor == no })
		})
		slices.Sort(list)
		return slices.Compact(list)
	}
	var posts []string
	switch s.Next() {
	case reviews.HeadStep:
		heads := l.staff.Chain(s.Department, l.day, "")
		posts = heads[:min(len(heads), 1)]
	case reviews.FinanceStep:
		posts = l.holders(policy.Finance)
	default:
		posts = l.holders(policy.CEO)
	}
	for _, list := range [][]string{posts, l.holders(policy.CEO), l.holders(policy.HR)} {
		if who := may(list); len(who) > 0 {
			return who
		}
	}
	return nil
}
