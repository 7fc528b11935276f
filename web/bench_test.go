package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/accounts"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/sample"
	"plumbline/internal/trail"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/web"
)

// The companies of the benchmarks: 5,000 people with two years of records, 2.6 million rows; and the one that is only started, 6 million.
const (
	benchPeople = 5000
	manyPeople  = 11500
	benchMonths = 24
)

// large makes a company once; PLUMBLINE_BENCH_DATA names a folder that keeps it.
func large(b *testing.B, people int) string {
	b.Helper()
	dir := os.Getenv("PLUMBLINE_BENCH_DATA")
	if dir == "" {
		b.Skip("PLUMBLINE_BENCH_DATA names no folder; run make bench")
	}
	data := filepath.Join(dir, fmt.Sprintf("service-%d-%d", people, benchMonths))
	if _, err := os.Stat(filepath.Join(data, "done")); err == nil {
		return data
	}
	ctx, files := context.Background(), data+".files"
	opt := company.Options{Now: func() time.Time { return today }, Memory: "2GiB", Coming: books.Unknown}
	_, err := sample.Write(ctx, files, sample.Options{Employees: people, Months: benchMonths, Seed: 3}, nil)
	if err == nil {
		err = errors.Join(os.RemoveAll(data), company.Begin(ctx, data, opt, "policy", "setup"))
	}
	if err != nil {
		b.Fatal(err)
	}
	c, err := company.Open(ctx, data, opt)
	if err != nil {
		b.Fatal(err)
	}
	v, err := c.Current(ctx)
	if err == nil {
		units, _ := ingest.Find(ctx, c.Books, v.Policy, []string{files}, ingest.How{})
		err = ingest.TakeAll(ctx, c.Books, v, units, ingest.Options{Actor: "setup", Day: c.Today(v.Policy)}, func(_ ingest.File, _ bool, err error) error { return err })
	}
	if err = errors.Join(err, c.Books.Checkpoint(ctx), c.Close(), os.RemoveAll(files), os.WriteFile(filepath.Join(data, "done"), nil, 0o600)); err != nil {
		b.Fatal(err)
	}
	return data
}

// startLarge starts the service of a large company, until the figures of the latest periods are worked out, and gives the seconds that this took.
func startLarge(b *testing.B, people int) (*service, float64) {
	b.Helper()
	s := &service{t: b, dir: b.TempDir(), now: today}
	if err := os.CopyFS(s.dir, os.DirFS(large(b, people))); err != nil {
		b.Fatal(err)
	}
	syscall.Sync() // the copy is on disk before anything is timed
	clock := func() time.Time { return s.now }
	began := time.Now()
	var err error
	if s.company, err = company.Open(b.Context(), s.dir, company.Options{Now: clock, Memory: "2GiB", Coming: books.Unknown}); err != nil {
		b.Fatal(err)
	}
	if s.trail, err = trail.Open(s.dir, trail.Options{Now: clock}); err != nil {
		b.Fatal(err)
	}
	if s.accounts, err = accounts.Open(s.dir, accounts.Options{Now: clock, Demo: true, Log: func(context.Context, accounts.Change) error { return nil }}); err != nil {
		b.Fatal(err)
	}
	if s.server, err = web.New(web.Options{Company: s.company, Accounts: s.accounts, Trail: s.trail}); err != nil {
		b.Fatal(err)
	}
	s.server.Warm(b.Context())
	ready := time.Since(began).Seconds()
	b.Cleanup(func() {
		if err := errors.Join(s.accounts.Close(), s.trail.Close(), s.company.Close()); err != nil {
			b.Error(err)
		}
	})
	return s, ready
}

