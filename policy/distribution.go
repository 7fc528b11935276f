package policy

import (
	"strings"

	"plumbline/internal/fixed"
)

// distribution reads {shares, from, lift}.
func (c *checker) distribution(n *node, p Place) *Distribution {
	o, ok := c.object(n, p, "distribution")
	if !ok {
		return nil
	}
	d := &Distribution{Lift: c.truth(o.find("lift"), false)}
	from := o.need("from")
	if v, ok := c.number(from); ok {
		if v < fixed.Int(2) || v%fixed.Int(1) != 0 {
			c.fault(from.place, say("from 须是 2 以上的整数，一个人无从分布", "from is a whole number from 2 upwards, since one person has no distribution"),
				say("写至少几个人才强制分布，例如 10", "write how many people it takes, such as 10"))
		}
		d.From = int64(v / fixed.Int(1))
	}
	if shares := o.need("shares"); shares != nil {
		d.Shares = c.bandShares(shares, o.keys["shares"])
	}
	return d
}

// bandShares reads the share of every band, best first.
func (c *checker) bandShares(n *node, p Place) []fixed.Num {
	if len(c.policy.Bands) == 0 { // reported
		return nil
	}
	shares := make([]fixed.Num, len(c.policy.Bands))
	named := make([]bool, len(shares))
	before, whole := -1, n.shape == mapping
	for _, e := range c.entries(n) {
		i, ok := c.shareOf(e, before, shares)
		if whole = whole && ok; i >= 0 {
			named[i], before = true, max(before, i)
		}
	}
	for i, ok := range named {
		if !ok && n.shape == mapping {
			whole = false
			c.fault(p, say("缺少等级 %s 的比例", "the share of the band %s is missing", c.policy.Bands[i].ID),
				say("补上 %s，没有名额就写 0", "add %s, with 0 when it has no quota", c.policy.Bands[i].ID))
		}
	}
	if whole {
		var sum fixed.Num
		for _, share := range shares {
			sum += share
		}
		c.hundred(p, Text{"各等级比例", "the shares of the bands"}, sum)
	}
	return shares
}

// shareOf reads one band's share. It gives the band's position, or -1, and whether the share can be added up.
func (c *checker) shareOf(e pair, before int, shares []fixed.Num) (int, bool) {
	i := c.policy.bandIndex(e.key.text)
	if i < 0 {
		c.fault(e.key.place, say("没有等级“%s”", "there is no band “%s”", clip(e.key.text)), oneOfCure(e.key.text, c.policy.bandIDs()))
		return i, false
	}
	if i < before {
		c.fault(e.key.place, say("等级须由高到低：%s 高于前面的 %s", "bands run from the best down: %s is better than %s before it", e.key.text, c.policy.Bands[before].ID),
			say("按 %s 的顺序写", "keep the order %s", strings.Join(c.policy.bandIDs(), ", ")))
	}
	v, ok := c.number(e.value)
	if ok && (v < 0 || v > fixed.Int(100)) {
		c.fault(e.value.place, say("比例须在 0 到 100 之间", "a share lies between 0 and 100"), say("写百分数，例如 20", "write a percentage such as 20"))
		ok = false
	}
	shares[i] = v
	return i, ok
}

// bonus reads a bonus coefficient, which never rises as bands fall.
func (c *checker) bonus(n *node, before *Band) *fixed.Num {
	v, ok := c.number(n)
	if !ok {
		return nil
	}
	switch {
	case v < 0:
		c.fault(n.place, say("奖金系数不可为负", "a bonus coefficient is never negative"), say("不发奖金写 0", "write 0 for no bonus"))
	case before != nil && before.Bonus != nil && v > *before.Bonus:
		c.fault(n.place, say("奖金系数随等级只降不升：%s 高于上一等级的 %s", "a bonus coefficient never rises as bands fall: %s is above the %s of the band before", v, *before.Bonus),
			say("写不高于上一等级的系数", "write at most that of the band before"))
	}
	return &v
}

// bonuses makes sure that either every band has a bonus coefficient or none has; bare are the places of bands that have none.
func (c *checker) bonuses(bare []Place) {
	if len(bare) == len(c.policy.Bands) {
		return
	}
	for _, p := range bare {
		c.fault(p, say("这个等级没有 bonus，别的等级却有", "this band has no bonus, but others have one"),
			say("各等级都写 bonus，不发奖金写 0；或者都不写", "give every band a bonus, 0 where nothing is paid, or none of them"))
	}
}
