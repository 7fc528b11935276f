package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"plumbline/policy"
)

// Workbook is an XLSX file all of whose parts have been read to the end and found sound.
type Workbook struct {
	parts    map[string]*zip.File // by lower-case name
	sheets   []*worksheet
	strings  stringTable
	formats  []numberFormat // by cell style
	date1904 bool
	volume   int64 // bytes of text in the cells of all sheets
	notices  []policy.Text
}

// SheetInfo describes one worksheet.
type SheetInfo struct {
	Name   string
	Hidden bool
	Rows   int64 // rows that hold something
}

var cureDamaged = text("请用 Excel 或 WPS 打开并修复，另存为新的 .xlsx 后重新导入；打不开时请重新导出或重新上传。",
	"Open and repair it in Excel or WPS, save it as a new .xlsx and import that; if it does not open, export or upload it again.")

// damaged turns an error of a part into the refusal of the file.
func damaged(part string, err error) error {
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		return err
	case errors.Is(err, errDoctype):
		return refuse(FileDoctype, textf("工作簿的部件 %[1]s 含有文档类型声明（DOCTYPE），表格软件不会写出这种内容。",
			"Part %[1]s of the workbook holds a document type declaration, which no spreadsheet program writes.", part), cureDamaged)
	case errors.Is(err, errToken):
		return tooLarge(textf("部件 %[1]s 中一段文字超过 2 MiB", "a text above 2 MiB in part %[1]s", part))
	}
	e := refuse(FileDamaged, textf("工作簿已损坏（%[1]s：%[2]v）。", "The workbook is damaged (%[1]s: %[2]v).", part, err), cureDamaged)
	var fault *cellFault
	if errors.As(err, &fault) {
		e.Row, e.Column = fault.row, fault.column
	}
	return e
}

// tooLarge refuses a workbook that breaks a limit.
func tooLarge(what policy.Text) *RefusedError {
	return refuse(FileLimit, textf("工作簿超过上限（%[1]s）。", "The workbook exceeds a limit (%[2]s).", what.ZH, what.EN),
		text("请删去无关的工作表、图片与格式，或拆成几个文件再导入。", "Remove sheets, pictures and formats that do not matter, or split it into several files."))
}

// OpenXLSX reads a workbook of size bytes and checks all that can be checked before a row is used: limits, checksums, XML of
// every part to its end, shared strings, styles, row and cell order. What is wrong gives a *RefusedError.
func OpenXLSX(r io.ReaderAt, size int64) (*Workbook, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, damaged("zip", err)
	}
	w := &Workbook{parts: map[string]*zip.File{}}
	for _, step := range []func(*zip.Reader) error{w.list, w.readMain, w.readRest} {
		if err := step(archive); err != nil {
			return nil, err
		}
	}
	w.announce()
	return w, nil
}

// Sheets gives the worksheets in the workbook's order.
func (w *Workbook) Sheets() []SheetInfo {
	infos := make([]SheetInfo, len(w.sheets))
	for i, s := range w.sheets {
		infos[i] = SheetInfo{Name: s.name, Hidden: s.hidden, Rows: s.filled}
	}
	return infos
}

// Notices gives what the reader should know: hidden rows, columns and sheets, macros, links, things that are not imported.
func (w *Workbook) Notices() []policy.Text { return w.notices }

// list checks the zip directory: number, names, sizes, methods.
func (w *Workbook) list(archive *zip.Reader) error {
	if len(archive.File) > maxParts {
		return tooLarge(text("部件超过 2,000 个", "more than 2,000 parts"))
	}
	total := uint64(0)
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if err := checkPart(f); err != nil {
			return err
		}
		if total += f.UncompressedSize64; total > maxUnpacked {
			return tooLarge(text("解压后超过 1 GiB", "more than 1 GiB unpacked"))
		}
		name := strings.ToLower(f.Name)
		if w.parts[name] != nil {
			return damaged("zip", fmt.Errorf("part %.80q twice", f.Name))
		}
		w.parts[name] = f
	}
	return nil
}

func checkPart(f *zip.File) error {
	switch {
	case path.Clean("/"+f.Name) != "/"+f.Name || strings.ContainsAny(f.Name, "\\:\x00") || len(f.Name) > 512:
		return damaged("zip", fmt.Errorf("part name %.80q", f.Name))
	case f.Flags&1 != 0:
		return refuse(FileEncrypted, text("这个文件设有密码，无法读取。", "This file is protected by a password and cannot be read."),
			text("请取消密码，保存后重新导入。", "Remove the password, save it and import it again."))
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return damaged("zip", fmt.Errorf("part %.80q uses compression method %d", f.Name, f.Method))
	case f.UncompressedSize64 > maxUnpacked:
		return tooLarge(text("解压后超过 1 GiB", "more than 1 GiB unpacked"))
	case f.UncompressedSize64 > ratioFloor && f.UncompressedSize64/maxRatio > f.CompressedSize64:
		return tooLarge(textf("部件 %[1]s 的压缩比超过 200 倍，可能是压缩炸弹", "part %[1]s is packed more than 200 to 1, as zip bombs are", f.Name))
	}
	return nil
}

// partReader gives the bytes of a part, no more than the directory announces.
type partReader struct {
	io.ReadCloser
	left int64
}

func (p *partReader) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if p.left -= int64(n); p.left < 0 {
		return 0, errors.New("the part is longer than the zip directory says")
	}
	return n, err
}

// open gives a part by name.
func (w *Workbook) open(name string) (io.ReadCloser, error) {
	f := w.parts[strings.ToLower(name)]
	if f == nil {
		return nil, damaged(name, errors.New("the part is missing"))
	}
	body, err := f.Open()
	if err != nil {
		return nil, damaged(name, err)
	}
	return &partReader{ReadCloser: body, left: int64(f.UncompressedSize64)}, nil
}

