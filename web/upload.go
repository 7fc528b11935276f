package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"plumbline/access"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/period"
	"plumbline/policy"
	"plumbline/reviews"

	refusal "plumbline/ingest/sheet"
)

func (s *Server) uploadRoutes() []route {
	return []route{
		{pattern: "GET /files/upload", action: access.Upload, about: nobody, handle: (*request).uploadForm},
		{pattern: "POST /files/upload", action: access.Upload, about: nobody, handle: (*request).uploadNow, upload: true},
		{pattern: "GET /uploads/{id}", action: access.Upload, about: nobody, handle: (*request).preview, trail: true, long: true},
		{pattern: "POST /uploads/{id}", action: access.Upload, about: nobody, handle: (*request).takeNow, long: true},
		{pattern: "POST /uploads/{id}/how", action: access.Upload, about: nobody, handle: (*request).howNow},
		{pattern: "POST /uploads/{id}/drop", action: access.Upload, about: nobody, handle: (*request).dropNow},
	}
}

// Limits of what waits to be taken in.
const (
	stagedFor  = time.Hour
	mostStaged = 4 * mostUpload // bytes of all uploads together
	mostFiles  = 100            // in one upload
	mostParts  = 200
	mostField  = 16 << 10 // bytes of a field beside the files
	mostName   = 150      // letters of a file's name
)

var errQuota = errors.New("too many files wait to be taken in")

// uploads are files that were sent and are not taken in yet, each in a folder of its own below the data directory. They last an hour, belong to the
// session that sent them, and are gone after a restart.
type uploads struct {
	dir  string
	root *os.Root
	mu   sync.Mutex
	kept map[string]*upload
	used int64 // bytes
	most int64 // bytes
}

// upload is what one form brought.
type upload struct {
	id, owner string
	made      time.Time
	files     []stagedFile
	how       declared
	size      int64
	taking    bool
	outcome   *outcome        // nil until it is taken in
	quarters  []period.Period // whose records change, as the preview found
}

// stagedFile is a file that was sent: the name that its sender gave it, and where it lies under a name of ours.
type stagedFile struct {
	Name string
	Size int64
	path string
}

// outcome is what became of an upload.
type outcome struct {
	files, already []ingest.File
	refused        []refusedFile
}

// newUploads makes an empty place for uploads in a data directory; what an earlier process left there is removed.
func newUploads(data string) (*uploads, error) {
	dir := filepath.Join(data, "uploads")
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear uploads: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a place for uploads: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the place for uploads: %w", err)
	}
	return &uploads{dir: dir, root: root, kept: map[string]*upload{}, most: mostStaged}, nil
}

// begin makes a folder for an upload of a session.
func (u *uploads) begin(owner string, now time.Time) (*upload, error) {
	x := &upload{id: strings.ToLower(rand.Text()), owner: owner, made: now}
	return x, u.root.Mkdir(x.id, 0o700)
}

