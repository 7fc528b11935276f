package web

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"plumbline/access"
	"plumbline/charts"
	"plumbline/company"
	"plumbline/internal/headless"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/pack"
)

func (s *Server) packRoutes() []route {
	return []route{
		{pattern: "GET /packs", action: access.Pack, about: nobody, handle: (*request).packLatest},
		{pattern: "GET /packs/{period}", action: access.Pack, about: ofPeriod, handle: (*request).pack},
		{pattern: "GET /packs/{period}/deck", action: access.Pack, about: ofPeriod, handle: (*request).packDeck, long: true},
		{pattern: "GET /packs/{period}/files/{kind}", action: access.Pack, about: ofPeriod, handle: (*request).packFile, long: true, trail: true},
		{pattern: "GET /resolutions", action: access.Pack, about: nobody, handle: (*request).resolutionsLatest},
		{pattern: "GET /resolutions/{period}", action: access.Pack, about: ofPeriod, handle: (*request).resolutions, trail: true},
	}
}

// packs keeps the packs of strategy meetings as files, each written once for a state of the books, a day and a language.
type packs struct {
	company *company.Company
	dir     string
	browser string // prints PDFs; "": there is none

	mu       sync.Mutex // one pack at a time is written
	renderer *charts.Renderer
	made     map[packOf]madePack
}

type packOf struct {
	of   period.Period
	lang policy.Lang
}

type madePack struct {
	moved int64
	day   time.Time
	files pack.Files
}

func newPacks(c *company.Company, browser string) *packs {
	return &packs{company: c, dir: filepath.Join(c.Books.Dir(), "cache", "packs"), browser: browser, made: map[packOf]madePack{}}
}

// files gives the pack of a quarter as the books have it now, with its PDF where that is asked for and a browser is there.
func (k *packs) files(ctx context.Context, of period.Period, lang policy.Lang, day time.Time, pdf bool) (pack.Files, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	// A reward list or a seal changes no figure but the pack, so every event counts.
	moved := k.company.Books.Seq()
	x, ok := k.made[packOf{of, lang}]
	if !ok || x.moved != moved || !x.day.Equal(day) || !there(x.files.HTML) || !there(x.files.Workbook) {
		files, err := k.write(ctx, of, lang)
		if err != nil {
			return pack.Files{}, err
		}
		x = madePack{moved, day, files}
		k.made[packOf{of, lang}] = x
	}
	if !pdf || k.browser == "" {
		return x.files, nil
	}
	x.files.PDF = strings.TrimSuffix(x.files.HTML, ".html") + ".pdf"
	if there(x.files.PDF) {
		return x.files, nil
	}
	return x.files, headless.Print(ctx, k.browser, x.files.HTML, x.files.PDF)
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// write makes page and workbook; one that says the same as the last version stays. Earlier versions go.
func (k *packs) write(ctx context.Context, of period.Period, lang policy.Lang) (files pack.Files, err error) {
	if k.renderer == nil {
		if k.renderer, err = charts.NewRenderer(); err != nil {
			return files, err
		}
	}
	q, _, err := k.company.Question(ctx, of, 0)
	if err != nil {
		return files, err
	}
	d, err := k.company.Pack(ctx, q)
	if err != nil {
		return files, err
	}
	dir := filepath.Join(k.dir, of.String(), string(lang))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return files, fmt.Errorf("keep the pack of %s: %w", of, err)
	}
	if files, err = pack.Write(ctx, dir, d, k.renderer, "", lang); err != nil {
		return files, err
	}
	return files, k.clear(dir, strings.TrimSuffix(files.HTML, ".html"))
}

// clear removes all files of a directory but those of one version.
func (k *packs) clear(dir, stem string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("clear old packs: %w", err)
	}
	for _, e := range list {
		path := filepath.Join(dir, e.Name())
		if strings.TrimSuffix(path, filepath.Ext(path)) == stem {
			continue
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("clear old packs: %w", err)
		}
	}
	return nil
}

