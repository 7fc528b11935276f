package reports

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"plumbline/policy"
)

// node is an element of a part.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name && (a.Name.Space == "" || name != "id" || !strings.HasSuffix(a.Name.Space, "/relationships")) {
			return a.Value
		}
	}
	return ""
}

// relID is the attribute r:id.
func (n *node) relID() string {
	for _, a := range n.Attrs {
		if a.Name.Local == "id" && strings.HasSuffix(a.Name.Space, "/relationships") {
			return a.Value
		}
	}
	return ""
}

func (n *node) child(name string) *node {
	for i := range n.Children {
		if n.Children[i].XMLName.Local == name {
			return &n.Children[i]
		}
	}
	return &node{}
}

func (n *node) walk(f func(*node)) {
	f(n)
	for i := range n.Children {
		n.Children[i].walk(f)
	}
}

// packed is a workbook taken apart.
type packed struct {
	t     *testing.T
	parts map[string]*node
	raw   map[string][]byte
}

func unpack(t *testing.T, data []byte) *packed {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	p := &packed{t, map[string]*node{}, map[string][]byte{}}
	for _, f := range zr.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if p.raw[f.Name] != nil {
			t.Errorf("two parts are named %s", f.Name)
		}
		var n node
		if err := xml.Unmarshal(text, &n); err != nil {
			t.Errorf("%s is not well-formed: %v", f.Name, err)
		}
		p.parts[f.Name], p.raw[f.Name] = &n, text
	}
	return p
}

// check looks at what Excel insists on, and repairs files for.
func (p *packed) check() {
	p.types()
	p.relations()
	p.workbook()
	names := p.tables()
	for _, n := range p.parts["xl/workbook.xml"].child("definedNames").Children {
		if name := strings.ToLower(n.attr("name")); names[name] {
			p.t.Errorf("%s is a table and a defined name", name)
		}
	}
	p.notes()
	for name, n := range p.parts {
		if strings.HasPrefix(name, "xl/worksheets/sheet") {
			p.sheet(name, n)
		}
	}
}

// types: every part has a kind, and every kind named has its part.
func (p *packed) types() {
	byEnd, byName := map[string]bool{}, map[string]bool{}
	for _, n := range p.parts["[Content_Types].xml"].Children {
		if n.XMLName.Local == "Default" {
			byEnd[strings.ToLower(n.attr("Extension"))] = true
			continue
		}
		name := strings.TrimPrefix(n.attr("PartName"), "/")
		if byName[name] || p.raw[name] == nil {
			p.t.Errorf("the list of types names %s, which is missing or named twice", name)
		}
		byName[name] = true
	}
	for name := range p.raw {
		if name != "[Content_Types].xml" && !byName[name] && (!byEnd[strings.TrimPrefix(path.Ext(name), ".")] || strings.HasSuffix(name, ".xml")) {
			p.t.Errorf("%s has no type", name)
		}
	}
}

// relations: every target exists, ids differ, and each id that a part uses is there.
func (p *packed) relations() {
	ids := map[string]map[string]bool{}
	for name, n := range p.parts {
		if !strings.HasSuffix(name, ".rels") {
			continue
		}
		owner := path.Join(path.Dir(path.Dir(name)), strings.TrimSuffix(path.Base(name), ".rels"))
		ids[owner] = map[string]bool{}
		for _, r := range n.Children {
			if id := r.attr("Id"); id == "" || ids[owner][id] {
				p.t.Errorf("%s: id %q is blank or there twice", name, id)
			} else {
				ids[owner][id] = true
			}
			target := r.attr("Target")
			if full := path.Join(path.Dir(owner), target); r.attr("TargetMode") != "External" && p.raw[full] == nil && p.raw[strings.TrimPrefix(target, "/")] == nil {
				p.t.Errorf("%s points at %s, which is not there", name, target)
			}
		}
		if owner != "." && p.raw[owner] == nil {
			p.t.Errorf("%s belongs to no part", name)
		}
	}
	for name, n := range p.parts {
		n.walk(func(x *node) {
			if id := x.relID(); id != "" && !ids[name][id] {
				p.t.Errorf("%s uses the relation %s, which is not there", name, id)
			}
		})
	}
}

