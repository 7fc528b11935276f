package sample

import (
	"bufio"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"text/template"
)

//go:embed readme.md.tmpl
var readmeText string

var readme = template.Must(template.New("README.md").Parse(readmeText))

// writeLists writes faults.csv and README.md, which tell where the faults are.
func writeLists(out *output, c *clerk) error {
	faults := out.summary.Faults
	err := out.file("faults.csv", "", func(w *bufio.Writer) (int64, error) {
		list := csv.NewWriter(w)
		rows := [][]string{{"file", "sheet", "row", "column", "rule", "what_zh", "what_en"}}
		for _, f := range faults {
			rows = append(rows, []string{f.File, f.Sheet, strconv.Itoa(f.Row), f.Column, f.Rule, f.ZH, f.EN})
		}
		return 0, list.WriteAll(rows)
	})
	if err != nil {
		return err
	}
	return out.file("README.md", "", func(w *bufio.Writer) (int64, error) {
		return 0, readme.Execute(w, c.tell(out.summary))
	})
}

// portrait is what README.md tells of the company.
type portrait struct {
	First, Last, Seed                     string
	Employees, Bad, Totals                int
	Accepted, Refused                     int
	Departments                           []section
	Files                                 []File
	Faults                                []Fault
	Mover, MovedOn, MovedFrom, MovedTo    string
	Namesake, NamesakeNos, CEO            string
	Hired, Left                           int
	Sharer, SharedOn, SharedBy, PartTimer string
	Renamed, RenamedOn, NewName           string
	Below, BelowOn, OldParent, NewParent  string
}

// section is a department with its number of people on the last day.
type section struct {
	ID, Name, Parent, Kind string
	People                 int
}

func (c *clerk) tell(s Summary) portrait {
	g := c.generator
	p := portrait{First: g.calendar.first.String(), Last: g.calendar.last.String(), Seed: strconv.FormatUint(g.seed, 10),
		Employees: len(g.people), Files: s.Files, Faults: s.Faults, CEO: ceoName.zh + " " + employeeNo(g.ceoNo())}
	for _, f := range s.Faults {
		switch {
		case strings.HasPrefix(f.Rule, "accepted."):
			p.Accepted++
		case strings.HasPrefix(f.Rule, "file."):
			p.Refused++
		case f.Rule == "row.total":
			p.Totals++
		default:
			p.Bad++
		}
	}
	for i, row := range g.departmentRows() {
		d := section{ID: row[0], Name: row[1], Parent: row[3], Kind: row[4]}
		for k := range g.people {
			if q := g.people[k].postOn(g.calendar.last); q != nil && q.department == i {
				d.People++
			}
		}
		p.Departments = append(p.Departments, d)
	}
	g.tellPeople(&p)
	c.tellOrganisation(&p)
	return p
}

// tellOrganisation tells who shares himself, who works part-time, and what departments became.
func (c *clerk) tellOrganisation(p *portrait) {
	name := func(i int) string { return c.people[i].name + " " + employeeNo(c.people[i].no) }
	p.Sharer, p.SharedOn, p.PartTimer = name(c.sharer), c.quarter.String(), name(c.partTimer)
	p.SharedBy = fmt.Sprintf("%s %d%%, %s %d%%", c.departments[c.people[c.sharer].posts[0].department].id, mainShare, c.departments[c.second].id, 100-mainShare)
	x := c.changes()
	renamed, moved := c.departments[x[0].department], c.departments[x[1].department]
	p.Renamed, p.RenamedOn, p.NewName = renamed.id+" "+renamed.name, x[0].on.String(), x[0].name
	p.Below, p.BelowOn, p.OldParent, p.NewParent = moved.id+" "+moved.name, x[1].on.String(), c.departments[moved.parent].id, c.departments[x[1].parent].id
}

// tellPeople finds who changed department, who came and went, and who shares a name.
func (g *generator) tellPeople(p *portrait) {
	seen := map[string]int{}
	for _, who := range g.byNumber() {
		if who.hired >= g.calendar.first {
			p.Hired++
		}
		if who.left != 0 {
			p.Left++
		}
		if len(who.posts) > 1 {
			p.Mover, p.MovedOn = who.name+" "+employeeNo(who.no), who.posts[1].from.String()
			p.MovedFrom, p.MovedTo = g.departments[who.posts[0].department].name, g.departments[who.posts[1].department].name
		}
		if other := seen[who.name]; other != 0 {
			p.Namesake, p.NamesakeNos = who.name, fmt.Sprintf("%s, %s", employeeNo(other), employeeNo(who.no))
		}
		seen[who.name] = who.no
	}
}
