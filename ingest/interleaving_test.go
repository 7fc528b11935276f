package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"plumbline/ingest"
)

// randomDeals draws a file of opportunities with some of the optional columns, from few records so that files meet.
func randomDeals(r *rapid.T) string {
	header, optional := "商机编号,负责人工号,创建日期,结果", []string{}
	for _, c := range []string{"客户名称", "结案日期", "金额"} {
		if rapid.Bool().Draw(r, c) {
			header, optional = header+","+c, append(optional, c)
		}
	}
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"O1", "O2", "O3", "O4"}), 1, 4, rapid.ID[string]).Draw(r, "ids")
	text := header + "\n"
	for _, id := range ids {
		line := fmt.Sprintf("%s,%s,%s,进行中", id, rapid.SampledFrom([]string{"0007", "0007", "E001"}).Draw(r, "owner"),
			rapid.SampledFrom([]string{"2026-06-01", "2026-06-01", "2026-06-10", "2026-06-31"}).Draw(r, "created"))
		for _, c := range optional {
			values := map[string][]string{"客户名称": {"甲公司", "乙公司", ""}, "结案日期": {"", "2026-06-20", "2026-07-01"}, "金额": {"1", "2", "x", ""}}[c]
			line += "," + rapid.SampledFrom(values).Draw(r, c)
		}
		text += line + "\n"
	}
	return text
}

// Whatever comes in, comes in again and is taken back, in any order: the books say what they would say if the files that still
// stand had come in by themselves, in the order of their last coming in; and rebuilt they are the same to the last row.
func TestInterleaving(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := company(t)
		pool := rapid.SliceOfNDistinct(rapid.Custom(randomDeals), 2, 5, rapid.ID[string]).Draw(r, "files")
		var standing []int // indexes into pool, in the order of coming in
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			i := rapid.IntRange(0, len(pool)-1).Draw(r, "file")
			name := fmt.Sprintf("%d.csv", i)
			if at := slices.Index(standing, i); at >= 0 && rapid.Bool().Draw(r, "withdraw") {
				o := ingest.Options{Actor: "刘洋", Day: today}
				if _, err := ingest.Withdraw(t.Context(), c.books, c.version, c.sha256(name), "", o); err != nil {
					r.Fatal(err)
				}
				standing = slices.Delete(standing, at, at+1)
				continue
			}
			_, already, err := c.try(name, pool[i], "", false)
			if err != nil {
				r.Fatal(err)
			}
			if already != slices.Contains(standing, i) {
				r.Fatalf("%s: already %v, standing %v", name, already, standing)
			}
			if !already {
				standing = append(standing, i)
			}
		}
		c.examined()
		direct := company(t)
		for _, i := range standing {
			if _, _, err := direct.try(fmt.Sprintf("%d.csv", i), pool[i], "", false); err != nil {
				r.Fatal(err)
			}
		}
		if diff := cmp.Diff(direct.facts("opportunities"), c.facts("opportunities")); diff != "" {
			r.Fatalf("the books differ from those of %v alone:\n%s\n%s", standing, diff, strings.Join(pool, "\n"))
		}
		if err := direct.books.Close(); err != nil {
			r.Fatal(err)
		}
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
