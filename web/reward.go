package web

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/company"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reviews"
)

func (s *Server) rewardRoutes() []route {
	return []route{
		{pattern: "GET /rewards", action: access.Rewards, about: nobody, handle: (*request).rewardsLatest},
		{pattern: "GET /rewards/{period}", action: access.Rewards, about: ofPeriod, handle: (*request).rewards, trail: true},
		{pattern: "POST /rewards/{period}/{number}/{step}", action: access.Sign, about: ofPeriod, handle: (*request).sheetStep},
		{pattern: "POST /rewards/{period}/payroll", action: access.Payroll, about: ofPeriod, handle: (*request).payroll, trail: true},
		{pattern: "GET /rewards/{period}/candidates", action: access.Workbook, about: ofPeriod, handle: (*request).candidates, trail: true},
	}
}

// rewardsPage shows the reward lists of a quarter as far as they are the viewer's business.
type rewardsPage struct {
	frame
	None  string
	Lists []listBlock // the latest first
	Pay   []act
	Links []task
}

type listBlock struct {
	Name, Say string
	Refused   string
	Tiles     tiles // for those who see all of it
	Sheets    []sheetBlock
}

// sheetBlock is a sheet with its lines.
type sheetBlock struct {
	ID, Department, State, Class string
	Say                          []string // signatures taken, an emergency
	Lines                        table
	Acts                         []act
}

