package main

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// fullSays is how pages and programs are told that nothing can be written.
const fullSays = "服务器磁盘写不进去"

// TestFullDisk has the disk fill up under a service. What cannot be written is refused with the cause and the cure, what was typed stays in the form, what needs no
// writing is answered, and after room was made everything is as it was acknowledged, and goes on.
func TestFullDisk(t *testing.T) {
	u := newUsable(t)
	r := u.start(t)
	writer, hr, admin, nobody := r.as("e00012"), r.as("hr"), r.as("admin"), &visitor{r, "", &http.Client{}}
	version, asOf, _, err := writer.written()
	if err != nil {
		t.Fatal(err)
	}
	if status, page, err := writer.save(version, asOf, "之前"); err != nil || status != http.StatusSeeOther {
		t.Fatalf("%d %v %s", status, err, page)
	}
	name, text := logOf(1)
	waiting, moved := hr.previewed(t, name, text)
	fillDisk(t, r.child.Process.Pid, 0)
	refused := func(what string, status int, page string, err error) {
		t.Helper()
		if err != nil || status != http.StatusInsufficientStorage || !strings.Contains(page, fullSays) || strings.Contains(page, "file too large") || strings.Contains(page, u.data) {
			t.Errorf("%s on a full disk: %d %v %s", what, status, err, page)
		}
	}
	for range 2 { // the first one finds the disk full, the next one that the ledger takes nothing in any more
		status, page, err := writer.save(version+1, asOf, "写不进")
		refused("saving", status, page, err)
		if !strings.Contains(page, "写不进</textarea>") {
			t.Errorf("what was typed is lost: %s", page)
		}
	}
	for what, x := range map[string]struct {
		who  *visitor
		path string
		form url.Values
	}{
		"taking in": {hr, waiting, url.Values{"moved": {moved}}}, "a read that must be written down": {hr, "/people/00012/2026Q3", nil}, "a workbook": {hr, "/workbooks/2026Q3", url.Values{}},
		"the API": {hr, "/api/v1/scores/2026Q3?by=employee", nil}, "changing an account": {admin, "/accounts/e00005/disable", url.Values{}}, "signing in": {nobody, "/sign-in", url.Values{"login": {"e00012"}, "password": {"wrong password"}}},
	} {
		method, kind := http.MethodGet, ""
		if x.form != nil {
			method, kind = http.MethodPost, "application/x-www-form-urlencoded"
		}
		status, page, _, err := x.who.ask(method, x.path, kind, strings.NewReader(x.form.Encode()))
		refused(what, status, page, err)
	}
	status, page, _, err := hr.upload(name, text)
	refused("uploading", status, page, err)
	status, page, _, err = admin.post("/operation/jobs/backup", nil)
	refused("a backup", status, page, err)
	for path, who := range map[string]*visitor{"/": writer, selfPath: writer, "/policy": writer, "/quarters/2026Q3": hr, "/files": hr, "/operation": admin, "/healthz": nobody, "/readyz": nobody, "/sign-in": nobody} {
		if status, page, err := who.get(path); err != nil || status != http.StatusOK {
			t.Errorf("%s is not answered on a full disk: %d %v %s", path, status, err, page)
		}
	}
	if _, _, plan, err := writer.written(); err != nil || plan != "之前" {
		t.Errorf("what was saved before reads %q, %v", plan, err)
	}
	r.kill()
	r = u.start(t)
	u.nothingHalf(t)
	writer, hr = r.as("e00012"), r.as("hr")
	version, asOf, plan, err := writer.written()
	if err != nil || plan != "之前" {
		t.Fatalf("what was acknowledged reads %q, %v", plan, err)
	}
	if status, page, err := writer.save(version, asOf, "之后"); err != nil || status != http.StatusSeeOther {
		t.Errorf("after room was made: %d %v %s", status, err, page)
	}
	if done, err := hr.takeIn(t, name, text); err != nil || !done {
		t.Errorf("taking in after room was made: %v", err)
	}
	if status, page, err := hr.get("/people/00012/2026Q3"); err != nil || status != http.StatusOK {
		t.Errorf("reading after room was made: %d %v %s", status, err, page)
	}
	r.kill()
	must(t, exitDone, "doctor", "--data", u.data)
	if parts, _ := filepath.Glob(filepath.Join(u.backups, "*")); len(parts) > 0 {
		t.Errorf("a backup that did not fit left %v", parts)
	}
}

// TestDiskFillsUpAtTheCommit has the disk fill up after a file's receipt is in the ledger and before its rows are in the warehouse. Its sender is told so; it is not
// taken in twice, nothing is recorded over the gap, pages are answered, and when there is room the gap closes without a restart.
func TestDiskFillsUpAtTheCommit(t *testing.T) {
	u := newUsable(t)
	r := u.start(t)
	writer, hr := r.as("e00012"), r.as("hr")
	version, asOf, _, err := writer.written()
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	_, first := logOf(0)
	head, _, _ := strings.Cut(first, "\n")
	rows.WriteString(head + "\n")
	for i := range 3000 {
		fmt.Fprintf(&rows, "WLY%06d,00012,2026-09-%02d,2026-09-30,1,1,移动办公,补记\n", i, i%28+1)
	}
	waiting, moved := hr.previewed(t, "many.csv", rows.String())
	fillDisk(t, r.child.Process.Pid, 300_000) // more than the journal has, less than the log of so many rows
	status, page, _, err := hr.post(waiting, url.Values{"moved": {moved}})
	if err != nil || status != http.StatusInsufficientStorage || !strings.Contains(page, "已记录，尚未显示") {
		t.Fatalf("taking in: %d %v %s", status, err, page)
	}
	if status, page, err := writer.save(version, asOf, "写不进"); err != nil || status != http.StatusInsufficientStorage || !strings.Contains(page, fullSays) || !strings.Contains(page, "写不进</textarea>") {
		t.Errorf("saving over the gap: %d %v %s", status, err, page)
	}
	for path, who := range map[string]*visitor{"/": writer, selfPath: writer, "/policy": writer, "/files": hr, "/readyz": hr} {
		if status, page, err := who.get(path); err != nil || status != http.StatusOK || strings.Contains(page, "many.csv") {
			t.Errorf("%s: %d %v %s", path, status, err, page)
		}
	}
	fillDisk(t, r.child.Process.Pid, math.MaxUint64)
	if status, page, err := writer.save(version, asOf, "之后"); err != nil || status != http.StatusSeeOther {
		t.Errorf("after room was made: %d %v %s", status, err, page)
	}
	if _, page, err := hr.get("/files"); err != nil || strings.Count(page, "many.csv") != 1 {
		t.Errorf("the file that was in the ledger is not shown: %v", err)
	}
	r.kill()
	must(t, exitDone, "doctor", "--data", u.data)
}

// previewed uploads a file and gives where its preview waits to be taken in, and the state of the books that it shows.
func (v *visitor) previewed(t *testing.T, name, text string) (waiting, moved string) {
	t.Helper()
	_, _, waiting, err := v.upload(name, text)
	if err != nil {
		t.Fatal(err)
	}
	_, page, err := v.get(waiting)
	found := formMoved.FindStringSubmatch(page)
	if err != nil || found == nil {
		t.Fatalf("%v %s", err, page)
	}
	return waiting, found[1]
}
