package ingest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"plumbline/ingest"
	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// badInput is the catalogue of bad input: what real files contain, by letter and number. docs/ingest.md tells of each case what
// happens; cases that no file can show have no entry and are told there alone.
var badInput = map[string]func(testing.TB) []entry{
	"A": containers, "B": workbooks, "C": values, "D": businessTime, "E": machineFormats,
}

func TestCatalogueA(t *testing.T) { testCatalogue(t, "A") }
func TestCatalogueB(t *testing.T) { testCatalogue(t, "B") }
func TestCatalogueC(t *testing.T) { testCatalogue(t, "C") }
func TestCatalogueD(t *testing.T) { testCatalogue(t, "D") }
func TestCatalogueE(t *testing.T) { testCatalogue(t, "E") }

// entry is a case of the catalogue: files that come in one after the other. What comes of them stands under its name in
// testdata/catalogue: receipts and refusals with their notices, then the rejects, then the facts.
type entry struct {
	name    string // number in the catalogue and what is wrong
	files   []sent
	how     ingest.How
	company func(testing.TB) *office // nil: the organisation of all tests
	says    []string                 // what refusals, notices and rejects say in so many words
	then    func(c *office, b *strings.Builder)
	hostile bool // made to exhaust the machine: taken in alone and watched
}

// sent is a file and its bytes, or a deed as office.act knows them.
type sent struct{ name, content string }

// A hostile file may take this long and this much; both are far above what it should.
const (
	patience  = 2 * time.Minute
	allowance = 200 << 20 // bytes beside what the open books take
)

func testCatalogue(t *testing.T, letter string) {
	path := filepath.Join("testdata", "catalogue", letter+".txtar")
	golden, err := txtar.ParseFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	entries := badInput[letter](t)
	got := make([]string, len(entries))
	if *update {
		t.Cleanup(func() { writeCatalogue(t, path, golden, entries, got) })
	}
	for i, e := range entries {
		t.Run(e.name, func(t *testing.T) {
			if !e.hostile {
				t.Parallel()
			}
			got[i] = e.outcome(t)
			if diff := cmp.Diff(expected(golden, e.name), got[i]); diff != "" && !*update {
				t.Error(diff)
			}
		})
	}
}

func expected(golden *txtar.Archive, name string) string {
	if golden != nil {
		for _, f := range golden.Files {
			if f.Name == name {
				return string(f.Data)
			}
		}
	}
	return "no such case"
}

// writeCatalogue keeps what is known of cases that did not run.
func writeCatalogue(t *testing.T, path string, golden *txtar.Archive, entries []entry, got []string) {
	a := &txtar.Archive{Comment: []byte("What comes of the cases of the catalogue: receipts, refusals and notices, then rejects, then facts.\n")}
	for i, e := range entries {
		if got[i] == "" {
			got[i] = expected(golden, e.name)
		}
		a.Files = append(a.Files, txtar.File{Name: e.name, Data: []byte(got[i])})
	}
	if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
		t.Error(err)
	}
}

// outcome takes the files of a case in and tells what came of them.
func (e entry) outcome(t *testing.T) string {
	t.Helper()
	found := company
	if e.company != nil {
		found = e.company
	}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	p := &proceedings{office: found(t), ctx: ctx, touched: map[string]bool{}}
	p.how = e.how
	take := func() {
		for _, f := range e.files {
			p.take(f)
		}
		if e.then != nil {
			e.then(p.office, &p.out)
		}
	}
	if e.hostile {
		if took := peak(t, take); took > allowance {
			t.Errorf("%d MiB taken, %d are allowed", took>>20, allowance>>20)
		}
	} else {
		take()
	}
	p.tellBooks()
	if words := p.said.String(); strings.Contains(words, "（）") || strings.Contains(words, "()") {
		t.Errorf("words with a blank in them:\n%.3000s", words)
	}
	for _, s := range e.says {
		if !strings.Contains(p.said.String(), s) {
			t.Errorf("%q is not said in\n%.3000s", s, p.said.String())
		}
	}
	return p.out.String()
}

