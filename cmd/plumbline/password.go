package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"plumbline/reports"
)

// The password of a file must be so long; past most, Excel does not take it.
const (
	shortestPassword = 8
	longestPassword  = 255
)

// passwordFlag lets a command write or read protected workbooks.
func (a *app) passwordFlag(c *cobra.Command) {
	c.Flags().StringVar(&a.passwordFile, "password-file", "", a.say("文件，第一行为工作簿的密码（密码不写在命令行上）", "file whose first line is the password of the workbook (it never stands on the command line)"))
}

// folder is where workbooks go, with the password that was given.
func (a *app) folder(dir string) (reports.Folder, error) {
	password, err := a.password()
	return reports.Folder{Dir: dir, Password: password}, err
}

// password reads the password; "" without the flag.
func (a *app) password() (string, error) {
	if a.passwordFile == "" {
		return "", nil
	}
	raw, err := os.ReadFile(a.passwordFile)
	if err != nil {
		return "", useError{fmt.Errorf("--password-file: %w", err)}
	}
	first, _, _ := bytes.Cut(bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF")), []byte("\n"))
	password := strings.TrimRight(string(first), "\r")
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return "", useError{fmt.Errorf(a.say("--password-file %s：第一行不是 UTF-8 文字", "--password-file %s: its first line is no UTF-8 text"), a.passwordFile)}
	case n < shortestPassword || n > longestPassword:
		return "", useError{fmt.Errorf(a.say("--password-file %s：密码有 %d 个字符，须为 %d 到 %d 个", "--password-file %s: the password has %d characters; %d to %d are wanted"), a.passwordFile, n, shortestPassword, longestPassword)}
	}
	return password, nil
}

// unprotected gives a workbook without its protection.
func (a *app) unprotected(path string, raw []byte) ([]byte, error) {
	password, err := a.password()
	if err != nil {
		return nil, err
	}
	plain, err := reports.Unprotect(raw, password)
	if err != nil {
		return nil, useError{fmt.Errorf(a.say("%s：%w；用 --password-file 给出密码", "%s: %w; give the password by --password-file"), path, err)}
	}
	return plain, nil
}