type packPage struct {
	frame
	Deck  task
	Files []task
	NoPDF string
	Links []task
}

func (q *request) packLatest() error { return q.latestOf("/packs/") }

func (q *request) resolutionsLatest() error { return q.latestOf("/resolutions/") }

// latestOf leads to a page of the last quarter with records.
func (q *request) latestOf(base string) error {
	of, err := q.latest(period.Quarter)
	if err != nil {
		return err
	}
	return q.see(base+of.String(), "")
}

// pack offers the pack of a quarter.
func (q *request) pack() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	base := "/packs/" + of.String()
	p := &packPage{frame: q.frame(fmt.Sprintf(q.say("%s战略会材料", "Strategy meeting pack of %s"), q.periodText(of)))}
	p.Switch = q.periods(of, "/packs/%s", q.quarters(8))
	p.Deck = task{Href: base + "/deck", Text: q.say("在浏览器中放映", "Show it in the browser"), Say: q.say("方向键翻页，F 全屏，P 打印", "arrow keys turn pages, F is full screen, P prints")}
	p.Files = []task{{Href: base + "/files/html", Text: q.say("网页文件", "The page as a file"), Say: q.say("无需联网即可打开", "opens without a network")}, {Href: base + "/files/xlsx", Text: q.say("数据工作簿（Excel）", "The figures as a workbook (Excel)")}}
	if q.packs.browser != "" {
		p.Files = append(p.Files, task{Href: base + "/files/pdf", Text: "PDF", Say: q.say("打印需要一些时间", "printing takes a moment")})
	} else {
		p.NoPDF = q.say("服务器上没有找到 Chromium，不能打印 PDF。请管理员安装 Chromium、Chrome 或 Edge；也可以打开网页文件，用浏览器打印。", "No Chromium was found on the server, so there is no PDF. Ask the administrator to install Chromium, Chrome or Edge; or open the page and print it in your browser.")
	}
	p.Links = []task{{Href: "/resolutions/" + of.String(), Text: q.say("决议跟进", "What became of the resolutions")}, {Href: "/company/" + of.String(), Text: q.say("公司看板", "Company board")}}
	if q.may(access.Surveys, access.Subject{Period: of}) {
		p.Links = append(p.Links, task{Href: "/surveys/" + of.String(), Text: q.say("匿名问卷", "Anonymous surveys")})
	}
	return q.render("pack", p)
}

// packDeck answers with the deck as a document of its own, under the policy that it carries: its script is inside it and known by its hash.
func (q *request) packDeck() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	files, err := q.packs.files(q.ctx(), of, q.lang, q.today(), false)
	if err != nil {
		return err
	}
	only, err := pack.ContentPolicy()
	if err != nil {
		return err
	}
	page, err := os.ReadFile(files.HTML)
	if err != nil {
		return fmt.Errorf("show the pack of %s: %w", of, err)
	}
	h := q.w.Header()
	h.Set("Content-Security-Policy", only+"; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", fmt.Sprint(len(page)))
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(page) // the reader may have gone
	return nil
}

// packFile answers with a file of the pack.
func (q *request) packFile() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	kind := q.r.PathValue("kind")
	if kind != "html" && kind != "xlsx" && kind != "pdf" {
		return errNotFound
	}
	if kind == "pdf" && q.packs.browser == "" {
		return refused("服务器上没有找到 Chromium，不能打印 PDF。", "No Chromium was found on the server, so there is no PDF.", "请打开网页文件，用浏览器打印。", "Open the page and print it in your browser.")
	}
	files, err := q.packs.files(q.ctx(), of, q.lang, q.today(), kind == "pdf")
	if err != nil {
		return err
	}
	return q.sendFile(map[string]string{"html": files.HTML, "xlsx": files.Workbook, "pdf": files.PDF}[kind])
}

type resolutionsPage struct {
	frame
	Lead          string
	Last, Earlier table
}

