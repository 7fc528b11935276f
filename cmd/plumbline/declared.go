package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/policy"
)

// declared is what the user says about the files on the command line. The zero value tells everything from the files.
type declared struct {
	dataset, mapping    string
	set                 []string // COLUMN=VALUE
	order               string
	encoding, delimiter string
	snapshot, again     bool
}

// declaredFlags gives a command the flags of d.
func (a *app) declaredFlags(c *cobra.Command, d *declared) {
	f := c.Flags()
	f.StringVar(&d.dataset, "dataset", "", a.say("记录种类；默认按表头识别", "dataset; told from the header by default"))
	f.StringVar(&d.mapping, "mapping", "", a.say("映射：编号（见 plumbline mapping list）或 .yaml 文件；默认按表头识别",
		"mapping: an id (see plumbline mapping list) or a .yaml file; told from the header by default"))
	f.StringArrayVar(&d.set, "set", nil, a.say("列=值：文件没有的列一律取此值，可重复", "COLUMN=VALUE: the value of a column that the file lacks; may be repeated"))
	f.StringVar(&d.order, "date-order", "", a.say("年份不在前、次序不明的日期：dmy 日月年，mdy 月日年", "of dates that leave it open: dmy day first, mdy month first"))
	a.hintFlags(c, &d.encoding, &d.delimiter)
	f.BoolVar(&d.snapshot, "snapshot", false, a.say("文件是全量：以前的文件有而它没有的记录退场", "the files tell of all records there are: what earlier ones had and they have not is retired"))
	f.BoolVar(&d.again, "again", false, a.say("同样的文件也重新导入", "take the same bytes in again"))
}

// hintFlags gives a command the flags that say how text is written.
func (a *app) hintFlags(c *cobra.Command, encoding, delimiter *string) {
	c.Flags().StringVar(encoding, "encoding", "", a.say("文本编码：", "encoding of text: ")+strings.Join(encodings, ", ")+a.say("；默认按内容识别", "; told from the content by default"))
	c.Flags().StringVar(delimiter, "delimiter", "", a.say("CSV 的分隔符：一个符号，或 tab", "delimiter of CSV: one sign, or tab"))
}

// encodings are those that can be declared.
var encodings = []string{sheet.UTF8, sheet.UTF16LE, sheet.UTF16BE, sheet.GB18030, sheet.Windows1252}

// otherEncodings are names under which people know them; GBK and GB2312 are parts of GB18030.
var otherEncodings = map[string]string{"utf8": sheet.UTF8, "gbk": sheet.GB18030, "gb2312": sheet.GB18030, "cp936": sheet.GB18030, "cp1252": sheet.Windows1252}

// hints reads the flags of hintFlags.
func (a *app) hints(encoding, delimiter string) (h sheet.Hints, err error) {
	if encoding != "" {
		h.Encoding = otherEncodings[strings.ToLower(encoding)]
		for _, e := range encodings {
			if strings.EqualFold(e, encoding) {
				h.Encoding = e
			}
		}
		if h.Encoding == "" {
			return h, useError{fmt.Errorf(a.say("--encoding %q：应为其中之一：%s", "--encoding %q: use one of %s"), encoding, strings.Join(encodings, ", "))}
		}
	}
	switch {
	case delimiter == "":
	case delimiter == "tab" || delimiter == `\t` || delimiter == "\t":
		h.Delimiter = '\t'
	case len(delimiter) == 1 && strings.Contains(",;|:!#$%&()*+-./<=>?@[]\\^_{}~", delimiter):
		h.Delimiter = delimiter[0]
	default:
		return h, useError{fmt.Errorf(a.say("--delimiter %q：请写一个符号，如 \",\" \";\" \"|\"，或 tab", "--delimiter %q: write one sign such as \",\" \";\" \"|\", or tab"), delimiter)}
	}
	return h, nil
}

