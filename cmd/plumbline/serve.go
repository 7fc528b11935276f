package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"plumbline/company"
	"plumbline/internal/accounts"
	"plumbline/internal/books"
	"plumbline/internal/headless"
	"plumbline/internal/schedule"
	"plumbline/internal/trail"
	"plumbline/web"
)

// serving is what the flags of serve say.
type serving struct {
	addr        string
	cert, key   string
	behindProxy bool // a proxy in front speaks HTTPS with browsers
	plain       bool // plain HTTP on a network was asked for
	metricsAddr string
	demo        []web.DemoAccount
}

func (a *app) serveCommand() *cobra.Command {
	var x serving
	c := &cobra.Command{
		Use:   "serve --addr HOST:PORT",
		Short: a.say("网页服务：员工、主管、高管、人力资源、审计、财务、管理员各有其页", "the service in the browser, with pages for each role"),
		Long: a.say("首次启动时显示一次性的设置令牌，用它在网页上建立管理员。默认只听本机；对外服务请给出证书，或放在终止 HTTPS 的反向代理之后（--behind-proxy）。见 docs/operations.md。",
			"At its first start it prints a one-time token with which the administrator is made in the browser. By default it listens on this machine only; for a network give it a certificate, or put it behind a proxy that speaks HTTPS (--behind-proxy). See docs/operations.md."),
		Example: "  plumbline serve\n  plumbline serve --addr :8443 --tls-cert cert.pem --tls-key key.pem\n  plumbline serve --addr 127.0.0.1:8080 --behind-proxy",
		Args:    a.nothing(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.serveData(c.Context(), x) },
	}
	f := c.Flags()
	f.StringVar(&x.addr, "addr", "127.0.0.1:8080", a.say("监听的地址", "address to listen on"))
	f.StringVar(&x.cert, "tls-cert", "", a.say("HTTPS 证书（PEM）", "certificate for HTTPS (PEM)"))
	f.StringVar(&x.key, "tls-key", "", a.say("证书的私钥（PEM）", "its private key (PEM)"))
	f.BoolVar(&x.behindProxy, "behind-proxy", false, a.say("前面有终止 HTTPS 的反向代理", "a proxy in front speaks HTTPS with browsers"))
	f.BoolVar(&x.plain, "plain-http", false, a.say("明知不安全，仍在网络上用明文 HTTP", "plain HTTP on a network, knowing that everybody on it can read along"))
	f.StringVar(&x.metricsAddr, "metrics-addr", "", a.say("Prometheus 指标的地址，如 127.0.0.1:9090；默认不开", "address of the metrics for Prometheus, such as 127.0.0.1:9090; none by default"))
	return c
}

// serveData serves the data directory until the context ends.
func (a *app) serveData(ctx context.Context, x serving) (err error) {
	if err := a.safe(x); err != nil {
		return err
	}
	if a.data, err = filepath.Abs(a.data); err != nil { // a command of somebody else may change the folder that this process stands in
		return err
	}
	replayed, finish := a.progress(a.say("由账本重放", "replaying the ledger"))
	c, err := company.Open(ctx, a.data, company.Options{Replayed: replayed, Now: a.now, Memory: a.memory, Notice: a.notice, Coming: books.Unknown})
	finish()
	if errors.Is(err, company.ErrNone) {
		return a.noDirectory(a.data)
	}
	if err != nil {
		return err
	}
	return errors.Join(a.serve(ctx, c, x), c.Close())
}

func (a *app) notice(s string) { a.tell(a.say("注意：%s", "note: %s"), s) }

// safe refuses to serve a network in a way that everybody on it can read along.
func (a *app) safe(x serving) error {
	if (x.cert == "") != (x.key == "") {
		return useError{errors.New(a.say("--tls-cert 与 --tls-key 要一起给出", "--tls-cert and --tls-key go together"))}
	}
	host, _, err := net.SplitHostPort(x.addr)
	if err != nil {
		return useError{fmt.Errorf(a.say("--addr %q：请写 主机:端口，如 127.0.0.1:8080", "--addr %q: write HOST:PORT, such as 127.0.0.1:8080"), x.addr)}
	}
	if x.cert != "" || x.behindProxy || x.plain || loopback(host) {
		return nil
	}
	return useError{fmt.Errorf(a.say("%s 在网络上可见，而明文 HTTP 上的密码和薪酬数据人人可读；请用 --tls-cert 与 --tls-key，或 --behind-proxy；确实要明文，加 --plain-http",
		"%s can be reached from the network, and everybody on it can read passwords and pay sent by plain HTTP; use --tls-cert and --tls-key, or --behind-proxy; if it must be, add --plain-http"), x.addr)}
}

