package policy

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed defaults/*.yaml defaults/mappings/*.yaml
var defaults embed.FS

//go:embed schema.json
var schema []byte

// The files of a policy.
const (
	companyFile    = "company.yaml"
	datasetsFile   = "datasets.yaml"
	kpisFile       = "kpis.yaml"
	scorecardsFile = "scorecards.yaml"
	calendarFile   = "calendar.yaml"
)

// fileNames are the files in the order in which they are kept and hashed.
var fileNames = []string{companyFile, datasetsFile, kpisFile, scorecardsFile, calendarFile}

// optional reports whether a policy may do without a file. The last of fileNames are optional, so that policies adopted before there was
// such a file keep their order and their hash.
func optional(name string) bool { return name == calendarFile }

// maxFileBytes bounds a file; a policy of a large company has some 100 KiB.
const maxFileBytes = 1 << 20

// Schema gives the JSON Schema of the files and of mappings, so that editors complete and explain them. The form of each file
// stands under $defs by the file's name, that of a mapping under mapping.
func Schema() []byte { return bytes.Clone(schema) }

// Default gives the built-in policy: company.yaml, datasets.yaml, kpis.yaml, scorecards.yaml, calendar.yaml.
func Default() Source {
	var s Source
	for _, name := range fileNames {
		text, err := defaults.ReadFile("defaults/" + name)
		if err != nil {
			panic(err) // the file is part of the program
		}
		s = append(s, File{name, string(text)})
	}
	return s
}

// ReadDir reads the files of a policy from dir; calendar.yaml may be missing. Another missing file and a further YAML file, which would be ignored in
// silence, come back as Errors; directories and other files do not matter.
func ReadDir(dir string) (Source, error) {
	found, further, err := yamlFiles(dir)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	var faults Errors
	for _, name := range further {
		faults = append(faults, unknownFile(name))
	}
	var s Source
	for _, name := range fileNames {
		if !found[name] {
			if !optional(name) {
				faults = append(faults, missingFile(name, nearest(name, further)))
			}
			continue
		}
		text, err := readFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("read policy: %w", err)
		}
		s = append(s, File{name, text})
	}
	if faults != nil {
		return nil, faults.sorted()
	}
	return s, nil
}

// yamlFiles looks for the files of a policy in dir, and for further YAML files.
func yamlFiles(dir string) (found map[string]bool, further []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	found = map[string]bool{}
	for _, e := range entries {
		ext := strings.ToLower(filepath.Ext(e.Name()))
		switch {
		case e.IsDir() || ext != ".yaml" && ext != ".yml":
		case slices.Contains(fileNames, e.Name()):
			found[e.Name()] = true
		default:
			further = append(further, e.Name())
		}
	}
	return found, further, nil
}

// ReadOver reads changed files: a directory with some or all files of a policy, or one file. The files that are not there stay as they
// are in s, and kept names them. A directory without any and a further YAML file come back as Errors.
func (s Source) ReadOver(path string) (changed Source, kept []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read policy: %w", err)
	}
	dir, found, further := path, map[string]bool{}, []string(nil)
	if !info.IsDir() {
		dir = filepath.Dir(path)
		if name := filepath.Base(path); slices.Contains(fileNames, name) {
			found[name] = true
		} else {
			further = append(further, name)
		}
	} else if found, further, err = yamlFiles(path); err != nil {
		return nil, nil, fmt.Errorf("read policy: %w", err)
	}
	if faults := notOver(path, found, further); faults != nil {
		return nil, nil, faults
	}
	return s.over(dir, found)
}

// notOver says why files cannot be laid over a policy; nil when they can.
func notOver(path string, found map[string]bool, further []string) (faults Errors) {
	for _, name := range further {
		faults = append(faults, unknownFile(name))
	}
	if faults == nil && len(found) == 0 {
		faults = Errors{{Place: Place{File: path}, What: say("目录中没有制度文件", "the directory holds no file of a policy"),
			Cure: say("放入改动过的文件，文件名须是 %s 之一", "put the changed files there, named %s", strings.Join(fileNames, ", "))}}
	}
	return faults
}

// over takes the files found in dir, and the others of s.
func (s Source) over(dir string, found map[string]bool) (changed Source, kept []string, err error) {
	for _, name := range fileNames {
		i := slices.IndexFunc(s, func(f File) bool { return f.Name == name })
		switch {
		case found[name]:
			text, err := readFile(filepath.Join(dir, name))
			if err != nil {
				return nil, nil, fmt.Errorf("read policy: %w", err)
			}
			changed = append(changed, File{name, text})
		case i >= 0:
			changed, kept = append(changed, s[i]), append(kept, name)
		}
	}
	return changed, kept, nil
}

// readFile reads at most one byte more than a file may have, so that Check sees that it is too large.
func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	return string(text), err
}

// WriteDir writes the files into dir, which it makes if missing. It writes nothing when one of the files exists with
// another content.
func (s Source) WriteDir(dir string) error {
	if faults := s.shape(); faults != nil {
		return faults
	}
	if err := writeFiles(dir, s); err != nil {
		return fmt.Errorf("write policy: %w", err)
	}
	return nil
}

// writeFiles writes into dir the files that it lacks. It writes nothing when one of the others differs from what is there.
func writeFiles(dir string, files []File) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var missing, differing []string
	for _, f := range files {
		switch old, err := os.ReadFile(filepath.Join(dir, f.Name)); {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, f.Name)
		case err != nil:
			return err
		case string(old) != f.Text:
			differing = append(differing, f.Name)
		}
	}
	if differing != nil {
		return fmt.Errorf("%s already holds a different %s; choose another directory or move the old files away (目录中已有内容不同的文件，请换一个目录或先移走旧文件)",
			dir, strings.Join(differing, ", "))
	}
	for _, f := range files {
		if slices.Contains(missing, f.Name) {
			if err := writeNew(filepath.Join(dir, f.Name), f.Text); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeNew writes a file that appears whole or not at all, and never replaces another.
func writeNew(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

// Hash gives the SHA-256, in hex, over names and bytes. Each is preceded by its length, so that no two policies share
// the bytes that are hashed.
func (s Source) Hash() string {
	h := sha256.New()
	write := func(text string) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(text)))
		h.Write(length[:])
		io.WriteString(h, text)
	}
	for _, f := range s {
		write(f.Name)
		write(f.Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// shape reports files that are missing, unknown, given twice or out of order.
func (s Source) shape() error {
	var faults Errors
	var names []string
	for _, f := range s {
		switch {
		case !slices.Contains(fileNames, f.Name):
			faults = append(faults, unknownFile(f.Name))
		case slices.Contains(names, f.Name):
			faults = append(faults, Error{Place: Place{File: f.Name}, What: say("文件给了两次", "the file is given twice"),
				Cure: say("只保留一份", "keep one of them")})
		default:
			names = append(names, f.Name)
		}
	}
	var order []string
	for _, name := range fileNames {
		if given := slices.Contains(names, name); given {
			order = append(order, name)
		} else if !optional(name) {
			faults = append(faults, missingFile(name, ""))
		}
	}
	if faults == nil && !slices.Equal(names, order) {
		faults = append(faults, Error{Place: Place{File: names[0]}, What: say("文件的次序不对", "the files are out of order"),
			Cure: say("按此次序给出：%s", "give them in this order: %s", strings.Join(fileNames, ", "))})
	}
	if faults == nil {
		return nil
	}
	return faults.sorted()
}

func unknownFile(name string) Error {
	cure := say("制度只由 %s 组成；请移走或改名", "a policy consists of %s; move the file away or rename it", strings.Join(fileNames, ", "))
	if near := nearest(name, fileNames); near != "" {
		cure = say("文件名是否应为 %s？", "did you mean %s?", near)
	}
	return Error{Place: Place{File: name}, What: say("制度中没有名为 %s 的文件", "a policy has no file %s", name), Cure: cure}
}

func missingFile(name, near string) Error {
	cure := say("补上该文件；`plumbline init` 会写出一份默认的", "add the file; `plumbline init` writes a default one")
	if near != "" {
		cure = say("是否应把 %s 改名为 %s？", "rename %s to %s?", near, name)
	}
	return Error{Place: Place{File: name}, What: say("缺少文件 %s", "the file %s is missing", name), Cure: cure}
}