// rewardsLatest leads to the last quarter with a list.
func (q *request) rewardsLatest() error {
	quarters := q.quarters(8)
	to := quarters[min(1, len(quarters)-1)]
	for _, of := range slices.Backward(quarters) {
		err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
			if len(r.Lists) > 0 {
				to = of
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return q.see("/rewards/"+to.String(), "")
}

func (q *request) rewards() error { return q.rewardsPage(nil) }

// signed is a reward list with what a page shows of it.
type signed struct {
	list  *reviews.RewardList
	lines []reviews.RewardLine
	may   map[string][]string // who may sign what is due, by sheet
}

// signedLists reads the lists of a quarter, the latest first.
func (q *request) signedLists(of period.Period) (list []signed, v policy.Version, err error) {
	r, err := reviews.Read(q.ctx(), q.company.Books, of, company.Always)
	if err != nil {
		return nil, v, err
	}
	question, _, err := q.company.Question(q.ctx(), of, 0)
	if err != nil {
		return nil, v, err
	}
	for _, l := range slices.Backward(r.Lists) {
		x := signed{list: l}
		if x.lines, err = l.ReadLines(q.company.Books); err != nil {
			return nil, v, err
		}
		if q.viewer.Employee != "" && unsigned(l) > 0 {
			d, err := q.desk(of)
			if err == nil {
				x.may, err = d.Signers(q.ctx(), of, l.Number, q.now())
			}
			if no, ok := errors.AsType[*reviews.Refusal](err); ok && no.Rule == "actor.unknown" {
				err = nil // somebody who has left signs nothing
			}
			if err != nil {
				return nil, v, err
			}
		}
		list = append(list, x)
	}
	return list, question.Version, nil
}

// seesSheet reports whether a sheet is the viewer's business: he sees all of them, leads the department in the quarter or today, or is one of those who may sign it.
// What he gets himself, he finds among the lines only if he sees everybody's.
func (q *request) seesSheet(x signed, of period.Period, department string) bool {
	if access.Everybody(q.viewer, access.Rewards) {
		return true
	}
	if slices.Contains(x.may[department], q.viewer.Employee) {
		return true
	}
	if department == "" { // of heads and of people without one: nobody leads it
		return false
	}
	return q.may(access.Rewards, access.Subject{Department: department, Period: of}) || q.may(access.Rewards, access.Subject{Department: department})
}

func (q *request) rewardsPage(f *fault) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	lists, v, err := q.signedLists(of)
	if err != nil {
		return err
	}
	p := &rewardsPage{frame: q.frame(fmt.Sprintf(q.say("%s奖惩名单", "Rewards of %s"), q.periodText(of)))}
	p.Fault = f
	p.Switch = q.periods(of, "/rewards/%s", q.quarters(8))
	var all []reviews.RewardLine
	for _, x := range lists {
		b, shown := q.listBlock(x, of, v)
		if len(b.Sheets) > 0 {
			p.Lists = append(p.Lists, b)
			all = append(all, shown...)
		}
	}
	if q.wantsCSV() {
		t := q.lineTable(v.Policy, nil, all)
		return q.download(&t, fmt.Sprintf(q.say("%s-奖惩", "%s-rewards"), of))
	}
	q.rewardExtras(p, of, lists)
	if f != nil {
		return q.renderStatus(f.Status, "rewards", p)
	}
	return q.render("rewards", p)
}

// rewardExtras adds what stands beside the lists: why there are none, the payroll, and further pages.
func (q *request) rewardExtras(p *rewardsPage, of period.Period, lists []signed) {
	base := "/rewards/" + of.String()
	switch {
	case len(lists) == 0:
		p.None = q.say("本季度还没有奖惩名单。封账之后由人力资源生成。", "There is no reward list of this quarter yet. Human resources draw it up after the seal.")
	case len(p.Lists) == 0:
		p.None = q.say("本季度的名单中没有由您负责的部门。", "The lists of this quarter hold no department of yours.")
	default:
		p.Downloads = []download{{base + "?format=csv", q.say("下载（CSV）", "Download (CSV)")}}
	}
	if len(lists) > 0 && q.may(access.Payroll, access.Subject{Period: of}) {
		kind := field{Name: "format", Label: q.say("格式", "Format"), Kind: "select", Choices: []menuItem{{Href: "xlsx", Text: "Excel"}, {Href: "csv", Text: q.say("CSV（供工资系统导入）", "CSV (for the payroll system)")}}}
		a := q.confirmed(base+"/payroll", "下载工资发放表", "Download the payroll", "只含已签完或先行发放的各表。", "It holds the sheets that are signed by all or paid ahead.", kind, q.passwordField())
		a.Button = q.say("下载", "Download")
		p.Pay = append(p.Pay, a)
	}
	if q.may(access.Workbook, access.Subject{Period: of}) {
		p.Links = append(p.Links, task{Href: base + "/candidates", Text: q.say("晋升人选与轮岗资格", "Candidates for promotion, and who may apply for rotation")})
	}
}

// passwordField asks for the password of a workbook.
func (q *request) passwordField() field {
	return field{Name: "password", Label: q.say("打开密码（可不填）", "Password to open it (optional)"), Kind: "password", Say: q.say("只对 Excel 文件有效；忘记后无法找回。", "For Excel files alone; nobody can recover it.")}
}

// listBlock shows the sheets of a list that are the viewer's business, and gives their lines.
func (q *request) listBlock(x signed, of period.Period, v policy.Version) (b listBlock, shown []reviews.RewardLine) {
	l := x.list
	b.Name = q.listName(l)
	b.Say = fmt.Sprintf(q.say("%s 由 %s 生成，依据封账号 %s，账序 %d。", "Drawn up %s by %s, on the seal %s and the ledger sequence %d."), q.moment(l.Drawn.At), q.personName(l.Drawn.Actor), strings.ToUpper(l.Seal[:12]), l.AsOf)
	if l.Refused != nil {
		b.Refused = fmt.Sprintf(q.say("%s 于 %s 退回：%s", "Refused by %s on %s: %s"), q.personName(l.Refused.Actor), q.moment(l.Refused.At), l.Refused.Text)
	}
	if access.Everybody(q.viewer, access.Rewards) {
		b.Tiles = tiles{{Name: q.say("人数", "People"), Value: fmt.Sprint(l.Lines)}, {Name: q.say("合计（元）", "Total (yuan)"), Value: yuan(l.Total)}, {Name: q.say("预算削减（元）", "Cut by the budget (yuan)"), Value: yuan(l.Cut)},
			{Name: q.say("签完的表", "Sheets signed"), Value: fmt.Sprintf("%d / %d", len(l.Sheets)-unsigned(l), len(l.Sheets))}}
	}
	for i := range l.Sheets {
		s := &l.Sheets[i]
		if !q.seesSheet(x, of, s.Department) {
			continue
		}
		lines := q.sheetLines(x, s.Department)
		shown = append(shown, lines...)
		b.Sheets = append(b.Sheets, q.sheetBlock(x, s, lines, of, v))
	}
	return b, shown
}

// sheetLines gives the lines of a sheet. Nobody leads himself: whoever sees a sheet only because he leads it or signs it does not see his own line.
func (q *request) sheetLines(x signed, department string) (lines []reviews.RewardLine) {
	all := access.Everybody(q.viewer, access.Rewards)
	for _, l := range x.lines {
		if l.Sheet == department && (all || l.Employee != q.viewer.Employee) {
			lines = append(lines, l)
		}
	}
	return lines
}

// sheetName names a sheet by its department.
func (q *request) sheetName(department string) string {
	if department == "" {
		return q.say("部门负责人及上无负责人的员工", "Heads, and people above whom no head stands")
	}
	return q.departmentName(department)
}

func (q *request) sheetBlock(x signed, s *reviews.Sheet, lines []reviews.RewardLine, of period.Period, v policy.Version) sheetBlock {
	b := sheetBlock{ID: fmt.Sprintf("list-%d-%s", x.list.Number, s.Department), Department: fmt.Sprintf(q.say("%s：%d 人，%s 元", "%s: %d people, %s yuan"), q.sheetName(s.Department), s.People, yuan(s.Total))}
	for _, y := range s.Signed() {
		line := fmt.Sprintf(q.say("✓ %s：%s 于 %s 签字", "✓ %s: signed by %s on %s"), y.Step.Name().In(q.lang), q.personName(y.Actor), q.moment(y.At))
		if y.MadeUp {
			line += q.say("（补签）", " (made up)")
		}
		if y.Late {
			line += q.say("（逾期）", " (late)")
		}
		b.Say = append(b.Say, line)
	}
	if e := s.Emergency; e != nil {
		b.Say = append(b.Say, fmt.Sprintf(q.say("▲ 先行发放：%s 于 %s 批准，理由：%s；补签期限 %s", "▲ paid ahead: approved by %s on %s, because: %s; to be signed by %s"), q.personName(e.Actor), q.moment(e.At), e.Text, q.moment(e.MakeUpBy)))
	}
	next := s.Next()
	switch {
	case x.list.Refused != nil:
		b.State = q.say("名单已退回，待重新生成", "The list was refused and is drawn up again")
	case next == "":
		b.State, b.Class = q.say("已签完，可以发放", "Signed by all; it may be paid"), "good"
	default:
		b.State = fmt.Sprintf(q.say("待%s签字", "Waits for: %s"), next.Name().In(q.lang))
		if may := x.may[s.Department]; len(may) > 0 {
			b.State += q.say("：", " – ") + q.people(may, 4)
		}
		q.sheetActs(&b, x, s, of)
	}
	b.Lines = q.lineTable(v.Policy, x.list, lines)
	b.Lines.Caption = q.sheetName(s.Department)
	return b
}

// sheetActs offers to sign and to refuse to whoever's turn it is, and to have a sheet paid ahead to those who may decide that.
func (q *request) sheetActs(b *sheetBlock, x signed, s *reviews.Sheet, of period.Period) {
	if !q.may(access.Sign, access.Subject{Period: of}) || q.viewer.Employee == "" {
		return
	}
	base := fmt.Sprintf("/rewards/%s/%d/", of, x.list.Number)
	hidden := []field{{Name: "department", Value: s.Department}, {Name: "total", Value: s.Total.String()}}
	offer := func(a act) {
		a.Hidden = hidden
		b.Acts = append(b.Acts, a)
	}
	if slices.Contains(x.may[s.Department], q.viewer.Employee) {
		offer(q.confirmed(base+"sign", "签字", "Sign", fmt.Sprintf("确认本表 %d 人、合计 %s 元无误。签字记入账本，不能撤回。", s.People, yuan(s.Total)), fmt.Sprintf("You confirm this sheet: %d people, %s yuan. The signature goes into the ledger and cannot be taken back.", s.People, yuan(s.Total))))
		if !slices.ContainsFunc(x.list.Sheets, func(s reviews.Sheet) bool { return s.Payable() }) {
			a := q.confirmed(base+"refuse", "退回", "Refuse", "整份名单退回人力资源重新生成，请写明理由。", "The whole list goes back to human resources and is drawn up again; say why.", q.reason())
			a.Danger = true
			offer(a)
		}
	}
	if s.Emergency == nil && (q.viewer.Has(access.Executive) || s.Department != "" && q.seat.org.LeadsDepartment(q.viewer.Employee, s.Department, period.MonthOf(q.today()))) {
		a := q.confirmed(base+"ahead", "先行发放", "Pay ahead", "应急时先发放、后补签；限额与补签期限按制度，请写明理由。", "In an emergency it is paid first and signed later, within the limit and the term of the regulation; say why.", q.reason())
		a.Danger = true
		offer(a)
	}
}

// lineTable lists who gets what, and how it comes about.
func (q *request) lineTable(p *policy.Policy, l *reviews.RewardList, lines []reviews.RewardLine) table {
	t := table{Caption: q.say("明细", "Lines"), Empty: q.say("没有人。", "Nobody."), Head: []head{words(q.say("姓名", "Name")), words(q.say("工号", "Number")), words(q.say("部门", "Department")), numbers(q.say("得分", "Score")), words(q.say("等级", "Band")), numbers(q.say("基数", "Base")),
		numbers(q.say("系数", "Coefficient")), numbers(q.say("天数×份额", "Days × share")), numbers(q.say("奖金", "Bonus")), numbers(q.say("超额奖", "Extra")), numbers(q.say("预算削减", "Cut")), numbers(q.say("已发", "Given")), numbers(q.say("应发（元）", "Amount (yuan)")), words(q.say("证书", "Certificate")), words(q.say("说明", "Note"))}}
	for _, x := range lines {
		weight := x.Weight.String()
		t.add(text(x.Name.In(q.lang)), text(x.Employee), text(q.departmentName(x.Department)), text(points(x.Total)), text(x.Band), text(amount(x.Base)), text(points(x.Coefficient)), text(weight), text(yuan(x.Bonus)), text(yuan(x.Extra)), text(yuan(x.Cut)),
			text(yuan(x.Before)), text(yuan(x.Amount)), text(x.Certificate), text(q.lineNote(p, x)))
	}
	return t
}

// lineNote says what is special about a line.
func (q *request) lineNote(p *policy.Policy, x reviews.RewardLine) string {
	var notes []string
	if x.Capped {
		notes = append(notes, q.say("有查实事件，系数受限", "a confirmed incident bounds the coefficient"))
	}
	for _, k := range strings.Fields(x.ExtraFor) {
		notes = append(notes, q.say("超额：", "exceeded: ")+q.kpiName(p, k))
	}
	switch x.Unpaid {
	case metrics.NoTotal:
		notes = append(notes, q.say("没有得分", "no score"))
	case metrics.NoBand:
		notes = append(notes, q.say("低于最低等级", "below the lowest band"))
	case metrics.NoBonus:
		notes = append(notes, q.say("制度没有奖金系数", "the policy has no coefficients"))
	case metrics.NoBase:
		notes = append(notes, q.say("没有奖金基数", "no bonus base"))
	}
	return strings.Join(notes, q.say("；", "; "))
}

// sheetStep signs, refuses or has a sheet paid ahead. A sheet that is none of the viewer's business does not exist for him.
func (q *request) sheetStep() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(q.r.PathValue("number"))
	if err != nil || number < 1 {
		return errNotFound
	}
	lists, _, err := q.signedLists(of)
	if err != nil {
		return err
	}
	department, reason := q.r.PostFormValue("department"), q.r.PostFormValue("reason")
	at := slices.IndexFunc(lists, func(x signed) bool { return x.list.Number == number })
	if at < 0 || lists[at].list.Sheet(department) == nil || !q.seesSheet(lists[at], of, department) {
		return errNotFound
	}
	if q.r.PostFormValue("total") != lists[at].list.Sheet(department).Total.String() {
		return refused("请求中的合计与本表不符，没有办理。", "The total in the request is not that of the sheet; nothing was done.", "请回到名单页，核对后再办理。", "Go back to the list, look at it, and try again.")
	}
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	done := ""
	switch q.r.PathValue("step") {
	case "sign":
		done, err = "signed", d.Sign(q.ctx(), of, number, department)
	case "refuse":
		done, err = "refused", d.RefuseList(q.ctx(), of, number, department, reason)
	case "ahead":
		done, err = "ahead", d.PayAhead(q.ctx(), of, number, department, reason, q.now())
	default:
		return errNotFound
	}
	if err != nil {
		f := q.faultOf(err)
		if f.Status >= http.StatusInternalServerError {
			return err
		}
		return q.rewardsPage(&f)
	}
	return q.see("/rewards/"+of.String(), done)
}

