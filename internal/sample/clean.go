package sample

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// columns of each dataset, in file order; headers are their words in the files.
var (
	departmentHeader  = []string{"部门编号", "部门名称", "英文名称", "上级部门编号", "部门类别", "组织形式"}
	employeeHeader    = []string{"工号", "姓名", "英文名", "邮箱", "入职日期", "离职日期", "岗位"}
	membershipHeader  = []string{"工号", "部门编号", "任职开始", "任职结束", "角色", "直接上级工号"}
	workLogHeader     = []string{"日志编号", "工号", "工作日期", "填写日期", "实际工时", "计划工时", "项目名称", "工作内容"}
	deliveryHeader    = []string{"交付编号", "负责人工号", "项目名称", "交付内容", "创建日期", "承诺日期", "实际交付日期"}
	opportunityHeader = []string{"商机编号", "负责人工号", "客户名称", "创建日期", "结案日期", "到达阶段", "结果", "金额"}
)

var (
	stageNames   = [...]string{stageLead: "线索", stageNeeds: "需求确认", stageProposal: "方案报价", stageContract: "合同谈判", stageClosed: "结案"}
	outcomeNames = [...]string{won: "赢单", lost: "输单", open: "进行中"}
)

// output writes files below a folder and remembers them.
type output struct {
	dir         string
	created     []string
	summary     Summary
	done, total int64
	progress    func(done, total int64)
}

// progressEvery is the number of rows between two reports.
const progressEvery = 1 << 16

