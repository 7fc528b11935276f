package access

import (
	"slices"

	"plumbline/internal/period"
	"plumbline/policy"
)

// Role is what somebody is in the company, as far as this service goes.
type Role string

// The roles. Employee and Manager are told from the organisation: who has an employee number, and who leads somebody; the others are granted to an account.
const (
	Employee  Role = "employee"
	Manager   Role = "manager"
	Executive Role = "executive"
	HR        Role = "hr"
	Auditor   Role = "auditor"
	Finance   Role = "finance"
	Admin     Role = "admin"
)

// Roles lists all roles, in the order in which they are shown.
var Roles = []Role{Employee, Manager, Executive, HR, Auditor, Finance, Admin}

var roleNames = map[Role]policy.Text{
	Employee: {ZH: "员工", EN: "employee"}, Manager: {ZH: "主管", EN: "manager"}, Executive: {ZH: "高管", EN: "executive"}, HR: {ZH: "人力资源", EN: "human resources"},
	Auditor: {ZH: "审计", EN: "auditor"}, Finance: {ZH: "财务", EN: "finance"}, Admin: {ZH: "系统管理", EN: "administrator"},
}

// Name gives the role in words.
func (r Role) Name() policy.Text { return roleNames[r] }

// Scope is how far an action reaches.
type Scope string

// The scopes.
const (
	Nothing Scope = ""
	Own     Scope = "own" // the viewer himself
	Led     Scope = "led" // departments that he leads, with those below, and people there: in periods in which he did, on the days on which he did
	All     Scope = "all"
)

// Action is something that a viewer does.
type Action string

// The actions. Reading and writing are apart; what concerns a person is apart from what concerns a department.
const (
	Home       Action = "home"              // the start page, what is to be done, search, preferences, own sessions
	Person     Action = "person.read"       // a person's KPIs, score, derivation, history
	SelfRead   Action = "self.read"         // a person's self-review
	SelfWrite  Action = "self.write"        // write and submit it
	SelfReopen Action = "self.reopen"       // give it back
	Evidence   Action = "evidence.read"     // the rows behind a person's figures
	Appeal     Action = "appeal.write"      // file, escalate, withdraw
	Department Action = "department.read"   // figures and charts of a department, without people
	People     Action = "people.read"       // the people of a department with their scores
	Rows       Action = "rows.read"         // the rows behind a department's figures
	Evaluate   Action = "evaluate"          // write, submit and return evaluations, and read those in the making
	Calibrate  Action = "calibrate"         // set points, close and open a department
	Cases      Action = "appeal.read"       // an appeal with the evaluation that it is about; the page shows those that the viewer may decide, to human resources all
	Mediate    Action = "mediate"           // decide an appeal in the department; of the executives only the CEO, where it falls to him
	Deputise   Action = "deputise"          // name and revoke deputies
	Company    Action = "company.read"      // figures and charts of the company and all departments, without people
	Pack       Action = "pack.read"         // the pack of the strategy meeting
	Arbitrate  Action = "arbitrate"         // decide an appeal for human resources
	Rounds     Action = "rounds.write"      // open, exempt, publish, seal, approve, draw
	RoundsRead Action = "rounds.read"       // states, deadlines, verification
	Files      Action = "files.read"        // files, quarantine, data quality by person
	Upload     Action = "files.write"       // take files in, correct, dismiss, withdraw
	Policy     Action = "policy.read"       // the regulation as data
	Adopt      Action = "policy.write"      // check, simulate, adopt
	Workbook   Action = "workbook.export"   // the HR workbook and machine tables of everybody
	Rewards    Action = "rewards.read"      // reward lists
	Sign       Action = "rewards.sign"      // sign, refuse, pay ahead
	Payroll    Action = "payroll.export"    // what is to be paid
	Audits     Action = "audit.read"        // the audit sample
	Surveys    Action = "surveys.read"      // anonymous answers, as far as they may be shown
	Notices    Action = "notices.write"     // what people are told; call sheet
	Trail      Action = "trail.read"        // who read and changed what
	Accounts   Action = "accounts.write"    // accounts, roles, sessions of others
	Operation  Action = "operation.read"    // jobs, backups, health
	Operate    Action = "operation.write"   // run a job, make a backup
	Tokens     Action = "tokens.write"      // own tokens of the API
	Open       Action = "open"              // what needs no account: sign-in, assets, health
	SignedIn   Action = "signed_in"         // what needs an account and nothing else: sign-out, second factor, own password
	APIRead    Action = "api.records.read"  // records of any dataset
	APIWrite   Action = "api.records.write" // push records
)

