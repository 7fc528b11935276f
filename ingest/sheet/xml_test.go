package sheet

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

var xmlCases = []string{
	`<a/>`, `<a></a>`, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n<a b='1' c=\"2\"><x:b/>t&amp;&#65;&#x4e00;</a>\n", "\xef\xbb\xbf<a/>",
	`<a`, `<a>`, `<a><b></a>`, `<a b></a>`, `<a b=1/>`, `<a b="1"c="2"/>`, `<a b="1" b="2"/>`, `<a b="<"/>`, `</a>`, `<a/><b/>`, `x<a/>`, `<a/>x`, ``, `  `,
	`<a>&x;</a>`, `<a>&amp</a>`, `<a>&#0;</a>`, `<a>&#xd800;</a>`, `<a>]]></a>`, "<a>\x00</a>", "<a>\xff</a>", "<a>\ufffe</a>", `<a><!-- x --></a>`, `<a><!-- -- --></a>`, `<a><![CDATA[<x>&]]></a>`,
	`<!DOCTYPE a><a/>`, `<a><?pi x?></a>`, `<?xml version="1.1"?><a/>`, `<?xml version="1.0" encoding="GBK"?><a/>`, `<1a/>`, `<a:/>`, `<:a/>`, `<a:b:c/>`, `< a/>`, `<a></ a>`, `<a></a >`,
	`<a><b/>`, `<a>` + "\r\nx\r" + `</a>`, `<a b=' "x" '/>`, `<中 文="1"/>`, `<a/ >`, `<a><![CDATA[x</a>`,
	`<a><?!?></a>`, `<a><?pi!?></a>`, "<a><?pi\tx?></a>", `<?xml` + "\n" + `version="1.0" encoding="GBK"?><a/>`, `<a>1234567]]></a>`, "<a>1234567\x0189</a>", "<a>一二三\x7f四\ufffe</a>", "<a>一二\xe4</a>", "<a>12345678\xed\xa0\x80</a>", `<a b="12345678&"/>`, `<a b="12345678<"/>`, "<a b='1234567\x00'/>",
	"<a b='12345678]]>&lt;一二三'>12345678] ]&gt;一\r\n二\r三𠮷\ufeff</a>",
}

// readOwn reads a document with xmlScanner and gives its element names and text.
func readOwn(r io.Reader) (string, error) {
	x := newXMLScanner(r)
	var b strings.Builder
	for {
		tok, err := x.next()
		switch {
		case err != nil:
			return "", err
		case tok == xmlEOF:
			return b.String(), nil
		case tok == xmlStart:
			b.WriteString("<" + string(x.name[strings.IndexByte(string(x.name), ':')+1:]))
			for _, a := range x.attrs {
				b.WriteString(" " + string(a.value))
			}
		case tok == xmlEnd:
			b.WriteString(">")
		default:
			b.Write(x.text)
		}
	}
}

// readStandard does the same with encoding/xml.
func readStandard(s string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(s, "\xef\xbb\xbf")))
	var b strings.Builder
	depth, roots := 0, 0
	for {
		tok, err := d.Token()
		if err == io.EOF && roots == 1 {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			b.WriteString("<" + tok.Name.Local)
			for _, a := range tok.Attr {
				b.WriteString(" " + a.Value)
			}
		case xml.EndElement:
			depth--
			b.WriteString(">")
		case xml.CharData:
			if depth > 0 {
				b.Write(tok)
			}
		}
	}
}

// compareXML demands that whatever encoding/xml refuses is refused, and what both accept reads the same.
func compareXML(t *testing.T, s string) {
	t.Helper()
	own, ownErr := readOwn(strings.NewReader(s))
	standard, err := readStandard(s)
	if err != nil && strings.Contains(err.Error(), "invalid XML name") && strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f }) {
		return // encoding/xml knows fewer letters
	}
	if ownErr == nil && (err != nil || own != standard) {
		t.Errorf("%q\nown      %q\nstandard %q %v", s, own, standard, err)
	}
	slow, slowErr := readOwn(iotest.OneByteReader(strings.NewReader(s)))
	if slow != own || (slowErr == nil) != (ownErr == nil) {
		t.Errorf("%q read byte by byte\nown  %q %v\nslow %q %v", s, own, ownErr, slow, slowErr)
	}
}

func TestXMLAgainstStandardLibrary(t *testing.T) {
	accepted := 0
	for _, s := range xmlCases {
		compareXML(t, s)
		if _, err := readOwn(strings.NewReader(s)); err == nil {
			accepted++
		}
	}
	if accepted != 13 {
		t.Errorf("%d documents accepted", accepted)
	}
	if _, err := readOwn(strings.NewReader(`<!DOCTYPE a><a/>`)); !errors.Is(err, errDoctype) {
		t.Errorf("DOCTYPE gives %v", err)
	}
}

func FuzzXML(f *testing.F) {
	for _, s := range xmlCases {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { compareXML(t, s) })
}
