package columnar

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"plumbline/policy"
)

// Kind is a file format.
type Kind string

// The kinds.
const (
	Parquet Kind = "parquet"
	Arrow   Kind = "arrow" // an IPC file or stream
)

// Field is a column of a file.
type Field struct {
	Name  string
	INT96 bool // Parquet stores its moments as INT96, which tells no zone
}

// Refusal says why a file cannot be read.
type Refusal struct {
	Encrypted bool
	Limit     bool
	Say, Cure policy.Text
}

// Error gives the reason and the cure in Chinese, then in English.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s%s / %s %s", r.Say.ZH, r.Cure.ZH, r.Say.EN, r.Cure.EN)
}

var cureExport = policy.Text{
	ZH: "请从来源系统重新导出，或另存为 CSV（UTF-8）或 .xlsx 后导入。",
	EN: "Export it again from its source, or save it as CSV (UTF-8) or .xlsx and import that.",
}

// Read reads in from its first byte in a child process and gives the columns to fields, then the rows, numbered from 1, to row: cells
// in the order of the columns, nil for null, valid until row returns. most is the number of rows wanted, 0 for all. What is wrong with
// the file gives a *Refusal; errors of fields and row come back as they are. in must not be used meanwhile.
func Read(ctx context.Context, kind Kind, in *os.File, most int64, fields func([]Field) error, row func(number int64, cells [][]byte) error) error {
	if !called || os.Getenv(Variable) != "" {
		return errors.New("read a columnar file: columnar.Main was not called at the start of this program")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program for the child process: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = []string{fmt.Sprintf("%s=%s %d", Variable, kind, most), "GOMEMLIMIT=" + goMemory, "GOTRACEBACK=none"}
	cmd.ExtraFiles = []*os.File{in}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("prepare the child process: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the child process: %w", err)
	}
	t := talk{frames: frameReader{r: bufio.NewReaderSize(out, 1<<18)}, fields: fields, row: row}
	err = t.listen()
	return t.outcome(ctx, err, func() error {
		if err != nil {
			cancel() // the child may have more to say that nobody listens to
		}
		return cmd.Wait()
	})
}

// talk is one exchange with the child.
type talk struct {
	frames   frameReader
	fields   func([]Field) error
	row      func(int64, [][]byte) error
	rows     int64
	callback error // of fields or row
}

// listen takes the frames up to the end.
func (t *talk) listen() error {
	if err := t.frames.open(); err != nil {
		return err
	}
	named := false
	for {
		kind, err := t.frames.r.ReadByte()
		if err != nil {
			return err
		}
		switch {
		case kind == frameFields && !named:
			named = true
			err = t.takeFields()
		case kind == frameRow && named:
			err = t.takeRow()
		case kind == frameEnd && named:
			return t.end()
		case kind == frameRefusal:
			return t.refusal()
		default:
			err = errFrames
		}
		if err != nil {
			return err
		}
	}
}

func (t *talk) takeFields() error {
	fields, err := t.frames.fields()
	if err != nil {
		return err
	}
	t.callback = t.fields(fields)
	return t.callback
}

func (t *talk) takeRow() error {
	cells, err := t.frames.row()
	if err != nil {
		return err
	}
	t.rows++
	t.callback = t.row(t.rows, cells)
	return t.callback
}

// end checks the count and that nothing follows.
func (t *talk) end() error {
	n, err := t.frames.number(1 << 62)
	if err != nil {
		return err
	}
	if _, err = t.frames.r.ReadByte(); err != io.EOF || int64(n) != t.rows {
		return errFrames
	}
	return nil
}

// refusal reads an X frame behind its first byte.
func (t *talk) refusal() error {
	reason, err := t.frames.r.ReadByte()
	if err != nil {
		return err
	}
	detail, err := t.frames.text(maxDetail)
	if err != nil {
		return err
	}
	switch reason {
	case reasonEncrypted:
		return &Refusal{Encrypted: true,
			Say:  policy.Text{ZH: "这个 Parquet 文件已加密，无法读取。", EN: "This Parquet file is encrypted and cannot be read."},
			Cure: policy.Text{ZH: "请导出未加密的文件。", EN: "Export it without encryption."}}
	case reasonLimit:
		return &Refusal{Limit: true,
			Say: policy.Text{ZH: fmt.Sprintf("文件超过上限（2,000 列，每个单元格 1 MiB，每行 8 MiB）：%q。", detail),
				EN: fmt.Sprintf("The file exceeds a limit (2,000 columns, 1 MiB in a cell, 8 MiB in a row): %q.", detail)},
			Cure: policy.Text{ZH: "请只导出需要的列。", EN: "Export only the columns that matter."}}
	}
	return &Refusal{Cure: cureExport,
		Say: policy.Text{ZH: fmt.Sprintf("文件已损坏或无法读取（%q）。", detail), EN: fmt.Sprintf("The file is damaged or cannot be read (%q).", detail)}}
}

// outcome turns what was heard and how the child ended into one answer.
func (t *talk) outcome(ctx context.Context, heard error, wait func() error) error {
	stopped := ctx.Err()
	ended := wait()
	var refusal *Refusal
	switch {
	case t.callback != nil:
		return t.callback
	case stopped != nil:
		return stopped
	case errors.As(heard, &refusal):
		return refusal
	case heard == nil && ended == nil:
		return nil
	case errors.Is(heard, errFrames):
		ended = heard
	}
	return crashed(ended)
}

// crashed tells in plain words how the child ended before its time.
func crashed(ended error) *Refusal {
	how := fmt.Sprint(ended)
	var exit *exec.ExitError
	if errors.As(ended, &exit) {
		status, ok := exit.Sys().(syscall.WaitStatus)
		if ok && status.Signaled() && (status.Signal() == syscall.SIGXCPU || status.Signal() == syscall.SIGKILL) {
			return &Refusal{Limit: true, Cure: cureExport, Say: policy.Text{
				ZH: fmt.Sprintf("读取这个文件的子进程超出了时间或内存上限（%v），文件可能已损坏或是有意构造的。", exit),
				EN: fmt.Sprintf("The child process that read this file went past its limit of time or memory (%v); the file may be damaged or crafted.", exit)}}
		}
	}
	return &Refusal{Cure: cureExport, Say: policy.Text{
		ZH: fmt.Sprintf("读取这个文件的子进程意外退出（%s），文件可能已损坏或是有意构造的。", how),
		EN: fmt.Sprintf("The child process that read this file ended unexpectedly (%s); the file may be damaged or crafted.", how)}}
}
