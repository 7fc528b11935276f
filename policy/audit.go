package policy

import (
	"slices"
	"strconv"
)

// Findings is the dataset that audits come back as.
const Findings = "findings"

// Audit says of which processes the quarterly audit looks at a sample, and who audits.
type Audit struct {
	Auditors  []string // roles whose holders are proposed; none: anybody
	Processes []*AuditProcess
}

// AuditProcess is one process that is audited by looking at some of its records.
type AuditProcess struct {
	ID         string
	Name       Text
	Dataset    *Dataset
	Item       string // the column that names the object; "": the key of the record
	Owner      string // the column with the employee who answers for it
	Department string // the column with the department; "", or blank: that of the owner on the day
	Day        string // a record belongs to the quarter of this day
	Where      *Expr  // only these records; nil: all
	PerStratum int64  // records drawn from each department
	Place      Place
}

// Process gives the process with the id, or nil.
func (a *Audit) Process(id string) *AuditProcess {
	for _, p := range a.Processes {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// AuditMost is the most records that may be drawn from a stratum.
const AuditMost = 1000

// audit reads what is audited. It stands in company.yaml, but names datasets.
func (c *checker) audit(n *node, key Place) {
	if n == nil {
		return
	}
	o, ok := c.object(n, key, "audit")
	if !ok {
		return
	}
	if n := o.find("auditors"); n != nil {
		words, places := c.words(n)
		for i, w := range words {
			c.auditor(&node{place: places[i], text: w})
		}
	}
	for _, p := range c.entries(o.need("processes")) {
		valid := c.named(p.key, false)
		if c.policy.Audit.Process(p.key.text) != nil {
			c.twice(p.key, "processes")
			continue
		}
		if o, ok := c.object(p.value, p.key.place, "audit_process"); ok {
			if x := c.auditProcess(p.key, o); valid {
				c.policy.Audit.Processes = append(c.policy.Audit.Processes, x)
			}
		}
	}
}

// auditor reads a role of the list of memberships.
func (c *checker) auditor(n *node) {
	var roles []string
	if d := c.policy.Dataset(Memberships); d != nil && d.Column("role") != nil {
		for _, v := range d.Column("role").Values {
			roles = append(roles, v.Value)
		}
	}
	switch {
	case slices.Contains(c.policy.Audit.Auditors, n.text):
		c.twice(n, "auditors")
	case !slices.Contains(roles, n.text):
		c.fault(n.place, say("没有“%s”这个角色", "there is no role “%s”", clip(n.text)), oneOfCure(n.text, roles))
	default:
		c.policy.Audit.Auditors = append(c.policy.Audit.Auditors, n.text)
	}
}

func (c *checker) auditProcess(key *node, o *object) *AuditProcess {
	x := &AuditProcess{ID: key.text, Place: key.place, Name: c.bilingual(o.need("name"), maxName), Dataset: c.datasetNamed(o.need("dataset"))}
	item, owner, department, day, where := o.find("item"), o.need("owner"), o.find("department"), o.need("day"), o.find("where")
	x.PerStratum = c.perStratum(o.need("per_stratum"))
	if x.Dataset == nil {
		return x
	}
	if item != nil {
		x.Item = c.columnOf(x.Dataset, item, true)
	}
	if department != nil {
		x.Department = c.columnOf(x.Dataset, department, true, TypeDepartment)
	}
	x.Owner = c.columnOf(x.Dataset, owner, true, TypeEmployee)
	x.Day = c.columnOf(x.Dataset, day, true, TypeDate, TypeDatetime)
	if where != nil {
		e := c.expression(where, x.Dataset, qualityUse)
		x.Where = &e
	}
	return x
}

// perStratum reads a number of records, or a parameter with one.
func (c *checker) perStratum(n *node) int64 {
	if n == nil {
		return 0
	}
	before := len(c.faults)
	v := c.figure(n)
	if len(c.faults) > before {
		return 0
	}
	many, err := strconv.ParseInt(v.String(), 10, 64)
	if err != nil || many < 1 || many > AuditMost {
		c.fault(n.place, say("%s 不是 1 到 %d 的整数", "%s is not a whole number from 1 to %d", v, AuditMost), say("写每个部门抽几条，或参数名", "write how many are drawn per department, or a parameter"))
		return 0
	}
	return many
}

// audit tells what is audited, for Diff.
func (s *sayings) audit(a *Audit) {
	if len(a.Auditors) > 0 {
		s.about(AuditPart, "", Text{"审计人", "Auditors"})
		s.add("auditors", Text{"可任审计人的角色", "roles of auditors"}, joined(a.Auditors))
	}
	for _, p := range a.Processes {
		s.about(AuditPart, p.ID, p.Name)
		s.add("dataset", Text{"记录", "dataset"}, plain(p.Dataset.ID))
		s.add("item", Text{"抽查对象列", "column of the object"}, plain(p.Item))
		s.add("owner", Text{"负责人列", "column of the owner"}, plain(p.Owner))
		s.add("department", Text{"部门列", "column of the department"}, plain(p.Department))
		s.add("day", Text{"日期列", "column of the day"}, plain(p.Day))
		s.add("per_stratum", Text{"每个部门抽几条", "drawn per department"}, plain(strconv.FormatInt(p.PerStratum, 10)))
		s.expression("where", Text{"条件", "condition"}, p.Where)
	}
}
