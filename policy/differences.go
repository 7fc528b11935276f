package policy

import (
	"slices"
)

// Difference is one thing that two policies say differently. A thing that only one of them has is one Difference without Field, whose
// Old or New is "".
type Difference struct {
	Part     Part
	ID       string // of the parameter, band, dataset, KPI and so on
	Name     Text
	Field    string // as in the file, such as "target conversion_rate"; "" for the whole thing
	What     Text   // the same in words
	Old, New Text   // "" where it is not there
}

// Part is a part of a policy.
type Part string

// The parts, in the order in which differences are told.
const (
	CompanyPart    Part = "company"
	ParametersPart Part = "parameters"
	BandsPart      Part = "bands"
	ScorecardsPart Part = "scorecards"
	KPIsPart       Part = "kpis"
	FunnelsPart    Part = "funnels"
	DatasetsPart   Part = "datasets"
	QualityPart    Part = "quality"
	LeavePart      Part = "leave"
	OfficesPart    Part = "offices"
	ReviewsPart    Part = "reviews"
	RewardsPart    Part = "rewards"
	CalendarPart   Part = "calendar"
	AuditPart      Part = "audit"
	PackPart       Part = "pack"
)

var parts = []Part{CompanyPart, ParametersPart, BandsPart, ScorecardsPart, KPIsPart, FunnelsPart, DatasetsPart, QualityPart, LeavePart, OfficesPart, ReviewsPart, RewardsPart,
	CalendarPart, AuditPart, PackPart}

var partNames = map[Part]Text{
	CompanyPart: {"公司", "Company"}, ParametersPart: {"参数", "Parameter"}, BandsPart: {"等级", "Band"}, ScorecardsPart: {"考核表", "Scorecard"},
	KPIsPart: {"指标", "KPI"}, FunnelsPart: {"漏斗", "Funnel"}, DatasetsPart: {"记录种类", "Dataset"}, LeavePart: {"请假", "Leave"},
	QualityPart: {"数据检查", "Data check"}, OfficesPart: {"职位", "Office"}, ReviewsPart: {"评审", "Reviews"}, RewardsPart: {"奖惩", "Rewards"},
	CalendarPart: {"工作日历", "Calendar"}, AuditPart: {"审计抽查", "Audit"}, PackPart: {"战略会材料", "Meeting pack"},
}

// Name gives the part in words.
func (p Part) Name() Text { return partNames[p] }

// Diff lists what two checked policies say differently, part by part, and within a part in the order of the files. Comments, the order of
// lines and how a number is written are no difference.
func Diff(old, new *Policy) []Difference {
	before, after := old.statements(), new.statements()
	var list []Difference
	for _, part := range parts {
		for _, id := range ids(part, before, after) {
			list = append(list, compare(of(part, id, before), of(part, id, after))...)
		}
	}
	return list
}

// ids lists the things of a part: those of the older policy, then those that only the newer one has.
func ids(part Part, lists ...[]statement) (found []string) {
	for _, list := range lists {
		for _, s := range list {
			if s.part == part && !slices.Contains(found, s.id) {
				found = append(found, s.id)
			}
		}
	}
	return found
}

// of gives what is said of one thing.
func of(part Part, id string, list []statement) (said []statement) {
	for _, s := range list {
		if s.part == part && s.id == id {
			said = append(said, s)
		}
	}
	return said
}

// compare tells what is said differently of one thing.
func compare(old, new []statement) (list []Difference) {
	switch {
	case len(old) == 0:
		s := new[0]
		return []Difference{{Part: s.part, ID: s.id, Name: s.name, New: s.name}}
	case len(new) == 0:
		s := old[0]
		return []Difference{{Part: s.part, ID: s.id, Name: s.name, Old: s.name}}
	}
	for _, a := range old {
		i := slices.IndexFunc(new, func(b statement) bool { return b.field == a.field })
		if i < 0 {
			list = append(list, Difference{a.part, a.id, new[0].name, a.field, a.what, a.value, Text{}})
			continue
		}
		switch b := new[i]; {
		case a.value != b.value:
			list = append(list, Difference{a.part, a.id, b.name, a.field, a.what, a.value, b.value})
		case a.meaning != b.meaning: // the same words with another parameter
			list = append(list, Difference{a.part, a.id, b.name, a.field, a.what, plain(a.meaning), plain(b.meaning)})
		}
	}
	for _, b := range new {
		if !slices.ContainsFunc(old, func(a statement) bool { return a.field == b.field }) {
			list = append(list, Difference{b.part, b.id, b.name, b.field, b.what, Text{}, b.value})
		}
	}
	return list
}
