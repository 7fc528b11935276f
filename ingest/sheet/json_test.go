package sheet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"plumbline/ingest/sheet"
)

func TestJSON(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64)
	tooDeep := strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65)
	tests := []struct{ name, file, want string }{
		{"list", `[{"工号":"E1","n":1},{"n":2,"x":null,"工号":"E2"}]`, "json 0 [\"工号\" \"n\" \"x\"]\n1,E1,1,\n2,E2,2,\n"},
		{"over several lines", "\xef\xbb\xbf\r\n[\r\n {\r\n  \"a\" : 1 ,\n \"b\":true},\n{\"a\":2}\n]\n\n", "json 0 [\"a\" \"b\"]\n1,1,true\n2,2,\n"},
		{"numbers as they are written", `[{"a":12345678901234567890123,"b":1e5,"c":-0.10,"d":1E+400,"e":false}]`, "json 0 [\"a\" \"b\" \"c\" \"d\" \"e\"]\n1,12345678901234567890123,1e+5,-0.10,1E+400,false\n"},
		{"exponents of numbers get a sign", `[{"a":1e22,"b":"1e22","c":1E5,"d":-2.5e-3,"e":true},{"a":1E+5,"b":"-1E5","c":[1e22,"1e22",false],"d":[{"x":1e22}],"e":false}]`,
			"json 0 [\"a\" \"b\" \"c\" \"d\" \"e\"]\n1,1e+22,1e22,1E+5,-2.5e-3,true\n2,1E+5,-1E5,\"1e+22, 1e22, false\",\"[{\"\"x\"\":1e22}]\",false\n"},
		{"nested", `[{"a":{"b":{"c":1}},"d":{},"e":{"f":null}}]`, "json 0 [\"a.b.c\" \"e.f\"]\n1,1,\n"},
		{"lists", `[{"a":["x","y",3,null,true],"b":[],"c":[{"k": [1, 2]} , {"k":"ü, \"q\""}],"d":[[1],[2]],"e":[null,"z"]}]`,
			"json 0 [\"a\" \"b\" \"c\" \"d\" \"e\"]\n1,\"x, y, 3, , true\",,\"[{\"\"k\"\":[1,2]},{\"\"k\"\":\"\"ü, \\\"\"q\\\"\"\"\"}]\",\"[[1],[2]]\",\", z\"\n"},
		{"escapes", `[{"a":"\u5f20\u4e09 \ud842\udfb7 \"\\\/\b"},{"a":"x\ty\r\nz"}]`, "json 0 [\"a\"]\n2,\"x\ty\r\nz\"\nbad 1 col 0 text.control \"张三 𠮷 \\\"\\\\/\\\\x08\" [U+0008] [\"张三 𠮷 \\\"\\\\/\\\\x08\"]\n"},
		{"line breaks", `[{"a":"x\ty\nz","b":"q\"r"}]`, "json 0 [\"a\" \"b\"]\n1,\"x\ty\nz\",\"q\"\"r\"\n"},
		{"half a pair", `[{"a":"\\\ud800x"},{"a":"\ud800\u0041"},{"a":"\udc00\ud800"},{"a":"\ufffd"},{"a":"ok"}]`, "json 0 [\"a\"]\n5,ok\n" +
			"bad 1 col 0 text.undecodable \"\\\\\\\\xed\\\\xa0\\\\x80x\" [\\ud800] [\"\\\\\\\\xed\\\\xa0\\\\x80x\"]\n" +
			"bad 2 col 0 text.undecodable \"\\\\xed\\\\xa0\\\\x80A\" [\\ud800] [\"\\\\xed\\\\xa0\\\\x80A\"]\n" +
			"bad 3 col 0 text.undecodable \"\\\\xed\\\\xb0\\\\x80\\\\xed\\\\xa0\\\\x80\" [\\udc00] [\"\\\\xed\\\\xb0\\\\x80\\\\xed\\\\xa0\\\\x80\"]\n" +
			"bad 4 col 0 text.undecodable \"\\\\xef\\\\xbf\\\\xbd\" [\\ufffd] [\"\\\\xef\\\\xbf\\\\xbd\"]\n"},
		{"a byte that is no text", "[{\"a\":\"张三张三张三\"},\n{\"a\":\"x\xff\"}]", "json 0 [\"a\"]\n1,张三张三张三\nbad 2 col 0 text.undecodable \"x\\\\xff\" [36] [\"x\\\\xff\"]\n"},
		{"zero-width character", `[{"a":"E1\u200b"},{"a":"x"}]`, "json 0 [\"a\"]\n2,x\nbad 1 col 0 text.control \"E1\\\\u200b\" [U+200B] [\"E1\\\\u200b\"]\n"},
		{"keys that cannot be seen", "[{\"a\\u0000\":1},\n{\"b\xff\":1},\n{\"c\":\"张三\"}]", "json 0 [\"c\"]\n3,张三\nbad 1 col -1 text.control \"\" [U+0000] [\"{\\\"a\\\\u0000\\\":1}\"]\nbad 2 col -1 text.undecodable \"\" [b\\xff] [\"{\\\"b\\\\xff\\\":1}\"]\n"},
		{"GB18030", gb(t, `[{"工号":"张三","a":"誠\\"},{"工号":"李四"}]`), "json 0 [\"工号\" \"a\"]\n1,张三,誠\\\n2,李四,\n"},
		{"UTF-16", "\xff\xfe" + utf16le(`[{"工号":"张三"}]`), "json 0 [\"工号\"]\n1,张三\n"},
		{"duplicate keys", `[{"a":1,"a":2},{"a":{"b":1},"a":{"c":2}},{"x.y":1,"x":{"y":2}},{"a":3}]`, "json 0 [\"a\"]\n4,3\n" +
			"bad 1 col -1 json.duplicate_key \"\" [a] [\"{\\\"a\\\":1,\\\"a\\\":2}\"]\nbad 2 col -1 json.duplicate_key \"\" [a] [\"{\\\"a\\\":{\\\"b\\\":1},\\\"a\\\":{\\\"c\\\":2}}\"]\n" +
			"bad 3 col -1 json.duplicate_key \"\" [x.y] [\"{\\\"x.y\\\":1,\\\"x\\\":{\\\"y\\\":2}}\"]\n"},
		{"no objects among them", `[{"a":1},2,"x",null,[3],{}]`, "json 0 [\"a\"]\n1,1\nbad 2 col -1 json.not_object \"\" [] [\"2\"]\nbad 3 col -1 json.not_object \"\" [] [\"\\\"x\\\"\"]\n" +
			"bad 4 col -1 json.not_object \"\" [] [\"null\"]\nbad 5 col -1 json.not_object \"\" [] [\"[3]\"]\nblank 1\n"},
		{"64 deep", "[" + deep + "]", "json 0 [\"" + strings.Repeat("a.", 63) + "a\"]\n1,1\n"},
		{"65 deep", "[" + tooDeep + `,{"b":2}]`, "json 0 [\"b\"]\n2,2\nbad 1 col -1 json.depth \"\" [] [" + fmt.Sprintf("%q", tooDeep) + "]\n"},
		{"100,000 deep", strings.Repeat("[", 100_000), "refused file.json row 1\n"},
		{"member of an object", `{"total":2,"data":[{"a":1},{"a":2}],"next":null}`, "json data 0 [\"a\"]\nnotice The records are those of the member \"data\" of the JSON; the other members (total, next) are not imported.\n1,1\n2,2\n"},
		{"only member", "{\n\"数据\":[{\"a\":1}]}", "json 数据 0 [\"a\"]\nnotice The records are those of the member \"数据\" of the JSON.\n1,1\n"},
		{"member without a name", `{"":[{"a":1}],"x":[1]}`, "json 0 [\"a\"]\nnotice The records are those of the member \"\" of the JSON; the other members (x) are not imported.\n1,1\n"},
		{"in the answer of a service", `{"code":0,"msg":"ok","data":{"total":2,"items":[{"a":1},{"a":2}]}}`,
			"json items 0 [\"a\"]\nnotice The records are those of the member \"data › items\" of the JSON; the other members (code, msg, total) are not imported.\n1,1\n2,2\n"},
		{"one page of several", `{"startAt":0,"total":"3","issues":[{"a":1},{"a":2}]}`,
			"json issues 0 [\"a\"]\nnotice The records are those of the member \"issues\" of the JSON; the other members (startAt, total) are not imported.\n" +
				"notice The file says that there are 3 records, but holds 2: it is probably one page of several; fetch them all and take them in too.\n1,1\n2,2\n"},
		{"a page that is not the last", `{"has_more":true,"data":{"items":[{"a":1}],"total":1}}`,
			"json items 0 [\"a\"]\nnotice The records are those of the member \"data › items\" of the JSON; the other members (has_more, total) are not imported.\n" +
				"notice The file says that more records follow; it holds 1: fetch the other pages and take them in too.\n1,1\n"},
		{"in two envelopes", "{\"result\":{\n\"page\":{\"items\":[{\"items\":[{\"a\":1}]}]}},\"items\":[1]}",
			"json items 0 [\"items\"]\nnotice The records are those of the member \"result › page › items\" of the JSON; the other members (items) are not imported.\n1,\"[{\"\"a\"\":1}]\"\n"},
		{"the outer list before one in an envelope", `{"data":{"data":[{"a":1}]},"list":[{"b":2}]}`,
			"json list 0 [\"b\"]\nnotice The records are those of the member \"list\" of the JSON; the other members (data) are not imported.\n1,2\n"},
		{"a list in what is no envelope", `{"id":"A","fields":{"parts":[{"a":1}]}}`, "ndjson 0 [\"id\" \"fields.parts\"]\n1,A,\"[{\"\"a\"\":1}]\"\n"},
		{"two lists in envelopes", `{"data":{"x":[{"a":1}],"y":[{"a":1}]}}`, "refused file.json row 0\n"},
		{"a list in each of two envelopes", `{"data":{"x":[{"a":1}]},"result":{"y":[{"a":1}]}}`, "ndjson 0 [\"data.x\" \"result.y\"]\n1,\"[{\"\"a\"\":1}]\",\"[{\"\"a\"\":1}]\"\n"},
		{"an envelope in each of two lines", "{\"data\":{\"x\":[{\"a\":1}]}}\n{\"data\":{\"x\":[],\"x\":[]}}", "ndjson 0 [\"data.x\"]\n1,\"[{\"\"a\"\":1}]\"\nbad 2 col -1 json.duplicate_key \"\" [data.x] [\"{\\\"data\\\":{\\\"x\\\":[],\\\"x\\\":[]}}\"]\n"},
		{"a torn envelope", "{\"data\":{\"x\":[{\"a\":1}],\"x\":[{\"a\":1}]}}\n{\"b\":1}", "ndjson 0 [\"b\"]\n2,1\nbad 1 col -1 json.duplicate_key \"\" [data.x] [\"{\\\"data\\\":{\\\"x\\\":[{\\\"a\\\":1}],\\\"x\\\":[{\\\"a\\\":1}]}}\"]\n"},
		{"two lists", "{\n\"x\":[{\"a\":1}],\"y\":[{\"a\":1}]}", "refused file.json row 0\n"},
		{"member twice", `{"x":[{"a":1}],"x":[{"a":1}]}`, "refused file.json row 1\n"},
		{"an object over lines that holds no list", "{\"a\":1,\n\"b\":2}", "refused file.json row 0\n"},
		{"an object with an empty list", "{\"data\":[],\n\"total\":0}", "refused file.empty row 0\n"},
		{"list of scalars", `[1,2,3]`, "refused file.json row 0\n"},
		{"empty list", `[ ]`, "refused file.empty row 0\n"},
		{"empty objects", `[{},{"a":null}]`, "refused file.empty row 0\n"},
		{"cut", "[{\"a\":1},\n{\"a\":", "refused file.json row 2\n"},
		{"cut behind a record", "[{\"a\":1},\n{\"a\":2}", "refused file.json row 2\n"},
		{"NaN", "[{\"a\":1},\n{\"a\":NaN}]", "refused file.json row 2\n"},
		{"leading zero", `[{"a":01}]`, "refused file.json row 1\n"},
		{"trailing comma", `[{"a":1},]`, "refused file.json row 1\n"},
		{"trailing comma in an object", `[{"a":1,}]`, "refused file.json row 1\n"},
		{"missing comma", "[{\"a\":1}\n{\"a\":2}]", "refused file.json row 2\n"},
		{"wrong bracket", `[{"a":[1}]]`, "refused file.json row 1\n"},
		{"raw control in a string", "[{\"a\":\"x\ty\"}]", "refused file.json row 1\n"},
		{"trailing bytes", `[{"a":1}] [{"a":2}]`, "refused file.json row 1\n"},
		{"a second list", "[{\"a\":1}]\n[{\"a\":2}]", "refused file.json row 2\n"},
		{"objects without a list", "{\"a\":1}{\"a\":2}", "refused file.json row 1\n"},
		{"too many fields", func() string {
			var b strings.Builder
			for i := range 2_001 {
				fmt.Fprintf(&b, `,{"f%d":1}`, i)
			}
			return "[" + b.String()[1:] + "]"
		}(), "refused file.limit row 0\n"},
		{"too many names of objects", func() string {
			var b strings.Builder
			for i := range 9_000 {
				fmt.Fprintf(&b, `,{"f%d":{}}`, i)
			}
			return "[" + b.String()[1:] + "]"
		}(), "refused file.limit row 0\n"},
		{"huge record", `[{"a":1},{"a":["` + strings.Repeat("x", 9<<20) + `"]}]`, "refused file.limit row 1\n"},
		{"huge number", `[{"a":` + strings.Repeat("1", 9<<20) + `}]`, "refused file.limit row 1\n"},

		{"NDJSON", "{\"a\":1}\r\n\n{\"b\":\"x\"}\r{\"a\":2}", "ndjson 0 [\"a\" \"b\"]\n1,1,\n3,,x\n4,2,\nblank 1\n"},
		{"one record", `{"a":1,"b":{"c":2},"tags":[]}`, "ndjson 0 [\"a\" \"b.c\" \"tags\"]\n1,1,2,\n"},
		{"broken lines", "{\"a\":1}\n{\"a\":NaN}\n{\"a\":2}}\n[1]\nx\n{\"a\":3", "ndjson 0 [\"a\"]\n1,1\nbad 2 col -1 json.line \"\" [6] [\"{\\\"a\\\":NaN}\"]\nbad 3 col -1 json.line \"\" [8] [\"{\\\"a\\\":2}}\"]\n" +
			"bad 4 col -1 json.not_object \"\" [] [\"[1]\"]\nbad 5 col -1 json.line \"\" [1] [\"x\"]\nbad 6 col -1 json.line \"\" [7] [\"{\\\"a\\\":3\"]\n"},
		{"broken first line", "{\"a\":NaN}\n{\"a\":2}\n", "ndjson 0 [\"a\"]\n2,2\nbad 1 col -1 json.line \"\" [6] [\"{\\\"a\\\":NaN}\"]\n"},
		{"cut first line", "{\"a\":1\n{\"a\":2}\n", "ndjson 0 [\"a\"]\n2,2\nbad 1 col -1 json.line \"\" [7] [\"{\\\"a\\\":1\"]\n"},
		{"long first line", "{\"a\":\"" + strings.Repeat("x", 70_000) + "\"}\n{\"b\":1}\n", "ndjson 0 [\"a\" \"b\"]\n1," + strings.Repeat("x", 70_000) + ",\n2,,1\n"},
		{"huge line", "{\"a\":1}\n{\"a\":[\"" + strings.Repeat("x", 9<<20) + "\"]}\n", "refused file.limit row 2\n"},
		{"long cell", "{\"a\":1}\n{\"a\":\"" + strings.Repeat("x", 2<<20) + "\"}\n", "ndjson 0 [\"a\"]\nrefused file.limit row 2\n"},
		{"long broken line", "{\"a\":1}\n{" + strings.Repeat("誠", 3000) + "\n", "ndjson 0 [\"a\"]\n1,1\nbad 2 col -1 json.line \"\" [2] [\"{" + strings.Repeat("誠", 1365) + "…\"]\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, read(t, []byte(tt.file), sheet.Hints{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestLongHeadsOfJSON shows at most 30 rows, fields that come late in the first of them.
func TestLongHeadsOfJSON(t *testing.T) {
	var file strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&file, "{\"a\":%d}\n", i)
	}
	file.WriteString(`{"b":"late"}`)
	tables, faults := tablesOf(t, []byte(file.String()), sheet.Hints{})
	if len(faults) > 0 || len(tables) != 1 || len(tables[0].Head) != 30 {
		t.Fatal(tables, faults)
	}
	for i, row := range tables[0].Head[1:] {
		if diff := cmp.Diff(sheet.Row{Number: int64(i + 1), Cells: []string{fmt.Sprint(i), ""}}, row); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestJSONBlocks moves records over the borders of the blocks in which files are read.
func TestJSONBlocks(t *testing.T) {
	for shift := range 4 {
		for _, form := range []struct{ open, between, end string }{{"[", ",\r\n", "]"}, {"", "\r\n", "\r\n"}, {"{\"x\": [", ",", "\r\n]}"}} {
			var file strings.Builder
			file.WriteString(form.open)
			fmt.Fprintf(&file, "{\"a\":\"%s\",\"n\":0}", strings.Repeat("x", 600_000+shift))
			for i := range 60_000 {
				fmt.Fprintf(&file, "%s{\"a\":\"张\\\"三\\\\\",\"n\": [%d ,{} ]}", form.between, i)
			}
			file.WriteString(form.end)
			tables, faults := tablesOf(t, []byte(file.String()), sheet.Hints{})
			if len(faults) > 0 || len(tables) != 1 {
				t.Fatalf("shift %d %q: %v", shift, form.open, faults)
			}
			var out strings.Builder
			got, err := tables[0].Stage(t.Context(), t.TempDir(), strings.NewReader(file.String()), 0, 2, &out)
			if err != nil || got.Written != 60_001 || got.LastRow != 60_001 || !strings.HasSuffix(out.String(), "\n60001,\"张\"\"三\\\",\"[59999,{}]\"\n") {
				t.Fatalf("shift %d %q: %+v, %v, %q", shift, form.open, got, err, out.String()[out.Len()-60:])
			}
		}
	}
}

// TestObjectsComeBack writes random objects with encoding/json and reads their values back from the staging lines.
func TestObjectsComeBack(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[ -~]{0,12}`), rapid.StringMatching("[\\p{Han}，“”\n\t\"\\\\/]{0,8}"))
	key := rapid.StringMatching(`[a-c张]{1,2}`)
	rapid.Check(t, func(t *rapid.T) {
		var records []map[string]string
		lines := rapid.Bool().Draw(t, "lines")
		for range rapid.IntRange(2, 6).Draw(t, "records") {
			records = append(records, rapid.MapOfN(key, text, 1, 4).Draw(t, "record"))
		}
		var file bytes.Buffer
		w := json.NewEncoder(&file)
		w.SetEscapeHTML(rapid.Bool().Draw(t, "escaped"))
		if lines {
			for _, r := range records {
				w.Encode(r)
			}
		} else {
			w.SetIndent("", " ")
			w.Encode(records)
		}
		records = slices.DeleteFunc(records, func(r map[string]string) bool {
			return strings.TrimSpace(strings.Join(slices.Collect(maps.Values(r)), "")) == ""
		})
		tables, faults := surveyed(t, file.Bytes())
		if len(records) == 0 {
			if len(faults) != 1 {
				t.Fatal(tables, faults)
			}
			return
		}
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		var out strings.Builder
		fields := tables[0].Fields
		got, err := tables[0].Stage(t.Context(), "", bytes.NewReader(file.Bytes()), 0, len(fields), &out)
		if err != nil || got.Written != int64(len(records)) {
			t.Fatal(got, err)
		}
		for i, line := range readStaged(t, out.String(), ',') {
			for c, name := range fields {
				if line[c+1] != records[i][name] {
					t.Fatalf("record %d, %s: %q instead of %q", i, name, line[c+1], records[i][name])
				}
			}
		}
	})
}

// surveyed is tablesOf where there is no testing.TB.
func surveyed(t *rapid.T, file []byte) ([]sheet.Table, []error) {
	f, err := newFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.remove()
	return sheet.Tables(t.Context(), f.path, "", sheet.Hints{})
}

// fuzzJSON asks that every record of any text be accounted for.
func fuzzJSON(f *testing.F, seeds []string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) { accountedFor(t, file, sheet.Hints{Encoding: sheet.UTF8}) })
}

func FuzzJSON(f *testing.F) {
	fuzzJSON(f, []string{`[{"a":1,"b":{"c":[1,2,"x"]}},{"a":null}]`, `{"d":[{"a":"\ud800\u0041"}],"t":1e5}`, "[\r\n{\"a\":\"\xff\"},{\"a\":[{\"b\":1,\"b\":2}]},3]", `[{"a":1,"a":2},{"a.b":1,"a":{"b":2}}]`, `[{"a":-0.1E-7}] x`, `{"a":[],"b":[[]]}`})
}

func FuzzNDJSON(f *testing.F) {
	fuzzJSON(f, []string{"{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}\r{\"b\":NaN}\r\n\n{\"a\":\"\\u0000\"}", "{\"a\":\n{\"a\":2}\n", "{\"a\":[{\"b\":1}]}\n[1]\n\"x\"\n", "{}\n{\"a\":{}}\n{\"a\":0}"})
}

// FuzzJSONGrammar asks that a record be sound exactly when encoding/json says so.
func FuzzJSONGrammar(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `{"a":"\u00e9\n"}`, `{"a":[1,{"b":[true,false,null]}]}`, `{"a":01}`, `{"a":1.}`, `{"a":+1}`, `{"a":"\x"}`, `{"a":tru}`, `{"a":1}}`, `{"a":"` + "\x1f" + `"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		if bytes.ContainsAny(record, "\r\n") || len(bytes.TrimSpace(record)) == 0 {
			return
		}
		file := append([]byte("{\"x\":1}\n"), record...)
		r := sheet.Reading{Format: sheet.NDJSON, Fields: []string{"x"}, Dialect: sheet.Dialect{Encoding: sheet.UTF8}}
		got, err := r.Stage(t.Context(), t.TempDir(), bytes.NewReader(file), 0, 1, io.Discard)
		if err != nil {
			if !errors.As(err, new(*sheet.RefusedError)) {
				t.Fatal(err)
			}
			return
		}
		broken := len(got.Bad) > 0 && got.Bad[0].Rule == sheet.JSONLine
		if early := len(got.Bad) > 0 && !broken; early || broken == !json.Valid(record) {
			return // other faults may come before a broken end
		}
		t.Fatalf("%q: %+v", record, got)
	})
}