// add writes one file into an upload, as far as there is room.
func (u *uploads) add(x *upload, name string, in io.Reader) error {
	inside := filepath.Join(x.id, strconv.Itoa(len(x.files)+1)+safeEnding(name))
	out, err := u.root.OpenFile(inside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(quotaWriter{u, x, out}, in)
	x.files = append(x.files, stagedFile{Name: name, Size: n, path: filepath.Join(u.dir, inside)})
	return errors.Join(err, out.Close())
}

var plainEnding = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// safeEnding gives the ending of a name where it is a plain one.
func safeEnding(name string) string {
	if ext := strings.ToLower(filepath.Ext(name)); plainEnding.MatchString(ext) {
		return ext
	}
	return ""
}

// quotaWriter stops where all uploads together get too large.
type quotaWriter struct {
	uploads *uploads
	upload  *upload
	out     io.Writer
}

func (w quotaWriter) Write(b []byte) (int, error) {
	w.uploads.mu.Lock()
	w.uploads.used += int64(len(b))
	w.upload.size += int64(len(b))
	over := w.uploads.used > w.uploads.most
	w.uploads.mu.Unlock()
	if over {
		return 0, errQuota
	}
	return w.out.Write(b)
}

// keep holds an upload ready for an hour.
func (u *uploads) keep(x *upload) {
	u.mu.Lock()
	u.kept[x.id] = x
	u.mu.Unlock()
	time.AfterFunc(stagedFor, func() { u.expire(x) })
}

// expire removes an upload, unless it is just being taken in; then whoever does so removes its files.
func (u *uploads) expire(x *upload) {
	u.mu.Lock()
	delete(u.kept, x.id)
	busy := x.taking
	u.mu.Unlock()
	if !busy {
		u.clear(x)
	}
}

// clear removes the files of an upload.
func (u *uploads) clear(x *upload) {
	_ = u.root.RemoveAll(x.id) // what cannot be removed now goes at the next start
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used -= x.size
	x.size = 0
}

// of gives an upload of a session; one of another session does not exist.
func (u *uploads) of(id, owner string, now time.Time) (*upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	x := u.kept[id]
	if x == nil || x.owner != owner || !now.Before(x.made.Add(stagedFor)) {
		return nil, &wrong{http.StatusNotFound, policy.Text{ZH: "这次上传已不在：可能已超过一小时、已放弃，或服务重新启动过。", EN: "This upload is gone: it is over an hour old, was given up, or the service was started again."},
			policy.Text{ZH: "请重新上传；同一文件再次导入不会重复入账。", EN: "Upload the files again; the same file is never filed twice."}}
	}
	return x, nil
}

// take marks an upload as being taken in; nobody else can then.
func (u *uploads) take(x *upload) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if x.taking || x.outcome != nil {
		return &wrong{http.StatusConflict, policy.Text{ZH: "这些文件正在导入，或已经导入。", EN: "These files are being taken in, or were already."}, policy.Text{ZH: "稍后刷新页面查看回执。", EN: "Load the page again in a moment to see the receipts."}}
	}
	x.taking = true
	return nil
}

// taken notes what became of an upload and removes its files; nil: nothing did, and it may be tried again.
func (u *uploads) taken(x *upload, o *outcome) {
	u.mu.Lock()
	x.taking, x.outcome = false, o
	_, kept := u.kept[x.id]
	u.mu.Unlock()
	if o != nil || !kept {
		u.clear(x)
	}
}

// howOf gives how the files of an upload are to be read.
func (u *uploads) howOf(x *upload) declared {
	u.mu.Lock()
	defer u.mu.Unlock()
	return x.how
}

// session names the viewer's session as uploads know it.
func (q *request) session() string {
	sum := sha256.Sum256([]byte("upload\x00" + q.viewer.Login + "\x00" + q.token))
	return hex.EncodeToString(sum[:])
}

// uploadOf gives the upload of the path.
func (q *request) uploadOf() (*upload, error) {
	return q.uploads.of(q.r.PathValue("id"), q.session(), q.now())
}

type uploadPage struct {
	dataFrame
	How       howForm
	MostFiles int
	MostBytes int64
}

// uploadForm asks for files.
func (q *request) uploadForm() error { return q.uploadPage(declared{}, nil) }

func (q *request) uploadPage(d declared, f *fault) error {
	how, err := q.howForm(d)
	if err != nil {
		return err
	}
	p := &uploadPage{dataFrame: q.dataFrame(q.say("导入文件", "Take files in"), "/files/upload"), How: how, MostFiles: mostFiles, MostBytes: mostUpload >> 20}
	p.Fault = f
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "upload", p)
}

// uploadNow keeps the files that were sent and leads to what they would do. Nothing is taken in yet.
func (q *request) uploadNow() error {
	x, err := q.uploads.begin(q.session(), q.now())
	if err != nil {
		return err
	}
	err = q.receive(x)
	if err == nil && len(x.files) == 0 {
		err = refused("没有选择文件。", "No file was chosen.", "请选择一个或几个文件。", "Choose one file or several.")
	}
	if err != nil {
		q.uploads.clear(x)
		err = sendingFault(err)
		if q.ctx().Err() != nil { // a body that broke off ends the request's context, and the form cannot be made again; but there may be somebody to be told
			return err
		}
		if f := q.faultOf(err); f.Status != http.StatusInternalServerError {
			return q.uploadPage(x.how, &f)
		}
		return err
	}
	q.uploads.keep(x)
	return q.see("/uploads/"+x.id, "")
}

