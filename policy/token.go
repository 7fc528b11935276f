package policy

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// reserved are words that DuckDB, or a reader of SQL, takes for something else than a name.
var reserved = set(`all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
	default deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect
	into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify
	references returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic
	when where window with
	anti asof at authorization binary by collation columns concurrently cross freeze full generated glob ilike inner is isnull
	join left like map natural notnull outer overlaps positional right semi similar struct tablesample try_cast unpack verbose
	between exists interval row values coalesce nullif extract grouping
	current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime
	localtimestamp rowid session_user user unknown report_day asked_on`)

// clocks are names and functions that give another answer every day.
var clocks = set(`current_date current_time current_timestamp localtime localtimestamp now today get_current_time
	get_current_timestamp transaction_timestamp clock_timestamp`)

// aggregates are what a measure does by itself.
var aggregates = set(`sum count avg min max any_value first last list string_agg median stddev`)

// plainFunctions are what every expression may call: other SQL engines have them too, by this name.
var plainFunctions = []string{"abs", "round", "floor", "ceil", "coalesce", "nullif", "greatest", "least", "lower", "upper", "trim",
	"length", "substring", "split_part", "concat", "date_diff", "date_trunc", "year", "month", "day", "hour", "minute", "extract",
	"date_part", "starts_with"}

// functions are what an expression over records may call: the plain ones, and those of durations and deadlines, which are macros of the
// warehouse. An argument that is missing makes the result missing.
//
//	call                  result         meaning
//	workdays(a, b)        BIGINT         workdays after day a up to and including day b by calendar.yaml: 0 on the same day, negative when
//	                                     b lies before a
//	hours_between(a, b)   DECIMAL(18,4)  hours from moment a to moment b, weekends and nights included: seconds ÷ 3600, rounded to 4 decimals
//	moment(day, hour)     TIMESTAMP      the day at that hour, 0 to 24; 17.5 is half past five in the afternoon; to the second
//	plus_hours(a, n)      TIMESTAMP      the moment n hours after a; n may have decimals; to the second
//	week_day(day, n)      DATE           the n-th day, 1 = Monday to 7 = Sunday, of the week (ISO) that holds the day
//	month_day(day, n)     DATE           the n-th day of the month that holds the day; its last day when n is past its end
//
// A day is a DATE and a moment a TIMESTAMP; neither takes the other's place. The n of the last two is a whole number, a parameter or a
// column of type integer; where a column has a number that no such day has (a week has no 8th), the result is missing.
var functions = slices.Concat(plainFunctions, []string{"workdays", "hours_between", "moment", "plus_hours", "week_day", "month_day"})

// functionsFor gives what an expression may call. The headers of a file are text: there are no dates among them
// whose distance could be told.
func functionsFor(purpose use) []string {
	if purpose.overHeaders() {
		return plainFunctions
	}
	return functions
}

// keywords are the words of an expression that are neither names nor functions.
var keywords = set(`and or not in is null true false between like escape case when then else end cast as distinct from for
	both leading trailing date timestamp varchar text bigint decimal numeric boolean year quarter month week day hour minute second
	isodow doy isoyear`)

// beforeBracket are keywords that a bracket may follow.
var beforeBracket = set(`and or not in between like escape case when then else cast as from for both leading trailing
	decimal numeric varchar is`)

func set(words string) map[string]bool {
	s := map[string]bool{}
	for _, w := range strings.Fields(words) {
		s[w] = true
	}
	return s
}

// sqlWord is a name, keyword or function in an expression.
type sqlWord struct {
	text   string
	at     int
	called bool // a bracket follows
}