// workbook: names and ids of sheets and defined names differ.
func (p *packed) workbook() {
	seen := map[string]bool{}
	once := func(kind, what string) {
		key := kind + "\x00" + strings.ToLower(what)
		if what == "" || seen[key] {
			p.t.Errorf("%s %q is blank or there twice", kind, what)
		}
		seen[key] = true
	}
	book := p.parts["xl/workbook.xml"]
	for _, n := range book.child("sheets").Children {
		once("sheet", n.attr("name"))
		once("sheet id", n.attr("sheetId"))
	}
	named := regexp.MustCompile(`^[\p{L}_\\][\p{L}\p{N}_.\\]*$`)
	cell := regexp.MustCompile(`^(?i)([A-Z]{1,3}\d+|R\d*C\d*|R|C)$`)
	for _, n := range book.child("definedNames").Children {
		once("defined name", n.attr("localSheetId")+"!"+n.attr("name"))
		if name := n.attr("name"); !named.MatchString(name) || cell.MatchString(name) || len(name) > 255 {
			p.t.Errorf("%q cannot be a defined name", name)
		}
	}
}

// tables: ids and names differ, heads differ and are what stands in the cells; gives the names.
func (p *packed) tables() map[string]bool {
	ids, names := map[string]bool{}, map[string]bool{}
	for part, n := range p.parts {
		if !strings.HasPrefix(part, "xl/tables/") {
			continue
		}
		id, name := n.attr("id"), strings.ToLower(n.attr("displayName"))
		if ids[id] || names[name] || name == "" {
			p.t.Errorf("table %s (%s) is there twice or has no name", name, id)
		}
		ids[id], names[name] = true, true
		heads := map[string]bool{}
		columns := n.child("tableColumns").Children
		for _, c := range columns {
			if head := strings.ToLower(c.attr("name")); head == "" || heads[head] {
				p.t.Errorf("table %s: the head %q is blank or there twice", name, head)
			} else {
				heads[head] = true
			}
		}
		from, to, _ := strings.Cut(n.attr("ref"), ":")
		c1, r1, err1 := excelize.CellNameToCoordinates(from)
		c2, r2, err2 := excelize.CellNameToCoordinates(to)
		if err1 != nil || err2 != nil || c2-c1+1 != len(columns) || r2 <= r1 {
			p.t.Errorf("table %s has %d columns over %s", name, len(columns), n.attr("ref"))
		}
	}
	return names
}

// notes: every note has a box of its own, and no two boxes share an id.
func (p *packed) notes() {
	ids := map[string]bool{}
	for name, n := range p.parts {
		if !strings.HasPrefix(name, "xl/comments") {
			continue
		}
		boxes := 0
		p.parts["xl/drawings/vmlDrawing"+strings.TrimSuffix(strings.TrimPrefix(name, "xl/comments"), ".xml")+".vml"].walk(func(x *node) {
			if x.XMLName.Local != "shape" {
				return
			}
			if boxes++; ids[x.attr("id")] || !strings.HasPrefix(x.attr("id"), "_x0000_s") {
				p.t.Errorf("a second box has the id %q", x.attr("id"))
			}
			ids[x.attr("id")] = true
		})
		if notes := len(n.child("commentList").Children); notes == 0 || notes != boxes {
			p.t.Errorf("%s: %d notes, %d boxes", name, notes, boxes)
		}
	}
}

// sheetOrder is the order of elements in a worksheet by the schema.
var sheetOrder = []string{"sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate",
	"customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties",
	"cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"}

func (p *packed) sheet(name string, n *node) {
	last := 0
	for _, c := range n.Children {
		i := slices.Index(sheetOrder, c.XMLName.Local)
		if i < last {
			p.t.Errorf("%s: %s stands in the wrong place", name, c.XMLName.Local)
		}
		if last = max(last, i); i == last && c.XMLName.Local != "conditionalFormatting" {
			last++
		}
	}
	p.rows(name, n.child("sheetData"))
	styles := p.parts["xl/styles.xml"]
	rules, _ := strconv.Atoi(styles.child("dxfs").attr("count"))
	n.walk(func(x *node) {
		if x.XMLName.Local == "cfRule" && x.attr("dxfId") != "" {
			if id, err := strconv.Atoi(x.attr("dxfId")); err != nil || id >= rules {
				p.t.Errorf("%s: a rule has the style %s of %d", name, x.attr("dxfId"), rules)
			}
		}
	})
	p.links(name, n)
	p.merged(name, n)
	p.extended(name, n)
}

// extended: a rule that points at its extension finds it, and no two extensions share an id.
func (p *packed) extended(name string, n *node) {
	wanted, there := map[string]bool{}, map[string]bool{}
	n.walk(func(x *node) {
		switch {
		case x.XMLName.Local == "id":
			wanted[x.Text] = true
		case x.XMLName.Local == "cfRule" && strings.HasSuffix(x.XMLName.Space, "/2009/9/main"):
			for _, a := range x.Attrs {
				if a.Name.Local == "id" {
					if there[a.Value] {
						p.t.Errorf("%s: two rules have the id %s", name, a.Value)
					}
					there[a.Value] = true
				}
			}
		}
	})
	for id := range wanted {
		if !there[id] {
			p.t.Errorf("%s: the rule %s has no extension", name, id)
		}
	}
}

