package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"plumbline/company"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

func (a *app) filesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "files",
		Short:   a.say("导入过的文件及其行数", "the files taken in and their rows"),
		Example: "  plumbline files",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				files, err := ingest.Files(c.Context(), b, always)
				if err != nil {
					return err
				}
				return a.fileTable(files).Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) fileTable(files []ingest.File) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "seq", Heading: a.say("账序", "seq"), Kind: tabular.Integer}, {Name: "at", Heading: a.say("时间", "at")}, {Name: "actor", Heading: a.say("经手", "actor")},
		{Name: "file", Heading: a.say("文件", "file")}, {Name: "sheet", Heading: a.say("工作表", "sheet")}, {Name: "dataset", Heading: a.say("种类", "dataset")},
		{Name: "rows_in", Heading: a.say("行数", "rows in"), Kind: tabular.Integer}, {Name: "accepted", Heading: a.say("入账", "accepted"), Kind: tabular.Integer},
		{Name: "quarantined", Heading: a.say("隔离", "quarantined"), Kind: tabular.Integer}, {Name: "new", Heading: a.say("新增", "new"), Kind: tabular.Integer},
		{Name: "corrected", Heading: a.say("更正", "corrected"), Kind: tabular.Integer}, {Name: "unchanged", Heading: a.say("未变", "unchanged"), Kind: tabular.Integer},
		{Name: "duplicates", Heading: a.say("重复", "duplicates"), Kind: tabular.Integer}, {Name: "sha256", Heading: "SHA-256"},
		{Name: "excluded", Heading: a.say("不计", "excluded"), Kind: tabular.Integer}, {Name: "retired", Heading: a.say("退场", "retired"), Kind: tabular.Integer},
		{Name: "waiting", Heading: a.say("仍在隔离", "waiting"), Kind: tabular.Integer},
		{Name: "mapping", Heading: a.say("映射", "mapping")}, {Name: "member", Heading: a.say("包内文件", "member")},
		{Name: "withdrawn", Heading: a.say("撤回账序", "withdrawn by"), Kind: tabular.Integer}, {Name: "origin", Heading: a.say("放行自", "released from"), Kind: tabular.Integer},
	}}
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	seq := func(i int64) string {
		if i == 0 {
			return ""
		}
		return n(i)
	}
	for _, f := range files {
		t.Add(n(f.Seq), f.At.UTC().Format("2006-01-02T15:04:05Z"), f.Actor, f.Name, f.Sheet, f.Dataset, n(f.RowsIn), n(f.Accepted), n(f.Quarantined),
			n(f.New), n(f.Corrected), n(f.Unchanged), n(f.Duplicates), f.SHA256, n(f.Excluded), n(f.Retired), n(f.Waiting), f.Mapping, f.Member, seq(f.Withdrawn), seq(f.Origin))
	}
	return t
}

func (a *app) fileCommand() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:     "file",
		Short:   a.say("一个导入过的文件：取回原件、撤回、看回执", "a file taken in: get it back, withdraw it, see its receipt"),
		Long:    a.say("SHA 是文件的 SHA-256，写前 8 位以上即可，见 plumbline files。", "SHA is the SHA-256 of the file, or at least its first 8 digits; see plumbline files."),
		Example: "  plumbline file show 3fa9c1d2",
	})
	c.AddCommand(a.fileGetCommand(), a.fileShowCommand(), a.fileWithdrawCommand())
	return c
}

var shaForm = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// tablesOf gives the receipts of the one file whose SHA-256 begins with these digits: one per table and time it came in, and those
// of rows released from its quarantine.
func (a *app) tablesOf(ctx context.Context, b *books.Books, sha256 string) ([]ingest.File, error) {
	want := strings.ToLower(sha256)
	if !shaForm.MatchString(want) {
		return nil, useError{fmt.Errorf(a.say("%q 不是 SHA-256；请写 8 至 64 位十六进制数，见 plumbline files", "%q is no SHA-256; write 8 to 64 hex digits, see plumbline files"), sha256)}
	}
	files, err := ingest.Files(ctx, b, always)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f ingest.File) bool { return !strings.HasPrefix(f.SHA256, want) })
	var sums []string
	for _, f := range files {
		sums = append(sums, f.SHA256)
	}
	switch sums = distinct(sums); len(sums) {
	case 0:
		return nil, useError{fmt.Errorf(a.say("没有导入过 SHA-256 以 %s 开头的文件；见 plumbline files", "no file with a SHA-256 that begins with %s was taken in; see plumbline files"), want)}
	case 1:
		return files, nil
	}
	return nil, useError{fmt.Errorf(a.say("%s 开头的文件不止一个：%s；请多写几位", "several files begin with %s: %s; write more digits"), want, strings.Join(sums, ", "))}
}

