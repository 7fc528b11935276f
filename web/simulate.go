package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
)

func (s *Server) draftRoutes() []route {
	return []route{
		{pattern: "GET /policy/draft", action: access.Adopt, about: nobody, handle: (*request).draft},
		{pattern: "POST /policy/draft", action: access.Adopt, about: nobody, handle: (*request).draftCheck, upload: true, papers: true},
		{pattern: "POST /policy/simulate", action: access.Adopt, about: nobody, handle: (*request).simulate, upload: true, papers: true, long: true, trail: true},
		{pattern: "POST /policy/adopt", action: access.Adopt, about: nobody, handle: (*request).adoptNow, upload: true, papers: true, long: true},
	}
}

// mostPolicyFile bounds a file of a policy as package policy does.
const mostPolicyFile = 1 << 20

// drafted is what a form brings about a policy in the making. It lives in the form alone: nothing is kept until it is adopted.
type drafted struct {
	texts                                 map[string]string // by name of the file
	strange                               []string          // files sent that no policy has
	against, period, effective, note, act string
}

// policyFileNames are the files of a policy, in their order.
func policyFileNames() (names []string) {
	for _, f := range policy.Default() {
		names = append(names, f.Name)
	}
	return names
}

// source gives the files as a policy; one that is blank is not there.
func (d drafted) source() (s policy.Source) {
	for _, name := range policyFileNames() {
		if t := d.texts[name]; strings.TrimSpace(t) != "" {
			s = append(s, policy.File{Name: name, Text: t})
		}
	}
	return s
}

// draftedOf reads the form: a text for each file, and files that go before the texts.
func (q *request) draftedOf() (d drafted, err error) {
	d.texts = map[string]string{}
	in, err := q.r.MultipartReader()
	if err != nil {
		return d, refused("表单不完整。", "The form is not whole.", "请从“修改制度”页面提交。", "Send it from the page “Change the policy”.")
	}
	sent := map[string]string{}
	for n := 0; n < mostParts; n++ {
		part, err := in.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return d, formFault(err)
		}
		text, err := io.ReadAll(io.LimitReader(part, mostPolicyFile+1))
		if err != nil {
			return d, formFault(err)
		}
		value := strings.ReplaceAll(string(text), "\r\n", "\n")
		switch name := part.FormName(); {
		case name == "files" && fileName(part) == "":
		case name == "files" && slices.Contains(policyFileNames(), fileName(part)):
			sent[fileName(part)] = value
		case name == "files":
			d.strange = append(d.strange, fileName(part))
		case slices.Contains(policyFileNames(), strings.TrimPrefix(name, "text-")):
			d.texts[strings.TrimPrefix(name, "text-")] = value
		default:
			d.field(name, strings.TrimSpace(value))
		}
	}
	for name, text := range sent {
		d.texts[name] = text
	}
	return d, nil
}

func (d *drafted) field(name, value string) {
	switch name {
	case "against":
		d.against = value
	case "period":
		d.period = value
	case "effective":
		d.effective = value
	case "note":
		d.note = value
	case "do":
		d.act = value
	}
}

type draftPage struct {
	frame
	Against         string
	Files           []draftFile
	Others          []string
	Checked, Sound  bool
	Changes         []table
	Mappings        []string
	Periods         []option
	Effective, Note string
	Simulation      *simulationBlock
}

// draftFile is a file in the making with what is wrong in it.
type draftFile struct {
	Name, Text string
	Rows       int
	Faults     []draftFault
}

type draftFault struct{ Place, Excerpt, What, Cure string }

// draft shows the files of the policy that was adopted last, to be changed: what is adopted and not in force yet is not to be taken back unseen.
func (q *request) draft() error {
	newest, err := q.newestVersion()
	if err != nil {
		return err
	}
	d := drafted{texts: map[string]string{}, against: strconv.Itoa(newest.Number)}
	for _, f := range newest.Policy.Source {
		d.texts[f.Name] = f.Text
	}
	p, err := q.draftPage(d)
	if err != nil {
		return err
	}
	return q.render("draft", p)
}

// newestVersion gives the version adopted last.
func (q *request) newestVersion() (adopted, error) {
	list, err := policy.Versions(q.ctx(), q.company.Books)
	if err != nil {
		return adopted{}, err
	}
	if len(list) == 0 {
		return adopted{}, errNotFound
	}
	return q.versionOf(strconv.Itoa(list[len(list)-1].Number))
}