// payroll answers with what may be paid, as a file.
func (q *request) payroll() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	question, _, err := q.company.Question(q.ctx(), of, 0)
	if err != nil {
		return err
	}
	pay, err := q.company.Payroll(q.ctx(), of, question.Version, q.lang)
	if err != nil {
		return err
	}
	if len(pay.Lines) == 0 {
		return refused("本季度还没有可以发放的表。", "Nothing of this quarter may be paid yet.", "请先签完名单。", "Have the list signed first.")
	}
	password := q.r.PostFormValue("password")
	if q.r.PostFormValue("format") == "csv" {
		if password != "" {
			return refused("CSV 文件不能设密码。", "A CSV file cannot have a password.", "请选 Excel，或不填密码。", "Choose Excel, or leave the password blank.")
		}
		q.attach("text/csv; charset=utf-8", fmt.Sprintf("payroll-%s.csv", of))
		return company.PayrollTable(pay).Write(q.w, "csv")
	}
	return q.written(password, func(to reports.Folder) (string, error) {
		path, _, err := reports.WritePayroll(q.ctx(), to, pay, q.lang)
		return path, err
	})
}

type candidatesPage struct {
	frame
	Back      task
	Rule      string
	Table     table
	Rotations table
	NoRule    []string
}

// candidates lists who has earned a promotion, who lacks little, and who may apply for another department.
func (q *request) candidates() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	question, _, err := q.company.Question(q.ctx(), of, 0)
	if err != nil {
		return err
	}
	p := &candidatesPage{frame: q.frame(q.say("晋升人选与轮岗资格", "Promotion and rotation")), Back: task{Href: "/rewards/" + of.String(), Text: q.say("返回", "Back")}}
	p.Switch = q.periods(of, "/rewards/%s/candidates", q.quarters(8))
	for _, find := range []func(*candidatesPage, *policy.Policy, period.Period) error{q.promotions, q.rotations} {
		err := find(p, question.Version.Policy, of)
		if no, ok := errors.AsType[*reviews.Refusal](err); ok {
			p.NoRule = append(p.NoRule, no.Say.In(q.lang)+q.say("；", "; ")+no.Cure.In(q.lang))
		} else if err != nil {
			return err
		}
	}
	if q.wantsCSV() {
		if q.r.URL.Query().Get("of") == "rotation" {
			return q.download(&p.Rotations, q.say("轮岗资格", "rotation"))
		}
		return q.download(&p.Table, fmt.Sprintf(q.say("%s-晋升人选", "%s-candidates"), of))
	}
	p.Downloads = []download{{q.r.URL.Path + "?format=csv", q.say("下载晋升人选（CSV）", "Download candidates (CSV)")}, {q.r.URL.Path + "?format=csv&of=rotation", q.say("下载轮岗资格（CSV）", "Download rotation (CSV)")}}
	return q.render("candidates", p)
}

