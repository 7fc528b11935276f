package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/ingest/sheet"
	"plumbline/ingest/suggest"
	"plumbline/internal/books"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

func (a *app) mappingCommand() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:   "mapping",
		Short: a.say("映射：外来导出的列怎样成为记录", "mappings: how the columns of foreign exports become records"),
		Long: a.say("映射是数据目录中 policy/mappings 下的 YAML 文件，可照需要修改、增删；没有这个目录时用内置的。导入时按表头自动采用。",
			"Mappings are YAML files in policy/mappings of the data directory, to be changed, added and deleted; without that folder the built-in ones are used.\nIngest picks them by the header."),
		Example: "  plumbline mapping list\n  plumbline mapping suggest export.xlsx -o plumbline-data/policy/mappings/our_export.yaml",
	})
	c.AddCommand(a.mappingListCommand(), a.mappingShowCommand(), a.mappingCheckCommand(), a.mappingSuggestCommand())
	return c
}

// mappingFiles reads the mappings of the data directory; without their folder the built-in ones are used.
func (a *app) mappingFiles() ([]policy.File, error) {
	dir := filepath.Join(a.data, "policy")
	if _, err := os.Stat(filepath.Join(dir, "mappings")); errors.Is(err, fs.ErrNotExist) {
		return policy.DefaultMappings(), nil
	}
	return policy.ReadMappings(dir)
}

// maxMapping bounds a mapping file.
const maxMapping = 1 << 20

// readMapping reads one mapping file.
func (a *app) readMapping(path string) (policy.File, error) {
	in, err := os.Open(path)
	if err != nil {
		return policy.File{}, useError{fmt.Errorf(a.say("映射 %s 读不到，请核对文件名：%w", "mapping %s cannot be read; check the name: %w"), path, errors.Unwrap(err))}
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxMapping+1))
	if err != nil {
		return policy.File{}, err
	}
	if len(text) > maxMapping {
		return policy.File{}, useError{fmt.Errorf(a.say("映射 %s 大于 1 MiB", "mapping %s is larger than 1 MiB"), path)}
	}
	return policy.File{Name: filepath.Base(path), Text: string(text)}, nil
}

func (a *app) mappingListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   a.say("有哪些映射", "the mappings there are"),
		Example: "  plumbline mapping list",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withPolicy(c.Context(), func(b *books.Books, p *policy.Policy) error {
				list, _, err := a.mappingsFor(c.Context(), b, p, "")
				if err != nil {
					return err
				}
				return a.mappingTable(list).Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

// withPolicy opens the books and finds the policy that counts today.
func (a *app) withPolicy(ctx context.Context, f func(b *books.Books, p *policy.Policy) error) error {
	return a.with(ctx, func(b *books.Books) error {
		v, err := a.current(ctx, b)
		if err != nil {
			return err
		}
		return f(b, v.Policy)
	})
}

func (a *app) mappingTable(list []*policy.Mapping) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "id", Heading: a.say("编号", "id")}, {Name: "name", Heading: a.say("名称", "name")},
		{Name: "dataset", Heading: a.say("种类", "dataset")}, {Name: "headers", Heading: a.say("必有的表头", "headers that it needs")},
	}}
	for _, m := range list {
		var names []string
		for _, h := range m.Headers {
			if !h.Optional {
				names = append(names, h.Names[0])
			}
		}
		t.Add(m.ID, m.Name.In(a.lang), m.Dataset.ID, strings.Join(names, ", "))
	}
	return t
}

func (a *app) mappingShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   a.say("一个映射的原文", "the text of a mapping"),
		Example: "  plumbline mapping show jira > our_jira.yaml",
		Args:    a.exactly(1, a.say("一个映射编号", "the ID of a mapping")),
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := a.mappingFiles()
			if _, faulty := errors.AsType[policy.Errors](err); err != nil && !faulty {
				return err
			}
			var ids []string
			for _, f := range files {
				id := strings.TrimSuffix(f.Name, ".yaml")
				if id == args[0] {
					_, err := io.WriteString(a.out, f.Text)
					return err
				}
				ids = append(ids, id)
			}
			return useError{fmt.Errorf(a.say("没有映射 %q；可用的有：%s", "there is no mapping %q; known ones: %s"), args[0], strings.Join(ids, ", "))}
		},
	}
}

func (a *app) mappingCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "check [FILE…]",
		Short:   a.say("检查映射文件，指出文件、行、列与改法", "check mapping files; faults come with file, line, column and cure"),
		Example: "  plumbline mapping check\n  plumbline mapping check our_export.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withPolicy(c.Context(), func(b *books.Books, p *policy.Policy) error {
				files, err := a.mappingFiles()
				if len(args) > 0 {
					files, err = a.readMappings(args)
				}
				if err != nil {
					return err
				}
				list, err := policy.CheckMappings(c.Context(), b.Warehouse(), p, files)
				if err != nil {
					return err
				}
				a.tell(a.say("%d 个映射没有问题", "%d mappings are sound"), len(list))
				return nil
			})
		},
	}
}

