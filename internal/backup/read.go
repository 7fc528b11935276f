package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strings"

	"plumbline/internal/ledger"
)

// Look reads the manifest of a backup and nothing else. A *DamagedError says why it cannot be read.
func Look(file string) (Backup, error) {
	a, err := open(context.Background(), file)
	if err != nil {
		return Backup{}, fmt.Errorf("read a backup: %w", err)
	}
	return a.backup, a.file.Close()
}

// Check reads a backup to its end and verifies every byte: each file against the manifest, both journals' chains up to the heads that the manifest
// names, every original, and that no original which an event names is missing. A *DamagedError says what is wrong and where.
func Check(ctx context.Context, file string) (Backup, error) {
	b, err := walk(ctx, file, nil, func(_ File, r io.Reader, verify func(io.Reader) error) error { return verify(r) })
	if err != nil {
		return Backup{}, fmt.Errorf("check a backup: %w", err)
	}
	return b, nil
}

// archive is a backup that is being read.
type archive struct {
	backup Backup
	file   *os.File
	all    hash.Hash // of every byte read so far
	from   io.Reader
	tar    *tar.Reader
}

// open opens a backup and reads its manifest.
func open(ctx context.Context, path string) (*archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a := &archive{file: f, all: sha256.New(), backup: Backup{Path: path}}
	a.from = &counted{ctx: ctx, from: io.TeeReader(f, a.all)}
	a.tar = tar.NewReader(a.from)
	err = a.begin()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return a, nil
}

func (a *archive) begin() error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return a.damage("", "不是普通文件", "it is no file", nil)
	}
	a.backup.Size = info.Size()
	size, err := a.next(manifestName)
	if err != nil {
		return err
	}
	if size > mostManifest {
		return a.damage(manifestName, fmt.Sprintf("长过 %d 字节", mostManifest), fmt.Sprintf("it is longer than %d bytes", mostManifest), nil)
	}
	text, err := io.ReadAll(a.tar)
	if err != nil {
		return a.broken(manifestName, err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&a.backup.Manifest); err != nil {
		return a.damage(manifestName, "读不懂", "it cannot be read", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return a.damage(manifestName, "清单之后还有内容", "something follows it", nil)
	}
	if zh, en := a.backup.sound(); en != "" {
		return a.damage(manifestName, zh, en, nil)
	}
	return nil
}

// next goes on to the file that has to be the next one and gives its size.
func (a *archive) next(name string) (int64, error) {
	h, err := a.tar.Next()
	switch {
	case err == io.EOF:
		return 0, a.damage(name, "缺失", "it is missing", nil)
	case err != nil:
		return 0, a.broken(name, err)
	case h.Typeflag != tar.TypeReg:
		return 0, a.damage(h.Name, "不是普通文件", "it is no ordinary file", nil)
	case h.Size > a.backup.Size: // a sparse file, whose holes would be read as zeros without end
		return 0, a.damage(h.Name, "自称比整个备份还大", "it claims to be larger than the whole backup", nil)
	case h.Name != name:
		return 0, a.damage(h.Name, fmt.Sprintf("此处应是 %s", name), fmt.Sprintf("it stands where %s is due", name), nil)
	}
	return h.Size, nil
}

func (a *archive) damage(file, zh, en string, cause error) *DamagedError {
	return &DamagedError{Path: a.backup.Path, File: file, ZH: zh, EN: en, Err: cause}
}

// broken tells a backup that is damaged from a disk that cannot be read and from work that was ended.
func (a *archive) broken(file string, err error) error {
	damaged, ours := errors.AsType[*DamagedError](err)
	disk, failed := errors.AsType[*fs.PathError](err)
	switch {
	case ours:
		return damaged
	case failed:
		return disk
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return a.damage(file, "备份在其中断掉", "the backup ends within it", nil)
	}
	return a.damage(file, "读不出", "it cannot be read", err)
}

// visit is called with each file that the manifest lists. It has to hand all bytes of r on to verify.
type visit func(f File, r io.Reader, verify func(io.Reader) error) error

// walk reads a backup from its first byte to its last. known are heads that its ledger has to hold.
func walk(ctx context.Context, path string, known []ledger.Head, each visit) (Backup, error) {
	a, err := open(ctx, path)
	if err != nil {
		return Backup{}, err
	}
	v := &verifier{missing: map[string]int64{}, known: known}
	for _, f := range a.backup.Files {
		if err = a.walkFile(f, v, each); err != nil {
			break
		}
	}
	if err == nil {
		err = a.compare(v)
	}
	if err == nil {
		err = a.end()
	}
	return a.backup, errors.Join(err, a.file.Close())
}

// walkFile reads one file. What is wrong with its content is told rather than that its hash is another one.
func (a *archive) walkFile(f File, v *verifier, each visit) error {
	size, err := a.next(f.Name)
	if err != nil {
		return err
	}
	if size != f.Size {
		return a.damage(f.Name, fmt.Sprintf("有 %d 字节，清单写的是 %d", size, f.Size), fmt.Sprintf("it has %d bytes, but the manifest says %d", size, f.Size), nil)
	}
	h := sha256.New()
	r := io.TeeReader(a.tar, h)
	err = each(f, r, func(r io.Reader) error { return v.verify(f.Name, r) })
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if failed, ok := errors.AsType[*writeError](err); ok {
		return failed.error
	}
	if foreign, ok := errors.AsType[*ForeignError](err); ok {
		return foreign
	}
	if damage, ok := errors.AsType[*ledger.DamageError](err); ok {
		return a.damage(f.Name, "", "", damage)
	}
	if err != nil {
		return a.broken(f.Name, err)
	}
	if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return a.damage(f.Name, "内容与清单中的 SHA-256 不符", "its content does not have the SHA-256 of the manifest", nil)
	}
	return nil
}

