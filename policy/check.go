package policy

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
	_ "time/tzdata" // a machine without zone files must read the same policy

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
)

// Check reads the files of s. When the policy is wrong the error is of type Errors and names every fault; any other error
// says that the check itself could not be done. The warehouse is used to parse and describe expressions, nothing else.
// The same files give the same Policy, which nobody may change: those found right last are kept, since hundreds of expressions take time.
func Check(ctx context.Context, db *warehouse.DB, s Source) (*Policy, error) {
	if err := s.shape(); err != nil {
		return nil, err
	}
	hash := s.Hash()
	if p := right.get(hash); p != nil {
		return p, nil
	}
	p, err := check(ctx, db, s)
	if err == nil {
		right.put(hash, p)
	}
	return p, err
}

// right are the policies found right last.
var right = &kept{byHash: map[string]*Policy{}}

// kept holds a few policies by the hash of their files.
type kept struct {
	mu     sync.Mutex
	byHash map[string]*Policy
	order  []string // the oldest first
}

const keptAtMost = 16

func (k *kept) get(hash string) *Policy {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.byHash[hash]
}

func (k *kept) put(hash string, p *Policy) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byHash[hash] == nil {
		k.order = append(k.order, hash)
	}
	k.byHash[hash] = p
	if len(k.order) > keptAtMost {
		delete(k.byHash, k.order[0])
		k.order = k.order[1:]
	}
}

func check(ctx context.Context, db *warehouse.DB, s Source) (*Policy, error) {
	return newChecker(ctx, db, s).check(s)
}

func newChecker(ctx context.Context, db *warehouse.DB, s Source) *checker {
	return &checker{
		reader: &reader{lines: map[string][]string{}},
		ctx:    ctx, db: db,
		policy:   &Policy{Source: append(Source(nil), s...)},
		unknown:  map[*Dataset]bool{},
		madeFrom: map[*Column][]Place{},
	}
}

func (c *checker) check(s Source) (*Policy, error) {
	company, datasets, kpis, scorecards := c.parse(s[0]), c.parse(s[1]), c.parse(s[2]), c.parse(s[3])
	if len(s) > 4 { // expressions count workdays
		if n := c.parse(s[4]); n != nil {
			c.calendar(n)
		}
	}
	about := c.company(company)
	if company != nil && datasets != nil { // expressions use the parameters
		c.datasets(datasets)
		c.parameterNames()
		c.ahead(slices.Concat(c.underDatasets(about.find("leave"), absenceUse), c.underDatasets(about.find("quality"), qualityUse), c.underDatasets(about.find("audit"), qualityUse), c.underDatasets(about.find("pack"), qualityUse), c.underDatasets(kpis, countUse)))
		c.leaves(about.find("leave"))
		c.quality(about.find("quality"), about.keys["quality"])
		c.audit(about.find("audit"), about.keys["audit"])
		if kpis != nil {
			c.kpis(kpis)
			if scorecards != nil {
				c.scorecards(scorecards)
				c.procedure(about)
			}
			c.pack(about.find("pack"), about.keys["pack"])
		}
	}
	if c.broken != nil {
		return nil, fmt.Errorf("check policy: %w", c.broken)
	}
	if c.faults != nil {
		return nil, c.faults.sorted()
	}
	return c.policy, nil
}

// checker builds a Policy. It goes on after a fault with what it has, so that one run names them all.
type checker struct {
	*reader
	ctx      context.Context // of the one call of Check
	db       *warehouse.DB
	policy   *Policy
	unknown  map[*Dataset]bool   // datasets with a column of unknown type, over which no expression can be bound
	madeFrom map[*Column][]Place // where the names of Column.MadeFrom stand
	asked    asked               // what was asked of DuckDB ahead
	broken   error               // why the check could not be done
}

// company reads company.yaml but for the sections that name datasets and KPIs, which are read after those.
func (c *checker) company(n *node) *object {
	if n == nil {
		return nil
	}
	o, _ := c.object(n, n.place, companyFile)
	if about := o.need("company"); about != nil {
		if o, ok := c.object(about, o.keys["company"], "company"); ok {
			c.policy.Company.Name = c.bilingual(o.need("name"), maxName)
			c.policy.Company.Timezone = c.timezone(o.need("timezone"))
			c.policy.Company.WorkdayHours = c.workday(o.find("workday_hours"))
		}
	}
	for _, p := range c.entries(o.find("parameters")) {
		c.parameter(p)
	}
	if bands := o.need("bands"); bands != nil {
		c.bands(bands)
	}
	return o
}

