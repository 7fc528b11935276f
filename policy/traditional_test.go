package policy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"plumbline/policy"
)

// inGB2312 reports whether the simplified standard has the character.
func inGB2312(r rune) bool {
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(r)))
	return err == nil && len(b) == 2 && b[0] >= 0xb0 && b[0] <= 0xf7 && b[1] >= 0xa1
}

// big5 holds the characters of the traditional standard, without its later additions, which are simplified ones in part.
func big5(t *testing.T) map[rune]bool {
	t.Helper()
	var codes []byte
	for lead := byte(0xa4); lead <= 0xf9; lead++ {
		for trail := byte(0x40); trail <= 0xfe; trail++ {
			if trail <= 0x7e || trail >= 0xa1 {
				codes = append(codes, lead, trail)
			}
		}
	}
	text, err := traditionalchinese.Big5.NewDecoder().Bytes(codes)
	if err != nil {
		t.Fatal(err)
	}
	has := map[rune]bool{}
	for _, r := range string(text) {
		has[r] = true
	}
	return has
}

// The pairs stand in order, no traditional character twice. None of the traditional ones is in use beside the simplified: a
// standard of simplified characters has all the latter and, but for 後, none of the former.
func TestTraditionalPairs(t *testing.T) {
	simplified := map[rune]bool{}
	var order []rune
	for _, pair := range strings.Fields(policy.Traditional) {
		p := []rune(pair)
		if len(p) != 2 {
			t.Fatalf("%q is no pair", pair)
		}
		order, simplified[p[1]] = append(order, p[0]), true
		if inGB2312(p[0]) && p[0] != '後' {
			t.Errorf("%c is in use beside %c", p[0], p[1])
		}
		if !inGB2312(p[1]) && p[1] != '祎' {
			t.Errorf("%c, for %c, is not simplified", p[1], p[0])
		}
	}
	for i, r := range order {
		if simplified[r] {
			t.Errorf("%c is both traditional and simplified", r)
		}
		if i > 0 && order[i-1] >= r {
			t.Errorf("%c stands behind %c", r, order[i-1])
		}
	}
	if len(order) < 1000 {
		t.Errorf("%d pairs", len(order))
	}
}

// eachWord visits all that the default policy and the ready-made mappings compare: headers, and words of enums and bools, each with
// where it stands.
func eachWord(t *testing.T, header, word func(at, text string)) {
	t.Helper()
	db := open(t)
	p := check(t, db, policy.Default())
	mappings, err := policy.CheckMappings(t.Context(), db, p, policy.DefaultMappings())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range p.Datasets {
		for _, c := range d.Columns {
			for _, w := range append([]string{c.ID, c.Name.ZH, c.Name.EN}, c.Aliases...) {
				header(d.ID+"."+c.ID, w)
			}
			for _, v := range c.Values {
				for _, w := range append([]string{v.Name.ZH, v.Name.EN}, v.Words...) {
					word(d.ID+"."+c.ID+"."+v.Value, w)
				}
			}
		}
	}
	for _, m := range mappings {
		for _, h := range m.Headers {
			for _, w := range h.Names {
				header(m.ID+"."+h.ID, w)
			}
		}
		for _, f := range m.Fields {
			for _, w := range f.Words {
				word(m.ID+"."+f.Column.ID+"."+w.Value, w.Word)
			}
		}
	}
}

// Characters that the traditional standard lacks are simplified ones, so that some traditional one stands for each.
func TestTraditionalOfEveryWord(t *testing.T) {
	known := map[rune]bool{}
	for _, pair := range strings.Fields(policy.Traditional) {
		known[[]rune(pair)[1]] = true
	}
	inBig5, seen := big5(t), map[rune]bool{}
	look := func(at, text string) {
		for _, r := range text {
			if seen[r] || !unicode.Is(unicode.Han, r) || inBig5[r] {
				continue
			}
			seen[r] = true
			if !known[r] {
				t.Errorf("%s: %q holds %c, for which traditional has no pair", at, text, r)
			}
		}
	}
	eachWord(t, look, look)
	if len(seen) < 150 {
		t.Errorf("%d simplified characters", len(seen))
	}
}

// toTraditional writes a text with the first traditional character that stands for each.
func toTraditional(s string) string {
	back := map[rune]rune{}
	for _, pair := range strings.Fields(policy.Traditional) {
		if p := []rune(pair); back[p[1]] == 0 {
			back[p[1]] = p[0]
		}
	}
	return strings.Map(func(r rune) rune {
		if b, ok := back[r]; ok {
			return b
		}
		return r
	}, s)
}

