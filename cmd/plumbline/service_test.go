package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"plumbline/company"
	"plumbline/internal/accounts"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/policy"
	"plumbline/sample_data/story"
	"plumbline/web"
)

// Who uses the service in these tests: writers write self-reviews of the month, and the others are known by their roles.
var writers = []string{"00005", "00006", "00012", "00014", "00029", "00040", "00042", "00045", "00049", "00053", "00054", "00058"}

const reviewed = "2026-09"

// keepService is the process that serves a data directory: as plumbline serve does, with accounts that need no second step, by a clock that goes on from CLOCK.
func keepService() int {
	signal.Ignore(syscall.SIGXFSZ) // by which a system with the limit of TestFullDisk kills; a full disk kills nobody
	begun := time.Now()
	a := &app{out: os.Stdout, err: os.Stderr, now: func() time.Time { return scriptClock().Add(time.Since(begun)) }, getenv: os.Getenv, lang: policy.ZH, memory: "1GiB", data: os.Args[1]}
	if err := a.serveData(context.Background(), serving{addr: "127.0.0.1:0", demo: []web.DemoAccount{{Login: "hr"}}}); err != nil { // an account that is there: it says that such may be
		fmt.Fprintln(os.Stderr, a.words(err))
		return exitCode(err)
	}
	return exitDone
}

// usable is a data directory with people who are signed in, by login, a month whose self-reviews are open, and a folder for backups.
type usable struct {
	data, backups string
	sessions      map[string]string
	started       int
}

