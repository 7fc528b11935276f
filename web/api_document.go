package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"plumbline/access"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// scopeWords say what a scope of a token opens.
var scopeWords = []struct {
	id     string
	action []access.Action // of which its owner must have one anywhere
	what   policy.Text
}{
	{scopeKPI, []access.Action{access.Company, access.Department, access.Person}, policy.Text{ZH: "读指标值", EN: "read KPI values"}},
	{scopeScores, []access.Action{access.Department, access.Person}, policy.Text{ZH: "读得分", EN: "read scores"}},
	{scopeEvidence, []access.Action{access.Evidence}, policy.Text{ZH: "读数字背后的逐条记录", EN: "read the rows behind values"}},
	{scopeQuarters, []access.Action{access.Home}, policy.Text{ZH: "读季度的状态与期限", EN: "read the states and terms of quarters"}},
	{scopeReviews, []access.Action{access.Evaluate, access.RoundsRead}, policy.Text{ZH: "读评估的进度", EN: "read evaluations and how far they are"}},
	{scopeRewards, []access.Action{access.Rewards}, policy.Text{ZH: "读奖励名单", EN: "read reward lists"}},
	{scopePacks, []access.Action{access.Pack}, policy.Text{ZH: "读战略会材料的数字", EN: "read the figures of strategy packs"}},
	{scopeFiles, []access.Action{access.Files}, policy.Text{ZH: "读文件回执", EN: "read receipts of files"}},
	{scopeRead, []access.Action{access.APIRead}, policy.Text{ZH: "读全部记录", EN: "read all records"}},
	{scopeWrite, []access.Action{access.APIWrite}, policy.Text{ZH: "写入记录", EN: "push records"}},
}

const introduction = `KPI values, scores, evidence, reviews and reward lists for programs, and a door for records.

* Authorization: Bearer pl_…; tokens are made under My account, Tokens, with scopes and an expiry. Pages of the service may use the session cookie instead.
* A token sees what the roles of its account see, no more. What is not there and what is not the caller's to see answer alike: 404. Lists leave out what he may not see.
* Lists come in pages in a fixed order: limit, cursor, and next, which is also a Link header. When the books have changed since the last page, 409 says to begin again; records and their pages show one state of the books instead.
* Numbers are exact decimals; read them as such. null is no value, which is not zero.
* Answers bear an ETag: If-None-Match gives 304 while the answer stands.
* Errors are application/problem+json (RFC 9457) with rule, say and cure, in Chinese or English by Accept-Language, and the id of the request.
* What is read of people is written into the audit log as on pages.

供程序使用的接口：指标值、得分、逐条记录、评估、奖励名单，以及写入记录。令牌只能看到其账号的角色所能看到的内容；没有的与无权查看的，答复相同（404）。数字为精确小数；null 表示没有值，不是零。`

// config sets the API up: JSON only, no page of its own, and our own words for what is wrong with a request.
func (a *api) config() huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	doc := &huma.OpenAPI{OpenAPI: "3.1.0", Info: &huma.Info{Title: "Plumbline 准绳", Version: "1", Description: introduction}, Servers: []*huma.Server{{URL: "/", Description: "this service"}},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
			"token":   {Type: "http", Scheme: "bearer", BearerFormat: "pl_…", Description: "A token of an account, made under My account, Tokens. Its scopes: " + scopeList() + "."},
			"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "The session of a browser that is signed in, for pages of the service itself; over HTTPS the name begins with __Host-."},
		}}}
	for _, tag := range []struct{ name, what string }{{"kpi", "KPI values"}, {"scores", "Scores"}, {"evidence", "The rows behind values"}, {"packs", "The strategy pack"}, {"quarters", "Quarters"}, {"reviews", "Evaluations"},
		{"rewards", "Rewards"}, {"files", "Files"}, {"records", "Records"}, {"about", "The caller, the dictionary and this description"}} {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: tag.name, Description: tag.what})
	}
	formats := map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	return huma.Config{OpenAPI: doc, Formats: formats, DefaultFormat: "application/json", Transformers: []huma.Transformer{plainProblem}}
}

func scopeList() string {
	var all []string
	for _, s := range scopeWords {
		all = append(all, s.id+" ("+s.what.EN+")")
	}
	return strings.Join(all, ", ")
}

// describe says what an operation does, in both languages, and which rights it asks for.
func (o *operation) describe(action access.Action) string {
	text := o.text.EN + "\n\n" + o.title.ZH + "：" + o.text.ZH + "\n\nAccess: " + string(action)
	for _, a := range o.asks {
		text += ", " + string(a)
	}
	if o.scope != "" {
		text += ". Scope: " + o.scope
	}
	return text + "."
}

func (o *operation) scopes() []string {
	if o.scope == "" {
		return []string{}
	}
	return []string{o.scope}
}

// tag is the area that an operation is listed in.
func (o *operation) tag() string {
	area, _, _ := strings.Cut(o.scope, ":")
	if area == "" {
		return "about"
	}
	return area
}

// answers describes an answer made of a struct.
func (a *api) answers(hint string, of any) map[string]*huma.Response {
	schema := a.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(of), true, hint)
	return a.withProblems(&huma.Response{Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}})
}

