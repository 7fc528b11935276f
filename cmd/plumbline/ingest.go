package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"plumbline/company"
	"plumbline/ingest"
	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/policy"
)

// ingestMemory is what the database may use for taking files in, unless --memory says otherwise. More makes it no faster, and what it takes beside this
// (half as much again for sixty million rows) comes on top.
const ingestMemory = "768MiB"

func (a *app) ingestCommand() *cobra.Command {
	var d declared
	var dry bool
	var inbox inbox
	c := &cobra.Command{
		Use:   "ingest FILE|DIR…",
		Short: a.say("导入文件：合格的行入账，有问题的行进隔离区", "take files in: good rows are filed, faulty ones quarantined"),
		Long: a.say("按内容识别 CSV、XLSX、JSON、Parquet、Arrow 及其压缩包，按表头识别记录种类或映射。同一文件再次导入不会改变任何内容。\n"+
			"--watch 守着一个收件目录：文件不再变化即导入，移入其中的 done 或 failed，旁边附报告；按 Ctrl-C 结束。\n"+
			"退出码：0 全部入账，2 没有文件可以导入，3 已导入，但有行被隔离或有文件被拒收。",
			"CSV, XLSX, JSON, Parquet, Arrow and packed ones are recognised by content, dataset or mapping by the header. The same file again changes nothing.\n"+
				"--watch keeps an inbox: a file that no longer changes is taken in and moved to its folder done or failed, with a report beside it; Ctrl-C ends it.\n"+
				"Exit code: 0 all filed, 2 no file could be taken in, 3 done but rows were quarantined or files refused."),
		Example: "  plumbline ingest exports/\n  plumbline ingest --dry-run exports/\n  plumbline ingest --mapping toggl --set employee_no=00012 toggl.csv\n" +
			"  plumbline ingest --dataset opportunities --date-order dmy deals.csv\n  plumbline ingest --watch ./inbox",
		Args: func(_ *cobra.Command, args []string) error { return a.ingestArgs(args, inbox.dir, dry) },
		RunE: func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("memory") {
				a.memory = ingestMemory
			}
			if inbox.dir != "" {
				a.coming = books.Unknown
				return a.watch(c.Context(), inbox, d)
			}
			a.coming = bytesOf(args)
			return a.with(c.Context(), func(b *books.Books) error {
				if dry {
					return a.preview(c.Context(), b, args, d)
				}
				took, err := a.ingest(c.Context(), b, args, d)
				if err != nil {
					return err
				}
				return took.verdict()
			})
		},
	}
	a.declaredFlags(c, &d)
	c.Flags().BoolVar(&dry, "dry-run", false, a.say("只预演：哪些行会入账、隔离、更正，哪些月份与人员有变化；什么也不写", "only tell what would be accepted, set aside and corrected, and which months and people change; nothing is written"))
	c.Flags().StringVar(&inbox.dir, "watch", "", a.say("守着收件目录 DIR", "keep the inbox DIR"))
	c.Flags().DurationVar(&inbox.every, "every", 2*time.Second, a.say("多久看一次收件目录", "how often the inbox is looked at"))
	a.formatFlag(c)
	return c
}

// bytesOf is the size of all files at or below the paths. What cannot be read is told of when it is taken in.
func bytesOf(paths []string) (sum int64) {
	for _, path := range paths {
		_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			if file, err := e.Info(); err == nil && file.Mode().IsRegular() {
				sum += file.Size()
			}
			return nil
		})
	}
	return sum
}

// ingestArgs refuses command lines that say nothing or two things at once.
func (a *app) ingestArgs(args []string, inbox string, dry bool) error {
	switch {
	case inbox != "" && (len(args) > 0 || dry):
		return useError{errors.New(a.say("--watch 只守收件目录，不能与文件或 --dry-run 同用", "--watch keeps the inbox alone; it goes with neither files nor --dry-run"))}
	case inbox == "" && len(args) == 0:
		return useError{errors.New(a.say("请给出要导入的文件或目录", "name the files or folders to take in"))}
	}
	return nil
}

