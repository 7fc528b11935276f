package sheet

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// clean reports whether b can be copied as it is: valid UTF-8, no quote, no control character except the line ends LF and
// CRLF (and TAB where tab is true), no character of forbidden. It works eight bytes at a time, because every byte of every
// CSV file goes through it.
func clean(b []byte, tab bool) bool {
	for i := 0; i < len(b); {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			// A byte below 0x20, a quote or DEL sets its high bit; borrows run upwards only, so the lowest hit is exact.
			special := ((w - ones*0x20) | ((w ^ ones*'"') - ones) | ((w ^ ones*0x7f) - ones)) &^ w & highs
			stop := (w & highs) | special
			if stop == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(stop) / 8
			break
		}
		for i < len(b) && b[i] >= 0xe3 && b[i] <= 0xec { // U+3000 to U+CFFF: nearly all of Chinese
			if i+2 >= len(b) || b[i+1]&0xc0 != 0x80 || b[i+2]&0xc0 != 0x80 {
				return false
			}
			i += 3
		}
		if i >= len(b) {
			return true
		}
		size := step(b[i:], tab)
		if size == 0 {
			return false
		}
		i += size
	}
	return true
}

// step gives the length of the character that begins b, or 0 when it is not clean.
func step(b []byte, tab bool) int {
	c := b[0]
	switch {
	case c >= utf8.RuneSelf:
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError || forbidden(r) {
			return 0
		}
		return size
	case c == '\n', c == '\t' && tab, c >= ' ' && c != '"' && c != 0x7f:
		return 1
	case c == '\r' && len(b) > 1 && b[1] == '\n':
		return 2
	}
	return 0
}

// forbidden reports characters that people cannot see and that make two equal-looking cells differ: controls, bidirectional
// overrides and marks, zero-width characters. TAB, CR and LF are for the caller to judge.
func forbidden(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0, r == 0xfeff:
		return true
	case r < 0x200b:
		return r == 0x061c || r == 0x180e
	}
	return r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f
}

// weightless reports characters that take no room and mean nothing at the ends of a cell; browsers and chats leave them there.
func weightless(r rune) bool {
	return r >= 0x200b && r <= 0x200f || r == 0x2060 || r == 0xfeff || r == 0x180e
}

// mark opens the three bytes that stand for one undecodable byte of a file that is not UTF-8: mark, 0x80|high nibble,
// 0x80|low nibble. The mark is never valid UTF-8 and none of the three looks like a delimiter.
const mark = 0xff

func appendMarked(dst []byte, b byte) []byte { return append(dst, mark, 0x80|b>>4, 0x80|b&0x0f) }

// fault is the first thing in a cell that must not be staged.
type fault struct {
	rule string // "" = none
	at   int    // index in the cell
	char rune   // for text.control
}

// findFault looks for undecodable text first, then for forbidden characters. multiline allows TAB, CR and LF.
func findFault(cell []byte, multiline bool) fault {
	var found fault
	for i := 0; i < len(cell); {
		r, size := utf8.DecodeRune(cell[i:])
		switch {
		case r == utf8.RuneError:
			return fault{rule: TextUndecodable, at: i}
		case !forbidden(r), multiline && (r == '\t' || r == '\r' || r == '\n'):
		case found.rule == "":
			found = fault{rule: TextControl, at: i, char: r}
		}
		i += size
	}
	return found
}

// escape makes a cell fit to be shown: undecodable bytes as \xNN, forbidden characters as \uNNNN; line ends and tabs stay.
// marked tells that undecodable bytes are written as by appendMarked.
func escape(cell []byte, marked bool) string {
	if findFault(cell, true).rule == "" {
		return string(cell)
	}
	var s strings.Builder
	for i := 0; i < len(cell); {
		r, size := utf8.DecodeRune(cell[i:])
		switch {
		case r == utf8.RuneError && size == 1 && marked && cell[i] == mark && i+2 < len(cell):
			fmt.Fprintf(&s, `\x%02x`, cell[i+1]<<4|cell[i+2]&0x0f)
			size = 3
		case r == utf8.RuneError:
			for _, c := range cell[i : i+size] {
				fmt.Fprintf(&s, `\x%02x`, c)
			}
		case r == '\t' || r == '\r' || r == '\n' || !forbidden(r):
			s.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&s, `\x%02x`, r)
		default:
			fmt.Fprintf(&s, `\u%04x`, r)
		}
		i += size
	}
	return s.String()
}

// blank reports whether a line holds nothing but blanks and delimiters. For a single cell, delim is ' '.
func blank(line []byte, delim byte) bool {
	for i := 0; i < len(line); {
		c := line[i]
		if c < utf8.RuneSelf {
			if c != delim && c != ' ' && (c < '\t' || c > '\r') {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(line[i:])
		if !unicode.IsSpace(r) {
			return false
		}
		i += size
	}
	return true
}
