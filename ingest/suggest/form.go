package suggest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// Form is a mapping as somebody fills it in: what each column of a file becomes. A mapping can say more; what a draft says beyond the form stays as
// the draft has it, unless it is ticked off.
type Form struct {
	Name      policy.Text
	Dataset   *policy.Dataset
	HeaderRow int64            // physical row; 0: found by its words
	Order     policy.DateOrder // of dates that leave it open; "" for none
	Lookup    policy.Lookup    // how the file names people; "" is by number
	Columns   []FormColumn     // in the order of the file
	Constants map[string]string
	Kept      []KeptField // fields of the draft that are more than a column, and what else it says, such as pick
}

// FormColumn is a column of the file.
type FormColumn struct {
	Header string
	Nth    int    // which of the columns of that name, from 1
	To     string // the dataset's column that it fills; "" when it is left out
	Usable bool   // false for one without a name, which no mapping can name

	id    string        // of the header in the mapping
	draft bool          // the draft has the header
	rest  yaml.MapSlice // what the draft says besides of how the field is written
	field string        // the field that rest belongs to
}

// KeptField is something that the draft says and the form does not show in parts.
type KeptField struct {
	Key  string // the dataset's column, or the key beside fields
	Text string // as YAML
	Use  bool

	value any
	field bool
}

// Fill makes the form of a draft, for a table whose header is given. A draft without answers gives a form without them.
func Fill(d Draft, ds *policy.Dataset, header sheet.Row) (Form, error) {
	f := Form{Dataset: ds, Constants: map[string]string{}}
	keys := map[string]int{}
	for i, h := range header.Cells {
		key := policy.HeaderKey(h)
		keys[key]++
		f.Columns = append(f.Columns, FormColumn{Header: strings.TrimSpace(h), Nth: keys[key], Usable: key != "", id: "column_" + strconv.Itoa(i+1)})
	}
	var doc yaml.MapSlice
	if err := yaml.UnmarshalWithOptions([]byte(d.YAML), &doc, yaml.UseOrderedMap()); err != nil {
		return f, fmt.Errorf("read the draft: %w", err)
	}
	for _, key := range []string{"name", "headers", "fields"} { // names of headers are known before fields use them
		for _, x := range doc {
			if x.Key == key {
				f.read(key, x.Value)
			}
		}
	}
	for _, x := range doc {
		if key := fmt.Sprint(x.Key); !slices.Contains([]string{"name", "dataset", "headers", "fields", "header_row"}, key) && x.Value != nil {
			f.Kept = append(f.Kept, KeptField{Key: key, Text: flow(x.Value), Use: true, value: x.Value})
		}
	}
	return f, nil
}

// read takes over one part of a draft.
func (f *Form) read(key string, value any) {
	part, _ := value.(yaml.MapSlice)
	switch key {
	case "name":
		f.Name = policy.Text{ZH: text(part, "zh"), EN: text(part, "en")}
	case "headers":
		for _, h := range part {
			f.header(fmt.Sprint(h.Key), h.Value)
		}
	case "fields":
		for _, x := range part {
			f.field(fmt.Sprint(x.Key), x.Value)
		}
	}
}

// header gives the column of a header the id that the draft uses.
func (f *Form) header(id string, value any) {
	names, nth := value, 1
	if o, ok := value.(yaml.MapSlice); ok {
		names = of(o, "names")
		if n, err := strconv.Atoi(text(o, "nth")); err == nil {
			nth = n
		}
	}
	list, _ := names.([]any)
	for _, name := range list {
		for i := range f.Columns {
			c := &f.Columns[i]
			if policy.HeaderKey(c.Header) == policy.HeaderKey(fmt.Sprint(name)) && c.Nth == nth {
				c.id, c.draft = id, true
				return
			}
		}
	}
}

// field has a column fill a field where the draft says so by one header; what else the draft says is kept.
func (f *Form) field(key string, value any) {
	if value == nil {
		return
	}
	from, rest := fmt.Sprint(value), yaml.MapSlice(nil)
	if o, ok := value.(yaml.MapSlice); ok {
		from = text(o, "from")
		for _, x := range o {
			if x.Key != "from" && x.Value != nil {
				rest = append(rest, x)
			}
		}
		if c := of(o, "constant"); c != nil {
			f.Constants[key] = fmt.Sprint(c)
			return
		}
	}
	for i := range f.Columns {
		if c := &f.Columns[i]; c.draft && c.id == from && c.To == "" {
			c.To, c.rest, c.field = key, rest, key
			f.declared(rest)
			return
		}
	}
	f.Kept = append(f.Kept, KeptField{Key: key, Text: flow(value), Use: true, value: value, field: true})
}

