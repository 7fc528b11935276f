package anonymity_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/anonymity"
)

const least = 5

// quarter is a made-up quarter of three months.
type quarter struct {
	parents []int
	weights [][]int64 // the last row is the company's own
}

func (q quarter) root() int { return len(q.parents) }

// under tells which rows belong to a department, the company being the root.
func (q quarter) under(d int) []bool {
	is := make([]bool, len(q.weights))
	is[d] = true
	for c := range q.parents {
		for at := c; at >= 0; at = q.parents[at] {
			is[c] = is[c] || at == d || d == q.root()
		}
	}
	return is
}

// periods are the months, and the quarter last.
var periods = [][]bool{{true, false, false}, {false, true, false}, {false, false, true}, {true, true, true}}

func generate(t *rapid.T, departments int, most int64) quarter {
	var q quarter
	for d := range rapid.IntRange(0, departments).Draw(t, "departments") {
		q.parents = append(q.parents, rapid.IntRange(-1, d-1).Draw(t, "parent"))
	}
	for range len(q.parents) + 1 {
		q.weights = append(q.weights, rapid.SliceOfN(rapid.Int64Range(0, most), 3, 3).Draw(t, "answers"))
	}
	return q
}

// cells lists the cells that have answers.
func (q quarter) cells() (list [][2]int) {
	for d, months := range q.weights {
		for m, w := range months {
			if w > 0 {
				list = append(list, [2]int{d, m})
			}
		}
	}
	return list
}

// shown gives a row of ones and zeros, by cell, for every sum that may be shown.
func (q quarter) shown(p *anonymity.Plan) (rows [][]*big.Rat) {
	for d := range q.weights {
		for _, months := range periods {
			in := q.under(d)
			if !p.Shows(in, months) {
				continue
			}
			var row []*big.Rat
			for _, c := range q.cells() {
				x := big.NewRat(0, 1)
				if in[c[0]] && months[c[1]] {
					x.SetInt64(1)
				}
				row = append(row, x)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// rank is that of the rows over the columns that keep wants, by elimination in exact fractions.
func rank(rows [][]*big.Rat, keep func(column int) bool) int {
	var m [][]*big.Rat
	for _, row := range rows {
		var r []*big.Rat
		for i, x := range row {
			if keep(i) {
				r = append(r, new(big.Rat).Set(x))
			}
		}
		m = append(m, r)
	}
	n := 0
	for column := 0; n < len(m) && column < len(m[0]); column++ {
		pivot := slices.IndexFunc(m[n:], func(r []*big.Rat) bool { return r[column].Sign() != 0 })
		if pivot < 0 {
			continue
		}
		m[n], m[n+pivot] = m[n+pivot], m[n]
		for i := n + 1; i < len(m); i++ {
			if m[i][column].Sign() == 0 {
				continue
			}
			by := new(big.Rat).Quo(m[i][column], m[n][column])
			for j := column; j < len(m[i]); j++ {
				m[i][j].Sub(m[i][j], new(big.Rat).Mul(by, m[n][j]))
			}
		}
		n++
	}
	return n
}

// givenAway finds cells with fewer than five answers in all about which something can be worked out: the shown sums without these cells
// have a lower rank, so that some combination of them is made of these cells alone.
func givenAway(q quarter, rows [][]*big.Rat) [][2]int {
	if len(rows) == 0 {
		return nil
	}
	cells := q.cells()
	all := rank(rows, func(int) bool { return true })
	var found [][2]int
	var grow func(from int, group []int, answers int64)
	grow = func(from int, group []int, answers int64) {
		if found != nil {
			return
		}
		if len(group) > 0 && rank(rows, func(c int) bool { return !slices.Contains(group, c) }) < all {
			for _, c := range group {
				found = append(found, cells[c])
			}
			return
		}
		for c := from; c < len(cells); c++ {
			if w := q.weights[cells[c][0]][cells[c][1]]; answers+w < least {
				grow(c+1, append(slices.Clone(group), c), answers+w)
			}
		}
	}
	grow(0, nil, 0)
	return found
}

func TestNothingOfFewerThanFiveCanBeWorkedOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := generate(t, 4, rapid.SampledFrom([]int64{2, 4, 7, 12}).Draw(t, "most"))
		p := anonymity.Decide(q.parents, q.weights, least)
		if g := givenAway(q, q.shown(p)); g != nil {
			t.Fatalf("%v\nof %v give away the cells %v", q.shown(p), q, g)
		}
	})
}

// TestTheElimination is for the test itself: sums shown by their own size alone do give answers away.
func TestTheElimination(t *testing.T) {
	q := quarter{[]int{-1, -1}, [][]int64{{6, 0, 0}, {3, 0, 0}, {0, 0, 0}}}
	one, none := big.NewRat(1, 1), big.NewRat(0, 1)
	if g := givenAway(q, [][]*big.Rat{{one, none}, {one, one}}); len(g) != 1 || g[0] != [2]int{1, 0} {
		t.Errorf("found %v", g)
	}
}

// The company of the quarter is shown from five answers on, and so is everything where there is plenty everywhere.
func TestWhatMayBeShownIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := generate(t, 6, 7)
		var total int64
		plenty := true
		for _, months := range q.weights {
			for _, w := range months {
				total += w
				plenty = plenty && (w == 0 || w >= least)
			}
		}
		p := anonymity.Decide(q.parents, q.weights, least)
		if shown := p.Shows(q.under(q.root()), periods[3]); shown != (total == 0 || total >= least) {
			t.Fatalf("the company with %d answers: shown %v", total, shown)
		}
		for d := range q.weights {
			for _, months := range periods {
				if plenty && !p.Shows(q.under(d), months) {
					t.Fatalf("%v: %d is not shown in %v", q, d, months)
				}
			}
		}
	})
}

