package reports

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plumbline/policy"
)

// TestProtected: a protected workbook opens with its password and with no other, tells nothing without it, and is the same document as one that is
// not: written again it stays, and another password makes another version.
func TestProtected(t *testing.T) {
	dir := t.TempDir()
	write := func(password string) (string, bool) {
		path, changed, err := WriteWorkbook(context.Background(), Folder{dir, password}, fixtureData(), policy.ZH)
		if err != nil {
			t.Fatal(err)
		}
		return path, changed
	}
	first, changed := write("正确的密码 1")
	if !changed || !strings.HasSuffix(first, "1.0版.xlsx") {
		t.Fatal(first, changed)
	}
	raw, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"xl/worksheets", "workbook.xml", "销售"} {
		if bytes.Contains(raw, []byte(word)) {
			t.Errorf("%q is readable without the password", word)
		}
	}
	plain, err := Unprotect(raw, "正确的密码 1")
	if err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(dir, "open.xlsx")
	if err := os.WriteFile(open, plain, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Dump(open)
	if err != nil || !strings.Contains(got, "销售") {
		t.Errorf("the workbook says %.80q (%v)", got, err)
	}
	for _, wrong := range []string{"", "正确的密码 2", "x"} {
		if _, err := Unprotect(raw, wrong); !errors.Is(err, ErrPassword) {
			t.Errorf("password %q: %v", wrong, err)
		}
	}
	for cut := range 3 {
		if _, err := Unprotect(raw[:len(raw)/4*(cut+1)], "正确的密码 1"); err == nil {
			t.Errorf("a file cut after %d quarters opens", cut+1)
		}
	}
	if path, changed := write("正确的密码 1"); changed || path != first {
		t.Errorf("written again: %s, changed %v", path, changed)
	}
	if path, changed := write("另一个密码 22"); !changed || !strings.HasSuffix(path, "1.1版.xlsx") {
		t.Errorf("another password: %s, changed %v", path, changed)
	}
	if path, changed := write(""); !changed || !strings.HasSuffix(path, "1.2版.xlsx") {
		t.Errorf("no password: %s, changed %v", path, changed)
	}
	if open, err := Unprotect([]byte("PK"), "whatever"); err != nil || string(open) != "PK" {
		t.Errorf("a file without protection: %q, %v", open, err)
	}
}