var (
	wordForm   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)
	numberForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?`)
	callForm   = regexp.MustCompile(`^ *\(`)
)

const maxBrackets = 40

// scan cuts an expression into words. Outside of texts in single quotes it lets only plain ASCII pass, because DuckDB turns
// other blanks into ASCII before it counts positions, and because quotes, comments and parameters have no use here.
func scan(text string) ([]sqlWord, *refusal) {
	var words []sqlWord
	brackets := 0
	for at := 0; at < len(text); {
		rest := text[at:]
		length := 1
		switch {
		case rest[0] == '\'':
			if length = quotedLength(rest); length == 0 {
				return nil, &refusal{at, say("单引号没有成对", "the single quote is not closed"), say("在文字末尾补上单引号", "close it at the end of the text")}
			}
		case wordForm.MatchString(rest):
			w := sqlWord{text: wordForm.FindString(rest), at: at}
			length = len(w.text)
			w.called = callForm.MatchString(rest[length:])
			words = append(words, w)
			if strings.HasPrefix(rest[length:], "'") {
				return nil, &refusal{at, say("文字前不能紧接“%s”", "“%s” may not stand directly before a text", w.text), say("在两者之间空一格，或删去它", "put a blank between them, or delete it")}
			}
		case numberForm.MatchString(rest):
			length = len(numberForm.FindString(rest))
			if length < len(rest) && (wordForm.MatchString(rest[length:]) || rest[length] == '.') {
				return nil, &refusal{at, say("数字写法不对", "the number is not plain"), say("写成 1000 或 0.5 的样子，不用分隔符与指数", "write it like 1000 or 0.5, without separator or exponent")}
			}
		default:
			if refused := sign(rest, at); refused != nil {
				return nil, refused
			}
			if rest[0] == '(' {
				brackets++
			} else if rest[0] == ')' {
				brackets--
			} else if strings.HasPrefix(rest, "::") {
				length = 2
			}
			if brackets > maxBrackets {
				return nil, tooDeep(at)
			}
		}
		at += length
	}
	return words, nil
}

func tooDeep(at int) *refusal {
	return &refusal{at, say("表达式嵌套过深", "the expression is nested too deeply"), say("拆成几个较简单的条件", "split it into simpler conditions")}
}

// quotedLength gives the length of the quoted text that s begins with, 0 when it does not end.
func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '\'' {
			return i + 1
		}
		i++
	}
	return 0
}

// sign refuses characters that an expression does not use.
func sign(rest string, at int) *refusal {
	c, _ := utf8.DecodeRuneInString(rest)
	switch {
	case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "/*"):
		return &refusal{at, say("表达式中不能有 SQL 注释", "an expression holds no SQL comment"), say("用 YAML 注释（# …），写在引号之外；减去负数请加括号", "use a YAML comment (# …) outside of the quotes; bracket a negative number that is subtracted")}
	case c == ';':
		return &refusal{at, say("表达式中不能有分号", "an expression holds no semicolon"), say("只写一个条件或算式", "write one condition or sum only")}
	case c == '$', c == '?':
		return &refusal{at, say("表达式中不能有占位符“%c”", "an expression holds no placeholder “%c”", c), say("直接写 %s 中参数的名称", "write the name of a parameter of %s", companyFile)}
	case c == '"', c == '`':
		return &refusal{at, say("列名不加引号", "column names stand without quotes"), say("列名直接写，文字用单引号：outcome = 'won'", "write the column as it is and text in single quotes: outcome = 'won'")}
	case c == '.':
		return &refusal{at, say("名称中不能有点", "a name has no dot"), say("只写列名本身，小数写成 0.5", "write the column alone, and decimals like 0.5")}
	case c >= utf8.RuneSelf:
		cure := say("列名用标识（英文），文字用单引号：outcome = 'won'", "write the id of the column, and text in single quotes: outcome = 'won'")
		if plain := norm.NFKC.String(string(c)); plain != string(c) && ascii(plain) {
			cure = say("改为半角“%s”", "write the plain “%s”", plain)
		} else if strings.ContainsRune("‘’“”", c) {
			cure = say("改为半角单引号 '", "write the plain single quote '")
		}
		return &refusal{at, say("单引号之外不能有“%c”", "“%c” may not stand outside of single quotes", c), cure}
	case c == ':' && !strings.HasPrefix(rest, "::"), !strings.ContainsRune(" +-*/%|=<>!(),~:", c):
		return &refusal{at, say("表达式中不用“%c”", "an expression has no use for “%c”", c), say("可用：+ - * / %% || = <> < <= > >= 与函数", "use + - * / %% || = <> < <= > >= and functions")}
	}
	return nil
}

