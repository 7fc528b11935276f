package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"

	"plumbline/access"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/accounts"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

type filesAsked struct {
	Tabling
	Dataset string `query:"dataset" maxLength:"100" example:"work_logs" doc:"Only receipts of this dataset."`
}

type recordsAsked struct {
	Dataset string `path:"dataset" maxLength:"100" example:"work_logs" doc:"The id of a dataset, see /datasets."`
	Tabling
	AsOf int64 `query:"as_of" minimum:"0" default:"0" doc:"As known at this ledger sequence; 0 is now. The pages of one list all show the state of the first."`
}

var (
	fileColumns = []column{
		{"seq", tabular.Integer, meaning("账本序号", "sequence in the ledger"), "12"}, {"at", tabular.Text, meaning("入账时间，UTC", "when it came in, UTC"), "2026-10-08T01:30:00Z"}, {"actor", tabular.Text, meaning("带来该文件的人", "who brought the file"), "00051"},
		{"file", tabular.Text, meaning("文件名", "name of the file"), "api-work_logs-2026-10-08.ndjson"}, {"sheet", tabular.Text, meaning("工作表", "sheet"), ""}, {"dataset", tabular.Text, meaning("记录种类", "dataset"), "work_logs"},
		{"rows_in", tabular.Integer, meaning("读到的行数", "rows read"), "120"}, {"accepted", tabular.Integer, meaning("采纳的行数", "rows accepted"), "118"}, {"quarantined", tabular.Integer, meaning("隔离的行数", "rows in quarantine"), "2"},
		{"new", tabular.Integer, meaning("新记录的行数", "rows that brought a new record"), "110"}, {"corrected", tabular.Integer, meaning("更正了已有记录的行数", "rows that corrected a record"), "3"},
		{"unchanged", tabular.Integer, meaning("内容未变的行数", "rows that say what is known already"), "5"}, {"duplicates", tabular.Integer, meaning("重复的行数", "repeated rows"), "0"},
		{"sha256", tabular.Text, meaning("原件的 SHA-256", "SHA-256 of the original"), ""}, {"excluded", tabular.Integer, meaning("不计的行数（合计行等）", "rows left out, such as totals"), "0"},
		{"retired", tabular.Integer, meaning("因全量文件不再提及而停用的记录数", "records retired because a snapshot no longer mentions them"), "0"}, {"waiting", tabular.Integer, meaning("仍在隔离的行数", "rows still in quarantine"), "2"},
		{"mapping", tabular.Text, meaning("所用的映射", "mapping used"), ""}, {"member", tabular.Text, meaning("压缩包内的文件", "file inside the archive"), ""},
		{"withdrawn", tabular.Integer, meaning("撤回它的账序；空为未撤回", "sequence that withdrew it; null: it stands"), ""}, {"origin", tabular.Integer, meaning("行自哪次入账的隔离中放行（账序）", "sequence of the file from whose quarantine the rows were released"), ""},
	}
	recordTail = []column{
		{"ledger_seq", tabular.Integer, meaning("带来该记录的账本序号", "ledger sequence that brought the record"), "12"}, {"file_row", tabular.Integer, meaning("该记录在其文件中的行号", "row of the record in its file"), "17"},
	}
	dictionaryColumns = []column{
		{"table", tabular.Text, meaning("列表；records- 之后是记录种类", "the list; after records- the dataset"), "records-work_logs"}, {"column", tabular.Text, meaning("列；kpi= 之后是指标", "the column; after kpi= a KPI"), "hours"},
		{"type", tabular.Text, meaning("类型", "type"), "hours"}, {"unit", tabular.Text, meaning("单位", "unit"), "h"}, {"name_zh", tabular.Text, meaning("中文名", "name in Chinese"), "工时"}, {"name_en", tabular.Text, meaning("英文名", "name in English"), "Hours"},
		{"meaning_zh", tabular.Text, meaning("中文说明", "meaning in Chinese"), ""}, {"meaning_en", tabular.Text, meaning("英文说明", "meaning in English"), ""},
		{"required", tabular.Text, meaning("写入时是否必填；空为只读", "whether a record must have it; null: read only"), "true"}, {"key", tabular.Text, meaning("是否记录的键：同键再来即为更正", "whether it names the record: the same key again is a correction"), "false"},
	}
)

