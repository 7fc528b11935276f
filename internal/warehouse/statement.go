package warehouse

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Statement is one SQL statement with named parameters ($name).
type Statement struct {
	name string
	text string
	shape
	err error // why it may not run; reported by every use
}

// Name tells the statement apart in errors.
func (s Statement) Name() string { return s.name }

// SQL gives the text.
func (s Statement) SQL() string { return s.text }

// Parameters gives the names of the parameters, sorted.
func (s Statement) Parameters() []string { return slices.Clone(s.parameters) }

// SQL makes a statement of generated text. A text that may not run (see inspect) is refused when it is used.
func SQL(name, text string) Statement {
	shape, err := inspect(text)
	return Statement{name: name, text: text, shape: shape, err: err}
}

// Library holds statements by name.
type Library map[string]Statement

// Get gives the statement called name. It panics when there is none, since names are constants in the program.
func (l Library) Get(name string) Statement {
	s, ok := l[name]
	if !ok {
		panic(fmt.Sprintf("no SQL statement %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(l)), ", ")))
	}
	return s
}

// Load reads every .sql file of fsys as one statement, named after the file. Each file must open with a comment that says
// what it yields.
func Load(fsys fs.FS) (Library, error) {
	l := Library{}
	err := fs.WalkDir(fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".sql" {
			return err
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		s := SQL(strings.TrimSuffix(path.Base(file), ".sql"), string(text))
		if _, twice := l[s.name]; twice {
			return fmt.Errorf("%s: there are two statements %q", file, s.name)
		}
		if s.err != nil {
			return fmt.Errorf("%s: %w", file, s.err)
		}
		if head := strings.TrimSpace(s.text); !strings.HasPrefix(head, "--") && !strings.HasPrefix(head, "/*") {
			return fmt.Errorf("%s: it must open with a comment that says what it yields", file)
		}
		l[s.name] = s
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load SQL: %w", err)
	}
	return l, nil
}

// MustLoad is Load for package-level variables over an embedded file system.
func MustLoad(fsys fs.FS) Library {
	l, err := Load(fsys)
	if err != nil {
		panic(err)
	}
	return l
}

// Args are the arguments of a statement by parameter name.
type Args map[string]any

// check compares the names of a with the parameters of s.
func (s Statement) check(a Args) error {
	if s.err != nil {
		return s.err
	}
	var missing, extra []string
	for _, name := range s.parameters {
		if _, ok := a[name]; !ok {
			missing = append(missing, "$"+name)
		}
	}
	for name := range a {
		if _, ok := slices.BinarySearch(s.parameters, name); !ok {
			extra = append(extra, "$"+name)
		}
	}
	if missing == nil && extra == nil {
		return nil
	}
	slices.Sort(extra)
	var faults []string
	if missing != nil {
		faults = append(faults, "no value for "+strings.Join(missing, ", "))
	}
	if extra != nil {
		faults = append(faults, "the statement has no "+strings.Join(extra, ", "))
	}
	return errors.New(strings.Join(faults, "; "))
}

// Ident gives name as a quoted SQL identifier.
func Ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Literal gives s as a quoted SQL text.
func Literal(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }
