package sheet

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"plumbline/policy"
)

// Format is the kind of a table file.
type Format string

// The formats that can be read.
const (
	CSV     Format = "csv"
	XLSX    Format = "xlsx"
	JSON    Format = "json"   // a list of objects, or an object with one such list
	NDJSON  Format = "ndjson" // an object in each line
	Parquet Format = "parquet"
	Arrow   Format = "arrow" // an IPC file or stream
)

var (
	cureXLSX = text("请用 Excel 或 WPS 打开，另存为“Excel 工作簿（*.xlsx）”后重新导入。", `Open it in Excel or WPS, save it as "Excel Workbook (*.xlsx)" and import that file.`)
	cureFile = text("请导入 .xlsx、.csv、JSON、Parquet 或 Arrow 文件，也可以是装着这些文件的 zip、gzip 或 zstd。",
		"Import an .xlsx, .csv, JSON, Parquet or Arrow file, or a zip, gzip or zstd that holds such files.")
)

// magics are the first bytes of files that people send instead of a table.
var magics = []struct {
	prefix string
	name   policy.Text
}{
	{"%PDF", text("PDF 文件", "a PDF file")},
	{"\x1f\x8b", text("gzip 压缩文件", "a gzip archive")},
	{"7z\xbc\xaf\x27\x1c", text("7z 压缩文件", "a 7z archive")},
	{"Rar!\x1a\x07", text("RAR 压缩文件", "a RAR archive")},
	{"\x28\xb5\x2f\xfd", text("zstd 压缩文件", "a zstd archive")},
	{"\xfd7zXZ\x00", text("xz 压缩文件", "an xz archive")},
	{"BZh", text("bzip2 压缩文件", "a bzip2 archive")},
	{"\x89PNG", text("图片", "an image")},
	{"\xff\xd8\xff", text("图片", "an image")},
	{"GIF87a", text("图片", "an image")},
	{"GIF89a", text("图片", "an image")},
	{"II*\x00", text("图片", "an image")},
	{"MM\x00*", text("图片", "an image")},
	{"{\\rtf", text("RTF 文档", "an RTF document")},
	{"FEA1", text("旧版 Feather 文件", "a Feather file of version 1")},
	{"ORC", text("ORC 文件", "an ORC file")},
	{"Obj\x01", text("Avro 文件", "an Avro file")},
	{"SQLite format 3\x00", text("SQLite 数据库", "an SQLite database")},
	{"MZ", text("Windows 程序", "a Windows program")},
	{"\x7fELF", text("程序", "a program")},
}

// Recognise tells the format of a file from its first bytes (some 4 KiB or more; for the password test the more the better).
// The name decides nothing. What is not a table is refused with a *RefusedError that says what the file is; so are packings, of
// which Tables takes the content. A JSON object in a single line is JSON here; only all of the file can tell it from NDJSON.
func Recognise(head []byte, name string) (Format, error) { return recognise(head, "") }

// recognise is Recognise for a file whose encoding may be declared.
func recognise(head []byte, encoding string) (Format, error) {
	if len(head) == 0 {
		return "", emptyFile()
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return recogniseZip(head)
	case bytes.HasPrefix(head, []byte("PK\x05\x06")), bytes.HasPrefix(head, []byte("PK\x07\x08")):
		return "", notTable(text("空的或分卷的压缩文件", "an empty or split zip archive"))
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return "", refuseOLE(head)
	case isColumnar(head, "PAR1"):
		return Parquet, nil
	case isColumnar(head, "PARE"):
		return "", refuse(FileEncrypted, text("这个 Parquet 文件已加密，无法读取。", "This Parquet file is encrypted and cannot be read."),
			text("请导出未加密的文件。", "Export it without encryption."))
	case isColumnar(head, "ARROW1"), isArrowStream(head):
		return Arrow, nil
	}
	if err := refuseMarkup(head); err != nil {
		return "", err
	}
	for _, m := range magics {
		// "MZ" and "BZh" could begin a text, so binary formats must show a byte that text does not have.
		if bytes.HasPrefix(head, []byte(m.prefix)) && (len(m.prefix) > 3 || bytes.IndexByte(head, 0) >= 0 || m.prefix[0] >= 0x80 || m.prefix[0] < ' ') {
			return "", notTable(m.name)
		}
	}
	switch {
	case isBitmap(head):
		return "", notTable(text("图片", "an image"))
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "", notTable(text("tar 压缩文件", "a tar archive"))
	}
	return recogniseText(head, encoding), nil
}

// isColumnar asks for a NUL behind the magic, because a text could begin with it too.
func isColumnar(head []byte, magic string) bool {
	return bytes.HasPrefix(head, []byte(magic)) && bytes.IndexByte(head, 0) >= 0
}