// records adds the operations that show files and records.
func (a *api) records() {
	add(a, route{action: access.Files, about: nobody, api: &operation{name: "files", scope: scopeFiles, title: policy.Text{ZH: "文件回执", EN: "Receipts of files"},
		text: policy.Text{ZH: "每张导入的表一份回执，撤回的也在内：读到＝采纳＋隔离＋不计。", EN: "A receipt for every table that came in, withdrawn ones too: rows read = accepted + quarantined + excluded."}}},
		"GET /files", a.listed("files", fileColumns, true), (*request).apiFiles)
	add(a, route{action: access.APIRead, about: nobody, api: &operation{name: "records", scope: scopeRead, patient: true, title: policy.Text{ZH: "记录", EN: "Records"},
		text: policy.Text{ZH: "某一种类的全部记录，按键排列，列同 /datasets；匿名答卷不给出。", EN: "All records of a dataset by key, with the columns that /datasets tells; anonymous answers are not given."}}},
		"GET /records/{dataset}", a.listed("records", recordTail, true), (*request).apiRecords)
	add(a, route{action: access.Policy, about: nobody, api: &operation{name: "datasets", title: policy.Text{ZH: "数据字典", EN: "The data dictionary"},
		text: policy.Text{ZH: "各列表、各类记录的每一列与每个指标的含义、类型与单位，按现行制度。", EN: "What every column of the lists and datasets and every KPI means, with type and unit, by the policy in force."}}},
		"GET /datasets", a.listed("datasets", dictionaryColumns, true), (*request).apiDatasets)
}

// apiFiles gives receipts in order of arrival.
func (q *request) apiFiles(in *filesAsked) error {
	l := &list{name: "files", columns: fileColumns, moved: q.company.Moved()}
	files, err := ingest.Files(q.ctx(), q.company.Books, company.Always)
	if err != nil {
		return err
	}
	for _, f := range files {
		if in.Dataset == "" || f.Dataset == in.Dataset {
			l.lines = append(l.lines, line{cells: fileCells(f)})
		}
	}
	return q.answer(l, in.Tabling)
}

func fileCells(f ingest.File) []string {
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	seq := func(i int64) string {
		if i == 0 {
			return ""
		}
		return n(i)
	}
	return []string{n(f.Seq), f.At.UTC().Format("2006-01-02T15:04:05Z"), f.Actor, f.Name, f.Sheet, f.Dataset, n(f.RowsIn), n(f.Accepted), n(f.Quarantined), n(f.New), n(f.Corrected), n(f.Unchanged), n(f.Duplicates), f.SHA256,
		n(f.Excluded), n(f.Retired), n(f.Waiting), f.Mapping, f.Member, seq(f.Withdrawn), seq(f.Origin)}
}

// recordColumns are those of the records of a dataset.
func recordColumns(d *policy.Dataset) (list []column) {
	for _, c := range d.Columns {
		list = append(list, column{name: c.ID, kind: kindOf(c.Type), means: c.Name})
	}
	return append(list, recordTail...)
}

func kindOf(t policy.Type) tabular.Kind {
	switch t {
	case policy.TypeInteger:
		return tabular.Integer
	case policy.TypeNumber, policy.TypeHours, policy.TypeMoney, policy.TypePercent:
		return tabular.Decimal
	}
	return tabular.Text
}