var resolutionNames = map[metrics.ResolutionState]policy.Text{
	metrics.Overdue: {ZH: "▼ 逾期未完成", EN: "▼ overdue"}, metrics.Unassigned: {ZH: "▼ 无人负责", EN: "▼ nobody named"}, metrics.Pending: {ZH: "进行中", EN: "under way"},
	metrics.DoneLate: {ZH: "逾期完成", EN: "done late"}, metrics.DoneInTime: {ZH: "✓ 按期完成", EN: "✓ done in time"}, metrics.Abandoned: {ZH: "已取消", EN: "cancelled"},
}

// resolutions shows what became of the resolutions of the last strategy meeting, and what earlier ones left open.
func (q *request) resolutions() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	question, _, err := q.company.Question(q.ctx(), of, 0)
	if err != nil {
		return err
	}
	f, err := metrics.FollowResolutions(q.ctx(), q.company.Books, question)
	if err != nil {
		return err
	}
	p := &resolutionsPage{frame: q.frame(q.say("决议跟进", "Resolutions"))}
	p.Switch = q.periods(of, "/resolutions/%s", q.quarters(8))
	switch {
	case f == nil:
		p.Lead = q.say("制度没有写明决议记在哪里；请人力资源在 company.yaml 的 pack 中补上。", "The policy does not say where resolutions are; human resources add that to pack in company.yaml.")
		return q.render("resolutions", p)
	case f.Title == "":
		p.Lead = q.say("还没有开过战略会。", "There was no strategy meeting yet.")
	default:
		p.Lead = fmt.Sprintf(q.say("最近一次战略会：%s（%s）；进展截至 %s。", "Last strategy meeting: %s (%s); as of %s."), f.Title, f.Held.Format(time.DateOnly), f.Day.Format(time.DateOnly))
	}
	p.Last = q.resolutionTable(f, f.Last, q.say("本次会议的决议", "Resolutions of the last meeting"))
	p.Earlier = q.resolutionTable(f, f.Earlier, q.say("此前会议未了结的决议", "What earlier meetings left open"))
	if q.wantsCSV() {
		p.Last.Rows = append(p.Last.Rows, p.Earlier.Rows...)
		return q.download(&p.Last, fmt.Sprintf(q.say("%s-决议", "%s-resolutions"), of))
	}
	p.Downloads = []download{{q.r.URL.Path + "?format=csv", q.say("下载（CSV）", "Download (CSV)")}}
	return q.render("resolutions", p)
}

func (q *request) resolutionTable(f *metrics.FollowUp, list []metrics.Resolution, caption string) table {
	t := table{Caption: caption, Empty: q.say("没有。", "None."), Head: []head{words(q.say("状态", "State")), numbers(q.say("逾期天数", "Days overdue")), words(q.say("决议", "Resolution")), words(q.say("部门", "Department")), words(q.say("负责人", "Assignee")), words(q.say("期限", "Due")), words(q.say("完成", "Done")), words(q.say("会议", "Meeting"))}}
	date := func(d time.Time) string {
		if d.IsZero() {
			return "–"
		}
		return d.Format(time.DateOnly)
	}
	for i := range list {
		r := &list[i]
		state := cell{Text: resolutionNames[r.State].In(q.lang)}
		if r.State == metrics.Overdue || r.State == metrics.Unassigned {
			state.Class = "bad"
		}
		who := r.Assignee.Name.In(q.lang)
		if who == "" {
			who = r.Assignee.No
		}
		if who == "" {
			who = "–"
		}
		t.add(state, text(overdue(f, r)), text(r.Text), text(r.Department.Name.In(q.lang)), text(who), text(date(r.Due)), text(date(r.Done)), cell{Text: r.Meeting, Say: date(r.Held)})
	}
	return t
}

// overdue counts the days by which a resolution is, or was, late; "–" for none.
func overdue(f *metrics.FollowUp, r *metrics.Resolution) string {
	until := f.Day
	switch r.State {
	case metrics.Overdue:
	case metrics.DoneLate:
		until = r.Done
	default:
		return "–"
	}
	return fmt.Sprint(int(until.Sub(r.Due).Hours() / 24))
}
