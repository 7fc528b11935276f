package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plumbline/policy"
)

// plan is how the columns of a dataset are filled.
type plan struct {
	dataset *policy.Dataset
	sample  *sample
	guesses []*guess // parallel to the dataset's columns
	wide    *wide    // nil: a row is a record
	twice   *repeated
}

// guess is what fills a column of the dataset.
type guess struct {
	column  *policy.Column
	wording *wording
	from    *column // nil: nothing found, or open
	tier    tier
	share   share
	options []*column // several that fit alike, or one that does not fit well enough to be taken
	doubt   bool      // the one option is called right, but its values are not
	shared  bool      // the header feeds another column too
	between *between
}

func (g *guess) decided() bool { return g.from != nil || g.options != nil || g.between != nil }

// guess gives the guess for a column of the dataset.
func (p *plan) guess(id string) *guess {
	for _, g := range p.guesses {
		if g.column.ID == id {
			return g
		}
	}
	return nil
}

// planner makes plans for one table.
type planner struct {
	*examiner
	sample   *sample
	wordings map[*policy.Column]*wording
	wide     *wide
}

// plan finds a header for each column of a dataset, the surest first.
func (e *planner) plan(d *policy.Dataset) (*plan, error) {
	p := &plan{dataset: d, sample: e.sample}
	for _, c := range d.Columns {
		p.guesses = append(p.guesses, &guess{column: c, wording: e.wordings[c]})
	}
	used := map[*column]bool{}
	if e.wide != nil && p.widens() != nil {
		p.wide = e.wide
		for _, c := range e.wide.columns {
			used[c] = true
		}
	}
	for t := byName; t >= bySynonym; t-- {
		if err := e.round(p, t, used); err != nil {
			return nil, err
		}
	}
	p.findBetween(used)
	if err := e.round(p, byPart, used); err != nil {
		return nil, err
	}
	return p, e.shareEnums(p)
}

// inOrder gives the guesses, those for required columns first.
func (p *plan) inOrder() []*guess {
	list := slices.Clone(p.guesses)
	slices.SortStableFunc(list, func(a, b *guess) int {
		switch {
		case a.column.Optional == b.column.Optional:
			return 0
		case b.column.Optional:
			return -1
		}
		return 1
	})
	return list
}

// round decides what one tier can decide.
func (e *planner) round(p *plan, t tier, used map[*column]bool) error {
	for _, g := range p.inOrder() {
		if g.decided() || p.wide != nil && (g == p.widens()) {
			continue
		}
		if t == byPart && g.column.Optional {
			continue // not worth a mistake
		}
		found, err := e.candidates(p, g, t, used)
		if err != nil {
			return err
		}
		if err := e.choose(p, g, t, found); err != nil {
			return err
		}
		if g.from != nil {
			used[g.from] = true
		}
		for _, o := range g.options {
			used[o] = true
		}
	}
	return nil
}

// candidates gives the free headers of a tier whose values do not speak against them.
func (e *planner) candidates(p *plan, g *guess, t tier, used map[*column]bool) ([]*column, error) {
	var found []*column
	for _, h := range e.sample.columns {
		if !h.usable || used[h] || h.same != nil || g.wording.tier(h) != t {
			continue
		}
		s, err := e.share(g.column, h)
		if err != nil {
			return nil, err
		}
		if t <= bySynonym {
			least := 0.5
			if t == byPart {
				least = 0.8
			}
			if s.of() < least || h.filled == 0 && len(e.sample.rows) > 0 || g.column.Type == policy.TypeEnum && s.read == 0 &&
				len(h.values) > maxWords {
				continue
			}
			if p.dataset.Key[0] == g.column.ID && len(p.dataset.Key) == 1 && !e.sample.namesRows(h) {
				continue
			}
		}
		found = append(found, h)
	}
	return found, nil
}

