package anonymity

import "container/heap"

// enough reports whether no cut through a connected piece of the drawing is thinner than least. Points that no thinner cut can part are
// made one until one is left of each piece. They are found after Nagamochi and Ibaraki (1992): visit the points, always the one next
// that hangs together most thickly with those visited; a point that hangs together with them by least or more when a line from the
// present point has been counted cannot be parted from the present one.
func (p *Plan) enough(least int64) bool {
	lines := map[[2]int]int64{}
	for i, c := range p.cells {
		lines[[2]int{p.byDepartment[i], p.groups + p.byMonth[i]}] += c.weight
	}
	points := p.groups + p.monthly
	for len(lines) > 0 {
		joined := sets(points)
		scan(points, lines, func(from, to int, thick int64) {
			if thick >= least {
				joined.join(from, to)
			}
		})
		fewer := map[[2]int]int64{}
		for ends, w := range lines {
			if a, b := joined.of(ends[0]), joined.of(ends[1]); a != b {
				fewer[[2]int{min(a, b), max(a, b)}] += w
			}
		}
		if joined.none {
			return false
		}
		lines = fewer
	}
	return true
}

// scan visits all points and tells each line with how thickly its far end hangs together with the points visited, this line included.
func scan(points int, lines map[[2]int]int64, tell func(from, to int, thick int64)) {
	type end struct {
		point  int
		weight int64
	}
	ends := make([][]end, points)
	for e, w := range lines {
		ends[e[0]], ends[e[1]] = append(ends[e[0]], end{e[1], w}), append(ends[e[1]], end{e[0], w})
	}
	visited, thick := make([]bool, points), make([]int64, points)
	for start := range points {
		q := &queue{{start, 0}}
		for q.Len() > 0 {
			at := heap.Pop(q).(waiting)
			if visited[at.point] {
				continue
			}
			visited[at.point] = true
			for _, e := range ends[at.point] {
				if !visited[e.point] {
					thick[e.point] += e.weight
					tell(at.point, e.point, thick[e.point])
					heap.Push(q, waiting{e.point, thick[e.point]})
				}
			}
		}
	}
}

// queue holds the points to visit, the thickest first; a point may wait several times, and the first one counts.
type queue []waiting

type waiting struct {
	point int
	thick int64
}

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].thick > q[j].thick }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(waiting)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}

// union is sets of points.
type union struct {
	above []int
	none  bool // nothing has been joined
}

func sets(n int) *union {
	u := &union{above: make([]int, n), none: true}
	for i := range u.above {
		u.above[i] = i
	}
	return u
}

func (u *union) of(i int) int {
	for u.above[i] != i {
		u.above[i] = u.above[u.above[i]]
		i = u.above[i]
	}
	return i
}

func (u *union) join(i, j int) {
	if a, b := u.of(i), u.of(j); a != b {
		u.above[a], u.none = b, false
	}
}
