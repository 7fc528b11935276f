package charts

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"

	"plumbline/metrics"
	"plumbline/policy"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/page.html"))

// WritePages writes the company's page and one per department into dir, each in both languages: lang under the plain names
// (index.html), the other with its name before the ending (index.en.html). They open from disk, load nothing from elsewhere, and
// say every number in a table as well. It gives the files written, in order.
func WritePages(dir string, r *metrics.Report, lang policy.Lang) ([]string, error) {
	script, err := library()
	if err != nil {
		return nil, fmt.Errorf("write chart pages: %w", err)
	}
	w := pageWriter{dir: dir, report: r, main: lang}
	w.write(libraryFile, script)
	for _, name := range []string{"init.js", "style.css"} {
		text, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return nil, fmt.Errorf("write chart pages: %w", err)
		}
		w.write("assets/"+name, text)
	}
	company, others := ForCompany(r), OthersOfCompany(r)
	for _, l := range []policy.Lang{policy.ZH, policy.EN} {
		w.page(l, "", company, others)
	}
	for _, d := range r.Departments {
		set, others := ForDepartment(r, d), OthersOfDepartment(r, d)
		for _, l := range []policy.Lang{policy.ZH, policy.EN} {
			w.page(l, d.Department.ID, set, others)
		}
	}
	return w.files, w.err
}

// pageWriter writes files until one fails.
type pageWriter struct {
	dir    string
	report *metrics.Report
	main   policy.Lang
	files  []string
	err    error
}

func (w *pageWriter) write(name string, text []byte) {
	if w.err != nil {
		return
	}
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if w.err = os.MkdirAll(filepath.Dir(path), 0o755); w.err == nil {
		w.err = os.WriteFile(path, text, 0o644)
	}
	if w.err != nil {
		w.err = fmt.Errorf("write chart pages: %w", w.err)
		return
	}
	w.files = append(w.files, path)
}

// page is what the template receives.
type page struct {
	Lang, Title, Company, Subject, Period string
	OtherLang, OtherHref, OtherName       string
	Links                                 []link
	Charts                                []pageChart
	Others                                *pageOthers // nil: none
	Words                                 map[string]string
	Footer                                []string
}

type link struct {
	Href, Name string
	Depth      int
	Here       bool
}

type pageChart struct {
	Shown
	Options json.RawMessage // nil for an empty chart
}

func (w *pageWriter) page(l policy.Lang, department string, set []Chart, others Others) {
	if w.err != nil {
		return
	}
	p, err := w.fill(l, department, set)
	p.Others = fillOthers(w.report, others, l)
	if err == nil {
		var b bytes.Buffer
		if err = pageTemplate.ExecuteTemplate(&b, "page.html", p); err == nil {
			w.write(w.name(l, department), b.Bytes())
			return
		}
	}
	w.err = fmt.Errorf("write chart page %s: %w", w.name(l, department), err)
}

func (w *pageWriter) fill(l policy.Lang, department string, set []Chart) (page, error) {
	r := w.report
	other := policy.EN
	if l == policy.EN {
		other = policy.ZH
	}
	p := page{Lang: pick(l, "zh-CN", "en"), Period: periodWords(r, l), OtherLang: pick(other, "zh-CN", "en"),
		OtherName: pick(other, "中文", "English"), OtherHref: w.name(other, department), Words: pageWords(l), Footer: footer(r, l)}
	p.Company = pick(l, "公司", "Company")
	if r.Policy != nil && nameOf(r.Policy.Company.Name, l) != "" {
		p.Company = nameOf(r.Policy.Company.Name, l)
	}
	p.Subject = p.Company
	p.Links = append(p.Links, link{Href: w.name(l, ""), Name: p.Company, Here: department == ""})
	for _, d := range r.Departments {
		here := d.Department.ID == department
		p.Links = append(p.Links, link{w.name(l, d.Department.ID), nameOf(d.Department.Name, l), min(d.Department.Depth, 4), here})
		if here {
			p.Subject = nameOf(d.Department.Name, l)
		}
	}
	p.Title = p.Subject + " · " + p.Period
	for _, c := range set {
		pc, err := fillChart(c, l)
		if err != nil {
			return p, err
		}
		p.Charts = append(p.Charts, pc)
	}
	return p, nil
}

