// Package notices tells people what waits for them, and tells it once.
//
//  1. Due works out of rounds, reward lists and records what somebody is to be told now. Nothing is remembered for it: the same state gives
//     the same notices, each with a key that stays.
//  2. Queue puts the new ones into the outbox. It is kept in the ledger: a key goes into a channel once and never again.
//  3. Send writes down what it is about to send, sends it, and writes down what became of it. Where the program ends between these, nobody
//     knows whether the message arrived: the entry is in doubt and a person decides. It is never sent again by itself.
//  4. CallSheet lists whom to call about what is urgent.
//
// In come the books and senders; out go messages to a group robot or to people's addresses. Without channels nothing is queued. No notice ever holds a
// score, a band, an amount or free text of a record, and a group is told kinds and counts, never names. It never decides anything and changes
// no figure.
package notices
