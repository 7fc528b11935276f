package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"plumbline/access"
	"plumbline/company"
	"plumbline/ingest"
	refusal "plumbline/ingest/sheet"
	"plumbline/policy"
)

// What a batch may hold.
const (
	mostBatch   = 16 << 20 // bytes of the request
	mostRecords = 10_000
)

// Record is one record of a batch as it was sent: an object of texts, numbers, truth values and nulls by the columns of its dataset.
type Record []byte

// UnmarshalJSON keeps the text, so that no digit is lost.
func (r *Record) UnmarshalJSON(text []byte) error {
	*r = bytes.Clone(text)
	return nil
}

// Schema describes a record; which columns there are is up to the dataset.
func (Record) Schema(huma.Registry) *huma.Schema {
	one := 1
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, MinProperties: &one, Description: "Values by column, see /datasets: text, number, true, false or null. What is not a column of the dataset is not used, and a notice says so.",
		Examples: []any{map[string]any{"work_log_id": "W-2026-10-08-1", "employee_no": "00012", "work_date": "2026-10-08", "hours": 7.5}}}
}

type batchAsked struct {
	Dataset string `path:"dataset" maxLength:"100" example:"work_logs" doc:"The id of a dataset whose records come from files, see /datasets."`
	Key     string `header:"Idempotency-Key" required:"true" minLength:"8" maxLength:"100" pattern:"^[A-Za-z0-9._-]+$" patternDescription:"letters, digits, . _ -" example:"2026-10-08-nightly" doc:"Names the batch: the same key with the same records answers the same receipt and records nothing."`
	Body    struct {
		Records []Record `json:"records" nullable:"false" minItems:"1" maxItems:"10000" doc:"The records."`
	}
}

// batchReceipt tells what became of a batch.
type batchReceipt struct {
	Seq         int64         `json:"seq" example:"4711" doc:"The ledger sequence of the batch."`
	At          time.Time     `json:"at" doc:"When it was recorded, UTC."`
	Actor       string        `json:"actor" example:"00051" doc:"Who sent it."`
	File        string        `json:"file" example:"api-work_logs-2026-10-08-nightly.ndjson" doc:"The name of the original in the ledger."`
	SHA256      string        `json:"sha256" doc:"SHA-256 of the original: the records, one a line."`
	Dataset     string        `json:"dataset" example:"work_logs" doc:"The dataset."`
	RowsIn      int64         `json:"rows_in" example:"120" doc:"Records read: accepted + quarantined + excluded."`
	Accepted    int64         `json:"accepted" example:"118" doc:"Records accepted: new + corrected + unchanged + duplicates."`
	Quarantined int64         `json:"quarantined" example:"2" doc:"Records set aside, see rejects."`
	Excluded    int64         `json:"excluded" example:"0" doc:"Records left out, such as totals."`
	New         int64         `json:"new" example:"110" doc:"Records that were not known."`
	Corrected   int64         `json:"corrected" example:"3" doc:"Records that changed a known one."`
	Unchanged   int64         `json:"unchanged" example:"5" doc:"Records that say what is known."`
	Duplicates  int64         `json:"duplicates" example:"0" doc:"Records that stand in the batch twice."`
	Withdrawn   *int64        `json:"withdrawn" doc:"The ledger sequence that took the batch back; null: it stands."`
	Notices     []string      `json:"notices" nullable:"false" doc:"What the sender should know, such as fields that are not used."`
	Rejects     []batchReject `json:"rejects" nullable:"false" doc:"Why records were set aside: one entry a fault."`
}

// batchReject is one reason why a record was set aside.
type batchReject struct {
	ID     string `json:"id" example:"4711-3" doc:"Names the record in quarantine."`
	Row    int64  `json:"row" example:"3" doc:"The place of the record in the batch, from 1."`
	Column string `json:"column" example:"hours" doc:"The field; empty when the whole record is meant."`
	Value  string `json:"value" example:"25" doc:"The value as it was sent."`
	Rule   string `json:"rule" example:"range.hours" doc:"The rule that it breaks: stable."`
	Say    string `json:"say" doc:"What is wrong."`
	Cure   string `json:"cure" doc:"What to do."`
}