// sendingFault words what went wrong while files were sent.
func sendingFault(err error) error {
	switch {
	case errors.Is(err, errQuota):
		return &wrong{http.StatusServiceUnavailable, policy.Text{ZH: "等待导入的文件太多，没有地方再存。", EN: "Too many files wait to be taken in; there is no room for more."},
			policy.Text{ZH: "请先导入或放弃已上传的文件，或一小时后再试。", EN: "Take in or give up what was uploaded, or try again in an hour."}}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refused("上传中断，文件不完整，未予保留。", "The upload broke off; what came is not whole and was not kept.", "请重新上传。", "Upload again.")
	}
	return err
}

// receive reads the parts of the form one after the other, files straight to the disk.
func (q *request) receive(x *upload) error {
	in, err := q.r.MultipartReader()
	if err != nil {
		return refused("表单中没有文件。", "The form holds no files.", "请从“导入”页面上传。", "Upload from the page “Take in”.")
	}
	for n := 0; ; n++ {
		part, err := in.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n >= mostParts || len(x.files) >= mostFiles && fileName(part) != "":
			return refused(fmt.Sprintf("一次最多 %d 个文件。", mostFiles), fmt.Sprintf("At most %d files at once.", mostFiles), "请分几次上传，或打成 ZIP 包。", "Upload them in several turns, or as a ZIP archive.")
		}
		if err := q.receivePart(x, part); err != nil {
			return err
		}
	}
}

func (q *request) receivePart(x *upload, part *multipart.Part) error {
	if part.FormName() == "files" {
		if name := fileName(part); name != "" {
			return q.uploads.add(x, name, part)
		}
		return nil
	}
	value, err := io.ReadAll(io.LimitReader(part, mostField+1))
	if err != nil {
		return err
	}
	if len(value) > mostField {
		return refused("有一栏内容过长。", "A field is too long.", "请删减“另给的值”。", "Shorten “Declared values”.")
	}
	x.how.read(part.FormName(), string(value))
	return nil
}

// fileName gives the name that the sender gave a file, as a receipt may show it: no folders, nothing that cannot be seen. "" where no file was chosen.
func fileName(part *multipart.Part) string { return cleanName(part.FileName()) }

func cleanName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = strings.TrimSpace(name)
	if name == "." || name == ".." {
		return "file"
	}
	if r := []rune(name); len(r) > mostName {
		ext := []rune(safeEnding(name))
		name = string(r[:mostName-len(ext)]) + string(ext)
	}
	return name
}

// dropNow gives an upload up.
func (q *request) dropNow() error {
	x, err := q.uploadOf()
	if err != nil {
		return err
	}
	q.uploads.expire(x)
	return q.see("/files", "dropped")
}

// howNow reads anew how the files of an upload are to be read, and shows what they would do then.
func (q *request) howNow() error {
	x, err := q.uploadOf()
	if err != nil {
		return err
	}
	if err := q.r.ParseForm(); err != nil {
		return err
	}
	var d declared
	for name, values := range q.r.PostForm {
		d.read(name, values[0])
	}
	q.uploads.mu.Lock()
	x.how = d
	q.uploads.mu.Unlock()
	return q.see("/uploads/"+x.id, "")
}

// looked is what was found in the files of an upload.
type looked struct {
	version policy.Version
	units   []ingest.Unit
	refused []refusedFile
}

// refusedFile is a file, or a table of one, that is not taken in, with the reason.
type refusedFile struct {
	Name, Place, Value, Rule, Say, Cure string
	Index                               int // of the file in the upload, from 1; 0: not known
}

