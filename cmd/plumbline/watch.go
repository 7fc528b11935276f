package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/policy"
	"plumbline/reports"
)

// inbox is a folder from which files are taken in as they arrive.
type inbox struct {
	dir   string
	every time.Duration // between two looks
}

// The folders of an inbox for what was taken in completely, and for what was not.
const (
	doneDir   = "done"
	failedDir = "failed"
)

// The endings of what is written beside a file that was moved.
const (
	reportEnd  = ".report.txt"
	rejectsEnd = ".rejects.xlsx"
)

// stablePolls is how many looks in a row must find a file unchanged.
const stablePolls = 2

// watch keeps an inbox until ctx ends, which is its proper end.
func (a *app) watch(ctx context.Context, in inbox, d declared) error {
	if err := a.checkInbox(in); err != nil {
		return err
	}
	if a.borrows() { // it would keep every other command waiting
		return useError{errors.New(a.say("网页服务正使用这个数据目录，不能同时守候收件目录；请先停下服务，或改用 plumbline ingest 逐次导入（服务运行时也可以）", "the service has this data directory, and an inbox cannot be watched beside it; stop the service, or take files in with plumbline ingest, which works beside it"))}
	}
	err := a.with(ctx, func(b *books.Books) error {
		w := &watcher{app: a, books: b, inbox: in, declared: d, seen: map[string]sighting{}, told: map[string]string{}}
		return w.keep(ctx)
	})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	if err == nil {
		a.tell(a.say("已停止守候；未处理的文件留在 %s", "stopped; files not yet taken in stay in %s"), in.dir)
	}
	return err
}

