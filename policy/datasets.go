package policy

import (
	"slices"
	"strings"

	"plumbline/internal/fixed"
)

// types are the column types in the order in which messages name them.
var types = []string{
	string(TypeID), string(TypeText), string(TypeDate), string(TypeDatetime), string(TypeEnum), string(TypeInteger), string(TypeNumber),
	string(TypeHours), string(TypeMoney), string(TypePercent), string(TypeBool), string(TypeEmployee), string(TypeDepartment),
}

// datasets reads datasets.yaml.
func (c *checker) datasets(n *node) {
	type ruled struct {
		dataset *Dataset
		rules   *node
	}
	var list []ruled
	var asking []wanted
	for _, p := range c.entries(n) {
		valid := c.named(p.key, true)
		d, rules := c.dataset(p)
		if d == nil {
			continue
		}
		if valid {
			c.policy.Datasets = append(c.policy.Datasets, d)
		}
		if rules != nil {
			list = append(list, ruled{d, rules})
			asking = append(asking, expressions(rules, d, ruleUse)...)
		}
	}
	c.ahead(asking)
	for _, r := range list {
		for _, item := range c.list(r.rules) {
			c.rule(r.dataset, item)
		}
	}
	c.organisation(n.place)
}

// dataset reads a dataset but for its rules, which it gives.
func (c *checker) dataset(p pair) (d *Dataset, rules *node) {
	o, ok := c.object(p.value, p.key.place, "dataset")
	if !ok {
		return nil, nil
	}
	d = &Dataset{ID: p.key.text, Place: p.key.place, Name: c.bilingual(o.need("name"), maxName)}
	for _, col := range c.entries(o.need("columns")) {
		valid := c.named(col.key, true)
		if column := c.column(d, col); valid && column != nil {
			d.Columns = append(d.Columns, column)
		} else {
			c.unknown[d] = true
		}
	}
	c.headers(d)
	d.Key = c.columnsOf(d, o.need("key"), "key")
	c.belongs(d, o)
	d.Day = c.columnOf(d, o.find("day"), true, TypeDate, TypeDatetime)
	d.Past = c.columnsOf(d, o.find("past"), "past", TypeDate, TypeDatetime)
	if n := o.find("no_overlap"); n != nil {
		d.NoOverlap = c.interval(d, n, o.keys["no_overlap"])
	}
	if limits := o.find("limits"); limits != nil {
		for _, item := range c.list(limits) {
			c.limit(d, item)
		}
	}
	c.madeKey(d)
	rules = o.find("rules")
	if n := o.find("recorded"); n != nil {
		c.recorded(d, n, rules)
	}
	return d, rules
}

// belongs reads whose a record is: an employee's, a department's, or nobody's.
func (c *checker) belongs(d *Dataset, o *object) {
	d.Owner = c.columnOf(d, o.find("owner"), false, TypeEmployee)
	department := o.find("department")
	if department != nil && o.values["owner"] != nil {
		c.fault(o.keys["department"], say("owner 与 department 只能有一个：有归属人的记录，部门由当日任职决定", "there can be only one of owner and department: a record with an owner belongs to the department where the owner was on its day"),
			say("删去其中之一", "delete one of them"))
		return
	}
	d.Department = c.columnOf(d, department, false, TypeDepartment)
}

// interval reads which records may not share a day, or how they share it.
func (c *checker) interval(d *Dataset, n *node, key Place) *Interval {
	o, ok := c.object(n, key, "no_overlap")
	if !ok {
		return nil
	}
	v := &Interval{
		Per:   c.columnOf(d, o.need("per"), false),
		From:  c.columnOf(d, o.need("from"), false, TypeDate),
		To:    c.columnOf(d, o.need("to"), true, TypeDate),
		Share: c.columnOf(d, o.find("share"), true, TypePercent),
		Apart: c.columnsOf(d, o.find("apart"), "apart"),
	}
	if o.values["apart"] != nil && o.values["share"] == nil {
		c.fault(o.keys["apart"], say("没有 share 时任何两条记录都不得同日，apart 没有意义", "without a share no two records share a day, so apart says nothing"),
			say("写上 share，或删去 apart", "add a share, or delete apart"))
	}
	return v
}

