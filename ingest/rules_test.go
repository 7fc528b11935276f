package ingest

import (
	"testing"

	"plumbline/ingest/cell"
)

// Every rule that a cell may break is explained in both languages.
func TestRulesHaveWords(t *testing.T) {
	for _, rule := range cell.Rules {
		w := explain(rule, "", nil, nil)
		if w.say.ZH == rule || w.say.EN == "" || w.cure.ZH == "" || w.cure.EN == "" {
			t.Errorf("rule %s has no words", rule)
		}
	}
}
