package notices_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"plumbline/notices"
	"plumbline/policy"
)

const geheim = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"

// robot is a robot that speaks to a server of the test.
func robot(t testing.TB, server http.HandlerFunc, now *time.Time) *notices.Robot {
	t.Helper()
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	return robotAt(t, s.URL, now)
}

func robotAt(t testing.TB, url string, now *time.Time) *notices.Robot {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wecom")
	if err := os.WriteFile(path, []byte(url+"/cgi-bin/webhook/send?key="+geheim+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if now == nil {
		now = &time.Time{}
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return must(notices.NewRobot(must(notices.ReadSecret(path)), client, notices.RobotOptions{Base: "https://plumbline.example.com", Now: func() time.Time { return *now }}))
}

func answers(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = c.Close()
	}
}

var hello = notices.Message{Title: policy.Text{ZH: "准绳提醒", EN: "Plumbline reminders"}, Lines: []policy.Text{{ZH: "自评即将截止：3 项", EN: "Self-reviews due soon: 3"}}, Link: "/inbox"}

// TestRobotFailures: what each answer of the robot means for delivery; no error ever tells the address.
func TestRobotFailures(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, c := range []struct {
		name   string
		server http.HandlerFunc
		want   string // "" for delivered
		wait   time.Duration
	}{
		{"taken", answers(200, `{"errcode":0,"errmsg":"ok"}`), "", 0},
		{"a bad key", answers(200, `{"errcode":93000,"errmsg":"invalid webhook url, key=`+geheim+`, hint: 1"}`), "not delivered: the group robot answers errcode 93000", 0},
		{"too many by errcode", answers(200, `{"errcode":45009,"errmsg":"api freq out of limit"}`), "not delivered: the group robot answers errcode 45009", time.Minute},
		{"too many by status", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "90"); w.WriteHeader(429) }, "not delivered: the group robot answers 429", 90 * time.Second},
		{"too many without a time", answers(429, ""), "not delivered: the group robot answers 429", time.Minute},
		{"not found", answers(404, "not found"), "not delivered: the group robot answers with status 404", 0},
		{"redirected", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, closed.URL, http.StatusTemporaryRedirect)
		}, "not delivered: the group robot answers with status 307", 0},
		{"a gateway without an answer", answers(502, "bad gateway"), "it may have been delivered: the group robot answers with status 502", 0},
		{"no JSON", answers(200, "<html>"), "it may have been delivered: the answer of the group robot cannot be read", 0},
		{"no errcode", answers(200, `{"errmsg":"ok"}`), "it may have been delivered: the answer of the group robot cannot be read", 0},
		{"cut off", cut, "it may have been delivered: ", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFailure(t, robot(t, c.server, nil).Send(t.Context(), hello), c.want, c.wait)
		})
	}
	wantFailure(t, robotAt(t, closed.URL, nil).Send(t.Context(), hello), "not delivered: ", 0)
	waiting, giveUp := context.WithCancel(t.Context())
	slow := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that the robot goes
		giveUp()
		<-r.Context().Done()
	}
	wantFailure(t, robot(t, slow, nil).Send(waiting, hello), "it may have been delivered: ", 0)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	wantFailure(t, robot(t, answers(200, `{"errcode":0}`), nil).Send(ended, hello), "not delivered: ", 0)
}

func wantFailure(t *testing.T, err error, want string, wait time.Duration) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("got %v", err)
		}
		return
	}
	f, ok := errors.AsType[*notices.Failure](err)
	if !ok || !strings.HasPrefix(f.Error(), want) || f.Wait != wait {
		t.Errorf("got %v, want %q and to wait %s", err, want, wait)
	}
	if text := fmt.Sprintf("%v %+v %#v %q", err, err, err, err); strings.Contains(text, geheim) || strings.Contains(text, "cgi-bin") {
		t.Errorf("the error tells the address: %s", text)
	}
}

