package notices

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Contact is how somebody is reached, as far as the list of employees tells.
type Contact struct {
	No    string
	Name  policy.Text
	Phone string // "" when it is not known
	Email string
}

// phoneColumns are the columns of employees that hold a telephone number, the first one that the policy has is used.
var phoneColumns = []string{"phone", "mobile", "telephone"}

// emailColumn is the column of employees that holds an e-mail address.
const emailColumn = "email"

// Contacts reads how everybody is reached, by number. What the policy's list of employees has no column for stays empty.
func Contacts(ctx context.Context, b *books.Books, p *policy.Policy) (map[string]Contact, error) {
	d := p.Dataset(policy.Employees)
	text := func(otherwise string, ids ...string) string {
		for _, id := range ids {
			if d.Column(id) != nil {
				return "coalesce(CAST(" + warehouse.Ident(id) + " AS VARCHAR), " + otherwise + ")"
			}
		}
		return otherwise
	}
	s := warehouse.SQL("contacts", fmt.Sprintf(`SELECT employee_no, "name", %s, %s, %s FROM %s WHERE _until = %d ORDER BY employee_no`,
		text(`"name"`, "name_en"), text("''", phoneColumns...), text("''", emailColumn), d.Table(), policy.Current))
	people := map[string]Contact{}
	err := b.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, s, nil, func(scan func(...any) error) error {
			var c Contact
			err := scan(&c.No, &c.Name.ZH, &c.Name.EN, &c.Phone, &c.Email)
			c.Name = policy.Text{ZH: plain(c.Name.ZH), EN: plain(c.Name.EN)}
			c.Phone, c.Email = plain(c.Phone), strings.TrimSpace(c.Email)
			people[c.No] = c
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read how people are reached: %w", err)
	}
	return people, nil
}

// Call is one line of a call sheet: whom to call about what (C26).
type Call struct {
	Key      string
	Kind     Kind
	Employee string
	Name     policy.Text
	Phone    string // "" when it is not known
	Say      policy.Text
	Since    time.Time
	Done     *CallDone // nil: nobody has called yet
}

// CallDone is a call that was made.
type CallDone struct {
	Key, Employee string
	At            time.Time
	Actor, Note   string
}

// CallSheet lists whom to call about the urgent ones of what is due: first those not called yet, then the longest due. done are the calls made.
func CallSheet(due []Notice, people map[string]Contact, done []CallDone) (list []Call) {
	for _, n := range due {
		if !n.Urgent {
			continue
		}
		words := policy.Text{ZH: n.Title.ZH + "。", EN: n.Title.EN + "."}
		for _, l := range n.Body {
			words = policy.Text{ZH: words.ZH + l.ZH, EN: words.EN + " " + l.EN}
		}
		for _, no := range n.To {
			c := Call{Key: n.Key, Kind: n.Kind, Employee: no, Name: people[no].Name, Phone: people[no].Phone, Say: words, Since: n.Since}
			if i := slices.IndexFunc(done, func(x CallDone) bool { return x.Key == n.Key && x.Employee == no }); i >= 0 {
				c.Done = &done[i]
			}
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b Call) int {
		if (a.Done == nil) != (b.Done == nil) {
			if a.Done == nil {
				return -1
			}
			return 1
		}
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Key, b.Key), strings.Compare(a.Employee, b.Employee))
	})
	return list
}

// Calls lists the calls that were made, in order.
func Calls(ctx context.Context, b *books.Books) (list []CallDone, err error) {
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, statements.Get("calls"), nil, func(scan func(...any) error) error {
			var c CallDone
			err := scan(&c.Key, &c.Employee, &c.At, &c.Actor, &c.Note)
			list = append(list, c)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the calls: %w", err)
	}
	return list, nil
}

// Called notes that the actor called somebody about a notice. A second call about the same is refused.
func Called(ctx context.Context, b *books.Books, actor, key, employee, note string) error {
	switch {
	case strings.TrimSpace(actor) == "" || strings.TrimSpace(key) == "" || strings.TrimSpace(employee) == "":
		return refuse("call.incomplete", say("没有写明谁就哪条通知给谁打了电话", "it does not say who called whom about which notice"), say("请写明工号与通知", "give both numbers and the notice"))
	case utf8.RuneCountInString(note) > longestReason:
		return refuse("call.note", say("备注超过 %d 字", "the note is longer than %d characters", longestReason), say("请缩短", "shorten it"))
	}
	_, err := b.Record(ctx, "notice.called", actor, &called{key, employee, note}, fresh{})
	return err
}