func (q *request) draftPage(d drafted) (*draftPage, error) {
	p := &draftPage{frame: q.frame(q.say("修改制度", "Change the policy")), Against: d.against, Effective: d.effective, Note: d.note}
	p.Path = "/policy/draft"
	for _, name := range policyFileNames() {
		p.Files = append(p.Files, draftFile{Name: name, Text: d.texts[name], Rows: min(max(strings.Count(d.texts[name], "\n")+2, 6), 30)})
	}
	latest, err := q.latest(period.Quarter)
	if err != nil {
		return nil, err
	}
	chosen := d.period
	if chosen == "" {
		chosen = latest.String()
	}
	for _, of := range q.quarters(8) {
		p.Periods = append(p.Periods, option{of.String(), q.periodText(of), of.String() == chosen})
	}
	for _, name := range d.strange {
		p.Others = append(p.Others, fmt.Sprintf(q.say("制度中没有名为 %s 的文件，未采用；文件名须是 %s 之一。", "A policy has no file %s, so it was left out; files are named %s."), name, strings.Join(policyFileNames(), q.say("、", ", "))))
	}
	return p, nil
}

// check checks what was typed and fills in faults, or what changes against the policy in force. It gives the checked policy, nil where it has faults.
func (q *request) check(p *draftPage, d drafted) (*policy.Policy, error) {
	p.Checked = true
	x, err := policy.Check(q.ctx(), q.company.Books.Warehouse(), d.source())
	if faults, ok := isFaulty(err); ok {
		q.showFaults(p, faults)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.Sound = true
	newest, err := q.newestVersion()
	if err != nil {
		return nil, err
	}
	p.Changes = append(p.Changes, q.against(newest.Version, x, q.say("与最近启用的第 %d 版（自 %s 起）相比", "Against version %d, adopted last (from %s)")))
	if v := q.seat.version; v.Number != newest.Number {
		p.Changes = append(p.Changes, q.against(v, x, q.say("与现行的第 %d 版（自 %s 起）相比", "Against version %d, in force (from %s)")))
	}
	_, faults, err := q.mappings(q.ctx(), x)
	for _, e := range faults {
		p.Mappings = append(p.Mappings, e.In(q.lang))
	}
	return x, err
}

// against lists what a policy in the making changes in a version.
func (q *request) against(v policy.Version, x *policy.Policy, caption string) table {
	t := q.differences(policy.Diff(v.Policy, x))
	t.Caption = fmt.Sprintf(caption, v.Number, v.Effective.Format(time.DateOnly))
	t.Empty = t.Caption + q.say("：", ": ") + t.Empty
	return t
}

// showFaults puts each fault to its file.
func (q *request) showFaults(p *draftPage, faults policy.Errors) {
	p.Sound = false
	for _, e := range faults {
		f := draftFault{Excerpt: e.Excerpt, What: e.What.In(q.lang), Cure: q.cure(e.Cure)}
		if e.Place.Line > 0 {
			f.Place = fmt.Sprintf(q.say("第 %d 行第 %d 列", "line %d, column %d"), e.Place.Line, e.Place.Column)
		}
		i := slices.IndexFunc(p.Files, func(x draftFile) bool { return x.Name == e.Place.File })
		if i < 0 {
			p.Others = append(p.Others, strings.TrimSpace(e.Place.File+" "+f.What+" "+f.Cure))
			continue
		}
		p.Files[i].Faults = append(p.Files[i].Faults, f)
	}
	p.Fault = &fault{Status: http.StatusUnprocessableEntity, Title: fmt.Sprintf(q.say("制度有 %d 处错误", "The policy has %d faults"), len(faults)), Say: q.say("错误列在各文件旁，改正后再检查。", "They stand beside the files; correct them and check again.")}
}

func (q *request) showDraft(p *draftPage) error {
	status := http.StatusOK
	if p.Fault != nil {
		status = p.Fault.Status
	}
	return q.renderStatus(status, "draft", p)
}

// draftAgain shows the form with why something was not done.
func (q *request) draftAgain(p *draftPage, err error) error {
	f := q.faultOf(err)
	if f.Status == http.StatusInternalServerError {
		return err
	}
	p.Fault = &f
	return q.showDraft(p)
}

// draftCheck checks a policy in the making and tells what it changes. Nothing is recorded.
func (q *request) draftCheck() error {
	p, _, _, err := q.checkedDraft()
	if err != nil {
		return err
	}
	return q.showDraft(p)
}

// checkedDraft reads and checks the form.
func (q *request) checkedDraft() (*draftPage, drafted, *policy.Policy, error) {
	d, err := q.draftedOf()
	if err == nil && q.route.long {
		err = q.takeTurn()
	}
	if err != nil {
		return nil, d, nil, err
	}
	p, err := q.draftPage(d)
	if err != nil {
		return nil, d, nil, err
	}
	x, err := q.check(p, d)
	return p, d, x, err
}

// simulate judges a quarter by the policy in the making, beside the one that counts for it. Nothing is recorded.
func (q *request) simulate() error {
	p, d, x, err := q.checkedDraft()
	if err != nil {
		return err
	}
	if x == nil {
		return q.showDraft(p)
	}
	of, err := period.Parse(d.period)
	if err != nil || of.Kind() != period.Quarter {
		return q.draftAgain(p, refused("没有选定季度。", "No quarter is chosen.", "请选一个季度再试算。", "Choose a quarter and try it out again."))
	}
	asked, _, err := q.company.Question(q.ctx(), of, 0)
	if err != nil {
		return err
	}
	s, err := metrics.Simulate(q.ctx(), q.company.Books, asked, x)
	if faults, ok := isFaulty(err); ok {
		q.showFaults(p, faults)
		return q.showDraft(p)
	}
	if err != nil {
		return err
	}
	if d.act == "workbook" {
		return q.sendWritten(fmt.Sprintf(q.say("制度试算 %s.xlsx", "policy simulation %s.xlsx"), of), xlsxKind, func(path string) (string, error) {
			return path, reports.WriteSimulation(q.ctx(), path, s, q.lang)
		})
	}
	p.Simulation = q.simulationBlock(s)
	return q.showDraft(p)
}

// simulationBlock shows what a policy in the making comes to.
type simulationBlock struct {
	Title       string
	Tiles       tiles
	Notes       []string
	Departments table
	Bands       table
	People      *table
}

func (q *request) simulationBlock(s *metrics.Simulation) *simulationBlock {
	c := s.Company
	b := &simulationBlock{Title: fmt.Sprintf(q.say("%s试算：%d 人中 %d 人有变化", "Tried out on %s: %[3]d of %[2]d people change"), q.periodText(s.New.Period), c.People, c.Changed)}
	b.Tiles = tiles{
		{Name: q.say("等级上升", "Better band"), Value: strconv.Itoa(c.Up), Say: q.say("人", "people")}, {Name: q.say("等级下降", "Worse band"), Value: strconv.Itoa(c.Down), Say: q.say("人", "people")},
		{Name: q.say("奖金合计，现行", "Rewards now"), Value: amount(c.Old), Unit: q.say("元", "yuan"), Say: q.unknown(c.OldUnknown)}, {Name: q.say("奖金合计，新", "Rewards by the new policy"), Value: amount(c.New), Unit: q.say("元", "yuan"), Say: q.unknown(c.NewUnknown)},
		{Name: q.say("变化", "Change"), Value: amountChange(c.Change()), Unit: q.say("元", "yuan")},
	}
	b.Notes = append(b.Notes, q.say("试算按同样的事实和已公布的上级评分，不作任何记录；实际奖金另受预算、事故与已发金额影响。", "It uses the same facts and the published points of superiors, and records nothing; rewards paid also hang on budgets, incidents and what was paid ahead."))
	for _, o := range s.Overruled {
		b.Notes = append(b.Notes, reports.OverruledWords(o).In(q.lang))
	}
	b.Departments = q.departmentEffects(s)
	b.Bands = table{Caption: q.say("等级的变化", "Moves between bands"), Head: []head{words(q.say("现行等级", "Band now")), words(q.say("新等级", "New band")), numbers(q.say("人数", "People"))}, Empty: q.say("没有人有等级。", "Nobody has a band.")}
	for _, m := range s.Bands {
		b.Bands.add(text(q.band(m.From)), text(q.band(m.To)), text(strconv.Itoa(m.People)))
	}
	if access.Everybody(q.viewer, access.Person) {
		t := q.personEffects(s)
		b.People = &t
	}
	return b
}

func (q *request) unknown(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(q.say("另有 %d 人未知", "%d people unknown"), n)
}

func (q *request) departmentEffects(s *metrics.Simulation) table {
	t := table{Caption: q.say("各部门（人员不含下级部门）", "Departments (people without those of sub-departments)"), Empty: q.say("没有部门。", "There are no departments."),
		Head: []head{words(q.say("部门", "Department")), numbers(q.say("部门得分，现行", "Score now")), numbers(q.say("新", "New")), words(q.say("等级", "Band")), numbers(q.say("人数", "People")), numbers(q.say("有变化", "Changed")), numbers(q.say("升", "Up")), numbers(q.say("降", "Down")),
			numbers(q.say("奖金，现行", "Rewards now")), numbers(q.say("新", "New")), numbers(q.say("变化", "Change"))}}
	for _, d := range s.Departments {
		t.add(text(d.Department.Name.In(q.lang)), text(points(d.Old.Total)), text(points(d.New.Total)), text(q.bandMove(d.Old.Band, d.New.Band)), text(strconv.Itoa(d.People)), text(strconv.Itoa(d.Changed)), text(strconv.Itoa(d.Up)), text(strconv.Itoa(d.Down)),
			cell{Text: amount(d.Cost.Old), Say: q.unknown(d.OldUnknown)}, cell{Text: amount(d.Cost.New), Say: q.unknown(d.NewUnknown)}, text(amountChange(d.Change())))
	}
	return t
}

// bandMove writes a band, or from which to which.
func (q *request) bandMove(old, new *policy.Band) string {
	id := func(b *policy.Band) string {
		if b == nil {
			return "–"
		}
		return b.ID
	}
	if id(old) == id(new) {
		return id(new)
	}
	return id(old) + " → " + id(new)
}

func (q *request) personEffects(s *metrics.Simulation) table {
	t := table{Caption: q.say("有变化的人", "People who change"), Empty: q.say("没有人有变化。", "Nobody changes."),
		Head: []head{words(q.say("姓名", "Name")), words(q.say("工号", "No.")), words(q.say("部门", "Department")), numbers(q.say("得分，现行", "Score now")), numbers(q.say("新", "New")), numbers(q.say("变化", "Change")), words(q.say("等级", "Band")), numbers(q.say("奖金，现行", "Reward now")), numbers(q.say("新", "New")), numbers(q.say("变化", "Change"))}}
	for _, e := range s.People {
		if e.Changed() {
			t.add(text(e.Person.Name.In(q.lang)), text(e.Person.No), text(q.departmentName(e.Department)), text(points(e.Old.Total)), text(points(e.New.Total)), text(plusMinus(e.ScoreChange())), text(q.bandMove(e.Old.Band, e.New.Band)), text(amount(e.Old.Reward)), text(amount(e.New.Reward)), text(amountChange(e.RewardChange())))
		}
	}
	return t
}

// adoptNow records a policy as the one that counts from a day on.
func (q *request) adoptNow() error {
	p, d, x, err := q.checkedDraft()
	if err != nil {
		return err
	}
	if x == nil {
		return q.showDraft(p)
	}
	day, err := time.Parse(time.DateOnly, d.effective)
	newest, nerr := q.newestVersion()
	switch {
	case nerr != nil:
		return nerr
	case strconv.Itoa(newest.Number) != d.against:
		return q.draftAgain(p, &wrong{http.StatusConflict, policy.Text{ZH: fmt.Sprintf("您打开页面之后启用了第 %d 版，未作改动。", newest.Number), EN: fmt.Sprintf("Version %d was adopted since you opened the page; nothing was changed.", newest.Number)},
			policy.Text{ZH: "请先看它改了什么，再从那一版改起。", EN: "See what it changed, then begin with that version."}})
	case err != nil:
		return q.draftAgain(p, refused("没有写明生效日期。", "The effective date is missing.", "请写生效的第一天，如 2026-10-01。", "Write the first day that it counts, such as 2026-10-01."))
	case d.note == "":
		return q.draftAgain(p, refused("没有写明改了什么。", "There is no note.", "请写明改了什么、为什么。", "Say what changed and why."))
	case len(d.strange) > 0:
		return q.draftAgain(p, refused("上传了制度没有的文件，未启用。", "A file came along that no policy has; nothing was adopted.", "请去掉它再启用。", "Leave it out and adopt again."))
	}
	err = policy.Adopt(q.ctx(), q.company.Books, d.source(), day, d.note, q.actor())
	if faults, ok := isFaulty(err); ok {
		q.showFaults(p, faults)
		return q.showDraft(p)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(q.company.Books.Checkpoint(q.ctx()), q.layDown(newest.Policy.Source, d.source())); err != nil {
		return err
	}
	return q.see("/policy", "policy-adopted")
}

// layDown brings the policy files in the data directory up to what was adopted, so that adopting them from there again does not take the change back. A
// file that differs from the version before is somebody's work in progress and stays.
func (q *request) layDown(before, now policy.Source) error {
	root, err := os.OpenRoot(q.policyDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("lay down the policy: %w", err)
	}
	defer root.Close()
	for _, f := range now {
		old, err := root.ReadFile(f.Name)
		known := slices.ContainsFunc(before, func(b policy.File) bool { return b.Name == f.Name && b.Text == string(old) })
		if err != nil || !known || f.Text == string(old) {
			continue
		}
		fresh := f.Name + ".new"
		if err := root.WriteFile(fresh, []byte(f.Text), 0o644); err != nil {
			return fmt.Errorf("lay down %s: %w", filepath.Base(f.Name), err)
		}
		if err := root.Rename(fresh, f.Name); err != nil {
			return fmt.Errorf("lay down %s: %w", filepath.Base(f.Name), err)
		}
	}
	return nil
}
