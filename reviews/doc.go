// Package reviews holds what people decide: self-reviews, evaluations, appeals, rewards, sign-offs and the seal.
//
// A command is checked against the rules and becomes one event of the ledger; the state of a period's round is nothing but its
// events, folded one after the other. So the state as known at any earlier sequence is found by folding fewer of them, a rebuild
// gives the same state, and nothing that was decided is ever overwritten.
//
// Two kinds of rules guard a command. Those of the state (what follows what, which version was seen, no appeal after its term) are in
// apply of each event and hold for whoever reads the ledger. Those of people (who may do it, who may not do it for himself) need the
// organisation of the day on which it is done; they are checked when the event is recorded, in its transaction, and never again.
package reviews