// TestRobotSays: what arrives is Markdown with a link, and nothing in it acts.
func TestRobotSays(t *testing.T) {
	var got []byte
	r := robot(t, func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodPost || req.URL.Query().Get("key") != geheim || !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
			t.Errorf("asked %s %s", req.Method, req.URL)
		}
		got, _ = io.ReadAll(req.Body)
		_, _ = io.WriteString(w, `{"errcode":0}`)
	}, nil)
	m := hello
	m.Urgent, m.Lines = true, append(m.Lines, policy.Text{ZH: poison + "\n# 大标题\u2028> 引用\u202e", EN: "x"})
	if err := r.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var body struct {
		Type     string                   `json:"msgtype"`
		Markdown struct{ Content string } `json:"markdown"`
	}
	if err := json.Unmarshal(got, &body); err != nil || body.Type != "markdown" {
		t.Fatalf("%s: %v", got, err)
	}
	want := "【紧急】**准绳提醒**\n- 自评即将截止：3 项\n- 张四＜/script＞＜img src=x onerror=alert(1)＞［点我］(http：／／evil.example)＜＠all＞＊＿｀ ＃ 大标题 ＞ 引用\n[查看](https://plumbline.example.com/inbox)"
	if body.Markdown.Content != want {
		t.Errorf("it says\n%s\nwant\n%s", body.Markdown.Content, want)
	}
}

// TestLongMessageIsCut: at a line, with the number of all lines, within what the robot takes.
func TestLongMessageIsCut(t *testing.T) {
	m := notices.Message{Title: policy.Text{ZH: "名单", EN: "list"}, Link: "/quarters/2026-09"}
	for i := range 300 {
		m.Lines = append(m.Lines, policy.Text{ZH: fmt.Sprintf("E%03d 张三", i), EN: fmt.Sprintf("E%03d Zhang San", i)})
	}
	text := notices.Markdown(m, policy.ZH, "https://plumbline.example.com")
	lines := strings.Split(text, "\n")
	if len(text) > 4096 || len(text) < 4000 || lines[len(lines)-2] != "…共 300 项" || lines[len(lines)-1] != "[查看](https://plumbline.example.com/quarters/2026-09)" || !strings.HasSuffix(lines[len(lines)-3], "张三") {
		t.Errorf("%d bytes, ending in %q", len(text), lines[len(lines)-3:])
	}
	m.Lines = m.Lines[:10]
	if text := notices.Markdown(m, policy.EN, ""); strings.Contains(text, "in all") || strings.Count(text, "\n- ") != 10 || strings.Contains(text, "](") {
		t.Errorf("a short one is %q", text)
	}
}

// TestRobotIsPaced: twenty messages a minute and no more, whoever asks.
func TestRobotIsPaced(t *testing.T) {
	now, taken := at("2026-10-01 09:00"), 0
	r := robot(t, func(w http.ResponseWriter, _ *http.Request) {
		taken++
		_, _ = io.WriteString(w, `{"errcode":0}`)
	}, &now)
	for i := range 20 {
		if err := r.Send(t.Context(), hello); err != nil {
			t.Fatalf("message %d: %v", i+1, err)
		}
		now = now.Add(time.Second)
	}
	wantFailure(t, r.Send(t.Context(), hello), "not delivered: the channel takes no more", 40*time.Second)
	if taken != 20 || r.Ready() != 40*time.Second {
		t.Errorf("%d were taken, ready in %s", taken, r.Ready())
	}
	now = now.Add(40 * time.Second)
	if err := r.Send(t.Context(), hello); err != nil || r.Ready() == 0 {
		t.Errorf("a minute after the first: %v, ready in %s", err, r.Ready())
	}
}

