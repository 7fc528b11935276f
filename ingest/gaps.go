package ingest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// tellGaps announces days of employment without a department, or with shares that do not make up a whole, of the people whose
// memberships the file speaks of: records on such days count for nobody, or in part only. It walks through the stays in Go: the same
// as one statement with windows made DuckDB 1.5.5 crash at times.
func (t *taking) tellGaps(ctx context.Context) error {
	if t.plan.dataset.ID != policy.Memberships {
		return nil
	}
	share := "100"
	if v := t.plan.dataset.NoOverlap; v != nil && v.Share != "" {
		share = fmt.Sprintf("coalesce(m.%s, 100)", warehouse.Ident(v.Share))
	}
	query := fmt.Sprintf(`SELECT e.employee_no, m.valid_from, coalesce(m.valid_to, DATE '9999-12-30'), CAST(%[3]s AS VARCHAR), e.hired_on, coalesce(e.left_on, DATE '9999-12-30')
FROM facts.memberships m JOIN facts.employees e ON e.employee_no = m.employee_no
WHERE m._until = %[1]d AND e._until = %[1]d AND m.employee_no IN (SELECT s.employee_no FROM stage s WHERE %[2]s)
ORDER BY e.employee_no, m.valid_from`, policy.Current, t.good, share)
	var gaps []gap
	var person string
	var stays []stay
	var first, last time.Time // the days that need a department
	err := t.tx.Each(ctx, warehouse.SQL("stays of memberships", query), nil, func(scan func(...any) error) error {
		var no, share string
		var s stay
		var hired, left time.Time
		if err := scan(&no, &s.from, &s.to, &share, &hired, &left); err != nil {
			return err
		}
		if no != person {
			gaps = append(gaps, gapsOf(person, stays, first, last)...)
			person, stays, first, last = no, nil, hired, left
			if last.After(t.day) {
				last = t.day
			}
		}
		var err error
		s.share, err = fixed.Parse(share)
		stays = append(stays, s)
		return err
	})
	if err != nil {
		return err
	}
	t.noticeGaps(append(gaps, gapsOf(person, stays, first, last)...))
	return nil
}

// stay is a membership of one person: its days, both included, and the percentage of the person's work.
type stay struct {
	from, to time.Time
	share    fixed.Num
}

// gap is a stretch of days, both included, of which departments have less than the whole.
type gap struct {
	person       string
	since, until time.Time
	share        fixed.Num // percent
}

// whole is the share of a person who is in one department only.
var whole = fixed.Int(100)

// gapsOf finds the gaps of one person from a first to a last day.
func gapsOf(person string, stays []stay, first, last time.Time) (gaps []gap) {
	if len(stays) == 0 {
		return nil
	}
	type turn struct { // a day on which the sum of the shares changes
		day time.Time
		by  fixed.Num
	}
	turns := []turn{{first, 0}, {last.AddDate(0, 0, 1), 0}}
	for _, s := range stays {
		turns = append(turns, turn{s.from, s.share}, turn{s.to.AddDate(0, 0, 1), -s.share})
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return a.day.Compare(b.day) })
	var sum fixed.Num
	for i, t := range turns[:len(turns)-1] {
		sum += t.by
		until := turns[i+1].day.AddDate(0, 0, -1)
		if sum >= whole || until.Before(t.day) || t.day.Before(first) || t.day.After(last) {
			continue
		}
		if n := len(gaps); n > 0 && gaps[n-1].share == sum && gaps[n-1].until.AddDate(0, 0, 1).Equal(t.day) {
			gaps[n-1].until = until
			continue
		}
		gaps = append(gaps, gap{person, t.day, until, sum})
	}
	return gaps
}

func (t *taking) noticeGaps(gaps []gap) {
	var empty, part []gap
	for _, g := range gaps {
		if g.share > 0 {
			part = append(part, g)
		} else {
			empty = append(empty, g)
		}
	}
	if n, zh, en := tellDays(empty); n > 0 {
		t.notice(fmt.Sprintf("有 %d 人在职期间有不属于任何部门的日子，那些日子的记录不计入部门%s", n, zh),
			fmt.Sprintf("%d people have days of employment without a department, on which their records count for none%s", n, en))
	}
	if n, zh, en := tellDays(part); n > 0 {
		t.notice(fmt.Sprintf("有 %d 人的任职比例合计不足 100%%，不足的部分不计入任何部门%s", n, zh),
			fmt.Sprintf("%d people have memberships whose shares add up to less than 100%%, and the rest counts for no department%s", n, en))
	}
}

// tellDays counts the people of gaps and names the first of these.
func tellDays(gaps []gap) (n int, zh, en string) {
	const named = 3
	people := map[string]bool{}
	for i, g := range gaps {
		people[g.person] = true
		if i >= named {
			continue
		}
		since, until, share := g.since.Format(time.DateOnly), g.until.Format(time.DateOnly), ""
		if g.share > 0 {
			share = fmt.Sprintf(" %s%%", g.share)
		}
		zh += fmt.Sprintf("；%s %s 至 %s%s", g.person, since, until, share)
		en += fmt.Sprintf("; %s %s to %s%s", g.person, since, until, share)
	}
	if len(gaps) > named {
		zh, en = zh+" 等", en+" …"
	}
	return len(people), zh, en
}
