package ingest_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"plumbline/ingest"
)

const sharesHeader = "工号,部门编号,任职开始,任职结束,角色,任职比例\n"

// What is said of a day that is shared too much names the day, the records and the sum.
func TestWordsOfShares(t *testing.T) {
	c := company(t)
	c.take("a.csv", sharesHeader+"E002,D1,2026-03-01,2026-05-31,专员,60%\n")
	c.take("b.csv", sharesHeader+"E002,D2,2026-05-01,,专员,60.5\nE001,D2,2026-04-01,,专员,40\n0007,D0,2026-01-01,2026-01-31,专员,\n")
	c.take("c.csv", "请假开始日期,工号,请假结束日期,假别\n2026-07-01,0007,2026-07-02,年假\n2026-07-02,0007,2026-07-02,病假\n")
	c.take("d.csv", "部门编号,生效日期,变更后名称\nD1,2026-05-01,甲部\nD1,2026-05-01,乙部\n")
	// D2 of E001 is open from 2021 with a blank, that is 100; D2 again makes 140 on 2026-04-01, and the same department twice.
	want := []string{
		"b.csv 2 | 同一天的比例合计超过 100%（2026-05-01: D1 2026-03-01 60% + D2 2026-05-01 60.5% = 120.5%） | the shares of one day add up to more than 100% (2026-05-01: D1 2026-03-01 60% + D2 2026-05-01 60.5% = 120.5%)",
		"b.csv 3 | 同一天有两条「任职」的部门编号相同（2026-04-01: D2 2021-03-01 + D2 2026-04-01） | two records of Memberships on one day have the same Department ID (2026-04-01: D2 2021-03-01 + D2 2026-04-01)",
		"b.csv 3 | 同一天的比例合计超过 100%（2026-04-01: D2 2021-03-01 100% + D2 2026-04-01 40% = 140%） | the shares of one day add up to more than 100% (2026-04-01: D2 2021-03-01 100% + D2 2026-04-01 40% = 140%)",
		"b.csv 4 | 与同一员工的另一段任职日期重叠 | shares days with another membership of the same person",
		"c.csv 2 | 与同一工号的另一条「请假」日期重叠 | shares days with another record of Leaves with the same Employee no.",
		"c.csv 3 | 与同一工号的另一条「请假」日期重叠 | shares days with another record of Leaves with the same Employee no.",
		"d.csv 2 | 同一部门编号在这一天还有另一条「部门沿革」 | another record of Department changes has the same Department ID and day",
		"d.csv 3 | 同一部门编号在这一天还有另一条「部门沿革」 | another record of Department changes has the same Department ID and day",
	}
	list, err := ingest.Rejects(t.Context(), c.books, c.version.Policy, latest)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		got = append(got, fmt.Sprintf("%s %d | %s | %s", r.File, r.Row, r.Say.ZH, r.Say.EN))
		if r.Cure.ZH == "" || r.Cure.EN == "" {
			t.Errorf("%s has no cure", r.Rule)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	c.examined()
}

// More records than a message names are counted, not listed.
func TestCrowdedDay(t *testing.T) {
	c := company(t)
	text := sharesHeader
	for i := range 6 {
		text += fmt.Sprintf("E002,D%d,2026-03-%02d,,专员,20\n", i%3, i+1)
	}
	c.take("a.csv", text)
	list, err := ingest.Rejects(t.Context(), c.books, c.version.Policy, latest)
	if err != nil {
		t.Fatal(err)
	}
	// On 2026-03-06 all six make 120; D0, D1 and D2 are there twice from the 4th on.
	const want = "the shares of one day add up to more than 100% (2026-03-06: D0 2026-03-01 20% + D0 2026-03-04 20% + D1 2026-03-02 20% + D1 2026-03-05 20% + … = 120%)"
	n := 0
	for _, r := range list {
		if r.Rule == "interval.share" {
			n++
			if r.Say.EN != want {
				t.Errorf("row %d: %s", r.Row, r.Say.EN)
			}
		}
	}
	if n != 6 || len(list) != 12 {
		t.Errorf("%d of %d reasons are about shares", n, len(list))
	}
}

// post is a membership as the reckoning of the test sees it; days count within 2026-03, and to is 99 where it stays open.
type post struct {
	person, department string
	from, to, share    int
}

func (p post) key() string { return fmt.Sprint(p.person, p.department, p.from) }

func (p post) line() string {
	to, share := "", ""
	if p.to < 99 {
		to = fmt.Sprintf("2026-03-%02d", p.to)
	}
	if p.share < 100 {
		share = strconv.Itoa(p.share)
	}
	return fmt.Sprintf("%s,%s,2026-03-%02d,%s,专员,%s\n", p.person, p.department, p.from, to, share)
}

// fits reckons day by day whether posts of one person go together.
func fits(posts []post) bool {
	for day := 1; day <= 40; day++ {
		sum, seen := 0, map[string]bool{}
		for _, p := range posts {
			if p.from > day || day > p.to {
				continue
			}
			if seen[p.department] {
				return false
			}
			sum, seen[p.department] = sum+p.share, true
		}
		if sum > 100 {
			return false
		}
	}
	return true
}

var drawPost = rapid.Custom(func(r *rapid.T) post {
	p := post{rapid.SampledFrom([]string{"E002", "E777"}).Draw(r, "person"), rapid.SampledFrom([]string{"D0", "D1", "D2"}).Draw(r, "department"),
		rapid.IntRange(1, 6).Draw(r, "from"), 0, rapid.SampledFrom([]int{30, 40, 50, 60, 100}).Draw(r, "share")}
	p.to = rapid.SampledFrom([]int{p.from, p.from + 2, p.from + 5, 99}).Draw(r, "to")
	return p
})

// standing gives the posts of one person in the books.
func (c *office) standing(person string) (posts []post) {
	c.Helper()
	for _, line := range c.lines("posts", fmt.Sprintf(`SELECT concat_ws(' ', department_id, day(valid_from), coalesce(day(valid_to), 99), CAST(coalesce(share, 100) AS BIGINT)) AS line
FROM facts.memberships WHERE employee_no = '%s' AND _until = 9223372036854775807 ORDER BY line`, person)) {
		p := post{person: person}
		if _, err := fmt.Sscan(line, &p.department, &p.from, &p.to, &p.share); err != nil {
			c.Fatal(err)
		}
		posts = append(posts, p)
	}
	return posts
}

// Files of one row come in exactly when the day-by-day reckoning says so; whatever comes in and goes back, no day is shared too much.
func TestSharesAgainstReckoning(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := company(t)
		c.take("people.csv", "工号,姓名,入职日期,离职日期\nE777,周敏,2026-01-01,\n")
		for i := range rapid.IntRange(2, 6).Draw(r, "files") {
			name := fmt.Sprintf("%d.csv", i)
			posts := rapid.SliceOfNDistinct(drawPost, 1, 3, post.key).Draw(r, "posts")
			text := sharesHeader
			for _, p := range posts {
				text += p.line()
			}
			before := c.standing(posts[0].person)
			f, already, err := c.try(name, text, "", false)
			if err != nil {
				r.Fatal(err)
			}
			if !already && len(posts) == 1 {
				after := append(slices.DeleteFunc(before, func(p post) bool { return p.key() == posts[0].key() }), posts[0])
				if want := fits(after); want != (f.Quarantined == 0) {
					r.Fatalf("%s: fits %v\n%s%v", receipt(f), want, text, before)
				}
			}
			if rapid.IntRange(0, 2).Draw(r, "withdraw") == 0 {
				c.withdrawAny(r, rapid.IntRange(0, i).Draw(r, "which"))
			}
			for _, person := range []string{"E002", "E777"} {
				if posts := c.standing(person); !fits(posts) {
					r.Fatalf("%s is shared too much: %v", person, posts)
				}
			}
		}
		c.examined()
		before := c.everything()
		if err := c.books.Rebuild(t.Context()); err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(before, c.everything()); diff != "" {
			r.Fatalf("the rebuilt books differ:\n%s", diff)
		}
		if err := c.books.Close(); err != nil {
			r.Fatal(err)
		}
	})
}

// withdrawAny takes a file back if it stands; it may be refused because later ones lean on it, and then nothing changes.
func (c *office) withdrawAny(r *rapid.T, i int) {
	sum := c.sha256(fmt.Sprintf("%d.csv", i))
	before := append(c.standing("E002"), c.standing("E777")...)
	_, err := ingest.Withdraw(c.Context(), c.books, c.version, sum, "", ingest.Options{Actor: "刘洋", Day: today})
	if err == nil {
		return
	}
	if rule := refusal(err); rule != "withdraw.overlap" && !strings.Contains(rule, "no file with") {
		r.Fatal(err)
	}
	if diff := cmp.Diff(before, append(c.standing("E002"), c.standing("E777")...), cmp.AllowUnexported(post{})); diff != "" {
		r.Fatalf("a refused withdrawal changed the books:\n%s", diff)
	}
}