func (c *checker) column(d *Dataset, p pair) *Column {
	o, ok := c.object(p.value, p.key.place, "column")
	if !ok {
		return nil
	}
	col := &Column{ID: p.key.text, Place: p.key.place}
	col.Type = Type(c.oneOf(o.need("type"), types...))
	if col.Type == "" {
		c.unknown[d] = true
	}
	col.Aliases, _ = c.words(o.find("aliases"))
	col.Name = namesOf(col.ID, col.Aliases)
	if n := o.find("name"); n != nil {
		col.Name = c.bilingual(n, maxName)
	}
	col.Optional = c.truth(o.find("optional"), false)
	switch {
	case col.Type == TypeEnum:
		c.enum(col, o.need("values"))
	case o.values["values"] != nil && col.Type != "":
		c.fault(o.keys["values"], say("只有 enum 类型的列才有 values", "only a column of type enum has values"),
			say("把 type 改为 enum，或删去 values", "set the type to enum, or delete the values"))
	}
	about := Text{string(col.Type) + " 类型的列", "a column of type " + string(col.Type)}
	col.Format = c.format(o, col.Type, about, Format{})
	col.MadeFrom, c.madeFrom[col] = c.words(o.find("made_from"))
	return col
}

// formatUnits are the units that a cell of a type may count in.
var formatUnits = map[Type][]string{
	TypeHours:   {string(UnitHours), string(UnitMinutes), string(UnitSeconds), string(UnitWorkdays)},
	TypeMoney:   {string(UnitOne), string(UnitThousand), string(UnitMyriad)},
	TypePercent: {string(UnitPercent), string(UnitFraction)},
}

// format reads how cells of type t are written, where they are not written as f says. The text names, in messages, what has
// these cells.
func (c *checker) format(o *object, t Type, about Text, f Format) Format {
	day := t == TypeDate || t == TypeDatetime
	number := decimals[t] || t == TypeInteger
	apt := map[string]bool{"order": day, "zone": day, "serial": day, "decimal": number, "myriads": number, "unit": formatUnits[t] != nil}
	for _, key := range []string{"order", "zone", "serial", "decimal", "myriads", "unit"} {
		if o.values[key] != nil && !apt[key] && t != "" {
			c.fault(o.keys[key], Text{about.ZH + "没有 " + key, about.EN + " has no " + key}, say("删去这个键", "delete the key"))
		}
	}
	if n := o.find("order"); n != nil {
		f.Order = DateOrder(c.oneOf(n, string(DMY), string(MDY)))
	}
	if n := o.find("zone"); n != nil {
		f.Zone = c.timezone(n)
	}
	if n := o.find("serial"); n != nil {
		f.Serial = c.oneOf(n, "1900", "1904")
	}
	if n := o.find("decimal"); n != nil {
		f.Decimal = c.oneOf(n, ".", ",")
	}
	f.Myriads = c.truth(o.find("myriads"), f.Myriads)
	if n := o.find("unit"); n != nil && formatUnits[t] != nil {
		f.Unit = CellUnit(c.oneOf(n, formatUnits[t]...))
	}
	if n := o.find("blanks"); n != nil {
		f.Blanks = []string{}
		if n.shape != sequence || len(n.items) > 0 { // an empty list: no word is a blank
			f.Blanks, _ = c.words(n)
		}
	}
	return f
}

// decimals are the types that hold decimals.
var decimals = map[Type]bool{TypeNumber: true, TypeHours: true, TypeMoney: true, TypePercent: true}

// limit reads a bound on a sum over records.
func (c *checker) limit(d *Dataset, n *node) {
	o, ok := c.object(n, n.place, "limit")
	if !ok {
		return
	}
	var l Limit
	l.Sum = c.columnOf(d, o.need("sum"), true, TypeHours, TypeNumber, TypeInteger, TypeMoney, TypePercent)
	l.Per = c.columnsOf(d, o.need("per"), "per")
	l.Most = c.figure(o.need("most"))
	l.Say = c.bilingual(o.need("say"), maxSentence)
	l.Cure = c.bilingual(o.need("cure"), maxSentence)
	d.Limits = append(d.Limits, l)
}

