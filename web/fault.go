package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	refusal "plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
	"plumbline/reviews"
)

// errNotFound is what does not exist, and what exists and is none of the viewer's business: both answer alike.
var errNotFound = errors.New("not found")

// errSignIn sends somebody to the page where he signs in.
var errSignIn = errors.New("sign in first")

// wrong is a request that cannot be carried out as it is, with what to do instead.
type wrong struct {
	status int
	say    policy.Text
	cure   policy.Text
}

func (w *wrong) Error() string { return w.say.EN }

func refused(zh, en, cureZH, cureEN string) error {
	return &wrong{http.StatusUnprocessableEntity, policy.Text{ZH: zh, EN: en}, policy.Text{ZH: cureZH, EN: cureEN}}
}

// busy says that too much is going on; after tells when to try again.
type busy struct{ after time.Duration }

func (b busy) Error() string { return "too much is going on" }

// fault is a kind of error as a page tells it.
type fault struct {
	Status     int
	Title, Say string
	Cure       string
	Rule       string
	After      time.Duration
	Details    []string
}

// faultOf is the one table from errors to what a page says. What nobody foresaw is told by the request's name alone; the log has the rest.
func (q *request) faultOf(err error) fault {
	var no *wrong
	var lawful *reviews.Refusal
	var faults policy.Errors
	var file *refusal.RefusedError
	var much busy
	var size *http.MaxBytesError
	var pending *books.PendingError
	switch {
	case errors.Is(err, errNotFound):
		return fault{Status: http.StatusNotFound, Title: q.say("没有这一页", "There is no such page"),
			Say:  q.say("地址有误，或者您无权查看。", "The address is wrong, or it is not yours to see."),
			Cure: q.say("从首页重新进入；如果应当能看到，请联系人力资源。", "Begin at the start page; if you should see it, ask human resources.")}
	case errors.As(err, &no):
		return fault{Status: no.status, Title: q.say("未能办理", "This was not done"), Say: no.say.In(q.lang), Cure: no.cure.In(q.lang)}
	case errors.As(err, &lawful):
		return fault{Status: http.StatusConflict, Title: q.say("未能办理", "This was not done"), Say: lawful.Say.In(q.lang), Cure: lawful.Cure.In(q.lang), Rule: lawful.Rule}
	case errors.As(err, &file):
		return fault{Status: http.StatusUnprocessableEntity, Title: q.say("文件未能读入", "The file could not be read"), Say: wordsOf(err, q.lang)}
	case errors.As(err, &faults):
		return fault{Status: http.StatusUnprocessableEntity, Title: q.say("制度有误", "The policy has faults"), Details: []string{faults.In(q.lang)}}
	case errors.As(err, &much):
		return fault{Status: http.StatusServiceUnavailable, After: much.after, Title: q.say("请稍后再试", "Please try again soon"),
			Say: q.say("现在要做的事太多，您的请求还没有开始。", "Too much is going on; your request was not begun.")}
	case errors.As(err, &size):
		return fault{Status: http.StatusRequestEntityTooLarge, Title: q.say("内容过大", "This is too large"),
			Say:  fmt.Sprintf(q.say("一次最多 %d MB。", "At most %d MB at once."), max(size.Limit>>20, 1)),
			Cure: q.say("请分成几个文件再上传。", "Split it into several files.")}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault{Status: http.StatusRequestTimeout, Title: q.say("没有按时收齐", "It did not arrive in time"),
			Say:  q.say("内容没有在时限内到齐；到了的部分没有保留，没有任何改动。", "What was sent did not arrive within the time; the part that came was not kept, and nothing has changed."),
			Cure: q.say("请在网络较好时再试；大文件可以压缩，或分几次上传。", "Try again on a better network; large files can be compressed, or uploaded in several turns.")}
	case errors.As(err, &pending):
		q.log.Error("recorded, but the warehouse could not be written", "id", q.id, "route", q.route.pattern, "error", err.Error())
		return fault{Status: http.StatusInsufficientStorage, Title: q.say("已记录，尚未显示", "Recorded, but not shown yet"),
			Say:  fmt.Sprintf(q.say("您的请求已作为账序 %d 记入账本，不会丢失；数据库写不进磁盘（多半是磁盘已满），所以页面上还看不到。", "Your request is in the ledger as event %d and will not be lost; the database could not write to the disk, mostly because it is full, so pages do not show it yet."), pending.Seq),
			Cure: q.say("请不要重复提交。请通知管理员腾出空间；之后的第一次记录或重启会补上。编号：", "Do not send it again. Tell the administrator to make room; the next thing that is recorded, or a restart, brings it up. Number: ") + q.id}
	case diskIsFull(err), warehouse.ClassOf(err) == warehouse.IO: // some pages show their form again with this; so it is logged here
		q.log.Error("the disk cannot be written to", "id", q.id, "route", q.route.pattern, "error", err.Error())
		f := fault{Status: http.StatusInsufficientStorage, Title: q.say("服务器磁盘写不进去", "The server's disk cannot be written to"),
			Say:  q.say("磁盘已满或不可写，您的请求没有办理；此前记录的都还在。", "It is full or closed to writing, and your request was not carried out; what was recorded before is safe."),
			Cure: q.say("请通知管理员腾出空间并重启服务，之后再试。编号：", "Tell the administrator to make room and to start the service again, and try then. Number: ") + q.id}
		if !diskIsFull(err) {
			f.Say = q.say("数据库读写磁盘失败，多半是磁盘已满；您的请求没有办理，此前记录的都还在。", "The database failed to read or write the disk, mostly because it is full; your request was not carried out, and what was recorded before is safe.")
		}
		return f
	case warehouse.ClassOf(err) == warehouse.Fatal:
		return fault{Status: http.StatusInternalServerError, Title: q.say("数据库已停止", "The database has stopped"),
			Say:  q.say("数据库遇到无法继续的错误（磁盘写满时会这样）；此前记录的都还在账本里。", "It met an error after which it cannot go on (a full disk is one); what was recorded before is safe in the ledger."),
			Cure: q.say("请通知管理员查看磁盘与日志，排除原因后重启服务。编号：", "Tell the administrator to look at the disk and the log, to remove the cause and to start the service again. Number: ") + q.id}
	case errors.Is(err, context.DeadlineExceeded):
		return fault{Status: http.StatusServiceUnavailable, After: 30 * time.Second, Title: q.say("用时过长", "This took too long"),
			Say: q.say("计算超过了时限，已中止；没有任何改动。", "It was stopped at its time limit; nothing has changed.")}
	}
	return fault{Status: http.StatusInternalServerError, Title: q.say("出了差错", "Something went wrong"),
		Say:  q.say("程序遇到意外情况，没有完成您的请求；已记入日志。", "The program met something unforeseen and did not finish; the log has it."),
		Cure: q.say("请把下面的编号告诉管理员：", "Tell the administrator this number: ") + q.id}
}

