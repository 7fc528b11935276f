package notices

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
	"plumbline/reviews"
)

//go:embed sql/*.sql
var files embed.FS

var statements = warehouse.MustLoad(must(fs.Sub(files, "sql")))

func must(f fs.FS, err error) fs.FS {
	if err != nil {
		panic(err)
	}
	return f
}

// Tables lists the statements that make the tables of this room in a new warehouse.
func Tables() []warehouse.Statement {
	return []warehouse.Statement{statements.Get("create_schema"), statements.Get("create_entries"), statements.Get("create_calls")}
}

// Handlers gives what applies each kind of event of this room.
func Handlers() map[string]books.Handler {
	m := map[string]books.Handler{}
	for kind := range events {
		m[kind] = handle
	}
	return m
}

// State is how far an entry of the outbox has come.
type State string

// The states.
const (
	Queued    State = "queued"    // to be sent, at once or after a pause
	Sending   State = "sending"   // being sent; or the program ended while it was, and nobody knows whether it arrived
	Sent      State = "sent"      // the channel took it
	Doubt     State = "doubt"     // the channel gave no clear answer: it may have arrived
	Failed    State = "failed"    // given up after the last attempt
	Dismissed State = "dismissed" // a person let it be
	Lapsed    State = "lapsed"    // what it says no longer held before it was sent
)

var stateNames = map[State]policy.Text{
	Queued: {ZH: "待发送", EN: "queued"}, Sending: {ZH: "正在发送或结果不明", EN: "being sent, or in doubt"}, Sent: {ZH: "已发送", EN: "sent"}, Doubt: {ZH: "结果不明", EN: "in doubt"},
	Failed: {ZH: "发送失败", EN: "failed"}, Dismissed: {ZH: "已搁置", EN: "dismissed"}, Lapsed: {ZH: "已失效", EN: "lapsed"},
}

// Name gives the state in words.
func (s State) Name() policy.Text { return stateNames[s] }

// event is what the ledger holds about the outbox.
type event interface {
	// apply changes the outbox and gives how many entries of those named could not be changed.
	apply(ctx context.Context, tx *warehouse.Tx, e books.Entry) (stale int, err error)
}

// events makes an event of each kind.
var events = map[string]func() event{
	"notice.queued":    func() event { return &queued{} },
	"notice.sending":   func() event { return &moved{before: "queued", after: Sending} },
	"notice.sent":      func() event { return &moved{before: "sending", after: Sent} },
	"notice.failed":    func() event { return &failed{} },
	"notice.resent":    func() event { return &decided{moved: moved{before: "sending doubt failed", after: Queued}} },
	"notice.dismissed": func() event { return &decided{moved: moved{before: "queued sending doubt failed", after: Dismissed}} },
	"notice.lapsed":    func() event { return &moved{before: "queued", after: Lapsed} },
	"notice.called":    func() event { return &called{} },
}

// fresh marks an event that is being recorded: then every entry must be in the state that the event expects. A replay trusts the ledger.
type fresh struct{}

func handle(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	ev := events[e.Kind]()
	d := json.NewDecoder(bytes.NewReader(e.Data))
	d.DisallowUnknownFields()
	if err := d.Decode(ev); err != nil {
		return fmt.Errorf("read the event %s: %w", e.Kind, err)
	}
	stale, err := ev.apply(ctx, tx, e)
	if _, recording := e.Prepared.(fresh); err == nil && recording && stale > 0 {
		return errStale
	}
	return err
}

// queued puts notices into a channel.
type queued struct {
	Channel string   `json:"channel"`
	Group   bool     `json:"group,omitempty"`
	Notices []letter `json:"notices"`
}

// letter is a notice as the ledger has it. Of those for a group neither people nor texts are kept.
type letter struct {
	Key    string        `json:"key"`
	Kind   Kind          `json:"kind"`
	Of     string        `json:"of,omitempty"`
	Urgent bool          `json:"urgent,omitempty"`
	To     []string      `json:"to,omitempty"`
	Title  policy.Text   `json:"title"`
	Body   []policy.Text `json:"body,omitempty"`
	Link   string        `json:"link,omitempty"`
	Since  time.Time     `json:"since"`
}

