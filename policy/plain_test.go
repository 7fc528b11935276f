package policy_test

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"plumbline/policy"
)

// byHand are the words over the columns of sheets that people keep by hand: of work, of business and of deliveries.
const byHand = `工号 员工编号 员工工号 姓名 部门 日期 工作日期 工时 时长(小时) 项目 项目名称 工作内容 事项
	客户 客户名称 商机编号 创建日期 结案日期 成交日期 状态 结果 金额 交付编号 承诺日期 计划交付日期 截止日期 实际交付日期 验收日期`

// lacking gives a header that a row must have to be read by the mapping, and has not; nil when the mapping fits.
func lacking(m *policy.Mapping, row []string) *policy.Header {
	for _, h := range m.Headers {
		if !h.Optional && columnOf(row, h) < 0 {
			return h
		}
	}
	return nil
}

// headings gives all words that head columns of the dataset.
func headings(d *policy.Dataset) []string {
	var words []string
	for _, c := range d.Columns {
		words = append(append(words, c.ID, c.Name.ZH, c.Name.EN), c.Aliases...)
	}
	return words
}

// A file whose columns bear the words of a dataset, or those that people use by hand, is none of another tool, be it as full of
// them as can be.
func TestReadyMadeFitNoPlainSheet(t *testing.T) {
	db := open(t)
	p := check(t, db, policy.Default())
	mappings, err := policy.CheckMappings(t.Context(), db, p, policy.DefaultMappings())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range p.Datasets {
		row := append(headings(d), strings.Fields(byHand)...)
		for _, m := range mappings {
			if lacking(m, row) == nil {
				t.Errorf("%s fits plain %s", m.ID, d.ID)
			}
		}
	}
}

// The company of the samples keeps its records in the words of the policy: all words at the beginning of a file together make no
// export of another tool.
func TestReadyMadeFitNoSample(t *testing.T) {
	db := open(t)
	p := check(t, db, policy.Default())
	mappings, err := policy.CheckMappings(t.Context(), db, p, policy.DefaultMappings())
	if err != nil {
		t.Fatal(err)
	}
	const folder = "../sample_data/company"
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		row := beginning(t, filepath.Join(folder, f.Name()))
		if !slices.ContainsFunc(p.Datasets, func(d *policy.Dataset) bool { return known(d, row) > 2 }) {
			t.Errorf("%s: no header among %q", f.Name(), row)
		}
		for _, m := range mappings {
			if lacking(m, row) == nil {
				t.Errorf("%s fits %s: %q", m.ID, f.Name(), row)
			}
		}
	}
}

// beginning gives the words of a file's first rows, and of a workbook all there are.
func beginning(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(path) == ".xlsx" {
		return workbookWords(t, path)
	}
	if !utf8.Valid(text) {
		if text, err = simplifiedchinese.GB18030.NewDecoder().Bytes(text); err != nil {
			t.Fatal(err)
		}
	}
	return strings.FieldsFunc(string(text[:min(len(text), 2000)]), func(r rune) bool { return strings.ContainsRune("\ufeff,;\t\r\n\":{}[]", r) })
}

var sharedWord = regexp.MustCompile(`<t[^>]*>([^<]*)</t>`)

func workbookWords(t *testing.T, path string) (words []string) {
	t.Helper()
	book, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	part, err := book.Open("xl/sharedStrings.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	text, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range sharedWord.FindAllSubmatch(text, -1) {
		words = append(words, string(m[1]))
	}
	return words
}

// known counts the words that head a column of the dataset.
func known(d *policy.Dataset, words []string) int {
	n := 0
	for _, w := range words {
		if columnNamed(d, w) != nil {
			n++
		}
	}
	return n
}

// columnNamed gives the column of the dataset that a header names, or nil.
func columnNamed(d *policy.Dataset, header string) *policy.Column {
	for _, c := range d.Columns {
		for _, w := range append([]string{c.ID, c.Name.ZH, c.Name.EN}, c.Aliases...) {
			if policy.HeaderKey(w) == policy.HeaderKey(header) {
				return c
			}
		}
	}
	return nil
}
