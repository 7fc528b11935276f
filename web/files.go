package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/policy"
)

func (s *Server) dataRoutes() []route {
	return slices.Concat([]route{
		{pattern: "GET /files", action: access.Files, about: nobody, handle: (*request).files},
		{pattern: "GET /files/{sha}", action: access.Files, about: nobody, handle: (*request).file, trail: true},
		{pattern: "POST /files/{sha}", action: access.Upload, about: nobody, handle: (*request).withdrawNow, long: true},
		{pattern: "GET /originals/{sha}", action: access.Upload, about: nobody, handle: (*request).original, trail: true},
	}, s.uploadRoutes(), s.rejectRoutes(), s.mappingRoutes(), s.qualityRoutes(), s.policyRoutes(), s.draftRoutes())
}

// dataFrame is the frame of the pages about data, with the way between them.
type dataFrame struct {
	frame
	Rooms []menuItem
}

// dataFrame makes the frame of a page about data; room is the path of the one it belongs to.
func (q *request) dataFrame(title, room string) dataFrame {
	f := dataFrame{frame: q.frame(title)}
	for i := range f.Menu {
		f.Menu[i].Here = f.Menu[i].Href == "/files"
	}
	add := func(href, zh, en string, a access.Action) {
		if q.may(a, access.Subject{}) {
			f.Rooms = append(f.Rooms, menuItem{href, q.say(zh, en), href == room})
		}
	}
	add("/files", "文件", "Files", access.Files)
	add("/files/upload", "导入", "Take in", access.Upload)
	add("/rejects", "隔离区", "Quarantine", access.Files)
	add("/quality", "数据质量", "Data quality", access.Files)
	return f
}

// actor is who decides about data and policy in the ledger: the employee, or the account of somebody who is none.
func (q *request) actor() string {
	if q.viewer.Employee != "" {
		return q.viewer.Employee
	}
	return q.viewer.Login
}

// intake says who takes files in and on which day.
func (q *request) intake(p *policy.Policy) ingest.Options {
	return ingest.Options{Actor: q.actor(), Day: q.company.Today(p)}
}

// kind names a dataset.
func (q *request) kind(id string) string {
	if d := q.seat.version.Policy.Dataset(id); d != nil {
		return d.Name.In(q.lang)
	}
	return id
}

type filesPage struct {
	dataFrame
	Asked    string
	Waiting  int64
	Sum      string
	Table    table
	Left     string
	MayBring bool
}

// shownFiles is how many receipts a page shows; the file has all.
const shownFiles = 300

// files lists the receipts of all files, the newest first.
func (q *request) files() error {
	all, err := ingest.Files(q.ctx(), q.company.Books, company.Always)
	if err != nil {
		return err
	}
	slices.Reverse(all)
	asked := strings.TrimSpace(q.r.URL.Query().Get("q"))
	list := slices.DeleteFunc(slices.Clone(all), func(f ingest.File) bool {
		return asked != "" && !matches(asked, f.Name, f.Member, f.Sheet, f.SHA256, f.Dataset, q.kind(f.Dataset), f.Actor, q.personName(f.Actor), f.At.In(q.zone).Format(time.DateOnly))
	})
	if q.wantsCSV() {
		return q.download(q.fileTable(list), q.say("导入的文件", "files"))
	}
	p := &filesPage{dataFrame: q.dataFrame(q.say("导入的文件", "Files taken in"), "/files"), Asked: asked, MayBring: q.may(access.Upload, access.Subject{})}
	for _, f := range all {
		p.Waiting += f.Waiting
	}
	p.Sum = q.sumText(list)
	if len(list) > shownFiles {
		p.Left = fmt.Sprintf(q.say("这里显示最近 %d 份回执，另有 %d 份；用搜索缩小范围，或下载全部。", "The latest %d receipts are shown, %d more are not; search, or download all."), shownFiles, len(list)-shownFiles)
		list = list[:shownFiles]
	}
	p.Table = *q.fileTable(list)
	p.Downloads = []download{{"/files?" + query("format", "csv", "q", asked), q.say("下载表格（CSV）", "Download (CSV)")}}
	return q.render("files", p)
}