func (q *request) promotions(p *candidatesPage, in *policy.Policy, of period.Period) error {
	list, sealed, err := reviews.Candidates(q.ctx(), q.company.Books, in, of)
	if err != nil {
		return err
	}
	rule := in.Rewards.Promotion
	p.Rule = fmt.Sprintf(q.say("连续 %d 个封账季度不低于 %s，每年 %d 月晋升；截至本季度已连续封账 %d 个季度。", "%d sealed quarters in a row in %s or better, promotion each year in month %d; up to this quarter %d quarters are sealed in a row."), rule.Quarters, rule.Band.ID, rule.Month, len(sealed))
	p.Table = table{Caption: q.say("晋升人选，以及只差一季的人", "Candidates for promotion, and those who lack one quarter"), Empty: q.say("还没有人选：要有封账的季度才能计算。", "There are none yet: quarters have to be sealed first."),
		Head: []head{words(q.say("姓名", "Name")), words(q.say("工号", "Number")), words(q.say("部门", "Department")), words(q.say("等级（近者在前）", "Bands, latest first")), numbers(q.say("连续季度", "In a row")), numbers(q.say("还差", "Lacks")), words(q.say("达到", "Earned"))}}
	for _, x := range list {
		t := []cell{text(q.personName(x.Employee)), text(x.Employee), text(q.departmentName(x.Department)), text(strings.Join(x.Bands, " ")), text(fmt.Sprint(x.Run)), text(fmt.Sprint(max(int(rule.Quarters)-x.Run, 0))), text(q.yes(x.Earned))}
		p.Table.add(t...)
	}
	return nil
}