// figure reads a number, or a parameter by its name.
func (c *checker) figure(n *node) fixed.Num {
	if n != nil && n.shape == scalar && n.kind == textScalar && idForm.MatchString(n.text) {
		var names []string
		for _, p := range c.policy.Parameters {
			if p.ID == n.text {
				return p.Value
			}
			names = append(names, p.ID)
		}
		c.fault(n.place, say("没有参数“%s”", "there is no parameter “%s”", clip(n.text)), oneOfCure(n.text, names))
		return 0
	}
	v, _ := c.number(n)
	return v
}

// madeKey makes sure that a key is made only where it can be.
func (c *checker) madeKey(d *Dataset) {
	for _, col := range d.Columns {
		if col.MadeFrom == nil {
			continue
		}
		if col.Type != TypeID || !slices.Equal(d.Key, []string{col.ID}) {
			c.fault(col.Place, say("只有单独作为 key 的 id 列才有 made_from", "only the one key column, of type id, has made_from"),
				say("删去 made_from", "delete made_from"))
		}
		others := slices.DeleteFunc(d.columnIDs(), func(id string) bool { return id == col.ID })
		for i, id := range col.MadeFrom {
			at := &node{place: c.madeFrom[col][i], text: id}
			switch {
			case id == col.ID:
				c.fault(at.place, say("made_from 不能包含这一列自己", "made_from cannot name the column itself"), oneOfCure("", others))
			case !slices.Contains(others, id):
				c.fault(at.place, say("记录 %s 没有列“%s”", "the dataset %s has no column “%s”", d.ID, clip(id)), oneOfCure(id, others))
			case slices.Index(col.MadeFrom, id) < i:
				c.twice(at, "made_from")
			}
		}
	}
}

// enum reads the values of a column and makes sure that every word stands for one of them.
func (c *checker) enum(col *Column, n *node) {
	owner := map[string]string{}
	entries := c.entries(n)
	for _, p := range entries {
		valid := c.named(p.key, false)
		v := c.enumValue(p)
		if !valid {
			continue
		}
		col.Values = append(col.Values, v)
		for _, w := range append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...) {
			k := WordKey(w)
			if other, taken := owner[k]; taken && other != v.Value && k != "" {
				c.fault(p.key.place, say("“%s”既指 %s 又指 %s", "“%s” stands for both %s and %s", w, other, v.Value),
					say("一个词只能对应一个值（大小写、空格、全半角、繁简不计）", "let a word stand for one value (case, blanks, width and traditional characters do not count)"))
			} else {
				owner[k] = v.Value
			}
		}
	}
	if n != nil && n.shape == mapping && len(entries) == 0 {
		c.fault(n.place, say("values 为空", "there are no values"), say("至少列出一个值", "list at least one"))
	}
}

// enumValue reads {zh: …, en: …, words: […]} or the short form, a list of words.
func (c *checker) enumValue(p pair) EnumValue {
	v := EnumValue{Value: p.key.text}
	if p.value.shape == sequence {
		v.Words, _ = c.words(p.value)
		v.Name = namesOf(v.Value, v.Words)
		return v
	}
	if o, ok := c.object(p.value, p.key.place, "enum_value"); ok {
		v.Name.ZH, _ = c.word(o.need("zh"), maxName)
		v.Name.EN, _ = c.word(o.need("en"), maxName)
		v.Words, _ = c.words(o.find("words"))
	}
	return v
}

// headers makes sure that a header word names one column of a dataset.
func (c *checker) headers(d *Dataset) {
	owner := map[string]*Column{}
	for _, col := range d.Columns {
		for _, w := range append([]string{col.ID, col.Name.ZH, col.Name.EN}, col.Aliases...) {
			k := HeaderKey(w)
			other := owner[k]
			switch {
			case w == "":
			case k == "":
				c.fault(col.Place, say("表头“%s”没有文字或数字", "the header “%s” holds no letter or digit", clip(w)), say("改用有文字的表头", "use a header with letters"))
			case other == nil:
				owner[k] = col
			case other != col:
				c.fault(col.Place, say("表头“%s”既指列 %s 又指列 %s", "the header “%s” names both column %s and column %s", clip(w), other.ID, col.ID),
					say("从其中一列的名称或 aliases 中删去（大小写、空格、标点、全半角、繁简不计）", "delete it from the names or aliases of one of them (case, blanks, punctuation, width and traditional characters do not count)"))
			}
		}
	}
}