// listed describes a list: a page as JSON, and where it is a file too, the whole of it.
func (a *api) listed(name string, columns []column, file bool) map[string]*huma.Response {
	schemas := a.OpenAPI().Components.Schemas
	item := strings.ToUpper(name[:1]) + name[1:] + "Item"
	schemas.Map()[item] = itemSchema(columns, name == "evidence" || name == "records")
	text := func(what string, examples ...any) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, Description: what, Examples: examples}
	}
	body := &huma.Schema{Type: huma.TypeObject, Required: []string{"items"}, Properties: map[string]*huma.Schema{
		"items": {Type: huma.TypeArray, Items: &huma.Schema{Ref: "#/components/schemas/" + item}, Description: "The items of this page."},
		"next":  text("Where the list goes on; not there on the last page.", apiBase+"/"+name+"?cursor=MjAwOjQ3MTE"),
		"basis": {Type: huma.TypeObject, AdditionalProperties: true, Description: "What the figures rest on: period, ledger_seq, policy_version, seal (null: not sealed)."},
	}}
	content := map[string]*huma.MediaType{"application/json": {Schema: body, Example: map[string]any{"items": []any{exampleOf(columns)}, "basis": map[string]any{"ledger_seq": 4711}}}}
	if file {
		for _, kind := range kindsOf {
			kind, _, _ = strings.Cut(kind, ";")
			content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary", Description: "The whole list as a file."}}
		}
	}
	return a.withProblems(&huma.Response{Description: "OK", Content: content})
}

// itemSchema describes an item by its columns; open says that a dataset adds its own.
func itemSchema(columns []column, open bool) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: open}
	for _, c := range columns {
		p := &huma.Schema{Type: map[tabular.Kind]string{tabular.Text: huma.TypeString, tabular.Integer: huma.TypeInteger, tabular.Decimal: huma.TypeNumber}[c.kind], Nullable: true, Description: c.means.EN + " / " + c.means.ZH}
		if c.example != "" {
			p.Examples = []any{exampleCell(c)}
		}
		s.Properties[c.name], s.Required = p, append(s.Required, c.name)
	}
	return s
}

func exampleCell(c column) any {
	switch {
	case c.example == "":
		return nil
	case c.kind == tabular.Text:
		return c.example
	}
	return json.Number(c.example)
}

func exampleOf(columns []column) map[string]any {
	m := map[string]any{}
	for _, c := range columns {
		m[c.name] = exampleCell(c)
	}
	return m
}

// packAnswers describes the figures of the pack.
func (a *api) packAnswers() map[string]*huma.Response {
	rows := func(item string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Ref: "#/components/schemas/" + item}}
	}
	body := &huma.Schema{Type: huma.TypeObject, Required: []string{"basis", "tables", "links"}, Properties: map[string]*huma.Schema{
		"basis": {Type: huma.TypeObject, AdditionalProperties: true, Description: "What the figures rest on."},
		"tables": {Type: huma.TypeObject, Required: []string{"kpi", "scores"}, Properties: map[string]*huma.Schema{"kpi": rows("KpiItem"), "scores": rows("ScoresItem")},
			Description: "The tables, without people."},
		"links": {Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString}, Description: "Where more is found."},
	}}
	return a.withProblems(&huma.Response{Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: body}}})
}

func (a *api) documentAnswers() map[string]*huma.Response {
	answers := a.withProblems(&huma.Response{Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}})
	delete(answers, "304")
	return answers
}

// withProblems adds what every operation may answer besides.
func (a *api) withProblems(good *huma.Response) map[string]*huma.Response {
	good.Headers = map[string]*huma.Param{
		"ETag":         {Description: "Names the answer, for If-None-Match.", Schema: &huma.Schema{Type: huma.TypeString}},
		"X-Request-Id": {Description: "Names the request in the log of the service.", Schema: &huma.Schema{Type: huma.TypeString}},
	}
	list := map[string]*huma.Response{"200": good, "304": {Description: "The answer at hand still stands."}}
	for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable} {
		list[strconv.Itoa(status)] = a.problemAnswer(status)
	}
	return list
}

// problemMeans says what an error of a status means here.
var problemMeans = map[int]string{
	http.StatusBadRequest: "The cursor or the body cannot be read.", http.StatusUnauthorized: "No token, or one that opens nothing.", http.StatusForbidden: "The token lacks the scope.",
	http.StatusNotFound: "Not there, or not the caller's to see: both answer alike.", http.StatusConflict: "The books, or a batch with this key, say otherwise.", http.StatusUnprocessableEntity: "Parameters or records are not as they should be.",
	http.StatusRequestEntityTooLarge: fmt.Sprintf("More than %d MB.", mostBatch>>20), http.StatusServiceUnavailable: "Too much is going on, or it took too long; Retry-After says when to come back.",
}

func (a *api) problemAnswer(status int) *huma.Response {
	schema := a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "Problem")
	r := &huma.Response{Description: problemMeans[status], Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema}}}
	if status == http.StatusServiceUnavailable {
		r.Headers = map[string]*huma.Param{"Retry-After": {Description: "Seconds.", Schema: &huma.Schema{Type: huma.TypeInteger}}}
	}
	return r
}

// describe writes the document once: it is the same for everybody.
func (a *api) describe() {
	doc := a.OpenAPI()
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} { // of the library; ours is Problem
		delete(doc.Components.Schemas.Map(), unused)
	}
	for name, properties := range map[string][]string{"QuarterState": {"seal"}, "WhoIAm": {"token"}} { // which may be null, as the library does not say of a reference
		for _, p := range properties {
			s := doc.Components.Schemas.Map()[name].Properties[p]
			doc.Components.Schemas.Map()[name].Properties[p] = &huma.Schema{Description: s.Description, OneOf: []*huma.Schema{{Ref: s.Ref}, {Type: "null"}}}
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("describe the API: %v", err))
	}
	a.document = text
}
