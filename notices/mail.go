package notices

import (
	"bytes"
	"context"
	"crypto/tls"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/mail"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"plumbline/policy"
)

// Mail is the channel of e-mail.
var Mail = Channel{Name: "email"}

// Encryption is how a mail server is spoken to.
type Encryption string

// The ways. Without encryption only a server on this machine is spoken to.
const (
	STARTTLS Encryption = "starttls" // from the first words on, mandatory
	TLS      Encryption = "tls"      // from the first byte on
	Plain    Encryption = "plain"    // this machine alone
)

// MailOptions say how mail is sent.
type MailOptions struct {
	Host       string
	Port       int
	Encryption Encryption
	User       string // "": without login
	Password   Secret
	From       string                              // address of the sender
	Lang       policy.Lang                         // "": Chinese
	Base       string                              // address of the pages; "": messages name the path alone
	Address    func(employee string) (addr string) // the address of an employee, "" for none
	Trust      *tls.Config                         // whom to trust; nil: whom the system trusts
	Now        func() time.Time                    // the clock for the date of a message
}

// Mailer sends messages by e-mail.
type Mailer struct {
	opt    MailOptions
	from   string
	trust  *tls.Config
	client []gomail.Option
}

// mailTimeout is how long the mail server may take for anything; it lies below longestMessage.
const mailTimeout = 10 * time.Second

// NewMailer makes a mailer. It refuses to speak to another machine without encryption.
func NewMailer(o MailOptions) (*Mailer, error) {
	switch {
	case o.Host == "" || o.Address == nil || o.Now == nil:
		return nil, errors.New("e-mail needs a server, addresses and a clock (缺少邮件服务器、地址或时钟)")
	case o.Port < 1 || o.Port > 65535:
		return nil, fmt.Errorf("the port %d of the mail server does not exist; 587 is usual for STARTTLS, 465 for TLS (端口应为 587 或 465)", o.Port)
	case o.Encryption != STARTTLS && o.Encryption != TLS && o.Encryption != Plain:
		return nil, fmt.Errorf("the encryption %q is unknown; write starttls or tls (加密方式应为 starttls 或 tls)", o.Encryption)
	case o.Encryption == Plain && !loopback(o.Host):
		return nil, fmt.Errorf("%s is another machine: mail goes there by STARTTLS or TLS only (发往其他机器须用 starttls 或 tls)", o.Host)
	}
	from, err := bare(o.From)
	if err != nil {
		return nil, fmt.Errorf("sender of e-mail: %w", err)
	}
	if o.Base, err = baseOf(o.Base); err != nil {
		return nil, err
	}
	m := &Mailer{opt: o, from: from, trust: &tls.Config{MinVersion: tls.VersionTLS12}}
	if o.Trust != nil {
		m.trust = o.Trust.Clone()
	}
	m.trust.ServerName = o.Host
	m.client = []gomail.Option{gomail.WithPort(o.Port), gomail.WithTimeout(mailTimeout), gomail.WithTLSConfig(m.trust)}
	switch o.Encryption {
	case STARTTLS:
		m.client = append(m.client, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		m.client = append(m.client, gomail.WithSSL())
	case Plain:
		m.client = append(m.client, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if o.User != "" {
		m.client = append(m.client, gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin), gomail.WithUsername(o.User), gomail.WithPassword(o.Password.reveal()))
	}
	if _, err := gomail.NewClient(o.Host, m.client...); err != nil {
		return nil, fmt.Errorf("mail server %s: %w", o.Host, err)
	}
	return m, nil
}

// longestAddress is how long an address may be (RFC 5321).
const longestAddress = 254

// bare reads one address without a name: no list, no group, nothing that could begin another header.
func bare(s string) (string, error) {
	s = strings.TrimSpace(s)
	bad := fmt.Errorf("%q is no e-mail address (不是邮箱地址)", plain(s))
	if len(s) > longestAddress || strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == ',' || r == ';' || r == '"'
	}) {
		return "", bad
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s {
		return "", bad
	}
	return s, nil
}

// Channel names the channel.
func (m *Mailer) Channel() string { return Mail.Name }

// Send sends a message to its people, to all of them or to none.
func (m *Mailer) Send(ctx context.Context, msg Message) error {
	letter, err := m.compose(msg)
	if err != nil {
		return &Failure{Final: true, Err: err}
	}
	line := &wire{}
	defer line.close()
	client, err := gomail.NewClient(m.opt.Host, append(slices.Clone(m.client), gomail.WithDialContextFunc(m.dial(line)))...)
	if err != nil {
		return NotDelivered(m.cleaned(err))
	}
	if err := client.DialWithContext(ctx); err != nil {
		return NotDelivered(m.cleaned(err))
	}
	defer context.AfterFunc(ctx, line.close)()
	err = client.Send(letter)
	_ = client.Close() // what matters has been answered
	if err == nil || letter.IsDelivered() {
		return nil
	}
	return &Failure{Doubt: uncertain(err), Err: m.cleaned(err)}
}

// wire is the connection of one message. The library leaves it open when it cannot go on, and knows no context while it sends.
type wire struct{ conn net.Conn }

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close() // closing it twice does no harm
	}
}

