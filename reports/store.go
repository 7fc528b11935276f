package reports

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/policy"
)

// Folder is where documents go, and the password that protects them.
type Folder struct {
	Dir      string
	Password string // AES-128 as Excel, LibreOffice and WPS read it; "": the files are not protected
}

// WriteWorkbook writes the workbook into a folder as its next version: 1.0, 1.1, 1.2 and so on. When the newest version there
// says the same, apart from when it was made, that file stays and changed is false. The file appears whole or not at all.
func WriteWorkbook(ctx context.Context, to Folder, d Data, lang policy.Lang) (path string, changed bool, err error) {
	dir := to.Dir
	if d.Report == nil || d.Report.Policy == nil {
		return "", false, fmt.Errorf("write workbook: no report to write (compute the period first)")
	}
	company, p := d.Report.Policy.Company.Name, d.Report.Period
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", false, fmt.Errorf("write workbook into %s: %w", dir, err)
	}
	stem, end := nameParts(company, p, Subject, lang)
	newest, err := newestVersion(dir, stem, end)
	if err != nil {
		return "", false, err
	}
	if newest >= 0 {
		path = filepath.Join(dir, FileName(company, p, Subject, newest, lang))
		d.version = newest
		same, err := to.saysTheSame(ctx, path, d, lang)
		if err != nil || same {
			return path, false, err
		}
	}
	path = filepath.Join(dir, FileName(company, p, Subject, newest+1, lang))
	d.version = newest + 1
	if to.Password == "" { // Parquet cannot be protected; the further sheets hold every row
		if err := d.writeParquets(path); err != nil {
			return "", false, err
		}
	}
	if err := to.write(path, 0o644, func(w io.Writer) error { return Workbook(ctx, d, lang, w) }); err != nil {
		return "", false, err
	}
	return path, true, nil
}

// writePrivate writes a document into a folder as its next version, readable by its owner alone, unless the newest version there says the same,
// apart from when it was made. render writes it as if made at a moment and gives the digest of its contents.
func writePrivate(to Folder, company policy.Text, p Named, subject policy.Text, lang policy.Lang, now time.Time,
	render func(made time.Time, w io.Writer) (string, error)) (path string, changed bool, err error) {
	dir := to.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", false, fmt.Errorf("write %s into %s: %w", subject.In(lang), dir, err)
	}
	stem, end := nameParts(company, p, subject, lang)
	newest, err := newestVersion(dir, stem, end)
	if err != nil {
		return "", false, err
	}
	if newest >= 0 {
		path = filepath.Join(dir, FileName(company, p, subject, newest, lang))
		if made, err := to.madeOn(path); err == nil { // one that cannot be read does not say the same
			digest, err := render(made, io.Discard)
			if err != nil {
				return "", false, err
			}
			if onDisk, err := to.digestOf(path); err == nil && onDisk == digest {
				return path, false, nil
			}
		}
	}
	path = filepath.Join(dir, FileName(company, p, subject, newest+1, lang))
	return path, true, to.write(path, 0o600, func(w io.Writer) error {
		_, err := render(now, w)
		return err
	})
}

// newestVersion finds the highest version in dir, and -1 when there is none.
func newestVersion(dir, stem, end string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("look for earlier workbooks: %w", err)
	}
	newest := -1
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), stem)
		if !ok {
			continue
		}
		if digits, ok = strings.CutSuffix(digits, end); !ok {
			continue
		}
		if n, err := strconv.Atoi(digits); err == nil && n > newest && strconv.Itoa(n) == digits {
			newest = n
		}
	}
	return newest, nil
}

// saysTheSame renders d as if made when the file was made, and compares contents. A file that cannot be read, or that
// somebody edited, does not say the same.
func (to Folder) saysTheSame(ctx context.Context, path string, d Data, lang policy.Lang) (bool, error) {
	made, err := to.madeOn(path)
	if err != nil {
		return false, nil
	}
	then := *d.Report
	then.Made = made
	d.Report = &then
	digest, err := render(ctx, d, lang, io.Discard)
	if err != nil {
		return false, err
	}
	onDisk, err := to.digestOf(path)
	return err == nil && onDisk == digest, nil
}

// madeOn reads when a workbook was made, to the second.
func (to Folder) madeOn(path string) (time.Time, error) {
	raw, err := to.read(path)
	if err != nil {
		return time.Time{}, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: 1 << 30})
	if err != nil {
		return time.Time{}, err
	}
	defer f.Close()
	props, err := f.GetDocProps()
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse("2006-01-02T15:04:05Z", props.Created)
}

// writeWhole writes a file under another name, makes it durable and gives it its name.
func writeWhole(path string, write func(io.Writer) error) error { return writeFor(path, 0o644, write) }

// writeFor is writeWhole for those whom the mode lets read the file.
func writeFor(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".workbook-*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if err := write(tmp); err != nil {
		return err
	}
	if err := tmp.Chmod(mode); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := tmp.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the new name durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write into %s: %w", dir, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write into %s: %w", dir, err)
	}
	return nil
}