// declared shows in the form what the draft found out about dates and people.
func (f *Form) declared(rest yaml.MapSlice) {
	if o := policy.DateOrder(text(rest, "order")); o != "" {
		f.Order = o
	}
	if list, ok := of(rest, "lookup").([]any); ok && len(list) > 0 {
		f.Lookup = policy.Lookup(fmt.Sprint(list[0]))
	}
}

func of(o yaml.MapSlice, key string) any {
	for _, x := range o {
		if x.Key == key {
			return x.Value
		}
	}
	return nil
}

func text(o yaml.MapSlice, key string) string {
	if v := of(o, key); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// flow writes a value of YAML in one line; what has no value is left out.
func flow(value any) string {
	switch v := value.(type) {
	case yaml.MapSlice:
		var list []string
		for _, x := range v {
			if x.Value != nil {
				list = append(list, quoted(fmt.Sprint(x.Key))+": "+flow(x.Value))
			}
		}
		return "{" + strings.Join(list, ", ") + "}"
	case []any:
		list := make([]string, len(v))
		for i, x := range v {
			list[i] = flow(x)
		}
		return "[" + strings.Join(list, ", ") + "]"
	case string:
		return quoted(v)
	}
	return fmt.Sprint(value)
}

// YAML writes the mapping that the form says.
func (f Form) YAML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: {zh: %s, en: %s}\ndataset: %s\n", quoted(plain(f.Name.ZH)), quoted(plain(f.Name.EN)), f.Dataset.ID)
	if f.HeaderRow > 0 {
		fmt.Fprintf(&b, "header_row: %d\n", f.HeaderRow)
	}
	keeps := slices.ContainsFunc(f.Kept, func(k KeptField) bool { return k.Use })
	b.WriteString("headers:\n")
	for _, c := range f.Columns {
		if !c.Usable || c.To == "" && (!keeps || !c.draft) {
			continue
		}
		names := "[" + quoted(plain(c.Header)) + "]"
		if c.Nth > 1 {
			names = fmt.Sprintf("{names: %s, nth: %d}", names, c.Nth)
		}
		fmt.Fprintf(&b, "  %s: %s\n", c.id, names)
	}
	for _, k := range f.Kept {
		if k.Use && !k.field {
			fmt.Fprintf(&b, "%s: %s\n", k.Key, k.Text)
		}
	}
	b.WriteString("fields:\n")
	for _, column := range f.Dataset.Columns {
		if v := f.value(column); v != "" {
			fmt.Fprintf(&b, "  %s: %s\n", column.ID, v)
		}
	}
	return b.String()
}

// value writes what fills a column of the dataset, "" for nothing. A column of the file goes before what the draft made up, a constant before both.
func (f Form) value(column *policy.Column) string {
	if c := f.Constants[column.ID]; c != "" {
		return "{constant: " + quoted(plain(c)) + "}"
	}
	for _, c := range f.Columns {
		if c.To == column.ID && c.Usable {
			var rest yaml.MapSlice
			if c.field == column.ID {
				rest = c.rest
			}
			if rest = f.said(column, rest); len(rest) == 0 {
				return c.id
			}
			return flow(append(yaml.MapSlice{{Key: "from", Value: c.id}}, rest...))
		}
	}
	for _, k := range f.Kept {
		if k.field && k.Use && k.Key == column.ID {
			if o, ok := k.value.(yaml.MapSlice); ok && of(o, "between") != nil && f.Order != "" {
				return flow(with(o, "order", string(f.Order)))
			}
			return k.Text
		}
	}
	return ""
}

// said lays what the form says of dates and people over what the draft says of a field.
func (f Form) said(column *policy.Column, rest yaml.MapSlice) yaml.MapSlice {
	switch column.Type {
	case policy.TypeDate, policy.TypeDatetime:
		rest = with(rest, "order", nil)
		if f.Order != "" {
			rest = with(rest, "order", string(f.Order))
		}
	case policy.TypeEmployee:
		if list, ok := of(rest, "lookup").([]any); ok && len(list) > 0 && fmt.Sprint(list[0]) == string(f.Lookup) {
			return rest // the draft may know further ways
		}
		rest = with(rest, "lookup", nil)
		if f.Lookup != "" && f.Lookup != policy.ByNumber {
			rest = with(rest, "lookup", []any{string(f.Lookup)})
		}
	}
	return rest
}

// with sets a member; nil takes it out.
func with(o yaml.MapSlice, key string, value any) yaml.MapSlice {
	o = slices.DeleteFunc(slices.Clone(o), func(x yaml.MapItem) bool { return x.Key == key })
	if value != nil {
		o = append(o, yaml.MapItem{Key: key, Value: value})
	}
	return o
}
