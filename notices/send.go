package notices

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/policy"
)

// pauses are how long to wait after the first failed attempt, the second and so on; after one more it is given up.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 12 * time.Hour}

// mostAtOnce is how many messages are noted as being sent in one event. So many are in doubt at most when the program ends in the middle; with
// longestMessage for each they are done within longestSending.
const mostAtOnce = 20

// longestMessage is how long a sender may take for one message.
const longestMessage = 25 * time.Second

// Report is what came of sending, in entries.
type Report struct {
	Sent     int
	Retrying int // not delivered, to be tried again
	Failed   int // given up
	Doubt    int // a person has to decide
	Waiting  int // not tried: the channel takes no more at the moment
}

// Send sends what is due in the outbox by a moment, through the senders of its channels; entries of other channels stay. What is about to be sent
// is written down first, and what became of it after. What is in doubt is left to a person.
func Send(ctx context.Context, b *books.Books, senders []Sender, now time.Time) (r Report, err error) {
	now = now.UTC()
	for _, s := range senders {
		list, err := entries(ctx, b, s.Channel(), Queued)
		if err != nil {
			return r, fmt.Errorf("send notices through %s: %w", s.Channel(), err)
		}
		list = slices.DeleteFunc(list, func(e Entry) bool { return e.NextTry.After(now) })
		for len(list) > 0 && ctx.Err() == nil {
			parcels, rest := batch(list)
			if paced, ok := s.(Paced); ok && paced.Ready() > 0 {
				r.Waiting += len(list)
				break
			}
			if err := send(ctx, b, s, parcels, now, &r); err != nil {
				return r, fmt.Errorf("send notices through %s: %w", s.Channel(), err)
			}
			list = rest
		}
	}
	return r, ctx.Err()
}

// parcel is one message with the entries that it tells of.
type parcel struct {
	message Message
	entries []Entry
}

// batch takes the next messages off a list: first all for a group, as one, then those for people.
func batch(list []Entry) (parcels []parcel, rest []Entry) {
	var group []Entry
	for _, e := range list {
		switch {
		case e.Group:
			group = append(group, e)
		case len(parcels) < mostAtOnce-1:
			parcels = append(parcels, parcel{personal(e), []Entry{e}})
		default:
			rest = append(rest, e)
		}
	}
	if len(group) > 0 {
		parcels = append([]parcel{{digest(group), group}}, parcels...)
	}
	return parcels, rest
}

// send sends some messages. Another Send that is faster is left alone with its entries.
func send(ctx context.Context, b *books.Books, s Sender, parcels []parcel, now time.Time, r *Report) error {
	var keys []string
	for _, p := range parcels {
		keys = append(keys, keysOf(p.entries)...)
	}
	if _, err := b.Record(ctx, "notice.sending", Clerk, &moved{Channel: s.Channel(), Keys: keys}, fresh{}); err != nil {
		if errors.Is(err, errStale) {
			return nil
		}
		return err
	}
	done, failures := &moved{Channel: s.Channel()}, &failed{Channel: s.Channel()}
	for _, p := range parcels {
		err := attempt(ctx, s, p.message)
		if err == nil {
			done.Keys = append(done.Keys, keysOf(p.entries)...)
			r.Sent += len(p.entries)
			continue
		}
		failures.add(p, err, now, r)
	}
	return settle(context.WithoutCancel(ctx), b, done, failures) // what was sent is written down also when the program is being ended
}

// errEnding says that a message was not tried because the program is being ended.
var errEnding = errors.New("the program ended before it was sent (程序退出，尚未发送)")

// attempt sends one message. A sender that breaks off leaves it in doubt.
func attempt(ctx context.Context, s Sender, m Message) (err error) {
	if ctx.Err() != nil {
		return errEnding
	}
	if paced, ok := s.(Paced); ok {
		if wait := paced.Ready(); wait > 0 {
			return &Failure{Wait: wait, Err: errPaced}
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = InDoubt(fmt.Errorf("the sender broke off: %v", p))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, longestMessage)
	defer cancel()
	return s.Send(ctx, m)
}

// errPaced says that the channel takes no more at the moment.
var errPaced = errors.New("the channel takes no more messages at the moment (通道暂时不接收更多消息)")

// add notes a message that was not sent: what was not even tried does not count as an attempt.
func (f *failed) add(p parcel, err error, now time.Time, r *Report) {
	untried := errors.Is(err, errEnding) || errors.Is(err, errPaced)
	for _, e := range p.entries {
		x := failure{Key: e.Key, Attempt: e.Attempts + 1, Error: cleaned(err)}
		cause := failureOf(err)
		switch {
		case untried:
			next := now.Add(cause.Wait)
			x.Attempt, x.Next = e.Attempts, &next
			r.Waiting++
		case cause.Doubt:
			x.Doubt = true
			r.Doubt++
		case cause.Final || int(x.Attempt) > len(pauses):
			r.Failed++
		default:
			next := now.Add(max(pauses[x.Attempt-1], cause.Wait))
			x.Next = &next
			r.Retrying++
		}
		f.Failures = append(f.Failures, x)
	}
}

// settle writes down what became of messages.
func settle(ctx context.Context, b *books.Books, done *moved, failures *failed) error {
	var errs []error
	if len(done.Keys) > 0 {
		_, err := b.Record(ctx, "notice.sent", Clerk, done, fresh{})
		errs = append(errs, err)
	}
	if len(failures.Failures) > 0 {
		_, err := b.Record(ctx, "notice.failed", Clerk, failures, fresh{})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func keysOf(list []Entry) (keys []string) {
	for _, e := range list {
		keys = append(keys, e.Key)
	}
	return keys
}

// periodOf names a period after a kind, nothing for none.
func periodOf(of string) policy.Text {
	p, err := period.Parse(of)
	if err != nil {
		return policy.Text{}
	}
	return policy.Text{ZH: "（" + p.ZH() + "）", EN: " (" + p.EN() + ")"}
}