// Mappable reports whether a mapping may help: the file can be read, and only its header is not known.
func (f refusedFile) Mappable() bool {
	return f.Index > 0 && slices.Contains([]string{"file.no_header", "file.missing_column", "file.ambiguous", "file.mapping", "file.duplicate_header"}, f.Rule)
}

// look finds the tables in the files of an upload as they are declared to be read.
func (q *request) look(ctx context.Context, x *upload) (l looked, err error) {
	if l.version, err = q.company.Current(ctx); err != nil {
		return l, err
	}
	how, err := q.howOf(ctx, l.version.Policy, q.uploads.howOf(x))
	if err != nil {
		return l, err
	}
	paths := make([]string, len(x.files))
	for i, f := range x.files {
		paths[i] = f.path
	}
	units, faults := ingest.Find(ctx, q.company.Books, l.version.Policy, paths, how)
	if err := ctx.Err(); err != nil {
		return l, err
	}
	for i := range units {
		if at := slices.Index(paths, units[i].Path); at >= 0 {
			units[i].Name = x.files[at].Name
		}
	}
	l.units = units
	for _, err := range faults {
		r, err := q.refusedFile(x, err)
		if err != nil {
			return l, err
		}
		l.refused = append(l.refused, r)
	}
	return l, unusedValue(how, units)
}

// unusedValue refuses a declared value that no file takes: its column is misspelt, or all files have it.
func unusedValue(how ingest.How, units []ingest.Unit) error {
	for column := range how.Set {
		if len(units) > 0 && !slices.ContainsFunc(units, func(u ingest.Unit) bool { _, ok := u.Set[column]; return ok }) {
			return refused(fmt.Sprintf("另给的值“%s”没有文件用到。", column), fmt.Sprintf("No file takes the declared value “%s”.", column),
				"请核对列的编号；文件已有的列不能另给值。", "Check the id of the column; a column that the file has cannot be given a value.")
		}
	}
	return nil
}

// refusedFile tells which file was refused and why. What is no refusal comes back as an error.
func (q *request) refusedFile(x *upload, err error) (refusedFile, error) {
	r, ok := errors.AsType[*refusal.RefusedError](err)
	if !ok {
		return refusedFile{}, err
	}
	f := refusedFile{Value: clipped(r.Value, 200), Rule: r.Rule, Say: q.onPage(r.Say), Cure: q.cure(r.Cure), Place: r.Member}
	for i, s := range x.files {
		if rest, ok := strings.CutPrefix(err.Error(), s.path); ok && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, " [")) {
			f.Index, f.Name = i+1, s.Name
			if part, _, ok := strings.Cut(strings.TrimPrefix(rest, " ["), "]: "); ok && strings.HasPrefix(rest, " [") {
				f.Place = part
			}
		}
	}
	if r.Row > 0 {
		f.Place += fmt.Sprintf(q.say(" 第 %d 行", " row %d"), r.Row)
	}
	if r.Column != "" {
		f.Place += fmt.Sprintf(q.say(" 第 %s 列", " column %s"), r.Column)
	}
	return f, nil
}

type previewPage struct {
	dataFrame
	ID        string
	Moved     int64
	Files     []stagedFile
	Until     string
	Blocks    []fileBlock
	Already   []string
	Refused   []refusedFile
	Changes   table
	Samples   []table
	Rejects   []rejectLine
	Left      string
	Settled   string
	Sealed    []string
	Questions []string
	How       howForm
	MayTake   bool
	Mappable  bool
}

// preview shows what taking the files of an upload in would do, or, once that was done, what became of them. Nothing is written.
func (q *request) preview() error {
	x, err := q.uploadOf()
	if err != nil {
		return err
	}
	q.uploads.mu.Lock()
	done, taking := x.outcome, x.taking
	q.uploads.mu.Unlock()
	switch {
	case done != nil:
		return q.receiptsPage(x, done)
	case taking:
		return q.uploads.take(x) // which says so
	}
	return q.previewPage(x, nil)
}