// apiRecords gives records as known at one state of the books.
func (q *request) apiRecords(in *recordsAsked) error {
	p := q.seat.version.Policy
	d := p.Dataset(in.Dataset)
	if d == nil || slices.ContainsFunc(p.KPIs, func(k *policy.KPI) bool { return k.Anonymous && k.Dataset == d }) {
		return errNotFound
	}
	now := q.company.Books.Seq()
	asOf := in.AsOf
	if asOf == 0 {
		asOf = now
	}
	from := 0
	if in.Cursor != "" {
		at, then, ok := place(in.Cursor)
		if !ok || in.AsOf != 0 && in.AsOf != then {
			return badCursor()
		}
		from, asOf = at, then
	}
	if asOf > now {
		return &wrong{http.StatusUnprocessableEntity, policy.Text{ZH: "账本还没有到这个序号。", EN: "The ledger has not come to this sequence yet."}, policy.Text{ZH: "as_of 至多为 " + strconv.FormatInt(now, 10) + "。", EN: "as_of is " + strconv.FormatInt(now, 10) + " at most."}}
	}
	if err := q.noteRecords(d, asOf); err != nil {
		return err
	}
	if q.unchanged(in.Match) {
		return nil
	}
	l := &list{name: d.ID, columns: recordColumns(d), moved: asOf, basis: map[string]any{"ledger_seq": asOf}}
	if in.Format != formatJSON {
		return q.recordsFile(l, d, in.Format)
	}
	more, err := q.recordsPage(l, d, from, in.Limit)
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = cursorOf(from+in.Limit, asOf)
	}
	return q.page(l, l.lines, next)
}

// errEnough ends the reading of records.
var errEnough = errors.New("enough")

