package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// delimiters in the order in which a tie is decided.
const delimiters = ",\t;|"

// DetectCSV finds how a CSV file is written and gives its first records (at most 30, blank ones left out) for finding the
// header. open is called several times. Undecodable bytes in those records are shown as \xNN; Stage decides about them.
func DetectCSV(open func() (io.ReadCloser, error)) (Dialect, []Row, error) {
	d, err := detectEncoding(open)
	if err != nil {
		return Dialect{}, nil, err
	}
	if d.Delimiter, err = detectDelimiter(open, d); err != nil {
		return Dialect{}, nil, err
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
				rows = append(rows, Row{Number: rec.line, Cells: rec.cells(d.Delimiter, d.Encoding != UTF8)})
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
			if last := bytes.LastIndexAny(buf, "\r\n"); !eof && last >= 0 {
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
// UTF-8 comes first: text of another encoding is hardly ever valid UTF-8 by chance, while UTF-8 often is valid GB18030.
func judgeEncoding(sample []byte, offset int64) (string, error) {
	var foreign, asUTF8, asGB int
	var scratch []byte
	for line := range bytes.FieldsFuncSeq(sample, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if firstForeign(line) == len(line) {
			continue
		}
		foreign++
		if utf8.Valid(line) {
			asUTF8++
		}
		good := true
		scratch, _ = decodeGB18030(scratch[:0], line, true, func(int, int) { good = false })
		if good {
			asGB++
		}
	}
	switch {
	case foreign == asUTF8 && foreign == asGB && looksTwofold(sample):
		return "", twofold(sample)
	case asUTF8*2 >= foreign:
		return UTF8, nil
	case asGB*2 > foreign:
		return GB18030, nil
	}
	at := firstInvalid(sample)
	return "", unknownEncoding(offset+int64(at), fmt.Sprintf(`\x%02x`, sample[at]))
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