// rows: rows and cells ascend, styles exist, texts are no longer than a cell holds.
func (p *packed) rows(name string, data *node) {
	styles := len(p.parts["xl/styles.xml"].child("cellXfs").Children)
	before := 0
	for _, r := range data.Children {
		row, _ := strconv.Atoi(r.attr("r"))
		if row <= before {
			p.t.Errorf("%s: row %d after row %d", name, row, before)
		}
		before = row
		col := 0
		for _, c := range r.Children {
			x, y, err := excelize.CellNameToCoordinates(c.attr("r"))
			if err != nil || y != row || x <= col {
				p.t.Errorf("%s: cell %s in row %d after column %d", name, c.attr("r"), row, col)
			}
			col = x
			if s := c.attr("s"); s != "" {
				if id, err := strconv.Atoi(s); err != nil || id >= styles {
					p.t.Errorf("%s: cell %s has the style %s of %d", name, c.attr("r"), s, styles)
				}
			}
		}
	}
}

// links: each leads to a sheet that exists, and no cell has two.
func (p *packed) links(name string, n *node) {
	sheets, seen := map[string]bool{}, map[string]bool{}
	for _, s := range p.parts["xl/workbook.xml"].child("sheets").Children {
		sheets[s.attr("name")] = true
	}
	links := n.child("hyperlinks").Children
	for _, l := range links {
		i := strings.LastIndex(l.attr("location"), "!")
		target := strings.ReplaceAll(strings.Trim(l.attr("location")[:max(i, 0)], "'"), "''", "'")
		if !sheets[target] {
			p.t.Errorf("%s: the link of %s leads to %q", name, l.attr("ref"), l.attr("location"))
		}
		if seen[l.attr("ref")] {
			p.t.Errorf("%s: %s has two links", name, l.attr("ref"))
		}
		seen[l.attr("ref")] = true
	}
	if len(links) > linksMost {
		p.t.Errorf("%s has %d links", name, len(links))
	}
}

// merged: merged cells do not overlap.
func (p *packed) merged(name string, n *node) {
	taken := map[string]bool{}
	for _, m := range n.child("mergeCells").Children {
		from, to, _ := strings.Cut(m.attr("ref"), ":")
		c1, r1, err1 := excelize.CellNameToCoordinates(from)
		c2, r2, err2 := excelize.CellNameToCoordinates(to)
		if err1 != nil || err2 != nil {
			p.t.Errorf("%s: merged cells %q", name, m.attr("ref"))
		}
		for c := c1; c <= c2; c++ {
			for r := r1; r <= r2; r++ {
				if key := fmt.Sprint(c, " ", r); taken[key] {
					p.t.Errorf("%s: %s overlaps other merged cells", name, m.attr("ref"))
				} else {
					taken[key] = true
				}
			}
		}
	}
}

func TestPartsAreAsExcelWantsThem(t *testing.T) {
	books := map[string]func(lang policy.Lang, w io.Writer) error{
		"complete": func(lang policy.Lang, w io.Writer) error {
			return Workbook(context.Background(), completeData(), lang, w)
		},
		"bare": func(lang policy.Lang, w io.Writer) error {
			return Workbook(context.Background(), fixtureData(), lang, w)
		},
		"evaluation": func(lang policy.Lang, w io.Writer) error {
			d := evaluationFixture()
			d.Department, d.Holder = "D4", "1042"
			_, err := renderEvaluation(context.Background(), d, lang, d.Report.Made, w)
			return err
		},
		"payroll": func(lang policy.Lang, w io.Writer) error {
			d := payrollFixture()
			_, err := renderPayroll(context.Background(), d, lang, d.Made, w)
			return err
		},
		"weekly": func(lang policy.Lang, w io.Writer) error {
			d := periodicFixture(true)
			_, err := renderPeriodic(context.Background(), d, lang, d.Made, w)
			return err
		},
		"tables": func(lang policy.Lang, w io.Writer) error {
			return tableFixture().WriteTo(context.Background(), lang, w)
		},
		"self-review": func(lang policy.Lang, w io.Writer) error {
			d := selfFixture()
			_, err := renderSelfReview(context.Background(), d, lang, d.Made, w)
			return err
		},
	}
	for name, write := range books {
		for _, lang := range bothLanguages {
			t.Run(name+" "+string(lang), func(t *testing.T) {
				var b bytes.Buffer
				if err := write(lang, &b); err != nil {
					t.Fatal(err)
				}
				unpack(t, b.Bytes()).check()
			})
		}
	}
}