// names says what is shown, by department and period, "company" for the root.
func names(q quarter) string {
	p := anonymity.Decide(q.parents, q.weights, least)
	text := ""
	for d := range q.weights {
		text += fmt.Sprintf(" %d:", d)
		for i, months := range periods {
			if p.Shows(q.under(d), months) {
				text += string("789Q"[i])
			}
		}
	}
	return text[1:]
}

func TestPlans(t *testing.T) {
	for _, c := range []struct {
		name string
		q    quarter
		want string // months 7, 8 and 9 and the quarter that are shown, by department; the last is the company
	}{
		{"a small sister hides the smallest with her", quarter{[]int{-1, -1, -1}, [][]int64{{6, 0, 0}, {7, 0, 0}, {3, 0, 0}, {0, 0, 0}}}, "0:89 1:789Q 2:89 3:789Q"},
		{"two small sisters that have enough together hide nobody", quarter{[]int{-1, -1, -1}, [][]int64{{6, 0, 0}, {2, 0, 0}, {3, 0, 0}, {0, 0, 0}}}, "0:789Q 1:89 2:89 3:789Q"},
		{"a parent less its child", quarter{[]int{-1, 0}, [][]int64{{2, 0, 0}, {9, 0, 0}, {0, 0, 0}}}, "0:789Q 1:89 2:789Q"},
		{"a month of few hides another one", quarter{nil, [][]int64{{9, 8, 2}}}, "0:7Q"},
		{"months of the company and departments of the quarter", quarter{[]int{-1, -1, -1}, [][]int64{{2, 2, 2}, {2, 2, 1}, {2, 1, 2}, {0, 0, 0}}}, "0:Q 1:Q 2:Q 3:789Q"},
		// July is 5 of A and 1 of B; B has 5: the quarter of A less July would be one answer of A less one of B.
		{"a department less a month", quarter{[]int{-1, -1}, [][]int64{{5, 1, 0}, {1, 5, 0}, {0, 0, 0}}}, "0:9Q 1:9Q 2:9Q"},
		{"four in all", quarter{[]int{-1}, [][]int64{{4, 0, 0}, {0, 0, 0}}}, "0:89 1:89"},
		{"nobody", quarter{[]int{-1}, [][]int64{{0, 0, 0}, {0, 0, 0}}}, "0:789Q 1:789Q"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := names(c.q); got != c.want {
				t.Errorf("%v: %s; want %s", c.q, got, c.want)
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	var q quarter
	for d := range 300 {
		q.parents = append(q.parents, (d+1)/6-1)
		q.weights = append(q.weights, []int64{int64(d * 7 % 11), int64(d * 5 % 13), int64(d * 3 % 7)})
	}
	q.weights = append(q.weights, []int64{0, 0, 0})
	for b.Loop() {
		anonymity.Decide(q.parents, q.weights, least)
	}
}