func (q *request) previewPage(x *upload, f *fault) error {
	p := &previewPage{dataFrame: q.dataFrame(q.say("预演：这些文件会带来什么", "Preview: what these files would bring"), "/files/upload"), ID: x.id, Files: x.files, Moved: q.company.Moved(), Until: q.moment(x.made.Add(stagedFor))}
	how, err := q.howForm(q.uploads.howOf(x))
	if err != nil {
		return err
	}
	p.How, p.Fault = how, f
	l, err := q.look(q.ctx(), x)
	if err == nil {
		err = q.tryOut(p, x, l)
	}
	if err != nil {
		f := q.faultOf(err)
		if f.Status == http.StatusInternalServerError {
			return err
		}
		p.Fault, p.MayTake, p.How.Open = &f, false, true
	}
	status := http.StatusOK
	if p.Fault != nil {
		status = p.Fault.Status
	}
	return q.renderStatus(status, "preview", p)
}

// tryOut fills in what taking the units in would do.
func (q *request) tryOut(p *previewPage, x *upload, l looked) error {
	o := q.intake(l.version.Policy)
	o.Again = q.uploads.howOf(x).Again
	v, err := ingest.Try(q.ctx(), q.company.Books, l.version, l.units, o)
	if err != nil {
		return err
	}
	p.Refused = l.refused
	for _, err := range v.Refused {
		r, err := q.refusedFile(x, err)
		if err != nil {
			return err
		}
		p.Refused = append(p.Refused, r)
	}
	for _, f := range v.Already {
		p.Already = append(p.Already, fmt.Sprintf(q.say("%s 已于 %s 由 %s 导入，不会再次入账", "%s was taken in on %s by %s and will not be filed again"), f.Name, q.moment(f.At), q.personName(f.Actor)))
	}
	for _, f := range v.Files {
		p.Blocks = append(p.Blocks, q.previewBlock(f))
	}
	p.MayTake, p.Mappable = len(v.Files) > 0, slices.ContainsFunc(p.Refused, refusedFile.Mappable)
	p.Changes = q.changeTable(v.Changes)
	for _, s := range v.Samples {
		p.Samples = append(p.Samples, q.sampleTable(s))
	}
	q.previewRejects(p, v)
	return q.quartersOf(p, x, v.Changes)
}

func (q *request) previewBlock(f ingest.File) fileBlock {
	b := fileBlock{Title: fmt.Sprintf(q.say("%s：%s", "%s: %s"), company.FileName(f), q.kind(f.Dataset)), Count: q.countText(f)}
	if f.Origin > 0 {
		b.State = fmt.Sprintf(q.say("放行自隔离区（账序 %d）", "released from the quarantine (sequence %d)"), f.Origin)
	}
	if f.Mapping != "" {
		b.State = strings.TrimSpace(b.State + " " + q.say("映射 ", "mapping ") + f.Mapping)
	}
	for _, n := range f.Notices {
		b.Notices = append(b.Notices, n.In(q.lang))
	}
	return b
}

// previewRejects shows the first rows that would be set aside, and asks what they leave open.
func (q *request) previewRejects(p *previewPage, v ingest.Preview) {
	lines := q.rejectLines(v.Rejects)
	for i := range lines {
		lines[i].ID = "" // they have none until they are in the quarantine
	}
	if len(lines) > shownRejects {
		p.Left = fmt.Sprintf(q.say("另有 %d 行。", "%d more."), len(lines)-shownRejects)
		lines = lines[:shownRejects]
	}
	p.Rejects = lines
	if v.Settled > 0 {
		p.Settled = fmt.Sprintf(q.say("以前隔离的 %d 行会离开隔离区。", "%d rows of earlier files would leave the quarantine."), v.Settled)
	}
	if slices.ContainsFunc(v.Rejects, func(r ingest.Reject) bool { return r.Rule == "date.ambiguous" }) {
		p.Questions = append(p.Questions, q.say("有的日期分不清哪个是日、哪个是月。请在下面的“日期次序”中选定，再看一次；不选，这些行进隔离区。",
			"Some dates do not show which number is the day and which the month. Choose the date order below and look again; without it these rows go into quarantine."))
	}
	if slices.ContainsFunc(p.Refused, func(r refusedFile) bool { return r.Rule == "file.ambiguous" }) {
		p.Questions = append(p.Questions, q.say("有文件像不止一种记录。请在下面选定记录种类或映射，再看一次。", "A file could hold more than one kind of records. Choose the dataset or the mapping below and look again."))
	}
	p.How.Open = len(p.Questions) > 0
}

