package sheet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// The encodings of a Dialect.
const (
	UTF8        = "UTF-8"
	UTF16LE     = "UTF-16LE"
	UTF16BE     = "UTF-16BE"
	GB18030     = "GB18030"
	Windows1252 = "windows-1252" // only when declared: nearly every file could be in it
)

var encodings = []string{UTF8, UTF16LE, UTF16BE, GB18030, Windows1252}

func known(encoding string) bool { return slices.Contains(encodings, encoding) }

// boms are the byte order marks of the encodings.
var boms = map[string]string{UTF8: "\xef\xbb\xbf", UTF16LE: "\xff\xfe", UTF16BE: "\xfe\xff", GB18030: "\x84\x31\x95\x33"}

// textReader gives the text of a file as UTF-8. Bytes that cannot be decoded stay visible: in UTF-8 as they are, in other
// encodings as by appendMarked.
type textReader struct {
	src    io.Reader
	decode func(dst, src []byte, atEOF bool, bad func(dst, src int)) ([]byte, int) // nil for UTF-8
	raw    []byte                                                                  // read, not yet decoded
	block  []byte
	eof    bool
	start  int64 // bytes of the byte order mark
	read   int64 // bytes of the file decoded so far
	given  int64 // bytes of UTF-8 given so far
	spots  []spot
}

// spot remembers where in the file an undecodable byte stands.
type spot struct{ given, file int64 }

// newTextReader skips the byte order mark when d says that there is one.
func newTextReader(src io.Reader, d Dialect) (*textReader, error) {
	t := &textReader{src: src}
	switch d.Encoding {
	case UTF8:
	case UTF16LE:
		t.decode = utf16Decoder(binary.LittleEndian)
	case UTF16BE:
		t.decode = utf16Decoder(binary.BigEndian)
	case GB18030:
		t.decode = decodeGB18030
	case Windows1252:
		t.decode = decodeWindows1252
	default:
		return nil, fmt.Errorf("read CSV: encoding %q is none of %s", d.Encoding, strings.Join(encodings, ", "))
	}
	if d.BOM {
		head := make([]byte, len(boms[d.Encoding]))
		if _, err := io.ReadFull(src, head); err != nil || string(head) != boms[d.Encoding] {
			return nil, fmt.Errorf("read CSV: the file does not begin with the byte order mark of %s (%v)", d.Encoding, err)
		}
		t.start = int64(len(head))
		t.read = t.start
	}
	return t, nil
}

// Read gives UTF-8. p should have room for some kilobytes: a byte of the file can need three bytes.
func (t *textReader) Read(p []byte) (int, error) {
	if t.decode == nil {
		n, err := t.src.Read(p)
		t.given += int64(n)
		return n, err
	}
	if len(p) < 16 {
		return 0, io.ErrShortBuffer
	}
	if t.block == nil {
		t.block = make([]byte, blockSize/2)
	}
	if err := t.fetch(min(len(p)/3, len(t.block))); err != nil {
		return 0, err
	}
	out, used := t.decode(p[:0], t.raw, t.eof, func(dst, src int) {
		t.spots = append(t.spots, spot{t.given + int64(dst), t.read + int64(src)})
	})
	t.raw = t.raw[used:]
	t.read += int64(used)
	t.given += int64(len(out))
	if len(out) == 0 && t.eof {
		return 0, io.EOF
	}
	return len(out), nil
}

// fetch reads on until at most size bytes wait to be decoded.
func (t *textReader) fetch(size int) error {
	n := copy(t.block, t.raw)
	for n < size && !t.eof {
		got, err := t.src.Read(t.block[n:size])
		n += got
		if errors.Is(err, io.EOF) {
			t.eof = true
		} else if err != nil {
			return err
		}
		if got > 0 && n > 8 {
			break
		}
	}
	t.raw = t.block[:n]
	return nil
}

// fileOffset gives the place in the file, from 0, of the undecodable byte that stands at a place of the given text.
func (t *textReader) fileOffset(given int64) int64 {
	if t.decode == nil {
		return t.start + given
	}
	i, _ := slices.BinarySearchFunc(t.spots, given, func(s spot, at int64) int { return int(min(max(s.given-at, -1), 1)) })
	if i < len(t.spots) {
		return t.spots[i].file
	}
	return t.read
}

// forget drops the spots before a place of the given text.
func (t *textReader) forget(given int64) {
	i := 0
	for i < len(t.spots) && t.spots[i].given < given {
		i++
	}
	t.spots = t.spots[i:]
}

// utf16Decoder decodes UTF-16. Halves of surrogate pairs and an odd last byte are undecodable.
func utf16Decoder(order binary.ByteOrder) func(dst, src []byte, atEOF bool, bad func(dst, src int)) ([]byte, int) {
	return func(dst, src []byte, atEOF bool, bad func(dst, src int)) ([]byte, int) {
		i := 0
		for len(src)-i >= 2 {
			r, size := rune(order.Uint16(src[i:])), 2
			if utf16.IsSurrogate(r) {
				if len(src)-i < 4 && !atEOF {
					return dst, i
				}
				if len(src)-i >= 4 {
					if pair := utf16.DecodeRune(r, rune(order.Uint16(src[i+2:]))); pair != utf8.RuneError {
						r, size = pair, 4
					}
				}
			}
			if r == utf8.RuneError || size == 2 && utf16.IsSurrogate(r) {
				bad(len(dst), i)
				dst = appendMarked(appendMarked(dst, src[i]), src[i+1])
			} else {
				dst = utf8.AppendRune(dst, r)
			}
			i += size
		}
		if atEOF && i < len(src) {
			bad(len(dst), i)
			dst = appendMarked(dst, src[i])
			i++
		}
		return dst, i
	}
}

