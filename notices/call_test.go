package notices_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/notices"
	"plumbline/policy"
	"plumbline/reviews"
)

// TestCallSheet: the urgent ones alone, with the number where the list of employees has one; calls that were made are shown and not made twice.
func TestCallSheet(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	people := must(notices.Contacts(ctx, w.b, w.version().Policy))
	if c := people[headSales]; c.Name.ZH != "王二" || c.Email != "e02@example.com" || c.Phone != "" {
		t.Errorf("the contact is %+v", c)
	}
	urgent := made(2, notices.IncidentToReport)
	urgent[0].Since = urgent[0].Since.Add(time.Hour)
	sheet := func() (lines []string) {
		for _, c := range notices.CallSheet(append(made(1, notices.SelfReviewSoon), urgent...), people, must(notices.Calls(ctx, w.b))) {
			done := ""
			if c.Done != nil {
				done = " " + c.Done.Actor + " " + c.Done.At.In(shanghai).Format("01-02 15:04") + " " + c.Done.Note
			}
			lines = append(lines, c.Employee+" "+c.Name.ZH+" "+c.Say.ZH+done)
		}
		return lines
	}
	if got, want := sheet(), []string{"E02 王二 标题。给E02", "E01 顾一 标题。给E01"}; !slices.Equal(got, want) {
		t.Errorf("the sheet is %q, want %q", got, want)
	}
	w.ok(notices.Called(ctx, w.b, hr, urgent[1].Key, "E02", "已告知"))
	want := []string{"E01 顾一 标题。给E01", "E02 王二 标题。给E02 E08 10-01 09:00 已告知"}
	if got := sheet(); !slices.Equal(got, want) {
		t.Errorf("after a call it is %q, want %q", got, want)
	}
	for _, err := range []error{notices.Called(ctx, w.b, hr, urgent[1].Key, "E02", "再打"), notices.Called(ctx, w.b, "", urgent[0].Key, "E01", ""), notices.Called(ctx, w.b, hr, urgent[0].Key, "E01", strings.Repeat("长", 501))} {
		if _, ok := errors.AsType[*reviews.Refusal](err); !ok {
			t.Errorf("got %v, want a refusal", err)
		}
	}
	w.ok(w.b.Rebuild(ctx))
	if got := sheet(); !slices.Equal(got, want) {
		t.Errorf("after a rebuild it is %q", got)
	}
}

// TestPhones: a policy whose list of employees has a telephone number gives it to the sheet.
func TestPhones(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	s := policy.Default()
	for i := range s {
		if s[i].Name == "datasets.yaml" {
			text := strings.Replace(s[i].Text, "    hired_on:    {type: date, name: {zh: 入职日期", "    phone:       {type: text, optional: true, name: {zh: 手机, en: Phone}}\n    hired_on:    {type: date, name: {zh: 入职日期", 1)
			if text == s[i].Text {
				t.Fatal("the default policy has another form")
			}
			s[i].Text = text
		}
	}
	w.ok(policy.Adopt(ctx, w.b, s, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "telephone numbers", "tester"))
	if n := w.take(map[string]string{"employees.csv": "工号,姓名,入职日期,离职日期,岗位,手机\nE02,王二,2020-01-01,,销售经理,13800000000\n"}); n != 0 {
		t.Fatalf("%d rows are faulty", n)
	}
	people := must(notices.Contacts(ctx, w.b, w.version().Policy))
	if people[headSales].Phone != "13800000000" || people[ceo].Phone != "" {
		t.Errorf("the numbers are %q and %q", people[headSales].Phone, people[ceo].Phone)
	}
}
