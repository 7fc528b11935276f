package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"plumbline/access"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/policy"
	"plumbline/reports"
)

func (s *Server) rejectRoutes() []route {
	return []route{
		{pattern: "GET /rejects", action: access.Files, about: nobody, handle: (*request).rejects, trail: true},
		{pattern: "GET /rejects/workbook", action: access.Files, about: nobody, handle: (*request).rejectWorkbook, trail: true, long: true},
		{pattern: "POST /rejects/dismiss", action: access.Upload, about: nobody, handle: (*request).dismissNow, long: true},
	}
}

// rejectFilter picks reasons of the quarantine; "" is any.
type rejectFilter struct{ file, dataset, rule, words string }

// rejectFilterOf reads the filter of the query or the form.
func (q *request) rejectFilterOf() rejectFilter {
	f := q.r.FormValue
	return rejectFilter{f("file"), f("dataset"), f("rule"), strings.TrimSpace(f("q"))}
}

func (f rejectFilter) query() string {
	return query("file", f.file, "dataset", f.dataset, "rule", f.rule, "q", f.words)
}

// rejectsOf gives the reasons that a filter picks, of the whole rows that have one of them: a row with two faults is corrected as one.
func (q *request) rejectsOf(f rejectFilter) ([]ingest.Reject, error) {
	all, err := ingest.Rejects(q.ctx(), q.company.Books, q.seat.version.Policy, company.Always)
	if err != nil {
		return nil, err
	}
	roots := map[string]bool{}
	if f.file != "" {
		files, err := ingest.Files(q.ctx(), q.company.Books, company.Always)
		if err != nil {
			return nil, err
		}
		for _, x := range files {
			if x.SHA256 == f.file {
				roots[count(x.Seq)] = true
			}
		}
	}
	picked := map[string]bool{}
	for _, r := range all {
		root, _, _ := strings.Cut(r.ID, "-")
		ofFile := f.file == "" || r.SHA256 == f.file || roots[root] // also a row of it whose correction failed
		if ofFile && (f.dataset == "" || r.Dataset == f.dataset) && (f.rule == "" || r.Rule == f.rule) &&
			(f.words == "" || matches(f.words, append([]string{r.ID, r.File, r.Value, r.Say.ZH, r.Say.EN}, r.Cells...)...)) {
			picked[r.ID] = true
		}
	}
	return slices.DeleteFunc(all, func(r ingest.Reject) bool { return !picked[r.ID] }), nil
}

// rejectLine is a row in quarantine with all that is wrong with it.
type rejectLine struct {
	ID, Where, Kind, Rule, Words string
	Faults                       []rejectFault
	Cells                        []rejectCell
}

type rejectFault struct {
	Cell, Value, Say, Cure string
	Shown                  bool
}

type rejectCell struct {
	Name, Value string
	Bad         bool
}

// rejectLines puts reasons together by row, in their order.
func (q *request) rejectLines(list []ingest.Reject) (lines []rejectLine) {
	at := map[string]int{}
	for _, r := range list {
		i, ok := at[r.ID]
		if !ok || r.ID == "" {
			i = len(lines)
			at[r.ID] = i
			lines = append(lines, q.rejectLine(r))
		}
		f := rejectFault{Value: clipped(r.Value, 200), Say: r.Say.In(q.lang), Cure: q.cure(r.Cure), Shown: r.Cell >= 0}
		if r.Column != "" {
			f.Cell = fmt.Sprintf(q.say("第 %s 列 %s", "column %s %s"), r.Column, r.Header)
		}
		if r.Cell >= 0 && r.Cell < len(lines[i].Cells) {
			lines[i].Cells[r.Cell].Bad = true
		}
		if !strings.Contains(", "+lines[i].Rule+", ", ", "+r.Rule+", ") {
			lines[i].Rule = strings.TrimPrefix(lines[i].Rule+", "+r.Rule, ", ")
		}
		lines[i].Faults = append(lines[i].Faults, f)
	}
	return lines
}

func (q *request) rejectLine(r ingest.Reject) rejectLine {
	l := rejectLine{ID: r.ID, Kind: q.kind(r.Dataset), Words: q.say("整行原文", "The whole row"), Where: fmt.Sprintf(q.say("%s 第 %d 行", "%s row %d"), r.File, r.Row)}
	if r.Sheet != "" {
		l.Where = fmt.Sprintf(q.say("%s [%s] 第 %d 行", "%s [%s] row %d"), r.File, r.Sheet, r.Row)
	}
	for i, c := range r.Cells {
		name := strconv.Itoa(i + 1)
		if i < len(r.Headers) {
			name = r.Headers[i]
		}
		l.Cells = append(l.Cells, rejectCell{Name: name, Value: clipped(c, 500)})
	}
	return l
}