// compare holds what was read against the manifest.
func (a *archive) compare(v *verifier) error {
	if got := Head(v.ledger.Head()); got != a.backup.Ledger {
		want := a.backup.Ledger
		return a.damage("journal", fmt.Sprintf("止于事件 %d %s，清单写的是事件 %d %s", got.Seq, short(got.Hash), want.Seq, short(want.Hash)),
			fmt.Sprintf("it ends with event %d %s, but the manifest says event %d %s", got.Seq, short(got.Hash), want.Seq, short(want.Hash)), nil)
	}
	if want := a.backup.Trail; want != nil && Head(v.trail.Head()) != *want {
		return a.damage("trail/journal", fmt.Sprintf("止于事件 %d，清单写的是事件 %d 或另一个", v.trail.Head().Seq, want.Seq),
			fmt.Sprintf("it ends with event %d, but the manifest says event %d, or another one", v.trail.Head().Seq, want.Seq), nil)
	} else if want == nil && v.trail.Head().Seq > 0 {
		return a.damage("trail/journal", "清单中没有访问日志", "the manifest knows no trail", nil)
	}
	for sum, seq := range v.missing {
		return a.damage(ledger.OriginalFile(sum), fmt.Sprintf("缺失，而事件 %d 提到它", seq), fmt.Sprintf("it is missing, but event %d names it", seq), nil)
	}
	return v.knowsLast()
}

func short(hash string) string { return hash[:min(12, len(hash))] }

// end reads the last entry, which has the hash of all before it, and wants nothing but zeros after it.
func (a *archive) end() error {
	size, err := a.next(endName)
	if err != nil {
		return err
	}
	want := hex.EncodeToString(a.all.Sum(nil)) + "\n"
	if size != endSize {
		return a.damage(endName, "长度不对", "it has another length", nil)
	}
	got, err := io.ReadAll(a.tar)
	if err != nil {
		return a.broken(endName, err)
	}
	if string(got) != want {
		return a.damage("", "全文与末尾的 SHA-256 不符", "its bytes do not have the SHA-256 at its end", nil)
	}
	rest, err := io.ReadAll(io.LimitReader(a.from, restBytes+1))
	if err != nil {
		return a.broken(endName, err)
	}
	if len(rest) != restBytes || strings.Trim(string(rest), "\x00") != "" {
		return a.damage("", "结尾与写入时不同", "it does not end as it was written", nil)
	}
	return nil
}

// restBytes follow the content of the last entry: it is filled up to whole blocks, and two empty blocks end a tar file.
const restBytes = (512-endSize%512)%512 + 2*512

// verifier checks the content of files as they come by.
type verifier struct {
	ledger, trail ledger.Chain
	missing       map[string]int64 // originals that events name and that have not come yet, with the first event
	known         []ledger.Head
}

// verify reads one file. What is neither journal nor original has no more than its hash.
func (v *verifier) verify(name string, r io.Reader) error {
	if inTrail, ok := strings.CutPrefix(name, trailFolder); ok {
		return v.trail.Read(inTrail, r, func(ledger.Event) error { return nil })
	}
	if ledger.IsJournalFile(name) {
		return v.ledger.Read(name, r, v.note)
	}
	if sum := ledger.OriginalOf(name); sum != "" {
		delete(v.missing, sum)
		return ledger.Unpack(sum, r)
	}
	return nil
}

// note remembers which original an event names, and compares the event before it with the heads that are known.
func (v *verifier) note(ev ledger.Event) error {
	if sum := ledger.Named(ev); sum != "" {
		if _, is := v.missing[sum]; !is {
			v.missing[sum] = ev.Seq
		}
	}
	return v.knows(ledger.Head{Seq: ev.Seq - 1, Hash: ev.Prev})
}

func (v *verifier) knows(h ledger.Head) error {
	for _, known := range v.known {
		if known.Seq == h.Seq && known.Hash != h.Hash {
			return &ForeignError{Known: Head(known)}
		}
	}
	return nil
}

func (v *verifier) knowsLast() error { return v.knows(v.ledger.Head()) }

// ForeignError says that a backup holds another event than the one that a head kept elsewhere names: it is of another ledger, or of one that was
// written anew.
type ForeignError struct{ Known Head }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("event %d of the backup is not the one whose head was kept: it is the backup of another ledger, or of a forged one", e.Known.Seq)
}
