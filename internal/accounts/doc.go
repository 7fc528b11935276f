// Package accounts knows who may sign in, and who is signed in.
//
//  1. A login and a password, or an identity proved elsewhere (SignInWith), flow in; a Pending flows out, which says what is still asked for.
//  2. Second takes the code of the second factor; NewSession turns a Pending that lacks nothing into a session token.
//  3. Session and Token turn the secret that a request carries into the account behind it, its roles included. What a role may see is not decided here.
//
// In the data directory, all 0600:
//
//	accounts/accounts.json   accounts with password hashes, sealed secrets, hashed tokens; replaced as a whole with every change
//	accounts/sessions.json   a copy of what changes with every request, so that a restart keeps people signed in
//	accounts/key             seals the secrets of second factors; made at first use
//	accounts/setup           the one-time token of the first administrator; removed with the first account
//	accounts/lock            held while a process has the accounts open
//
// None of this is in the ledger, on purpose: nothing can be taken out of an append-only ledger, so it must hold no secret and nothing that people may
// want erased. What changed and by whom is told to Options.Log before it counts; when that fails, the change fails.
//
// Passwords are kept as argon2id, secrets of 256 bits (sessions, API tokens, reset tokens) as SHA-256 only. A few workers hash, with a bounded queue, so that a
// flood of sign-ins cannot starve those who read. Session and Token read memory only.
//
// The package never sends anything, never reads the clock itself, never logs a password, a code, a token or a login that nobody has, and never tells whether it
// was the login or the password that was wrong.
package accounts
