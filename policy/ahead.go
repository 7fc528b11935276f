package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"plumbline/internal/warehouse"
)

// asked holds what DuckDB answered about many expressions at once, which costs a small part of asking one by one. It is a matter of time
// only: what is not in it is asked for when it is needed, so a joint question that fails costs nothing but itself, and every fault
// is told as if there were no joint questions.
type asked struct {
	trees map[string]warehouse.Parsed // by expression
	types map[bindingKey]string
	never bool // ask only one by one, as a test does
	alone int  // how many were asked one by one
}

// bindingKey is an expression over a dataset as it is bound.
type bindingKey struct {
	dataset *Dataset
	text    string
}

// wanted is an expression that will be checked.
type wanted struct {
	text    string
	dataset *Dataset
	purpose use
}

// ahead asks for the trees of expressions, for those of the rewritten expressions, and for the types: three questions in all.
func (c *checker) ahead(list []wanted) {
	list = slices.DeleteFunc(slices.Clone(list), func(w wanted) bool { return c.unknown[w.dataset] || !w.plain() })
	if len(list) == 0 || c.broken != nil || c.asked.never {
		return
	}
	texts := []string{c.calendarCall()}
	for _, w := range list {
		texts = append(texts, w.text)
	}
	c.treesAhead(texts)
	parsings := map[wanted]*parsing{}
	texts = nil
	for _, w := range list {
		if p, refusals, err := c.parseExpression(w.text, w.dataset, w.purpose); err == nil && refusals == nil {
			parsings[w] = p
			texts = append(texts, p.rewritten)
		}
	}
	c.treesAhead(texts)
	var keys []bindingKey
	for _, w := range list {
		p := parsings[w]
		if p == nil {
			continue
		}
		if refused, err := c.prove(p); err == nil && refused == nil { // only what is proved reaches the binder
			keys = append(keys, bindingKey{w.dataset, c.bound(w.text, p.refs, w.dataset)})
		}
	}
	c.typesAhead(keys)
}

// plain reports whether the text may reach DuckDB's parser.
func (w wanted) plain() bool {
	if utf8.RuneCountInString(w.text) > maxExpr || !utf8.ValidString(w.text) {
		return false
	}
	words, refused := scan(w.text)
	return refused == nil && calls(words, w.purpose) == nil
}

// treesAhead asks for the trees of expressions.
func (c *checker) treesAhead(texts []string) {
	if c.asked.trees == nil {
		c.asked.trees = map[string]warehouse.Parsed{}
	}
	var missing, statements []string
	for _, text := range texts {
		if _, known := c.asked.trees[text]; !known && !slices.Contains(missing, text) {
			missing, statements = append(missing, text), append(statements, lead+text)
		}
	}
	if missing == nil {
		return
	}
	trees, err := c.db.ParseTrees(c.ctx, statements...)
	if err != nil {
		return // asked one by one, it says of which
	}
	for i, text := range missing {
		c.asked.trees[text] = trees[i]
	}
}

// typesAhead asks for the types of expressions: of many datasets together, or else of each by itself.
func (c *checker) typesAhead(keys []bindingKey) {
	if c.asked.types == nil {
		c.asked.types = map[bindingKey]string{}
	}
	const atOnce = 40 // a join of hundreds of datasets takes long to plan
	var datasets []*Dataset
	texts := map[*Dataset][]string{}
	for _, key := range keys {
		if texts[key.dataset] == nil {
			datasets = append(datasets, key.dataset)
		}
		if !slices.Contains(texts[key.dataset], key.text) {
			texts[key.dataset] = append(texts[key.dataset], key.text)
		}
	}
	for some := range slices.Chunk(datasets, atOnce) {
		if c.typesOf(some, texts) {
			continue
		}
		for i := range some {
			c.typesOf(some[i:i+1], texts)
		}
	}
}

// typesOf asks for the types of the expressions over some datasets in one statement, and reports whether it got them.
func (c *checker) typesOf(datasets []*Dataset, texts map[*Dataset][]string) bool {
	var sources []string
	var keys []bindingKey
	for _, d := range datasets {
		var items []string
		for _, text := range texts[d] {
			keys = append(keys, bindingKey{d, text})
			items = append(items, "("+text+") AS result")
		}
		sources = append(sources, "(SELECT "+strings.Join(items, ", ")+" FROM ("+facts(d)+") AS facts)")
	}
	types, err := c.describe("SELECT * FROM " + strings.Join(sources, ", "))
	if err != nil || len(types) != len(keys) {
		return false
	}
	for i, key := range keys {
		c.asked.types[key] = types[i]
	}
	return true
}

// underDatasets collects the expressions of a node whose parts each name their dataset.
func (c *checker) underDatasets(n *node, where use) (list []wanted) {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key.text == "dataset" && p.value != nil {
			if d := c.policy.Dataset(strings.TrimSpace(p.value.text)); d != nil {
				return expressions(n, d, where)
			}
			return nil
		}
	}
	for _, p := range n.pairs {
		list = append(list, c.underDatasets(p.value, where)...)
	}
	for _, item := range n.items {
		list = append(list, c.underDatasets(item, where)...)
	}
	return list
}

// expressions collects what stands in a node under the keys of expressions.
func expressions(n *node, d *Dataset, where use) (list []wanted) {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		purpose, is := where, slices.Contains([]string{"check", "where", "value", "between", "cancelled"}, p.key.text)
		if i := slices.IndexFunc(measureUses, func(m measureUse) bool { return string(m.kind) == p.key.text }); i >= 0 {
			purpose, is = measureUses[i].use, true
		} else if p.key.text == "weight" {
			purpose, is = sumUse, true
		}
		switch {
		case p.value == nil:
		case !is:
			list = append(list, expressions(p.value, d, where)...)
		case p.value.shape == scalar:
			list = append(list, wanted{strings.TrimSpace(inOneLine(p.value.text)), d, purpose})
		default:
			for _, item := range p.value.items {
				list = append(list, wanted{strings.TrimSpace(inOneLine(item.text)), d, purpose})
			}
		}
	}
	for _, item := range n.items {
		list = append(list, expressions(item, d, where)...)
	}
	return list
}
