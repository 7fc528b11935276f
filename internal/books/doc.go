// Package books keeps one company's books: a ledger that is the truth and a warehouse derived from it.
//
//  1. Record tries an event out in a warehouse transaction, writes it to the ledger, and only then commits.
//     What cannot be applied is never written down; what is written down survives a crash before the commit.
//  2. Open replays the ledger's tail that the warehouse has not seen.
//  3. Rebuild makes the warehouse anew from the ledger alone.
//
// In come events from the rooms that know their meaning, each with a Handler that applies it; out go transactions to read.
// It never interprets an event and never changes a fact by another way than a Handler.
package books
