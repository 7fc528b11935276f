package notices_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"

	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"plumbline/notices"
	"plumbline/policy"
)

// mailServer is an SMTP server on this machine that notes the letters it takes. answer may give another answer to a command, and "drop" cuts
// the connection; the end of a letter's text is the command ".".
type mailServer struct {
	listener net.Listener
	tls      *tls.Config // for STARTTLS; nil: it does not offer it
	answer   func(command string) string

	mu      sync.Mutex
	letters []letter
	secure  bool
}

type letter struct {
	from string
	to   []string
	text string
}

func newMailServer(t testing.TB, secured *tls.Config, answer func(string) string) *mailServer {
	t.Helper()
	s := &mailServer{listener: must(net.Listen("tcp", "127.0.0.1:0")), tls: secured, answer: answer}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := s.listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = s.listener.Close()
		all.Wait()
	})
	return s
}

func (s *mailServer) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// serve speaks with one client until it goes or is cut off.
func (s *mailServer) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	say := func(line string) { _, _ = io.WriteString(c, line+"\r\n") }
	say("220 test")
	var l letter
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		if verb == "MAIL" || verb == "RCPT" {
			verb = strings.ToUpper(line[:strings.Index(line, ":")])
		}
		if other := s.other(verb); other == "drop" {
			return
		} else if other != "" {
			say(other)
			continue
		}
		switch verb {
		case "EHLO":
			say("250-test")
			if s.tls != nil {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN LOGIN")
		case "STARTTLS":
			say("220 go on")
			secured := tls.Server(c, s.tls)
			c, in = secured, bufio.NewReader(secured)
			s.mu.Lock()
			s.secure = true
			s.mu.Unlock()
		case "AUTH":
			say("235 welcome")
		case "MAIL FROM":
			l = letter{from: line}
			say("250 ok")
		case "RCPT TO":
			l.to = append(l.to, line)
			say("250 ok")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			l.text = text.String()
			s.mu.Lock()
			s.letters = append(s.letters, l)
			s.mu.Unlock()
			switch other := s.other("."); other {
			case "drop":
				return
			case "":
				say("250 taken")
			default:
				say(other)
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *mailServer) other(command string) string {
	if s.answer == nil {
		return ""
	}
	return s.answer(command)
}

// on answers one command otherwise.
func on(command, answer string) func(string) string {
	return func(c string) string {
		if c == command {
			return answer
		}
		return ""
	}
}

// addresses are those of the employees of these tests.
func addresses(no string) string {
	return map[string]string{"E01": "e01@example.com", "E02": "e02@example.com"}[no]
}

func mailer(t testing.TB, s *mailServer, change func(o *notices.MailOptions)) *notices.Mailer {
	t.Helper()
	o := notices.MailOptions{Host: "127.0.0.1", Port: s.port(), Encryption: notices.Plain, From: "plumbline@example.com", Base: "https://plumbline.example.com", Address: addresses, Now: at0}
	if change != nil {
		change(&o)
	}
	return must(notices.NewMailer(o))
}

func at0() time.Time { return at("2026-10-01 09:00") }

// read takes a letter apart: its headers, its plain text and its HTML.
func (l letter) read(t *testing.T) (h mail.Header, plain, html string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(l.text))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s: %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	var texts []string
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = p
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(p)
		} else if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "base64") {
			body = base64.NewDecoder(base64.StdEncoding, p)
		}
		texts = append(texts, strings.ReplaceAll(string(must(io.ReadAll(body))), "\r\n", "\n"))
	}
	if len(texts) != 2 {
		t.Fatalf("%d parts", len(texts))
	}
	return m.Header, texts[0], texts[1]
}

