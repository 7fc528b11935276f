package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// delimiters in the order in which a tie is decided.
const delimiters = ",\t;|"

// delimits reports a byte that can be declared as the delimiter: TAB and the printable ASCII characters that no word, number or
// quote is made of. A point or a minus is at the user's own risk.
func delimits(c byte) bool {
	letter := c|0x20 >= 'a' && c|0x20 <= 'z'
	return c == '\t' || c > ' ' && c <= '~' && !letter && (c < '0' || c > '9') && c != '"' && c != '\'' && c != '`'
}

// DetectCSV finds how a CSV file is written and gives its first records (at most 30, blank ones left out) for finding the
// header. open is called several times. Undecodable bytes in those records are shown as \xNN; Stage decides about them.
func DetectCSV(open func() (io.ReadCloser, error)) (Dialect, []Row, error) {
	return detectCSV(open, Hints{})
}

// detectCSV is DetectCSV where the user may have declared something.
func detectCSV(open func() (io.ReadCloser, error), h Hints) (Dialect, []Row, error) {
	d, err := readEncoding(open, h)
	if err != nil {
		return Dialect{}, nil, err
	}
	if d.Delimiter = h.Delimiter; d.Delimiter == 0 {
		if d.Delimiter, err = detectDelimiter(open, d); err != nil {
			return Dialect{}, nil, err
		}
	}
	var rows []Row
	err = withScanner(open, d, func(scan *scanner) error {
		for len(rows) < headRows {
			rec, err := scan.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			if !rec.blank(d.Delimiter) {
				row := Row{Number: rec.line, Cells: rec.cells(d.Delimiter, d.Encoding != UTF8)}
				d.Guarded = row.unguard() || d.Guarded
				rows = append(rows, row)
			}
		}
		return nil
	})
	if err == nil && len(rows) == 0 {
		err = emptyFile()
	}
	if err != nil {
		return Dialect{}, nil, err
	}
	return d, rows, nil
}

// unguard takes the guards off the cells and reports whether there were any.
func (r Row) unguard() (found bool) {
	for i, cell := range r.Cells {
		text, guard := unguarded([]byte(cell))
		r.Cells[i], found = string(text), found || guard
	}
	return found
}

// withScanner opens the file for one pass over its records.
func withScanner(open func() (io.ReadCloser, error), d Dialect, use func(*scanner) error) error {
	f, err := open()
	if err != nil {
		return fmt.Errorf("open CSV: %w", err)
	}
	defer f.Close()
	src, err := newTextReader(f, d)
	if err != nil {
		return err
	}
	return use(newScanner(src, d.Delimiter))
}

// readEncoding takes the declared encoding, if any; its byte order mark may be there or not.
func readEncoding(open func() (io.ReadCloser, error), h Hints) (Dialect, error) {
	if h.Encoding == "" {
		return detectEncoding(open)
	}
	f, err := open()
	if err != nil {
		return Dialect{}, err
	}
	defer f.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Dialect{}, fmt.Errorf("read table: %w", err)
	}
	bom := boms[h.Encoding]
	return Dialect{Encoding: h.Encoding, BOM: bom != "" && bytes.HasPrefix(head[:n], []byte(bom))}, nil
}

// detectEncoding goes by the byte order mark, else by the first stretch of the file that is not ASCII.
func detectEncoding(open func() (io.ReadCloser, error)) (Dialect, error) {
	f, err := open()
	if err != nil {
		return Dialect{}, fmt.Errorf("open CSV: %w", err)
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Dialect{}, fmt.Errorf("read CSV: %w", err)
	}
	head = head[:n]
	if n == 0 {
		return Dialect{}, emptyFile()
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")) {
		return Dialect{}, unknownEncoding(0, "UTF-32")
	}
	for _, encoding := range []string{UTF8, UTF16LE, UTF16BE, GB18030} {
		if bytes.HasPrefix(head, []byte(boms[encoding])) {
			return Dialect{Encoding: encoding, BOM: true}, nil
		}
	}
	if nuls := bytes.Count(head, []byte{0}); nuls > 1 && nuls*5 > n {
		return Dialect{}, unknownEncoding(int64(bytes.IndexByte(head, 0)), "NUL")
	}
	sample, offset, err := foreignSample(io.MultiReader(bytes.NewReader(head), f))
	if err != nil {
		return Dialect{}, fmt.Errorf("read CSV: %w", err)
	}
	encoding, err := judgeEncoding(sample, offset)
	return Dialect{Encoding: encoding}, err
}

