package metrics

import (
	"testing"

	"plumbline/policy"
)

// A version is read when one state knows it and the other does not.
func TestVersionsSQL(t *testing.T) {
	costs := &policy.Dataset{ID: "costs", Columns: []*policy.Column{{ID: "cost_id", Type: policy.TypeID}, {ID: "amount", Type: policy.TypeMoney}}}
	const want = `SELECT _seq, _row, CASE WHEN _until <= greatest($known, $unknown) THEN _until ELSE 0 END, '', [coalesce(CAST("cost_id" AS VARCHAR), ''), coalesce(CAST("amount" AS VARCHAR), '')]
FROM facts."costs"
WHERE _seq <= $known AND _until > $known AND NOT (_seq <= $unknown AND _until > $unknown)
ORDER BY _seq, _row`
	if got := versionsSQL(costs); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
