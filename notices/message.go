package notices

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"plumbline/policy"
)

// Message is what a sender is given.
type Message struct {
	ID     string   // the same for the same entries, for those who can tell a repetition by it
	To     []string // employee numbers; none for a group
	Urgent bool
	Title  policy.Text   // one line
	Lines  []policy.Text // what does not fit is cut at a line, and it is said how many there are
	Link   string        // path of the page; "" for none
}

// Sender brings messages into a channel. It fails with a *Failure; any other error counts as one in doubt.
type Sender interface {
	Channel() string
	Send(ctx context.Context, m Message) error
}

// Paced is a sender that takes only so much at a time.
type Paced interface {
	// Ready gives how long to wait before the next message; 0: it may be sent.
	Ready() time.Duration
}

// Failure says that a message was not delivered, or that nobody knows.
type Failure struct {
	Doubt bool          // it may have been delivered; else it surely was not
	Final bool          // trying again is no use
	Wait  time.Duration // not to be tried again before; 0: after the usual pause
	Err   error
}

func (f *Failure) Error() string {
	if f.Doubt {
		return "it may have been delivered: " + f.Err.Error()
	}
	return "not delivered: " + f.Err.Error()
}

func (f *Failure) Unwrap() error { return f.Err }

// NotDelivered says that a message surely was not delivered.
func NotDelivered(err error) *Failure { return &Failure{Err: err} }

// InDoubt says that a message may have been delivered.
func InDoubt(err error) *Failure { return &Failure{Doubt: true, Err: err} }

// failureOf gives an error as a failure: one that says nothing of delivery is in doubt.
func failureOf(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return InDoubt(err)
}

var (
	addresses = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^\s"'<>]+`)
	values    = regexp.MustCompile(`(?i)(key|token|secret|password|passwd|pwd|access_token|auth)\s*[=:]\s*[^\s&"']+`)
)

// cleaned gives what an error says, for ledger and pages: without addresses that may hold a key, on one line, cut to a length.
func cleaned(err error) string {
	const most = 300
	s := values.ReplaceAllString(addresses.ReplaceAllString(err.Error(), "…"), "$1=…")
	var line []rune
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			r = ' '
		}
		line = append(line, r)
	}
	if len(line) > most {
		line = append(line[:most], '…')
	}
	return string(line)
}

// personal makes a message of an entry for people.
func personal(e Entry) Message {
	return Message{ID: idOf(e.Channel, e.Key), To: e.To, Urgent: e.Urgent, Title: e.Title, Lines: e.Body, Link: e.Link}
}

// digest makes one message of all entries for a group: kinds, periods and counts, the urgent first.
func digest(list []Entry) Message {
	type group struct {
		kind Kind
		of   string
	}
	counts := map[group]int{}
	var groups []group
	var keys []string
	m := Message{Title: policy.Text{ZH: "准绳提醒", EN: "Plumbline reminders"}}
	for _, e := range list {
		g := group{e.Kind, e.Of}
		if counts[g]++; counts[g] == 1 {
			groups = append(groups, g)
		}
		keys = append(keys, e.Key)
		m.Urgent = m.Urgent || e.Urgent
	}
	slices.SortStableFunc(groups, func(a, b group) int { return a.kind.rank() - b.kind.rank() })
	for _, g := range groups {
		name := g.kind.Name()
		line := say("%[1]s%[2]s：%[3]d 项", "%[4]s%[5]s: %[3]d", name.ZH, periodOf(g.of).ZH, counts[g], name.EN, periodOf(g.of).EN)
		if g.kind.Urgent() {
			line = policy.Text{ZH: "【紧急】" + line.ZH, EN: "[Urgent] " + line.EN}
		}
		m.Lines = append(m.Lines, line)
	}
	m.ID = idOf(list[0].Channel, keys...)
	return m
}

// idOf names a message by what it is made of, without telling it.
func idOf(channel string, keys ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", channel, keys)
	return hex.EncodeToString(h.Sum(nil))[:32]
}