func (a *app) fileGetCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:     "get SHA",
		Short:   a.say("取回原件，逐字节与导入时相同", "get the original back, byte for byte"),
		Example: "  plumbline file get 3fa9c1d2 -o original.xlsx",
		Args:    a.exactly(1, a.say("一个 SHA-256", "one SHA")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				files, err := a.tablesOf(c.Context(), b, args[0])
				if err != nil {
					return err
				}
				return a.getOriginal(b, files[0], out)
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", a.say("写入的文件或目录；默认写到标准输出", "file or directory to write to; standard output by default"))
	return c
}

// getOriginal copies a file's bytes, which are verified on the way. A file that turns out damaged does not stay.
func (a *app) getOriginal(b *books.Books, f ingest.File, path string) (err error) {
	original, err := b.Ledger().OpenOriginal(f.SHA256)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, original.Close()) }()
	if path == "" {
		in := bufio.NewReaderSize(original, 1<<16)
		if out, ok := a.out.(*os.File); ok && term.IsTerminal(int(out.Fd())) && binary(in) {
			return useError{fmt.Errorf(a.say("%s 不是纯文本，不宜显示在终端上；请用 -o 写入文件", "%s is no plain text and would upset the terminal; write it to a file with -o"), f.Name)}
		}
		_, err = io.Copy(a.out, in)
		return err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, filepath.Base(f.Name))
	}
	out, err := a.newFile(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, original)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	fmt.Fprintln(a.out, path)
	return nil
}

// binary reports whether a terminal would not show the first bytes as text.
func binary(in *bufio.Reader) bool {
	head, _ := in.Peek(1 << 16) // what cannot be read is told when it is copied
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 && len(head) >= utf8.UTFMax || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 {
			return true
		}
		head = head[n:]
	}
	return false
}

func (a *app) fileShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show SHA",
		Short:   a.say("回执全文：行数、提示、读法、隔离的行", "the receipt in full: counts, notices, how it was read, rows in quarantine"),
		Example: "  plumbline file show 3fa9c1d2",
		Args:    a.exactly(1, a.say("一个 SHA-256", "one SHA")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withPolicy(c.Context(), func(b *books.Books, p *policy.Policy) error {
				files, err := a.tablesOf(c.Context(), b, args[0])
				if err != nil {
					return err
				}
				for _, f := range files {
					if err := a.showTable(b, p, f); err != nil {
						return err
					}
				}
				rejects, err := a.rejects(c.Context(), b, p, files[0].SHA256)
				if err != nil || len(rejects) == 0 {
					return err
				}
				fmt.Fprintf(a.out, "\n%s\n", a.say("仍在隔离的行", "rows in quarantine"))
				return a.rejectTable(rejects, true).Write(a.out, "table")
			})
		},
	}
}

// showTable tells everything that the books hold about one table of a file.
func (a *app) showTable(b *books.Books, p *policy.Policy, f ingest.File) error {
	d, err := decision(b, f.Seq)
	if err != nil {
		return err
	}
	for _, line := range a.fileLines(p, f, false) {
		fmt.Fprintln(a.out, line)
	}
	for _, fact := range a.facts(p, f, d) {
		if fact[1] != "" {
			fmt.Fprintf(a.out, a.say("    %s：%s\n", "    %s: %s\n"), fact[0], fact[1])
		}
	}
	return nil
}

// decision reads what was decided about the file of an event.
func decision(b *books.Books, seq int64) (d ingest.Decision, err error) {
	for e, err := range b.Ledger().Events(seq - 1) {
		if err != nil {
			return d, err
		}
		return d, json.Unmarshal(e.Data, &d)
	}
	return d, fmt.Errorf("the ledger has no event %d", seq)
}

// facts lists what is known of a table: what it is, how it was read, what became of it. Facts without a value do not apply.
func (a *app) facts(p *policy.Policy, f ingest.File, d ingest.Decision) [][2]string {
	n := func(i int64) string {
		if i == 0 {
			return ""
		}
		return strconv.FormatInt(i, 10)
	}
	delimiter := f.Delimiter
	if delimiter == "\t" {
		delimiter = "tab"
	}
	snapshot := ""
	if d.Snapshot {
		snapshot = a.say("是", "yes")
	}
	var set []string
	for column, value := range d.Set {
		set = append(set, column+"="+value)
	}
	return [][2]string{
		{a.say("SHA-256", "SHA-256"), f.SHA256}, {a.say("大小（字节）", "size (bytes)"), n(f.Size)},
		{a.say("账序", "ledger sequence"), n(f.Seq)}, {a.say("时间", "at"), f.At.In(a.clock(p).Location()).Format("2006-01-02 15:04:05")},
		{a.say("经手", "by"), f.Actor}, {a.say("格式", "format"), strings.TrimSpace(f.Format + " " + string(d.Packing))},
		{a.say("编码", "encoding"), f.Encoding}, {a.say("分隔符", "delimiter"), delimiter}, {a.say("表头所在行", "header row"), n(f.HeaderRow)},
		{a.say("映射", "mapping"), f.Mapping}, {a.say("列", "columns"), a.readAs(d)},
		{a.say("另给的值", "values declared"), strings.Join(slices.Sorted(slices.Values(set)), ", ")},
		{a.say("日期次序", "date order"), string(d.Order)}, {a.say("全量", "snapshot"), snapshot},
		{a.say("依据的制度（账序）", "policy (sequence)"), n(d.Policy)}, {a.say("导入日", "day of ingest"), d.Day},
		{a.say("新增", "new"), n(f.New)}, {a.say("仍在隔离", "still in quarantine"), n(f.Waiting)},
		{a.say("更正的是（账序）", "corrects (sequence)"), n(f.Corrects)}, {a.say("放行自（账序）", "released from (sequence)"), n(f.Origin)},
		{a.say("被撤回（账序）", "withdrawn by (sequence)"), n(f.Withdrawn)},
	}
}