// file creates a file, hands a writer to fill, and closes it; fill returns the number of data rows.
func (o *output) file(name, dataset string, fill func(w *bufio.Writer) (int64, error)) (err error) {
	path := filepath.Join(o.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	o.created = append(o.created, path)
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	w := bufio.NewWriterSize(f, 1<<18)
	rows, err := fill(w)
	if err != nil {
		return err
	}
	o.add(File{Name: name, Dataset: dataset, Rows: rows})
	return w.Flush()
}

func (o *output) add(f File) {
	o.summary.Files = append(o.summary.Files, f)
	o.summary.Rows += f.Rows
}

// row counts a fact row for progress.
func (o *output) row() {
	o.done++
	if o.progress != nil && (o.done%progressEvery == 0 || o.done == o.total) {
		o.progress(o.done, o.total)
	}
}

// remove deletes what was begun; what stays behind would look like a company.
func (o *output) remove() {
	for _, path := range o.created {
		_ = os.Remove(path)
		if folder := filepath.Dir(path); folder != filepath.Clean(o.dir) {
			_ = os.Remove(folder) // succeeds once it is empty
		}
	}
}

// writeClean writes the company as plain CSV.
func writeClean(ctx context.Context, out *output, g *generator) error {
	for _, t := range []struct {
		name, dataset string
		header        []string
		rows          [][]string
	}{
		{"departments.csv", "departments", departmentHeader, g.departmentRows()},
		{"employees.csv", "employees", employeeHeader, g.employeeRows()},
		{"memberships.csv", "memberships", membershipHeader, g.membershipRows()},
	} {
		err := out.file(t.name, t.dataset, func(w *bufio.Writer) (int64, error) {
			writeRow(w, t.header)
			for _, row := range t.rows {
				writeRow(w, row)
			}
			return int64(len(t.rows)), nil
		})
		if err != nil {
			return err
		}
	}
	for m := range g.calendar.months {
		if err := writeLogs(ctx, out, g, m); err != nil {
			return err
		}
	}
	if err := byQuarter(g, func(quarter string, months []int) error { return writeDeliveries(ctx, out, g, quarter, months) }); err != nil {
		return err
	}
	return byQuarter(g, func(quarter string, months []int) error { return writeOpportunities(ctx, out, g, quarter, months) })
}

// byQuarter calls f for each quarter with its months.
func byQuarter(g *generator, f func(quarter string, months []int) error) error {
	var months []int
	for m, this := range g.calendar.months {
		months = append(months, m)
		if m+1 < len(g.calendar.months) && g.calendar.months[m+1].quarter == this.quarter {
			continue
		}
		if err := f(this.quarter, months); err != nil {
			return err
		}
		months = nil
	}
	return nil
}

func writeLogs(ctx context.Context, out *output, g *generator, m int) error {
	name := fmt.Sprintf("work_logs-%s.csv", g.calendar.months[m].period)
	return out.file(name, "work_logs", func(w *bufio.Writer) (rows int64, err error) {
		writeRow(w, workLogHeader)
		var b []byte
		err = g.eachLog(ctx, m, func(r *workLog) error {
			b = appendID(b[:0], "WL", r.id)
			b = append(appendPadded(b, int64(r.no), 5), ',')
			b = append(g.calendar.appendISO(b, r.on), ',')
			b = append(g.calendar.appendISO(b, r.logged), ',')
			b = append(appendHalves(b, r.hours), ',')
			b = append(appendHalves(b, r.planned), ',')
			b = append(append(append(b, r.place...), r.theme...), ',')
			b = append(append(b, r.task...), '\n')
			rows++
			out.row()
			_, err := w.Write(b)
			return err
		})
		return rows, err
	})
}

func writeDeliveries(ctx context.Context, out *output, g *generator, quarter string, months []int) error {
	return out.file("deliveries-"+quarter+".csv", "deliveries", func(w *bufio.Writer) (rows int64, err error) {
		writeRow(w, deliveryHeader)
		var b []byte
		for _, m := range months {
			err = g.eachDelivery(ctx, m, func(r *delivery) error {
				b = appendID(b[:0], "JF", r.id)
				b = append(appendPadded(b, int64(r.no), 5), ',')
				b = append(append(append(b, r.place...), r.theme...), ',')
				b = append(append(b, r.item...), ',')
				b = append(g.calendar.appendISO(b, r.created), ',')
				b = append(g.calendar.appendISO(b, r.due), ',')
				b = append(g.calendar.appendISO(b, r.delivered), '\n')
				rows++
				out.row()
				_, err := w.Write(b)
				return err
			})
			if err != nil {
				return rows, err
			}
		}
		return rows, nil
	})
}

func writeOpportunities(ctx context.Context, out *output, g *generator, quarter string, months []int) error {
	return out.file("opportunities-"+quarter+".csv", "opportunities", func(w *bufio.Writer) (rows int64, err error) {
		writeRow(w, opportunityHeader)
		var b []byte
		for _, m := range months {
			err = g.eachOpportunity(ctx, m, func(r *opportunity) error {
				b = appendID(b[:0], "SJ", r.id)
				b = append(appendPadded(b, int64(r.no), 5), ',')
				b = append(append(append(b, r.client...), r.trade...), ',')
				b = append(g.calendar.appendISO(b, r.created), ',')
				b = append(g.calendar.appendISO(b, r.closed), ',')
				b = append(append(b, stageNames[r.stage]...), ',')
				b = append(append(b, outcomeNames[r.outcome]...), ',')
				b = append(appendAmount(b, r.amount), '\n')
				rows++
				out.row()
				_, err := w.Write(b)
				return err
			})
			if err != nil {
				return rows, err
			}
		}
		return rows, nil
	})
}

// departmentRows are the departments as texts, in the order of departmentHeader.
func (c *company) departmentRows() [][]string {
	var rows [][]string
	for _, d := range c.departments {
		parent, structure := "", "扁平"
		if d.parent >= 0 {
			parent = c.departments[d.parent].id
		}
		if d.matrix {
			structure = "矩阵"
		}
		rows = append(rows, []string{d.id, d.name, d.nameEN, parent, kindNames[d.kind], structure})
	}
	return rows
}

// byNumber lists the people by employee number.
func (c *company) byNumber() []*person {
	people := make([]*person, len(c.people))
	for i := range c.people {
		people[c.people[i].no-1] = &c.people[i]
	}
	return people
}

// employeeRows are the people as texts, in the order of employeeHeader.
func (c *company) employeeRows() [][]string {
	var rows [][]string
	officers := c.officers()
	for _, p := range c.byNumber() {
		title, ok := officers[p]
		if !ok {
			title = c.position(p.posts[len(p.posts)-1])
		}
		rows = append(rows, []string{employeeNo(p.no), p.name, p.nameEN, fmt.Sprintf("u%05d@example.com", p.no),
			p.hired.String(), p.left.String(), title})
	}
	return rows
}

// officers gives the titles of those who hold an office of the company: the first two specialists of general management who stay.
func (c *company) officers() map[*person]string {
	offices, titles := []string{"人力资源经理", "财务经理"}, map[*person]string{}
	for i := range c.people {
		p := &c.people[i]
		last := p.posts[len(p.posts)-1]
		if c.departments[last.department].kind != support || last.role != specialist || p.left != 0 || len(p.posts) > 1 {
			continue
		}
		if titles[p] = offices[len(titles)]; len(titles) == len(offices) {
			break
		}
	}
	return titles
}

// position is the job title that goes with a post.
func (c *company) position(q post) string {
	titles := [...][3]string{
		sales:       {specialist: "销售代表", supervisor: "销售主管", head: "销售经理"},
		engineering: {specialist: "工程师", supervisor: "技术主管", head: "技术经理"},
		support:     {specialist: "综合专员", supervisor: "综合主管", head: "综合经理"},
	}
	if c.departments[q.department].matrix {
		return [3]string{specialist: "创新服务专员", supervisor: "组长", head: "总监"}[q.role]
	}
	return titles[c.departments[q.department].kind][q.role]
}

// membershipRows are the posts as texts, in the order of membershipHeader.
func (c *company) membershipRows() [][]string {
	var rows [][]string
	for _, p := range c.byNumber() {
		for _, q := range p.posts {
			d, superior := c.departments[q.department], ""
			if q.superior >= 0 {
				superior = employeeNo(c.people[q.superior].no)
			}
			name := [3]string{specialist: "专员", supervisor: "主管", head: "部门负责人"}[q.role]
			if d.matrix {
				name = [3]string{specialist: "专员", supervisor: "组长", head: "总监"}[q.role]
			}
			rows = append(rows, []string{employeeNo(p.no), d.id, q.from.String(), q.to.String(), name, superior})
		}
	}
	return rows
}

// writeRow writes cells that need no quotes; an error of the writer shows when it is flushed.
func writeRow(w io.StringWriter, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			_, _ = w.WriteString(",")
		}
		_, _ = w.WriteString(cell)
	}
	_, _ = w.WriteString("\n")
}

// appendID adds a record number such as WL00000017 and a comma.
func appendID(b []byte, prefix string, id int64) []byte {
	return append(appendPadded(append(b, prefix...), id, 8), ',')
}

// appendPadded adds n with leading zeros to the width.
func appendPadded(b []byte, n int64, width int) []byte {
	var digits [20]byte
	at := len(digits)
	for ; n > 0 || len(digits)-at < width; n /= 10 {
		at--
		digits[at] = byte('0' + n%10)
	}
	return append(b, digits[at:]...)
}

// appendHalves adds half hours as hours: 15 is 7.5.
func appendHalves(b []byte, n int) []byte {
	b = strconv.AppendInt(b, int64(n/2), 10)
	if n%2 == 1 {
		b = append(b, ".5"...)
	}
	return b
}

// appendAmount adds yuan with two decimals, and nothing for an unknown amount.
func appendAmount(b []byte, yuan int) []byte {
	if yuan < 0 {
		return b
	}
	return append(strconv.AppendInt(b, int64(yuan), 10), ".00"...)
}