// choose takes the one candidate that is better than all others, or leaves the choice open.
func (e *planner) choose(p *plan, g *guess, t tier, found []*column) error {
	if len(found) > 1 {
		var err error
		if found, err = e.better(g, found); err != nil {
			return err
		}
	}
	switch {
	case len(found) == 0:
		return nil
	case len(found) > 1:
		g.options, g.tier = found, t
		return nil
	}
	s, err := e.share(g.column, found[0])
	if err != nil {
		return err
	}
	g.tier, g.share = t, s
	loose := t == byPart && (g.column.Type == policy.TypeText || g.column.Type == policy.TypeID || g.column.Type == policy.TypeDepartment)
	g.doubt = s.of() < 0.5 && g.column.Type != policy.TypeEnum && g.column.Type != policy.TypeBool || !g.column.Optional && found[0].filled == 0 &&
		len(e.sample.rows) > 0
	if loose || g.doubt {
		g.options = found
		return nil
	}
	g.from = found[0]
	return nil
}

// better leaves those out that others of the tier beat plainly: by having values, by values that read better, and for a person
// named in several ways by the surest of them.
func (e *planner) better(g *guess, found []*column) ([]*column, error) {
	filled := slices.DeleteFunc(slices.Clone(found), func(h *column) bool { return h.filled == 0 })
	if len(filled) > 0 {
		found = filled
	}
	best := 0.0
	shares := map[*column]float64{}
	for _, h := range found {
		s, err := e.share(g.column, h)
		if err != nil {
			return nil, err
		}
		shares[h] = s.of()
		best = max(best, s.of())
	}
	if best >= 0.8 {
		found = slices.DeleteFunc(found, func(h *column) bool { return shares[h] < best-0.3 })
	}
	if g.column.Type != policy.TypeEmployee || len(found) < 2 ||
		slices.ContainsFunc(found, func(h *column) bool { return role(h.key) != role(found[0].key) }) {
		return found, nil
	}
	return []*column{slices.MinFunc(found, func(a, b *column) int { return cmp.Compare(worst(a), worst(b)) })}, nil
}

// worst ranks a column by the least sure way in which it names people.
func worst(h *column) int {
	ways := waysOf(h)
	if len(ways) == 0 {
		return len(allWays)
	}
	return slices.Index(allWays, ways[len(ways)-1])
}

// namesRows reports whether a column may be a key: few of its cells are blank, and either hardly any text comes twice or the rows are
// a log of events.
func (s *sample) namesRows(h *column) bool {
	if len(s.rows) == 0 {
		return true
	}
	if h.filled*10 < len(s.rows)*9 {
		return false
	}
	return len(h.values)*100 >= h.filled*98 || s.updated() != nil
}

// updated gives the column that says when a row of a log of events was written, or nil.
func (s *sample) updated() *column {
	for _, h := range s.columns {
		if h.usable && h.filled*10 >= len(s.rows)*9 && (updates[h.key] || updates[h.base]) {
			return h
		}
	}
	return nil
}

// shareEnums lets a header whose words say two things feed two enum columns, such as a stage that says the outcome too.
func (e *planner) shareEnums(p *plan) error {
	for _, g := range p.guesses {
		if g.decided() || g.column.Type != policy.TypeEnum {
			continue
		}
		for _, other := range p.guesses {
			if other == g || other.from == nil || other.column.Type != policy.TypeEnum || other.shared {
				continue
			}
			s, err := e.share(g.column, other.from)
			if err != nil {
				return err
			}
			if t := g.wording.tier(other.from); t >= bySynonym || !g.column.Optional && s.of() >= 0.3 && s.all > 0 {
				g.from, g.tier, g.share, g.shared = other.from, max(t, byValue), s, true
				break
			}
		}
	}
	return nil
}

// byValues looks for headers of required columns among those that no word led to, by what the values look like.
func (e *planner) byValues(p *plan) error {
	used := p.used()
	for _, g := range p.guesses {
		if g.decided() || g.column.Optional || g.column.MadeFrom != nil || p.wide != nil && (g == p.widens() || g == p.names()) {
			continue
		}
		var found []*column
		for _, h := range e.sample.columns {
			if !h.usable || used[h] || h.same != nil || h.filled*2 <= len(e.sample.rows) || !telling(g.column.Type, h) {
				continue
			}
			s, err := e.share(g.column, h)
			if err != nil {
				return err
			}
			if s.of() >= 0.9 && s.all > 0 {
				found = append(found, h)
			}
		}
		if err := e.choose(p, g, byValue, found); err != nil {
			return err
		}
		if g.from != nil {
			used[g.from] = true
		}
	}
	return nil
}

