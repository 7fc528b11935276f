package reports

import (
	"plumbline/metrics"
	"plumbline/policy"
)

// qualityList is the findings of the checks of data; those beyond their limit are marked in words.
func (b *book) qualityList(q *metrics.Quality) *list {
	names := map[string]string{}
	for i := range q.Departments {
		names[q.Departments[i].ID] = q.Departments[i].Name.In(b.lang)
	}
	l := &list{table: "tbl_quality", none: b.t("制度没有写数据质量检查", "the policy has no checks of data"), columns: []listColumn{{head: b.t("提示", "Warning"), look: textLook}, {head: b.t("部门", "Department"), look: wrapLook, most: 30},
		{head: b.t("人员", "Person"), look: wrapLook, most: 26}, {head: b.t("检查", "Check"), look: wrapLook, least: 16, most: 30}, {head: b.t("数据", "Data"), look: wrapLook, most: 20}, {head: b.t("查到", "Found"), look: number("#,##0.##")},
		{head: b.t("可判断", "Judged"), look: number("#,##0.##")}, {head: b.t("值", "Value"), look: number(fmtTwo)}, {head: b.t("单位", "Unit"), look: textLook}, {head: b.t("界限", "Limit"), look: number("#,##0.##")},
		{head: b.t("无从判断", "Unjudged"), look: number("#,##0.##;;")}, {head: b.t("状态", "State"), look: textLook}, {head: b.t("说明", "What was counted"), look: wrapLook, least: 40, most: 96}}}
	for _, f := range q.Findings {
		l.rows = append(l.rows, b.findingRow(f, names))
	}
	return l
}

func (b *book) findingRow(f metrics.Finding, names map[string]string) []listCell {
	warning, department, person := listCell{}, b.t("全公司", "Company"), ""
	if f.Warning {
		warning = listCell{value: b.t("▲ 提示", "▲ warning"), look: look{align: "left", ink: badInk, bold: true, line: hairline}}
	}
	if f.Department != "" {
		if department = names[f.Department]; department == "" {
			department = f.Department
		}
	}
	if f.Employee != "" {
		person = b.nameOfPerson(f.Employee)
	}
	unit, status := "%", b.okWords()
	switch f.Status {
	case metrics.Insufficient:
		status = b.fewWords() + f.N.String()
	case metrics.NoData:
		status = b.noDataWords()
	}
	value, found, judged := listCell{value: ""}, any(f.Ratio.Num.Float()), any(f.N.Float())
	if x, ok := f.Exact(); ok {
		y, _ := x.Float64()
		value = listCell{value: y}
		if f.Check.Kind != policy.Delay && f.Ratio.Den == f.N {
			value.formula = `IF(G{r}=0,"",F{r}/G{r}*100)`
		}
	}
	if f.Check.Kind == policy.Delay {
		found, unit = nil, b.t("天", "days")
	}
	return cells(warning, department, person, f.Check.Name.In(b.lang), f.Check.Dataset.Name.In(b.lang), found, judged, value, unit, f.Check.Limit.Float(), f.Unjudged.Float(), status, f.Says().In(b.lang))
}

// writeQuality shows what the checks say of the data behind the figures.
func (b *book) writeQuality() error {
	return b.listSheet(b.plan.quality, tabQuality, b.t("数据质量  ", "Data quality  ")+b.periodName(), b.qualityWords(), b.qualityList(b.Quality))
}

func (b *book) qualityWords() string {
	return b.t("检查只作提示，不改数据，也不影响得分。界限写在制度的 company.yaml 中；部门含下级部门。逐行明细用 plumbline quality 期间 --check 检查 --rows 查看。",
		"Checks warn; they correct nothing and change no score. Limits stand in the policy's company.yaml; departments include their sub-departments. For the rows run plumbline quality PERIOD --check CHECK --rows.")
}