// calls refuses functions that are not on the list. DuckDB's tree alone would not do: it turns some functions, such as if
// and ifnull, into other nodes.
func calls(words []sqlWord, purpose use) []refusal {
	var refusals []refusal
	for _, w := range words {
		name := strings.ToLower(w.text)
		if w.called && !slices.Contains(functionsFor(purpose), name) && !beforeBracket[name] {
			refusals = append(refusals, noFunction(name, w.at, purpose))
		}
	}
	return refusals
}

// spoken are what an author wrote where DuckDB's tree holds a function.
var spoken = map[string]string{"~~*": "ILIKE", "!~~*": "NOT ILIKE", "ilike_escape": "ILIKE", "not_ilike_escape": "NOT ILIKE",
	"~~~": "GLOB", "regexp_full_match": "SIMILAR TO", "timezone": "AT TIME ZONE", "row": "(…, …)", "list_value": "[…]", "struct_pack": "{…}",
	"to_years": "INTERVAL", "to_months": "INTERVAL", "to_weeks": "INTERVAL", "to_days": "INTERVAL", "to_hours": "INTERVAL",
	"to_minutes": "INTERVAL", "to_seconds": "INTERVAL"}

func noFunction(name string, at int, purpose use) refusal {
	known := functionsFor(purpose)
	cure := say("可用的函数：%s", "the functions are: %s", strings.Join(known, ", "))
	switch near := nearest(name, known); {
	case spoken[name] == "INTERVAL":
		name, cure = spoken[name], say("日期直接加减整数天：done_on + 3", "add whole days to a date: done_on + 3")
	case spoken[name] != "":
		name = spoken[name]
	case clocks[name]:
		cure = clockCure(purpose)
	case aggregates[name] && !purpose.overHeaders():
		cure = say("合计由 count 与 sum 完成，这里只写一行的条件或数值", "count and sum do the adding up; write the condition or value of one row")
	case near != "":
		cure = say("是否应为 %s？", "did you mean %s?", near)
	}
	return refusal{at, say("不能使用 %s", "%s may not be used", clip(name)), cure}
}

// clockCure says what takes the place of the clock.
func clockCure(purpose use) Text {
	if purpose.overHeaders() {
		return say("同一文件任何一天读入都须得出同样的记录；请用文件中的日期", "a file must give the same records on any day; use dates of the file")
	}
	return Text{"报表日写作 " + ReportDay + "；制度不读取当天日期，结果才不会随日子变化", "write " + ReportDay + " for the day of the report; a policy never reads the clock, so that results do not change by themselves"}
}

// agree makes sure that the words of the text and the names of the tree are the same ones: every name stands where the tree
// says, and every other word is a known keyword or function.
func agree(words []sqlWord, refs []ref) *refusal {
	at := map[int]string{}
	for _, r := range refs {
		at[r.at] = r.name
	}
	found := 0
	for _, w := range words {
		if at[w.at] == w.text {
			found++
		} else if name := strings.ToLower(w.text); !keywords[name] && !(w.called && slices.Contains(functions, name)) {
			return &refusal{w.at, say("此处不能使用“%s”", "“%s” may not be used here", clip(w.text)), say("换一种写法", "write it in another way")}
		}
	}
	if found != len(refs) || len(at) != len(refs) {
		return &refusal{-1, say("表达式中的名称无法可靠地定位", "the names of the expression cannot be located"), say("换一种更简单的写法", "write it in a simpler way")}
	}
	return nil
}