// quartersOf notes the quarters whose records change, and tells of those that are sealed.
func (q *request) quartersOf(p *previewPage, x *upload, list []ingest.Change) error {
	var quarters []period.Period
	for _, c := range list {
		if m, err := period.Parse(c.Month); err == nil {
			of, _ := reviews.QuarterOf(m)
			if !slices.Contains(quarters, of) {
				quarters = append(quarters, of)
			}
		}
	}
	slices.SortFunc(quarters, func(a, b period.Period) int { return a.Start().Compare(b.Start()) })
	q.uploads.mu.Lock()
	x.quarters = quarters
	q.uploads.mu.Unlock()
	for _, of := range quarters {
		err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
			if r.Sealed != nil {
				p.Sealed = append(p.Sealed, fmt.Sprintf(q.say("%s已封账：封存的数字不变，这些记录带来的差异列为补差。", "%s is sealed: its figures stand, and what these records change is listed as adjustments."), q.periodText(of)))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// changeTable tells by dataset and month how many records change, and of how many people.
func (q *request) changeTable(list []ingest.Change) table {
	t := table{Caption: q.say("记录的变化", "Records that change"), Head: []head{words(q.say("种类", "Dataset")), words(q.say("月份", "Month")), numbers(q.say("新增", "New")), numbers(q.say("更正", "Corrected")), numbers(q.say("退场", "Retired")), numbers(q.say("涉及人数", "People")), words(q.say("人员", "Who"))},
		Empty: q.say("没有任何记录会变化。", "No record would change.")}
	for _, c := range list {
		people := strconv.Itoa(len(c.People))
		if len(c.People) >= 1000 {
			people = "≥ " + people
		}
		t.add(text(q.kind(c.Dataset)), text(c.Month), text(count(c.New)), text(count(c.Corrected)), text(count(c.Retired)), text(people), text(q.namesOf(c.People)))
	}
	return t
}

// namesOf lists people, the first of many.
func (q *request) namesOf(list []string) string {
	const most = 8
	var names []string
	for _, no := range list[:min(len(list), most)] {
		names = append(names, q.personName(no))
	}
	s := strings.Join(names, q.say("、", ", "))
	if len(list) > most {
		s += q.say(" 等", " and others")
	}
	return s
}

// sampleTable shows the first records of a dataset as they would stand.
func (q *request) sampleTable(s ingest.Sample) table {
	t := table{Caption: fmt.Sprintf(q.say("%s：前 %d 条记录，按读入后的样子", "%s: the first %d records as they would stand"), s.Dataset.Name.In(q.lang), len(s.Rows))}
	for _, c := range s.Dataset.Columns {
		t.Head = append(t.Head, head{Text: c.Name.In(q.lang), Number: c.Type == policy.TypeInteger || isDecimal(c.Type)})
	}
	for _, row := range s.Rows {
		cells := make([]cell, len(row))
		for i, v := range row {
			if strings.Contains(v, ".") && isDecimal(s.Dataset.Columns[i].Type) {
				v = strings.TrimSuffix(strings.TrimRight(v, "0"), ".")
			}
			cells[i] = text(clipped(v, 100))
		}
		t.add(cells...)
	}
	return t
}

func isDecimal(t policy.Type) bool {
	return slices.Contains([]policy.Type{policy.TypeNumber, policy.TypeHours, policy.TypeMoney, policy.TypePercent}, t)
}

// takeNow takes the files of an upload in, if the books still are what the preview was made of.
func (q *request) takeNow() error {
	x, err := q.uploadOf()
	if err != nil {
		return err
	}
	if err := q.uploads.take(x); err != nil {
		return err
	}
	if q.r.PostFormValue("moved") != count(q.company.Moved()) {
		q.uploads.taken(x, nil)
		f := q.faultOf(&wrong{http.StatusConflict, policy.Text{ZH: "预演之后账册有了变化，没有导入任何文件。", EN: "The books have changed since the preview; no file was taken in."}, policy.Text{ZH: "下面是按现在的账册重新预演的结果，看过后再导入。", EN: "Below is the preview by the books as they are now; look at it and take the files in then."}})
		return q.previewPage(x, &f)
	}
	// Once begun it is finished, also when the browser has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.ctx()), lengthy)
	defer cancel()
	o, err := q.takeAll(ctx, x)
	if len(o.files)+len(o.already) == 0 && err != nil {
		q.uploads.taken(x, nil)
		f := q.faultOf(err)
		if f.Status >= http.StatusInternalServerError { // the preview would want to write too
			return err
		}
		return q.previewPage(x, &f)
	}
	q.uploads.taken(x, o)
	if err != nil {
		return err
	}
	return q.see("/uploads/"+x.id, "taken-in")
}

// takeAll takes units in; o tells of all that was done, also where it stopped with an error.
func (q *request) takeAll(ctx context.Context, x *upload) (o *outcome, err error) {
	o = &outcome{}
	l, err := q.look(ctx, x)
	if err != nil {
		return o, err
	}
	o.refused = l.refused
	opt := q.intake(l.version.Policy)
	opt.Again = q.uploads.howOf(x).Again
	err = ingest.TakeAll(ctx, q.company.Books, l.version, l.units, opt, func(f ingest.File, already bool, err error) error {
		if _, no := errors.AsType[*refusal.RefusedError](err); no {
			r, err := q.refusedFile(x, err)
			o.refused = append(o.refused, r)
			return err
		}
		switch {
		case err != nil:
			return err
		case already:
			o.already = append(o.already, f)
		default:
			o.files = append(o.files, f)
		}
		return nil
	})
	if err != nil {
		return o, err
	}
	return o, q.company.Books.Checkpoint(ctx)
}

type receiptsPage struct {
	dataFrame
	Table   table
	Already []string
	Refused []refusedFile
	Waiting int64
	Links   []task
}

// receiptsPage shows what became of an upload, with the way to the figures.
func (q *request) receiptsPage(x *upload, o *outcome) error {
	p := &receiptsPage{dataFrame: q.dataFrame(q.say("已导入", "Taken in"), "/files/upload"), Table: *q.fileTable(o.files), Refused: o.refused}
	p.Table.Empty = q.say("没有文件入账。", "No file was filed.")
	for _, f := range o.already {
		p.Already = append(p.Already, fmt.Sprintf(q.say("%s 已于 %s 导入过，没有再次入账。", "%s had been taken in on %s and was not filed again."), f.Name, q.moment(f.At)))
	}
	for _, f := range o.files {
		p.Waiting += f.Waiting
	}
	if p.Waiting > 0 {
		p.Links = append(p.Links, task{Href: "/rejects", Text: q.say("查看隔离区", "See the quarantine"), Say: q.say("每一行错在哪里、怎样改", "what is wrong with each row and how to cure it"), Class: "late"})
	}
	for _, of := range x.quarters {
		if q.may(access.Company, access.Subject{Period: of}) {
			p.Links = append(p.Links, task{Href: "/company/" + of.String(), Text: fmt.Sprintf(q.say("%s的指标", "Figures of %s"), q.periodText(of)), Say: q.say("已按新数据计算", "by the new data")})
		}
		p.Links = append(p.Links, task{Href: "/quality/" + of.String(), Text: fmt.Sprintf(q.say("%s的数据质量", "Data quality of %s"), q.periodText(of))})
	}
	p.Links = append(p.Links, task{Href: "/files/upload", Text: q.say("继续导入", "Take more in")})
	return q.render("receipts", p)
}
