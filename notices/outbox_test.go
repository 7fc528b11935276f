package notices_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plumbline/internal/ledger"
	"plumbline/notices"
	"plumbline/policy"
	"plumbline/reviews"
)

// post is a sender that notes what it is given and does as it is told.
type post struct {
	channel string
	mu      sync.Mutex
	got     []notices.Message
	do      func(m notices.Message) error
}

func (p *post) Channel() string { return p.channel }

func (p *post) Send(_ context.Context, m notices.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, m)
	if p.do != nil {
		return p.do(m)
	}
	return nil
}

// made are some notices as Due gives them.
func made(n int, kind notices.Kind) (list []notices.Notice) {
	for i := range n {
		no := fmt.Sprintf("E%02d", i+1)
		list = append(list, notices.Notice{Key: string(kind) + ":2026-09:" + no, Kind: kind, Of: "2026-09", Urgent: kind.Urgent(), To: []string{no}, Title: policy.Text{ZH: "标题", EN: "title"},
			Body: []policy.Text{{ZH: "给" + no, EN: "to " + no}}, Link: "/me/2026-09", Since: at("2026-10-01 00:00").UTC()})
	}
	return list
}

var both = []notices.Channel{notices.WeCom, notices.Mail}

// queue queues notices and wants so many to be new.
func (w *world) queue(list []notices.Notice, channels []notices.Channel, want int) {
	w.t.Helper()
	if n, err := notices.Queue(context.Background(), w.b, list, channels); err != nil || n != want {
		w.t.Errorf("%d were queued, want %d: %v", n, want, err)
	}
}

func (w *world) send(senders ...notices.Sender) notices.Report {
	w.t.Helper()
	return must(notices.Send(context.Background(), w.b, senders, w.now))
}

