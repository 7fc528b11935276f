package accounts

import (
	"net/netip"
	"sync"
	"time"
)

// limit says how many tries may fail and how long one then waits.
type limit struct {
	free        int           // tries before anybody waits
	first, most time.Duration // the first wait, doubled with every further try
	leak        time.Duration // after which one try is forgotten
}

var (
	perAccount = limit{free: 10, first: 30 * time.Second, most: 15 * time.Minute, leak: 30 * time.Minute}
	perAddress = perAccount
	altogether = limit{free: 300, first: time.Second, most: 30 * time.Second, leak: time.Second}
)

// maxCounted bounds how many accounts and addresses are counted at a time.
const maxCounted = 100_000

// limiter counts tries that failed. A try counts from its beginning, so that many at the same time are many; a try that succeeds is given back, and with it the
// failed ones of the same account from the same address, so that an office behind one address is not kept out by people who mistype. It lives in memory only.
type limiter struct {
	mu      sync.Mutex
	counted map[string]*tries
}

// tries are those of one account, one address, or everybody.
type tries struct {
	limit limit
	n     int
	since time.Time      // until when forgetting is done
	until time.Time      // nobody may try before
	by    map[string]int // of an address: tries per account
}

// forget takes out the tries that were long enough ago.
func (t *tries) forget(now time.Time) {
	gone := int(now.Sub(t.since) / t.limit.leak)
	if gone <= 0 {
		return
	}
	t.n, t.since = max(0, t.n-gone), t.since.Add(time.Duration(gone)*t.limit.leak)
	if t.n == 0 {
		clear(t.by)
	}
}

// add counts one try more.
func (t *tries) add(now time.Time, account string) {
	if t.n == 0 {
		t.since = now
	}
	t.n++
	if t.by != nil {
		t.by[account]++
	}
	if over := t.n - t.limit.free; over >= 0 {
		wait := t.limit.most
		if over < 16 {
			wait = min(wait, t.limit.first<<over)
		}
		t.until = now.Add(wait)
	}
}

// giveBack takes n tries out again.
func (t *tries) giveBack(n int) {
	if t.n = max(0, t.n-n); t.n < t.limit.free {
		t.until = time.Time{}
	}
}

// try is one that is going on.
type try struct {
	l                    *limiter
	account              string
	own, address, global *tries
}

// begin counts a try at an account from an address, or fails with a *ThrottledError and counts nothing. Addresses of IPv6 count by their network.
func (l *limiter) begin(now time.Time, account string, from netip.Addr) (*try, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.counted) >= maxCounted && !l.sweep(now) {
		return nil, &ThrottledError{RetryAfter: altogether.most}
	}
	t := &try{l: l, account: account, own: l.tries("account "+account, perAccount, now), address: l.tries("address "+network(from), perAddress, now), global: l.tries("all", altogether, now)}
	if t.address.by == nil {
		t.address.by = map[string]int{}
	}
	all := []*tries{t.own, t.address, t.global}
	var wait time.Duration
	for _, c := range all {
		c.forget(now)
		wait = max(wait, c.until.Sub(now))
	}
	if wait > 0 {
		return nil, &ThrottledError{RetryAfter: wait}
	}
	for _, c := range all {
		c.add(now, account)
	}
	return t, nil
}

func (l *limiter) tries(key string, of limit, now time.Time) *tries {
	t := l.counted[key]
	if t == nil {
		t = &tries{limit: of, since: now}
		l.counted[key] = t
	}
	return t
}

// sweep drops what is forgotten, and says whether there is room again.
func (l *limiter) sweep(now time.Time) bool {
	for key, t := range l.counted {
		if t.forget(now); t.n == 0 && !t.until.After(now) {
			delete(l.counted, key)
		}
	}
	return len(l.counted) < maxCounted
}

// succeeded forgets what failed at the account, and what failed at it from this address.
func (t *try) succeeded() {
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	own := t.address.by[t.account]
	delete(t.address.by, t.account)
	t.own.giveBack(t.own.n)
	t.address.giveBack(own)
	t.global.giveBack(own)
}

// undone takes the try back, because nothing was looked at.
func (t *try) undone() {
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	if t.address.by[t.account]--; t.address.by[t.account] <= 0 {
		delete(t.address.by, t.account)
	}
	for _, c := range []*tries{t.own, t.address, t.global} {
		c.giveBack(1)
	}
}

// network is what one subscriber has: an address of IPv4, 64 bits of IPv6.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if p, err := a.Prefix(64); err == nil && a.Is6() {
		return p.String()
	}
	return a.String()
}
