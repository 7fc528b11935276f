package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/xuri/excelize/v2"
)

// ErrPassword says that a protected workbook does not open.
var ErrPassword = errors.New("the workbook is protected: the password is missing or wrong (工作簿有密码保护：没有给出密码，或密码不对)")

// compound is how a protected workbook begins; one that is not protected is a zip archive.
var compound = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

// Unprotect gives a workbook without its protection; one that has none is given as it is, whatever the password. It fails with ErrPassword.
func Unprotect(raw []byte, password string) ([]byte, error) {
	if !bytes.HasPrefix(raw, compound) {
		return raw, nil
	}
	if password == "" {
		return nil, ErrPassword
	}
	plain, err := decrypted(raw, password)
	if err != nil || !bytes.HasPrefix(plain, []byte("PK")) {
		return nil, ErrPassword
	}
	return plain, nil
}

// decrypted keeps what a damaged file does to the library from reaching the caller.
func decrypted(raw []byte, password string) (plain []byte, err error) {
	defer func() {
		if recover() != nil {
			err = ErrPassword
		}
	}()
	return excelize.Decrypt(raw, &excelize.Options{Password: password})
}

// read gives a workbook of the folder without its protection. One that is protected otherwise than the folder's are cannot be read.
func (to Folder) read(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(raw, compound) != (to.Password != "") {
		return nil, ErrPassword
	}
	return Unprotect(raw, to.Password)
}

// write writes a workbook for those whom the mode lets read it, protected where the folder has a password.
func (to Folder) write(path string, mode os.FileMode, write func(io.Writer) error) error {
	if to.Password == "" {
		return writeFor(path, mode, write)
	}
	return writeFor(path, mode, func(w io.Writer) error {
		var plain bytes.Buffer
		if err := write(&plain); err != nil {
			return err
		}
		protected, err := excelize.Encrypt(plain.Bytes(), &excelize.Options{Password: to.Password})
		if err != nil {
			return fmt.Errorf("protect %s: %w", path, err)
		}
		_, err = w.Write(protected)
		return err
	})
}
