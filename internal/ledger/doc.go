// Package ledger keeps the journal and the original files of one data directory. Everything else can be made again from them.
//
//  1. An original flows in through OriginalWriter and is stored compressed under the SHA-256 of its bytes.
//  2. An event flows in through Append: one line of JSON at the end of the journal, on disk before Append returns.
//  3. Both flow out again through Events and OpenOriginal, checked while they are read.
//
// In the data directory:
//
//	journal/000000000001.jsonl   a segment, named after the sequence of its first event; the next one begins past SegmentBytes
//	originals/ab/abcdef….zst     an original: zstd frames that decode to bytes with the SHA-256 of the name
//	lock                         held while a process has the ledger open; names its pid
//
// A line has the keys seq, time, actor, kind, prev, data and sum, in this order. prev is the SHA-256 of the line before without its
// newline, so no event can be changed, removed or put in between without breaking the chain. sum is the SHA-256 of the line as it
// would be without sum, so damage is found in the very line that has it, the last one included. Both can be recomputed with
// sed and sha256sum. What a chain cannot show is that its last events are missing: compare it with a head kept elsewhere (CheckHead).
//
// An event refers to an original by the key "sha256" at the top of its data; Verify then insists that the original is there.
//
// An interrupted write leaves an unfinished last line. Open cuts it, or adds the newline when nothing else is missing, and gives
// notice. Every other damage is refused with a DamageError. The package never changes or removes an event, never reads the clock,
// and knows nothing of what events mean.
package ledger
