package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// TestFaultsAreToldPlainly words what may go wrong around a request: each with what it is and what to do, in the reader's language, and without what only the log
// should have.
func TestFaultsAreToldPlainly(t *testing.T) {
	path := "/srv/plumbline/data/journal/000000000001.jsonl"
	full := &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
	for what, x := range map[string]struct {
		err    error
		status int
		zh, en string
	}{
		"no room":             {fmt.Errorf("append: %w", full), http.StatusInsufficientStorage, "磁盘已满或不可写", "It is full or closed to writing"},
		"no quota":            {&fs.PathError{Op: "write", Path: path, Err: syscall.EDQUOT}, http.StatusInsufficientStorage, "磁盘已满或不可写", "It is full or closed to writing"},
		"closed to writing":   {&fs.PathError{Op: "open", Path: path, Err: syscall.EROFS}, http.StatusInsufficientStorage, "磁盘已满或不可写", "It is full or closed to writing"},
		"the ledger has one":  {fmt.Errorf("an earlier write failed: %w", full), http.StatusInsufficientStorage, "重启服务", "start the service again"},
		"the database's disk": {&warehouse.QueryError{Name: "COMMIT", Class: warehouse.IO, Err: errors.New(path)}, http.StatusInsufficientStorage, "多半是磁盘已满", "mostly because it is full"},
		"in the ledger only":  {fmt.Errorf("a.csv: %w", &books.PendingError{Seq: 13, Err: full}), http.StatusInsufficientStorage, "账序 13", "event 13"},
		"a stopped database":  {&warehouse.QueryError{Name: "q", Class: warehouse.Fatal, Err: fmt.Errorf("%w: %s", warehouse.ErrReopen, path)}, http.StatusInternalServerError, "数据库已停止", "The database has stopped"},
		"a slow sender":       {fmt.Errorf("multipart: NextPart: %w", os.ErrDeadlineExceeded), http.StatusRequestTimeout, "没有按时收齐", "did not arrive in time"},
		"too much":            {&http.MaxBytesError{Limit: 32 << 20}, http.StatusRequestEntityTooLarge, "一次最多 32 MB", "At most 32 MB"},
		"too many":            {busy{time.Minute}, http.StatusServiceUnavailable, "请稍后再试", "try again soon"},
		"too long":            {context.DeadlineExceeded, http.StatusServiceUnavailable, "用时过长", "took too long"},
		"anything else":       {errors.New(path), http.StatusInternalServerError, "已记入日志", "the log has it"},
	} {
		for lang, words := range map[policy.Lang]string{policy.ZH: x.zh, policy.EN: x.en} {
			q := &request{Server: &Server{log: discard()}, route: &route{pattern: "GET /"}, lang: lang, id: "K7QH2M4ZP5TA"}
			f := q.faultOf(x.err)
			told := f.Title + " " + f.Say + " " + f.Cure
			if f.Status != x.status || !strings.Contains(told, words) || strings.Contains(told, path) || strings.Contains(told, "%!") || f.Title == "" || f.Say == "" {
				t.Errorf("%s in %s: %d %s", what, lang, f.Status, told)
			}
			if lang == policy.EN && strings.ContainsFunc(told, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s is told half in Chinese: %s", what, told)
			}
		}
	}
}
