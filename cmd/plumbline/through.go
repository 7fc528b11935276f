package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/trail"
)

// While a service holds a data directory no other process can open it. A command line then hands its command to the service, which runs it on its open
// books, in the folder of the caller, and sends back what it says: every command works as it does without a service, on the same truth. The way there
// is a socket in a folder that only the owner of the data directory may enter, so that nobody gets further by it than by the files themselves.

// The way to a service: a folder beside the data, and the file in it that names the socket.
const (
	wayFolder = "run"
	wayFile   = "service"
)

// longestSocket is what the system takes for the path of a socket, and a little less.
const longestSocket = 100

// commandOf is a command line as it is handed over.
type commandOf struct {
	Args   []string          `json:"args"`
	Env    map[string]string `json:"env"`
	Folder string            `json:"folder"` // where the caller stands, absolute
}

// handedOver are the variables of the environment that commands ask for.
var handedOver = []string{"PLUMBLINE_DATA", "PLUMBLINE_LANG", "PLUMBLINE_ACTOR", "USER", "LOGNAME"}

// said is a part of an answer: what is said on either stream, or, last of all, the exit code.
type said struct {
	Out  []byte `json:"out,omitempty"`
	Err  []byte `json:"err,omitempty"`
	Code *int   `json:"code,omitempty"`
}

// pathOfCommands is the one path that the socket answers.
const pathOfCommands = "/command"

// commands runs command lines that other processes hand to the service.
type commands struct {
	app   *app
	books *books.Books
	data  string // absolute
	trail *trail.Trail

	// One at a time: a process stands in one folder.
	turn chan struct{}
}

// takeCommands lets other processes hand their commands over until the context ends. A failure is told and costs nothing but that way.
func (a *app) takeCommands(ctx context.Context, b *books.Books, read *trail.Trail) error {
	l, remove, err := a.socket()
	if err != nil {
		return err
	}
	defer remove()
	c := &commands{app: a, books: b, data: a.data, trail: read, turn: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathOfCommands, c.answer)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: headWithin}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
		defer cancel()
		_ = srv.Shutdown(last)
	}()
	err = srv.Serve(l)
	<-stopped
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// socket makes the socket and the file that names it, which only the owner can reach.
func (a *app) socket() (l net.Listener, remove func(), err error) {
	folder := filepath.Join(a.data, wayFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, err
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		return nil, nil, err
	}
	path, far := filepath.Join(folder, "service.sock"), ""
	if len(path) > longestSocket {
		if far, err = os.MkdirTemp("", "plumbline-"); err != nil {
			return nil, nil, err
		}
		path = filepath.Join(far, "service.sock")
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a service that was killed: the ledger's lock is ours
		return nil, nil, err
	}
	if l, err = net.Listen("unix", path); err != nil {
		return nil, nil, err
	}
	name := filepath.Join(folder, wayFile)
	if err := os.WriteFile(name, []byte(path+"\n"), 0o600); err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	return l, func() {
		_ = os.Remove(name)
		_ = os.Remove(path)
		if far != "" {
			_ = os.Remove(far)
		}
	}, nil
}

// answer runs one command line and streams what it says.
func (c *commands) answer(w http.ResponseWriter, r *http.Request) {
	var x commandOf
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&x); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	flusher, lines := http.NewResponseController(w), json.NewEncoder(w)
	var mu sync.Mutex
	say := func(part said) error {
		mu.Lock()
		defer mu.Unlock()
		if err := lines.Encode(part); err != nil {
			return err
		}
		return flusher.Flush()
	}
	code := c.run(r.Context(), x, writer(func(p []byte) error { return say(said{Out: p}) }), writer(func(p []byte) error { return say(said{Err: p}) }))
	_ = say(said{Code: &code})
}

// run runs a command line in the caller's folder, when it is its turn.
func (c *commands) run(ctx context.Context, x commandOf, stdout, stderr io.Writer) int {
	a := &app{out: stdout, err: stderr, now: c.app.now, getenv: func(name string) string { return x.Env[name] }, lent: c.books, lentTrail: c.trail, lentAs: c.data}
	a.readLanguage(x.Args)
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return exitFailed
	}
	entry := trail.Entry{At: a.now(), Actor: a.actor(), Action: "command", Detail: strings.Join(spoken(x.Args), " ")}
	if err := c.trail.Write(ctx, entry); err != nil {
		return a.finish(err)
	}
	home, err := os.Getwd()
	if err == nil {
		err = os.Chdir(x.Folder)
	}
	if err != nil {
		return a.finish(useError{fmt.Errorf(a.say("网页服务正使用这个数据目录，命令由它代为执行，而它不能进入 %s：%w；请换一个它能进入的目录再试", "the service has this data directory and runs the command, but it cannot enter %s: %w; try again from a folder that it may enter"), x.Folder, err)})
	}
	defer func() { _ = os.Chdir(home) }()
	return a.execute(ctx, x.Args)
}

// spoken gives the words of a command line before its first flag: what was done to what, without texts that people wrote.
func spoken(args []string) []string {
	for i, s := range args {
		if strings.HasPrefix(s, "-") {
			return args[:i]
		}
	}
	return args
}

// through hands a command line to the service that holds the data directory, where there is one that answers; handed says so, and code is how it ended.
func (a *app) through(ctx context.Context, args []string) (code int, handed bool) {
	path, err := os.ReadFile(filepath.Join(a.data, wayFolder, wayFile))
	if err != nil {
		return 0, false
	}
	x := commandOf{Args: args, Env: map[string]string{}}
	for _, name := range handedOver {
		x.Env[name] = a.getenv(name)
	}
	if x.Env["PLUMBLINE_ACTOR"] == "" {
		x.Env["PLUMBLINE_ACTOR"] = a.actor()
	}
	if x.Folder, err = os.Getwd(); err != nil {
		return 0, false
	}
	body, err := json.Marshal(x)
	if err != nil {
		return 0, false
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", strings.TrimSpace(string(path)))
	}}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://service"+pathOfCommands, bytes.NewReader(body))
	if err != nil {
		return 0, false
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, false
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, false
	}
	code, err = a.relay(answer.Body)
	switch {
	case ctx.Err() != nil:
		return a.finish(context.Canceled), true
	case err != nil:
		return a.finish(fmt.Errorf(a.say("网页服务在命令结束之前停了；已记录的内容不受影响，请核对后再试：%w", "the service stopped before the command had ended; what was recorded is safe, look before you try again: %w"), err)), true
	}
	return code, true
}

// relay writes what a command says and gives its exit code.
func (a *app) relay(r io.Reader) (code int, err error) {
	for in := json.NewDecoder(r); ; {
		var part said
		if err := in.Decode(&part); err != nil {
			return 0, err
		}
		if part.Code != nil {
			return *part.Code, nil
		}
		if _, err := a.out.Write(part.Out); err != nil {
			return 0, err
		}
		if _, err := a.err.Write(part.Err); err != nil {
			return 0, err
		}
	}
}

// writer is a function that writes all it is given.
type writer func(p []byte) error

func (w writer) Write(p []byte) (int, error) {
	if err := w(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// held reports whether a command could not be done because another process has the data directory.
func (a *app) held(err error) bool {
	locked, ok := errors.AsType[*ledger.LockedError](err)
	if !ok {
		return false
	}
	dir, err := filepath.Abs(a.data)
	return err == nil && locked.Dir == dir
}