func (ev *queued) apply(ctx context.Context, tx *warehouse.Tx, e books.Entry) (int, error) {
	for _, n := range ev.Notices {
		to, err := json.Marshal(append([]string{}, n.To...))
		if err != nil {
			return 0, err
		}
		body, err := json.Marshal(append([]policy.Text{}, n.Body...))
		if err != nil {
			return 0, err
		}
		_, err = tx.Exec(ctx, statements.Get("insert_entry"), warehouse.Args{"channel": ev.Channel, "key": n.Key, "kind": string(n.Kind), "period": n.Of, "urgent": n.Urgent, "grouped": ev.Group,
			"recipients": string(to), "title_zh": n.Title.ZH, "title_en": n.Title.EN, "body": string(body), "link": n.Link, "since": n.Since.UTC(), "seq": e.Seq, "at": e.Time, "actor": e.Actor})
		if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// moved brings entries of a channel into another state.
type moved struct {
	Channel string   `json:"channel"`
	Keys    []string `json:"keys"`
	before  string
	after   State
}

func (ev *moved) apply(ctx context.Context, tx *warehouse.Tx, e books.Entry) (int, error) {
	return ev.move(ctx, tx, e, "")
}

func (ev *moved) move(ctx context.Context, tx *warehouse.Tx, e books.Entry, reason string) (stale int, err error) {
	for _, k := range ev.Keys {
		args := warehouse.Args{"channel": ev.Channel, "key": k, "before": ev.before, "after": string(ev.after), "attempts": nil, "next_try": nil, "error": "", "at": e.Time, "actor": e.Actor, "reason": reason}
		if ev.after == Queued {
			args["attempts"], args["next_try"] = int64(0), e.Time
		}
		n, err := tx.Exec(ctx, statements.Get("move_entry"), args)
		if err != nil {
			return 0, err
		}
		stale += 1 - int(n)
	}
	return stale, nil
}

// failed says why entries could not be sent, and what comes next.
type failed struct {
	Channel  string    `json:"channel"`
	Failures []failure `json:"failures"`
}

// failure is one entry that was not sent, or of which that is not known.
type failure struct {
	Key     string     `json:"key"`
	Attempt int64      `json:"attempt"`
	Error   string     `json:"error"`           // without secrets
	Next    *time.Time `json:"next,omitempty"`  // when it is tried again; nil: not by itself
	Doubt   bool       `json:"doubt,omitempty"` // it may have arrived
}

func (ev *failed) apply(ctx context.Context, tx *warehouse.Tx, e books.Entry) (stale int, err error) {
	for _, f := range ev.Failures {
		args := warehouse.Args{"channel": ev.Channel, "key": f.Key, "before": "sending", "after": string(Failed), "attempts": f.Attempt, "next_try": nil, "error": f.Error, "at": e.Time, "actor": e.Actor, "reason": ""}
		switch {
		case f.Doubt:
			args["after"] = string(Doubt)
		case f.Next != nil:
			args["after"], args["next_try"] = string(Queued), f.Next.UTC()
		}
		n, err := tx.Exec(ctx, statements.Get("move_entry"), args)
		if err != nil {
			return 0, err
		}
		stale += 1 - int(n)
	}
	return stale, nil
}

// decided is what a person decides about entries that are in doubt or failed.
type decided struct {
	moved
	Reason string `json:"reason"`
}

// longestSending is how long a batch may be on its way. Until then nobody may decide about it, since it may well arrive.
const longestSending = 10 * time.Minute

func (ev *decided) apply(ctx context.Context, tx *warehouse.Tx, e books.Entry) (int, error) {
	if _, recording := e.Prepared.(fresh); recording {
		for _, k := range ev.Keys {
			err := tx.Each(ctx, statements.Get("sending_since"), warehouse.Args{"channel": ev.Channel, "key": k}, func(scan func(...any) error) error {
				var since time.Time
				if err := scan(&since); err != nil {
					return err
				}
				if e.Time.Sub(since) < longestSending {
					return refuse("notice.sending", say("通知 %s 可能正在发送", "the notice %s may be on its way", k), say("十分钟后仍无结果的，再作决定", "decide when nothing is known of it after ten minutes"))
				}
				return nil
			})
			if err != nil {
				return 0, err
			}
		}
	}
	return ev.move(ctx, tx, e, ev.Reason)
}

// called is a call that was made.
type called struct {
	Key      string `json:"key"`
	Employee string `json:"employee"`
	Note     string `json:"note,omitempty"`
}

func (ev *called) apply(ctx context.Context, tx *warehouse.Tx, e books.Entry) (int, error) {
	n, err := tx.Exec(ctx, statements.Get("insert_call"), warehouse.Args{"key": ev.Key, "employee_no": ev.Employee, "seq": e.Seq, "at": e.Time, "actor": e.Actor, "note": ev.Note})
	return 1 - int(n), err
}

// refuse says why a command was not carried out.
func refuse(rule string, what, cure policy.Text) *reviews.Refusal {
	return &reviews.Refusal{Rule: rule, Say: what, Cure: cure}
}

// errStale says that an entry is not in the state that a command expects.
var errStale = refuse("notice.stale", say("通知的状态已经变了：有人先办理了，或已在发送", "the state of a notice has changed: somebody was faster, or it is being sent"), say("请重新查看发件箱", "look at the outbox again"))