// push adds the operation that takes records in.
func (a *api) push() {
	rt := route{action: access.APIWrite, about: nobody, upload: true, papers: true, api: &operation{name: "push_records", scope: scopeWrite, patient: true, title: policy.Text{ZH: "写入记录", EN: "Push records"},
		text: policy.Text{ZH: "一批记录，与文件走同一道门：原件先入账本，合格的入账，有问题的进隔离区并说明原因。同一 Idempotency-Key 配同样的记录只入账一次（再来时答 200 与同一回执）；配别的记录答 409。一次只记一批，其余排队；排满时答 503 与 Retry-After。",
			EN: "A batch of records by the door that files come by: the original goes to the ledger first, good records are filed, faulty ones set aside with the reason. The same Idempotency-Key with the same records is recorded once (again: 200 and the same receipt); with other records it is refused (409). One batch is recorded at a time, others wait; past that 503 with Retry-After."}}}
	answers := a.answers("BatchReceipt", batchReceipt{})
	answers["201"] = &huma.Response{Description: "Recorded.", Content: answers["200"].Content, Headers: map[string]*huma.Param{}}
	delete(answers["200"].Headers, "ETag")
	answers["200"].Description = "The batch with this key was recorded before; nothing was recorded now."
	for _, status := range []int{http.StatusConflict, http.StatusRequestEntityTooLarge} {
		answers[fmt.Sprint(status)] = a.problemAnswer(status)
	}
	delete(answers, "304")
	add(a, rt, "POST /records/{dataset}", answers, (*request).apiPush)
}

// fieldFaults are places of a batch that are not as they should be.
type fieldFaults []problemField

func (f fieldFaults) Error() string { return fmt.Sprintf("%d faults in the request", len(f)) }

// mostFaults is how many faults of a request are told at most.
const mostFaults = 100

