package reviews

import (
	"errors"
	"fmt"

	"plumbline/internal/ledger"
	"plumbline/policy"
)

// Fault is one thing that verification found wrong.
type Fault struct {
	What   policy.Text // what was looked at
	Detail policy.Text // the first place where it is wrong
}

func (f Fault) Error() string {
	en := f.What.EN + ": " + f.Detail.EN
	if f.Detail.ZH == f.Detail.EN {
		return f.What.ZH + " · " + en
	}
	return f.What.ZH + "：" + f.Detail.ZH + " · " + en
}

// told gives an error in both languages as far as it is known; the place stands in both.
func told(err error) policy.Text {
	t := policy.Text{ZH: "无法核对：" + err.Error(), EN: err.Error()}
	if damage, ok := errors.AsType[*ledger.DamageError](err); ok {
		t.ZH = damage.File
		if damage.Line > 0 {
			t.ZH += fmt.Sprintf(" 第 %d 行", damage.Line)
		}
		if damage.Seq > 0 {
			t.ZH += fmt.Sprintf("（事件 %d）", damage.Seq)
		}
		t.ZH += " 已损坏（" + damage.Reason + "）；请从备份恢复数据目录"
	}
	if head, ok := errors.AsType[*ledger.HeadError](err); ok {
		t.ZH = fmt.Sprintf("第 %d 个事件与早先导出的末尾不同", head.Head.Seq)
		if head.End < head.Head.Seq {
			t.ZH = fmt.Sprintf("账本止于第 %d 个事件，早先导出的末尾是第 %d 个；请恢复较新的副本", head.End, head.Head.Seq)
		}
	}
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		t = refusal.Say
	}
	return t
}