// dial connects to the mail server and hands the connection to line.
func (m *Mailer) dial(line *wire) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if line.conn = c; m.opt.Encryption != TLS {
			return c, nil
		}
		secured := tls.Client(c, m.trust)
		return secured, secured.HandshakeContext(ctx)
	}
}

// uncertain reports whether a message may have been taken although sending it failed: its text was under way, and the server gave no answer.
func uncertain(err error) bool {
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return true
	}
	switch e.Reason {
	case gomail.ErrSMTPDataClose:
		return e.ErrorCode() < 400
	case gomail.ErrWriteContent, gomail.ErrSMTPReset, gomail.ErrAmbiguous:
		return true
	}
	return false
}

// cleaned takes the password out of an error, as it is and as it is sent.
func (m *Mailer) cleaned(err error) error {
	text := m.opt.Password.hide(err.Error())
	if p := m.opt.Password.reveal(); p != "" {
		for _, s := range []string{p, "\x00" + m.opt.User + "\x00" + p} {
			text = strings.ReplaceAll(text, base64.StdEncoding.EncodeToString([]byte(s)), hidden)
		}
	}
	return errors.New(text)
}

//go:embed mail.html
var mailPage string

// page is the HTML of a message. html/template makes whatever stands in it text.
var page = template.Must(template.New("mail").Parse(mailPage))

// sheet is what page shows.
type sheet struct {
	Lang, Mark, Title, Open, Link, Foot string
	Lines                               []string
}

// compose makes the letter: plain text, and HTML beside it.
func (m *Mailer) compose(msg Message) (*gomail.Msg, error) {
	letter := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := letter.From(m.from); err != nil {
		return nil, err
	}
	var to []string
	for _, no := range msg.To {
		addr, err := bare(m.opt.Address(no))
		if err != nil {
			return nil, fmt.Errorf("employee %s: %w; enter the address into the list of employees (请在员工表中填写邮箱)", plain(no), err)
		}
		to = append(to, addr)
	}
	if len(to) == 0 {
		return nil, errors.New("nobody is named to whom to send it (没有收件人)")
	}
	if err := letter.To(to...); err != nil {
		return nil, err
	}
	x := m.sheet(msg)
	letter.Subject(x.Mark + x.Title)
	letter.SetDateWithValue(m.opt.Now())
	letter.SetMessageIDWithValue(msg.ID + "@" + m.from[strings.LastIndexByte(m.from, '@')+1:])
	letter.SetGenHeader(gomail.HeaderContentLang, x.Lang)
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.SetBodyString(gomail.TypeTextPlain, x.plain())
	var html bytes.Buffer
	if err := page.Execute(&html, x); err != nil {
		return nil, err
	}
	letter.AddAlternativeString(gomail.TypeTextHTML, html.String())
	return letter, nil
}

// sheet puts a message into the words of its reader.
func (m *Mailer) sheet(msg Message) sheet {
	lang := m.opt.Lang
	if lang == "" {
		lang = policy.ZH
	}
	x := sheet{Lang: map[policy.Lang]string{policy.ZH: "zh-CN", policy.EN: "en"}[lang], Title: clipRunes(visible(msg.Title.In(lang)), 150), Open: policy.Text{ZH: "打开页面", EN: "Open the page"}.In(lang),
		Foot: policy.Text{ZH: "本邮件由准绳自动发出，请勿回复。", EN: "Plumbline sent this by itself; please do not reply."}.In(lang)}
	if msg.Urgent {
		x.Mark = policy.Text{ZH: "【紧急】", EN: "[Urgent] "}.In(lang)
	}
	for _, l := range msg.Lines {
		x.Lines = append(x.Lines, visible(l.In(lang)))
	}
	if msg.Link != "" {
		x.Link = m.opt.Base + msg.Link
	}
	return x
}

// plain is the message as plain text.
func (x sheet) plain() string {
	parts := append([]string{x.Mark + x.Title, ""}, x.Lines...)
	if x.Link != "" {
		parts = append(parts, "", x.Open+": "+visible(x.Link))
	}
	return strings.Join(append(parts, "", x.Foot), "\n") + "\n"
}

// clipRunes cuts a text to so many characters.
func clipRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
