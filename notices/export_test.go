package notices

import "plumbline/policy"

// Markdown is what a robot says of a message.
func Markdown(m Message, lang policy.Lang, base string) string { return markdown(m, lang, base) }

// Judge reads an answer of a robot.
func Judge(status int, retryAfter string, text []byte) error {
	_, err := judge(status, retryAfter, text)
	return err
}

// Bare reads an address.
func Bare(s string) (string, error) { return bare(s) }

// Cleaned is what is kept of an error.
func Cleaned(err error) string { return cleaned(err) }

// SecretOf makes a secret of a text.
func SecretOf(s string) Secret { return secretOf(s) }

// Pauses are how long to wait after failed attempts.
var Pauses = pauses
