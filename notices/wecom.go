package notices

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"plumbline/policy"
)

// WeCom is the channel of a group robot of 企业微信.
var WeCom = Channel{Name: "wecom", Group: true}

// What a robot takes.
const (
	mostPerMinute  = 20
	smallestUpload = 6 // bytes: the robot wants more than five
	largestUpload  = 20 << 20
	tooOften       = 45009 // errcode: more messages than it takes
)

// RobotOptions say how a robot speaks.
type RobotOptions struct {
	Lang policy.Lang      // "": Chinese
	Base string           // address of the pages, such as https://plumbline.example.com; "": messages have no link
	Now  func() time.Time // the clock by which messages are counted
}

// Robot sends messages to a WeCom group. Its address is a secret: whoever knows it can write into the group.
type Robot struct {
	secret Secret
	key    Secret
	client *http.Client
	opt    RobotOptions

	mu   sync.Mutex
	sent []time.Time // within the last minute
}

// NewRobot makes a robot of the address that the group shows, https://…/cgi-bin/webhook/send?key=…. Plain http is taken for this machine alone.
// Redirections are not followed, whatever the client says.
func NewRobot(address Secret, client *http.Client, o RobotOptions) (*Robot, error) {
	u, err := url.Parse(address.reveal())
	if err != nil || u.Host == "" || u.Query().Get("key") == "" || path.Base(u.Path) != "send" {
		return nil, errors.New("the file holds no address of a group robot, like https://…/cgi-bin/webhook/send?key=… (文件内容不是群机器人地址)")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.New("the address of the group robot must begin with https (群机器人地址须以 https 开头)")
	}
	if client == nil || o.Now == nil {
		return nil, errors.New("a group robot needs a client and a clock")
	}
	base, err := baseOf(o.Base)
	if err != nil {
		return nil, err
	}
	o.Base = base
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Robot{secret: address, key: secretOf(u.Query().Get("key")), client: &own, opt: o}, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// baseOf makes sure that the address of the pages can stand before a path.
func baseOf(base string) (string, error) {
	if base == "" {
		return "", nil
	}
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(base) > 300 || strings.ContainsAny(base, " ()<>\"'") {
		return "", fmt.Errorf("the address of the pages %q has to be like https://plumbline.example.com (页面地址应写作 https://…)", base)
	}
	return strings.TrimRight(base, "/"), nil
}

// Channel names the channel.
func (r *Robot) Channel() string { return WeCom.Name }

// Ready gives how long to wait before the robot takes another message.
func (r *Robot) Ready() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.opt.Now()
	for len(r.sent) > 0 && now.Sub(r.sent[0]) >= time.Minute {
		r.sent = r.sent[1:]
	}
	if len(r.sent) < mostPerMinute {
		return 0
	}
	return time.Minute - now.Sub(r.sent[0])
}

// take counts a message, or says how long to wait.
func (r *Robot) take() error {
	if wait := r.Ready(); wait > 0 {
		return &Failure{Wait: wait, Err: errPaced}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, r.opt.Now())
	return nil
}

// Send writes a message into the group.
func (r *Robot) Send(ctx context.Context, m Message) error {
	return r.say(ctx, map[string]any{"msgtype": "markdown", "markdown": map[string]string{"content": markdown(m, r.opt.Lang, r.opt.Base)}})
}

// SendFile puts a file of at most 20 MB into the group. It is not kept in the outbox: whoever calls it says so when it fails.
func (r *Robot) SendFile(ctx context.Context, name string, content []byte) error {
	if len(content) < smallestUpload || len(content) > largestUpload {
		return &Failure{Final: true, Err: fmt.Errorf("a file of %d bytes cannot be sent; it has to have from %d to %d (文件大小须在 %[2]d 到 %[3]d 字节之间)", len(content), smallestUpload, largestUpload)}
	}
	id, err := r.upload(ctx, fileName(name), content)
	if err != nil {
		return err
	}
	return r.say(ctx, map[string]any{"msgtype": "file", "file": map[string]string{"media_id": id}})
}