// isArrowStream knows the first message: a mark and the length of what describes the schema.
func isArrowStream(head []byte) bool {
	if len(head) < 16 || !bytes.HasPrefix(head, []byte("\xff\xff\xff\xff")) {
		return false
	}
	size := binary.LittleEndian.Uint32(head[4:])
	return size > 0 && size%8 == 0 && size < 1<<30
}

func emptyFile() *RefusedError {
	return refuse(FileEmpty, text("文件是空的，没有任何数据行。", "The file is empty: it has no rows."),
		text("请确认导出是否成功，再导入有数据的文件。", "Check that the export succeeded and import a file with rows."))
}

func notTable(what policy.Text) *RefusedError {
	return refuse(FileFormat, textf("这是%[1]s，不是表格。", "This is %[2]s, not a table.", what.ZH, what.EN), cureFile)
}

// isBitmap knows BMP and WebP, whose first letters alone could begin a text.
func isBitmap(head []byte) bool {
	if len(head) < 16 {
		return false
	}
	bmp := head[0] == 'B' && head[1] == 'M' && binary.LittleEndian.Uint32(head[6:]) == 0
	return bmp || (string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP")
}

// refuseOLE tells a locked workbook from an old one: the former holds a stream named EncryptedPackage.
func refuseOLE(head []byte) *RefusedError {
	for _, stream := range []string{"EncryptedPackage", "EncryptionInfo"} {
		if bytes.Contains(head, utf16Bytes(stream)) {
			return refuse(FileEncrypted, text("这个工作簿设有打开密码，无法读取。", "This workbook is protected by a password and cannot be read."),
				text("请在 Excel 或 WPS 中打开，取消打开密码，保存后重新导入。", "Open it in Excel or WPS, remove the password, save it and import it again."))
		}
	}
	return refuse(FileXLS, text("这是旧版 .xls 工作簿（Excel 97-2003），或设有密码的工作簿，无法读取。", "This is an old .xls workbook (Excel 97-2003) or a locked one, which cannot be read."), cureXLSX)
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// refuseMarkup finds HTML and XML that is named like a workbook, also behind a BOM or in UTF-16.
func refuseMarkup(head []byte) error {
	b := head[:min(len(head), 4096)]
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		b = bytes.ReplaceAll(b[2:], []byte{0}, nil)
	}
	s := strings.ToLower(strings.TrimLeft(string(b), " \t\r\n"))
	switch {
	case strings.HasPrefix(s, "<?xml"), strings.HasPrefix(s, "<workbook"):
		if strings.Contains(s, "<html") {
			break
		}
		return refuse(FileFormat, text("这是 XML 文件，不是工作簿。", "This is an XML file, not a workbook."), cureXLSX)
	case strings.HasPrefix(s, "mime-version:") && strings.Contains(s, "content-type:"):
	case len(s) > 1 && s[0] == '<' && (s[1] == '!' || 'a' <= s[1] && s[1] <= 'z'):
	default:
		return nil
	}
	return refuse(FileHTML, text("这是网页（HTML），只是文件名像表格。", "This is a web page (HTML) that is only named like a table."), cureXLSX)
}

// recogniseZip looks at the names of the parts that lie in head. A workbook has parts under xl/.
func recogniseZip(head []byte) (Format, error) {
	maybe := false
	for rest := head; len(rest) >= 30; {
		n := int(binary.LittleEndian.Uint16(rest[26:]))
		extra := int(binary.LittleEndian.Uint16(rest[28:]))
		name := string(rest[30:min(30+n, len(rest))])
		body := string(rest[min(30+n+extra, len(rest)):])
		switch {
		case strings.HasPrefix(strings.ToLower(strings.ReplaceAll(name, `\`, "/")), "xl/"):
			return XLSX, nil
		case strings.HasPrefix(name, "word/"):
			return "", notTable(text("Word 文档", "a Word document"))
		case strings.HasPrefix(name, "ppt/"):
			return "", notTable(text("演示文稿", "a presentation"))
		case name == "mimetype" && strings.HasPrefix(body, "application/vnd.oasis.opendocument"):
			return "", refuse(FileFormat, text("这是 OpenDocument 文件（.ods 等），无法读取。", "This is an OpenDocument file (.ods or alike), which cannot be read."), cureXLSX)
		case name == "[Content_Types].xml", strings.HasPrefix(name, "_rels/"), strings.HasPrefix(name, "docProps/"), strings.HasPrefix(name, "customXml/"):
			maybe = true
		}
		next := bytes.Index(rest[4:], []byte("PK\x03\x04"))
		if next < 0 {
			break
		}
		rest = rest[4+next:]
	}
	if maybe {
		return XLSX, nil
	}
	return "", plainZip()
}

func plainZip() *RefusedError {
	return refuse(FileFormat, text("这是压缩文件（zip），不是工作簿。", "This is a zip archive, not a workbook."),
		text("请解压后导入里面的文件。", "Unpack it and import the files inside."))
}
