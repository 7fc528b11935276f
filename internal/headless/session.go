package headless

import (
	"context"
	"os"

	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Watch runs before a page's own scripts and notes in window.faults what goes wrong: errors, broken rules of its policy, what it writes to the console,
// and dialogs, which no page of ours opens.
const Watch = `window.faults = [];
addEventListener('error', function (e) { faults.push('error: ' + (e.message || (e.target && (e.target.src || e.target.href)))); }, true);
addEventListener('unhandledrejection', function (e) { faults.push('rejection: ' + e.reason); });
addEventListener('securitypolicyviolation', function (e) { faults.push('policy: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample); });
['error', 'warn'].forEach(function (level) {
  var say = console[level];
  console[level] = function () { faults.push(level + ': ' + Array.prototype.join.call(arguments, ' ')); say.apply(console, arguments); };
});
window.alert = function (s) { faults.push('alert: ' + s); };`

// Session starts a browser with a profile in dir that reaches nothing but this machine, and watches its pages. The
// function ends it.
func Session(ctx context.Context, browser, dir string) (context.Context, func(), error) {
	flags := []chromedp.ExecAllocatorOption{chromedp.ExecPath(browser), chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), chromedp.UserDataDir(dir)}
	if os.Geteuid() == 0 {
		flags = append(flags, chromedp.NoSandbox)
	}
	session, end := chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(flags...))
	stop := func() {
		_ = chromedp.Cancel(session)
		end()
	}
	if _, err := chromedp.Call(session, browserpage.AddScriptToEvaluateOnNewDocument, browserpage.AddScriptToEvaluateOnNewDocumentParams{Source: Watch}); err != nil {
		stop()
		return nil, nil, err
	}
	return session, stop, nil
}