func (q *request) rotations(p *candidatesPage, in *policy.Policy, _ period.Period) error {
	list, err := reviews.Rotations(q.ctx(), q.company.Books, in, q.today())
	if err != nil {
		return err
	}
	p.Rotations = table{Caption: fmt.Sprintf(q.say("轮岗资格（满 %d 年，%s）", "Rotation (after %d years, %s)"), in.Rewards.RotationYears, q.today().Format(time.DateOnly)), Empty: q.say("现在没有在册的人。", "Nobody is on the staff now."),
		Head: []head{words(q.say("姓名", "Name")), words(q.say("工号", "Number")), words(q.say("部门", "Department")), words(q.say("在本部门始于", "Since")), words(q.say("可申请始于", "May apply from")), words(q.say("可申请", "May apply"))}}
	for _, x := range list {
		p.Rotations.add(text(x.Person.Name.In(q.lang)), text(x.Employee), text(q.departmentName(x.Department)), text(x.Since.Format(time.DateOnly)), text(x.From.Format(time.DateOnly)), text(q.yes(x.Eligible)))
	}
	return nil
}

// written lets a file be written into a folder that is gone afterwards, and answers with it.
func (q *request) written(password string, write func(to reports.Folder) (path string, err error)) error {
	dir, err := os.MkdirTemp("", "plumbline-web-")
	if err != nil {
		return fmt.Errorf("write a file for download: %w", err)
	}
	defer os.RemoveAll(dir)
	path, err := write(reports.Folder{Dir: dir, Password: password})
	if err != nil {
		return err
	}
	return q.sendFile(path)
}