// name gives the file of a page; department "" is the company's.
func (w *pageWriter) name(l policy.Lang, department string) string {
	name := "index"
	if department != "" {
		name = departmentSlug(w.report, department)
	}
	if l != w.main {
		name += "." + string(l)
	}
	return name + ".html"
}

// departmentSlug makes a name for files and ids that is safe on every system. Ids that are plain letters, digits and hyphens
// show; others, and those that differ in case only, carry a part of their hash.
func departmentSlug(r *metrics.Report, id string) string {
	name := strings.ToLower(slug(id))
	plain := id != "" && slug(id) == id && len(id) <= 40
	for _, d := range r.Departments {
		if d.Department.ID != id && strings.ToLower(slug(d.Department.ID)) == name {
			plain = false
		}
	}
	if plain {
		return "department-" + name
	}
	sum := sha256.Sum256([]byte(id))
	return "department-" + strings.Trim(name[:min(len(name), 24)], "-") + "-" + hex.EncodeToString(sum[:4])
}

// variants is a chart's option for every room and light that a page may find itself in.
type variants struct {
	Wide, Narrow variant
}

type variant struct {
	Height             int
	Light, Dark, Print json.RawMessage
}

func fillChart(c Chart, l policy.Lang) (pageChart, error) {
	p := pageChart{Shown: c.Show(l)}
	if p.Empty != "" {
		return p, nil
	}
	wide, err := variantOf(c.At(wideWidth), l)
	if err != nil {
		return p, err
	}
	narrow, err := variantOf(c.At(narrowWidth), l)
	if err != nil {
		return p, err
	}
	p.Options, err = json.Marshal(variants{wide, narrow})
	return p, err
}

func variantOf(c Chart, l policy.Lang) (variant, error) {
	v := variant{Height: c.sketch(l, Light, 0).height}
	for _, t := range []struct {
		theme Theme
		into  *json.RawMessage
	}{{Light, &v.Light}, {Dark, &v.Dark}, {Print, &v.Print}} {
		text, err := c.Option(l, t.theme)
		if err != nil {
			return v, err
		}
		*t.into = text
	}
	return v, nil
}

func pageWords(l policy.Lang) map[string]string {
	return map[string]string{
		"figures":  pick(l, "查看数据", "Figures"),
		"nav":      pick(l, "公司与部门", "Company and departments"),
		"noscript": pick(l, "图形需要浏览器启用脚本；每张图下方的“查看数据”列有全部数字。", "Pictures need scripts; “Figures” below each of them lists all numbers."),
		"heading":  pick(l, "指标图表", "KPI charts"),
	}
}

// footer says where the numbers come from.
func footer(r *metrics.Report, l policy.Lang) []string {
	lines := []string{
		fmt.Sprintf(pick(l, "考核制度：第 %d 版（%s）", "Policy: version %d (%s)"), r.PolicyVersion, r.PolicyHash),
		fmt.Sprintf(pick(l, "账本：序号 %d（%s）", "Ledger: sequence %d (%s)"), r.LedgerSeq, r.LedgerHash),
	}
	if r.Seal != "" {
		lines = append(lines, pick(l, "封账号：", "Seal: ")+r.Seal)
	}
	if !r.Day.IsZero() {
		lines = append(lines, pick(l, "报告日：", "Report day: ")+r.Day.Format("2006-01-02"))
	}
	return append(lines, pick(l, "图形库：Apache ECharts（Apache-2.0）", "Drawn with Apache ECharts (Apache-2.0)"))
}
