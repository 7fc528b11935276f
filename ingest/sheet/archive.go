package sheet

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"plumbline/policy"
)

// archiveTables finds the tables in the members of a zip archive, each a file in its own right. archive is false when the file
// is one document, as a file with a damaged directory is when document says that it looked like one.
func archiveTables(c content, h Hints, document bool) (tables []Table, faults []error, archive bool) {
	f, size, err := c.file(0)
	if err != nil {
		return nil, []error{err}, true
	}
	defer f.Close()
	directory, err := zip.NewReader(f, size)
	if err != nil && !document {
		return nil, []error{damagedPacking(Zip, err)}, true
	}
	if err != nil || isDocument(directory) {
		return nil, nil, false // Recognise and OpenXLSX have the words for it
	}
	members, faults, err := listMembers(directory, size)
	if err != nil {
		return nil, []error{err}, true
	}
	for _, m := range members {
		inner := content{ctx: c.ctx, scratch: c.scratch, packing: Zip, member: memberName(m), open: func() (io.ReadCloser, error) { return unzip(c, m) }}
		found, err := memberTables(inner, h)
		if err != nil {
			faults = append(faults, inMember(inner.member, err))
		}
		tables = append(tables, found...)
	}
	if len(tables)+len(faults) == 0 {
		faults = append(faults, emptyFile())
	}
	return tables, faults, true
}

// memberTables refuses archives in archives; a workbook is none.
func memberTables(c content, h Hints) ([]Table, error) {
	head, err := c.head()
	if err != nil {
		return nil, err
	}
	if packingOf(head) != Zip {
		return c.tables(h)
	}
	f, size, err := c.file(maxUnpacked)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if directory, err := zip.NewReader(f, size); err == nil && !isDocument(directory) {
		return nil, plainZip()
	}
	return c.tables(h)
}

// isDocument reports a zip archive that is one document: a workbook, a text, a presentation.
func isDocument(directory *zip.Reader) bool {
	for _, f := range directory.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		if name == "[content_types].xml" || name == "mimetype" && f.Method == zip.Store || strings.HasPrefix(name, "xl/") {
			return true
		}
	}
	return false
}

// listMembers gives the members that could be tables, and a fault for each whose entry is not to be trusted. Folders, hidden files
// and what macOS adds are left out.
func listMembers(directory *zip.Reader, size int64) (members []*zip.File, faults []error, err error) {
	names := map[string]bool{}
	packed, unpacked := uint64(0), uint64(0)
	for _, f := range directory.File {
		name := memberName(f)
		if err := checkMember(f, name); err != nil {
			faults = append(faults, inMember(name, err))
			continue
		}
		if strings.HasSuffix(name, "/") || hidden(name) {
			continue
		}
		if names[name] {
			return nil, nil, damagedPacking(Zip, errors.New("two members have the name "+excerpt([]byte(name))))
		}
		names[name] = true
		if members = append(members, f); len(members) > maxMembers {
			return nil, nil, refuse(FileLimit, textf("压缩包里的文件超过 %[1]d 个。", "The archive holds more than %[1]d files.", maxMembers),
				text("请分成几个压缩包再导入。", "Split it into several archives."))
		}
		packed += min(f.CompressedSize64, 1<<62)
		unpacked += min(f.UncompressedSize64, 1<<62)
		switch {
		case packed > uint64(size):
			return nil, nil, damagedPacking(Zip, errors.New("members overlap"))
		case unpacked > maxPackedText:
			return nil, nil, packedTooLarge()
		}
	}
	return members, faults, nil
}

// memberName gives the name of a member as text; old programs write it in GBK and do not say so.
func memberName(f *zip.File) string {
	if utf8.ValidString(f.Name) {
		return f.Name
	}
	name, _ := decodeGB18030(nil, []byte(f.Name), true, func(int, int) {})
	return escape(name, true)
}

// hidden reports members that are no one's data.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || strings.HasPrefix(part, "~$") || part == "__MACOSX" {
			return true
		}
	}
	return false
}

// checkMember refuses entries by which archives reach outside, and what cannot be read.
func checkMember(f *zip.File, name string) error {
	plain := strings.TrimSuffix(name, "/")
	switch {
	case plain == "" || path.Clean("/"+plain) != "/"+plain || strings.ContainsAny(name, "\\\x00") || name[1:min(2, len(name))] == ":" || len(name) > 512:
		return refuse(FileArchive, text("这个名字可能指向压缩包以外的位置（绝对路径、“..”或反斜杠）。", `The name may lead outside the archive (an absolute path, ".." or a backslash).`),
			text("请用普通文件名重新压缩。", "Pack it again under an ordinary name."))
	case f.Mode().Type() != 0 && !f.Mode().IsDir():
		return refuse(FileArchive, text("这不是普通文件，而是链接或设备。", "This is not a file but a link or a device."),
			text("请压缩文件本身，而不是指向它的链接。", "Pack the file itself, not a link to it."))
	case f.Flags&1 != 0:
		return refuse(FileEncrypted, text("这个文件设有密码，无法读取。", "This file is protected by a password and cannot be read."),
			text("请取消密码，重新压缩后导入。", "Pack it again without a password."))
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return refuse(FileFormat, textf("压缩方法（编号 %[1]d）无法识别。", "The compression method (number %[1]d) is not known.", f.Method),
			text("请用普通的 zip 方式重新压缩。", "Pack it again as an ordinary zip."))
	case f.UncompressedSize64 > ratioFloor && f.UncompressedSize64/maxPackingRatio > f.CompressedSize64:
		return bomb()
	}
	return nil
}

// inMember names the member in a refusal.
func inMember(name string, err error) error {
	var e *RefusedError
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	shown := excerpt([]byte(name))
	named.Member = name
	named.Say = policy.Text{ZH: "压缩包中的“" + shown + "”：" + e.Say.ZH, EN: `"` + shown + `" in the archive: ` + e.Say.EN}
	return &named
}

// memberReader gives the bytes of a member, no more than announced, and tells damage from errors of the disk.
type memberReader struct{ partReader }

func (m *memberReader) Read(p []byte) (int, error) {
	n, err := m.partReader.Read(p)
	if err != nil && err != io.EOF {
		err = damagedPacking(Zip, err)
	}
	return n, err
}

func openEntry(f *zip.File) (io.ReadCloser, error) {
	body, err := f.Open()
	if err != nil {
		return nil, damagedPacking(Zip, err)
	}
	return &memberReader{partReader{body, int64(f.UncompressedSize64)}}, nil
}

// unzip opens a member; the archive's file is the one that m was listed from.
func unzip(c content, m *zip.File) (io.ReadCloser, error) {
	body, err := openEntry(m)
	if err != nil {
		return nil, err
	}
	return &both{io.NopCloser(&contextReader{c.ctx, body}), body}, nil
}

// openMember finds a member by name, under the same checks as at the first look.
func openMember(archive *os.File, size int64, name string) (io.ReadCloser, error) {
	directory, err := zip.NewReader(archive, size)
	if err != nil {
		return nil, damagedPacking(Zip, err)
	}
	members, _, err := listMembers(directory, size)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if memberName(m) == name {
			return openEntry(m)
		}
	}
	return nil, damagedPacking(Zip, errors.New("there is no member "+excerpt([]byte(name))))
}
