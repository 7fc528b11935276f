package reviews

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

type sealed struct {
	on
	AsOf    int64  `json:"as_of"`
	Head    string `json:"head"`
	Policy  string `json:"policy"`
	Facts   string `json:"facts"`
	Org     string `json:"org"`
	Results string `json:"sha256"` // of the original that holds them
	Hash    string `json:"hash"`
}

// hash is SHA-256 over the parts of a seal, one a line.
func (e *sealed) hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "plumbline seal\n%s\n%d\n%s\n", e.Period, e.AsOf, strings.Join([]string{e.Head, e.Policy, e.Facts, e.Org, e.Results}, "\n"))
	return hex.EncodeToString(h.Sum(nil))
}

func (e *sealed) apply(r *Round, m Mark) error {
	if err := r.running(); err != nil {
		return err
	}
	if r.Published == nil {
		return refuse("seal.early", say("%s 尚未公布", "%s is not published yet", r.Period.String()), say("先公布结果", "publish the results first"))
	}
	if !m.At.After(r.AppealUntil) {
		return refuse("seal.early", say("申诉期至 %s，其间不能封账", "appeals may be filed until %s; the quarter cannot be sealed before", date(r.AppealUntil)), say("申诉期过后再封账", "seal it when the term is over"))
	}
	for _, a := range r.Appeals {
		if a.Outcome() == "" {
			return refuse("seal.appeals", say("申诉 %s 尚未了结", "the appeal %s is still open", a.ID), say("了结全部申诉后再封账", "decide all appeals first"))
		}
	}
	if e.Hash != e.hash() {
		return refuse("seal.hash", say("封账号与其内容不符", "the seal's hash is not that of its parts"), say("请重新封账", "seal it again"))
	}
	r.Sealed = &Seal{m, e.AsOf, e.Head, e.Policy, e.Facts, e.Org, e.Results, e.Hash}
	return nil
}

// standing reports whether the quarter is sealed, as rewards and adjustments need it.
func (r *Round) standing() error {
	if r.Sealed == nil {
		return refuse("round.unsealed", say("%s 尚未封账", "%s is not sealed yet", r.Period.String()), say("封账之后再办", "seal it first"))
	}
	return nil
}

type adjustmentApproved struct {
	on
	Seq    int64  `json:"seq"`
	Reason string `json:"reason"`
}

func (e *adjustmentApproved) apply(r *Round, m Mark) error {
	if err := r.standing(); err != nil {
		return err
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	last := r.Sealed.AsOf
	if n := len(r.Approved); n > 0 {
		last = r.Approved[n-1].Seq
	}
	if e.Seq <= last || e.Seq >= m.Seq {
		return refuse("adjustment.seq", say("账序 %d 不在 %d 之后、%d 之前", "the ledger sequence %d does not lie after %d and before %d", e.Seq, last, m.Seq),
			say("用 plumbline quarter adjustments 查看待审批的调整", "plumbline quarter adjustments shows what waits"))
	}
	r.Approved = append(r.Approved, Adjustment{Reason{m, e.Reason}, e.Seq})
	return nil
}
