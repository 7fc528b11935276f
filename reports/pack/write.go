package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"plumbline/charts"
	"plumbline/internal/headless"
	"plumbline/policy"
	"plumbline/reports"
)

// Files are the paths of a pack.
type Files struct {
	HTML, Workbook string
	PDF            string // "": no browser is installed
	Changed        bool   // false: the newest version in the directory says the same, and stays
}

// Write writes page, workbook and PDF into dir as the next version. When the newest version there says the same but for when it was made, that one
// stays. browser prints the PDF; without one ("") there is none.
func Write(ctx context.Context, dir string, d Data, r *charts.Renderer, browser string, lang policy.Lang) (Files, error) {
	deck, err := Build(d)
	if err != nil {
		return Files{}, err
	}
	if deck.Digest, err = digest(d); err != nil {
		return Files{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Files{}, fmt.Errorf("write the pack into %s: %w", dir, err)
	}
	names, newest, err := reports.Document(dir, deck.Company, deck.Period, deck.Title, lang, "html", "xlsx", "pdf")
	if err != nil {
		return Files{}, err
	}
	if newest != "" {
		if f, same := standing(filepath.Join(dir, newest), deck.Digest, browser); same {
			return f, nil
		}
	}
	f := Files{HTML: filepath.Join(dir, names[0]), Workbook: filepath.Join(dir, names[1]), Changed: true}
	var html, book bytes.Buffer
	if err := deck.WriteHTML(ctx, r, lang, &html); err != nil {
		return Files{}, err
	}
	if err := deck.WriteWorkbook(ctx, lang, &book); err != nil {
		return Files{}, err
	}
	// The page comes last: by it a version is known to be whole.
	if err := whole(f.Workbook, book.Bytes()); err != nil {
		return Files{}, err
	}
	if err := whole(f.HTML, html.Bytes()); err != nil {
		return Files{}, err
	}
	if browser == "" {
		return f, nil
	}
	f.PDF = filepath.Join(dir, names[2])
	return f, headless.Print(ctx, browser, f.HTML, f.PDF)
}

// digestMark stands in the page before the digest of what it says.
const digestMark = `<meta name="plumbline-content" content="`

// standing gives the files of an earlier version when its page says what the digest stands for, and nothing is missing beside it.
func standing(html, digest, browser string) (Files, bool) {
	content, err := os.ReadFile(html)
	if err != nil || !bytes.Contains(content, []byte(digestMark+digest+`"`)) {
		return Files{}, false
	}
	stem := html[:len(html)-len(".html")]
	f := Files{HTML: html, Workbook: stem + ".xlsx", PDF: stem + ".pdf"}
	if _, err := os.Stat(f.Workbook); err != nil {
		return Files{}, false
	}
	if _, err := os.Stat(f.PDF); err != nil {
		if browser != "" {
			return Files{}, false
		}
		f.PDF = ""
	}
	return f, true
}

// digest is over what a deck says and how it looks, but not over the day on which it is made.
func digest(d Data) (string, error) {
	then := *d.Report
	then.Made = then.Period.LastDay()
	d.Report = &then
	if d.FollowUp != nil {
		f := *d.FollowUp
		f.Day = f.Held
		d.FollowUp = &f
	}
	deck, err := Build(d)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(deck)
	if err != nil {
		return "", fmt.Errorf("write the pack of %s: %w", deck.Period, err)
	}
	sum := sha256.New()
	for _, name := range []string{"page/deck.gohtml", "page/deck.css", "page/deck.js"} {
		part, err := page.ReadFile(name)
		if err != nil {
			return "", err
		}
		sum.Write(part)
	}
	sum.Write(text)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// whole writes a file that appears whole or not at all.
func whole(path string, content []byte) error {
	err := os.WriteFile(path+".part", content, 0o644)
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(path+".part"))
	}
	return nil
}