// outbox writes what stands in the outbox, as channel, key, state, attempts and time of the next try.
func (w *world) outbox() (lines []string) {
	w.t.Helper()
	for _, e := range must(notices.Outbox(context.Background(), w.b)) {
		next := ""
		if !e.NextTry.IsZero() {
			next = " " + e.NextTry.In(shanghai).Format("15:04")
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %d%s", e.Channel, e.Key, e.State, e.Attempts, next))
	}
	return lines
}

func (w *world) wantOutbox(want ...string) {
	w.t.Helper()
	if got := w.outbox(); !slices.Equal(got, want) {
		w.t.Errorf("the outbox is\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (w *world) events() (list []ledger.Event) {
	w.t.Helper()
	for e, err := range w.b.Ledger().Events(0) {
		w.ok(err)
		if strings.HasPrefix(e.Kind, "notice.") {
			list = append(list, e)
		}
	}
	return list
}

// TestQueuedOnce: a key goes into a channel once, also after it was sent and after the warehouse was made anew; another channel gets it on its own.
func TestQueuedOnce(t *testing.T) {
	w := newWorld(t)
	list := made(3, notices.SelfReviewSoon)
	w.queue(list, nil, 0)
	w.queue(list, []notices.Channel{notices.Mail}, 3)
	w.queue(append(list, list...), both, 3)
	w.queue(list, both, 0)
	if r := w.send(&post{channel: "email"}, &post{channel: "wecom"}); r.Sent != 6 {
		t.Errorf("sent: %+v", r)
	}
	before := w.outbox()
	w.ok(w.b.Rebuild(context.Background()))
	w.wantOutbox(before...)
	w.queue(list, both, 0)
	p := &post{channel: "email"}
	if r := w.send(p); r != (notices.Report{}) || len(p.got) != 0 {
		t.Errorf("sent again: %+v, %d messages", r, len(p.got))
	}
	if n := len(w.events()); n != 2+2*2 {
		t.Errorf("%d events for two channels", n)
	}
}

// TestGroupIsToldCounts: a group gets one message of kinds, periods and counts, the urgent first; neither ledger nor message names anybody.
func TestGroupIsToldCounts(t *testing.T) {
	w := newWorld(t)
	w.queue(append(made(3, notices.SelfReviewSoon), append(made(2, notices.AppealWaiting), made(1, notices.IncidentOverdue)...)...), []notices.Channel{notices.WeCom}, 6)
	p := &post{channel: "wecom"}
	w.send(p)
	if len(p.got) != 1 || len(p.got[0].To) != 0 || !p.got[0].Urgent {
		t.Fatalf("sent %+v", p.got)
	}
	var lines []string
	for _, l := range p.got[0].Lines {
		lines = append(lines, l.ZH+" / "+l.EN)
	}
	want := []string{"【紧急】事件报告已逾期（2026年9月）：1 项 / [Urgent] Incidents not reported in time (September 2026): 1", "自评即将截止（2026年9月）：3 项 / Self-reviews due soon (September 2026): 3",
		"申诉待处理（2026年9月）：2 项 / Appeals to be decided (September 2026): 2"}
	if !slices.Equal(lines, want) {
		t.Errorf("the group is told %q, want %q", lines, want)
	}
	for _, e := range w.events() {
		for _, secret := range []string{"给E0", "to E0", `"E01"`} {
			if strings.Contains(string(e.Data), secret) {
				t.Errorf("the event %s holds %q: %s", e.Kind, secret, e.Data)
			}
		}
	}
}

// TestKilledWhileSending: what was being sent when the program was killed is in doubt; it is not sent again by itself, and a person decides.
func TestKilledWhileSending(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.queue(made(2, notices.SelfReviewSoon), []notices.Channel{notices.Mail}, 2)
	var killed *world
	p := &post{channel: "email"}
	p.do = func(notices.Message) error {
		if killed == nil {
			killed = copied(t, w.dir, w.now) // what a kill at this moment leaves
		}
		return nil
	}
	w.send(p)
	k1, k2 := "self_review.due_soon:2026-09:E01", "self_review.due_soon:2026-09:E02"
	w.wantOutbox("email "+k1+" sent 0", "email "+k2+" sent 0")
	for range 2 {
		killed.wantOutbox("email "+k1+" sending 0", "email "+k2+" sending 0")
		again := &post{channel: "email"}
		killed.now = killed.now.Add(48 * time.Hour)
		if r := killed.send(again); len(again.got) != 0 || r != (notices.Report{}) {
			t.Errorf("it was sent again: %+v", again.got)
		}
		killed.ok(killed.b.Rebuild(ctx))
	}
	if list := must(notices.Outbox(ctx, killed.b)); !list[0].Doubtful() {
		t.Errorf("it is not shown as in doubt: %+v", list[0])
	}
	killed.ok(notices.Resend(ctx, killed.b, hr, "email", []string{k1}, "收件人没有收到"))
	killed.ok(notices.Dismiss(ctx, killed.b, hr, "email", []string{k2}, "已当面告知"))
	again := &post{channel: "email"}
	if r := killed.send(again); r.Sent != 1 || again.got[0].To[0] != "E01" || again.got[0].ID != p.got[0].ID {
		t.Errorf("after the decision: %+v, %+v", r, again.got)
	}
	killed.wantOutbox("email "+k1+" sent 0", "email "+k2+" dismissed 0")
	killed.ok(killed.b.Rebuild(ctx))
	killed.wantOutbox("email "+k1+" sent 0", "email "+k2+" dismissed 0")
	if e := must(notices.Outbox(ctx, killed.b))[1]; e.ChangedBy != hr || e.Reason != "已当面告知" {
		t.Errorf("the decision is kept as %+v", e)
	}
}

// TestDecisionWhileItIsSent: a person who is too fast would have it sent twice, and is refused; so is one without a reason or with a state that has changed.
func TestDecisionWhileItIsSent(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.queue(made(1, notices.SelfReviewSoon), []notices.Channel{notices.Mail}, 1)
	k := []string{"self_review.due_soon:2026-09:E01"}
	refused := func(rule string, err error) {
		t.Helper()
		if r, ok := errors.AsType[*reviews.Refusal](err); !ok || r.Rule != rule {
			t.Errorf("got %v, want a refusal by %s", err, rule)
		}
	}
	p := &post{channel: "email"}
	p.do = func(notices.Message) error {
		w.now = w.now.Add(9 * time.Minute)
		refused("notice.sending", notices.Resend(ctx, w.b, hr, "email", k, "等不及"))
		return nil
	}
	w.send(p)
	refused("notice.stale", notices.Resend(ctx, w.b, hr, "email", k, "再发一次"))
	refused("notice.stale", notices.Dismiss(ctx, w.b, hr, "email", []string{"unknown"}, "不认识"))
	refused("reason.missing", notices.Resend(ctx, w.b, hr, "email", k, "  "))
	refused("actor.unknown", notices.Resend(ctx, w.b, notices.Clerk, "email", k, "自动"))
	refused("notice.none", notices.Resend(ctx, w.b, hr, "email", nil, "没有"))
	w.wantOutbox("email " + k[0] + " sent 0")
}

// TestRetries: what surely was not delivered is tried again after growing pauses and then given up; a person may have it sent after all.
func TestRetries(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.queue(made(1, notices.SelfReviewSoon), []notices.Channel{notices.Mail}, 1)
	key := "email self_review.due_soon:2026-09:E01"
	p := &post{channel: "email", do: func(notices.Message) error {
		return notices.NotDelivered(errors.New("connection refused by https://x/send?key=geheim"))
	}}
	for i, pause := range notices.Pauses {
		if r := w.send(p); r.Retrying != 1 {
			t.Errorf("attempt %d: %+v", i+1, r)
		}
		w.wantOutbox(fmt.Sprintf("%s queued %d %s", key, i+1, w.now.Add(pause).Format("15:04")))
		w.now = w.now.Add(pause - time.Second)
		if r := w.send(p); r != (notices.Report{}) {
			t.Errorf("tried before its time: %+v", r)
		}
		w.now = w.now.Add(time.Second)
	}
	if r := w.send(p); r.Failed != 1 || len(p.got) != len(notices.Pauses)+1 {
		t.Errorf("at the end: %+v after %d attempts", r, len(p.got))
	}
	w.wantOutbox(key + " failed 6")
	e := must(notices.Outbox(ctx, w.b))[0]
	if strings.Contains(e.Error, "geheim") || !strings.Contains(e.Error, "connection refused") {
		t.Errorf("its error is %q", e.Error)
	}
	w.ok(w.b.Rebuild(ctx))
	w.wantOutbox(key + " failed 6")
	w.ok(notices.Resend(ctx, w.b, hr, "email", []string{e.Key}, "服务器已修复"))
	p.do = nil
	if r := w.send(p); r.Sent != 1 {
		t.Errorf("after the decision: %+v", r)
	}
}

// TestFailures: each kind of failure has its own consequence, and one message does not hold up another.
func TestFailures(t *testing.T) {
	w := newWorld(t)
	w.queue(made(6, notices.SelfReviewSoon), []notices.Channel{notices.Mail}, 6)
	p := &post{channel: "email"}
	p.do = func(m notices.Message) error {
		switch m.To[0] {
		case "E01":
			return notices.InDoubt(errors.New("cut off"))
		case "E02":
			return errors.New("an error that says nothing of delivery")
		case "E03":
			panic("nil map")
		case "E04":
			return &notices.Failure{Final: true, Err: errors.New("no address")}
		case "E05":
			return &notices.Failure{Wait: time.Hour, Err: errors.New("too often")}
		}
		return nil
	}
	if r := w.send(p); r != (notices.Report{Sent: 1, Retrying: 1, Failed: 1, Doubt: 3}) {
		t.Errorf("sent: %+v", r)
	}
	k := "email self_review.due_soon:2026-09:"
	w.wantOutbox(k+"E01 doubt 1", k+"E02 doubt 1", k+"E03 doubt 1", k+"E04 failed 1", k+"E05 queued 1 10:00", k+"E06 sent 0")
}

// TestEndOfTheProgram: what was not tried when the program is being ended goes on later and counts as no attempt; what was sent is noted.
func TestEndOfTheProgram(t *testing.T) {
	w := newWorld(t)
	w.queue(made(3, notices.SelfReviewSoon), []notices.Channel{notices.Mail}, 3)
	ctx, cancel := context.WithCancel(t.Context())
	p := &post{channel: "email", do: func(notices.Message) error { cancel(); return nil }}
	r, err := notices.Send(ctx, w.b, []notices.Sender{p}, w.now)
	if !errors.Is(err, context.Canceled) || r != (notices.Report{Sent: 1, Waiting: 2}) {
		t.Errorf("got %+v, %v", r, err)
	}
	k := "email self_review.due_soon:2026-09:"
	w.wantOutbox(k+"E01 sent 0", k+"E02 queued 0 09:00", k+"E03 queued 0 09:00")
	p.do = nil
	if r := w.send(p); r.Sent != 2 || len(p.got) != 3 {
		t.Errorf("later: %+v", r)
	}
}

// TestSendersAtOnce: several that send at once send each message once.
func TestSendersAtOnce(t *testing.T) {
	w := newWorld(t)
	w.queue(made(50, notices.SelfReviewSoon), []notices.Channel{notices.Mail}, 50)
	p, failures := &post{channel: "email"}, make(chan error, 4)
	for range cap(failures) {
		go func() {
			_, err := notices.Send(context.Background(), w.b, []notices.Sender{p}, w.now)
			failures <- err
		}()
	}
	for range cap(failures) {
		w.ok(<-failures)
	}
	times := map[string]int{}
	for _, m := range p.got {
		times[m.To[0]]++
	}
	for no, n := range times {
		if n != 1 {
			t.Errorf("%s got it %d times", no, n)
		}
	}
	w.send(p) // what a slower one left
	if len(p.got) != 50 {
		t.Errorf("%d messages for 50 people", len(p.got))
	}
}

// TestLapse: what is no longer due is not sent any more.
func TestLapse(t *testing.T) {
	w := newWorld(t)
	list := made(3, notices.SelfReviewSoon)
	w.queue(list, both, 6)
	w.send(&post{channel: "wecom"})
	if n := must(notices.Lapse(context.Background(), w.b, list[1:])); n != 1 {
		t.Errorf("%d lapsed", n)
	}
	p := &post{channel: "email"}
	w.send(p)
	if len(p.got) != 2 || p.got[0].To[0] != "E02" {
		t.Errorf("sent %+v", p.got)
	}
	if n := must(notices.Lapse(context.Background(), w.b, nil)); n != 0 {
		t.Errorf("%d lapsed that were sent", n)
	}
}

// paced takes one message at a time.
type paced struct {
	post
	left int
}

func (p *paced) Ready() time.Duration {
	if p.left > 0 {
		return 0
	}
	return time.Minute
}

func (p *paced) Send(ctx context.Context, m notices.Message) error {
	p.left--
	return p.post.Send(ctx, m)
}

// TestPace: what a channel does not take at the moment waits without counting as an attempt.
func TestPace(t *testing.T) {
	w := newWorld(t)
	w.queue(made(30, notices.SelfReviewSoon), []notices.Channel{notices.Mail}, 30)
	p := &paced{post: post{channel: "email"}, left: 2}
	if r := w.send(p); r != (notices.Report{Sent: 2, Waiting: 28}) {
		t.Errorf("sent: %+v", r)
	}
	events := len(w.events())
	if r := w.send(p); r.Sent != 0 || len(w.events()) != events {
		t.Errorf("a channel that takes nothing: %+v, %d new events", r, len(w.events())-events)
	}
	p.left, w.now = 100, w.now.Add(time.Minute)
	if r := w.send(p); r.Sent != 28 {
		t.Errorf("later: %+v", r)
	}
	for _, e := range must(notices.Outbox(context.Background(), w.b)) {
		if e.State != notices.Sent || e.Attempts != 0 {
			t.Errorf("%s is %s after %d attempts", e.Key, e.State, e.Attempts)
		}
	}
}

// TestWholeWay: from the state of the books to the messages, with names that would do harm, and back to nothing when all is done.
func TestWholeWay(t *testing.T) {
	w := newWorld(t)
	w.ok(w.as(hr).OpenMonth(context.Background(), month))
	list := w.due("2026-10-06 09:00")
	w.queue(list, both, 2*len(list))
	group, people := &post{channel: "wecom"}, &post{channel: "email"}
	w.send(group, people)
	if len(group.got) != 1 || len(people.got) != len(list) || len(list) != 10 {
		t.Errorf("%d and %d messages of %d notices", len(group.got), len(people.got), len(list))
	}
	w.queue(w.due("2026-10-06 09:01"), both, 0)
}

// TestSealStands: what people are told changes no sealed quarter, and verification compares the outbox like every other table.
func TestSealStands(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.now = at("2026-10-12 09:00")
	w.published()
	w.queue(w.due("2026-10-12 10:00"), both, 18)
	w.send(&post{channel: "wecom"}, &post{channel: "email", do: func(notices.Message) error { return notices.InDoubt(errors.New("cut off")) }})
	w.now = at("2026-10-26 09:00")
	must(w.as(hr).Seal(ctx, quarter, w.now))
	w.queue(made(1, notices.IncidentToReport), both, 2)
	if err := reviews.Verify(ctx, w.b, quarter, shanghai, nil, func(policy.Text) {}); err != nil {
		t.Errorf("the seal does not stand: %v", err)
	}
}

// FuzzEvents: an event with any content is taken or refused, and never breaks the books.
func FuzzEvents(f *testing.F) {
	for _, kind := range []string{"notice.queued", "notice.sending", "notice.failed", "notice.resent", "notice.called"} {
		for _, s := range []string{`{}`, `{"channel":"email","keys":["a","a"]}`, `{"channel":"email","notices":[{"key":"a","kind":"x","title":{"zh":"","en":""},"since":"2026-10-01T00:00:00+08:00"}]}`,
			`{"channel":"email","failures":[{"key":"a","attempt":-1,"error":"","next":"9999-12-31T23:59:59Z"}]}`, `{"key":"k","employee":"E01","note":"\u0000"}`, `{"unknown":1}`, `[]`, `null`} {
			f.Add(kind, s)
		}
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, kind, text string) {
		if notices.Handlers()[kind] == nil || !json.Valid([]byte(text)) {
			return
		}
		_, err := w.b.Record(context.Background(), kind, "tester", json.RawMessage(text), nil)
		if _, oerr := notices.Outbox(context.Background(), w.b); oerr != nil {
			t.Errorf("after %s %s (%v): %v", kind, text, err, oerr)
		}
		if _, oerr := notices.Calls(context.Background(), w.b); oerr != nil {
			t.Errorf("after %s %s (%v): %v", kind, text, err, oerr)
		}
	})
}

// TestQueuedAtOnce: several that queue at once, each before the others are done, put each key there once.
func TestQueuedAtOnce(t *testing.T) {
	w := newWorld(t)
	failures := make(chan error, 6)
	for range cap(failures) {
		go func() {
			_, err := notices.Queue(context.Background(), w.b, made(20, notices.SelfReviewSoon), []notices.Channel{notices.Mail})
			failures <- err
		}()
	}
	for range cap(failures) {
		w.ok(<-failures)
	}
	if n := len(w.outbox()); n != 20 {
		t.Errorf("%d entries for 20 keys", n)
	}
	w.ok(w.b.Rebuild(context.Background()))
	if n := len(w.outbox()); n != 20 {
		t.Errorf("after a rebuild %d entries for 20 keys", n)
	}
}

// TestWords: every kind and state has a name of its own in both languages, and people are called about few.
func TestWords(t *testing.T) {
	names, urgent := map[string]bool{}, 0
	tell := func(id string, x policy.Text) {
		if x.ZH == "" || x.EN == "" || x.ZH == id || names[x.ZH] || names[x.EN] {
			t.Errorf("%s is called %+v", id, x)
		}
		names[x.ZH], names[x.EN] = true, true
	}
	for _, k := range notices.Kinds() {
		tell(string(k), k.Name())
		if k.Urgent() {
			urgent++
		}
	}
	for _, s := range []notices.State{notices.Queued, notices.Sending, notices.Sent, notices.Doubt, notices.Failed, notices.Dismissed, notices.Lapsed} {
		tell(string(s), s.Name())
	}
	if len(notices.Kinds()) != 21 || urgent != 6 {
		t.Errorf("%d kinds, %d urgent", len(notices.Kinds()), urgent)
	}
	if k := notices.Kind("later.version"); k.Urgent() || k.Name().ZH != "later.version" {
		t.Errorf("a kind of a later version is called %+v", k.Name())
	}
}