// how reads the flags of declaredFlags against the policy, with the mappings there are.
func (a *app) how(ctx context.Context, b *books.Books, p *policy.Policy, d declared) (how ingest.How, err error) {
	how = ingest.How{Dataset: d.dataset, Order: policy.DateOrder(d.order), Snapshot: d.snapshot}
	if d.order != "" && how.Order != policy.DMY && how.Order != policy.MDY {
		return how, useError{fmt.Errorf(a.say("--date-order %q：应为 dmy 或 mdy", "--date-order %q: use dmy or mdy"), d.order)}
	}
	if how.Hints, err = a.hints(d.encoding, d.delimiter); err != nil {
		return how, err
	}
	if how.Set, err = a.settings(d.set); err != nil {
		return how, err
	}
	how.Mappings, how.Mapping, err = a.mappingsFor(ctx, b, p, d.mapping)
	if err != nil || how.Mapping == "" {
		return how, err
	}
	if i := slices.IndexFunc(how.Mappings, func(m *policy.Mapping) bool { return m.ID == how.Mapping }); i >= 0 {
		m := how.Mappings[i]
		if how.Hints.Encoding == "" {
			how.Hints.Encoding = m.Encoding
		}
		if how.Hints.Delimiter == 0 {
			how.Hints.Delimiter = m.Delimiter
		}
	}
	return how, nil
}

// settings reads COLUMN=VALUE.
func (a *app) settings(list []string) (map[string]string, error) {
	set := map[string]string{}
	for _, s := range list {
		column, value, ok := strings.Cut(s, "=")
		column, value = strings.TrimSpace(column), strings.TrimSpace(value)
		switch _, twice := set[column]; {
		case !ok || column == "" || value == "":
			return nil, useError{fmt.Errorf(a.say("--set %q：请写作 列=值，如 --set department_id=D001", "--set %q: write COLUMN=VALUE, like --set department_id=D001"), s)}
		case twice:
			return nil, useError{fmt.Errorf(a.say("--set：%s 给了两次", "--set: %s is given twice"), column)}
		}
		set[column] = value
	}
	return set, nil
}

// unused refuses a value that none of the files takes: its column is misspelt, or all files have it.
func (a *app) unused(how ingest.How, units []ingest.Unit) error {
	for column := range how.Set {
		if len(units) > 0 && !slices.ContainsFunc(units, func(u ingest.Unit) bool { _, ok := u.Set[column]; return ok }) {
			return useError{fmt.Errorf(a.say("--set %s：没有文件用到它；请核对列的编号（映射则为 headers 中的名称），文件已有的列不能另给值",
				"--set %s: no file takes it; check the column's id (with a mapping: the name under headers); a column that the file has cannot be given a value"), column)}
		}
	}
	return nil
}

// find looks at the files as the user declared.
func (a *app) find(ctx context.Context, b *books.Books, p *policy.Policy, paths []string, d declared) ([]ingest.Unit, []error, error) {
	how, err := a.how(ctx, b, p, d)
	if err != nil {
		return nil, nil, err
	}
	units, faults := ingest.Find(ctx, b, p, paths, how)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	return units, faults, a.unused(how, units)
}

// isPath tells the path of a mapping file from the id of a mapping.
func isPath(mapping string) bool {
	ext := strings.ToLower(filepath.Ext(mapping))
	return ext == ".yaml" || ext == ".yml" || strings.ContainsRune(mapping, filepath.Separator)
}

// mappingsFor gives the mappings there are, and the id of the one that was asked for. A faulty file is told; it is an error only
// when it was asked for.
func (a *app) mappingsFor(ctx context.Context, b *books.Books, p *policy.Policy, want string) (list []*policy.Mapping, id string, err error) {
	files, faults := a.mappingFiles()
	if id = want; isPath(want) {
		f, err := a.readMapping(want)
		if err != nil {
			return nil, "", err
		}
		files = append(slices.DeleteFunc(files, func(g policy.File) bool { return g.Name == f.Name }), f)
		id = strings.TrimSuffix(f.Name, filepath.Ext(f.Name))
	}
	if err := a.tellFaulty(faults); err != nil {
		return nil, "", err
	}
	for _, f := range files {
		m, err := policy.CheckMapping(ctx, b.Warehouse(), p, f)
		switch _, faulty := errors.AsType[policy.Errors](err); {
		case err == nil:
			list = append(list, m)
		case !faulty || strings.TrimSuffix(f.Name, filepath.Ext(f.Name)) == id:
			return nil, "", err
		default:
			if err := a.tellFaulty(err); err != nil {
				return nil, "", err
			}
		}
	}
	return list, id, nil
}

// tellFaulty tells of mappings that are left out because of their faults. Another error comes back.
func (a *app) tellFaulty(err error) error {
	faults, ok := errors.AsType[policy.Errors](err)
	if !ok {
		return err
	}
	a.tell(a.say("注意：有映射不能使用，未予采用：\n%s", "note: a mapping cannot be used and is left out:\n%s"), faults.In(a.lang))
	return nil
}
