package web_test

import (
	"net/http"
	"testing"
)

// TestNoticesAreForHumanResources looks at the call sheet and the outbox, and at where messages lead.
func TestNoticesAreForHumanResources(t *testing.T) {
	s := looks(t, common)
	hr := s.as("hr")
	hr.sees("/notices", "电话通知单", "还没有发过消息", "渠道未配置")
	for path, want := range map[string]int{"/records/incidents/S1": http.StatusSeeOther, "/rewards/2026Q2/1": http.StatusSeeOther, "/rewards/2026Q2/candidates": http.StatusOK} {
		if status, _ := hr.get(path); status != want {
			t.Errorf("GET %s answers %d, not %d", path, status, want)
		}
	}
	if status, _ := s.as("manager").get("/notices"); status != http.StatusNotFound {
		t.Errorf("a manager reads the outbox: %d", status)
	}
}