// sumText adds up the rows of receipts that stand, where each row is counted once: releases and corrections bring rows that came in before.
func (q *request) sumText(list []ingest.File) string {
	var in, accepted, waiting int64
	files := map[string]bool{}
	for _, f := range list {
		if f.Withdrawn == 0 && f.Origin == 0 {
			files[f.SHA256] = true
			in, accepted = in+f.RowsIn, accepted+f.Accepted
		}
		waiting += f.Waiting
	}
	return fmt.Sprintf(q.say("%d 个文件在账，共 %d 行，其中 %d 行一次入账；现有 %d 行在隔离区。", "%d files stand with %d rows, of which %d were accepted at once; %d rows are in quarantine now."), len(files), in, accepted, waiting)
}

// query writes the parameters of an address; blank ones are left out.
func query(pairs ...string) string {
	var list []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, pairs[i]+"="+url.QueryEscape(pairs[i+1]))
		}
	}
	return strings.Join(list, "&")
}

func (q *request) fileTable(list []ingest.File) *table {
	t := &table{Caption: q.say("行数 = 入账 + 隔离 + 不计", "Rows in = accepted + quarantined + excluded"),
		Head: []head{words(q.say("时间", "When")), words(q.say("文件", "File")), words(q.say("种类", "Dataset")), numbers(q.say("行数", "Rows in")), numbers(q.say("入账", "Accepted")), numbers(q.say("隔离", "Quarantined")), numbers(q.say("不计", "Excluded")),
			numbers(q.say("更正", "Corrected")), numbers(q.say("退场", "Retired")), numbers(q.say("仍在隔离", "Waiting")), words(q.say("状态", "State")), words(q.say("经手", "By")), numbers(q.say("账序", "Sequence"))},
		Empty: q.say("没有文件。由人力资源在“导入”中上传，或用 plumbline ingest 导入。", "There are no files. Human resources upload them under “Take in”, or plumbline ingest brings them.")}
	for _, f := range list {
		waiting := text(count(f.Waiting))
		if f.Waiting > 0 {
			waiting.Class, waiting.Href = "bad", "/rejects?"+query("file", f.SHA256)
		}
		t.add(cell{Text: q.moment(f.At), Class: "nowrap"}, link(company.FileName(f), "/files/"+f.SHA256), text(q.kind(f.Dataset)), text(count(f.RowsIn)), text(count(f.Accepted)), text(count(f.Quarantined)), text(count(f.Excluded)),
			text(count(f.Corrected)), text(count(f.Retired)), waiting, text(q.fileState(f)), text(q.personName(f.Actor)), text(count(f.Seq)))
	}
	return t
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// fileState says what a receipt is about, beside a file that stands.
func (q *request) fileState(f ingest.File) string {
	switch {
	case f.Withdrawn > 0:
		return fmt.Sprintf(q.say("已撤回（账序 %d）", "withdrawn (sequence %d)"), f.Withdrawn)
	case f.Origin > 0:
		return fmt.Sprintf(q.say("放行自账序 %d", "released from sequence %d"), f.Origin)
	case f.Corrects > 0:
		return fmt.Sprintf(q.say("更正账序 %d", "corrects sequence %d"), f.Corrects)
	}
	return q.say("在账", "stands")
}

// countText accounts for the rows of a receipt.
func (q *request) countText(f ingest.File) string {
	sum := fmt.Sprintf(q.say("%d 行 = 入账 %d + 隔离 %d + 不计 %d", "%d rows = %d accepted + %d quarantined + %d excluded"), f.RowsIn, f.Accepted, f.Quarantined, f.Excluded)
	var parts []string
	for _, n := range []struct {
		count int64
		what  string
	}{{f.New, q.say("新增 %d", "%d new")}, {f.Corrected, q.say("更正 %d", "%d corrected")}, {f.Unchanged, q.say("未变 %d", "%d unchanged")},
		{f.Duplicates, q.say("重复 %d", "%d duplicates")}, {f.Retired, q.say("退场 %d", "%d retired")}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf(n.what, n.count))
		}
	}
	if len(parts) > 0 {
		sum += q.say("；", "; ") + strings.Join(parts, q.say("，", ", "))
	}
	return sum
}

type filePage struct {
	dataFrame
	SHA         string
	Tables      []fileBlock
	Rejects     []rejectLine
	Left        string
	MayBring    bool
	MayWithdraw bool
	Note        string // as typed
}