// ndjson writes a batch as it goes to the ledger: one record a line, with nothing changed but blanks between its parts.
func (q *request) ndjson(records []Record) ([]byte, error) {
	var b bytes.Buffer
	var faults fieldFaults
	for i, r := range records {
		if say := flaw(r); say != (policy.Text{}) && len(faults) < mostFaults {
			faults = append(faults, problemField{fmt.Sprintf("body.records[%d]", i), say.In(q.lang)})
		}
		if err := json.Compact(&b, r); err != nil {
			return nil, err
		}
		b.WriteByte('\n')
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return b.Bytes(), nil
}

// flaw says why a record cannot be a row of a table; the zero text when it can.
func flaw(r Record) policy.Text {
	if !utf8.Valid(r) {
		return policy.Text{ZH: "不是 UTF-8 文本", EN: "is no UTF-8 text"}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(r, &fields); err != nil {
		return policy.Text{ZH: "应为对象", EN: "must be an object"}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if c := fields[name][0]; c == '{' || c == '[' {
			return policy.Text{ZH: fmt.Sprintf("字段 %q 应为文本、数字、true、false 或 null", name), EN: fmt.Sprintf("the field %q must be text, a number, true, false or null", name)}
		}
	}
	return policy.Text{}
}

// apiPush takes a batch in, one at a time.
func (q *request) apiPush(in *batchAsked) error {
	d := q.seat.version.Policy.Dataset(in.Dataset)
	if d == nil || d.Recorded != "" {
		return errNotFound
	}
	text, err := q.ndjson(in.Body.Records)
	if err != nil {
		return err
	}
	leave, err := q.api.pushes.enter(q.ctx())
	if err != nil {
		return err
	}
	defer leave()
	name := "api-" + d.ID + "-" + in.Key + ".ndjson"
	f, known, err := q.batchKnown(name, text)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if known {
		q.w.Header().Set("Idempotency-Replayed", "true")
	} else {
		status = http.StatusCreated
		if f, err = q.takeBatch(d, name, text); err != nil {
			return err
		}
	}
	receipt, err := q.receiptOf(f)
	if err != nil {
		return err
	}
	return q.reply(status, receipt)
}

// batchKnown finds the batch with a key: its original bears the key in its name, so that the ledger alone remembers it. Other records under the same key are refused.
func (q *request) batchKnown(name string, text []byte) (ingest.File, bool, error) {
	files, err := ingest.Files(q.ctx(), q.company.Books, company.Always)
	if err != nil {
		return ingest.File{}, false, err
	}
	sum := sha256.Sum256(text)
	hash, used := hex.EncodeToString(sum[:]), false
	for _, f := range files {
		if f.Name != name || f.Origin != 0 {
			continue
		}
		if f.SHA256 == hash {
			return f, true, nil
		}
		used = true
	}
	if used {
		return ingest.File{}, false, &wrong{http.StatusConflict, policy.Text{ZH: "这个 Idempotency-Key 已用于另一批记录。", EN: "This Idempotency-Key was used for other records."},
			policy.Text{ZH: "请为这批记录换一个键；要更正记录，用新键再发一次即可。", EN: "Send them with a key of their own; records are corrected by sending them again with a new key."}}
	}
	return ingest.File{}, false, nil
}

// takeBatch hands a batch to ingest as the file that it is. What was said before under another key is said again: a later batch stands, even when it repeats an earlier one.
func (q *request) takeBatch(d *policy.Dataset, name string, text []byte) (got ingest.File, err error) {
	v, err := q.company.Current(q.ctx())
	if err != nil {
		return got, err
	}
	dir, err := os.MkdirTemp(q.company.Books.Staging(), "push-")
	if err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return got, err
	}
	units, faults := ingest.Find(q.ctx(), q.company.Books, v.Policy, []string{path}, ingest.How{Dataset: d.ID})
	if len(faults) > 0 {
		return got, plainRefusal(d, faults[0])
	}
	if len(units) != 1 {
		return got, fmt.Errorf("the batch %s was read as %d tables", name, len(units))
	}
	o := ingest.Options{Actor: cmp.Or(q.viewer.Employee, q.viewer.Login), Day: q.company.Today(v.Policy), Again: true}
	err = ingest.TakeAll(q.ctx(), q.company.Books, v, units, o, func(f ingest.File, _ bool, err error) error {
		if err == nil && got.Seq == 0 { // rows that waited for these records follow with receipts of their own
			got = f
		}
		return err
	})
	return got, errors.Join(err, q.checkpoint())
}

// plainRefusal words for records what a file would be told of its header.
func plainRefusal(d *policy.Dataset, err error) error {
	if no, ok := errors.AsType[*refusal.RefusedError](err); !ok || no.Rule != "file.no_header" {
		return err
	}
	return &refusal.RefusedError{Rule: "batch.no_columns", Say: policy.Text{ZH: "记录的字段中没有 " + d.ID + " 的列。", EN: "None of the fields is a column of " + d.ID + "."},
		Cure: policy.Text{ZH: "请用 /datasets 所列的列名作字段名；整批未入账。", EN: "Name the fields as /datasets names the columns; nothing was recorded."}}
}

// checkpoint keeps the write-ahead log of the warehouse short.
func (q *request) checkpoint() error {
	return q.company.Books.Checkpoint(context.WithoutCancel(q.ctx()))
}

// receiptOf tells what became of a batch: the same whenever it is asked.
func (q *request) receiptOf(f ingest.File) (batchReceipt, error) {
	r := batchReceipt{Seq: f.Seq, At: f.At.UTC(), Actor: f.Actor, File: f.Name, SHA256: f.SHA256, Dataset: f.Dataset, RowsIn: f.RowsIn, Accepted: f.Accepted, Quarantined: f.Quarantined, Excluded: f.Excluded,
		New: f.New, Corrected: f.Corrected, Unchanged: f.Unchanged, Duplicates: f.Duplicates, Notices: []string{}, Rejects: []batchReject{}}
	if f.Withdrawn != 0 {
		r.Withdrawn = &f.Withdrawn
	}
	for _, n := range f.Notices {
		r.Notices = append(r.Notices, n.In(q.lang))
	}
	if f.Quarantined == 0 {
		return r, nil
	}
	rejects, err := ingest.Rejects(q.ctx(), q.company.Books, q.seat.version.Policy, f.Seq)
	for _, x := range rejects {
		if x.Seq == f.Seq {
			r.Rejects = append(r.Rejects, batchReject{x.ID, x.Row, x.Header, x.Value, x.Rule, x.Say.In(q.lang), x.Cure.In(q.lang)})
		}
	}
	return r, err
}
