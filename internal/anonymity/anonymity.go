// Package anonymity decides which sums over anonymous answers may be shown, so that no set of shown sums gives away the answers of fewer
// people than a least number.
//
// In go a tree of departments and how much each of them answered in each month of a quarter; out comes a Plan, which says of any set of
// cells, a cell being the answers of one department in one month, whether its sum may be shown. A plan depends on nothing else: whoever
// asks, and in whatever order, the answer is the same, so that two questions cannot be played against each other.
//
// The rule. Every answer of the quarter is in one group of each of two partitions, and every group has at least the least number:
//
//  1. The first partition goes by department over the whole quarter, from the company downwards. Of the parts of a department, which are
//     its own answers and its departments below, those with enough answers become groups, to be parted further; all others together are
//     the rest. Where the rest has some answers and not enough, the part with the fewest answers is broken up and its parts take its
//     place, until the rest has enough or none. So a small department cannot be found by subtracting its sisters from their parent.
//  2. The second one goes by month. The months with enough answers become groups by the same rule; then each month is parted by
//     department as the quarter was.
//
// A sum may be shown when it is one of whole groups of the one partition or of the other.
//
// Why that is enough. Draw every group as a point and every cell as a line between its two groups, as thick as its answers. Whatever is
// worked out of shown sums by adding, subtracting and multiplying is a sum over the cells of a number a for the group at the one end and
// a number b for the group at the other. A cell is left in it unless a = -b. So the cells that are left are those between points of
// different height, if a is the height of the former points and -b that of the latter, and they cut the drawing in two. Hence nothing about
// fewer answers than the thinnest cut of any connected piece of the drawing can be worked out. A step of the second partition after
// which a cut would be too thin is not taken (enough); the first partition alone has none, since each of its groups has enough answers.
package anonymity

import (
	"cmp"
	"slices"
)

// Plan says which sums of a quarter may be shown.
type Plan struct {
	cells           []cell
	byDepartment    []int // the group of each cell
	byMonth         []int
	groups, monthly int // how many there are of each
	tooFew          bool
}

type cell struct {
	department, month int
	weight            int64
}

// Decide makes the plan of a quarter. parents gives the department above each department, -1 for one at the top; weights gives what each
// department itself answered by month, and in one row more what belongs to the company and to no department. Months are any number.
func Decide(parents []int, weights [][]int64, least int64) *Plan {
	t := newTree(parents, least)
	p := &Plan{}
	total := make([]int64, len(weights))
	for d, months := range weights {
		for m, w := range months {
			if w > 0 {
				p.cells = append(p.cells, cell{d, m, w})
				total[d] += w
			}
		}
	}
	p.byDepartment, p.byMonth = make([]int, len(p.cells)), make([]int, len(p.cells))
	p.monthly = 1
	if t.under(total)[t.root] < least {
		p.tooFew = len(p.cells) > 0
		return p
	}
	p.departments(t, total)
	p.months(t, weights, least)
	return p
}

// departments makes the groups of the first partition.
func (p *Plan) departments(t *tree, own []int64) {
	group := make([]int, len(own))
	sums := t.under(own)
	for todo := []int{t.root}; len(todo) > 0; todo = todo[1:] {
		parts, rest := t.part(todo[0], own, sums)
		for _, d := range rest {
			group[d] = p.groups
		}
		if len(rest) > 0 {
			p.groups++
		}
		todo = append(todo, parts...)
	}
	for i, c := range p.cells {
		p.byDepartment[i] = group[c.department]
	}
}