// fileName gives the last part of a name as one visible line.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"\\:*?<>|", r) {
			return '_'
		}
		return r
	}, visible(path.Base(strings.ReplaceAll(name, "\\", "/"))))
	if name == "" || name == "." || name == "/" || name == ".." {
		name = "file"
	}
	return clipBytes(name, 200)
}

// say posts what the robot says.
func (r *Robot) say(ctx context.Context, what any) error {
	if err := r.take(); err != nil {
		return err
	}
	body, err := json.Marshal(what)
	if err != nil {
		return NotDelivered(err)
	}
	_, err = r.post(ctx, r.secret.reveal(), "application/json; charset=utf-8", body)
	return err
}

// upload stores a file with the robot, which keeps it for three days, and gives its id. Nobody has seen it yet, so that no failure is in doubt.
func (r *Robot) upload(ctx context.Context, name string, content []byte) (id string, err error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("media", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return "", NotDelivered(err)
	}
	u, err := url.Parse(r.secret.reveal())
	if err != nil {
		return "", NotDelivered(errors.New("the address of the group robot cannot be read"))
	}
	u.Path = path.Join(path.Dir(u.Path), "upload_media")
	q := u.Query()
	q.Set("type", "file")
	u.RawQuery = q.Encode()
	a, err := r.post(ctx, u.String(), w.FormDataContentType(), body.Bytes())
	if err == nil && a.MediaID == "" {
		err = NotDelivered(errors.New("the group robot took the file and named no media_id"))
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		f.Doubt = false
	}
	return a.MediaID, err
}

// answer is what the robot says to a post.
type answer struct {
	Code    *int   `json:"errcode"`
	Message string `json:"errmsg"`
	MediaID string `json:"media_id"`
}

// largestAnswer is how much of an answer is read.
const largestAnswer = 64 << 10

// post posts something. An error says whether it may have got there; it never tells the address.
func (r *Robot) post(ctx context.Context, address, contentType string, body []byte) (answer, error) {
	var begun atomic.Bool // something of the request was written
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { begun.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, NotDelivered(r.cleaned(err))
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := r.client.Do(req)
	if err != nil {
		return answer{}, &Failure{Doubt: begun.Load(), Err: r.cleaned(err)}
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return answer{}, InDoubt(r.cleaned(err))
	}
	a, err := judge(resp.StatusCode, resp.Header.Get("Retry-After"), text)
	if f, ok := errors.AsType[*Failure](err); ok {
		f.Err = r.cleaned(f.Err)
	}
	return a, err
}

// cleaned takes the address and its key out of an error.
func (r *Robot) cleaned(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok { // it begins with the address
		err = u.Err
	}
	text := r.key.hide(r.secret.hide(err.Error()))
	return errors.New(strings.ReplaceAll(text, url.QueryEscape(r.key.reveal()), hidden))
}

// judge tells from an answer whether a message is delivered: only errcode 0 says so, and any other errcode says that it is not. An answer that
// is none leaves it in doubt, unless the status says that nothing was taken.
func judge(status int, retryAfter string, text []byte) (answer, error) {
	switch {
	case status == http.StatusTooManyRequests:
		return answer{}, &Failure{Wait: waitOf(retryAfter), Err: errors.New("the group robot answers 429, too many messages (消息过多)")}
	case status >= 300 && status < 500:
		return answer{}, NotDelivered(fmt.Errorf("the group robot answers with status %d; check its address (请核对机器人地址)", status))
	case status != http.StatusOK:
		return answer{}, InDoubt(fmt.Errorf("the group robot answers with status %d", status))
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil || a.Code == nil {
		return answer{}, InDoubt(errors.New("the answer of the group robot cannot be read"))
	}
	switch *a.Code {
	case 0:
		return a, nil
	case tooOften:
		return answer{}, &Failure{Wait: time.Minute, Err: fmt.Errorf("the group robot answers errcode %d: too many messages (消息过多)", tooOften)}
	}
	return answer{}, NotDelivered(fmt.Errorf("the group robot answers errcode %d: %s", *a.Code, plain(a.Message)))
}

// waitOf reads for how many seconds to wait: a minute when nothing is said, an hour at most.
func waitOf(retryAfter string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(retryAfter))
	if err != nil || n < 1 {
		return time.Minute
	}
	return time.Duration(min(n, 3600)) * time.Second
}