// peak gives the most memory that the process took beside what it had, in bytes while f ran; 0 where the system does not tell.
func peak(t *testing.T, f func()) int64 {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		f()
		return 0
	}
	before := status(t, "VmRSS:")
	f()
	return status(t, "VmHWM:") - before
}

// status reads a figure of this process.
func status(t *testing.T, name string) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	return 0
}

// proceedings is one case under way.
type proceedings struct {
	*office
	ctx     context.Context
	out     strings.Builder
	said    strings.Builder // all words in both languages
	touched map[string]bool // datasets
}

func (p *proceedings) take(f sent) {
	p.Helper()
	verb, rest, _ := strings.Cut(f.name, " ")
	switch verb {
	case "mapping", "withdraw", "dismiss":
		for _, took := range p.act(&p.out, f.name, f.content) {
			p.receive(took, "")
		}
	case "snapshot":
		p.how.Snapshot = true
		p.takeFile(rest, f.content)
		p.how.Snapshot = false
	case "try":
		p.try(rest, f.content)
	default:
		p.takeFile(f.name, f.content)
	}
}

// hand puts a file where users would.
func (p *proceedings) hand(name, content string) (path string) {
	p.Helper()
	path = filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		p.Fatal(err)
	}
	return path
}

// takeFile takes all tables of a file in, and tells what is refused. What is refused leaves nothing behind.
func (p *proceedings) takeFile(name, content string) {
	p.Helper()
	head := p.books.Ledger().Head()
	units, faults := ingest.Find(p.ctx, p.books, p.version.Policy, []string{p.hand(name, content)}, p.handed(""))
	took := 0
	err := ingest.TakeAll(p.ctx, p.books, p.version, units, ingest.Options{Actor: "刘洋", Day: today},
		func(f ingest.File, already bool, err error) error {
			switch {
			case err != nil:
				faults = append(faults, err)
			case already:
				took++
				fmt.Fprintf(&p.out, "already %s\n", receipt(f))
			default:
				took++
				p.receive(f, content)
			}
			return nil
		})
	if err != nil {
		p.Errorf("%s: %v", name, err)
	}
	for _, fault := range faults {
		p.refused(name, fault)
	}
	if now := p.books.Ledger().Head(); took == 0 && now != head {
		p.Errorf("%s was refused, but the ledger went from %d to %d", name, head.Seq, now.Seq)
	}
	if left, err := os.ReadDir(p.books.Staging()); err != nil || len(left) > 0 {
		p.Errorf("%s left behind in staging: %v, %v", name, left, err)
	}
}

// receive tells of a receipt; the original must come back as it was.
func (p *proceedings) receive(f ingest.File, content string) {
	p.Helper()
	p.accounted(f)
	p.touched[f.Dataset] = true
	fmt.Fprintf(&p.out, "%s (%s)\n", receipt(f), manner(f))
	for _, n := range f.Notices {
		fmt.Fprintf(&p.out, "  %s\n", n.EN)
		fmt.Fprintln(&p.said, n.ZH, n.EN)
	}
	if content == "" || f.Origin > 0 {
		return
	}
	original, err := p.books.Ledger().OpenOriginal(f.SHA256)
	if err != nil {
		p.Fatal(err)
	}
	kept, err := io.ReadAll(original)
	if err = errors.Join(err, original.Close()); err != nil {
		p.Fatal(err)
	}
	if sum := sha256.Sum256(kept); !bytes.Equal(kept, []byte(content)) || hex.EncodeToString(sum[:]) != f.SHA256 {
		p.Errorf("%s: the original is not what came in", f.Name)
	}
}

