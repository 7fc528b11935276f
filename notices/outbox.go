package notices

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
)

// Clerk is the actor of what the program does by itself.
const Clerk = "notices"

// Channel is a way to people.
type Channel struct {
	Name  string // as the sender calls itself
	Group bool   // many read it: it is told kinds and counts, and nobody's name
}

// Entry is a notice in the outbox of a channel. Of those for a group To, Title and Body are empty.
type Entry struct {
	Notice
	Channel   string
	Group     bool
	State     State
	Attempts  int64
	NextTry   time.Time // when it is sent, or tried again; zero unless it is queued
	Error     string    // why the last attempt failed
	Seq       int64     // of the event that queued it
	QueuedAt  time.Time
	ChangedAt time.Time
	ChangedBy string
	Reason    string // of a person's decision
}

// Doubtful reports whether nobody knows if the message arrived: a person has to decide, unless it is being sent this moment.
func (e *Entry) Doubtful() bool { return e.State == Sending || e.State == Doubt }

// Outbox lists all entries, the urgent first, then in the order in which they were queued.
func Outbox(ctx context.Context, b *books.Books) ([]Entry, error) {
	list, err := entries(ctx, b, "", "")
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return list, nil
}

func entries(ctx context.Context, b *books.Books, channel string, state State) (list []Entry, err error) {
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, statements.Get("entries"), warehouse.Args{"channel": channel, "state": string(state)}, func(scan func(...any) error) error {
			e, err := entryOf(scan)
			list = append(list, e)
			return err
		})
	})
	return list, err
}

func entryOf(scan func(...any) error) (e Entry, err error) {
	var kind, state, to, body string
	var next *time.Time
	if err := scan(&e.Channel, &e.Key, &kind, &e.Of, &e.Urgent, &e.Group, &to, &e.Title.ZH, &e.Title.EN, &body, &e.Link, &e.Since, &e.Seq, &e.QueuedAt, &state, &e.Attempts, &next, &e.Error,
		&e.ChangedAt, &e.ChangedBy, &e.Reason); err != nil {
		return e, err
	}
	e.Kind, e.State = Kind(kind), State(state)
	if next != nil {
		e.NextTry = *next
	}
	if err := json.Unmarshal([]byte(to), &e.To); err != nil {
		return e, fmt.Errorf("recipients of %s: %w", e.Key, err)
	}
	if err := json.Unmarshal([]byte(body), &e.Body); err != nil {
		return e, fmt.Errorf("text of %s: %w", e.Key, err)
	}
	return e, nil
}

// mostQueued is how many notices one event takes.
const mostQueued = 500

// Queue puts notices into channels, each key into each channel once and never again, and gives how many were new. Without channels nothing
// is queued.
func Queue(ctx context.Context, b *books.Books, list []Notice, channels []Channel) (added int, err error) {
	for _, c := range channels {
		had := map[string]bool{}
		err := b.View(ctx, func(tx *warehouse.Tx) error {
			return tx.Each(ctx, statements.Get("keys"), warehouse.Args{"channel": c.Name}, func(scan func(...any) error) error {
				var k string
				err := scan(&k)
				had[k] = true
				return err
			})
		})
		if err != nil {
			return added, fmt.Errorf("queue notices for %s: %w", c.Name, err)
		}
		var fresh []letter
		for _, n := range list {
			if !had[n.Key] {
				had[n.Key] = true
				fresh = append(fresh, letterOf(n, c))
			}
		}
		for part := range slices.Chunk(fresh, mostQueued) {
			if _, err := b.Record(ctx, "notice.queued", Clerk, &queued{c.Name, c.Group, part}, nil); err != nil {
				return added, fmt.Errorf("queue notices for %s: %w", c.Name, err)
			}
			added += len(part)
		}
	}
	return added, nil
}

// letterOf leaves out of a notice for a group whom it is for and what it says.
func letterOf(n Notice, c Channel) letter {
	x := letter{Key: n.Key, Kind: n.Kind, Of: n.Of, Urgent: n.Urgent, Since: n.Since.UTC()}
	if !c.Group {
		x.To, x.Title, x.Body, x.Link = n.To, n.Title, n.Body, n.Link
	}
	return x
}

// Lapse takes back what waits in the outbox and is no longer due: a reminder of what has been done meanwhile would be wrong. due is all that
// Due gives now. It tells how many entries lapsed.
func Lapse(ctx context.Context, b *books.Books, due []Notice) (lapsed int, err error) {
	holds := map[string]bool{}
	for _, n := range due {
		holds[n.Key] = true
	}
	waiting, err := entries(ctx, b, "", Queued)
	if err != nil {
		return 0, fmt.Errorf("take notices back: %w", err)
	}
	byChannel := map[string][]string{}
	var channels []string
	for _, e := range waiting {
		if holds[e.Key] {
			continue
		}
		if byChannel[e.Channel] == nil {
			channels = append(channels, e.Channel)
		}
		byChannel[e.Channel] = append(byChannel[e.Channel], e.Key)
	}
	for _, c := range channels {
		if _, err := b.Record(ctx, "notice.lapsed", Clerk, &moved{Channel: c, Keys: byChannel[c]}, fresh{}); err != nil {
			return lapsed, fmt.Errorf("take notices back: %w", err)
		}
		lapsed += len(byChannel[c])
	}
	return lapsed, nil
}

// Resend sends entries of a channel again that are in doubt or failed, as a person decides. Those that are on their way are refused.
func Resend(ctx context.Context, b *books.Books, actor, channel string, keys []string, reason string) error {
	return decide(ctx, b, "notice.resent", actor, channel, keys, reason)
}

// Dismiss lets entries of a channel be that are in doubt, failed or queued, as a person decides.
func Dismiss(ctx context.Context, b *books.Books, actor, channel string, keys []string, reason string) error {
	return decide(ctx, b, "notice.dismissed", actor, channel, keys, reason)
}

// longestReason is how many characters a reason or a note may have.
const longestReason = 500

func decide(ctx context.Context, b *books.Books, kind, actor, channel string, keys []string, reason string) error {
	switch {
	case strings.TrimSpace(actor) == "" || actor == Clerk:
		return refuse("actor.unknown", say("没有写明由谁决定", "it does not say who decides"), say("请写明工号", "give an employee number"))
	case strings.TrimSpace(reason) == "" || utf8.RuneCountInString(reason) > longestReason:
		return refuse("reason.missing", say("没有写明理由，或超过 %d 字", "there is no reason, or it is longer than %d characters", longestReason), say("请写明理由，它会与决定一起留存", "give the reason; it is kept with the decision"))
	case len(keys) == 0:
		return refuse("notice.none", say("没有指明通知", "no notice is named"), say("请选择通知", "choose a notice"))
	}
	ev := &decided{moved{Channel: channel, Keys: slices.Compact(slices.Sorted(slices.Values(keys)))}, reason}
	_, err := b.Record(ctx, kind, actor, ev, fresh{})
	return err
}