// taken sums up one ingest.
type taken struct {
	files         []ingest.File // receipts, those of rows released included
	already       []ingest.File // receipts of files that had come in before
	faults        []error       // one per file or table refused
	accepted      int64
	waiting, left int64 // rows of these files in quarantine; rows of earlier files that left it
}

// verdict is how the command ends.
func (t taken) verdict() error {
	switch {
	case len(t.files) == 0 && len(t.already) == 0:
		return useError{errRefused}
	case len(t.faults) > 0 || t.waiting > 0:
		return errRejects
	}
	return nil
}

var errRefused = errors.New("no file could be taken in (没有文件可以导入)")

// ingest finds and takes in the files, and tells what became of each.
func (a *app) ingest(ctx context.Context, b *books.Books, paths []string, d declared) (t taken, err error) {
	v, err := a.current(ctx, b)
	if err != nil {
		return t, err
	}
	units, faults, err := a.find(ctx, b, v.Policy, paths, d)
	if err != nil {
		return t, err
	}
	before, err := waitingRows(ctx, b)
	if err != nil {
		return t, err
	}
	t, err = a.takeAll(ctx, b, v, units, d.again, func(f ingest.File, already bool) { a.tellFile(v.Policy, f, already) })
	t.faults = append(faults, t.faults...)
	for _, f := range t.faults {
		a.tell("✗ %s", a.refusal(f))
	}
	if err != nil {
		return t, err
	}
	if len(t.files) > 0 {
		err = errors.Join(b.Checkpoint(ctx), t.count(ctx, b, before))
	}
	a.tellQuarantine(t)
	return t, err
}

// tellQuarantine tells what went into quarantine and what left it.
func (a *app) tellQuarantine(t taken) {
	if t.left > 0 {
		a.tell(a.say("以前隔离的 %d 行已离开隔离区", "%d rows of earlier files left the quarantine"), t.left)
	}
	if t.waiting > 0 {
		a.tell(a.say("共隔离 %d 行；用 plumbline rejects 查看位置、原因与改法", "%d rows are in quarantine; plumbline rejects tells place, reason and cure"), t.waiting)
	}
}

// waitingRows counts the rows in quarantine.
func waitingRows(ctx context.Context, b *books.Books) (n int64, err error) {
	files, err := ingest.Files(ctx, b, always)
	for _, f := range files {
		n += f.Waiting
	}
	return n, err
}

// count finds how many rows of the files are still in quarantine: a row may be released in the run that set it aside.
func (t *taken) count(ctx context.Context, b *books.Books, before int64) error {
	files, err := ingest.Files(ctx, b, always)
	for _, f := range files {
		before -= f.Waiting
		if slices.ContainsFunc(t.files, func(g ingest.File) bool { return g.Seq == f.Seq }) {
			t.waiting += f.Waiting
		}
	}
	t.left = before + t.waiting
	return err
}

// progress gives a bar on a terminal, and nothing elsewhere: a log gets one line per stage.
func (a *app) progress(what string, options ...progressbar.Option) (report func(done, total int64), finish func()) {
	if !a.interactive() {
		return func(int64, int64) {}, func() {}
	}
	bar := progressbar.NewOptions64(-1, append(options, progressbar.OptionSetWriter(a.err), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))...)
	report = func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done) // a bar that cannot be drawn is no reason to stop
	}
	return report, func() { _ = bar.Finish() }
}

// takeAll takes units in, with a bar on a terminal for the bytes read so far, and tells each as soon as it is filed.
func (a *app) takeAll(ctx context.Context, b *books.Books, v policy.Version, units []ingest.Unit, again bool, tell func(f ingest.File, already bool)) (t taken, err error) {
	report, finish := a.progress(a.say("读取", "reading"), progressbar.OptionShowBytes(true))
	defer finish()
	o := a.options(v.Policy)
	o.Again, o.Progress = again, report
	err = ingest.TakeAll(ctx, b, v, units, o, func(f ingest.File, already bool, err error) error {
		if _, refused := errors.AsType[*sheet.RefusedError](err); refused {
			t.faults = append(t.faults, err)
			return nil
		}
		if err != nil {
			return err
		}
		tell(f, already)
		if already {
			t.already = append(t.already, f)
			return nil
		}
		t.files = append(t.files, f)
		t.accepted += f.Accepted
		return nil
	})
	return t, err
}