// scan reads a part as XML to its end. visit sees every start tag; it may read on with the scanner up to the element's end.
func (w *Workbook) scan(name string, visit func(*xmlScanner) error) error {
	body, err := w.open(name)
	if err != nil {
		return err
	}
	defer body.Close()
	x := newXMLScanner(body)
	for {
		tok, err := x.next()
		if err == nil && tok == xmlEOF {
			return nil
		}
		if err == nil && tok == xmlStart {
			err = visit(x)
		}
		if err != nil {
			return damaged(name, err)
		}
	}
}

// relation is one line of a .rels part.
type relation struct {
	kind     string // last word of its type, such as "worksheet"
	target   string // part name; "" when external
	external bool
}

// relations reads the .rels part that belongs to owner ("" = the package).
func (w *Workbook) relations(owner string) (map[string]relation, error) {
	dir, base := path.Split(owner)
	name := dir + "_rels/" + base + ".rels"
	found := map[string]relation{}
	err := w.scan(name, func(x *xmlScanner) error {
		if x.local() != "Relationship" {
			return nil
		}
		id, _ := x.attr("Id")
		kind, _ := x.attr("Type")
		target, _ := x.attr("Target")
		mode, _ := x.attr("TargetMode")
		if _, twice := found[id]; twice || id == "" {
			return fmt.Errorf("relation %.40q twice or without an id", id)
		}
		r := relation{kind: path.Base(kind), external: mode == "External"}
		if !r.external {
			if r.target = path.Join("/", dir, target)[1:]; strings.HasPrefix(target, "/") {
				r.target = path.Clean(target)[1:]
			}
		}
		found[id] = r
		return nil
	})
	return found, err
}

// readMain reads the workbook part and what every cell depends on: shared strings and styles.
func (w *Workbook) readMain(*zip.Reader) error {
	top, err := w.relations("")
	if err != nil {
		return err
	}
	main := ""
	for _, r := range top {
		if r.kind == "officeDocument" && !r.external {
			main = r.target
		}
	}
	if strings.HasSuffix(strings.ToLower(main), ".bin") {
		return refuse(FileFormat, text("这是二进制工作簿（.xlsb），无法读取。", "This is a binary workbook (.xlsb), which cannot be read."), cureXLSX)
	}
	if main == "" {
		return damaged("_rels/.rels", errors.New("no workbook part is named"))
	}
	links, err := w.relations(main)
	if err != nil {
		return err
	}
	if err := w.readWorkbookPart(main, links); err != nil {
		return err
	}
	if err := w.readLinked(links, "sharedStrings", w.readStrings); err != nil {
		return err
	}
	return w.readLinked(links, "styles", w.readStyles)
}

// readLinked reads the part of a kind, if the workbook names one; it must not name two.
func (w *Workbook) readLinked(links map[string]relation, kind string, read func(part string) error) error {
	part := ""
	for _, r := range links {
		if r.kind != kind || r.external {
			continue
		}
		if part != "" {
			return damaged(r.target, fmt.Errorf("a second part of kind %s", kind))
		}
		part = r.target
	}
	if part == "" {
		return nil
	}
	return read(part)
}

// readWorkbookPart reads the list of sheets and the date system.
func (w *Workbook) readWorkbookPart(main string, links map[string]relation) error {
	names := map[string]bool{}
	err := w.scan(main, func(x *xmlScanner) error {
		switch x.local() {
		case "workbook":
			if x.depth() != 1 {
				return errors.New("workbook element in the wrong place")
			}
		case "workbookPr":
			v, _ := x.attr("date1904")
			w.date1904 = v == "1" || v == "true"
		case "sheet":
			if x.depth() != 3 {
				return nil
			}
			name, _ := x.attr("name")
			state, _ := x.attr("state")
			link, ok := links[x.prefixedAttr("id")]
			if !ok || name == "" || names[strings.ToLower(name)] {
				return fmt.Errorf("sheet %.40q has no part, no name or stands twice", name)
			}
			names[strings.ToLower(name)] = true
			if link.kind == "worksheet" && !link.external {
				w.sheets = append(w.sheets, &worksheet{name: name, part: link.target, hidden: state == "hidden" || state == "veryHidden"})
			}
		}
		return nil
	})
	if err == nil && len(w.sheets) == 0 {
		err = damaged(main, errors.New("no worksheet"))
	}
	return err
}

// readRest reads every part that was not read yet to its end; worksheets are surveyed on the way.
func (w *Workbook) readRest(archive *zip.Reader) error {
	sheets := map[string]*worksheet{}
	for _, s := range w.sheets {
		part := strings.ToLower(s.part)
		if sheets[part] != nil {
			return damaged(s.part, errors.New("two sheets share one part"))
		}
		if sheets[part] = s; w.parts[part] == nil {
			return damaged(s.part, errors.New("the part is missing"))
		}
	}
	for _, f := range archive.File {
		name := strings.ToLower(f.Name)
		var err error
		switch {
		case strings.HasSuffix(name, "/"):
		case sheets[name] != nil:
			err = w.survey(sheets[name])
		case strings.HasSuffix(name, ".xml"), strings.HasSuffix(name, ".rels"):
			err = w.scan(f.Name, func(*xmlScanner) error { return nil })
		default:
			err = w.drain(f.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// drain reads a part that is not XML, for its checksum.
func (w *Workbook) drain(name string) error {
	body, err := w.open(name)
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := io.Copy(io.Discard, body); err != nil {
		return damaged(name, err)
	}
	return nil
}
