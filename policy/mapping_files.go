package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	mappingDir = "mappings" // the folder of mappings in a policy's directory
	mappingExt = ".yaml"
)

// DefaultMappings gives the built-in mappings of well-known exports, sorted by name.
func DefaultMappings() []File {
	entries, err := defaults.ReadDir("defaults/" + mappingDir)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	var files []File
	for _, e := range entries {
		text, err := defaults.ReadFile("defaults/" + mappingDir + "/" + e.Name())
		if err != nil {
			panic(err)
		}
		files = append(files, File{e.Name(), string(text)})
	}
	return files
}

// ReadMappings reads the mapping files of a policy's directory, those in its folder mappings, sorted by name. Without the folder
// there are none. A .yml file, which would be ignored in silence, comes back as Errors beside the others; hidden and other files do
// not matter.
func ReadMappings(dir string) ([]File, error) {
	dir = filepath.Join(dir, mappingDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read mappings: %w", err)
	}
	var files []File
	var faults Errors
	for _, e := range entries {
		name := e.Name()
		ext := filepath.Ext(name)
		switch {
		case e.IsDir() || strings.HasPrefix(name, "."):
		case ext == mappingExt:
			text, err := readFile(filepath.Join(dir, name))
			if err != nil {
				return nil, fmt.Errorf("read mappings: %w", err)
			}
			files = append(files, File{name, text})
		case strings.EqualFold(ext, mappingExt), strings.EqualFold(ext, ".yml"):
			faults = append(faults, misnamed(name))
		}
	}
	if faults != nil {
		return files, faults.sorted()
	}
	return files, nil
}

// WriteMappings writes the files into the folder mappings of a policy's directory, which it makes if missing. It writes nothing
// when one of the files exists with another content.
func WriteMappings(dir string, files []File) error {
	var faults Errors
	for _, f := range files {
		if _, ok := mappingID(f.Name); !ok {
			faults = append(faults, misnamed(f.Name))
		}
	}
	if faults != nil {
		return faults.sorted()
	}
	if err := writeFiles(filepath.Join(dir, mappingDir), files); err != nil {
		return fmt.Errorf("write mappings: %w", err)
	}
	return nil
}

// mappingID gives the id that the name of a mapping file holds.
func mappingID(name string) (string, bool) {
	id, ok := strings.CutSuffix(name, mappingExt)
	return id, ok && idForm.MatchString(id) && len(id) <= maxID
}

// misnamed is the fault of a mapping file whose name holds no id.
func misnamed(name string) Error {
	return Error{Place: Place{File: name}, What: say("映射文件不能叫“%s”", "a mapping cannot be called “%s”", clip(name)),
		Cure: say("改成 my_export%[1]s 的样子：小写英文字母开头，只用小写字母、数字和下划线，最多 %[2]d 个，以 %[1]s 结尾",
			"rename it like my_export%[1]s: begin with a small letter, use small letters, digits and _ only, at most %[2]d, and end in %[1]s", mappingExt, maxID)}
}
