package warehouse

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// shape is what inspect finds in a text.
type shape struct {
	parameters []string // sorted, without the $
	temporary  bool     // the statement may leave a temporary object on its connection
	macros     bool     // the statement may call a macro of this package
	length     int      // bytes before the closing semicolon, if there is one
}

// inspect finds the parameters of a text and refuses what may not run: several statements in one text, parameters by
// position (the driver would bind them in silence), and the schema features that lose rows after a crash.
func inspect(text string) (shape, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return shape{}, errors.New("the text is not UTF-8 or holds a NUL, at which DuckDB would cut it")
	}
	found := shape{length: len(text)}
	var words []string
	lex := lexer{text: text}
	for ended := false; ; {
		tok, err := lex.next()
		switch {
		case err != nil:
			return shape{}, err
		case tok.kind == end:
			slices.Sort(found.parameters)
			found.parameters = slices.Compact(found.parameters)
			found.temporary = slices.ContainsFunc(words, temporaryWord)
			found.macros = slices.ContainsFunc(words, func(w string) bool { return slices.Contains(macroOrder, w) })
			return found, errors.Join(oneSpelling(found.parameters), refuse(words))
		case tok.kind == semicolon && !ended:
			ended = true
			found.length = lex.at - 1
		case tok.kind == semicolon:
		case ended:
			return shape{}, errors.New("there is more than one statement; give each its own text")
		case tok.kind == parameter:
			found.parameters = append(found.parameters, tok.text[1:])
		}
		words = append(words, strings.ToLower(strings.Trim(tok.text, `"`)))
	}
}

// temporaryWord tells words that make or may make a temporary object. PIVOT leaves a temporary type behind.
func temporaryWord(w string) bool {
	return w == "temp" || w == "temporary" || strings.HasPrefix(w, "pivot")
}

// oneSpelling refuses $a beside $A: DuckDB takes them for one parameter, a caller for two.
func oneSpelling(parameters []string) error {
	seen := map[string]string{}
	for _, p := range parameters {
		if other, ok := seen[strings.ToLower(p)]; ok {
			return fmt.Errorf("$%s and $%s differ only in case; spell them alike", other, p)
		}
		seen[strings.ToLower(p)] = p
	}
	return nil
}

// refuse looks at the words of a statement, outside of strings and comments.
func refuse(words []string) error {
	if len(words) == 0 || words[0] == ";" {
		return errors.New("the statement is empty")
	}
	if words[0] != "create" && words[0] != "alter" {
		return nil
	}
	for i, w := range words[1:min(len(words), 5)] {
		if w == "index" && (i == 0 || words[i] == "unique") {
			return errors.New("CREATE INDEX is refused: DuckDB loses rows of it after a crash; use PRIMARY KEY or UNIQUE")
		}
	}
	if slices.Contains(words, "references") {
		return errors.New("foreign keys are refused: they block ALTER and copies of the database")
	}
	return nil
}

// kind is the sort of a token.
type kind int

const (
	end kind = iota
	word
	identifier // quoted, with its quotes
	literal    // a string of any quoting
	parameter  // with its $
	semicolon
	sign // any other character
)

// token is a piece of SQL.
type token struct {
	kind kind
	text string
}

// lexer cuts SQL the way DuckDB's own scanner does, as far as strings, names, comments and parameters go.
type lexer struct {
	text string
	at   int
}

// next gives the next token; blanks and comments are skipped.
func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	if l.at == len(l.text) {
		return token{kind: end}, nil
	}
	start := l.at
	k, err := l.take()
	return token{k, l.text[start:l.at]}, err
}

// numeral is the start of a number up to where a name or a parameter may follow it directly, as in 1e3$a.
var numeral = regexp.MustCompile(`^(0[xX][0-9a-fA-F_]+|[0-9_]+(\.[0-9_]*)?([eE][-+]?[0-9]+)?)`)

// take moves over one token.
func (l *lexer) take() (kind, error) {
	switch c := l.text[l.at]; {
	case c == '\'':
		return literal, l.quoted('\'', false)
	case c == '"':
		return identifier, l.quoted('"', false)
	case c == '$':
		return l.dollar()
	case c == '?':
		return sign, errors.New("parameters by position (?) are refused; name them ($name)")
	case c == ';':
		l.at++
		return semicolon, nil
	case isDigit(c):
		l.at += len(numeral.FindString(l.text[l.at:]))
		return sign, nil
	case isStart(c):
		return l.name()
	}
	l.at++
	return sign, nil
}

// skip moves over blanks and comments.
func (l *lexer) skip() error {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case strings.ContainsRune(" \t\n\r\f\v", rune(rest[0])):
			l.at++
		case strings.HasPrefix(rest, "--"):
			if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
				l.at += i
			} else {
				l.at = len(l.text)
			}
		case strings.HasPrefix(rest, "/*"):
			if err := l.comment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// comment moves over a block comment; these nest.
func (l *lexer) comment() error {
	depth := 0
	for l.at < len(l.text) {
		switch rest := l.text[l.at:]; {
		case strings.HasPrefix(rest, "/*"):
			depth++
			l.at += 2
		case strings.HasPrefix(rest, "*/"):
			l.at += 2
			if depth--; depth == 0 {
				return nil
			}
		default:
			l.at++
		}
	}
	return errors.New("a comment does not end")
}

// quoted moves over a quoted piece; a doubled quote stands for itself, with escapes also one after a backslash.
func (l *lexer) quoted(quote byte, escapes bool) error {
	for l.at++; l.at < len(l.text); l.at++ {
		switch c := l.text[l.at]; {
		case c == '\\' && escapes:
			l.at++
		case c == quote && l.at+1 < len(l.text) && l.text[l.at+1] == quote:
			l.at++
		case c == quote:
			l.at++
			return nil
		}
	}
	l.at = len(l.text)
	return fmt.Errorf("a %c is not closed", quote)
}

// name moves over a name, or over an escape string such as E'\n'.
func (l *lexer) name() (kind, error) {
	start := l.at
	for l.at < len(l.text) && (isStart(l.text[l.at]) || isDigit(l.text[l.at]) || l.text[l.at] == '$') {
		l.at++
	}
	if !strings.EqualFold(l.text[start:l.at], "e") || l.at == len(l.text) || l.text[l.at] != '\'' {
		return word, nil
	}
	if err := l.quoted('\'', true); err != nil {
		return literal, err
	}
	// SQL joins strings on two lines, and the second would keep the backslashes of the first.
	if err := l.skip(); err != nil {
		return literal, err
	}
	if l.at < len(l.text) && l.text[l.at] == '\'' {
		return literal, errors.New("a string follows an escape string; join them with ||")
	}
	return literal, nil
}

// dollar moves over a parameter or a dollar-quoted string.
func (l *lexer) dollar() (kind, error) {
	i := l.at + 1
	for i < len(l.text) && (isStart(l.text[i]) || (i > l.at+1 && isDigit(l.text[i]))) {
		i++
	}
	name := l.text[l.at:i]
	if i < len(l.text) && l.text[i] == '$' {
		tag := name + "$"
		length := strings.Index(l.text[i+1:], tag)
		if length < 0 {
			return literal, fmt.Errorf("the string that opens with %s does not end", tag)
		}
		l.at = i + 1 + length + len(tag)
		return literal, nil
	}
	if len(name) == 1 {
		return parameter, errors.New("a $ needs a name directly after it; parameters by number are refused")
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return parameter, fmt.Errorf("the parameter %s must be named in ASCII letters, digits and _", name)
	}
	l.at = i
	return parameter, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isStart(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}
