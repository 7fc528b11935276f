package stat_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/stat"
)

// By hand, e.g. the chain: 9 [8, 10] touches 7 [6, 8], which touches 5 [4, 6]; only the first and the last are apart, so the first has one
// surely below it (1 to 2), the middle none either way (1 to 3), the last one surely above it (2 to 3).
func TestGroups(t *testing.T) {
	for _, c := range []struct {
		name      string
		intervals []stat.Interval
		want      []stat.Standing
	}{
		{"nobody", nil, []stat.Standing{}},
		{"alone", []stat.Interval{{5, 1, 9}}, []stat.Standing{{1, 1, true}}},
		{"two together, one below", []stat.Interval{{55, 50, 60}, {85, 80, 90}, {78, 70, 85}}, []stat.Standing{{3, 3, true}, {1, 2, false}, {1, 2, false}}},
		{"a chain", []stat.Interval{{9, 8, 10}, {7, 6, 8}, {5, 4, 6}}, []stat.Standing{{1, 2, false}, {1, 3, false}, {2, 3, false}}},
		{"all apart", []stat.Interval{{1, 0, 2}, {9, 8, 10}, {5, 4, 6}}, []stat.Standing{{3, 3, true}, {1, 1, true}, {2, 2, true}}},
		{"points, two alike", []stat.Interval{{4, 4, 4}, {4, 4, 4}, {3, 3, 3}}, []stat.Standing{{1, 2, false}, {1, 2, false}, {3, 3, true}}},
		{"one without interval", []stat.Interval{{9, 8, 10}, {nan, nan, nan}, {5, 4, 6}}, []stat.Standing{{1, 2, false}, {1, 3, false}, {2, 3, false}}},
		{"bounds the wrong way round", []stat.Interval{{9, 10, 8}, {5, 4, 6}}, []stat.Standing{{1, 2, false}, {1, 2, false}}},
		{"a value outside its bounds", []stat.Interval{{3, 8, 10}, {5, 4, 6}}, []stat.Standing{{1, 2, false}, {1, 2, false}}},
	} {
		if got := stat.Groups(c.intervals); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

var someIntervals = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stat.Interval {
	value := float64(rapid.IntRange(0, 20).Draw(t, "value"))
	return stat.Interval{Value: value, Low: value - float64(rapid.IntRange(0, 6).Draw(t, "down")), High: value + float64(rapid.IntRange(0, 6).Draw(t, "up"))}
}), 1, 15)

func TestGroupsHoldTheNaiveRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intervals := someIntervals.Draw(t, "intervals")
		for i, s := range stat.Groups(intervals) {
			rank, above, below, apart := 1, 0, 0, true
			for j, other := range intervals {
				if other.Value > intervals[i].Value {
					rank++
				}
				if other.Low > intervals[i].High {
					above++
				}
				if other.High < intervals[i].Low {
					below++
				}
				apart = apart && (i == j || !intervals[i].Overlaps(other))
			}
			if s.From != 1+above || s.To != len(intervals)-below || s.From > rank || rank > s.To || s.Alone != apart {
				t.Fatalf("%v: %v has rank %d, %d above, %d below, stands %v", intervals, intervals[i], rank, above, below, s)
			}
		}
	})
}

func TestGroupsDoNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intervals := someIntervals.Draw(t, "intervals")
		places := make([]int, len(intervals))
		for i := range places {
			places[i] = i
		}
		places = rapid.Permutation(places).Draw(t, "places")
		other := make([]stat.Interval, len(intervals))
		for i, at := range places {
			other[i] = intervals[at]
		}
		standings, others := stat.Groups(intervals), stat.Groups(other)
		for i, at := range places {
			if standings[at] != others[i] {
				t.Fatalf("%v stands %v, elsewhere in the list %v", other[i], standings[at], others[i])
			}
		}
	})
}

// TestWiderIntervalsTellLess: what a narrower interval cannot tell, a wider one cannot either.
func TestWiderIntervalsTellLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intervals := someIntervals.Draw(t, "intervals")
		wider := slices.Clone(intervals)
		at := rapid.IntRange(0, len(intervals)-1).Draw(t, "at")
		wider[at].Low--
		wider[at].High++
		standings := stat.Groups(intervals)
		for i, s := range stat.Groups(wider) {
			if s.From > standings[i].From || s.To < standings[i].To {
				t.Fatalf("%v: %v became %v", wider, standings[i], s)
			}
		}
	})
}

func TestOverlaps(t *testing.T) {
	for _, c := range []struct {
		a, b stat.Interval
		want bool
	}{
		{stat.Interval{5, 4, 6}, stat.Interval{7, 6, 8}, true}, {stat.Interval{5, 4, 6}, stat.Interval{8, 7, 9}, false},
		{stat.Interval{5, 0, 9}, stat.Interval{5, 4, 6}, true}, {stat.Interval{5, nan, 6}, stat.Interval{8, 7, 9}, true},
		{stat.Interval{nan, 4, 6}, stat.Interval{8, 7, 9}, true},
	} {
		if c.a.Overlaps(c.b) != c.want || c.b.Overlaps(c.a) != c.want {
			t.Errorf("%v and %v: not %v", c.a, c.b, c.want)
		}
	}
}