// months makes those of the second.
func (p *Plan) months(t *tree, weights [][]int64, least int64) {
	groups := p.whole(weights, least)
	for p.take(func(c cell) int { return groupOf(groups, c.month) }, len(groups)); !p.enough(least); {
		slices.SortStableFunc(groups, func(a, b monthGroup) int { return cmp.Compare(a.weight, b.weight) })
		groups[1].weight += groups[0].weight
		groups[1].months = append(groups[1].months, groups[0].months...)
		groups = groups[1:]
		p.take(func(c cell) int { return groupOf(groups, c.month) }, len(groups))
	}
	type branch struct{ department, month int }
	var todo []branch
	for m := range len(weights[0]) {
		if i := groupOf(groups, m); i >= 0 && groups[i].only(m) {
			todo = append(todo, branch{t.root, m})
		}
	}
	for ; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		for _, part := range p.partMonth(t, weights, at.department, at.month, least) {
			todo = append(todo, branch{part, at.month})
		}
	}
}

// partMonth parts the answers of a department in a month, unless something could be worked out then. It tells the parts.
func (p *Plan) partMonth(t *tree, weights [][]int64, department, month int, least int64) []int {
	own := make([]int64, len(weights))
	for d := range weights {
		own[d] = weights[d][month]
	}
	parts, rest := t.part(department, own, t.under(own))
	if len(parts) == 0 || len(parts) == 1 && len(rest) == 0 {
		return parts // nothing is parted by it
	}
	was, had := slices.Clone(p.byMonth), p.monthly
	for n, part := range parts {
		if n == 0 && len(rest) == 0 {
			continue // the first keeps the number of the whole
		}
		below := t.below(part)
		for i, c := range p.cells {
			if c.month == month && below[c.department] {
				p.byMonth[i] = p.monthly
			}
		}
		p.monthly++
	}
	if !p.enough(least) {
		p.byMonth, p.monthly = was, had
		return nil
	}
	return parts
}

// monthGroup is months that are taken together.
type monthGroup struct {
	months []int
	weight int64
}

func (g monthGroup) only(m int) bool { return len(g.months) == 1 && g.months[0] == m }

func groupOf(groups []monthGroup, month int) int {
	return slices.IndexFunc(groups, func(g monthGroup) bool { return slices.Contains(g.months, month) })
}

// whole groups the months of the company: alone those with enough answers, the others together with as many as they need.
func (p *Plan) whole(weights [][]int64, least int64) []monthGroup {
	sums := make([]int64, len(weights[0]))
	for _, c := range p.cells {
		sums[c.month] += c.weight
	}
	var alone []monthGroup
	var rest monthGroup
	join := func(g monthGroup) {
		rest.months, rest.weight = append(rest.months, g.months...), rest.weight+g.weight
	}
	for m, w := range sums {
		switch g := (monthGroup{[]int{m}, w}); {
		case w >= least:
			alone = append(alone, g)
		case w > 0:
			join(g)
		}
	}
	slices.SortStableFunc(alone, func(a, b monthGroup) int { return cmp.Compare(a.weight, b.weight) })
	for rest.weight > 0 && rest.weight < least {
		join(alone[0])
		alone = alone[1:]
	}
	if rest.weight > 0 {
		alone = append(alone, rest)
	}
	return alone
}

// take gives every cell its group of the second partition.
func (p *Plan) take(of func(cell) int, n int) {
	for i, c := range p.cells {
		p.byMonth[i] = of(c)
	}
	p.monthly = n
}

// Shows reports whether the sum over a set of cells may be shown, and so may that there are none in it. departments has a row more than there
// are departments, as the weights have; a department or a month that it does not know is not in the set.
func (p *Plan) Shows(departments, months []bool) bool {
	in := make([]bool, len(p.cells))
	any := false
	for i, c := range p.cells {
		in[i] = departments[c.department] && months[c.month]
		any = any || in[i]
	}
	return !any || !p.tooFew && (wholeGroups(in, p.byDepartment, p.groups) || wholeGroups(in, p.byMonth, p.monthly))
}

// wholeGroups reports whether a set is one of whole groups.
func wholeGroups(in []bool, group []int, n int) bool {
	const inside, outside = 1, 2
	seen := make([]int8, n)
	for i, is := range in {
		if is {
			seen[group[i]] |= inside
		} else {
			seen[group[i]] |= outside
		}
	}
	return !slices.Contains(seen, inside|outside)
}