// options says who takes files in and when.
func (a *app) options(p *policy.Policy) ingest.Options {
	return ingest.Options{Actor: a.actor(), Day: a.today(p)}
}

// refusal says which file was refused, where in it, why, by which rule, and what to do.
func (a *app) refusal(err error) string { return a.say("拒收 ", "refused ") + a.explained(err) }

// explained tells a refusal in the user's language; other errors speak for themselves.
func (a *app) explained(err error) string {
	r, ok := errors.AsType[*sheet.RefusedError](err)
	if !ok {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(strings.TrimSuffix(err.Error(), r.Error()), ": "))
	if r.Row > 0 {
		fmt.Fprintf(&b, a.say(" 第 %d 行", " row %d"), r.Row)
	}
	if r.Column != "" {
		fmt.Fprintf(&b, a.say(" 第 %s 列", " column %s"), r.Column)
	}
	fmt.Fprintf(&b, a.say("（%s）：%s", " (%s): %s"), r.Rule, r.Say.In(a.lang))
	if r.Value != "" {
		fmt.Fprintf(&b, a.say("\n    原值：%s", "\n    found: %s"), r.Value)
	}
	fmt.Fprintf(&b, a.say("\n    改法：%s", "\n    cure: %s"), r.Cure.In(a.lang))
	return b.String()
}

// kind names a dataset in the user's language.
func (a *app) kind(p *policy.Policy, id string) string {
	if d := p.Dataset(id); d != nil {
		return d.Name.In(a.lang)
	}
	return id
}

// tellFile says what became of a file.
func (a *app) tellFile(p *policy.Policy, f ingest.File, already bool) {
	a.tell("%s", strings.Join(a.fileLines(p, f, already), "\n    "))
}

// fileLines says in one line what became of a table, and in further ones what the reader should know.
func (a *app) fileLines(p *policy.Policy, f ingest.File, already bool) []string {
	name, kind := company.FileName(f), a.kind(p, f.Dataset)
	if already {
		at := f.At.In(a.clock(p).Location()).Format("2006-01-02 15:04")
		return []string{fmt.Sprintf(a.say("= %s（%s）已于 %s 由 %s 导入，未作改动", "= %s (%s) was taken in on %s by %s; nothing changed"), name, kind, at, f.Actor)}
	}
	mark := "✓"
	if f.Quarantined > 0 {
		mark = "!"
	}
	lines := []string{fmt.Sprintf(a.say("%s %s（%s）%s", "%s %s (%s) %s"), mark, name, kind, a.countText(f))}
	if f.Origin > 0 {
		lines[0] = fmt.Sprintf(a.say("%s 放行 %s（%s）中等待的 %d 行：%s", "%s released %[4]d rows of %[2]s (%[3]s) that waited: %[5]s"), mark, name, kind, f.RowsIn, a.countText(f))
	}
	for _, n := range f.Notices {
		lines = append(lines, n.In(a.lang))
	}
	return lines
}

// countText accounts for the rows of a file.
func (a *app) countText(f ingest.File) string {
	sum := fmt.Sprintf(a.say("%d 行 = 入账 %d + 隔离 %d", "%d rows = %d accepted + %d quarantined"), f.RowsIn, f.Accepted, f.Quarantined)
	if f.Excluded > 0 {
		sum += fmt.Sprintf(a.say(" + 不计 %d", " + %d excluded"), f.Excluded)
	}
	parts := []string{sum}
	for _, n := range []struct {
		count int64
		what  string
	}{{f.Corrected, a.say("更正 %d", "%d corrected")}, {f.Unchanged, a.say("未变 %d", "%d unchanged")}, {f.Duplicates, a.say("重复 %d", "%d duplicates")},
		{f.Retired, a.say("退场 %d", "%d retired")}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf(n.what, n.count))
		}
	}
	return strings.Join(parts, a.say("，", ", "))
}