// The traditional form of a word means what the word means.
func TestTraditionalForms(t *testing.T) {
	changed := 0
	same := func(key func(string) string) func(at, text string) {
		return func(at, text string) {
			form := toTraditional(text)
			if form != text {
				changed++
			}
			if key(form) != key(text) {
				t.Errorf("%s: %q is not %q: %q, %q", at, form, text, key(form), key(text))
			}
		}
	}
	eachWord(t, same(policy.HeaderKey), same(policy.WordKey))
	if changed < 800 {
		t.Errorf("only %d words have a traditional form", changed)
	}
	p := check(t, open(t), policy.Default())
	for _, test := range []struct{ dataset, header, column string }{
		{"work_logs", "日誌編號", "log_id"}, {"work_logs", "工號", "employee_no"}, {"work_logs", "員工編號", "employee_no"},
		{"work_logs", "實際工時（小時）", "hours"}, {"work_logs", "計劃工時", "planned_hours"}, {"work_logs", "項目名稱", "project"},
		{"work_logs", "工作內容", "content"}, {"work_logs", "填寫日期", "logged_on"}, {"departments", "部門編號", "department_id"},
		{"departments", "上級部門", "parent_id"}, {"memberships", "任職開始日期", "valid_from"}, {"memberships", "職級", "role"},
		{"deliveries", "負責人工號", "employee_no"}, {"deliveries", "承諾日期", "due_on"}, {"deliveries", "實際交付日期", "delivered_on"},
		{"deliveries", "驗收日期", "accepted_on"}, {"opportunities", "客戶名稱", "customer"}, {"opportunities", "商機編號", "opportunity_id"},
		{"opportunities", "結果", "outcome"}, {"opportunities", "結案日期", "closed_on"}, {"opportunities", "金額", "amount"},
		{"opportunities", "狀態", "outcome"}, {"employees", "電子郵箱", "email"}, {"employees", "離職日期", "left_on"}, {"accounts", "帳號", "login"},
		{"attendance", "遲到次數", "late_times"}, {"attendance", "出勤時長(小時)", "worked_hours"}, {"satisfaction", "評價日期", "answered_on"},
		{"milestones", "節點類型", "kind"}, {"meetings", "紀要負責人工號", "employee_no"}, {"decisions", "責任人分配時間", "assigned_at"},
		{"submissions", "報告類型", "kind"}, {"approvals", "審批發起時間", "submitted_at"}, {"findings", "嚴重程度", "severity"},
		{"trainings", "應完成日期", "due_on"}, {"incidents", "發現時間", "found_at"}, {"surveys", "流程痛點", "pain_point"},
		{"collaborations", "週起始日期", "week_from"}, {"documents", "歸檔日期", "filed_on"}, {"targets", "目標值", "target_value"},
		{"costs", "費用類別", "kind"}, {"costs", "預算金額", "budget"},
	} {
		if c := columnNamed(p.Dataset(test.dataset), test.header); c == nil || c.ID != test.column {
			t.Errorf("%s: %s heads %v, want %s", test.dataset, test.header, c, test.column)
		}
	}
}

var quoted = regexp.MustCompile(`'[^']*'`)

// Expressions compare texts as they are: those of the ready-made mappings name both forms of a word.
func TestTraditionalInExpressions(t *testing.T) {
	db := open(t)
	mappings, err := policy.CheckMappings(t.Context(), db, check(t, db, policy.Default()), policy.DefaultMappings())
	if err != nil {
		t.Fatal(err)
	}
	words := 0
	for _, m := range mappings {
		var expressions []*policy.Expr
		if m.Where != nil {
			expressions = append(expressions, m.Where)
		}
		for _, f := range m.Fields {
			if f.Value != nil {
				expressions = append(expressions, f.Value)
			}
		}
		for _, e := range expressions {
			constants := quoted.FindAllString(e.Text, -1)
			for _, c := range constants {
				if toTraditional(c) == c {
					continue
				}
				words++
				if !slices.ContainsFunc(constants, func(o string) bool { return o != c && policy.WordKey(o) == policy.WordKey(c) }) {
					t.Errorf("%s: %s without its other form in %s", m.ID, c, e.Text)
				}
			}
		}
	}
	if words < 15 {
		t.Errorf("%d words", words)
	}
}

// Names and words in either script are alike; characters that might stand for two others are left as they are.
func TestTraditionalKeys(t *testing.T) {
	for traditional, simplified := range map[string]string{
		"張偉": "张伟", "葉 劍鋒": "叶剑锋", "歐陽曉麗": "欧阳晓丽", "贏單": "赢单", "輸單": "输单", "進行中": "进行中", "週報": "周报", "已終止": "已终止", "銷售": "销售",
		"臺北": "台北", "裏程": "里程", "裡程": "里程", "後臺": "后台", "備註": "备注", "關係": "关系", "聯繫": "联系", "餘額": "余额", "標準": "标准", "製表": "制表",
		"採購": "采购", "範圍": "范围", "佈局": "布局", "併入": "并入", "幹部": "干部", "日曆": "日历", "學歷": "学历", "匯總": "汇总", "詞彙": "词汇", "\uf914": "乐",
	} {
		if word, header := policy.WordKey(traditional), policy.HeaderKey(traditional); word != simplified || header != simplified {
			t.Errorf("%s: %s, %s", traditional, word, header)
		}
	}
	for _, r := range "乾徵著藉於瞭夥覆摺穀昇后干里只台面制周表系" {
		if s := string(r); policy.WordKey(s) != s || policy.HeaderKey(s) != s {
			t.Errorf("%s becomes %s", s, policy.WordKey(s))
		}
	}
}