// workday reads how many hours a day of work has: 8 unless it says otherwise.
func (c *checker) workday(n *node) fixed.Num {
	if n == nil {
		return fixed.Int(8)
	}
	v, ok := c.number(n)
	if ok && (v <= 0 || v > fixed.Int(24)) {
		c.fault(n.place, say("%s 小时不是一个工作日", "%s hours are no day of work", v), say("写 0 以上、24 以内的数字", "write a number above 0, at most 24"))
	}
	return v
}

func (c *checker) timezone(n *node) string {
	zone, ok := c.word(n, maxName)
	if !ok {
		return ""
	}
	// "Local" would make business days depend on the machine.
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		c.fault(n.place, say("没有“%s”这个时区", "there is no time zone “%s”", clip(zone)),
			say("写 IANA 名称，例如 Asia/Shanghai", "write an IANA name such as Asia/Shanghai"))
	}
	return zone
}

func (c *checker) parameter(p pair) {
	valid := c.named(p.key, true)
	o, ok := c.object(p.value, p.key.place, "parameter")
	if !ok {
		return
	}
	value, _ := c.number(o.need("value"))
	name := c.bilingual(o.need("name"), maxName)
	if valid {
		c.policy.Parameters = append(c.policy.Parameters, Parameter{p.key.text, name, value, p.key.place})
	}
}

// parameterNames refuses parameters that an expression could mistake for a column. The bonus base may be both: expressions over
// employees read the column, and the parameter is for those in whose cell nothing stands.
func (c *checker) parameterNames() {
	for _, p := range c.policy.Parameters {
		for _, d := range c.policy.Datasets {
			if p.ID == BonusBase && d.ID == Employees {
				continue
			}
			if d.Column(p.ID) != nil {
				c.fault(p.Place, say("参数 %s 与记录 %s 的列同名", "the parameter %s has the name of a column of %s", p.ID, d.ID),
					say("给参数换一个名称", "rename the parameter"))
				break
			}
		}
	}
}

func (c *checker) bands(n *node) {
	seen := map[string]bool{}
	var before *Band
	var bare []Place // of bands without a bonus coefficient
	for _, item := range c.list(n) {
		o, ok := c.object(item, item.place, "band")
		if !ok {
			continue
		}
		band := Band{Name: c.bilingual(o.need("name"), maxName)}
		id := o.need("id")
		if band.ID, ok = c.word(id, maxBand); ok {
			if key := WordKey(band.ID); seen[key] {
				c.fault(id.place, say("等级 %s 重复", "the band %s stands here a second time", band.ID), say("等级各不相同", "give each band its own id"))
			} else {
				seen[key] = true
			}
		}
		if _, given := o.values["bonus"]; !given {
			bare = append(bare, item.place)
		}
		band.Bonus = c.bonus(o.find("bonus"), before)
		from := o.need("from")
		band.From, ok = c.number(from)
		c.policy.Bands = append(c.policy.Bands, band) // also without a good from: scorecards name bands
		if !ok {
			continue
		}
		if before != nil && band.From >= before.From {
			c.fault(from.place, say("等级须由高到低：%s 应低于上一等级的 %s", "bands run from the best down: %s must be below the %s of the band before", band.From, before.From),
				say("按 from 由高到低排列，不可相同", "order them by falling from, none twice"))
		}
		before = &band
	}
	c.bonuses(bare)
}

// hundred reports a sum that is not 100.
func (c *checker) hundred(p Place, what Text, sum fixed.Num) {
	if sum == fixed.Int(100) {
		return
	}
	c.fault(p, Text{what.ZH + "合计 " + sum.String() + "，应为 100", what.EN + " add up to " + sum.String() + ", not 100"},
		say("调整到合计正好 100（差 %s）", "adjust them to exactly 100 (%s to go)", fixed.Int(100)-sum))
}
