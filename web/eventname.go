package web

import (
	"plumbline/access"
	"plumbline/ingest"
	"plumbline/internal/backup"
	"plumbline/policy"
)

// eventNames say what an event of the ledger is.
var eventNames = map[string]policy.Text{
	ingest.Ingested: {ZH: "导入文件", EN: "file taken in"}, ingest.Released: {ZH: "隔离行入账", EN: "rows released from quarantine"}, ingest.Withdrawn: {ZH: "撤回文件", EN: "file withdrawn"}, ingest.Dismissed: {ZH: "隔离行不予处理", EN: "rows dismissed"},
	policy.Adopted: {ZH: "启用制度", EN: "policy adopted"}, backup.Restored: {ZH: "由备份退回到较早的状态", EN: "went back to an earlier state by a backup"},
	"month.opened": {ZH: "开放自评", EN: "self-reviews opened"}, "self.saved": {ZH: "保存自评", EN: "self-review saved"}, "self.submitted": {ZH: "提交自评", EN: "self-review submitted"}, "self.reopened": {ZH: "退回自评", EN: "self-review given back"},
	"quarter.opened": {ZH: "开放评估", EN: "evaluations opened"}, "evaluation.saved": {ZH: "保存评估", EN: "evaluations saved"}, "evaluation.submitted": {ZH: "提交评估", EN: "evaluation submitted"}, "evaluation.returned": {ZH: "退回评估", EN: "evaluation returned"},
	"evaluation.calibrated": {ZH: "校准", EN: "calibrated"}, "evaluation.exempted": {ZH: "免评", EN: "exempted"}, "evaluation.unexempted": {ZH: "取消免评", EN: "exemption taken back"}, "calibration.closed": {ZH: "结束校准", EN: "calibration closed"}, "calibration.reopened": {ZH: "重开校准", EN: "calibration reopened"},
	"deputy.named": {ZH: "指定代理人", EN: "deputy named"}, "deputy.revoked": {ZH: "撤销代理", EN: "deputy revoked"}, "quarter.published": {ZH: "公布结果", EN: "results published"},
	"appeal.filed": {ZH: "提出申诉", EN: "appeal filed"}, "appeal.mediated": {ZH: "申诉调解", EN: "appeal mediated"}, "appeal.escalated": {ZH: "申请仲裁", EN: "appeal escalated"}, "appeal.arbitrated": {ZH: "申诉仲裁", EN: "appeal arbitrated"}, "appeal.withdrawn": {ZH: "撤回申诉", EN: "appeal withdrawn"},
	"quarter.sealed": {ZH: "封账", EN: "sealed"}, "adjustment.approved": {ZH: "批准调整", EN: "adjustment approved"},
	"rewards.drawn": {ZH: "生成奖惩名单", EN: "reward list drawn up"}, "rewards.signed": {ZH: "签字", EN: "sheet signed"}, "rewards.refused": {ZH: "退回名单", EN: "list refused"}, "rewards.emergency": {ZH: "先行发放", EN: "paid ahead"},
}

// eventName says what an event of the ledger is, by its kind where nobody named it.
func (q *request) eventName(kind string) string {
	if t, ok := eventNames[kind]; ok {
		return t.In(q.lang)
	}
	return kind
}

// actionNames say what an entry of the log of reads and changes is about.
var actionNames = map[string]policy.Text{
	string(access.Person): {ZH: "查看个人绩效", EN: "person's figures read"}, string(access.SelfRead): {ZH: "查看自评", EN: "self-review read"}, string(access.Evidence): {ZH: "查看个人明细", EN: "person's rows read"},
	string(access.People): {ZH: "查看人员表", EN: "people of a department read"}, string(access.Rows): {ZH: "查看或下载部门明细", EN: "rows of a department read"}, string(access.RoundsRead): {ZH: "查看考核进度", EN: "progress of a quarter read"}, string(access.Rounds): {ZH: "试算奖惩名单", EN: "rewards previewed"},
	string(access.Rewards): {ZH: "查看奖惩名单", EN: "reward list read"}, string(access.Payroll): {ZH: "下载工资发放表", EN: "payroll downloaded"}, string(access.Workbook): {ZH: "下载人事工作簿等", EN: "HR workbook and the like"}, string(access.Pack): {ZH: "下载战略会材料", EN: "strategy pack downloaded"},
	string(access.Audits): {ZH: "抽样", EN: "audit sample"}, string(access.Evaluate): {ZH: "查看评估", EN: "evaluations read"}, string(access.Files): {ZH: "查看数据", EN: "data read"},
	"command": {ZH: "经由服务的命令行", EN: "command line through the service"}, verifiedAction: {ZH: "核验封账", EN: "seal verified"}, drawnAction: {ZH: "抽取审计样本", EN: "audit sample drawn"},
	"account.created": {ZH: "建立账号", EN: "account made"}, "account.changed": {ZH: "修改账号", EN: "account changed"}, "account.disabled": {ZH: "停用账号", EN: "account disabled"}, "account.enabled": {ZH: "启用账号", EN: "account enabled"}, "account.erased": {ZH: "删除账号", EN: "account erased"},
	"role.granted": {ZH: "授予角色", EN: "role granted"}, "role.revoked": {ZH: "收回角色", EN: "role revoked"}, "session.created": {ZH: "登录", EN: "signed in"}, "session.ended": {ZH: "退出", EN: "signed out"}, "session.revoked": {ZH: "结束登录", EN: "session revoked"},
	"signin.refused": {ZH: "登录被拒", EN: "sign-in refused"}, "password.set": {ZH: "设置密码", EN: "password set"}, "password.changed": {ZH: "修改密码", EN: "password changed"}, "password.reset": {ZH: "重设密码", EN: "password reset"}, "password.reset_offered": {ZH: "发出重设链接", EN: "reset offered"},
	backup.Restored: {ZH: "由备份退回到较早的状态", EN: "went back to an earlier state by a backup"},
	"token.created": {ZH: "建立令牌", EN: "token made"}, "token.revoked": {ZH: "撤销令牌", EN: "token revoked"}, "setup.done": {ZH: "完成初始设置", EN: "set up"}, "change.failed": {ZH: "变更未成", EN: "change failed"},
	"identity.linked": {ZH: "关联外部身份", EN: "identity linked"}, "identity.unlinked": {ZH: "解除外部身份", EN: "identity unlinked"},
}

// actionName says what an entry of the log is about, by its action where nobody named it.
func (q *request) actionName(action string) string {
	if t, ok := actionNames[action]; ok {
		return t.In(q.lang)
	}
	return action
}