// TestLetter: what arrives is plain text and HTML with a link; names that would do harm are text, and no line of theirs becomes a header.
func TestLetter(t *testing.T) {
	s := newMailServer(t, nil, nil)
	m := notices.Message{ID: "abc", To: []string{"E01"}, Urgent: true, Title: policy.Text{ZH: "事件待报告\r\nBcc: evil@example.com\n\n正文", EN: "x"},
		Lines: []policy.Text{{ZH: "由 " + poison + " 处理", EN: "x"}}, Link: "/records/incidents/S1\"><script>"}
	if err := mailer(t, s, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	l := s.letters[0]
	h, plain, html := l.read(t)
	subject := must(new(mime.WordDecoder).DecodeHeader(h.Get("Subject")))
	if subject != "【紧急】事件待报告 Bcc: evil@example.com 正文" || h.Get("Bcc") != "" || h.Get("Message-Id") != "<abc@example.com>" || h.Get("To") != "<e01@example.com>" || h.Get("From") != "<plumbline@example.com>" {
		t.Errorf("the headers are %q, subject %q", h, subject)
	}
	if len(l.to) != 1 || !strings.Contains(l.to[0], "<e01@example.com>") || !strings.Contains(l.from, "<plumbline@example.com>") {
		t.Errorf("from %q to %q", l.from, l.to)
	}
	if !strings.Contains(plain, "由 "+poison+" 处理\n") || !strings.Contains(plain, "https://plumbline.example.com/records/incidents/S1") {
		t.Errorf("the text is %q", plain)
	}
	if strings.Contains(html, "<img") || strings.Contains(html, "<script") || strings.Contains(html, "</script>") || !strings.Contains(html, "&lt;img src=x") || !strings.Contains(html, `lang="zh-CN"`) {
		t.Errorf("the page is %s", html)
	}
}

// TestMailFailures: what each answer of the server means for delivery. Only the time between the text and the answer to it is in doubt.
func TestMailFailures(t *testing.T) {
	for _, c := range []struct {
		name    string
		answer  func(string) string
		want    string // "" for delivered
		letters int
	}{
		{"taken", nil, "", 1},
		{"taken, and lost afterwards", on("RSET", "drop"), "", 1},
		{"taken, and refused to go on", on("RSET", "451 no"), "", 1},
		{"sender refused", on("MAIL FROM", "550 who are you"), "not delivered: ", 0},
		{"try again later", on("MAIL FROM", "451 later"), "not delivered: ", 0},
		{"receiver unknown", on("RCPT TO", "550 unknown"), "not delivered: ", 0},
		{"mailbox full", on("RCPT TO", "452 full"), "not delivered: ", 0},
		{"text refused before it came", on("DATA", "554 no"), "not delivered: ", 0},
		{"text refused after it came", on(".", "554 spam"), "not delivered: ", 1},
		{"text put off after it came", on(".", "451 later"), "not delivered: ", 1},
		{"cut off after the text", on(".", "drop"), "it may have been delivered: ", 1},
		{"cut off before the text", on("DATA", "drop"), "not delivered: ", 0},
		{"cut off at the beginning", on("EHLO", "drop"), "not delivered: ", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newMailServer(t, nil, c.answer)
			err := mailer(t, s, nil).Send(t.Context(), notices.Message{ID: "x", To: []string{"E01", "E02"}, Title: policy.Text{ZH: "标题", EN: "title"}})
			wantFailure(t, err, c.want, 0)
			if s.mu.Lock(); len(s.letters) != c.letters {
				t.Errorf("the server has %d letters", len(s.letters))
			}
			s.mu.Unlock()
		})
	}
	s := newMailServer(t, nil, nil)
	m := mailer(t, s, nil)
	_ = s.listener.Close()
	wantFailure(t, m.Send(t.Context(), notices.Message{To: []string{"E01"}}), "not delivered: ", 0)
	if f, ok := errors.AsType[*notices.Failure](m.Send(t.Context(), notices.Message{To: []string{"E05"}})); !ok || !f.Final || !strings.Contains(f.Error(), "E05") {
		t.Errorf("somebody without an address: %v", f)
	}
	if f, ok := errors.AsType[*notices.Failure](m.Send(t.Context(), notices.Message{})); !ok || !f.Final {
		t.Errorf("nobody: %v", f)
	}
}

// secured makes a certificate for this machine and who trusts it.
func secured(t *testing.T) (server, client *tls.Config) {
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: pool}
}

// TestEncryption: with STARTTLS nothing is said in the open, not even the password; a server without it, or whom nobody trusts, gets nothing.
func TestEncryption(t *testing.T) {
	server, trust := secured(t)
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(geheim), 0o600); err != nil {
		t.Fatal(err)
	}
	login := func(e notices.Encryption, trust *tls.Config) func(o *notices.MailOptions) {
		return func(o *notices.MailOptions) {
			o.Encryption, o.User, o.Password, o.Trust = e, "plumbline", must(notices.ReadSecret(secret)), trust
		}
	}
	m := notices.Message{ID: "x", To: []string{"E01"}, Title: policy.Text{ZH: "标题", EN: "title"}}
	s := newMailServer(t, server, nil)
	if err := mailer(t, s, login(notices.STARTTLS, trust)).Send(t.Context(), m); err != nil || !s.secure || len(s.letters) != 1 {
		t.Errorf("%v; secure %v, %d letters", err, s.secure, len(s.letters))
	}
	for name, c := range map[string]struct {
		server *tls.Config
		trust  *tls.Config
		answer func(string) string
	}{
		"without STARTTLS": {nil, trust, nil}, "not trusted": {server, nil, nil},
		"password refused": {server, trust, on("AUTH", "535 bad "+base64.StdEncoding.EncodeToString([]byte("\x00plumbline\x00"+geheim))+" "+geheim)},
	} {
		s := newMailServer(t, c.server, c.answer)
		err := mailer(t, s, login(notices.STARTTLS, c.trust)).Send(t.Context(), m)
		wantFailure(t, err, "not delivered: ", 0)
		if s.mu.Lock(); len(s.letters) != 0 {
			t.Errorf("%s: the letter went out", name)
		}
		s.mu.Unlock()
		if err != nil && strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte(geheim))[:20]) {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
	// From the first byte on.
	listener := must(tls.Listen("tcp", "127.0.0.1:0", server))
	direct := &mailServer{listener: listener}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := listener.Accept(); err == nil {
			direct.serve(c)
		}
	}()
	if err := mailer(t, direct, login(notices.TLS, trust)).Send(t.Context(), m); err != nil {
		t.Error(err)
	}
	<-done
	_ = listener.Close()
	if len(direct.letters) != 1 {
		t.Errorf("%d letters by TLS", len(direct.letters))
	}
}