// clipped cuts a text that is too long to show.
func clipped(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

type rejectsPage struct {
	dataFrame
	Filter                 rejectFilter
	Files, Datasets, Rules []option
	Lines                  []rejectLine
	Count                  int
	Sum, Left, Note        string
	Before, After          string
	MayBring, All          bool
	Chosen                 map[string]bool
}

// option is one choice of a select.
type option struct {
	Value, Text string
	Chosen      bool
}

// The filter as the template reads it.
func (p *rejectsPage) File() string    { return p.Filter.file }
func (p *rejectsPage) Dataset() string { return p.Filter.dataset }
func (p *rejectsPage) Rule() string    { return p.Filter.rule }
func (p *rejectsPage) Words() string   { return p.Filter.words }

// shownRejects is how many rows of the quarantine a page shows.
const shownRejects = 100

// rejects lists the rows in quarantine: what is wrong with each, and how to cure it.
func (q *request) rejects() error { return q.rejectsPage(nil, "", nil) }

// rejectsPage lists the quarantine; chosen and note are what was typed and refused, because of f.
func (q *request) rejectsPage(chosen []string, note string, f *fault) error {
	p := &rejectsPage{dataFrame: q.dataFrame(q.say("隔离区", "Quarantine"), "/rejects"), Filter: q.rejectFilterOf(), MayBring: q.may(access.Upload, access.Subject{}), Note: note, Chosen: map[string]bool{}}
	p.Fault = f
	for _, id := range chosen {
		p.Chosen[id] = true
	}
	all, err := q.rejectsOf(rejectFilter{})
	if err != nil {
		return err
	}
	list, err := q.rejectsOf(p.Filter)
	if err != nil {
		return err
	}
	q.rejectChoices(p, all)
	lines := q.rejectLines(list)
	p.Count = len(lines)
	p.Sum = fmt.Sprintf(q.say("隔离区共 %d 行，符合条件的 %d 行。", "%d rows are in quarantine, %d of them match."), len(q.rejectLines(all)), p.Count)
	from := shownRejects * max(pageOf(q.r.URL.Query().Get("page"))-1, 0)
	from = min(from, len(lines)/shownRejects*shownRejects)
	p.Lines = lines[from:min(from+shownRejects, len(lines))]
	page := from/shownRejects + 1
	if from > 0 {
		p.Before = "/rejects?" + p.Filter.query() + "&page=" + strconv.Itoa(page-1)
	}
	if from+shownRejects < len(lines) {
		p.After = "/rejects?" + p.Filter.query() + "&page=" + strconv.Itoa(page+1)
	}
	if p.Count > 0 {
		p.Downloads = []download{{"/rejects/workbook?" + p.Filter.query(), q.say("下载供更正的工作簿（XLSX）", "Download a workbook to correct (XLSX)")}}
	}
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "rejects", p)
}

// pageOf reads the number of a page; what is none is the first.
func pageOf(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1_000_000 {
		return 1
	}
	return n
}

// rejectChoices offers the files, datasets and rules that the quarantine has.
func (q *request) rejectChoices(p *rejectsPage, all []ingest.Reject) {
	type named struct{ value, text string }
	add := func(to *[]option, chosen string, list map[named]map[string]bool) {
		keys := make([]named, 0, len(list))
		for k := range list {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b named) int { return strings.Compare(a.text+a.value, b.text+b.value) })
		for _, k := range keys {
			*to = append(*to, option{k.value, fmt.Sprintf(q.say("%s（%d 行）", "%s (%d rows)"), k.text, len(list[k])), k.value == chosen})
		}
	}
	files, datasets, rules := map[named]map[string]bool{}, map[named]map[string]bool{}, map[named]map[string]bool{}
	note := func(m map[named]map[string]bool, k named, id string) {
		if m[k] == nil {
			m[k] = map[string]bool{}
		}
		m[k][id] = true
	}
	for _, r := range all {
		note(files, named{r.SHA256, r.File}, r.ID)
		note(datasets, named{r.Dataset, q.kind(r.Dataset)}, r.ID)
		note(rules, named{r.Rule, r.Rule}, r.ID)
	}
	add(&p.Files, p.Filter.file, files)
	add(&p.Datasets, p.Filter.dataset, datasets)
	add(&p.Rules, p.Filter.rule, rules)
}

