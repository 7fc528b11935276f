package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"plumbline/access"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// What lists hold.
const (
	mostItems    = 1000
	usualItems   = 200
	formatJSON   = "json"
	cursorSep    = ":"
	privateCache = "private, no-cache"
)

// Paging is what every list is asked with.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"How many items to give at most."`
	Cursor string `query:"cursor" maxLength:"200" doc:"Where to go on: the cursor of the link next."`
	Match  string `header:"If-None-Match" maxLength:"2000" doc:"The ETag of an answer that is at hand: 304 when it still stands."`
}

// Tabling is what a list that is also a file is asked with.
type Tabling struct {
	Paging
	Format string `query:"format" enum:"json,csv,parquet,arrow" default:"json" doc:"json is a page of the list; the others are the whole of it as a file."`
}

// column is a column of a list: its machine name is that of the tables that commands write.
type column struct {
	name    string
	kind    tabular.Kind
	means   policy.Text
	example string
}

// list is a list as the API gives it, in a fixed order.
type list struct {
	name    string // of a file
	columns []column
	lines   []line
	basis   map[string]any // what the figures rest on
	moved   int64          // the state of the books by which the order stands
}

// line is one item, and whom it is about: what must be asked before it is shown.
type line struct {
	cells  []string // parallel to the columns, "" for null
	action access.Action
	about  access.Subject
}

func tabularColumns(columns []column) (list []tabular.Column) {
	for _, c := range columns {
		list = append(list, tabular.Column{Name: c.name, Heading: c.name, Kind: c.kind})
	}
	return list
}

// allowed keeps the lines that the viewer may see.
func (q *request) allowed(lines []line) (kept []line) {
	for _, l := range lines {
		if q.may(l.action, l.about) {
			kept = append(kept, l)
		}
	}
	return kept
}

// answer gives a page of a list, or all of it as a file. What is shown of people is written down before it is shown.
func (q *request) answer(l *list, in Tabling) error {
	if in.Format != formatJSON {
		return q.tableFile(l, in)
	}
	from, err := q.offset(in.Cursor, l.moved)
	if err != nil {
		return err
	}
	from = min(from, len(l.lines))
	to := min(from+in.Limit, len(l.lines))
	if err := q.noteLines(l.lines[from:to]); err != nil {
		return err
	}
	if q.unchanged(in.Match) {
		return nil
	}
	next := ""
	if to < len(l.lines) {
		next = cursorOf(to, l.moved)
	}
	return q.page(l, l.lines[from:to], next)
}

// page writes items with what they rest on and where the list goes on. Numbers are the exact decimals of the cells.
func (q *request) page(l *list, lines []line, next string) error {
	items, err := itemsOf(l.columns, lines)
	if err != nil {
		return err
	}
	body := map[string]any{"items": items}
	if l.basis != nil {
		body["basis"] = l.basis
	}
	if next != "" {
		u := *q.r.URL
		v := u.Query()
		v.Set("cursor", next)
		u.RawQuery = v.Encode()
		body["next"] = u.RequestURI()
		q.w.Header().Set("Link", "<"+u.RequestURI()+`>; rel="next"`)
	}
	return q.reply(http.StatusOK, body)
}

// itemsOf writes lines as commands write them for programs: one object each, numbers as the exact decimals of the cells.
func itemsOf(columns []column, lines []line) (json.RawMessage, error) {
	var items bytes.Buffer
	t := tabular.Table{Columns: tabularColumns(columns)}
	for _, x := range lines {
		t.Rows = append(t.Rows, x.cells)
	}
	err := t.Write(&items, formatJSON)
	return items.Bytes(), err
}

// reply writes an answer.
func (q *request) reply(status int, body any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // addresses stay readable; nothing here is HTML
	if err := e.Encode(body); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(status)
	_, _ = q.w.Write(text.Bytes()) // the caller may have gone
	return nil
}

// kindsOf are the media types of files.
var kindsOf = map[string]string{"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet", "arrow": "application/vnd.apache.arrow.stream"}

