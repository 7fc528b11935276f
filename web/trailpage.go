package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/internal/ledger"
	"plumbline/internal/trail"
)

func (s *Server) trailRoutes() []route {
	return []route{
		{pattern: "GET /trail", action: access.Trail, about: nobody, handle: (*request).trailPage},
		{pattern: "GET /ledger", action: access.Trail, about: nobody, handle: (*request).ledgerPage},
	}
}

// logPage is a page of a log, the newest entries first.
type logPage struct {
	frame
	Lead    string
	Head    []noted
	Filters []field
	Action  string // where the filters are sent
	Table   table
	More    string // the next page
	Other   task
}

// How many entries a page of a log has, and a file.
const (
	logLines = 100
	logFile  = 10_000
)

// trailPage lists who read and changed what.
func (q *request) trailPage() error {
	v := q.r.URL.Query()
	filter := trail.Filter{Actor: strings.TrimSpace(v.Get("actor")), Subject: strings.TrimSpace(v.Get("subject")), Action: strings.TrimSpace(v.Get("action")), Limit: logLines}
	filter.Before, _ = strconv.ParseInt(v.Get("before"), 10, 64) // none is the first page
	from, to, f := q.days(v)
	filter.From, filter.To = from, to
	p := &logPage{frame: q.frame(q.say("审计日志", "Audit log")), Action: "/trail", Other: task{Href: "/ledger", Text: q.say("账本事件", "Events of the ledger")}}
	p.Fault = f
	p.Lead = q.say("谁在何时查看或改动了什么。日志只增不改，每批都有指纹。", "Who looked at what, and who changed it. The log only grows, and every batch of it is chained by hashes.")
	p.Filters = []field{{Name: "actor", Label: q.say("账号", "Login"), Value: v.Get("actor")}, {Name: "subject", Label: q.say("涉及（工号、部门等）", "About (number, department …)"), Value: v.Get("subject")},
		{Name: "action", Label: q.say("操作（以 . 结尾为一类）", "Action (ending in . for a kind)"), Value: v.Get("action")}, {Name: "from", Label: q.say("从（日期）", "From (day)"), Value: v.Get("from")}, {Name: "to", Label: q.say("到（日期，含）", "To (day, included)"), Value: v.Get("to")}}
	p.Table = table{Caption: q.say("记录", "Entries"), Empty: q.say("没有符合条件的记录；请放宽条件。", "No entry fits; ask for less."), Head: []head{numbers(q.say("序号", "No.")), words(q.say("时间", "At")), words(q.say("账号", "Login")), words(q.say("操作", "Action")), words(q.say("涉及", "About")), words(q.say("详情", "Detail")), words(q.say("来自", "From"))}}
	most := logLines
	if q.wantsCSV() {
		most, filter.Limit = logFile, 1000
	}
	for len(p.Table.Rows) < most && f == nil {
		list, next, err := q.trail.Read(q.ctx(), filter)
		if err != nil {
			return err
		}
		for _, e := range list {
			p.Table.add(text(fmt.Sprint(e.Number)), cell{Text: q.exactly(e.At), Class: "when"}, cell{Text: e.Actor, Say: q.nameIfAny(e.Employee)}, coded(q.actionName(e.Action), e.Action), cell{Text: e.Subject, Say: q.nameIfAny(e.Subject)}, text(e.Detail), text(e.Address))
		}
		if filter.Before = next; next == 0 {
			break
		}
	}
	head := q.trail.Head()
	p.Head = []noted{{q.say("日志末尾（请抄下）", "Head of the log (note it down)"), fmt.Sprintf("%d %s", head.Seq, head.Hash)}}
	return q.logPage(p, v, filter.Before, q.say("审计日志", "audit-log"))
}

// logPage answers with a page of a log, or with the file.
func (q *request) logPage(p *logPage, v url.Values, next int64, name string) error {
	if q.wantsCSV() && p.Fault == nil {
		return q.download(&p.Table, name)
	}
	if next > 0 {
		more := cloned(v)
		more.Set("before", fmt.Sprint(next))
		p.More = p.Action + "?" + more.Encode()
	}
	file := cloned(v)
	file.Del("before")
	file.Set("format", "csv")
	p.Downloads = []download{{p.Action + "?" + file.Encode(), fmt.Sprintf(q.say("下载（CSV，至多 %d 条）", "Download (CSV, %d entries at most)"), logFile)}}
	if p.Fault != nil {
		return q.renderStatus(p.Fault.Status, "log", p)
	}
	return q.render("log", p)
}

// coded is a name with the code that filters go by, where it has a name.
func coded(name, code string) cell {
	if name == code {
		return text(code)
	}
	return cell{Text: name, Say: code}
}

// cloned copies the parameters of a query, without what was just done.
func cloned(v url.Values) url.Values {
	own := url.Values{}
	for k, list := range v {
		if k != "done" && k != "format" && len(list) > 0 && list[0] != "" {
			own[k] = slices.Clone(list)
		}
	}
	return own
}

// exactly writes a time in the company's zone to the second.
func (q *request) exactly(t time.Time) string { return t.In(q.zone).Format("2006-01-02 15:04:05") }

// nameIfAny gives the name of an employee, "" for what is no number of one.
func (q *request) nameIfAny(no string) string {
	if x, ok := q.seat.staff.Person(no); ok {
		return x.Name.In(q.lang)
	}
	if d, ok := q.seat.staff.Department(no); ok {
		return d.Name.In(q.lang)
	}
	return ""
}

