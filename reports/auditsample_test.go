package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"

	"plumbline/audit"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// auditFixture is a sample of two processes with an object called like a formula, one whose owner had no department, and one for which nobody
// qualifies as auditor.
func auditFixture() *audit.Sample {
	column := func(id string, of policy.Type, zh, en string, values ...policy.EnumValue) *policy.Column {
		return &policy.Column{ID: id, Type: of, Name: bi(zh, en), Values: values}
	}
	findings := &policy.Dataset{ID: policy.Findings, Name: bi("审计发现", "Audit findings"), Columns: []*policy.Column{
		column("finding_id", policy.TypeID, "抽查编号", "Finding ID"), column("audited_on", policy.TypeDate, "抽查日期", "Audited on"),
		column("process", policy.TypeText, "流程", "Process"), column("item", policy.TypeText, "抽查对象", "Item"),
		column("employee_no", policy.TypeEmployee, "流程负责人工号", "Process owner no."), column("department_id", policy.TypeDepartment, "被审计部门编号", "Department ID"),
		column("auditor_no", policy.TypeEmployee, "审计人工号", "Auditor no."), column("compliant", policy.TypeBool, "是否合规", "Compliant"),
		column("severity", policy.TypeEnum, "问题程度", "Severity", policy.EnumValue{Value: "minor", Name: bi("轻微", "Minor")}, policy.EnumValue{Value: "major", Name: bi("较重", "Major")}),
		column("finding", policy.TypeText, "问题描述", "Finding"), column("due_on", policy.TypeDate, "整改期限", "Due on")}}
	p := &policy.Policy{Company: policy.Company{Name: bi("某某公司", "Example Company")}, Datasets: []*policy.Dataset{findings}}
	q3, err := period.Parse("2026Q3")
	if err != nil {
		panic(err)
	}
	purchases, papers := &policy.AuditProcess{ID: "purchases", Name: bi("采购审批", "Purchase approvals")}, &policy.AuditProcess{ID: "documents", Name: bi("文件归档", "Documents")}
	ann, bob := metrics.Person{No: "00012", Name: bi("安某", "Ann")}, metrics.Person{No: "00025", Name: bi("白某", "Bob")}
	return &audit.Sample{Policy: p, Period: q3, Seed: "7", Made: date("2026-10-15"), Basis: metrics.Basis{PolicyVersion: 3, LedgerSeq: 38, LedgerHash: "915cc9f32410abcdef"},
		Strata: []audit.Stratum{
			{Process: purchases, Department: "D1", Name: bi("销售部", "Sales"), Population: 12, Drawn: []audit.Object{
				{ID: "CC-2026Q3-0123456789ab", Key: "P1", Item: "P1", Owner: ann, Auditor: bob, Day: date("2026-07-01"), Seq: 30, Row: 86},
				{ID: "CC-2026Q3-0123456789ac", Key: "P2", Item: `=HYPERLINK("http://x")`, Owner: ann, Auditor: bob, Day: date("2026-09-30"), Seq: 31, Row: 2}}},
			{Process: papers, Population: 1, Drawn: []audit.Object{
				{ID: "CC-2026Q3-0123456789ad", Key: "F 1", Item: "城南门户改造项目-2026年7月-1.0版", Owner: bob, Day: date("2026-08-15"), Seq: 36, Row: 9}}}}}
}

func TestAuditSampleGolden(t *testing.T) {
	for _, lang := range bothLanguages {
		t.Run(string(lang), func(t *testing.T) {
			path, err := WriteAuditSample(t.Context(), t.TempDir(), auditFixture(), lang)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Dump(path)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "audit-sample-"+string(lang)+".txt", got)
		})
	}
}

// TestOnlyTheAuditorsCellsAreOpen reads which cells may be changed, and that the next version leaves the filled-in one alone.
func TestOnlyTheAuditorsCellsAreOpen(t *testing.T) {
	dir := t.TempDir()
	first, err := WriteAuditSample(t.Context(), dir, auditFixture(), policy.ZH)
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenFile(first)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if o, err := f.GetSheetProtection("抽查表"); err != nil || !o.SelectUnlockedCells || o.EditObjects {
		t.Errorf("protection %+v, %v", o, err)
	}
	open := ""
	for col := range 16 {
		at := address(col+1, 2)
		id, err := f.GetCellStyle("抽查表", at)
		if err != nil {
			t.Fatal(err)
		}
		style, err := f.GetStyle(id)
		if err != nil {
			t.Fatal(err)
		}
		if style.Protection != nil && !style.Protection.Locked {
			open += " " + at
		}
	}
	if want := " B2 G2 H2 I2 J2 K2"; open != want {
		t.Errorf("open cells%s, want%s", open, want)
	}
	second, err := WriteAuditSample(t.Context(), dir, auditFixture(), policy.ZH)
	if err != nil || first == second || filepath.Base(second) != "某某公司-2026年第3季度审计抽查-1.1版.xlsx" {
		t.Fatalf("%s, then %s, %v", first, second, err)
	}
	a, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(second)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("the same sample gives other bytes, %v", err)
	}
}