// table is the one table. What is missing in it is refused.
var table = map[Action]map[Role]Scope{
	Home:       {Employee: Own, Manager: Own, Executive: Own, HR: Own, Auditor: Own, Finance: Own, Admin: Own},
	Person:     {Employee: Own, Manager: Led, HR: All, Auditor: All},
	SelfRead:   {Employee: Own, Manager: Led, HR: All, Auditor: All},
	SelfWrite:  {Employee: Own},
	SelfReopen: {Manager: Led, HR: All},
	Evidence:   {Employee: Own, Manager: Led, HR: All, Auditor: All},
	Appeal:     {Employee: Own},
	Department: {Manager: Led, Executive: All, HR: All, Auditor: All},
	People:     {Manager: Led, HR: All, Auditor: All},
	Rows:       {Manager: Led, HR: All, Auditor: All},
	Evaluate:   {Manager: Led, HR: All},
	Calibrate:  {Manager: Led, HR: All},
	Cases:      {Manager: Led, Executive: All, HR: All},
	Mediate:    {Manager: Led, Executive: All},
	Deputise:   {Manager: Own, HR: All},
	Company:    {Executive: All, HR: All, Auditor: All},
	Pack:       {Executive: All, HR: All, Auditor: All},
	Arbitrate:  {HR: All},
	Rounds:     {HR: All},
	RoundsRead: {HR: All, Auditor: All},
	Files:      {HR: All, Auditor: All},
	Upload:     {HR: All},
	Policy:     {Employee: All, Manager: All, Executive: All, HR: All, Auditor: All, Finance: All},
	Adopt:      {HR: All},
	Workbook:   {HR: All, Auditor: All},
	Rewards:    {Manager: Led, Executive: All, HR: All, Auditor: All, Finance: All},
	Sign:       {Manager: Led, Executive: All, HR: All, Finance: All},
	Payroll:    {HR: All, Finance: All},
	Audits:     {HR: All, Auditor: All},
	Surveys:    {Executive: All, HR: All, Auditor: All},
	Notices:    {HR: All},
	Trail:      {Auditor: All},
	Accounts:   {HR: All, Admin: All}, // human resources only those without granted roles, and nothing by which one could act as somebody else
	Operation:  {Admin: All},
	Operate:    {Admin: All},
	Tokens:     {Employee: Own, Manager: Own, Executive: Own, HR: Own, Auditor: Own, Finance: Own, Admin: Own},
	APIRead:    {HR: All, Auditor: All},
	APIWrite:   {HR: All},
}

// Actions lists the actions of the table in a fixed order, without Open and SignedIn, which ask for no role.
func Actions() (list []Action) {
	for a := range table {
		list = append(list, a)
	}
	slices.Sort(list)
	return list
}

// Known reports whether an action is one that the table or the door decides.
func Known(a Action) bool { return a == Open || a == SignedIn || table[a] != nil }

// ScopeOf gives how far an action of a role reaches.
func ScopeOf(a Action, r Role) Scope { return table[a][r] }

// Viewer is somebody who is signed in.
type Viewer struct {
	Login    string
	Employee string // employee number; "" for somebody who is none, such as an outside auditor
	Roles    []Role
}

// Has reports whether the viewer has a role.
func (v Viewer) Has(r Role) bool { return slices.Contains(v.Roles, r) }

// Subject is what an action is about. The zero value is about nobody in particular, as a start page is.
type Subject struct {
	Employee   string
	Department string        // of a person: only the time in it
	Period     period.Period // zero: today
}

// Org says who leads whom.
type Org interface {
	// LeadsDepartment reports whether somebody heads a department, or one above it, on a day of a period.
	LeadsDepartment(head, department string, of period.Period) bool
	// LeadsPerson reports whether somebody stood above a person on a day of a period: in a department, or in any when it is "".
	LeadsPerson(head, employee, department string, of period.Period) bool
}

// May reports whether a viewer may do something: whether one of the roles reaches the subject.
func May(v Viewer, a Action, s Subject, org Org) bool {
	for _, r := range v.Roles {
		if reaches(table[a][r], v, s, org) {
			return true
		}
	}
	return false
}

// reaches reports whether a scope covers a subject.
func reaches(scope Scope, v Viewer, s Subject, org Org) bool {
	switch scope {
	case All:
		return true
	case Own:
		return s.Department == "" && s.Employee == "" || v.Employee != "" && s.Employee == v.Employee
	case Led:
		switch {
		case v.Employee == "" || s.Employee == v.Employee:
			return false // nobody leads himself
		case s.Employee != "":
			return org.LeadsPerson(v.Employee, s.Employee, s.Department, s.Period)
		case s.Department != "":
			return org.LeadsDepartment(v.Employee, s.Department, s.Period)
		}
		return true // a list of what he leads: whoever shows it asks again for each line
	}
	return false
}

// Anywhere reports whether a viewer may do something to anybody at all: for menus.
func Anywhere(v Viewer, a Action) bool {
	return slices.ContainsFunc(v.Roles, func(r Role) bool { return table[a][r] != Nothing })
}

// Everybody reports whether a viewer may do something to everybody.
func Everybody(v Viewer, a Action) bool {
	return slices.ContainsFunc(v.Roles, func(r Role) bool { return table[a][r] == All })
}