// fileBlock tells of one receipt of a file.
type fileBlock struct {
	Title, Count, State string
	Notices             []string
	Facts               []fileFact
}

// fileFact is something that a receipt says of a file.
type fileFact struct{ Name, Value string }

// receiptsOf gives the receipts of the file of the path: one for each table and time that it came in, and those of rows released from its quarantine.
func (q *request) receiptsOf() ([]ingest.File, error) {
	sha := q.r.PathValue("sha")
	if !wholeSHA.MatchString(sha) {
		return nil, errNotFound
	}
	all, err := ingest.Files(q.ctx(), q.company.Books, company.Always)
	list := slices.DeleteFunc(all, func(f ingest.File) bool { return f.SHA256 != sha })
	if err == nil && len(list) == 0 {
		err = errNotFound
	}
	return list, err
}

var wholeSHA = regexp.MustCompile(`^[0-9a-f]{64}$`)

// file shows what the books hold about one file.
func (q *request) file() error { return q.filePage("", nil) }

// filePage shows a file; note is what was typed and refused, because of f.
func (q *request) filePage(note string, f *fault) error {
	list, err := q.receiptsOf()
	if err != nil {
		return err
	}
	p := &filePage{dataFrame: q.dataFrame(list[0].Name, "/files"), SHA: list[0].SHA256, MayBring: q.may(access.Upload, access.Subject{}), Note: note}
	p.Fault = f
	for _, x := range list {
		b, err := q.fileBlock(x)
		if err != nil {
			return err
		}
		p.Tables = append(p.Tables, b)
		p.MayWithdraw = p.MayBring && (p.MayWithdraw || x.Withdrawn == 0)
	}
	rejects, err := q.rejectsOf(rejectFilter{file: p.SHA})
	if err != nil {
		return err
	}
	p.Rejects = q.rejectLines(rejects)
	if len(p.Rejects) > shownRejects {
		p.Left = fmt.Sprintf(q.say("另有 %d 行，见隔离区。", "%d more are in the quarantine."), len(p.Rejects)-shownRejects)
		p.Rejects = p.Rejects[:shownRejects]
	}
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "file", p)
}

func (q *request) fileBlock(f ingest.File) (fileBlock, error) {
	d, err := q.decisionOf(f.Seq)
	b := fileBlock{Title: q.kind(f.Dataset), Count: q.countText(f), State: q.fileState(f), Facts: q.fileFacts(f, d)}
	if part := strings.TrimSpace(f.Member + " " + f.Sheet); part != "" {
		b.Title += " · " + part
	}
	for _, n := range f.Notices {
		b.Notices = append(b.Notices, n.In(q.lang))
	}
	return b, err
}

// decisionOf reads what was decided about the file of an event.
func (q *request) decisionOf(seq int64) (d ingest.Decision, err error) {
	for e, err := range q.company.Books.Ledger().Events(seq - 1) {
		if err != nil {
			return d, err
		}
		return d, json.Unmarshal(e.Data, &d)
	}
	return d, fmt.Errorf("the ledger has no event %d", seq)
}

// fileFacts lists how a table was read and what became of it; what does not apply is left out.
func (q *request) fileFacts(f ingest.File, d ingest.Decision) []fileFact {
	var set []string
	for _, column := range slices.Sorted(maps.Keys(d.Set)) {
		set = append(set, column+" = "+d.Set[column])
	}
	number := func(n int64) string {
		if n == 0 {
			return ""
		}
		return count(n)
	}
	snapshot := ""
	if d.Snapshot {
		snapshot = q.say("是：以前的文件有而它没有的记录退场", "yes: what earlier files had and it has not is retired")
	}
	all := []fileFact{
		{q.say("时间", "When"), q.moment(f.At)}, {q.say("经手", "By"), q.personName(f.Actor)}, {q.say("账序", "Ledger sequence"), count(f.Seq)}, {q.say("大小", "Size"), sizeText(f.Size)},
		{q.say("格式", "Format"), strings.TrimSpace(f.Format + " " + string(d.Packing))}, {q.say("编码", "Encoding"), f.Encoding}, {q.say("分隔符", "Delimiter"), strings.ReplaceAll(f.Delimiter, "\t", "TAB")},
		{q.say("表头所在行", "Header row"), number(f.HeaderRow)}, {q.say("映射", "Mapping"), f.Mapping}, {q.say("列", "Columns"), q.columnsRead(d)}, {q.say("另给的值", "Values declared"), strings.Join(set, q.say("，", ", "))},
		{q.say("日期次序", "Date order"), q.orderName(d.Order)}, {q.say("全量", "Snapshot"), snapshot}, {q.say("导入日", "Day of intake"), d.Day}, {q.say("仍在隔离", "Waiting in quarantine"), number(f.Waiting)}, {"SHA-256", f.SHA256},
	}
	return slices.DeleteFunc(all, func(x fileFact) bool { return x.Value == "" })
}