// TestRobotTakesFiles: a file is uploaded under a harmless name and then named; sizes are the robot's.
func TestRobotTakesFiles(t *testing.T) {
	var names, said []string
	r := robot(t, func(w http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/cgi-bin/webhook/upload_media") {
			if req.URL.Query().Get("type") != "file" || req.URL.Query().Get("key") != geheim {
				t.Errorf("uploaded to %s", req.URL)
			}
			f, h, err := req.FormFile("media")
			if err != nil {
				t.Errorf("no file: %v", err)
				return
			}
			content, _ := io.ReadAll(f)
			names = append(names, fmt.Sprintf("%s %d", h.Filename, len(content)))
			_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok","type":"file","media_id":"M1"}`)
			return
		}
		body, _ := io.ReadAll(req.Body)
		said = append(said, string(body))
		_, _ = io.WriteString(w, `{"errcode":0}`)
	}, nil)
	if err := r.SendFile(t.Context(), "../../报告\r\nX: \"y\".xlsx", bytes.Repeat([]byte("x"), 1000)); err != nil {
		t.Fatal(err)
	}
	if len(names) != 1 || names[0] != "报告 X_ _y_.xlsx 1000" || len(said) != 1 || said[0] != `{"file":{"media_id":"M1"},"msgtype":"file"}` {
		t.Errorf("uploaded %q, said %q", names, said)
	}
	for _, size := range []int{5, 20<<20 + 1} {
		wantFailure(t, r.SendFile(t.Context(), "x", make([]byte, size)), "not delivered: a file of", 0)
	}
	broken := robot(t, cut, nil)
	wantFailure(t, broken.SendFile(t.Context(), "x.csv", make([]byte, 100)), "not delivered: ", 0) // an upload alone shows nothing to anybody
}

// TestRobotAddress: only an address of a robot is taken, over an encrypted connection or on this machine.
func TestRobotAddress(t *testing.T) {
	for address, want := range map[string]bool{
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc": true, "http://127.0.0.1:1/cgi-bin/webhook/send?key=abc": true, "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc": false,
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send": false, "https://qyapi.weixin.qq.com/x?key=abc": false, "file:///cgi-bin/webhook/send?key=abc": false, "ftp://x/send?key=abc": false, "%": false,
	} {
		_, err := notices.NewRobot(notices.SecretOf(address), http.DefaultClient, notices.RobotOptions{Now: time.Now})
		if (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "abc") {
			t.Errorf("the error tells the key: %v", err)
		}
	}
	for base, want := range map[string]bool{"https://x.example": true, "https://x.example/plumbline/": true, "javascript:alert(1)": false, "https://x.example/)[x](y": false, "https://u:p@x.example": false, "//x": false} {
		_, err := notices.NewRobot(notices.SecretOf("https://x/send?key=abc"), http.DefaultClient, notices.RobotOptions{Now: time.Now, Base: base})
		if (err == nil) != want {
			t.Errorf("base %s: %v", base, err)
		}
	}
}