// serveLarge serves the large company with an account for each of some employees, an executive, and human resources; it gives the cookies by login.
func serveLarge(b *testing.B) (*service, map[string]string) {
	b.Helper()
	s, _ := startLarge(b, benchPeople)
	http := httptest.NewServer(s.server.Handler())
	s.url = http.URL
	b.Cleanup(http.Close)
	cookies := map[string]string{}
	enter := func(login, employee string, roles ...accounts.Role) {
		if _, err := s.accounts.CreateDemo(b.Context(), "setup", accounts.New{Login: login, Employee: employee, Roles: roles, Password: password}); err != nil {
			b.Fatal(err)
		}
		p, err := s.accounts.SignIn(b.Context(), login, password, loopbackAddr)
		if err != nil {
			b.Fatal(err)
		}
		token, _, err := s.accounts.NewSession(b.Context(), p.Token, loopbackAddr, "bench")
		if err != nil {
			b.Fatal(err)
		}
		cookies[login] = "plumbline=" + token
	}
	enter("executive", "", accounts.Executive)
	enter("hr", "", accounts.HR)
	for _, no := range s.someEmployees(b, 64) {
		enter("e"+no, no)
	}
	return s, cookies
}

// loopbackAddr is where the benchmark's people come from.
var loopbackAddr = netip.MustParseAddr("127.0.0.1")

// mustPeriod reads a period that stands in a test.
func mustPeriod(s string) period.Period {
	p, err := period.Parse(s)
	if err != nil {
		panic(err)
	}
	return p
}

// someEmployees gives people who were in a department in September, spread over the company.
func (s *service) someEmployees(b *testing.B, n int) (list []string) {
	b.Helper()
	of := mustPeriod("2026-09")
	q, _, err := s.company.Question(b.Context(), of, 0)
	if err != nil {
		b.Fatal(err)
	}
	staff, err := metrics.NewStaff(b.Context(), s.company.Books, q)
	if err != nil {
		b.Fatal(err)
	}
	for _, x := range staff.Placed(of) {
		list = append(list, x.Employee)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:n]
}

// connections is how many browsers ask at once.
const connections = 64

// once asks for a page before the others do, and gives how long the first reader waits, in milliseconds.
func once(b *testing.B, s *service, request string) float64 {
	b.Helper()
	began := time.Now()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		b.Fatal(err)
	}
	if status, err := skim(bufio.NewReaderSize(conn, 64<<10)); err != nil || status >= 400 {
		b.Fatalf("status %d, %v", status, err)
	}
	return float64(time.Since(began).Milliseconds())
}

// load asks for pages over 64 connections for a while, and reports requests a second and the 99th percentile. next gives the bytes of a request.
func load(b *testing.B, s *service, next func(connection, n int) string) {
	b.Helper()
	until := time.Now().Add(5 * time.Second)
	loadWhile(b, s, func() bool { return time.Now().Before(until) }, next)
}

