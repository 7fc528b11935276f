package reports

import (
	"plumbline/policy"
)

// term is a word of the regulation or of the workbook in both languages.
type term struct{ zh, en, saysZH, saysEN string }

// terms are those of the regulation, and the states that cells show.
var terms = []term{
	{"指标", "KPI", "两个可加数之比或一个合计，口径写在制度中", "A ratio of two sums or a sum, as the policy defines it"},
	{"目标", "Target", "指标应达到的数：个人目标优先于部门，部门优先于考核表", "What a KPI should reach: a person's own before the department's, that before the scorecard's"},
	{"权重", "Weight", "一项指标占指标得分的百分比；缺数据时按比例分给其余各项", "The share of an item in the KPI points; without data the others carry it in proportion"},
	{"达成率", "Attainment", "实际 ÷ 目标；越低越好的指标为目标 ÷ 实际", "Actual ÷ target; target ÷ actual where lower is better"},
	{"得分", "Points", "达成率经考核表的曲线折算的分数", "What the scorecard's curve gives for the attainment"},
	{"指标得分", "KPI points", "各项得分按计分权重加权之和，四舍五入到两位小数", "The points of the items by the weights used, rounded to two decimals"},
	{"上级评分", "Superior's points", "季度上级评估各项目的加权分，多位上级取平均，校准后以校准为准", "The weighted points of the quarterly evaluation, the mean of several superiors; calibrated points take their place"},
	{"自评", "Self-review", "员工每月依据工作日志与记录的自我评价", "What a person says of a month, from work logs and records"},
	{"上级评估", "Evaluation by the superior", "每季度由直接上级给出的评价，不能评自己", "What the direct superior says each quarter; nobody evaluates himself"},
	{"总分", "Total", "指标得分与上级评分按占比合成，再减去扣分，不低于 0", "KPI points and superior's points by their shares, less penalties, never below 0"},
	{"等级", "Rating band", "总分所在的分数段，受等级限制与强制分布约束", "The band that the total falls into, bound by limits and distributions"},
	{"名次", "Rank", "同一部门内按总分排列，同分同名次", "By total within a department; equal totals share a rank"},
	{"样本不足", "Too few records", "记录少于口径规定的最少样本 n：照列，不排名，不计分", "Fewer records than the KPI's minimum n: shown, not ranked, not scored"},
	{"无数据", "No data", "没有可计的记录；不是零", "No record that counts; this is not zero"},
	{"不显示", "Withheld", "匿名答卷过少或可被推算，不给出数字", "Anonymous answers of too few, or from which too few could be worked out"},
	{"待上级评分", "Provisional", "上级评估未到，总分暂按指标得分计", "The superior's points are not in; the KPI points stand alone"},
	{"终评", "Final", "上级评分已计入", "The superior's points count"},
	{"无得分", "No score", "没有考核表，或没有一项指标数据足够", "No scorecard applies, or no item has enough data"},
	{"人次", "Stay", "一人在一个部门的一段任职；调动或兼任的人有几段", "The days of a person in one department; who moved has several"},
	{"封账", "Seal", "账本、记录、组织、制度与结果记入同一封账号，此后不改", "Ledger, records, organisation, policy and results under one hash, unchanged from then on"},
	{"账本", "Ledger", "原件与决定的流水，首尾相连，只增不改", "Originals and decisions in one hash chain that only grows"},
	{"调整", "Adjustment", "封账之后会改变结果的事项，另列，经批准后补差", "What comes after the seal and would change results: listed apart, compensated once approved"},
	{"申诉", "Appeal", "本人对公布结果的异议：先部门调解，后 HR 仲裁", "A person's objection to the published results: mediated in the department, then arbitrated by HR"},
	{"仲裁", "Arbitration", "调解不成后由人力资源裁定", "HR's decision where mediation failed"},
	{"奖惩", "Rewards and penalties", "由封账结果生成的名单，部门负责人、财务、总经理逐级签字", "The list drawn from the sealed results, signed by head, finance and CEO"},
	{"隔离", "Quarantine", "不合规则的行先放一边，改正后进入，绝不丢弃", "Rows that break a rule are set aside until corrected, never dropped"},
	{"决议", "Resolution", "会议作出的决定，须在期限内落实责任人并跟踪", "What a meeting decided; it gets an owner in time and is followed up"},
	{"抽查", "Sample check", "每季按种子随机抽取流程核查合规", "The quarterly audit of a random sample of processes"},
	{"工作日志", "Work log", "每日工时与内容的记录", "The record of a day's hours and work"},
	{"交付记录", "Delivery record", "一件交付的到期、完成与验收", "When a delivery was due, made and accepted"},
	{"商机", "Opportunity", "一项销售机会及其结案", "A chance of a sale and how it closed"},
}

// writeGlossary explains terms, states and figures in both languages.
func (b *book) writeGlossary() error {
	l := &list{table: "tbl_glossary", columns: []listColumn{{head: "中文", look: wrapLook.strong(), least: 16, most: 26}, {head: "English", look: wrapLook.strong(), least: 20, most: 30},
		{head: b.t("类别", "Kind"), look: textLook}, {head: "释义", look: wrapLook, least: 40, most: 58}, {head: "Meaning", look: wrapLook, least: 40, most: 62}}}
	for _, t := range terms {
		l.rows = append(l.rows, cells(t.zh, t.en, b.t("术语", "term"), t.saysZH, t.saysEN))
	}
	for i := range b.Report.Policy.Bands {
		band := &b.Report.Policy.Bands[i]
		name := policy.Text{ZH: band.Name.In(policy.ZH), EN: band.Name.In(policy.EN)}
		l.rows = append(l.rows, cells(band.ID+" "+name.ZH, band.ID+" "+name.EN, b.t("等级", "band"), band.From.String()+" 分及以上", band.From.String()+" and above"))
	}
	for _, k := range b.Report.KPIs {
		l.rows = append(l.rows, cells(k.Name.In(policy.ZH), k.Name.In(policy.EN), b.t("指标", "KPI"), k.Formula.In(policy.ZH), k.Formula.In(policy.EN)))
	}
	return b.listSheet(b.plan.glossary, tabEvidence, b.t("术语表", "Glossary"), b.t("制度与本工作簿所用的词，中英文对照。", "The words of the regulation and of this workbook, in Chinese and English."), l)
}
