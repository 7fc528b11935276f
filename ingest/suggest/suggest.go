package suggest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// Draft is a mapping drafted from a table.
type Draft struct {
	Dataset string     // the dataset that it takes the table for; "" when that is open
	YAML    string     // the draft; every guess has its reason in a comment behind it, in Chinese and English
	Open    []Question // what must be decided before the draft can be used, in the order of the places marked "# ??" in YAML
}

// Question is a place of the draft that has no value yet.
type Question struct {
	Header  string      // of the file; "" when the whole table is meant
	Say     policy.Text // what is open, with the values that leave it so
	Cure    policy.Text // where to write what
	Options []string    // what may be written there, the likeliest first; may be nil
}

// Suggest drafts a mapping for t, a table of the file at path, from its header and at most 10,000 of its rows. With a dataset it
// drafts for that one. scratch is a directory for temporary files. What cannot be read as a table is a *sheet.RefusedError.
func Suggest(ctx context.Context, p *policy.Policy, path, scratch string, t sheet.Table, dataset string) (Draft, error) {
	datasets := p.FromFiles()
	if dataset != "" {
		d := p.Dataset(dataset)
		if d == nil || d.Recorded != "" {
			return Draft{}, fmt.Errorf("suggest mapping: the policy has no dataset %q", dataset)
		}
		datasets = []*policy.Dataset{d}
	}
	zone, err := time.LoadLocation(p.Company.Timezone)
	if err != nil {
		return Draft{}, fmt.Errorf("suggest mapping: company's zone: %w", err)
	}
	e := &planner{examiner: &examiner{policy: p, zone: zone, shares: map[pairing]share{}}, wordings: map[*policy.Column]*wording{}}
	var all [][]*wording
	for _, d := range datasets {
		var ws []*wording
		for _, c := range d.Columns {
			e.wordings[c] = wordingOf(d, c)
			ws = append(ws, e.wordings[c])
		}
		all = append(all, ws)
	}
	w := &writer{table: t, file: filepath.Base(path), ids: map[*column]string{}, taken: map[string]bool{}}
	header, found := headerRow(t.Head, all)
	if len(t.Fields) > 0 {
		header, found = t.Head[0], true
	}
	if !found {
		return w.withoutHeader(dataset, datasets), nil
	}
	if e.sample, err = readSample(ctx, path, scratch, t, header); err != nil {
		return Draft{}, err
	}
	w.sample = e.sample
	if !e.sample.named() {
		return w.withoutHeader(dataset, datasets), nil
	}
	e.wide = findWide(e.sample.columns)
	plans, open, err := e.rank(datasets)
	if err != nil {
		return Draft{}, err
	}
	if open {
		return w.withoutDataset(plans), nil
	}
	if err := e.byValues(plans[0]); err != nil {
		return Draft{}, err
	}
	if plans[0].empty() {
		return w.withoutMatch(plans[0].dataset), nil
	}
	return w.draft(e.examiner, plans[0])
}

// named reports whether a mapping can name any column.
func (s *sample) named() bool {
	for _, c := range s.columns {
		if c.usable {
			return true
		}
	}
	return false
}

// title gives a mapping's name: the file's, without its ending.
func title(file string) string {
	if name := plain(strings.TrimSuffix(file, filepath.Ext(file))); name != "" {
		return short(name, maxTitle)
	}
	return "mapping"
}

const maxTitle = 60 // runes; a dataset's name comes behind it

// short cuts a text.
func short(s string, most int) string {
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return strings.TrimSpace(s)
}