// loadWhile is load for as long as goOn says.
func loadWhile(b *testing.B, s *service, goOn func() bool, next func(connection, n int) string) {
	b.Helper()
	host := strings.TrimPrefix(s.url, "http://")
	var all sync.WaitGroup
	times := make([][]time.Duration, connections)
	began := time.Now()
	for c := range connections {
		all.Go(func() {
			conn, err := net.Dial("tcp", host)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReaderSize(conn, 64<<10)
			for n := 0; goOn(); n++ {
				at := time.Now()
				if _, err := io.WriteString(conn, next(c, n)); err != nil {
					b.Error(err)
					return
				}
				if status, err := skim(in); err != nil || status >= 400 {
					b.Errorf("status %d, %v", status, err)
					return
				}
				times[c] = append(times[c], time.Since(at))
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	list := slices.Concat(times...)
	slices.Sort(list)
	b.ReportMetric(float64(len(list))/took.Seconds(), "req/s")
	b.ReportMetric(float64(list[len(list)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(list[len(list)-1].Milliseconds()), "longest-ms")
	b.ReportMetric(0, "ns/op")
}

// skim reads an answer and keeps nothing of it but the status.
func skim(in *bufio.Reader) (status int, err error) {
	length := int64(-1)
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text := strings.TrimSpace(string(line))
		switch {
		case first:
			if status, err = strconv.Atoi(strings.Fields(text)[1]); err != nil {
				return 0, err
			}
		case text == "":
			if length < 0 {
				return status, skimChunks(in)
			}
			_, err = in.Discard(int(length))
			return status, err
		case strings.HasPrefix(strings.ToLower(text), "content-length:"):
			if length, err = strconv.ParseInt(strings.TrimSpace(text[len("content-length:"):]), 10, 64); err != nil {
				return 0, err
			}
		}
	}
}

func skimChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(line), 16, 64)
		if err != nil {
			return err
		}
		if _, err = in.Discard(int(n) + 2); err != nil || n == 0 {
			return err
		}
	}
}

func fetch(path, cookie string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + cookie + "\r\n\r\n"
}

func send(path, cookie string, form url.Values) string {
	body := form.Encode()
	return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\nCookie: " + cookie + "\r\n\r\n" + body
}

// employees lists the logins of employees.
func employees(cookies map[string]string) (list []string) {
	for login := range cookies {
		if login != "executive" && login != "hr" {
			list = append(list, login)
		}
	}
	slices.Sort(list)
	return list
}

// BenchmarkReady starts the service of a company with six million rows.
func BenchmarkReady(b *testing.B) {
	ready := 0.0
	for b.Loop() {
		_, ready = startLarge(b, manyPeople)
	}
	b.ReportMetric(ready, "s-to-ready")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkOwnPage(b *testing.B) {
	s, cookies := serveLarge(b)
	list := employees(cookies)
	defer b.ReportMetric(once(b, s, fetch("/me/2026Q3", cookies[list[0]])), "first-ms") // the loop forgets what was reported before
	for b.Loop() {
		load(b, s, func(c, _ int) string { return fetch("/me/2026Q3", cookies[list[c]]) })
	}
}

// BenchmarkReadsDuringIngest has people read their own pages while a workbook of 200,000 entries of the work log is taken in, and for two seconds more, so
// that the wait for the new figures counts.
func BenchmarkReadsDuringIngest(b *testing.B) {
	s, cookies := serveLarge(b)
	list := employees(cookies)
	path := filepath.Join(b.TempDir(), "work-log.xlsx")
	writeWorkLog(b, path, list)
	v, err := s.company.Current(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, no := range list {
		once(b, s, fetch("/me/2026Q3", cookies[no]))
	}
	for b.Loop() {
		done := make(chan struct{})
		began := time.Now()
		go func() {
			defer close(done)
			units, faults := ingest.Find(b.Context(), s.company.Books, v.Policy, []string{path}, ingest.How{})
			err := errors.Join(errors.Join(faults...), ingest.TakeAll(b.Context(), s.company.Books, v, units, ingest.Options{Actor: "setup", Day: s.company.Today(v.Policy)}, func(f ingest.File, _ bool, err error) error {
				if err == nil && f.RowsIn != 200_000 {
					err = fmt.Errorf("%d rows were read", f.RowsIn)
				}
				return err
			}))
			if err != nil {
				b.Error(err)
			}
			b.ReportMetric(time.Since(began).Seconds(), "s-to-take-in")
			time.Sleep(2 * time.Second)
		}()
		loadWhile(b, s, func() bool {
			select {
			case <-done:
				return false
			default:
				return true
			}
		}, func(c, _ int) string { return fetch("/me/2026Q3", cookies[list[c]]) })
	}
}

// BenchmarkFirstAfterChange has somebody read his own page after each of ten small files, by which figures and organisation are read anew.
func BenchmarkFirstAfterChange(b *testing.B) {
	s, cookies := serveLarge(b)
	list := employees(cookies)
	v, err := s.company.Current(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	dir, n, total := b.TempDir(), 0, 0.0
	for b.Loop() {
		for range 10 {
			n++
			path := filepath.Join(dir, fmt.Sprint(n, ".csv"))
			if err := os.WriteFile(path, fmt.Appendf(nil, "log_id,employee_no,work_date,logged_on,hours\nY%d,%s,2026-09-01,2026-09-01,1\n", n, list[0][1:]), 0o600); err != nil {
				b.Fatal(err)
			}
			units, _ := ingest.Find(b.Context(), s.company.Books, v.Policy, []string{path}, ingest.How{})
			if err := ingest.TakeAll(b.Context(), s.company.Books, v, units, ingest.Options{Actor: "setup", Day: s.company.Today(v.Policy)}, func(_ ingest.File, _ bool, err error) error { return err }); err != nil {
				b.Fatal(err)
			}
			total += once(b, s, fetch("/me/2026Q3", cookies[list[0]]))
		}
	}
	b.ReportMetric(total/float64(n), "first-ms")
	b.ReportMetric(0, "ns/op")
}

// writeWorkLog writes a workbook of 200,000 entries.
func writeWorkLog(b *testing.B, path string, people []string) {
	b.Helper()
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	row := func(n int, cells ...any) {
		if err := w.SetRow("A"+strconv.Itoa(n), cells); err != nil {
			b.Fatal(err)
		}
	}
	row(1, "log_id", "employee_no", "work_date", "logged_on", "hours", "summary")
	for i := range 200_000 {
		on := time.Date(2026, 7, 1+i%60, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		row(i+2, fmt.Sprintf("X%06d", i), strings.TrimPrefix(people[i%len(people)], "e"), on, on, "0.01", fmt.Sprint("与客户沟通 ", i))
	}
	if err := errors.Join(w.Flush(), f.SaveAs(path), f.Close()); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkDepartmentBoard(b *testing.B) {
	s, cookies := serveLarge(b)
	board := func(n int) string { return fetch(fmt.Sprintf("/departments/D%03d/2026Q3", 2+n%40), cookies["hr"]) }
	var first float64
	for n := range 40 {
		first = max(first, once(b, s, board(n)))
	}
	defer b.ReportMetric(first, "first-ms") // the loop forgets what was reported before
	for b.Loop() {
		load(b, s, func(c, n int) string { return board(c + n) })
	}
}

func BenchmarkExecutiveBoard(b *testing.B) {
	s, cookies := serveLarge(b)
	defer b.ReportMetric(once(b, s, fetch("/company/2026Q3", cookies["executive"])), "first-ms") // the loop forgets what was reported before
	for b.Loop() {
		load(b, s, func(int, int) string { return fetch("/company/2026Q3", cookies["executive"]) })
	}
}

// BenchmarkSelfReview has 64 people save their self-reviews as fast as they can, each save acknowledged when it is in the ledger.
func BenchmarkSelfReview(b *testing.B) {
	s, cookies := serveLarge(b)
	list, of := employees(cookies), mustPeriod("2026-09")
	v, err := s.company.Current(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	q, _, err := s.company.Question(b.Context(), of, 0)
	if err != nil {
		b.Fatal(err)
	}
	staff, err := metrics.NewStaff(b.Context(), s.company.Books, q)
	if err != nil {
		b.Fatal(err)
	}
	d, err := s.company.Desk(b.Context(), of, staff.Holders(v.Policy.Offices[policy.HR], today)[0])
	if err == nil {
		err = d.OpenMonth(b.Context(), of)
	}
	if err != nil {
		b.Fatal(err)
	}
	for _, no := range list { // nobody writes before he has read the form
		once(b, s, fetch("/me/2026-09/self-review", cookies[no]))
	}
	saved := make([]int, connections)
	for b.Loop() {
		load(b, s, func(c, _ int) string {
			saved[c]++
			return send("/me/2026-09/self-review", cookies[list[c]], url.Values{"version": {strconv.Itoa(saved[c] - 1)}, "as_of": {strconv.FormatInt(s.company.Books.Seq(), 10)}, "rest": {"accepted"}, "plan": {"完成在办事项"}, "do": {"save"}})
		})
	}
}