// days reads the days from and to of a query, in the company's zone; to is included.
func (q *request) days(v url.Values) (from, to time.Time, f *fault) {
	read := func(name string) time.Time {
		typed := strings.TrimSpace(v.Get(name))
		if typed == "" {
			return time.Time{}
		}
		d, err := time.ParseInLocation(time.DateOnly, typed, q.zone)
		if err != nil {
			x := q.faultOf(refused("“"+typed+"”不是日期。", "“"+typed+"” is no day.", "请写作 2026-07-01。", "Write it like 2026-07-01."))
			f = &x
		}
		return d
	}
	from, to = read("from"), read("to")
	if !to.IsZero() {
		to = to.AddDate(0, 0, 1)
	}
	return from, to, f
}

// ledgerPage lists the events of the ledger, the newest first, without what they hold.
func (q *request) ledgerPage() error {
	v := q.r.URL.Query()
	p := &logPage{frame: q.frame(q.say("账本事件", "Events of the ledger")), Action: "/ledger", Other: task{Href: "/trail", Text: q.say("审计日志", "Audit log")}}
	from, to, f := q.days(v)
	p.Fault = f
	p.Lead = q.say("数据与决定都先记入账本，首尾相连。抄下末尾，日后可以证明此前的内容没有被删改。", "Data and decisions go into the ledger first, in one chain. Whoever keeps its head can prove later that nothing before was changed.")
	p.Filters = []field{{Name: "kind", Label: q.say("事项（以 . 结尾为一类）", "Kind (ending in . for many)"), Value: v.Get("kind")}, {Name: "actor", Label: q.say("经手", "By"), Value: v.Get("actor")}, {Name: "from", Label: q.say("从（日期）", "From (day)"), Value: v.Get("from")}, {Name: "to", Label: q.say("到（日期，含）", "To (day, included)"), Value: v.Get("to")}}
	p.Table = table{Caption: q.say("事件", "Events"), Empty: q.say("没有符合条件的事件；请放宽条件。", "No event fits; ask for less."), Head: []head{numbers(q.say("账序", "Sequence")), words(q.say("时间", "At")), words(q.say("经手", "By")), words(q.say("事项", "Event")), words(q.say("文件", "File")), words(q.say("指纹", "Hash"))}}
	wanted := func(e *ledger.Event) bool {
		kind, actor := strings.TrimSpace(v.Get("kind")), strings.TrimSpace(v.Get("actor"))
		return (kind == "" || e.Kind == kind || strings.HasSuffix(kind, ".") && strings.HasPrefix(e.Kind, kind)) && (actor == "" || e.Actor == actor) && (from.IsZero() || !e.Time.Before(from)) && (to.IsZero() || e.Time.Before(to))
	}
	head, next := q.company.Books.Ledger().Head(), int64(0)
	if f == nil {
		before, most := head.Seq+1, logLines
		if n, err := strconv.ParseInt(v.Get("before"), 10, 64); err == nil && n > 0 {
			before = min(before, n)
		}
		if q.wantsCSV() {
			most = logFile
		}
		list, more, err := q.events(before, most, wanted)
		if err != nil {
			return err
		}
		next = more
		for _, e := range list {
			p.Table.add(text(fmt.Sprint(e.Seq)), cell{Text: q.exactly(e.Time), Class: "when"}, cell{Text: e.Actor, Say: q.nameIfAny(e.Actor)}, coded(q.eventName(e.Kind), e.Kind), text(eventFile(e.Data)), cell{Text: e.Hash, Class: "hash"})
		}
	}
	p.Head = []noted{{q.say("账本末尾（请抄下）", "Head of the ledger (note it down)"), fmt.Sprintf("%d %s", head.Seq, head.Hash)}}
	return q.logPage(p, v, next, q.say("账本事件", "ledger"))
}

// eventsAtOnce is how many events of the ledger are read before older ones are.
const eventsAtOnce = 2_000

// hashed is an event with the hash of its line, which the next event names.
type hashed struct {
	ledger.Event
	Hash string
}

// events gives the wanted events before a sequence, the newest first and at most so many, and the cursor with which the next ones are read; 0 for none.
func (q *request) events(before int64, most int, wanted func(*ledger.Event) bool) (list []hashed, next int64, err error) {
	for before > 1 {
		after := max(0, before-1-eventsAtOnce)
		block, err := q.eventsBetween(after, before, wanted)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range slices.Backward(block) {
			if len(list) == most {
				return list, list[most-1].Seq, nil
			}
			list = append(list, e)
		}
		before = after + 1
	}
	return list, 0, nil
}

// eventsBetween gives the wanted events after one sequence and before another, in order.
func (q *request) eventsBetween(after, before int64, wanted func(*ledger.Event) bool) (list []hashed, err error) {
	head, open := q.company.Books.Ledger().Head(), false // the last one of the list waits for its hash
	for e, err := range q.company.Books.Ledger().Events(after) {
		if err != nil {
			return nil, err
		}
		if open {
			list[len(list)-1].Hash = e.Prev
		}
		if e.Seq >= before {
			break
		}
		if open = wanted(&e); open {
			list = append(list, hashed{Event: e})
			if e.Seq == head.Seq {
				list[len(list)-1].Hash = head.Hash
			}
		}
	}
	return list, q.ctx().Err()
}
