package charts

import (
	"slices"

	"plumbline/metrics"
	"plumbline/policy"
)

// ForCompany gives the charts of the company's page in reading order: departments against KPIs; for each KPI that somebody is judged by or
// that has a target, how the departments compare and how it went; then the counts behind the rates that decide, funnels, the scores; causes of
// what is late, milestones and approvals where the report's details were read (Report.ReadDetails); the calendar, and last what has nothing to
// draw. Of the other KPIs tells OthersOfCompany.
func ForCompany(r *metrics.Report) []Chart {
	who := word("公司", "Company")
	if r.Policy != nil && r.Policy.Company.Name != (policy.Text{}) {
		who = r.Policy.Company.Name
	}
	lowest := lowestDepartments(r)
	across := both(func(l policy.Lang) string { return nameOf(who, l) + pick(l, "各部门", ", departments") })
	return named("company", chartSet(r, view{r.Company, who, across, lowest, r.Scores, leadOfCompany(r), nil}))
}

// ForDepartment gives the same set for a department with its subtree, comparing the departments directly below it. It leads with the KPIs of
// the department's scorecard, held against their targets, and has the control chart of the first.
func ForDepartment(r *metrics.Report, d metrics.DepartmentLine) []Chart {
	var below []metrics.DepartmentLine
	for _, other := range r.Departments {
		if other.Department.ParentID == d.Department.ID && other.Department.ID != d.Department.ID {
			below = append(below, other)
		}
	}
	across := both(func(l policy.Lang) string {
		return nameOf(d.Department.Name, l) + pick(l, "下属部门", ", departments below")
	})
	inside := subtree(r, d.Department.ID)
	var scores []metrics.PersonScore
	for _, s := range r.Scores {
		if inside[s.Department] {
			scores = append(scores, s)
		}
	}
	return named(departmentSlug(r, d.Department.ID), chartSet(r, view{d.Line, d.Department.Name, across, below, scores, leadOfDepartment(r, d), inside}))
}

// view is what a page is about.
type view struct {
	line   metrics.Line
	who    policy.Text
	across policy.Text // the departments below
	below  []metrics.DepartmentLine
	scores []metrics.PersonScore
	lead   []*policy.KPI
	within map[string]bool // departments of the page; nil: all
}

// chartSet is the set of one page.
func chartSet(r *metrics.Report, v view) []Chart {
	set := overview(r, v)
	for _, kpi := range v.lead {
		if len(v.below) > 1 {
			set = appendDrawn(set, Comparison(r, v.below, v.across, kpi))
		}
		set = append(set, Trend(r, v.line, v.who, kpi))
	}
	for _, kpi := range decidingRates(r) {
		if !slices.Contains(v.lead, kpi) {
			continue
		}
		set = appendDrawn(set, Stack(r, v.line, v.who, kpi))
	}
	for _, funnel := range v.line.Funnels {
		if funnel.Funnel != nil {
			set = appendDrawn(set, Funnel(r, funnel, v.who)) // departments that sell nothing have none
		}
	}
	set = append(set, Distribution(r, v.who, v.scores))
	if strands := strandsOf(r, v.scores); len(strands) > 1 {
		set = appendDrawn(set, Strip(r, v.who, v.scores))
	}
	set = detailed(set, r, v)
	if v.within != nil && len(v.lead) > 0 {
		if _, ok := metrics.ProcessOf(monthsOf(r, v.line, v.lead[0]), r.Day); ok {
			set = append(set, Control(r, v.line, v.who, v.lead[0]))
		}
	}
	set = append(set, Calendar(r, v.line, v.who))
	slices.SortStableFunc(set, func(a, b Chart) int { return order(a) - order(b) })
	return set
}

// overview opens a page: departments against KPIs where there are several, and a department's own KPIs against their targets.
func overview(r *metrics.Report, v view) (set []Chart) {
	if v.within != nil && len(v.lead) > 1 {
		set = appendDrawn(set, Bullet(r, v.line, v.who, v.lead))
	}
	if len(v.below) > 1 && len(v.lead) > 1 {
		set = appendDrawn(set, Heatmap(r, v.below, v.across, v.lead))
	}
	return set
}

// detailed adds what the report's details tell, where they were read.
func detailed(set []Chart, r *metrics.Report, v view) []Chart {
	d := r.Details
	if d == nil {
		return set
	}
	nodes := d.Nodes
	if v.within != nil {
		nodes = NodesWithin(nodes, v.within)
	}
	set = appendDrawn(set, Pareto(r, v.who, d.Late, v.within))
	set = appendDrawn(set, Gantt(r, v.who, nodes))
	return appendDrawn(set, Sankey(r, v.who, d, v.within))
}

// order puts what has nothing to draw at the end of the page.
func order(c Chart) int {
	if c.Empty == (policy.Text{}) {
		return 0
	}
	return 1
}

// appendDrawn leaves out a chart with nothing to draw: the KPI's trend, or the table of others, says so already.
func appendDrawn(set []Chart, c Chart) []Chart {
	if c.Empty != (policy.Text{}) {
		return set
	}
	return append(set, c)
}

// decidingRates gives, for every scorecard that a department of the report is judged by, its heaviest KPI that is a share of
// rows; in the order of the report's KPIs. Without scorecards it is every such KPI.
func decidingRates(r *metrics.Report) []*policy.KPI {
	wanted := map[*policy.KPI]bool{}
	judged := false
	for _, d := range r.Departments {
		if r.Policy == nil {
			break
		}
		card := r.Policy.ScorecardFor(d.Department.Kind)
		if card == nil {
			continue
		}
		judged = true
		if kpi := heaviestRate(card); kpi != nil {
			wanted[kpi] = true
		}
	}
	var rates []*policy.KPI
	for _, kpi := range r.KPIs {
		if kpi.IsRate() && (wanted[kpi] || !judged) {
			rates = append(rates, kpi)
		}
	}
	return rates
}

func heaviestRate(card *policy.Scorecard) *policy.KPI {
	var best *policy.Item
	for i := range card.Items {
		item := &card.Items[i]
		if item.KPI != nil && item.KPI.IsRate() && (best == nil || item.Weight > best.Weight) {
			best = item
		}
	}
	if best == nil {
		return nil
	}
	return best.KPI
}

// lowestDepartments gives the departments without departments below them: together they are the company, once.
func lowestDepartments(r *metrics.Report) []metrics.DepartmentLine {
	parents := map[string]bool{}
	for _, d := range r.Departments {
		parents[d.Department.ParentID] = true
	}
	return slices.DeleteFunc(slices.Clone(r.Departments), func(d metrics.DepartmentLine) bool { return parents[d.Department.ID] })
}

// subtree gives the ids of a department and all below it.
func subtree(r *metrics.Report, id string) map[string]bool {
	inside := map[string]bool{id: true}
	for _, d := range r.Departments { // depth first: parents come before children
		if inside[d.Department.ParentID] {
			inside[d.Department.ID] = true
		}
	}
	return inside
}

// named makes ids unique across pages.
func named(prefix string, set []Chart) []Chart {
	for i := range set {
		set[i].ID = prefix + "-" + set[i].ID
	}
	return set
}
