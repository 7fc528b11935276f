package access_test

import (
	"slices"
	"testing"

	"plumbline/access"
	"plumbline/internal/period"
)

// org lets 00047 lead D003 and 00012 in it, in the third quarter alone.
type org struct{}

func (org) LeadsDepartment(head, department string, of period.Period) bool {
	return head == "00047" && department == "D003" && of.String() == "2026Q3"
}

func (o org) LeadsPerson(head, employee, department string, of period.Period) bool {
	return employee == "00012" && (department == "" || department == "D003") && o.LeadsDepartment(head, "D003", of)
}

func quarter(t *testing.T, s string) period.Period {
	t.Helper()
	p, err := period.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestScopesReachNoFurther(t *testing.T) {
	now, before := quarter(t, "2026Q3"), quarter(t, "2026Q2")
	employee := access.Viewer{Employee: "00012", Roles: []access.Role{access.Employee}}
	manager := access.Viewer{Employee: "00047", Roles: []access.Role{access.Employee, access.Manager}}
	for _, x := range []struct {
		name    string
		v       access.Viewer
		a       access.Action
		s       access.Subject
		allowed bool
	}{
		{"oneself", employee, access.Person, access.Subject{Employee: "00012", Period: now}, true},
		{"a colleague", employee, access.Person, access.Subject{Employee: "00016", Period: now}, false},
		{"the own department as a whole", employee, access.Department, access.Subject{Department: "D003", Period: now}, false},
		{"somebody led", manager, access.Person, access.Subject{Employee: "00012", Department: "D003", Period: now}, true},
		{"somebody led, elsewhere", manager, access.Person, access.Subject{Employee: "00012", Department: "D001", Period: now}, false},
		{"somebody not led yet", manager, access.Person, access.Subject{Employee: "00012", Period: before}, false},
		{"a department led", manager, access.Department, access.Subject{Department: "D003", Period: now}, true},
		{"a foreign department", manager, access.Department, access.Subject{Department: "D002", Period: now}, false},
		{"to judge oneself", manager, access.Evaluate, access.Subject{Employee: "00047", Department: "D003", Period: now}, false},
		{"nobody in particular", manager, access.Evaluate, access.Subject{}, true},
	} {
		if got := access.May(x.v, x.a, x.s, org{}); got != x.allowed {
			t.Errorf("%s: %t", x.name, got)
		}
	}
}

// TestRolesKeepApart holds the table against what each role is for.
func TestRolesKeepApart(t *testing.T) {
	ofPeople := []access.Action{access.Person, access.SelfRead, access.Evidence, access.People, access.Rows, access.Evaluate, access.Rewards, access.Payroll, access.Workbook, access.APIRead}
	writing := []access.Action{access.SelfWrite, access.SelfReopen, access.Appeal, access.Evaluate, access.Calibrate, access.Mediate, access.Arbitrate, access.Rounds, access.Upload, access.Adopt, access.Sign, access.Accounts, access.Operate, access.APIWrite}
	for _, a := range access.Actions() {
		if !access.Known(a) {
			t.Errorf("%s is not known", a)
		}
		if s := access.ScopeOf(a, access.Admin); s != access.Nothing && slices.Contains(ofPeople, a) {
			t.Errorf("an administrator has %s: %s", a, s)
		}
		if s := access.ScopeOf(a, access.Auditor); s != access.Nothing && slices.Contains(writing, a) {
			t.Errorf("an auditor writes: %s", a)
		}
		if access.May(access.Viewer{Login: "x"}, a, access.Subject{}, org{}) || access.Anywhere(access.Viewer{Login: "x"}, a) {
			t.Errorf("somebody without roles has %s", a)
		}
	}
	if access.ScopeOf(access.Person, access.Executive) != access.Nothing || access.Known("made.up") {
		t.Error("executives see aggregates, and what is made up is not known")
	}
}
