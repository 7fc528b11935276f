package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/policy"
)

func (a *app) ingestCommand() *cobra.Command {
	var dataset string
	var again bool
	c := &cobra.Command{
		Use:   "ingest FILE|DIR…",
		Short: a.say("导入文件：合格的行入账，有问题的行进隔离区", "take files in: good rows are filed, faulty ones quarantined"),
		Long: a.say("按内容识别 CSV 与 XLSX，按表头识别记录种类。同一文件再次导入不会改变任何内容。\n退出码：0 全部入账，2 没有文件可以导入，3 已导入，但有行被隔离或有文件被拒收。",
			"CSV and XLSX are recognised by content, the dataset by its header. The same file again changes nothing.\nExit code: 0 all filed, 2 no file could be taken in, 3 done but rows were quarantined or files refused."),
		Example: "  plumbline ingest exports/\n  plumbline ingest --dataset opportunities deals.csv",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return useError{errors.New(a.say("请给出要导入的文件或目录", "name the files or folders to take in"))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				took, err := a.ingest(c.Context(), b, args, dataset, again)
				if err != nil {
					return err
				}
				return took.verdict()
			})
		},
	}
	c.Flags().StringVar(&dataset, "dataset", "", a.say("记录种类；默认按表头识别", "dataset; told from the header by default"))
	c.Flags().BoolVar(&again, "again", false, a.say("同样的文件也重新导入（例如补充员工名册之后）", "take the same bytes in again, for example after the employee list was completed"))
	return c
}

// taken sums up one ingest.
type taken struct {
	files                []ingest.File
	already, refused     int
	accepted, quarantine int64
}

// verdict is how the command ends.
func (t taken) verdict() error {
	switch {
	case len(t.files) == 0 && t.already == 0:
		return useError{errRefused}
	case t.refused > 0 || t.quarantine > 0:
		return errRejects
	}
	return nil
}

var errRefused = errors.New("no file could be taken in (没有文件可以导入)")

// ingest finds and takes in the files, one line of talk each.
func (a *app) ingest(ctx context.Context, b *books.Books, paths []string, dataset string, again bool) (t taken, err error) {
	v, err := a.current(ctx, b)
	if err != nil {
		return t, err
	}
	units, faults := ingest.Find(v.Policy, paths, dataset)
	err = a.takeAll(ctx, b, v, units, again, func(f ingest.File, already bool, err error) error {
		var refused *sheet.RefusedError
		if errors.As(err, &refused) {
			faults = append(faults, err)
			return nil
		}
		if err != nil {
			return err
		}
		a.tellFile(v.Policy, f, already)
		if already {
			t.already++
			return nil
		}
		t.files = append(t.files, f)
		t.accepted += f.Accepted
		t.quarantine += f.Quarantined
		return nil
	})
	for _, f := range faults {
		a.tell("✗ %s", a.refusal(f))
	}
	t.refused = len(faults)
	if err != nil {
		return t, err
	}
	if len(t.files) > 0 {
		err = b.Checkpoint(ctx)
	}
	if t.quarantine > 0 {
		a.tell(a.say("共隔离 %d 行；用 plumbline rejects 查看位置、原因与改法", "%d rows are in quarantine; plumbline rejects tells place, reason and cure"), t.quarantine)
	}
	return t, err
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

// takeAll takes units in, with a bar on a terminal for the bytes read so far.
func (a *app) takeAll(ctx context.Context, b *books.Books, v policy.Version, units []ingest.Unit, again bool, each func(ingest.File, bool, error) error) error {
	report, finish := a.progress(a.say("读取", "reading"), progressbar.OptionShowBytes(true))
	defer finish()
	o := ingest.Options{Actor: a.actor(), Day: a.today(v.Policy), Again: again, Progress: report}
	return ingest.TakeAll(ctx, b, v, units, o, each)
}

// refusal says which file was refused, where in it, why, by which rule, and what to do.
func (a *app) refusal(err error) string {
	var r *sheet.RefusedError
	if !errors.As(err, &r) {
		return a.say("拒收 ", "refused ") + err.Error()
	}
	var b strings.Builder
	b.WriteString(a.say("拒收 ", "refused ") + strings.TrimSuffix(strings.TrimSuffix(err.Error(), r.Error()), ": "))
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

// tellFile says what became of a file.
func (a *app) tellFile(p *policy.Policy, f ingest.File, already bool) {
	name := f.Name
	if f.Sheet != "" {
		name += " [" + f.Sheet + "]"
	}
	kind := f.Dataset
	if d := p.Dataset(f.Dataset); d != nil {
		kind = d.Name.In(a.lang)
	}
	if already {
		at := f.At.In(a.clock(p).Location()).Format("2006-01-02 15:04")
		a.tell(a.say("= %s（%s）已于 %s 由 %s 导入，未作改动", "= %s (%s) was taken in on %s by %s; nothing changed"), name, kind, at, f.Actor)
		return
	}
	mark := "✓"
	if f.Quarantined > 0 {
		mark = "!"
	}
	parts := []string{fmt.Sprintf(a.say("%d 行 = 入账 %d + 隔离 %d", "%d rows = %d accepted + %d quarantined"), f.RowsIn, f.Accepted, f.Quarantined)}
	for _, n := range []struct {
		count int64
		what  string
	}{{f.Corrected, a.say("更正 %d", "%d corrected")}, {f.Unchanged, a.say("未变 %d", "%d unchanged")}, {f.Duplicates, a.say("重复 %d", "%d duplicates")}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf(n.what, n.count))
		}
	}
	a.tell(a.say("%s %s（%s）%s", "%s %s (%s) %s"), mark, name, kind, strings.Join(parts, a.say("，", ", ")))
	for _, n := range f.Notices {
		a.tell("    %s", n.In(a.lang))
	}
}