func (a *app) readMappings(paths []string) (files []policy.File, err error) {
	for _, path := range paths {
		f, err := a.readMapping(path)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// drafting is what the user says about a draft.
type drafting struct{ dataset, sheet, out, encoding, delimiter string }

func (a *app) mappingSuggestCommand() *cobra.Command {
	var d drafting
	c := &cobra.Command{
		Use:   "suggest FILE",
		Short: a.say("看表头与内容起草一个映射，每处猜测注明理由", "draft a mapping from header and values; each guess has its reason"),
		Long: a.say("拿不准的地方标为 # ??，逐条提问，须先补上才能使用。\n退出码：0 可直接使用，3 有待决定之处。",
			"What is open is marked # ?? and asked about; fill it in before the mapping is used.\nExit code: 0 ready for use, 3 something is open."),
		Example: "  plumbline mapping suggest export.csv\n  plumbline mapping suggest export.xlsx --sheet 明细 -o our_export.yaml",
		Args:    a.exactly(1, a.say("一个文件", "a FILE")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withPolicy(c.Context(), func(b *books.Books, p *policy.Policy) error { return a.suggest(c.Context(), b, p, args[0], d) })
		},
	}
	f := c.Flags()
	f.StringVar(&d.dataset, "dataset", "", a.say("记录种类；默认按表头识别", "dataset; told from the header by default"))
	f.StringVar(&d.sheet, "sheet", "", a.say("工作表，或压缩包中的文件", "sheet of a workbook, or file in an archive"))
	f.StringVarP(&d.out, "output", "o", "", a.say("写入的文件；默认写到标准输出", "file to write to; standard output by default"))
	a.hintFlags(c, &d.encoding, &d.delimiter)
	return c
}

// suggest drafts a mapping and asks what is open.
func (a *app) suggest(ctx context.Context, b *books.Books, p *policy.Policy, path string, d drafting) error {
	if ds := p.Dataset(d.dataset); d.dataset != "" && (ds == nil || ds.Recorded != "") {
		var ids []string
		for _, ds := range p.FromFiles() {
			ids = append(ids, ds.ID)
		}
		return useError{fmt.Errorf(a.say("没有记录种类 %q；可用的有：%s", "there is no dataset %q; known ones: %s"), d.dataset, strings.Join(ids, ", "))}
	}
	table, err := a.oneTable(ctx, b, path, d)
	if err != nil {
		return err
	}
	draft, err := suggest.Suggest(ctx, p, path, b.Staging(), table, d.dataset)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := a.writeDraft(draft.YAML, d.out); err != nil {
		return err
	}
	for _, q := range draft.Open {
		a.tell("%s", a.asked(q))
	}
	if len(draft.Open) > 0 {
		a.tell(a.say("%d 处有待决定；补上后运行 plumbline mapping check", "%d places are open; fill them in, then run plumbline mapping check"), len(draft.Open))
		return errRejects
	}
	return nil
}

// asked words a question of a draft.
func (a *app) asked(q suggest.Question) string {
	var b strings.Builder
	b.WriteString("? ")
	if q.Header != "" {
		fmt.Fprintf(&b, a.say("「%s」", "%q: "), q.Header)
	}
	fmt.Fprintf(&b, a.say("%s\n    改法：%s", "%s\n    cure: %s"), q.Say.In(a.lang), q.Cure.In(a.lang))
	if len(q.Options) > 0 {
		fmt.Fprintf(&b, a.say("\n    可写：%s", "\n    one of: %s"), strings.Join(q.Options, ", "))
	}
	return b.String()
}

// oneTable gives the table of a file to draft a mapping for. Of several the user must name one.
func (a *app) oneTable(ctx context.Context, b *books.Books, path string, d drafting) (sheet.Table, error) {
	hints, err := a.hints(d.encoding, d.delimiter)
	if err != nil {
		return sheet.Table{}, err
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return sheet.Table{}, useError{fmt.Errorf(a.say("%s 读不到，请核对文件名", "%s cannot be read; check the name"), path)}
	}
	tables, faults := sheet.Tables(ctx, path, b.Staging(), hints)
	var names []string
	for _, t := range tables {
		names = append(names, strings.TrimSpace(t.Member+" "+t.Sheet))
	}
	if d.sheet != "" {
		tables = slices.DeleteFunc(tables, func(t sheet.Table) bool {
			return t.Sheet != d.sheet && t.Member != d.sheet && strings.TrimSpace(t.Member+" "+t.Sheet) != d.sheet
		})
	}
	switch {
	case len(tables) == 1:
		return tables[0], nil
	case len(names) == 0 && len(faults) > 0:
		return sheet.Table{}, fmt.Errorf("%s: %w", path, faults[0])
	}
	return sheet.Table{}, useError{fmt.Errorf(a.say("%s 有 %d 个表：%s；请用 --sheet 指明一个", "%s holds %d tables: %s; name one with --sheet"), path, len(names), strings.Join(names, ", "))}
}

// writeDraft writes to a new file, or to standard output.
func (a *app) writeDraft(text, path string) error {
	if path == "" {
		_, err := io.WriteString(a.out, text)
		return err
	}
	out, err := a.newFile(path)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return errors.Join(err, out.Close())
}

// newFile makes a file that is not there yet.
func (a *app) newFile(path string) (*os.File, error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, useError{fmt.Errorf(a.say("%s 已存在，未作改动；请换一个文件名", "%s is there already and was left as it is; choose another name"), path)}
	}
	return out, err
}