// loopback reports whether a host is this machine alone.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// serve answers browsers until the context ends.
func (a *app) serve(ctx context.Context, c *company.Company, x serving) (err error) {
	read, err := trail.Open(a.data, trail.Options{Now: a.now, Notice: a.notice})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, read.Close()) }()
	people, err := accounts.Open(a.data, accounts.Options{Now: a.now, Notice: a.notice, Demo: len(x.demo) > 0, Log: logged(read)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, people.Close()) }()
	if err := a.demoAccounts(ctx, people, x.demo); err != nil {
		return err
	}
	set, err := a.readSettings(a.data)
	if err != nil {
		return err
	}
	run, j, err := a.schedule(ctx, c, read, set)
	if err != nil {
		return err
	}
	doors, err := set.doors(a.now)
	if err != nil {
		return err
	}
	browser, err := headless.Find(os.Getenv(chromiumEnv))
	if err != nil && !errors.Is(err, headless.ErrNone) {
		return err
	}
	opt := web.Options{Company: c, Accounts: people, Trail: read, Log: slog.New(slog.NewJSONHandler(a.err, nil)), Secure: x.cert != "" || x.behindProxy, BehindProxy: x.behindProxy,
		Public: set.Public, Doors: doors, Schedule: run, Backups: set.Backup.Dir, Channels: j.channels(), Demo: x.demo, Browser: browser}
	s, err := web.New(opt)
	if err != nil {
		return err
	}
	keeping, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() {
		s.Warm(keeping)
		if err := run.Keep(keeping, schedule.Wait); err != nil && keeping.Err() == nil {
			a.notice(err.Error())
		}
	})
	work.Go(func() {
		if err := a.takeCommands(keeping, c.Books, read); err != nil {
			a.notice(fmt.Sprintf(a.say("命令行不能经由服务办事：%v", "command lines cannot work through the service: %v"), err))
		}
	})
	if x.metricsAddr != "" {
		work.Go(func() { a.measure(keeping, s, x.metricsAddr) })
	}
	defer stop() // before the work is waited for
	return a.listen(ctx, s.Handler(), people, x)
}

// schedule opens the jobs that the settings ask for.
func (a *app) schedule(ctx context.Context, c *company.Company, read *trail.Trail, set settings) (*schedule.Schedule, *jobs, error) {
	v, err := c.Current(ctx)
	if err != nil {
		return nil, nil, err
	}
	j := &jobs{app: a, company: c, trail: read, settings: set}
	if j.senders, err = set.senders(a.now, j.contacts.address); err != nil {
		return nil, nil, err
	}
	run, err := schedule.Open(a.data, schedule.Options{Zone: company.Zone(v.Policy), Now: a.now, Notice: a.notice}, j.list()...)
	return run, j, err
}

// measure serves the figures of operation on an address of their own.
func (a *app) measure(ctx context.Context, s *web.Server, addr string) {
	srv := &http.Server{Addr: addr, Handler: s.Measures(), ReadHeaderTimeout: headWithin}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		a.notice(err.Error())
	}
}

// logged writes changes of accounts into the trail before they count.
func logged(t *trail.Trail) func(context.Context, accounts.Change) error {
	return func(ctx context.Context, c accounts.Change) error {
		return t.Write(ctx, trail.Entry{At: c.At, Actor: c.Actor, Action: c.Kind, Subject: c.Login, Detail: c.Detail, Address: addressText(c.Address)})
	}
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// What a browser may take to send its request's head, and an idle connection to send the next; and what is still finished after a stop.
const (
	headWithin = 10 * time.Second
	idleFor    = 2 * time.Minute
	finishing  = 20 * time.Second
)

// listen takes connections in, tells where, and stops gracefully: what has begun is finished.
func (a *app) listen(ctx context.Context, h http.Handler, people *accounts.Store, x serving) error {
	l, err := net.Listen("tcp", x.addr)
	if err != nil {
		return useError{fmt.Errorf(a.say("不能在 %s 监听：%w", "cannot listen on %s: %w"), x.addr, err)}
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: headWithin, IdleTimeout: idleFor, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(slog.NewJSONHandler(a.err, nil), slog.LevelWarn),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	if err := a.welcome(l.Addr().String(), people, x); err != nil {
		return errors.Join(err, l.Close())
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
		defer cancel()
		stopped <- srv.Shutdown(last)
	}()
	if x.cert != "" {
		err = srv.ServeTLS(l, x.cert, x.key)
	} else {
		err = srv.Serve(l)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// welcome tells where the service is, and how one gets in.
func (a *app) welcome(addr string, people *accounts.Store, x serving) error {
	scheme := "http"
	if x.cert != "" {
		scheme = "https"
	}
	fmt.Fprintf(a.out, a.say("服务已就绪：%s://%s\n", "ready: %s://%s\n"), scheme, addr)
	for _, d := range x.demo {
		fmt.Fprintf(a.out, "  %-10s %s  %s\n", d.Login, d.Password, d.What.In(a.lang))
	}
	token, _, err := people.SetUp()
	if err == nil && token != "" {
		fmt.Fprintf(a.out, a.say("还没有账号。请打开 %s://%s/set-up ，用设置令牌建立管理员：%s\n", "there are no accounts yet. Open %s://%s/set-up and make the administrator with the token %s\n"), scheme, addr, token)
	}
	return err
}

// demoAccounts makes the accounts of the demonstration that are not there yet.
func (a *app) demoAccounts(ctx context.Context, people *accounts.Store, list []web.DemoAccount) error {
	for _, d := range list {
		if _, err := people.Get(d.Login); err == nil {
			continue
		}
		if _, err := people.CreateDemo(ctx, "demo", accounts.New{Login: d.Login, Name: d.What.In(a.lang), Employee: d.Employee, Roles: d.Roles, Password: d.Password}); err != nil {
			return fmt.Errorf("make the account %s: %w", d.Login, err)
		}
	}
	return nil
}

// noDirectory says that there is no company in a directory.
func (a *app) noDirectory(dir string) error {
	return useError{fmt.Errorf(a.say("%s 不是数据目录；先运行 plumbline init --data %s", "%s is no data directory; run plumbline init --data %s first"), dir, dir)}
}
