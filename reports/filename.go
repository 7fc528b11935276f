package reports

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"plumbline/policy"
)

// Subject is what the workbook is about, as its file name says.
var Subject = policy.Text{ZH: "绩效考核", EN: "Performance review"}

// Named is a period, or a week, by its name.
type Named interface {
	ZH() string
	EN() string
}

// nameBytes is how long a file name may be; common file systems allow 255 bytes.
const nameBytes = 200

// FileName names a document by company, date, subject and version: 某某公司-2026年第3季度绩效考核-1.0版.xlsx, or
// Example Company-Q3 2026 Performance review-v1.0.xlsx. Version 0 is 1.0, version 1 is 1.1, and so on.
// Characters that some file system refuses are replaced, and a long company name is shortened.
func FileName(company policy.Text, p Named, subject policy.Text, version int, lang policy.Lang) string {
	stem, end := nameParts(company, p, subject, lang)
	return stem + strconv.Itoa(version) + end
}

// nameParts gives what stands before and after the counting part of the version.
func nameParts(company policy.Text, p Named, subject policy.Text, lang policy.Lang) (stem, end string) {
	middle, end := "-"+p.ZH()+safeName(subject.ZH)+"-1.", "版.xlsx"
	if lang == policy.EN {
		middle, end = "-"+p.EN()+" "+safeName(subject.EN)+"-v1.", ".xlsx"
	}
	const versionBytes = 6
	middle = cutBytes(middle, nameBytes/2)
	name := strings.TrimRight(cutBytes(safeName(company.In(lang)), nameBytes-len(middle)-len(end)-versionBytes), ". ")
	if name == "" {
		name = "_"
	}
	return name + middle, end
}

// safeName replaces what Windows, macOS or Linux refuse in a file name.
func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Cf, r) {
			return '_'
		}
		return r
	}, strings.TrimSpace(s))
	return strings.TrimLeft(s, ". ~")
}

// cutBytes shortens s to at most n bytes without splitting a character.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
