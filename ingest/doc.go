// Package ingest takes files in: bytes become accepted rows, and rows in quarantine with the reason.
//
//  1. Intake recognises a file by its content, finds the header row and the dataset it belongs to, and refuses what has none.
//  2. While the original is copied to the ledger, its rows are staged as regular text lines with their physical row numbers
//     (package sheet does the reading).
//  3. The handler of the event types and checks the staged rows in SQL generated from the dataset's definition, sets faulty rows
//     aside, and lets the others supersede earlier versions of the same record. Rows in = accepted + quarantined is checked in
//     the same transaction.
//
// Its event names everything that was decided (dataset, encoding, header row, columns), so that a replay decides nothing anew.
// It never corrects a value and never drops a row in silence.
package ingest
