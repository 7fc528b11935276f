package sheet

import "unicode/utf8"

// windows1252 holds the characters of the bytes 0x80 to 0x9f, 0 for none; those above are the same as in Unicode.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// decodeWindows1252 appends the text of src to dst. Many programs take the five bytes without a character for controls; here
// they are undecodable, because a file that has them is in another encoding.
func decodeWindows1252(dst, src []byte, _ bool, bad func(dst, src int)) ([]byte, int) {
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c < utf8.RuneSelf:
			plain := firstForeign(src[i:])
			dst = append(dst, src[i:i+plain]...)
			i += plain - 1
		case c >= 0xa0:
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f)
		case windows1252[c-0x80] != 0:
			dst = utf8.AppendRune(dst, windows1252[c-0x80])
		default:
			bad(len(dst), i)
			dst = appendMarked(dst, c)
		}
	}
	return dst, len(src)
}
