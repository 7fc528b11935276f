package anonymity

import "slices"

// tree is the departments with the company above them, which comes last.
type tree struct {
	root     int
	children [][]int
	least    int64
}

func newTree(parents []int, least int64) *tree {
	t := &tree{root: len(parents), children: make([][]int, len(parents)+1), least: least}
	for d, above := range parents {
		if above < 0 {
			above = t.root
		}
		t.children[above] = append(t.children[above], d)
	}
	return t
}

// walk calls f for a department and all below it, those below first.
func (t *tree) walk(d int, f func(int)) {
	for _, c := range t.children[d] {
		t.walk(c, f)
	}
	f(d)
}

// under gives the sum of each department with all below it.
func (t *tree) under(own []int64) []int64 {
	sums := slices.Clone(own)
	t.walk(t.root, func(d int) {
		for _, c := range t.children[d] {
			sums[d] += sums[c]
		}
	})
	return sums
}

// below tells which departments are a department or below it.
func (t *tree) below(d int) []bool {
	is := make([]bool, len(t.children))
	t.walk(d, func(c int) { is[c] = true })
	return is
}

// part gives the parts of a department with enough answers, and the departments whose own answers are the rest. It has enough itself.
func (t *tree) part(d int, own, sums []int64) (parts, rest []int) {
	var left int64
	add := func(d int) {
		if own[d] > 0 {
			rest = append(rest, d)
			left += own[d]
		}
	}
	open := func(d int) {
		add(d)
		for _, c := range t.children[d] {
			if sums[c] >= t.least {
				parts = append(parts, c)
			} else {
				t.walk(c, add)
			}
		}
	}
	open(d)
	for left > 0 && left < t.least {
		fewest := 0
		for i, c := range parts {
			if sums[c] < sums[parts[fewest]] {
				fewest = i
			}
		}
		c := parts[fewest]
		parts = slices.Delete(parts, fewest, fewest+1)
		open(c)
	}
	return parts, rest
}
