package reviews

import (
	"fmt"
	"time"

	"plumbline/policy"
)

// Refusal says why a command was not carried out. Nothing has changed.
type Refusal struct {
	Rule string // stable id, such as "evaluation.gap"
	Say  policy.Text
	Cure policy.Text
}

// Error gives the refusal in Chinese and English.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s\n  %s\n  改法：%s\n  cure: %s", r.Say.ZH, r.Say.EN, r.Cure.ZH, r.Cure.EN)
}

// refuse makes a refusal.
func refuse(rule string, what, cure policy.Text) error { return &Refusal{rule, what, cure} }

// say makes a text in both languages; both formats take the same arguments.
func say(zh, en string, args ...any) policy.Text {
	return policy.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// date writes the day of a moment.
func date(t time.Time) string { return t.Format(time.DateOnly) }
