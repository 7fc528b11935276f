package reports

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
)

// targetWords says where a target comes from: the scorecard, or a record with the day on which it was set; and how it was broken down to
// the period.
func (b *book) targetWords(v *metrics.Value) string {
	from := v.TargetFrom
	switch {
	case v.Target == nil || from == nil:
		return ""
	case from.Scorecard != nil:
		return b.t("考核表：", "scorecard: ") + from.Scorecard.Name.In(b.lang)
	}
	words := b.t("目标记录", "record") + b.recordIDs(from.IDs)
	if !from.SetOn.IsZero() {
		words += b.t("，", ", ") + from.SetOn.Format("2006-01-02") + b.t(" 下达", "")
	}
	if from.Period.Kind() > v.Period.Kind() {
		words += b.t("，", ", ") + b.nameOf(from.Period) + b.t("目标 ", ": ") + b.amount(from.Set.Rat(), v.KPI.Unit)
	}
	if from.Present != nil {
		words += fmt.Sprintf(b.t("，按在岗 %s%% 折算", ", for %s%% of the workdays"), fixed.Text(new(big.Rat).Mul(from.Present, big.NewRat(100, 1)), 1))
	}
	return words
}

// recordIDs names up to three records. Ids made up for files without any tell nobody anything.
func (b *book) recordIDs(ids []string) string {
	const most, made = 3, "~"
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return strings.HasPrefix(id, made) })
	if len(ids) == 0 {
		return ""
	}
	words := " " + strings.Join(ids[:min(len(ids), most)], b.t("、", ", "))
	if len(ids) > most {
		words += b.t(fmt.Sprintf(" 等 %d 条", len(ids)), fmt.Sprintf(" and %d more", len(ids)-most))
	}
	return words
}

// ownTarget says where a person's target comes from when a record sets it that does not set the department's.
func (b *book) ownTarget(v *metrics.Value, department *metrics.Score, item int) string {
	if v.TargetFrom == nil || v.TargetFrom.Scorecard != nil {
		return ""
	}
	if department.Scorecard != nil {
		if from := department.Items[item].Value.TargetFrom; from != nil && slices.Equal(from.IDs, v.TargetFrom.IDs) {
			return ""
		}
	}
	return v.KPI.Name.In(b.lang) + b.t("目标：", " target: ") + b.targetWords(v)
}