func unknownEncoding(offset int64, found string) *RefusedError {
	e := refuse(TextEncoding,
		textf("无法判断文件的编码：第 %[1]d 个字节（%[2]s）起既不是 UTF-8，也不是 GB18030（GBK）。",
			"The encoding is unknown: from byte %[1]d (%[2]s) on it is neither UTF-8 nor GB18030 (GBK).", offset+1, found),
		text("请在 Excel 中另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后重新导入。", `In Excel, save it as "CSV UTF-8 (comma delimited)" or as .xlsx and import it again.`))
	if found != "NUL" && found != "UTF-32" {
		e.Cure.ZH += "若是西欧编码，请在导入时指明（--encoding windows-1252），或在映射中声明 encoding: windows-1252。"
		e.Cure.EN += " If it is in the Western European encoding, say so when it is taken in (--encoding windows-1252), or declare encoding: windows-1252 in the mapping."
	}
	e.Value = found
	return e
}

// foreignSample reads up to the first line that is not ASCII and gives it with what follows, some 256 KiB cut at a line end,
// and its place in the file. An ASCII file gives nothing.
func foreignSample(r io.Reader) (sample []byte, offset int64, err error) {
	const size = 256 << 10
	buf := make([]byte, 0, 3*size)
	for eof := false; !eof; {
		var n int
		n, err = io.ReadFull(r, buf[len(buf):min(len(buf)+size, cap(buf))])
		buf = buf[:len(buf)+n]
		eof = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !eof {
			return nil, 0, err
		}
		first := firstForeign(buf)
		lineStart := bytes.LastIndexAny(buf[:first], "\r\n") + 1
		if first < len(buf) && (len(buf)-first >= size || eof) {
			buf = buf[lineStart:]
			if last := lastBorder(buf); !eof && last >= 0 {
				buf = buf[:last]
			}
			return buf, offset + int64(lineStart), nil
		}
		if first == len(buf) && len(buf) > size { // ASCII so far: keep the unfinished line only
			drop := max(lineStart, len(buf)-size)
			offset += int64(drop)
			buf = buf[:copy(buf, buf[drop:])]
		}
	}
	return nil, offset, nil
}

// lastBorder gives the index of the last line end; in a text of one long line that of the last byte which is a character of its own
// in every encoding.
func lastBorder(b []byte) int {
	if i := bytes.LastIndexAny(b, "\r\n"); i >= 0 {
		return i
	}
	i := len(b) - 1
	for i >= 0 && b[i] >= '0' {
		i--
	}
	return i
}

// firstForeign gives the index of the first byte that is not ASCII, or len(b).
func firstForeign(b []byte) int {
	i := 0
	for i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:])&highs == 0 {
		i += 8
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// judgeEncoding goes by lines, so that a few rows pasted from elsewhere do not change the verdict; Stage rejects those rows.
// UTF-8 comes first: text of another encoding is hardly ever valid UTF-8 by chance, while UTF-8 often is valid GB18030. Lines that
// may be UTF-8 by chance have no say where other lines are GB18030 and no UTF-8.
func judgeEncoding(sample []byte, offset int64) (string, error) {
	var foreign, asUTF8, asGB, either int
	var scratch []byte
	for line := range bytes.FieldsFuncSeq(sample, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if firstForeign(line) == len(line) {
			continue
		}
		foreign++
		valid, good := utf8.Valid(line), true
		if valid {
			asUTF8++
		}
		scratch, _ = decodeGB18030(scratch[:0], line, true, func(int, int) { good = false })
		if good {
			asGB++
		}
		if valid && good && chancy(line) {
			either++
		}
	}
	certain := foreign - either
	switch {
	case foreign == asUTF8 && foreign == asGB && looksTwofold(sample):
		return "", twofold(sample)
	case (asUTF8-either)*2 >= certain:
		return UTF8, nil
	case (asGB-either)*2 > certain && hasCommonPair(sample):
		return GB18030, nil
	case asUTF8*2 >= foreign:
		return UTF8, nil
	}
	at := firstInvalid(sample)
	return "", unknownEncoding(offset+int64(at), fmt.Sprintf(`\x%02x`, sample[at]))
}

// chancy reports a line of UTF-8 that may well be GBK, such as 专员 is: it has two-byte characters only, and not only in words that
// begin or go on with ASCII letters, such as Müller.
func chancy(line []byte) bool {
	words := true
	letter, foreign := false, false // of the word being read
	for _, r := range string(line) + " " {
		switch {
		case r >= 0x800:
			return false
		case r >= utf8.RuneSelf:
			foreign = true
			words = words && unicode.Is(unicode.Latin, r)
		case unicode.IsLetter(r):
			letter = true
		default:
			words = words && (letter || !foreign)
			letter, foreign = false, false
		}
	}
	return !words
}

// hasCommonPair reports two bytes that are a character of GB 2312, as all Chinese text holds. Text of a Western encoding has
// single bytes between ASCII letters, which read as rare Chinese characters.
func hasCommonPair(b []byte) bool {
	for i := 1; i < len(b); i++ {
		if b[i-1] >= 0xa1 && b[i-1] <= 0xf7 && b[i] >= 0xa1 && b[i] < 0xff {
			return true
		}
	}
	return false
}

// firstInvalid gives the index of the first byte that is not UTF-8.
func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return 0
}