// tableFile gives the whole list as a file.
func (q *request) tableFile(l *list, in Tabling) error {
	if err := q.noteLines(l.lines); err != nil {
		return err
	}
	if q.unchanged(in.Match) {
		return nil
	}
	if err := q.takeTurn(); err != nil {
		return err
	}
	var b bytes.Buffer
	w, err := tabular.NewWriter(&b, in.Format, tabularColumns(l.columns))
	if err != nil {
		return err
	}
	for _, x := range l.lines {
		if err := w.Add(x.cells); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	q.attach(kindsOf[in.Format], l.name+"."+in.Format)
	_, _ = q.w.Write(b.Bytes())
	return nil
}

// noteLines writes down whose data is shown: a person where it is of one, else the departments. What concerns nobody is not written down, as on pages.
func (q *request) noteLines(lines []line) error {
	type read struct {
		action access.Action
		about  access.Subject
	}
	people := map[string]bool{}
	var reads []read
	for _, l := range lines {
		if l.about.Employee == "" {
			continue
		}
		people[l.about.Employee] = true
		r := read{l.action, access.Subject{Department: l.about.Department, Period: q.periodIfAny()}}
		if !slices.Contains(reads, r) {
			reads = append(reads, r)
		}
	}
	if len(people) == 1 {
		for i := range reads {
			for no := range people {
				reads[i].about = access.Subject{Employee: no, Period: reads[i].about.Period}
			}
		}
		reads = slices.Compact(reads)
	}
	for _, r := range reads {
		if err := q.noteAs(r.action, r.about); err != nil {
			return err
		}
	}
	return nil
}

// cursorOf names a place in a list as it stands at a state of the books.
func cursorOf(at int, moved int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(at) + cursorSep + strconv.FormatInt(moved, 10)))
}

// place reads a cursor.
func place(cursor string) (at int, moved int64, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, 0, false
	}
	first, second, found := strings.Cut(string(raw), cursorSep)
	at, errAt := strconv.Atoi(first)
	moved, errMoved := strconv.ParseInt(second, 10, 64)
	ok = found && errAt == nil && errMoved == nil && at >= 0 && moved >= 0 && cursorOf(at, moved) == cursor
	return at, moved, ok
}

// offset finds where a page begins. A list that has changed since is refused: a page of it could repeat items, or miss some.
func (q *request) offset(cursor string, moved int64) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	at, then, ok := place(cursor)
	switch {
	case !ok:
		return 0, badCursor()
	case then != moved:
		return 0, &wrong{http.StatusConflict, policy.Text{ZH: "账册已有变动，名单与上一页不再相接。", EN: "The books have changed; the list no longer goes on where the last page ended."},
			policy.Text{ZH: "请不带 cursor 从头取。", EN: "Begin again without a cursor."}}
	}
	return at, nil
}

func badCursor() error {
	return &wrong{http.StatusBadRequest, policy.Text{ZH: "cursor 不是本服务给出的。", EN: "The cursor is none that this service gave."}, policy.Text{ZH: "请原样使用 next 中的地址。", EN: "Use the address in next as it stands."}}
}

// tag names an answer: what the books hold, the day, who asks with which rights, and what is asked for.
func (q *request) tag() string {
	sum := sha256.New()
	grant := ""
	if q.grant != nil {
		grant = strings.Join(q.grant.Scopes, " ")
	}
	fmt.Fprintf(sum, "%d\n%s\n%q %q %q\n%q\n%s\n%s", q.company.Books.Seq(), q.today(), q.viewer.Login, q.viewer.Employee, q.viewer.Roles, grant, q.lang, q.r.URL.RequestURI())
	return `"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`
}

// unchanged names the answer, and ends it where the caller has it already. It is asked after access.
func (q *request) unchanged(match string) bool {
	h := q.w.Header()
	h.Set("Cache-Control", privateCache)
	h.Set("Vary", "Accept-Language, Authorization, Cookie")
	h.Set("ETag", q.etag)
	for want := range strings.SplitSeq(match, ",") {
		if want = strings.TrimPrefix(strings.TrimSpace(want), "W/"); want == q.etag {
			q.w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// wantedOf reads a list of words between commas, each one of those known.
func wantedOf(text, name string, known []string) (map[string]bool, error) {
	wanted := map[string]bool{}
	for w := range strings.SplitSeq(text, ",") {
		if w = strings.TrimSpace(w); w == "" {
			continue
		}
		if !slices.Contains(known, w) {
			return nil, &wrong{http.StatusUnprocessableEntity, policy.Text{ZH: fmt.Sprintf("%s 中没有 %q。", name, w), EN: fmt.Sprintf("%s knows no %q.", name, w)},
				policy.Text{ZH: "可用的有：" + strings.Join(known, ", "), EN: "There are: " + strings.Join(known, ", ")}}
		}
		wanted[w] = true
	}
	return wanted, nil
}

// basisOf tells what figures rest on.
func basisOf(s *sheet) map[string]any {
	b := map[string]any{"period": s.Period.String(), "ledger_seq": s.LedgerSeq, "policy_version": s.PolicyVersion, "seal": nil}
	if s.Seal != "" {
		b["seal"] = s.Seal
	}
	return b
}

// apiLink is an address of the API.
func apiLink(path string, query url.Values) string {
	if len(query) == 0 {
		return apiBase + path
	}
	return apiBase + path + "?" + query.Encode()
}
