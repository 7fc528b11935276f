package notices

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Secret is a text that is shown nowhere: however it is written or encoded, only *** comes out. It is held behind a pointer, since fmt writes the
// fields of what holds a secret without asking them.
type Secret struct{ held *string }

// secretOf makes a secret of a text.
func secretOf(text string) Secret { return Secret{&text} }

// reveal gives the text, to those who send it.
func (s Secret) reveal() string {
	if s.held == nil {
		return ""
	}
	return *s.held
}

// hidden is what is shown of a secret.
const hidden = "***"

func (Secret) String() string               { return hidden }
func (Secret) GoString() string             { return hidden }
func (Secret) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, hidden) }
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// largestSecret is how many bytes a file with a secret may have.
const largestSecret = 4096

// ReadSecret reads the one line of a file that nobody but its owner may read or write.
func ReadSecret(path string) (Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return Secret{}, fmt.Errorf("read a secret: %w", err)
	}
	text, err := readPrivate(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return Secret{}, fmt.Errorf("read a secret from %s: %w", path, err)
	}
	return secretOf(text), nil
}

func readPrivate(f *os.File) (string, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("it is no plain file (不是普通文件)")
	case info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("others may read or change it (%04o); run chmod 600 (他人可读写此文件，请执行 chmod 600)", info.Mode().Perm())
	case info.Size() > largestSecret:
		return "", fmt.Errorf("it has more than %d bytes (文件超过 %[1]d 字节)", largestSecret)
	}
	raw, err := io.ReadAll(io.LimitReader(f, largestSecret))
	text := strings.TrimSpace(strings.TrimPrefix(string(raw), "\ufeff"))
	if err == nil && (text == "" || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })) {
		err = errors.New("it has to hold one line (须恰好有一行)")
	}
	return text, err
}

// hide takes a secret out of a text.
func (s Secret) hide(text string) string {
	if s.reveal() == "" {
		return text
	}
	return strings.ReplaceAll(text, s.reveal(), hidden)
}
