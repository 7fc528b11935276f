package web

import (
	"encoding/json"
	"strings"
	"testing"

	"plumbline/policy"
)

// FuzzCursor reads cursors: whatever is read is what was written.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", cursorOf(0, 0), cursorOf(200, 4711), "LTE6MQ", "MDE6MQ", "????", strings.Repeat("A", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		at, moved, ok := place(cursor)
		if !ok {
			return
		}
		if at < 0 || moved < 0 || cursorOf(at, moved) != cursor {
			t.Errorf("%q is read as %d, %d", cursor, at, moved)
		}
	})
}

// FuzzRecord reads records: what passes is one line of JSON that says the same, with plain values only.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1.50,"b":"x\n","c":null,"d":true}`, `{"a":[1]}`, `{"a":{"b":1}}`, `[1]`, `7`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}", "{\"a\" :\n\t1e400}", `{"` + strings.Repeat("x", 999) + `":""}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r Record
		if json.Unmarshal([]byte(text), &r) != nil {
			return
		}
		q := &request{lang: policy.EN}
		line, err := q.ndjson([]Record{r})
		if err != nil {
			return
		}
		if strings.Count(string(line), "\n") != 1 {
			t.Fatalf("%q is more than a line: %q", text, line)
		}
		var before, after map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(line, &after); err != nil || len(before) != len(after) {
			t.Fatalf("%q became %q: %v", text, line, err)
		}
		for name, value := range before {
			if string(after[name]) != string(value) || strings.ContainsAny(string(value[:1]), "[{") {
				t.Errorf("%q: %s became %s", text, value, after[name])
			}
		}
	})
}