// columnsRead tells which column of the file became which of the dataset.
func (q *request) columnsRead(d ingest.Decision) string {
	var parts []string
	ds := q.seat.version.Policy.Dataset(d.Dataset)
	for i, h := range d.Header {
		switch {
		case d.Mapping != nil:
			parts = append(parts, h)
		case i < len(d.Columns) && d.Columns[i] != "":
			name := d.Columns[i]
			if ds != nil && ds.Column(name) != nil {
				name = ds.Column(name).Name.In(q.lang)
			}
			parts = append(parts, h+" → "+name)
		default:
			parts = append(parts, h+q.say("（未用）", " (not used)"))
		}
	}
	return strings.Join(parts, q.say("，", ", "))
}

// orderName says the order of day and month, "" for none declared.
func (q *request) orderName(o policy.DateOrder) string {
	switch o {
	case policy.DMY:
		return q.say("日/月/年", "day/month/year")
	case policy.MDY:
		return q.say("月/日/年", "month/day/year")
	}
	return ""
}

// sizeText writes a number of bytes.
func sizeText(n int64) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
	case n >= 1<<10:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 1, 64) + " KiB"
	}
	return count(n) + " B"
}

// original gives a file back, byte for byte as it came in. It is verified before the first byte goes out, so that no damaged file is handed on.
func (q *request) original() error {
	list, err := q.receiptsOf()
	if err != nil {
		return err
	}
	if err := q.copyOriginal(list[0].SHA256, io.Discard); err != nil {
		return err
	}
	q.attach("application/octet-stream", list[0].Name)
	q.w.Header().Set("Content-Length", count(list[0].Size))
	return q.copyOriginal(list[0].SHA256, q.w)
}

func (q *request) copyOriginal(sha string, w io.Writer) error {
	in, err := q.company.Books.Ledger().OpenOriginal(sha)
	if err != nil {
		return fmt.Errorf("open the original %s: %w", sha, err)
	}
	_, err = io.Copy(w, in)
	if err = errors.Join(err, in.Close()); err != nil {
		return fmt.Errorf("read the original %s: %w", sha, err)
	}
	return nil
}

// withdrawNow takes a file back.
func (q *request) withdrawNow() error {
	list, err := q.receiptsOf()
	if err != nil {
		return err
	}
	note := strings.TrimSpace(q.r.PostFormValue("note"))
	again := func(err error) error {
		if f := q.faultOf(err); f.Status != http.StatusInternalServerError {
			return q.filePage(note, &f)
		}
		return err
	}
	if note == "" {
		return again(refused("没有写明撤回的理由。", "There is no reason for the withdrawal.", "请写明为什么撤回。", "Say why it is withdrawn."))
	}
	if !slices.ContainsFunc(list, func(f ingest.File) bool { return f.Withdrawn == 0 }) {
		return again(refused(fmt.Sprintf("文件已由账序 %d 撤回，未作改动。", list[0].Withdrawn), fmt.Sprintf("Event %d withdrew the file already; nothing was changed.", list[0].Withdrawn), "", ""))
	}
	v, err := q.company.Current(q.ctx())
	if err != nil {
		return err
	}
	if _, err := ingest.Withdraw(q.ctx(), q.company.Books, v, list[0].SHA256, note, q.intake(v.Policy)); err != nil {
		return again(err)
	}
	if err := q.company.Books.Checkpoint(q.ctx()); err != nil {
		return err
	}
	return q.see("/files/"+list[0].SHA256, "withdrawn")
}