// gbPairs holds the characters of the two-byte codes of GB18030, 0 for none. x/text knows them; its decoder is not used for
// whole files because it is slower and cannot tell where a bad byte stands.
var gbPairs = sync.OnceValue(func() *[126 * 190]uint16 {
	var table [126 * 190]uint16
	decoder := simplifiedchinese.GB18030.NewDecoder()
	pair, out := make([]byte, 2), make([]byte, 8)
	for i := range table {
		trail := i%190 + 0x40
		if trail >= 0x7f {
			trail++
		}
		pair[0], pair[1] = byte(i/190+0x81), byte(trail)
		decoder.Reset()
		n, _, err := decoder.Transform(out, pair, true)
		if r, size := utf8.DecodeRune(out[:n]); err == nil && size == n && r != utf8.RuneError && r < 0x10000 {
			table[i] = uint16(r)
		}
	}
	return &table
})

// decodeGB18030 appends the text of src to dst and tells how much of src it used: all, or all but an unfinished character.
func decodeGB18030(dst, src []byte, atEOF bool, bad func(dst, src int)) ([]byte, int) {
	dst = slices.Grow(dst, 3*len(src)) // a byte gives three at most
	for i := 0; i < len(src); {
		var used int
		if dst, used = decodeGBK(dst, src[i:]); used > 0 {
			i += used
			continue
		}
		r, size, short := gbRune(src[i:], atEOF)
		if short {
			return dst, i
		}
		if r == utf8.RuneError {
			bad(len(dst), i)
			for _, b := range src[i : i+size] {
				dst = appendMarked(dst, b)
			}
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		i += size
	}
	return dst, len(src)
}

// decodeGBK decodes what nearly every file consists of, ASCII and the two-byte codes of characters from U+0800 on, up to the first
// byte of something else. dst must have room for three times src.
func decodeGBK(dst, src []byte) (text []byte, used int) {
	pairs := gbPairs()
	n, i := len(dst), 0
	dst = dst[:cap(dst)]
	for {
		for i+8 <= len(src) && n+8 <= len(dst) {
			word := binary.LittleEndian.Uint64(src[i:])
			if word&highs != 0 {
				break
			}
			binary.LittleEndian.PutUint64(dst[n:], word)
			i, n = i+8, n+8
		}
		for i < len(src) && src[i] < utf8.RuneSelf {
			dst[n] = src[i]
			i, n = i+1, n+1
		}
		from := i
		for i+1 < len(src) && src[i] > 0x80 && src[i] != 0xff && src[i+1] >= 0x80 && src[i+1] != 0xff {
			r := pairs[int(src[i]-0x81)*190+int(src[i+1])-0x41]
			if r < 0x800 {
				break
			}
			dst[n], dst[n+1], dst[n+2] = 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f
			i, n = i+2, n+3
		}
		if i == from {
			return dst[:n], i
		}
	}
}

// gbRune decodes one character that is not ASCII. A bad lead byte never takes an ASCII byte with it: that one may be a
// delimiter or a line end.
func gbRune(b []byte, atEOF bool) (r rune, size int, short bool) {
	if b[0] == 0x80 { // the euro sign of Windows code page 936
		return '€', 1, false
	}
	if b[0] == 0xff {
		return utf8.RuneError, 1, false
	}
	if len(b) == 1 {
		return utf8.RuneError, 1, !atEOF
	}
	trail := b[1]
	switch {
	case trail >= '0' && trail <= '9':
		return gbFour(b, atEOF)
	case trail < 0x40 || trail == 0x7f || trail == 0xff:
		return utf8.RuneError, 1, false
	case trail > 0x7f:
		trail--
	}
	if r := gbPairs()[int(b[0]-0x81)*190+int(trail-0x40)]; r != 0 {
		return rune(r), 2, false
	}
	if b[1] < 0x80 {
		return utf8.RuneError, 1, false
	}
	return utf8.RuneError, 2, false
}

// gbFour decodes a four-byte code.
func gbFour(b []byte, atEOF bool) (r rune, size int, short bool) {
	for i, low := range []byte{0x81, '0'} {
		if len(b) <= i+2 {
			return utf8.RuneError, 1, !atEOF
		}
		if high := []byte{0xfe, '9'}[i]; b[i+2] < low || b[i+2] > high {
			return utf8.RuneError, 1, false
		}
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b[:4])
	if r, n := utf8.DecodeRune(out); err == nil && n == len(out) && r != utf8.RuneError && n > 0 {
		return r, 4, false
	}
	return utf8.RuneError, 1, false
}