// telling reports whether values alone can show that a column is of a type: numbers, texts and names may be anything.
func telling(t policy.Type, h *column) bool {
	switch t {
	case policy.TypeDate, policy.TypeDatetime, policy.TypeEnum, policy.TypeBool:
		return !slices.ContainsFunc(h.values, func(v value) bool { return bareNumber.MatchString(v.text) })
	case policy.TypeEmployee:
		return slices.Equal(waysOf(h), []policy.Lookup{policy.ByEmail})
	}
	return false
}

// used gives the columns of the file that the plan speaks of.
func (p *plan) used() map[*column]bool {
	used := map[*column]bool{}
	for _, g := range p.guesses {
		if g.from != nil {
			used[g.from] = true
		}
		if g.between != nil {
			for _, h := range g.between.columns() {
				used[h] = true
			}
		}
	}
	if p.wide != nil {
		for _, h := range p.wide.columns {
			used[h] = true
		}
	}
	return used
}

// empty reports whether nothing was found that fits, or nothing but a wide table's cells.
func (p *plan) empty() bool {
	used := p.used()
	if p.wide != nil {
		return !slices.ContainsFunc(p.sample.columns, func(h *column) bool { return h.usable && (!used[h] || !slices.Contains(p.wide.columns, h)) })
	}
	return !slices.ContainsFunc(p.guesses, (*guess).decided)
}

// score says how well a dataset fits: what is found counts, required columns most, and what is missing counts against it.
func (p *plan) score() int {
	const missing = -4
	required := map[tier]int{byName: 10, byAlias: 10, byBase: 9, bySynonym: 7, byPart: 4}
	optional := map[tier]int{byName: 4, byAlias: 4, byBase: 3, bySynonym: 2}
	n := 0
	for _, g := range p.guesses {
		weights := required
		if g.column.Optional {
			weights = optional
		}
		switch {
		case g.shared:
		case g.from != nil && (generic[g.from.key] || g.column.Type == policy.TypeEnum && g.share.of() < 0.8):
			n += weights[g.tier] / 2
		case g.from != nil || g.options != nil && !g.doubt:
			n += weights[g.tier]
		case g.doubt:
			n += weights[g.tier] / 2
		case g.between != nil, p.wide != nil && (g == p.widens() || g == p.names()):
			n += weights[bySynonym]
		case !g.column.Optional && g.column.MadeFrom == nil:
			n += missing
		}
	}
	return n
}

// generic are headers that many kinds of records have.
var generic = keySet("id", "no", "number", "key", "编号", "单号", "序号", "title", "标题", "status", "state", "状态", "type", "类型")

// margin is by how much a dataset must fit better than the next one.
func margin(p *plan) int { return max(3, p.score()/8) }

// leastScore is how well a dataset must fit at least.
const leastScore = 8

// rank tries the datasets and gives the plans, best first; open is true when another one fits nearly as well as the best, or none
// fits.
func (e *planner) rank(datasets []*policy.Dataset) (plans []*plan, open bool, err error) {
	for _, d := range datasets {
		p, err := e.plan(d)
		if err != nil {
			return nil, false, err
		}
		plans = append(plans, p)
	}
	slices.SortStableFunc(plans, func(a, b *plan) int { return cmp.Compare(b.score(), a.score()) })
	if len(plans) == 1 {
		return plans, false, nil
	}
	if len(plans) == 0 {
		return nil, true, fmt.Errorf("suggest mapping: the policy has no datasets")
	}
	best := plans[0].score()
	return plans, best < leastScore || best < plans[1].score()+margin(plans[0]), nil
}

// rowKey gives a record's key as the plan fills it; "" when a part is blank.
func (p *plan) rowKey(cells func(*column) string) string {
	var parts []string
	for _, id := range p.dataset.Key {
		g := p.guess(id)
		if g.from == nil {
			return ""
		}
		text := cells(g.from)
		if text == "" {
			return ""
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\x00")
}