// TestMailOptions: another machine is never spoken to in the open, and what cannot work is refused at once.
func TestMailOptions(t *testing.T) {
	for name, change := range map[string]func(o *notices.MailOptions){
		"another machine in the open": func(o *notices.MailOptions) { o.Host = "mail.example.com" }, "no encryption named": func(o *notices.MailOptions) { o.Encryption = "" },
		"no port": func(o *notices.MailOptions) { o.Port = 0 }, "no sender": func(o *notices.MailOptions) { o.From = "" }, "two senders": func(o *notices.MailOptions) { o.From = "a@x.cn, b@x.cn" },
		"a header in the sender": func(o *notices.MailOptions) { o.From = "a@x.cn\r\nBcc: b@x.cn" }, "no addresses": func(o *notices.MailOptions) { o.Address = nil }, "no clock": func(o *notices.MailOptions) { o.Now = nil },
		"a base that is none": func(o *notices.MailOptions) { o.Base = "javascript:alert(1)" },
	} {
		o := notices.MailOptions{Host: "127.0.0.1", Port: 25, Encryption: notices.Plain, From: "plumbline@example.com", Address: addresses, Now: at0}
		if _, err := notices.NewMailer(o); err != nil {
			t.Fatal(err)
		}
		change(&o)
		if _, err := notices.NewMailer(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	o := notices.MailOptions{Host: "mail.example.com", Port: 587, Encryption: notices.STARTTLS, From: "plumbline@example.com", Address: addresses, Now: at0}
	if _, err := notices.NewMailer(o); err != nil {
		t.Error(err)
	}
}

// TestMailWholeWay: what is due goes out as letters, one for each; somebody without an address is listed as failed, with what to do.
func TestMailWholeWay(t *testing.T) {
	w := newWorld(t)
	w.ok(w.as(hr).OpenMonth(t.Context(), month))
	list := w.due("2026-10-01 10:00")
	w.queue(list, []notices.Channel{notices.Mail}, 9)
	people := must(notices.Contacts(t.Context(), w.b, w.version().Policy))
	s := newMailServer(t, nil, nil)
	m := mailer(t, s, func(o *notices.MailOptions) { o.Address = func(no string) string { return people[no].Email } })
	if r := w.send(m); r != (notices.Report{Sent: 8, Failed: 1}) || len(s.letters) != 8 {
		t.Errorf("%+v, %d letters", r, len(s.letters))
	}
	for _, e := range must(notices.Outbox(t.Context(), w.b)) {
		if e.State == notices.Failed && (e.To[0] != mover || !strings.Contains(e.Error, "邮箱")) {
			t.Errorf("failed: %+v", e)
		}
	}
	_, plain, _ := s.letters[0].read(t)
	if want := "2026年9月自评即将截止\n\n请于 2026-10-05 23:59 前提交。\n\n打开页面: https://plumbline.example.com/me/2026-09\n\n本邮件由准绳自动发出，请勿回复。\n"; plain != want {
		t.Errorf("the first letter is %q, want %q", plain, want)
	}
}

// FuzzAddress: what passes for an address is one, and cannot begin another header or name a second receiver.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"e01@example.com", "", "a@b, c@d", "Name <a@b.cn>", "a@b.cn\r\nBcc: c@d.cn", "\"a b\"@x.cn", "用户@例子.cn", strings.Repeat("x", 300) + "@x.cn", "a@b.cn\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := notices.Bare(s)
		if err != nil {
			return
		}
		if a, err := mail.ParseAddress(got); err != nil || a.Address != got || strings.ContainsAny(got, "\r\n\x00,;<> ") || got != strings.TrimSpace(s) {
			t.Errorf("%q passes as %q", s, got)
		}
	})
}