// newUsable makes one out of the sample company's records of a quarter.
func newUsable(t *testing.T) *usable {
	t.Helper()
	dir := t.TempDir()
	u := &usable{data: filepath.Join(dir, "data"), backups: filepath.Join(dir, "backups"), sessions: map[string]string{}}
	if err := errors.Join(fillQuarter(u.data), os.WriteFile(filepath.Join(u.data, "service.yaml"), []byte("backup: {dir: "+u.backups+", at: \"02:00\", keep: 99}\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	c, err := company.Open(ctx, u.data, company.Options{Now: clock, Memory: "1GiB"})
	if err != nil {
		t.Fatal(err)
	}
	month, err := period.Parse(reviewed)
	if err == nil {
		desk, e := c.Desk(ctx, month, story.HR)
		if err = e; err == nil {
			err = desk.OpenMonth(ctx, month)
		}
	}
	if err := errors.Join(err, c.Close()); err != nil {
		t.Fatal(err)
	}
	people, err := accounts.Open(u.data, accounts.Options{Now: clock, Demo: true, Log: func(context.Context, accounts.Change) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	list := []accounts.New{{Login: "hr", Employee: story.HR, Roles: []accounts.Role{accounts.HR}}, {Login: "admin", Roles: []accounts.Role{accounts.Admin}}}
	for _, no := range writers {
		list = append(list, accounts.New{Login: "e" + no, Employee: no})
	}
	for _, n := range list {
		if err := u.admit(ctx, people, n); err != nil {
			t.Fatalf("%s: %v", n.Login, err)
		}
	}
	if err := people.Close(); err != nil {
		t.Fatal(err)
	}
	return u
}

// admit makes an account and signs it in, as from another place, so that no password has to be hashed.
func (u *usable) admit(ctx context.Context, people *accounts.Store, n accounts.New) error {
	if _, err := people.CreateDemo(ctx, "setup", n); err != nil {
		return err
	}
	id, from := accounts.Identity{Issuer: "https://sso.example", Subject: n.Login}, netip.MustParseAddr("127.0.0.1")
	if err := people.Link(ctx, "setup", n.Login, id); err != nil {
		return err
	}
	p, err := people.SignInWith(ctx, id, from)
	if err != nil {
		return err
	}
	u.sessions[n.Login], _, err = people.NewSession(ctx, p.Token, from, "test")
	return err
}

// running is a service that runs in a process of its own.
type running struct {
	*usable
	url   string
	child *exec.Cmd
	talk  *bytes.Buffer // to be read after it has ended
	ended chan error
}

var readyAt = regexp.MustCompile(`http://[0-9.:]+`)

// start starts the service, by a clock that is later than before.
func (u *usable) start(t *testing.T) *running {
	t.Helper()
	u.started++
	r := &running{usable: u, child: exec.Command("served", u.data), talk: &bytes.Buffer{}, ended: make(chan error, 1)}
	r.child.Env = append(os.Environ(), "CLOCK="+clock().Add(time.Duration(u.started)*time.Minute).Format(time.RFC3339))
	r.child.Stderr = r.talk
	out, err := r.child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.child.Process.Kill() // where it has not ended
		if t.Failed() {
			r.wait()
			for line := range strings.Lines(r.talk.String()) {
				if !strings.Contains(line, `"level":"INFO"`) {
					t.Logf("the service said: %s", line)
				}
			}
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if r.url = readyAt.FindString(line); r.url == "" {
		_ = r.child.Process.Kill()
		_ = r.child.Wait()
		t.Fatalf("the service does not start: %q %v\n%s", line, err, r.talk)
	}
	go func() { r.ended <- r.child.Wait(); close(r.ended) }()
	return r
}

// wait waits for the end of the process.
func (r *running) wait() {
	for range r.ended { // one value at most
	}
}

// kill kills the service as a power cut does.
func (r *running) kill() {
	_ = r.child.Process.Kill()
	r.wait()
}

// visitor is somebody's browser.
type visitor struct {
	*running
	login  string
	client *http.Client
}

func (r *running) as(login string) *visitor {
	jar, _ := cookiejar.New(nil)
	at, _ := url.Parse(r.url)
	jar.SetCookies(at, []*http.Cookie{{Name: "plumbline", Value: r.sessions[login]}})
	return &visitor{r, login, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// ask sends a request and gives the answer with where it leads; an error means that nobody answered, or not to the end.
func (v *visitor) ask(method, path, kind string, body io.Reader) (status int, text, to string, err error) {
	r, err := http.NewRequest(method, v.url+path, body)
	if err != nil {
		return 0, "", "", err
	}
	r.Header.Set("Origin", v.url)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	a, err := v.client.Do(r)
	if err != nil {
		return 0, "", "", err
	}
	defer a.Body.Close()
	all, err := io.ReadAll(a.Body)
	return a.StatusCode, string(all), a.Header.Get("Location"), err
}

func (v *visitor) get(path string) (int, string, error) {
	status, text, _, err := v.ask(http.MethodGet, path, "", nil)
	return status, text, err
}

func (v *visitor) post(path string, form url.Values) (int, string, string, error) {
	return v.ask(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// upload sends a file and gives the page that shows what it would do.
func (v *visitor) upload(name, text string) (status int, page, to string, err error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, _ := w.CreateFormFile("files", name)
	_, _ = io.WriteString(part, text)
	_ = w.Close()
	return v.ask(http.MethodPost, "/files/upload", w.FormDataContentType(), &form)
}

const selfPath = "/me/" + reviewed + "/self-review"

var (
	formVersion = regexp.MustCompile(`name="version" value="([0-9]+)"`)
	formAsOf    = regexp.MustCompile(`name="as_of" value="([0-9]+)"`)
	formPlan    = regexp.MustCompile(`(?s)<textarea[^>]*name="plan"[^>]*>\n?([^<]*)</textarea>`)
	formMoved   = regexp.MustCompile(`name="moved" value="([0-9]+)"`)
)

// written reads what is written in somebody's self-review, as the page shows it.
func (v *visitor) written() (version int, asOf, plan string, err error) {
	status, page, err := v.get(selfPath)
	if err != nil {
		return 0, "", "", err
	}
	m, a, p := formVersion.FindStringSubmatch(page), formAsOf.FindStringSubmatch(page), formPlan.FindStringSubmatch(page)
	if status != http.StatusOK || m == nil || a == nil || p == nil {
		return 0, "", "", fmt.Errorf("%s reads his self-review: %d %s", v.login, status, page)
	}
	version, err = strconv.Atoi(m[1])
	return version, a[1], strings.TrimSpace(p[1]), err
}

// save saves a self-review and reports the answer's status.
func (v *visitor) save(version int, asOf, plan string) (int, string, error) {
	status, page, _, err := v.post(selfPath, url.Values{"version": {strconv.Itoa(version)}, "as_of": {asOf}, "plan": {plan}, "do": {"save"}})
	return status, page, err
}

// saved is what somebody was told is saved, and what he sent without being told.
type saved struct {
	version       int
	plan, pending string
}

// logOf is a file with one row, which is not in any other.
func logOf(n int) (name, text string) {
	return fmt.Sprintf("more-%d.csv", n), fmt.Sprintf("日志编号,工号,工作日期,登记时间,实际工时,计划工时,项目,工作内容\nWLX%06d,00012,2026-09-%02d,2026-09-30,1,1,移动办公,补记\n", n, n%28+1)
}

// TestKilledService kills a service while a dozen people save self-reviews, files are taken in and backups are made. After every start what anybody was told is
// there, everything checks, nobody has to sign in again and nothing half is left.
func TestKilledService(t *testing.T) {
	u := newUsable(t)
	told := make([]saved, len(writers))
	files := map[string]bool{} // told to be taken in
	sent, saves := 0, 0
	dice := rand.New(rand.NewPCG(2026, 12))
	const rounds = 4
	for round := range rounds + 1 {
		r := u.start(t)
		for i, no := range writers {
			version, _, plan, err := r.as("e" + no).written()
			if err != nil {
				t.Fatal(err)
			}
			if k := told[i]; version < k.version || plan != k.plan && plan != k.pending {
				t.Errorf("%s was told that version %d is saved, %q, but finds version %d, %q", no, k.version, k.plan, version, plan)
			}
			told[i] = saved{version, plan, plan}
		}
		u.nothingHalf(t)
		if round == rounds {
			r.kill()
			break
		}
		var all sync.WaitGroup
		acknowledged := make(chan bool, 1<<14)
		for i, no := range writers {
			all.Go(func() { r.as("e"+no).write(t, &told[i], acknowledged) })
		}
		takenIn := make(chan bool, 1<<10)
		all.Go(func() {
			for hr := r.as("hr"); ; {
				name, text := logOf(sent)
				sent++
				done, err := hr.takeIn(t, name, text)
				if err != nil {
					return
				}
				if done {
					files[name] = true
					takenIn <- true
				}
			}
		})
		all.Go(func() {
			for admin := r.as("admin"); ; {
				if status, page, _, err := admin.post("/operation/jobs/backup", nil); err != nil {
					return
				} else if status != http.StatusSeeOther && status != http.StatusUnprocessableEntity && status != http.StatusServiceUnavailable { // of one second there is one backup
					t.Errorf("a backup: %d %s", status, page)
					return
				}
			}
		})
		over := make(chan struct{}) // before its time, when something is refused
		go func() { all.Wait(); close(over) }()
		await := func(told <-chan bool) {
			select {
			case <-told:
			case <-over:
			}
		}
		for range 60 + dice.IntN(60) {
			await(acknowledged)
			saves++
		}
		if round%2 == 0 { // in the other rounds the first file may be on its way
			await(takenIn)
		}
		time.Sleep(time.Duration(dice.IntN(30)) * time.Millisecond) // the moment of the kill is any
		r.kill()
		<-over
		must(t, exitDone, "doctor", "--data", u.data)
		if t.Failed() {
			t.FailNow()
		}
	}
	there := map[string]bool{}
	for _, f := range table(t, "files", "--data", u.data) {
		there[f["file"]] = true
	}
	for name := range files {
		if !there[name] {
			t.Errorf("%s was told to be taken in, and is not there", name)
		}
	}
	if len(files) == 0 {
		t.Error("no file was taken in: the test proves too little")
	}
	must(t, exitDone, "backup", "-o", u.backups, "--data", u.data) // which clears what a killed one left
	if parts, _ := filepath.Glob(filepath.Join(u.backups, "*.part")); len(parts) > 0 {
		t.Errorf("half backups stay: %v", parts)
	}
	backups, _ := filepath.Glob(filepath.Join(u.backups, "*.tar"))
	for _, path := range backups {
		must(t, exitDone, "backup", "check", path)
	}
	must(t, exitDone, "rebuild", "--data", u.data)
	must(t, exitDone, "doctor", "--data", u.data)
	together := u.together(t)
	t.Logf("%d saves and %d files were acknowledged, %d backups made; %d events shared a moment with another", saves, len(files), len(backups), together)
	if together == 0 || len(backups) < 2 {
		t.Error("no events were recorded together, or no backup was made: the test proves too little")
	}
}

// write saves one version after the other until nobody answers any more.
func (v *visitor) write(t *testing.T, k *saved, acknowledged chan<- bool) {
	_, asOf, _, err := v.written()
	for n := 0; err == nil; n++ {
		k.pending = fmt.Sprintf("%s %d %d", v.login, v.started, n)
		var status int
		var page string
		status, page, err = v.save(k.version, asOf, k.pending)
		switch {
		case err != nil:
		case status == http.StatusSeeOther:
			k.version, k.plan = k.version+1, k.pending
			acknowledged <- true
		default:
			t.Errorf("%s saves version %d: %d %s", v.login, k.version, status, page)
			return
		}
	}
}

// takeIn uploads a file, looks at what it would do, and takes it in. done says that it was told to be in.
func (v *visitor) takeIn(t *testing.T, name, text string) (done bool, err error) {
	status, page, to, err := v.upload(name, text)
	if err != nil {
		return false, err
	}
	if status != http.StatusSeeOther {
		t.Errorf("upload %s: %d %s", name, status, page)
		return false, errors.New("refused")
	}
	if _, page, err = v.get(to); err != nil {
		return false, err
	}
	m := formMoved.FindStringSubmatch(page)
	if m == nil {
		t.Errorf("%s cannot be taken in: %s", name, page)
		return false, errors.New("refused")
	}
	status, _, _, err = v.post(to, url.Values{"moved": {m[1]}})
	return err == nil && status == http.StatusSeeOther, err
}

// nothingHalf makes sure that a start has cleared what a kill left.
func (u *usable) nothingHalf(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"uploads/*", "staging/*", "tmp/*", "originals/incoming*", "accounts/.*-*"} {
		if left, _ := filepath.Glob(filepath.Join(u.data, pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// together counts the events that were recorded in the same moment as another one.
func (u *usable) together(t *testing.T) (n int) {
	t.Helper()
	l, err := ledger.Open(u.data, ledger.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var last time.Time
	for ev, err := range l.Events(0) {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Time.Equal(last) {
			n++
		}
		last = ev.Time
	}
	return n
}
