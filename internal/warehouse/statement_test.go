package warehouse

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"pgregory.net/rapid"
)

func TestParametersAreFoundOutsideOfStringsAndComments(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT $b, $a, $b":                     "a b",
		"SELECT '$a', \"$b\", 'it''s $c', $d":   "d",
		"SELECT 1 -- $a\n, $b":                  "b",
		"SELECT 1 -- $a\r, $b":                  "b",
		"SELECT /* $a /* $b */ $c */ $d":        "d",
		"SELECT $$ $a $$, $x$ $b $$ $x$, $c":    "c",
		"SELECT E'\\' $a', $b":                  "b",
		"SELECT a$b, 名$c FROM t WHERE d=$e":     "e",
		"SELECT $_a1::INT+$b*1.5e3$c":           "_a1 b c",
		"SELECT '订单', $n; -- $no":               "n",
		"SELECT 5-/* */-$a\n+3, x'00', $b - $c": "a b c",
	} {
		if got := SQL("t", text); strings.Join(got.Parameters(), " ") != want || got.err != nil {
			t.Errorf("%s: %v, %v; want %s", text, got.Parameters(), got.err, want)
		}
	}
}

func TestTextsThatMayNotRunAreRefused(t *testing.T) {
	for text, says := range map[string]string{
		"SELECT ?":              "by position",
		"SELECT $1":             "by number",
		"SELECT $ a":            "directly after it",
		`SELECT $"a"`:           "directly after it",
		"SELECT $员工":            "ASCII",
		"SELECT $a + $A":        "differ only in case",
		"SELECT 'abc":           "not closed",
		`SELECT "abc`:           "not closed",
		`SELECT E'\'`:           "not closed",
		"SELECT E'a'\n'b\\'":    "join them",
		"SELECT /* /* */":       "does not end",
		"SELECT $x$ abc $$":     "does not end",
		"SELECT 1; SELECT 2":    "more than one",
		"SELECT 'a\x00'":        "NUL",
		"SELECT '\xff'":         "not UTF-8",
		"":                      "empty",
		" -- nothing\n /* */ ;": "empty",
	} {
		err := SQL("t", text).check(nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
}

func TestLoadReadsOneStatementAFile(t *testing.T) {
	const good = "-- What it yields.\nSELECT $a"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	l, err := Load(fstest.MapFS{"sql/x.sql": file(good), "sql/y.sql": file("/* What. */ SELECT 1"), "readme.txt": file("SELECT")})
	if err != nil || len(l) != 2 || l.Get("x").SQL() != good || l.Get("x").Name() != "x" {
		t.Fatalf("%v, %v", l, err)
	}
	for says, fsys := range map[string]fstest.MapFS{
		"sql/x.sql: it must open":       {"sql/x.sql": file("SELECT 1")},
		"two statements \"x\"":          {"a/x.sql": file(good), "b/x.sql": file(good)},
		"x.sql: there is more than one": {"x.sql": file("-- a\nSELECT 1; SELECT 2")},
	} {
		if _, err := Load(fsys); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
	defer func() {
		if got, _ := recover().(string); got != `no SQL statement "z"; there are x, y` {
			t.Errorf("panic %q", got)
		}
	}()
	l.Get("z")
}

// fragments are put together by the test below into texts that DuckDB prepares.
var fragments = []string{
	"$a", "$b1", "$_c", "'$a'", "'it''s $q'", "$$ $z $$", "$t$ $z $$ ' $t$", "E'\\'$z'", "e'\\\\'", "1", "1.5", "x'41'", "'--'", "'/*'", "$a::VARCHAR",
	"($b1)", "[$a, 2]", "'\"$q\"'", "'订单'", "$d /* $z /* $y */ */", "1 -- $z ' \"\n", "2 -- $z\r", "-$e", "- -$e", "5-/**/-$f", "{'k': $a}", "U&'$z'",
	"1e3$a", "0x1F", "1_000", "2.$g", ".5e-1$g", "$a\t", "CAST($b1 AS INT)", "'a' -- $z\n 'b$z'", "$b1||$a",
}

func TestParametersAgreeWithDuckDB(t *testing.T) {
	db := open(t, Options{})
	conn, err := db.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	prepared := 0
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom(fragments), 1, 5).Draw(t, "parts")
		text := "SELECT " + strings.Join(parts, rapid.SampledFrom([]string{",", " , ", ",\n", "||"}).Draw(t, "join"))
		names, ok := duckdbParameters(conn.Raw, text)
		if !ok {
			return
		}
		prepared++
		if s := SQL("t", text); s.err == nil && !slices.Equal(names, s.parameters) {
			t.Fatalf("%s\nDuckDB: %v\nhere:   %v", text, names, s.parameters)
		}
	})
	if prepared == 0 {
		t.Error("DuckDB prepared none of the texts")
	}
}

// duckdbParameters asks DuckDB for the parameters of text, and reports false when it does not prepare.
func duckdbParameters(raw func(func(any) error) error, text string) (names []string, ok bool) {
	err := raw(func(c any) error {
		prepared, err := c.(*duckdb.Conn).PrepareContext(context.Background(), text)
		if err != nil {
			return err
		}
		stmt := prepared.(*duckdb.Stmt)
		defer stmt.Close()
		for i := range stmt.NumInput() {
			name, err := stmt.ParamName(i + 1)
			if err != nil {
				return err
			}
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err == nil
}

func FuzzInspect(f *testing.F) {
	for _, s := range fragments {
		f.Add("SELECT " + s)
	}
	for _, s := range []string{"", ";", "$", "$$", "$a$", "e'", "E'\\", "/*", "--", "\"", "SELECT 1;;", "create index"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found, err := inspect(text)
		if err != nil {
			return
		}
		if found.length > len(text) || !slices.IsSorted(found.parameters) {
			t.Errorf("%q: %+v", text, found)
		}
		for _, name := range found.parameters {
			if !strings.Contains(text, "$"+name) {
				t.Errorf("%q has no $%s", text, name)
			}
		}
		// A literal hides all of it, whatever it holds.
		quoted, err := inspect("SELECT " + Literal(text) + ", " + Ident(text))
		if err != nil || len(quoted.parameters) > 0 {
			t.Errorf("%q quoted: %v, %v", text, quoted.parameters, err)
		}
	})
}

func TestIdentAndLiteralComeBackFromDuckDB(t *testing.T) {
	db := open(t, Options{})
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.ReplaceAll(rapid.String().Draw(rt, "text"), "\x00", "")
		name := text + "x" // DuckDB has no empty names
		err := db.View(t.Context(), func(tx *Tx) error {
			s := SQL("round trip", "SELECT "+Literal(text)+" AS "+Ident(name))
			got, err := One[string](t.Context(), tx, s, nil)
			if err != nil {
				return err
			}
			if got != text {
				rt.Errorf("%q came back as %q", text, got)
			}
			columns, err := tx.Columns(t.Context(), s, nil)
			if err == nil && columns[0].Name != name {
				rt.Errorf("the name %q came back as %q", name, columns[0].Name)
			}
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}