// diskIsFull reports whether something could not be written because the disk has no room, or none for this program.
func diskIsFull(err error) bool {
	for _, no := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// wordsOf gives the words of an error that has some in both languages.
func wordsOf(err error, lang policy.Lang) string {
	if in, ok := errors.AsType[interface {
		error
		In(policy.Lang) string
	}](err); ok {
		return in.In(lang)
	}
	return err.Error()
}

// fail answers with an error: the page of its kind, or the way to the sign-in.
func (q *request) fail(err error) {
	if errors.Is(err, context.Canceled) && q.r.Context().Err() != nil {
		return // nobody reads the answer
	}
	if q.route.api != nil {
		q.problem(err)
		return
	}
	if errors.Is(err, errSignIn) {
		q.signInFirst()
		return
	}
	if there, ok := errors.AsType[errElsewhere](err); ok {
		http.Redirect(q.w, q.r, there.path, http.StatusSeeOther)
		return
	}
	f := q.faultOf(err)
	if f.Status == http.StatusInternalServerError {
		q.log.Error("request failed", "id", q.id, "route", q.route.pattern, "error", err.Error())
	}
	if f.After > 0 {
		q.w.Header().Set("Retry-After", strconv.Itoa(int(f.After.Seconds())))
	}
	p := &faultPage{q.frame(f.Title)}
	p.Fault, p.Path = &f, "/" // the page says nothing of what was asked for
	for i := range p.Menu {
		p.Menu[i].Here = false
	}
	if err := q.renderStatus(f.Status, "fault", p); err != nil {
		q.log.Error("page of a fault failed", "id", q.id, "error", err.Error())
	}
}

type faultPage struct{ frame }

// discard is a logger for those who give none.
func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
