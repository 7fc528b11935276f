package metrics

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
)

// TestMedianOfRecordsInParts splits records as two memberships do: 1, 2 and 9 have the median 2, whether or not 9 counts as 60 % and 40 %.
func TestMedianOfRecordsInParts(t *testing.T) {
	one := fixed.Int(1)
	split := []Part{{one, one}, {fixed.Int(9), 6000}, {2 * one, one}, {fixed.Int(9), 4000}}
	if got := middle(split); got != (fixed.Ratio{Num: fixed.Int(2), Den: one}) {
		t.Errorf("the median is %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Int64Range(-50, 50)).Draw(t, "values")
		var parts []Part
		for _, v := range values {
			part := fixed.Num(rapid.Int64Range(1, 9999).Draw(t, "part"))
			parts = append(parts, Part{fixed.Int(v), part}, Part{fixed.Int(v), one - part})
		}
		slices.Sort(values)
		want := fixed.Ratio{}
		if n := len(values); n%2 == 1 {
			want = fixed.Ratio{Num: fixed.Int(values[n/2]), Den: one}
		} else if n > 0 {
			want = fixed.Ratio{Num: fixed.Int(values[n/2-1] + values[n/2]), Den: fixed.Int(2)}
		}
		got := middle(parts)
		if got != want && (got.Den == 0 || want.Den == 0 || int64(got.Num)*int64(want.Den) != int64(want.Num)*int64(got.Den)) {
			t.Fatalf("%v in parts: %v, want %v", values, got, want)
		}
	})
}
