package sample

import (
	"math/bits"
	"math/rand/v2"
)

// stream names what is drawn, so that one kind of record does not shift another.
type stream uint64

const (
	streamPerson stream = iota + 1
	streamDepartment
	streamLeave
	streamWorkLog
	streamDelivery
	streamDeliveryRate
	streamOpportunity
	streamOpportunityRate
	streamAttendance
	streamTraining
	streamSubmission
	streamVenture
	streamMilestone
	streamCollaboration
	streamDocument
	streamSatisfaction
	streamMeeting
	streamDecision
	streamApproval
	streamFinding
	streamIncident
	streamSurvey
	streamCost
	streamBonus
	streamDayOff
)

// dice draws integers. The reduction to a range is its own, so that a change in the standard library's cannot change
// the company.
type dice struct{ pcg rand.PCG }

// seed starts the sequence of one stream for a pair of numbers, such as person and month.
func (d *dice) seed(seed uint64, s stream, a, b int) {
	x := scramble(seed + uint64(s))
	d.pcg.Seed(scramble(x^uint64(a)), scramble(x+uint64(b)))
}

// scramble spreads neighbouring numbers over all 64 bits (SplitMix64).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below draws 0 to n-1; n must be positive.
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between draws lo to hi, both included.
func (d *dice) between(lo, hi int) int { return lo + d.below(hi-lo+1) }

// chance is true in permille of 1000 draws.
func (d *dice) chance(permille int) bool { return d.below(1000) < permille }

// share gives floor(n*part/whole) without overflow; part must not exceed whole.
func share(n, part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}