// recordsPage reads one page of records and reports whether there are more.
func (q *request) recordsPage(l *list, d *policy.Dataset, from, most int) (more bool, err error) {
	at := 0
	err = metrics.Records(q.ctx(), q.company.Books, d, l.moved, func(cells []string) error {
		at++
		switch {
		case at <= from:
			return nil
		case at > from+most:
			more = true
			return errEnough
		}
		l.lines = append(l.lines, line{cells: slices.Clone(cells)})
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return more, err
}

// recordsFile gives all records as a file. It is made before it is sent, so that what arrives is whole.
func (q *request) recordsFile(l *list, d *policy.Dataset, format string) (err error) {
	if err := q.takeTurn(); err != nil {
		return err
	}
	f, err := os.CreateTemp(q.company.Books.Staging(), "records-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	w, err := tabular.NewWriter(f, format, tabularColumns(l.columns))
	if err != nil {
		return err
	}
	if err := metrics.Records(q.ctx(), q.company.Books, d, l.moved, w.Add); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	q.attach(kindsOf[format], l.name+"."+format)
	_, _ = io.Copy(q.w, f) // the caller may have gone
	return nil
}

// noteRecords writes down that records of people were read.
func (q *request) noteRecords(d *policy.Dataset, asOf int64) error {
	return q.noteAbout(access.APIRead, d.ID, strconv.FormatInt(asOf, 10))
}

// apiDatasets gives the dictionary.
func (q *request) apiDatasets(in *Tabling) error {
	l := &list{name: "datasets", columns: dictionaryColumns, moved: q.company.Moved()}
	say := func(cells ...string) { l.lines = append(l.lines, line{cells: cells}) }
	for _, t := range []list{{name: "kpi", columns: kpiColumns}, {name: "scores", columns: scoreColumns}, {name: "evidence", columns: evidenceColumns(nil)}, {name: "files", columns: fileColumns}, {name: "reviews", columns: reviewColumns}, {name: "rewards", columns: rewardColumns}} {
		for _, c := range t.columns {
			say(t.name, c.name, kindName(c.kind), "", c.name, c.name, c.means.ZH, c.means.EN, "", "")
		}
	}
	p := q.seat.version.Policy
	for _, k := range p.KPIs {
		if k.Listed {
			say("kpi", "kpi="+k.ID, "decimal", string(k.Unit), k.Name.ZH, k.Name.EN, k.Formula.ZH+"；来源："+k.Source.ZH, k.Formula.EN+"; source: "+k.Source.EN, "", "")
		}
	}
	for _, d := range p.Datasets {
		for _, c := range d.Columns {
			zh, en := d.Name.ZH+"："+c.Name.ZH, d.Name.EN+": "+c.Name.EN
			for i, v := range c.Values {
				zh += map[bool]string{true: "；取值 ", false: "、"}[i == 0] + v.Value + "＝" + v.Name.ZH
				en += map[bool]string{true: "; values ", false: ", "}[i == 0] + v.Value + " = " + v.Name.EN
			}
			required := ""
			if d.Recorded == "" {
				required = strconv.FormatBool(!c.Optional)
			}
			say("records-"+d.ID, c.ID, string(c.Type), unitOf(c.Type), c.Name.ZH, c.Name.EN, zh, en, required, strconv.FormatBool(slices.Contains(d.Key, c.ID)))
		}
		for _, c := range recordTail {
			say("records-"+d.ID, c.name, "integer", "", c.name, c.name, c.means.ZH, c.means.EN, "", "false")
		}
	}
	return q.answer(l, *in)
}

func unitOf(t policy.Type) string {
	return map[policy.Type]string{policy.TypeHours: "h", policy.TypeMoney: "yuan", policy.TypePercent: "%"}[t]
}

func kindName(k tabular.Kind) string {
	return map[tabular.Kind]string{tabular.Text: "text", tabular.Integer: "integer", tabular.Decimal: "decimal"}[k]
}

// whoIAm is what /me tells.
type whoIAm struct {
	Login    string   `json:"login" example:"hr" doc:"The account."`
	Name     string   `json:"name" example:"陈静" doc:"Its name."`
	Employee *string  `json:"employee_no" example:"00051" doc:"Its employee number; null for somebody who is none."`
	Roles    []string `json:"roles" nullable:"false" example:"[\"employee\",\"hr\"]" doc:"What bounds what it sees."`
	Zone     string   `json:"zone" example:"Asia/Shanghai" doc:"The company's time zone: of days without an offset."`
	Today    string   `json:"today" example:"2026-10-13" doc:"The current day there."`
	Token    *myToken `json:"token" doc:"The token that came with the request; null: a session."`
}

type myToken struct {
	Name    string   `json:"name" doc:"As it was named."`
	Scopes  []string `json:"scopes" nullable:"false" doc:"What bounds what it may do."`
	Expires string   `json:"expires" format:"date-time" doc:"When it ends."`
}

type nothingAsked struct{}

// about adds the operations that tell of the caller and of the API.
func (a *api) about() {
	me := a.answers("Me", whoIAm{})
	delete(me, "304")
	add(a, route{action: access.Home, about: nobody, api: &operation{name: "me", title: policy.Text{ZH: "我是谁", EN: "Who I am"},
		text: policy.Text{ZH: "账号、角色与令牌的范围。", EN: "The account, its roles, and the scopes of the token."}}},
		"GET /me", me, (*request).apiMe)
	add(a, route{action: access.SignedIn, about: nobody, api: &operation{name: "description", title: policy.Text{ZH: "接口说明", EN: "The description of the API"},
		text: policy.Text{ZH: "本说明，OpenAPI 3.1。", EN: "This description, OpenAPI 3.1."}}},
		"GET /openapi.json", a.documentAnswers(), (*request).apiDocument)
}

func (q *request) apiMe(*nothingAsked) error {
	me := whoIAm{Login: q.viewer.Login, Name: q.name, Zone: q.zone.String(), Today: q.today().Format("2006-01-02"), Roles: []string{}}
	if q.viewer.Employee != "" {
		me.Employee = &q.viewer.Employee
	}
	for _, r := range q.viewer.Roles {
		me.Roles = append(me.Roles, string(r))
	}
	if q.grant != nil {
		me.Token = tokenOf(*q.grant)
	}
	q.w.Header().Set("Cache-Control", "no-store")
	return q.reply(http.StatusOK, me)
}

func tokenOf(t accounts.APIToken) *myToken {
	return &myToken{t.Name, t.Scopes, t.Expires.UTC().Format("2006-01-02T15:04:05Z")}
}

func (q *request) apiDocument(*nothingAsked) error {
	h := q.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", privateCache)
	if accepts(q.r, "gzip") {
		h.Set("Content-Encoding", "gzip")
		h.Set("Vary", "Accept-Encoding")
		_, _ = q.w.Write(gzipped(q.api.document))
		return nil
	}
	_, _ = q.w.Write(q.api.document)
	return nil
}