// TestSecrets: a file that others may read is refused, and a secret is written nowhere.
func TestSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	for _, c := range []struct {
		text string
		mode os.FileMode
		ok   bool
	}{
		{geheim + "\n", 0o600, true}, {"\ufeff " + geheim + " \r\n", 0o400, true}, {geheim, 0o640, false}, {geheim, 0o604, false}, {geheim, 0o620, false}, {"", 0o600, false}, {"a\nb", 0o600, false}, {strings.Repeat("x", 5000), 0o600, false},
	} {
		_ = os.Remove(path)
		if err := errors.Join(os.WriteFile(path, []byte(c.text), 0o600), os.Chmod(path, c.mode)); err != nil {
			t.Fatal(err)
		}
		s, err := notices.ReadSecret(path)
		if (err == nil) != c.ok {
			t.Errorf("%q with %o: %v", c.text, c.mode, err)
		}
		encoded := must(json.Marshal(map[string]any{"s": s, "p": &s}))
		if text := fmt.Sprintf("%v %+v %#v %s %q %x %d %v %s", s, s, s, s, s, s, s, &s, encoded); err == nil && (strings.Contains(text, geheim) || strings.Contains(text, fmt.Sprintf("%x", geheim))) {
			t.Errorf("the secret is written: %s", text)
		}
	}
	type holder struct{ s notices.Secret }
	r, h := robotAt(t, "http://127.0.0.1:1", nil), holder{notices.SecretOf(geheim)}
	if text := fmt.Sprintf("%v %+v %#v %v %+v %#v", r, r, r, h, h, h); strings.Contains(text, geheim) {
		t.Errorf("what holds a secret tells it: %s", text)
	}
	if _, err := notices.ReadSecret(t.TempDir()); err == nil {
		t.Error("a directory was read")
	}
	if _, err := notices.ReadSecret(path + "none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestLedgerHoldsNoSecret: through all failures of a robot, neither ledger nor warehouse learns its address.
func TestLedgerHoldsNoSecret(t *testing.T) {
	w := newWorld(t)
	w.queue(made(1, notices.IncidentToReport), both, 2)
	for _, server := range []http.HandlerFunc{answers(200, `{"errcode":93000,"errmsg":"invalid webhook url, hint: `+geheim+`"}`), cut} {
		w.send(robot(t, server, &w.now))
		w.now = w.now.Add(24 * time.Hour)
	}
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	_ = listener.Close()
	w.send(robotAt(t, "http://"+listener.Addr().String(), &w.now))
	for _, e := range w.events() {
		if strings.Contains(string(e.Data), geheim) {
			t.Errorf("%s holds the key: %s", e.Kind, e.Data)
		}
	}
	if got := w.outbox(); !strings.HasPrefix(got[0], "wecom incident.to_report:2026-09:E01 doubt 2") {
		t.Errorf("the outbox is %q", got)
	}
}

// FuzzMarkdown: whatever a line holds, the robot is told at most what it takes, in whole characters, with no sign that acts but our own.
func FuzzMarkdown(f *testing.F) {
	f.Add(poison, 3, "/me/2026-09")
	f.Add("# x\n> y", 4000, "/records/a(b)/%")
	f.Add(strings.Repeat("长", 2000), 2, "")
	f.Add("", 1, "\xff@")
	f.Add("\xff\x00\u2028\u202e-", 1, "/)[x](http://evil.example")
	f.Fuzz(func(t *testing.T, s string, n int, link string) {
		m := notices.Message{Title: policy.Text{ZH: s, EN: s}, Link: link}
		for range min(max(n, 0), 5000) {
			m.Lines = append(m.Lines, policy.Text{ZH: s, EN: s})
		}
		text := notices.Markdown(m, policy.ZH, "https://plumbline.example.com")
		if len(text) > 4096 || !utf8.ValidString(text) {
			t.Errorf("%d bytes, valid: %v", len(text), utf8.ValidString(text))
		}
		if strings.ContainsAny(text, "<>`@\r\u2028\u202e") || strings.Count(text, "](") > 1 {
			t.Errorf("something in it acts: %q", text)
		}
	})
}

// FuzzAnswer: no answer but errcode 0 counts as delivered.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"errcode":0}`, `{"errcode":93000,"errmsg":"x"}`, `{"errcode":"0"}`, `[]`, ``, `{"errcode":0`, `{"ERRCODE":0}`} {
		f.Add(200, "1", []byte(s))
	}
	f.Add(429, "-5", []byte(`{"errcode":0}`))
	f.Fuzz(func(t *testing.T, status int, retryAfter string, text []byte) {
		err := notices.Judge(status, retryAfter, text)
		var a struct {
			Code *int `json:"errcode"`
		}
		taken := status == http.StatusOK && json.Unmarshal(text, &a) == nil && a.Code != nil && *a.Code == 0
		if (err == nil) != taken {
			// media_id and errmsg of another type spoil an answer too
			if err == nil || !taken {
				t.Errorf("%d %q: %v", status, text, err)
			}
		}
		if f, ok := errors.AsType[*notices.Failure](err); err != nil && (!ok || f.Wait < 0 || f.Wait > time.Hour) {
			t.Errorf("%d %q %q: %v", status, retryAfter, text, err)
		}
	})
}

// FuzzCleaned: what is kept of an error is one short line without addresses.
func FuzzCleaned(f *testing.F) {
	f.Add("Post \"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc\": EOF\npassword: x")
	f.Add("Post 0https://q")
	f.Fuzz(func(t *testing.T, s string) {
		got := notices.Cleaned(errors.New(s))
		if strings.ContainsAny(got, "\n\r\x00\u2028") || len([]rune(got)) > 301 || strings.Contains(got, "https://q") {
			t.Errorf("%q is kept as %q", s, got)
		}
	})
}