// twice reports a name that stands in a list a second time.
func (c *checker) twice(n *node, list string) {
	c.fault(n.place, say("%[1]s 在 %[2]s 中重复", "%[1]s stands in %[2]s twice", clip(n.text), list), say("删去一个", "delete one"))
}

// columnOf reads the name of a column that must be of one of the types (none given: any) and, unless optional, required.
func (c *checker) columnOf(d *Dataset, n *node, optional bool, want ...Type) string {
	id, ok := c.word(n, maxName)
	if !ok {
		return ""
	}
	col := d.Column(id)
	if col == nil {
		c.fault(n.place, say("记录 %s 没有列“%s”", "the dataset %s has no column “%s”", d.ID, clip(id)), oneOfCure(id, d.columnIDs()))
		return ""
	}
	if len(want) > 0 && col.Type != "" && !slices.Contains(want, col.Type) {
		c.fault(n.place, say("列 %s 的类型是 %s，此处须为 %s", "the column %s is of type %s, but must be %s here", id, col.Type, want[0]),
			say("换一列，或更改该列的 type", "name another column, or change its type"))
	}
	if col.Optional && !optional {
		c.fault(n.place, say("列 %s 可以留空（optional），此处须为必填列", "the column %s may be blank (optional), but must be required here", id),
			say("去掉该列的 optional: true，或换一列", "delete its optional: true, or name another column"))
	}
	return id
}