// looksTwofold knows the rare text that reads as UTF-8 only by chance, such as a GBK file whose only Chinese word is 员
// (U+0531 in UTF-8): nothing but two-byte characters, some of them of scripts that no column of a Chinese firm holds.
func looksTwofold(sample []byte) bool {
	odd := false
	for _, r := range string(sample) {
		if r >= 0x800 {
			return false
		}
		odd = odd || r >= 0x250 && r < 0x370 || r >= 0x530
	}
	return odd
}

func twofold(sample []byte) *RefusedError {
	at := firstForeign(sample)
	other, _ := decodeGB18030(nil, sample[at:min(at+40, len(sample))], true, func(int, int) {})
	e := refuse(TextEncoding,
		textf("文件的编码有两种读法：GBK 读作“%[1]s”，UTF-8 读作“%[2]s”，无法替您决定。",
			`The encoding can be read two ways: "%[1]s" as GBK, "%[2]s" as UTF-8.`, excerpt(other), excerpt(sample[at:min(at+40, len(sample))])),
		text("请在 Excel 中另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后重新导入。", `In Excel, save it as "CSV UTF-8 (comma delimited)" or as .xlsx and import it again.`))
	return e
}

// detectDelimiter takes the delimiter that cuts most of the first records into the same number of cells, at least two.
func detectDelimiter(open func() (io.ReadCloser, error), d Dialect) (byte, error) {
	d.Delimiter = ','
	var head []byte
	whole := false
	err := withScanner(open, d, func(scan *scanner) error {
		for !scan.eof && scan.end < blockSize {
			if err := scan.fill(); err != nil {
				return err
			}
		}
		head, whole = scan.buf[:scan.end], scan.eof
		return nil
	})
	if err != nil {
		return 0, err
	}
	if hint, ok := delimiterHint(head); ok {
		return hint, nil
	}
	best, bestSame, bestAll := byte(','), 0, 1
	for i := range len(delimiters) {
		same, all := consistency(head, whole, delimiters[i])
		if same*bestAll > bestSame*all {
			best, bestSame, bestAll = delimiters[i], same, all
		}
	}
	return best, nil
}

// delimiterHint reads the first line "sep=;", a hint that Excel understands.
func delimiterHint(head []byte) (byte, bool) {
	line, _, _ := strings.Cut(string(head[:min(len(head), 16)]), "\n")
	line = strings.Trim(strings.TrimSuffix(line, "\r"), `"`)
	if len(line) == 5 && strings.EqualFold(line[:4], "sep=") && strings.IndexByte(delimiters, line[4]) >= 0 {
		return line[4], true
	}
	return 0, false
}

// consistency counts the first records, and those with the most frequent number of cells of two or more.
func consistency(head []byte, whole bool, delim byte) (same, all int) {
	scan := &scanner{src: &textReader{src: bytes.NewReader(nil)}, delim: delim, buf: head, end: len(head), eof: whole, line: 1, feed: -1}
	counts := map[int]int{}
	for all < headRows {
		if scan.pos == scan.end {
			break
		}
		rec, err := scan.scan()
		if err != nil {
			break // an open quote, a limit, or the end of the head
		}
		if rec.blank(delim) {
			continue
		}
		all++
		if n := len(rec.split(delim)); n >= 2 {
			counts[n]++
			same = max(same, counts[n])
		}
	}
	return same, max(all, 1)
}