// readAs tells which column of the file became which of the dataset.
func (a *app) readAs(d ingest.Decision) string {
	var parts []string
	for i, h := range d.Header {
		switch {
		case d.Mapping != nil:
			parts = append(parts, h)
		case i < len(d.Columns) && d.Columns[i] != "":
			parts = append(parts, h+" → "+d.Columns[i])
		default:
			parts = append(parts, h+a.say(" → （未用）", " → (not used)"))
		}
	}
	return strings.Join(parts, a.say("，", ", "))
}

func (a *app) fileWithdrawCommand() *cobra.Command {
	var note string
	c := &cobra.Command{
		Use:   "withdraw SHA",
		Short: a.say("撤回一个文件：账册如同从未导入过它", "withdraw a file: the books stand as if it had never come in"),
		Long: a.say("撤回本身记入账本，原件仍在；撤回之前的数字用 --as-of 仍可查到。它所取代的记录恢复，因它而离开隔离区的行回到隔离区。",
			"The withdrawal is an event of the ledger and the original stays; figures from before can still be seen with --as-of.\nRecords that it superseded come back, and so do rows that left the quarantine because of it."),
		Example: "  plumbline file withdraw 3fa9c1d2 --note 导错了月份",
		Args:    a.exactly(1, a.say("一个 SHA-256", "one SHA")),
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.noted(note, a.say("为什么撤回", "why it is withdrawn")); err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error { return a.withdraw(c.Context(), b, args[0], note) })
		},
	}
	c.Flags().StringVar(&note, "note", "", a.say("为什么撤回", "why it is withdrawn"))
	return c
}

// withdraw takes a file back and tells what changed.
func (a *app) withdraw(ctx context.Context, b *books.Books, sha256, note string) error {
	v, err := a.current(ctx, b)
	if err != nil {
		return err
	}
	files, err := a.tablesOf(ctx, b, sha256)
	if err != nil {
		return err
	}
	standing := slices.DeleteFunc(slices.Clone(files), func(f ingest.File) bool { return f.Withdrawn > 0 })
	if len(standing) == 0 {
		return useError{fmt.Errorf(a.say("%s 已由账序 %d 撤回，未作改动", "%s was withdrawn by event %d; nothing was changed"), files[0].Name, files[0].Withdrawn)}
	}
	before, err := waitingRows(ctx, b)
	if err != nil {
		return err
	}
	seq := b.Ledger().Head().Seq + 1
	released, err := ingest.Withdraw(ctx, b, v, files[0].SHA256, note, a.options(v.Policy))
	if err != nil {
		return fmt.Errorf("%s: %w", files[0].Name, err)
	}
	for _, f := range standing {
		a.tell(a.say("已撤回 %s（%s）：%s", "withdrawn: %s (%s) %s"), company.FileName(f), a.kind(v.Policy, f.Dataset), a.countText(f))
	}
	if err := a.tellWithdrawal(ctx, b, v.Policy, seq); err != nil {
		return err
	}
	for _, f := range released {
		a.tellFile(v.Policy, f, false)
	}
	after, err := waitingRows(ctx, b)
	if err != nil {
		return err
	}
	if after != before {
		a.tell(a.say("隔离区由 %d 行变为 %d 行", "the quarantine went from %d rows to %d"), before, after)
	}
	return b.Checkpoint(ctx)
}

// tellWithdrawal tells by dataset how many records the withdrawal ended and how many it brought back.
func (a *app) tellWithdrawal(ctx context.Context, b *books.Books, p *policy.Policy, seq int64) error {
	counts := warehouse.SQL("what a withdrawal changed", `SELECT dataset, sum(ended)::BIGINT, sum(back)::BIGINT FROM (
  SELECT dataset, 1 AS ended, 0 AS back FROM ingest.retired WHERE seq = $seq
  UNION ALL SELECT dataset, 0, 1 FROM ingest.restored WHERE seq = $seq) GROUP BY dataset ORDER BY dataset`)
	return b.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, counts, warehouse.Args{"seq": seq}, func(scan func(...any) error) error {
			var dataset string
			var ended, back int64
			if err := scan(&dataset, &ended, &back); err != nil {
				return err
			}
			a.tell(a.say("    %s：%d 条记录失效，%d 条按其他文件恢复", "    %s: %d records ended, %d brought back as other files say"), a.kind(p, dataset), ended, back)
			return nil
		})
	})
}