// rejectWorkbook gives the rows as a workbook to correct, which comes back by the page where files are taken in.
func (q *request) rejectWorkbook() error {
	list, err := q.rejectsOf(q.rejectFilterOf())
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return refused("没有符合条件的行。", "No row matches.", "放宽条件再下载。", "Widen the filter and download again.")
	}
	p := q.seat.version.Policy
	name := q.say("待更正的行 ", "rows to correct ") + q.now().In(q.zone).Format("2006-01-02 1504") + ".xlsx"
	return q.sendWritten(name, xlsxKind, func(path string) (string, error) {
		return path, reports.WriteRejects(q.ctx(), path, q.lang, p.Company.Name, list, q.company.Clock(p))
	})
}

const xlsxKind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// sendWritten has a file written in a folder of its own, sends it under a name and removes the folder.
func (q *request) sendWritten(name, kind string, write func(path string) (string, error)) (err error) {
	dir, err := os.MkdirTemp("", "plumbline-download-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // what stays is of no use to anybody
	path, err := write(filepath.Join(dir, "download.xlsx"))
	if err != nil {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	q.attach(kind, name)
	q.w.Header().Set("Content-Length", count(info.Size()))
	_, _ = io.Copy(q.w, in) // the reader may have gone
	return nil
}

// dismissNow takes rows out of the quarantine that are no records, with the reason: those that are ticked, or all that match the filter.
func (q *request) dismissNow() error {
	if err := q.r.ParseForm(); err != nil {
		return err
	}
	note, ids := strings.TrimSpace(q.r.PostForm.Get("note")), q.r.PostForm["id"]
	again := func(zh, en, cureZH, cureEN string) error {
		f := q.faultOf(refused(zh, en, cureZH, cureEN))
		return q.rejectsPage(ids, note, &f)
	}
	filter, all := q.rejectFilterOf(), q.r.PostForm.Get("all") != ""
	if all {
		list, err := q.rejectsOf(filter)
		if err != nil {
			return err
		}
		ids = distinctIDs(list)
		if strconv.Itoa(len(ids)) != q.r.PostForm.Get("count") {
			return again("隔离区在您打开页面之后有变化，没有移出任何行。", "The quarantine has changed since you opened the page; no row was taken out.", "请看过现在的各行再办。", "Look at the rows as they are now and try again.")
		}
	}
	switch {
	case len(ids) == 0:
		return again("没有选中任何行。", "No row is ticked.", "在行前打勾，或选择“符合条件的全部”。", "Tick rows, or choose all that match.")
	case note == "":
		return again("没有写明理由。", "There is no reason.", "请写明这些行为什么不是记录。", "Say why the rows are no records.")
	}
	waiting, err := q.rejectsOf(rejectFilter{})
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, r := range waiting {
		known[r.ID] = true
	}
	for _, id := range ids {
		if !known[id] {
			return again("选中的行中有已离开隔离区的，没有移出任何行。", "One of the rows has left the quarantine already; no row was taken out.", "请看过现在的各行再办。", "Look at the rows as they are now and try again.")
		}
	}
	if err := ingest.Dismiss(q.ctx(), q.company.Books, ids, note, q.actor()); err != nil {
		return err
	}
	return q.see("/rejects", "dismissed")
}

// distinctIDs lists the rows of reasons, each once.
func distinctIDs(list []ingest.Reject) (ids []string) {
	seen := map[string]bool{}
	for _, r := range list {
		if !seen[r.ID] {
			seen[r.ID] = true
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// cure says what to do, "" for nothing.
func (q *request) cure(t policy.Text) string {
	if s := q.onPage(t); s != "" {
		return q.say("改法：", "cure: ") + s
	}
	return ""
}

// onPage words a cure for pages: what it calls by the names of flags stands here under the names of the form.
func (q *request) onPage(t policy.Text) string {
	return strings.NewReplacer("--dataset", q.say("“记录种类”", "“Dataset”"), "--mapping", q.say("“映射”", "“Mapping”"), "--date-order", q.say("“日期次序”", "“Date order”"), "--snapshot", q.say("“全量”", "“Snapshot”"),
		"--encoding", q.say("“编码”", "“Encoding”"), "--delimiter", q.say("“分隔符”", "“Delimiter”"), "--set", q.say("“另给的值”", "“Declared values”")).Replace(t.In(q.lang))
}
