package policy

import (
	"encoding/json"
	"slices"
	"strings"

	"plumbline/internal/fixed"
)

// signature says of what kinds the arguments and the result of a function are, and how a call looks.
type signature struct {
	takes []string
	gives string
	shown string
}

// durations are the functions of functions that are not DuckDB's own: macros of the warehouse.
var durations = map[string]signature{
	"workdays":      {[]string{"date", "date"}, "number", "workdays(requested_on, replied_on)"},
	"hours_between": {[]string{"moment", "moment"}, "number", "hours_between(requested_at, replied_at)"},
	"moment":        {[]string{"date", "number"}, "moment", "moment(due_on, 17.5)"},
	"plus_hours":    {[]string{"moment", "number"}, "moment", "plus_hours(ended_at, 24)"},
	"week_day":      {[]string{"date", "number"}, "date", "week_day(work_date, 5)"},
	"month_day":     {[]string{"date", "number"}, "date", "month_day(work_date, 5)"},
}

// byCalendar is the function to whose arguments the calendar is added when an expression is rewritten.
const byCalendar = "workdays"

// duration checks a call of one of durations.
func (w *walker) duration(n map[string]any, name string, args []map[string]any) {
	s := durations[name]
	if len(args) != len(s.takes) {
		w.refuse(n, say("%s 要有 %d 个参数，实有 %d 个", "%s takes %d arguments, not %d", name, len(s.takes), len(args)), say("写成 %s 的样子", "write it like %s", s.shown))
		return
	}
	for i, arg := range args {
		if !w.takes(name, i, arg) {
			return
		}
	}
	switch name {
	case "week_day":
		w.ordinal(name, args[1], 7)
	case "month_day":
		w.ordinal(name, args[1], 31)
	case "moment":
		if hour, known := w.figure(args[1]); known && (hour < 0 || hour > fixed.Int(24)) {
			w.refuse(args[1], say("%s 不是一天中的钟点", "%s is no hour of a day", hour), say("写 0 到 24 的数字，下午五点半是 17.5", "write a number from 0 to 24; half past five in the afternoon is 17.5"))
		}
	case byCalendar: // its arguments stand in its text many times over
		if slices.ContainsFunc(args, func(a map[string]any) bool { return holdsCall(a, byCalendar) }) {
			w.refuse(n, say("workdays 之内不能再用 workdays", "workdays may not stand inside of workdays"), say("拆成两个条件", "split it into two conditions"))
		}
	}
}

// takes compares the kind of an argument with what a function takes.
func (w *walker) takes(name string, i int, arg map[string]any) bool {
	s := durations[name]
	want, is := s.takes[i], w.kindOf(arg)
	if is == "" || is == want {
		return true
	}
	if typ, text := constantOf(arg); typ == "VARCHAR" && want != "number" {
		before := len(w.refusals)
		w.constantDay(arg, want, text)
		return len(w.refusals) == before
	}
	cure := say("写成 %s 的样子", "write it like %s", s.shown)
	switch {
	case want == "moment" && is == "date":
		cure = say("写 moment(日期, 17) 指明当天几点", "say at which hour: moment(date, 17)")
	case want == "date" && is == "moment":
		cure = say("只取日期时写 CAST(列名 AS DATE)", "write CAST(column AS DATE) for its day")
	}
	w.refuse(arg, say("%[1]s 的第 %[2]d 个参数应为%[3]s，实为%[4]s", "argument %[2]d of %[1]s must be %[5]s, but is %[6]s",
		name, i+1, kindWords[want].ZH, kindWords[is].ZH, kindWords[want].EN, kindWords[is].EN), cure)
	return false
}

// ordinal makes sure that the n-th day is a whole number that a week or month may have. Columns of whole numbers are taken as they come:
// where there is no n-th day, the day is blank.
func (w *walker) ordinal(name string, n map[string]any, most int64) {
	if v, known := w.figure(n); known {
		if v%fixed.Int(1) != 0 || v < fixed.Int(1) || v > fixed.Int(most) {
			w.refuse(n, say("%s 的第几天应为 1 到 %d 的整数，实为 %s", "the n-th day of %s is a whole number from 1 to %d, not %s", name, most, v), ordinalCure(name))
		}
		return
	}
	if col := w.dataset.Column(columnName(n)); col == nil || col.Type != TypeInteger { // a whole number, and short in the macro's text
		w.refuse(n, say("%s 的第几天须为整数、参数或 integer 类型的列", "the n-th day of %s must be a whole number, a parameter or a column of type integer", name), ordinalCure(name))
	}
}

func ordinalCure(name string) Text {
	if name == "week_day" {
		return say("1 是周一，7 是周日", "1 is Monday, 7 is Sunday")
	}
	return say("写 1 到 31；当月没有这一天时取月末", "write 1 to 31; where the month has no such day, its last one is meant")
}

// figure gives the value of a constant or a parameter, with its sign.
func (w *walker) figure(n map[string]any) (fixed.Num, bool) {
	if n["class"] == "FUNCTION" && n["function_name"] == "-" && len(children(n)) == 1 {
		v, known := w.figure(children(n)[0])
		return -v, known
	}
	if name := columnName(n); name != "" {
		i := slices.IndexFunc(w.parameters, func(p Parameter) bool { return p.ID == name })
		if i < 0 {
			return 0, false
		}
		return w.parameters[i].Value, true
	}
	number, ok := field(n["value"], "value").(json.Number)
	if n["class"] != "CONSTANT" || !ok {
		return 0, false
	}
	v, err := fixed.Parse(withPoint(number.String(), field(field(field(n["value"], "type"), "type_info"), "scale")))
	return v, err == nil
}

// withPoint puts the decimal point into the digits of a constant, which the tree gives without it.
func withPoint(digits string, scale any) string {
	places, _ := scale.(json.Number)
	n, err := places.Int64()
	if err != nil || n <= 0 || n > 38 {
		return digits
	}
	digits, negative := strings.CutPrefix(digits, "-")
	digits = strings.Repeat("0", max(0, int(n)+1-len(digits))) + digits
	digits = digits[:len(digits)-int(n)] + "." + digits[len(digits)-int(n):]
	if negative {
		return "-" + digits
	}
	return digits
}

// holdsCall reports whether a node, or one below it, calls a function.
func holdsCall(n map[string]any, function string) bool {
	if name, _ := n["function_name"].(string); n["class"] == "FUNCTION" && strings.EqualFold(name, function) {
		return true
	}
	return slices.ContainsFunc(children(n), func(child map[string]any) bool { return holdsCall(child, function) })
}