// checkInbox refuses a folder that is none, and one in which the books themselves would be taken for arrivals.
func (a *app) checkInbox(in inbox) error {
	if in.every <= 0 {
		return useError{fmt.Errorf(a.say("--every %s：应大于零，如 2s", "--every %s: must be more than zero, like 2s"), in.every)}
	}
	dir, err := filepath.EvalSymlinks(in.dir)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	info, statErr := os.Stat(in.dir)
	if err != nil || statErr != nil || !info.IsDir() {
		return useError{fmt.Errorf(a.say("--watch %s：没有这个目录", "--watch %s: there is no such folder"), in.dir)}
	}
	data, err := filepath.EvalSymlinks(a.data)
	if err == nil {
		data, err = filepath.Abs(data)
	}
	if err == nil && (dir == data || strings.HasPrefix(dir, data+string(filepath.Separator))) {
		return useError{fmt.Errorf(a.say("--watch %s：收件目录不能在数据目录之内", "--watch %s: the inbox may not lie in the data directory"), in.dir)}
	}
	for _, name := range []string{doneDir, failedDir} {
		if info, err := os.Lstat(filepath.Join(in.dir, name)); err == nil && !info.IsDir() {
			return useError{fmt.Errorf(a.say("--watch %s：其中的 %s 不是目录", "--watch %s: %s in it is no folder"), in.dir, name)}
		}
		if err := os.MkdirAll(filepath.Join(in.dir, name), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// watcher keeps one inbox.
type watcher struct {
	*app
	inbox
	declared
	books *books.Books
	seen  map[string]sighting // by name
	told  map[string]string   // by name: why something stays in the inbox
}

// sighting is what a file looked like, and how many looks in a row found it so.
type sighting struct {
	info  fs.FileInfo
	polls int
}

func (s sighting) same(info fs.FileInfo) bool {
	return s.info != nil && s.info.Size() == info.Size() && s.info.ModTime().Equal(info.ModTime()) && os.SameFile(s.info, info)
}

// arrival is a file that no longer changes, with what it holds.
type arrival struct {
	name   string
	info   fs.FileInfo
	units  []ingest.Unit
	faults []error
}

// keep looks at the inbox again and again.
func (w *watcher) keep(ctx context.Context) error {
	v, err := w.current(ctx, w.books)
	if err != nil {
		return err
	}
	if _, err := w.how(ctx, w.books, v.Policy, w.declared); err != nil {
		return err
	}
	w.tell(w.say("守着 %s，每 %s 看一次；按 Ctrl-C 结束", "keeping %s, looking every %s; Ctrl-C ends it"), w.dir, w.every)
	for {
		names, err := w.look()
		if err == nil && len(names) > 0 {
			err = w.take(ctx, names)
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(w.every):
		}
	}
}

// path is where a name of the inbox stands.
func (w *watcher) path(name string) string { return filepath.Join(w.dir, name) }

// look notes what the inbox holds and gives the names of the files that no longer change.
func (w *watcher) look() (names []string, err error) {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return nil, err
	}
	seen, told := map[string]sighting{}, map[string]string{}
	for _, e := range entries {
		name := e.Name()
		info, err := e.Info()
		if err != nil || passing(name) || info.IsDir() && (name == doneDir || name == failedDir) {
			continue
		}
		if why, ok := w.told[name]; ok {
			told[name] = why
		}
		if !info.Mode().IsRegular() {
			w.stays(told, name, w.say("不是普通文件（链接、目录或设备），留在原处，不读取", "is no plain file (a link, a folder or a device); it stays and is not read"))
			continue
		}
		s := sighting{info: info}
		if old := w.seen[name]; old.same(info) {
			s.polls = old.polls + 1
		}
		seen[name] = s
		if s.polls >= stablePolls && w.readable(told, name) {
			names = append(names, name)
		}
	}
	w.seen, w.told = seen, told
	return names, nil
}

// passing reports names under which programs write what is not finished, or keep their own affairs.
func passing(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") || lower == "thumbs.db" || lower == "desktop.ini" ||
		slices.Contains([]string{".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp"}, filepath.Ext(lower))
}

// stays tells once why something is left in the inbox.
func (w *watcher) stays(told map[string]string, name, why string) {
	if told[name] != why {
		w.tell("- %s%s%s", shown(name), w.say("：", " "), why)
	}
	told[name] = why
}

// readable reports whether the file can be opened; one that cannot stays in the inbox.
func (w *watcher) readable(told map[string]string, name string) bool {
	f, err := os.Open(w.path(name))
	if err != nil {
		w.unreadable(told, name, err)
		return false
	}
	_ = f.Close() // nothing was written
	return true
}

func (w *watcher) unreadable(told map[string]string, name string, err error) {
	if cause := errors.Unwrap(err); cause != nil {
		err = cause
	}
	w.stays(told, name, fmt.Sprintf(w.say("读不了，留在原处：%v", "cannot be read and stays: %v"), err))
}

// take takes the files in, the organisation first, one after the other.
func (w *watcher) take(ctx context.Context, names []string) error {
	v, err := w.current(ctx, w.books)
	if err != nil {
		return err
	}
	how, err := w.how(ctx, w.books, v.Policy, w.declared)
	if err != nil {
		return err
	}
	var arrivals []arrival
	for _, name := range names {
		f := arrival{name: name, info: w.seen[name].info}
		f.units, f.faults = ingest.Find(ctx, w.books, v.Policy, []string{w.path(name)}, how)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.unused(how, f.units); err != nil {
			f.units, f.faults = nil, append(f.faults, err)
		}
		arrivals = append(arrivals, f)
	}
	slices.SortStableFunc(arrivals, func(f, g arrival) int { return cmp.Compare(f.order(v.Policy), g.order(v.Policy)) })
	for _, f := range arrivals {
		if err := w.takeOne(ctx, v, f); err != nil {
			return err
		}
	}
	return nil
}

// order is the place of the file's first dataset in the policy.
func (f arrival) order(p *policy.Policy) int {
	if len(f.units) == 0 {
		return len(p.Datasets)
	}
	return slices.IndexFunc(p.Datasets, func(d *policy.Dataset) bool { return d.ID == f.units[0].Dataset })
}

// takeOne takes a file in, writes its report and moves it. A file that is recorded when ctx or the process ends, and not moved yet, is
// found to be in at the next start: what waited for it is released then, and it is moved.
func (w *watcher) takeOne(ctx context.Context, v policy.Version, f arrival) error {
	before, err := waitingRows(ctx, w.books)
	if err != nil {
		return err
	}
	t, err := w.takeAll(ctx, w.books, v, f.units, w.again, func(ingest.File, bool) {})
	if disk, ok := errors.AsType[*fs.PathError](err); ok && disk.Path == w.path(f.name) {
		w.unreadable(w.told, f.name, disk)
		return nil
	}
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	t.faults = append(f.faults, t.faults...)
	if len(t.files) > 0 {
		if err := errors.Join(w.books.Checkpoint(ctx), t.count(ctx, w.books, before)); err != nil {
			return err
		}
	}
	info, err := os.Lstat(w.path(f.name))
	if err != nil || !(sighting{info: f.info}).same(info) {
		delete(w.seen, f.name)
		w.log(v.Policy, "- %s%s", shown(f.name), w.say("：读取时有变化，留待再看", " changed while it was read and is looked at again"))
		return nil
	}
	return w.file(ctx, v.Policy, f.name, t)
}

// file writes the report of a file and moves the file beside it.
func (w *watcher) file(ctx context.Context, p *policy.Policy, name string, t taken) error {
	folder := doneDir
	if len(t.faults) > 0 || len(t.files)+len(t.already) == 0 {
		folder = failedDir
	}
	moved, err := w.free(filepath.Join(w.dir, folder), name, w.clock(p))
	if err != nil {
		return err
	}
	rejects, err := w.ownRejects(ctx, p, t)
	if err != nil {
		return err
	}
	to := filepath.Join(w.dir, folder, moved)
	if len(rejects) > 0 {
		if err := reports.WriteRejects(ctx, to+rejectsEnd, w.lang, p.Company.Name, rejects, w.clock(p)); err != nil {
			return err
		}
	}
	report, err := w.newFile(to + reportEnd)
	if err != nil {
		return err
	}
	_, err = report.WriteString(w.report(p, name, folder, moved, t, rejects))
	if err = errors.Join(err, report.Close()); err != nil {
		return err
	}
	if err := os.Rename(w.path(name), to); err != nil {
		return err
	}
	w.log(p, "%s %s → %s%s%s", t.mark(), shown(name), shown(filepath.Join(folder, moved)), w.say("：", ": "), w.summary(t))
	return nil
}

// log tells a line with its time.
func (w *watcher) log(p *policy.Policy, format string, args ...any) {
	w.tell("%s "+format, append([]any{w.clock(p).Format("2006-01-02 15:04:05")}, args...)...)
}

// mark is the sign before the line of a file.
func (t taken) mark() string {
	switch {
	case len(t.faults) > 0 || len(t.files)+len(t.already) == 0:
		return "✗"
	case t.waiting > 0:
		return "!"
	case len(t.files) == 0:
		return "="
	}
	return "✓"
}

// summary tells in one line what came of a file.
func (w *watcher) summary(t taken) string {
	var sum ingest.File
	for _, f := range t.files {
		if f.Origin > 0 {
			continue
		}
		sum.RowsIn, sum.Accepted, sum.Quarantined, sum.Excluded = sum.RowsIn+f.RowsIn, sum.Accepted+f.Accepted, sum.Quarantined+f.Quarantined, sum.Excluded+f.Excluded
		sum.Corrected, sum.Unchanged, sum.Duplicates, sum.Retired = sum.Corrected+f.Corrected, sum.Unchanged+f.Unchanged, sum.Duplicates+f.Duplicates, sum.Retired+f.Retired
	}
	var parts []string
	if len(t.files) > 0 {
		parts = append(parts, w.countText(sum))
	}
	if len(t.already) > 0 {
		parts = append(parts, w.say("以前导入过，未作改动", "taken in before, nothing changed"))
	}
	if t.left > 0 {
		parts = append(parts, fmt.Sprintf(w.say("以前隔离的 %d 行离开隔离区", "%d rows of earlier files left the quarantine"), t.left))
	}
	if n := len(t.faults); n > 0 {
		parts = append(parts, fmt.Sprintf(w.say("拒收 %d 处", "%d refused"), n))
	}
	if len(parts) == 0 {
		parts = append(parts, w.say("没有可导入的表", "no table to take in"))
	}
	return strings.Join(parts, w.say("；", "; "))
}

// ownRejects gives the reasons why rows of this file are in quarantine.
func (w *watcher) ownRejects(ctx context.Context, p *policy.Policy, t taken) ([]ingest.Reject, error) {
	list, err := ingest.Rejects(ctx, w.books, p, always)
	own := slices.Concat(t.files, t.already)
	return slices.DeleteFunc(list, func(r ingest.Reject) bool {
		return !slices.ContainsFunc(own, func(f ingest.File) bool { return f.Origin == 0 && f.Seq == r.Seq })
	}), err
}

// report tells everything about a file that was moved.
func (w *watcher) report(p *policy.Policy, name, folder, moved string, t taken, rejects []ingest.Reject) string {
	var b strings.Builder
	line := func(zh, en string, args ...any) { fmt.Fprintf(&b, w.say(zh, en)+"\n", args...) }
	line("文件：%s", "file: %s", shown(name))
	line("时间：%s", "time: %s", w.clock(p).Format("2006-01-02 15:04:05 -07:00"))
	if folder == doneDir {
		line("结果：已导入", "result: taken in")
	} else {
		line("结果：未导入，或未能全部导入；照下文改正后放回收件目录", "result: not taken in, or not all of it; correct it as told below and put it back into the inbox")
	}
	if moved != name {
		line("改名：%s（原名已占用或过长）", "renamed: %s (the name was taken or too long)", shown(moved))
	}
	b.WriteString("\n")
	for _, f := range t.already {
		line("%s", "%s", w.fileLines(p, f, true)[0])
	}
	for _, f := range slices.Concat(t.already, t.files) {
		line("%s", "%s", strings.Join(w.fileLines(p, f, false), "\n    "))
		line("    SHA-256：%s", "    SHA-256: %s", f.SHA256)
	}
	for _, err := range t.faults {
		line("✗ %s", "✗ %s", w.refusal(err))
	}
	if len(t.files)+len(t.already)+len(t.faults) == 0 {
		line("✗ 没有可导入的表", "✗ there is no table to take in")
	}
	if t.left > 0 {
		line("以前隔离的 %d 行离开隔离区", "%d rows of earlier files left the quarantine", t.left)
	}
	if len(rejects) > 0 {
		b.WriteString("\n")
		line("在隔离区的行；在 %s 中改正后放回收件目录：", "rows in quarantine; correct them in %s and put that into the inbox:", shown(moved+rejectsEnd))
		for _, r := range rejects {
			line("%s", "%s", w.rejectLine(r))
		}
	}
	return b.String()
}

// rejectLine tells place, value, rule and cure of a reject in a line.
func (a *app) rejectLine(r ingest.Reject) string {
	place := fmt.Sprintf(a.say("第 %d 行", "row %d"), r.Row)
	if r.Sheet != "" {
		place = "[" + r.Sheet + "] " + place
	}
	if r.Cell >= 0 {
		place += fmt.Sprintf(a.say(" 第 %s 列（%s）%s", " column %s (%s) %s"), r.Column, shown(r.Header), strconv.Quote(r.Value))
	}
	return fmt.Sprintf(a.say("  %s：%s（%s）。改法：%s", "  %s: %s (%s); cure: %s"), place, r.Say.In(a.lang), r.Rule, r.Cure.In(a.lang))
}

// longestName is how many bytes file systems give a name; an ending of more than longestEnding is none.
const (
	longestName   = 255
	longestEnding = 20
)

// free finds a name in dir that neither a file nor what is written beside one has: the file's own, or that with the time.
func (w *watcher) free(dir, name string, at time.Time) (string, error) {
	ext := filepath.Ext(name)
	if len(ext) > longestEnding {
		ext = ""
	}
	stem := strings.TrimSuffix(name, ext)
	for n := 0; ; n++ {
		tail := ext
		if n > 0 {
			tail = at.Format("-20060102-150405") + ext
		}
		if n > 1 {
			tail = at.Format("-20060102-150405-") + strconv.Itoa(n) + ext
		}
		candidate := cut(stem, longestName-len(tail)-len(rejectsEnd)) + tail
		taken := false
		for _, end := range []string{"", reportEnd, rejectsEnd} {
			_, err := os.Lstat(filepath.Join(dir, candidate+end))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			taken = taken || err == nil
		}
		if !taken {
			return candidate, nil
		}
	}
}

// cut shortens s to n bytes at most, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:max(n, 0)]
}

// shown spells out what would break a line of a log.
func shown(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) && r != '\u3000' }) {
		return strconv.Quote(s)
	}
	return s
}