// columnsOf reads the names of columns, none of them twice: required ones of any type, or, with types, required or not.
func (c *checker) columnsOf(d *Dataset, n *node, list string, types ...Type) (ids []string) {
	words, places := c.words(n)
	for i, w := range words {
		at := &node{place: places[i], text: w}
		if slices.Contains(ids, w) {
			c.twice(at, list)
		} else if id := c.columnOf(d, at, len(types) > 0, types...); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func (d *Dataset) columnIDs() []string {
	ids := make([]string, len(d.Columns))
	for i, col := range d.Columns {
		ids[i] = col.ID
	}
	return ids
}

func (c *checker) rule(d *Dataset, n *node) {
	o, ok := c.object(n, n.place, "rule")
	if !ok {
		return
	}
	rule := Rule{Check: c.expression(o.need("check"), d, ruleUse), Say: c.bilingual(o.need("say"), maxSentence)}
	if cure := o.find("cure"); cure != nil {
		rule.Cure = c.bilingual(cure, maxSentence)
	} else {
		rule.Cure = defaultCure(d, rule.Check)
	}
	d.Rules = append(d.Rules, rule)
}

// defaultCure names the columns that a rule reads.
func defaultCure(d *Dataset, e Expr) Text {
	var zh, en []string
	for _, id := range e.Columns {
		name := d.Column(id).Name
		zh, en = append(zh, name.ZH), append(en, name.EN)
	}
	return Text{"核对" + strings.Join(zh, "、"), "Check " + strings.Join(en, ", ")}
}

// DepartmentChanges is the dataset of what departments became on a day: department_id, effective_on, and name, name_en, parent_id,
// kind and top, of which blanks leave what was. A policy may do without it.
const DepartmentChanges = "department_changes"

// needed is a column that the organisation's datasets must have.
type needed struct {
	id       string
	kind     Type
	optional bool // must allow a blank; the others must not
	either   bool // may or may not allow a blank
	spare    bool // may be missing, but means one thing where it is there
}

var organisation = []struct {
	dataset string
	key     string // the one column of the key, to which types employee and department refer; "" = any key
	columns []needed
	spare   bool // may be missing
}{
	{dataset: Departments, key: "department_id", columns: []needed{
		{id: "department_id", kind: TypeID}, {id: "name", kind: TypeText}, {id: "parent_id", kind: TypeDepartment, optional: true}, {id: "kind", kind: TypeEnum}}},
	{dataset: Employees, key: "employee_no", columns: []needed{
		{id: "employee_no", kind: TypeID}, {id: "name", kind: TypeText}, {id: "hired_on", kind: TypeDate}, {id: "left_on", kind: TypeDate, optional: true},
		{id: "bonus_base", kind: TypeMoney, optional: true, spare: true}}},
	{dataset: Memberships, columns: []needed{
		{id: "employee_no", kind: TypeEmployee}, {id: "department_id", kind: TypeDepartment}, {id: "valid_from", kind: TypeDate},
		{id: "valid_to", kind: TypeDate, optional: true}, {id: "role", kind: TypeEnum, either: true},
		{id: "share", kind: TypePercent, optional: true, spare: true}, {id: "working_time", kind: TypePercent, optional: true, spare: true}}},
	{dataset: DepartmentChanges, spare: true, columns: []needed{
		{id: "department_id", kind: TypeDepartment}, {id: "effective_on", kind: TypeDate},
		{id: "name", kind: TypeText, optional: true, spare: true}, {id: "name_en", kind: TypeText, optional: true, spare: true},
		{id: "parent_id", kind: TypeDepartment, optional: true, spare: true}, {id: "kind", kind: TypeEnum, optional: true, spare: true},
		{id: "top", kind: TypeBool, optional: true, spare: true}}},
}

// organisation makes sure that departments, employees and memberships are there.
func (c *checker) organisation(file Place) {
	for _, o := range organisation {
		d := c.policy.Dataset(o.dataset)
		if d == nil && o.spare {
			continue
		}
		if d == nil {
			c.fault(file, say("缺少记录 %s", "the dataset %s is missing", o.dataset),
				say("从默认制度中抄入；部门归属由它决定", "copy it from the default policy; it decides who belongs where"))
			continue
		}
		for _, want := range o.columns {
			c.organisationColumn(d, want)
		}
		if o.dataset == DepartmentChanges {
			c.knownKinds(d, c.policy.Dataset(Departments))
		}
		if o.key != "" && len(d.Key) > 0 && !slices.Equal(d.Key, []string{o.key}) {
			c.fault(d.Place, say("%s 的 key 须为 %s", "the key of %s must be %s", d.ID, o.key), say("写 key: %s", "write key: %s", o.key))
		}
	}
}

// knownKinds makes sure that a department can only become of a kind that departments may have.
func (c *checker) knownKinds(changes, departments *Dataset) {
	kind := changes.Column("kind")
	if kind == nil || departments == nil || departments.Column("kind") == nil {
		return
	}
	known := departments.Column("kind").valueIDs()
	for _, id := range kind.valueIDs() {
		if !slices.Contains(known, id) {
			c.fault(kind.Place, say("%s 的列 kind 有 %s 没有的值 %s", "the column kind of %[1]s has the value %[3]s, which %[2]s lacks", changes.ID, departments.ID, id),
				oneOfCure(id, known))
		}
	}
}

func (c *checker) organisationColumn(d *Dataset, want needed) {
	col := d.Column(want.id)
	switch {
	case col == nil && want.spare:
	case col == nil:
		c.fault(d.Place, say("记录 %s 缺少列 %s", "the dataset %s lacks the column %s", d.ID, want.id),
			say("补上类型为 %s 的列 %s", "add it with type %s: %s", want.kind, want.id))
	case col.Type != "" && col.Type != want.kind:
		c.fault(col.Place, say("%s 的列 %s 须为 %s 类型，不是 %s", "the column %[2]s of %[1]s must be of type %[3]s, not %[4]s", d.ID, want.id, want.kind, col.Type),
			say("写 type: %s", "write type: %s", want.kind))
	case want.optional && !col.Optional:
		c.fault(col.Place, say("%s 的列 %s 须可留空", "the column %[2]s of %[1]s must allow a blank", d.ID, want.id), say("加上 optional: true", "add optional: true"))
	case !want.optional && !want.either && col.Optional:
		c.fault(col.Place, say("%s 的列 %s 须为必填", "the column %[2]s of %[1]s must be required", d.ID, want.id), say("去掉 optional: true", "delete optional: true"))
	}
}
