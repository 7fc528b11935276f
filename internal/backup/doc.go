// Package backup copies a data directory into one file while it is in use, and makes a data directory of such a file again.
//
//  1. Write takes the heads of the ledger and of the trail at one moment and copies what they stand for: the journals up to these heads, every
//     original that an event up to there names, the files in policy/, schedule.json and service.yaml. All of it is read and verified before a byte is written.
//  2. Check reads a backup to its end and verifies every file, both chains and every original. List and Prune keep a folder of backups.
//  3. Restore writes a new or empty directory, verifying the same while it writes and once more from disk afterwards.
//
// A backup is a tar file, plumbline-YYYYMMDD-HHMMSS.tar by UTC, readable by its owner alone:
//
//	manifest.json   format, time, heads of ledger and trail, and name, size and SHA-256 of all that follows
//	journal/… originals/… trail/journal/… policy/… schedule.json service.yaml   as they lie in the data directory
//	end             the SHA-256 of every byte of the file before its content
//
// Two things are left out on purpose. The warehouse is derived: the first opening makes it from the ledger. The folder accounts/ holds secrets (password
// hashes, the key of second factors, sessions), and a backup travels: people are given accounts anew after a restore, or the folder is kept by other means.
//
// Going back to an earlier state is never silent: Restore compares with heads that were kept elsewhere, refuses a backup that ends before one of them, and
// otherwise wants a second person and a reason, which become the first new event of the restored ledger.
//
// The package never overwrites anything, never follows a name out of the directory, and never changes the directory that it copies.
package backup
