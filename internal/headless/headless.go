// Package headless finds an installed Chromium and lets it print pages, or walk through them for the tests; always without a network.
//
// In goes a page on disk; out comes a PDF. A browser gets a profile of its own that is deleted afterwards, and can reach no host. Nothing is ever
// downloaded: without a Chromium there is ErrNone, and the caller says so.
package headless

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// ErrNone says that nothing is installed that prints pages.
var ErrNone = errors.New("no Chromium was found: install Chromium, Chrome or Edge, or name it in PLUMBLINE_CHROMIUM (没有找到 Chromium，请安装 Chromium、Chrome 或 Edge，或用环境变量 PLUMBLINE_CHROMIUM 指明)")

// names are those under which a Chromium is installed.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "msedge", "chrome",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"}

// Find gives the path of a Chromium; named is looked up instead of the usual names when it is not empty. It fails with ErrNone.
func Find(named string) (string, error) {
	list := names
	if named != "" {
		list = []string{named}
	}
	for _, n := range list {
		if path, err := exec.LookPath(n); err == nil {
			return path, nil
		}
	}
	return "", ErrNone
}

// printing is how long a browser may take to start and print.
const printing = 2 * time.Minute

// Print prints a page on disk as PDF. The file appears whole or not at all.
func Print(ctx context.Context, browser, html, pdf string) error {
	fail := func(err error) error { return fmt.Errorf("print %s: %w", filepath.Base(pdf), err) }
	own, err := os.MkdirTemp("", "plumbline-print-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(own)
	source, err := filepath.Abs(html)
	if err != nil {
		return fail(err)
	}
	ctx, cancel := context.WithTimeout(ctx, printing)
	defer cancel()
	made := filepath.Join(own, "printed.pdf")
	args := []string{"--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + filepath.Join(own, "profile"), "--no-pdf-header-footer", "--print-to-pdf=" + made}
	if os.Geteuid() == 0 { // its sandbox refuses to run as root
		args = append(args, "--no-sandbox")
	}
	var said bytes.Buffer
	c := exec.CommandContext(ctx, browser, append(args, (&url.URL{Scheme: "file", Path: filepath.ToSlash(source)}).String())...)
	c.Stderr = &said
	c.WaitDelay = 5 * time.Second
	if err := c.Run(); err != nil {
		return fail(fmt.Errorf("%s: %w: %s", filepath.Base(browser), err, lastLine(said.Bytes())))
	}
	content, err := os.ReadFile(made)
	if err != nil {
		return fail(fmt.Errorf("%s made no file: %s", filepath.Base(browser), lastLine(said.Bytes())))
	}
	if err := os.WriteFile(pdf+".part", content, 0o644); err != nil {
		return fail(err)
	}
	if err := os.Rename(pdf+".part", pdf); err != nil {
		return fail(err)
	}
	return nil
}

// lastLine is what a program said last.
func lastLine(b []byte) string {
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	last := lines[len(lines)-1]
	return string(last[:min(len(last), 200)])
}