// manner says how the table was read.
func manner(f ingest.File) string {
	parts := []string{f.Format, f.Encoding, strings.Trim(fmt.Sprintf("%q", f.Delimiter), `"`), f.Member, f.Sheet}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// refused tells of a refusal, which must name the file.
func (p *proceedings) refused(name string, err error) {
	p.Helper()
	place := ""
	if r, ok := errors.AsType[*sheet.RefusedError](err); ok {
		if r.Member != "" {
			place += " in " + r.Member
		}
		if r.Row > 0 {
			place += fmt.Sprintf(" at %s%d", r.Column, r.Row)
		}
		if len(r.Value) > 1000 {
			p.Errorf("%s: the refusal shows %d bytes of the file", name, len(r.Value))
		}
		fmt.Fprintln(&p.said, r.Say, r.Cure, r.Value)
	}
	if !strings.Contains(err.Error(), name) {
		p.Errorf("the refusal does not name %s: %v", name, err)
	}
	fmt.Fprintf(&p.out, "%s refused: %s%s\n", name, refusal(err), place)
}

// try tells what a file would change, and sees that nothing does.
func (p *proceedings) try(name, content string) {
	p.Helper()
	before := p.everything()
	units, faults := ingest.Find(p.ctx, p.books, p.version.Policy, []string{p.hand(name, content)}, p.handed(""))
	if len(faults) > 0 {
		p.Fatal(faults)
	}
	preview, err := ingest.Try(p.ctx, p.books, p.version, units, ingest.Options{Actor: "刘洋", Day: today})
	if err != nil {
		p.Fatal(err)
	}
	for _, f := range preview.Files {
		fmt.Fprintf(&p.out, "would be: %s\n", receipt(f))
	}
	for _, c := range preview.Changes {
		fmt.Fprintf(&p.out, "  %s %s: %d new, %d corrected, %d retired, of %s\n", c.Dataset, c.Month, c.New, c.Corrected, c.Retired,
			strings.Join(c.People, " "))
	}
	if diff := cmp.Diff(before, p.everything()); diff != "" {
		p.Errorf("trying %s changed something:\n%s", name, diff)
	}
}

// tellBooks tells the rejects and the facts of the datasets that files came in for.
func (p *proceedings) tellBooks() {
	p.Helper()
	for _, line := range p.rejects() {
		fmt.Fprintf(&p.out, "%q\n", clipped(line))
	}
	list, err := ingest.Rejects(p.ctx, p.books, p.version.Policy, latest)
	if err != nil {
		p.Fatal(err)
	}
	for _, r := range list {
		fmt.Fprintln(&p.said, r.Say, r.Cure)
	}
	for _, d := range p.version.Policy.Datasets {
		if !p.touched[d.ID] {
			continue
		}
		fmt.Fprintf(&p.out, "%s:\n", d.ID)
		for _, line := range p.facts(d.ID) {
			quoted := fmt.Sprintf("%q", clipped(line))
			fmt.Fprintf(&p.out, "  %s\n", quoted[1:len(quoted)-1])
		}
	}
	p.examined()
}

// clipped shortens a line for the golden file.
func clipped(line string) string {
	const most = 300
	if r := []rune(line); len(r) > most {
		return string(r[:most]) + "…"
	}
	return line
}

// overseas is a company whose clock is put forward and back, with a dataset of shares.
func overseas(t testing.TB) *office {
	s := policy.Default()
	for i := range s {
		switch s[i].Name {
		case "company.yaml":
			s[i].Text = strings.Replace(s[i].Text, "Asia/Shanghai", "America/New_York", 1)
		case "datasets.yaml":
			s[i].Text += `
shares:
  name: {zh: 占比, en: Shares}
  key: share_id
  columns:
    share_id: {type: id, name: {zh: 占比编号, en: Share ID}}
    share:    {type: percent, name: {zh: 占比值, en: Share}}
points:
  name: {zh: 百分点, en: Points}
  key: point_id
  columns:
    point_id: {type: id, name: {zh: 百分点编号, en: Point ID}}
    point:    {type: percent, unit: percent, name: {zh: 百分点值, en: Point}}
rates:
  name: {zh: 比率, en: Rates}
  key: rate_id
  columns:
    rate_id: {type: id, name: {zh: 比率编号, en: Rate ID}}
    rate:    {type: percent, unit: fraction, name: {zh: 比率值, en: Rate}}
  rules:
    - check: "rate <= 100"
      say: {zh: 比率超过 100%, en: The rate is above 100%}
      cure: {zh: 核对是小数还是百分数, en: "Check whether it is a fraction or a percentage"}
`
		}
	}
	c := found(t, filepath.Join(t.TempDir(), "data"), s)
	for _, f := range organisation {
		c.take(f.name, f.text)
	}
	return c
}
