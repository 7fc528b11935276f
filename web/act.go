package web

import (
	"strings"

	"plumbline/internal/fixed"
)

// act is something that the viewer may do, as a form behind a summary that has to be opened first: template part "acts".
type act struct {
	Summary, Explain string
	Href, Button     string
	Danger           bool
	Hidden           []field
	Fields           []field
}

// field is an input of a form.
type field struct {
	Name, Label, Value, Say string
	Kind                    string // text, number, password, textarea or select
	Required                bool
	Choices                 []menuItem // of a select: Href is the value
}

// confirmed adds an act.
func (q *request) confirmed(href, zh, en, explainZH, explainEN string, fields ...field) act {
	return act{Summary: q.say(zh, en), Button: q.say(zh, en), Explain: q.say(explainZH, explainEN), Href: href, Fields: fields}
}

// reason is the field that asks why.
func (q *request) reason() field {
	return field{Name: "reason", Label: q.say("理由", "Reason"), Kind: "textarea", Required: true}
}

// departmentField lets one of all departments be picked.
func (q *request) departmentField(label string, all string) field {
	f := field{Name: "department", Label: label, Kind: "select"}
	if all != "" {
		f.Choices = append(f.Choices, menuItem{Text: all})
	}
	for _, d := range q.seat.staff.Departments() {
		f.Choices = append(f.Choices, menuItem{Href: d.ID, Text: d.Name.In(q.lang)})
	}
	return f
}

// departmentName gives a department's name, or its id where it is unknown.
func (q *request) departmentName(id string) string {
	if d, ok := q.seat.staff.Department(id); ok {
		return d.Name.In(q.lang)
	}
	return id
}

// noted is something to note down, such as a hash.
type noted struct{ Name, Text string }

// yuan writes an amount with two decimals and a comma between thousands: for people; files have plain numbers.
func yuan(n fixed.Num) string {
	text := n.Text(2)
	whole, cents, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if strings.HasPrefix(text, "-") {
		whole = "-" + whole
	}
	return whole + "." + cents
}

// amount is an amount that may not be known, and amountChange one with its sign.
func amount(n *fixed.Num) string {
	if n == nil {
		return points(n)
	}
	return yuan(*n)
}

func amountChange(n *fixed.Num) string {
	if n != nil && *n > 0 {
		return "+" + yuan(*n)
	}
	return amount(n)
}
