package sheet_test

import (
	"errors"
	"strings"
	"testing"

	"plumbline/ingest/sheet"
)

func TestRecognise(t *testing.T) {
	ole := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 504)
	tests := []struct{ name, head, want string }{
		{"a.csv", "工号,姓名\n", "csv"},
		{"a.xlsx", "工号,姓名\n", "csv"},
		{"a.csv", "BMW,1\n", "csv"},
		{"a.csv", "MZ,1\n", "csv"},
		{"a.csv", "BZhang,1\n", "csv"},
		{"a.csv", "\xef\xbb\xbf工号\n", "csv"},
		{"a.csv", "\xff\xfe" + utf16le("工号\t姓名"), "csv"},
		{"a.csv", string(pack(t, book(data(``)))), "xlsx"},
		{"a.xls", string(rawZip(zipPart{"[Content_Types].xml", "<a/>", 4})), "xlsx"},
		{"a.xlsx", "", "file.empty"},
		{"a.xls", "\r\n <html xmlns:x=\"urn:schemas-microsoft-com:office:excel\">", "file.html"},
		{"a.xls", "\xef\xbb\xbf<!DOCTYPE html>", "file.html"},
		{"a.xls", "\xff\xfe" + utf16le("<table>"), "file.html"},
		{"a.xls", "<?xml version=\"1.0\"?>\n<!DOCTYPE html><html>", "file.html"},
		{"a.xls", "MIME-Version: 1.0\nContent-Type: multipart/related", "file.html"},
		{"a.xls", "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">", "file.format"},
		{"a.xls", ole + utf16le("Workbook"), "file.xls"},
		{"a.xlsx", ole + utf16le("EncryptedPackage"), "file.encrypted"},
		{"a.csv", "%PDF-1.7", "file.format"},
		{"a.csv", "\x1f\x8b\x08", "file.format"},
		{"a.csv", "\x89PNG\r\n\x1a\n", "file.format"},
		{"a.csv", "\xff\xd8\xff\xe0", "file.format"},
		{"a.csv", "BM\x36\x00\x03\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00", "file.format"},
		{"a.xlsx", string(rawZip(zipPart{"readme.txt", "x", 1})), "file.format"},
		{"a.xlsx", string(rawZip(zipPart{"[Content_Types].xml", "<a/>", 4}, zipPart{"word/document.xml", "<a/>", 4})), "file.format"},
		{"a.xlsx", "PK\x03\x04", "file.format"},
		{"a.csv", "a.csv" + strings.Repeat("\x00", 252) + "ustar\x00", "file.format"},
		{"a.csv", "Obj\x01\x04", "file.format"},
		{"a.csv", "PAR1\x15\x00", "parquet"},
		{"a.csv", "PAR1,PAR2\n1,2\n", "csv"},
		{"a.parquet", "PARE\x15\x00", "file.encrypted"},
		{"a.csv", "ARROW1\x00\x00\xff\xff\xff\xff", "arrow"},
		{"a.csv", "\xff\xff\xff\xff\x78\x00\x00\x00\x10\x00\x00\x00\x00\x00\x0a\x00", "arrow"},
		{"a.csv", "{\"a\":1}\n{\"a\":2}\n", "ndjson"},
		{"a.csv", "\xef\xbb\xbf \r\n{\"a\":1}\r\n\r\n{\"a\"", "ndjson"},
		{"a.csv", "\xff\xfe" + utf16le("{\"工号\":1}\n{\"工号\":2}"), "ndjson"},
		{"a.csv", "{\"a\":NaN}\n{\"a\":2}\n", "ndjson"},
		{"a.csv", "{\"a\":1\n{\"a\":2}\n", "ndjson"},
		{"a.csv", "{\"a\":1}", "json"},
		{"a.csv", "[", "json"},
		{"a.csv", "[{\"a\": 1},\n", "json"},
		{"a.csv", "[\n{\"a\": NaN}]", "json"},
		{"a.csv", "[]", "json"},
		{"a.csv", gb(t, "[{\"a\":\"誠\\\"\",\"员\":1}]"), "json"},
		{"a.csv", "{\"data\":[\n{\"a\":1},\n{\"a\":2}\n]", "json"},
		{"a.csv", "{\"data\":[\n{\"a\":NaN},\n{\"a\":2}\n]}", "json"},
		{"a.csv", "{\"a\":1}{\"a\":2}", "json"},
		{"a.csv", strings.Repeat("[", 70), "json"},
		{"a.csv", "[工号],[姓名]\n1,2\n", "csv"},
		{"a.csv", "[1],[2]\n", "csv"},
		{"a.csv", "[1];2\n", "csv"},
		{"a.csv", "{id},name\n", "csv"},
		{"a.csv", "{\"a\":1},x\n", "csv"},
		{"a.csv", "[\"a\"] b\n", "csv"},
		{"a.csv", "[x\n", "csv"},
		{"a.csv", "{1}\n", "csv"},
		{"a.csv", " \n\t", "csv"},
	}
	for _, tt := range tests {
		format, err := sheet.Recognise([]byte(tt.head), tt.name)
		got := string(format)
		var refused *sheet.RefusedError
		if errors.As(err, &refused) {
			got = refused.Rule
			if refused.Say.ZH == "" || refused.Say.EN == "" || refused.Cure.ZH == "" || refused.Cure.EN == "" || strings.Contains(err.Error(), "%!") {
				t.Errorf("%q: %v", tt.head, err)
			}
		}
		if got != tt.want {
			t.Errorf("%.40q is recognised as %s, want %s", tt.head, got, tt.want)
		}
	}
}
