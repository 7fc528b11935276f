package columnar

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sys/unix"
)

// Variable is the environment variable that turns the program into the child: a Kind, a blank and the number of rows wanted, 0 for all.
const Variable = "PLUMBLINE_COLUMNAR"

// Limits of the child.
const (
	addressSpace  = 4 << 30 // bytes, above what the program takes before it opens the file
	goMemory      = "2GiB"  // where the garbage collector tries hardest
	processorTime = 600     // seconds
)

var errLimit = errors.New("larger than the limits")

// called says that Main ran, so that starting this program again is safe.
var called bool

// Main turns the process into the child when Variable says so, and then does not return. It is called first thing in main and in
// TestMain; a program that does not call it cannot Read.
func Main() {
	called = true
	order := os.Getenv(Variable)
	if order == "" {
		return
	}
	kind, rows, _ := strings.Cut(order, " ")
	most, err := strconv.ParseInt(rows, 10, 64)
	if err != nil || confine() != nil {
		os.Exit(1)
	}
	if most == 0 {
		most = math.MaxInt64
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<18)
	serve(Kind(kind), os.NewFile(3, "input"), most, out)
	if out.Flush() != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// confine sets the limits of this process, before it has seen a byte of the file.
func confine() error {
	taken := uint64(0) // a binary with a race detector or large libraries has taken much already
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		pages, _, _ := strings.Cut(string(statm), " ")
		n, _ := strconv.ParseUint(pages, 10, 40)
		taken = n * uint64(os.Getpagesize())
	}
	for _, l := range []struct {
		resource int
		most     uint64
	}{{unix.RLIMIT_AS, taken + addressSpace}, {unix.RLIMIT_CPU, processorTime}, {unix.RLIMIT_CORE, 0}, {unix.RLIMIT_FSIZE, 0}} {
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return err
		}
	}
	return nil
}

// serve writes the file as frames. A panic of the library is a refusal like its errors.
func serve(kind Kind, in *os.File, most int64, out *bufio.Writer) {
	c := child{out: out}
	err := c.run(kind, in, most)
	reason := byte(reasonDamaged)
	switch {
	case err == nil:
		return
	case errors.Is(err, errEncrypted):
		reason = reasonEncrypted
	case errors.Is(err, errLimit):
		reason = reasonLimit
	}
	detail := err.Error()
	out.WriteByte(frameRefusal)
	out.WriteByte(reason)
	out.Write(appendText(nil, []byte(detail[:min(len(detail), maxDetail)])))
}

type child struct {
	out   *bufio.Writer
	rows  int64
	frame []byte
	cell  []byte
}

func (c *child) run(kind Kind, in *os.File, most int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	if _, err := c.out.WriteString(magic); err != nil {
		return err
	}
	src, err := open(kind, in, most)
	if err != nil {
		return err
	}
	columns, err := src.columns()
	if err != nil {
		return err
	}
	if err := c.writeFields(columns); err != nil {
		return err
	}
	for c.rows < most {
		batch, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = array.ValidateRecordFull(batch)
		}
		if err != nil {
			return fmt.Errorf("behind row %d: %w", c.rows, err)
		}
		leaves := make([]leaf, len(columns))
		for i := range columns {
			leaves[i] = columns[i].leaf(batch)
		}
		for i := 0; i < int(batch.NumRows()) && c.rows < most; i++ {
			if err := c.writeRow(leaves, i); err != nil {
				return err
			}
		}
	}
	if c.rows < most && src.rows >= 0 && c.rows != src.rows {
		return fmt.Errorf("%d rows could be read, the file says %d", c.rows, src.rows)
	}
	_, err = c.out.Write(binary.AppendUvarint([]byte{frameEnd}, uint64(c.rows)))
	return err
}

func (c *child) writeFields(columns []column) error {
	c.frame = binary.AppendUvarint([]byte{frameFields}, uint64(len(columns)))
	for _, col := range columns {
		c.frame = append(appendText(c.frame, []byte(col.name)), 0)
		if col.naive {
			c.frame[len(c.frame)-1] = 1
		}
	}
	_, err := c.out.Write(c.frame)
	return err
}

// writeRow writes one row as a whole: a panic on the way leaves no half frame behind.
func (c *child) writeRow(leaves []leaf, i int) error {
	c.rows++
	c.frame = append(c.frame[:0], frameRow)
	for l := range leaves {
		if leaves[l].isNull(i) {
			c.frame = append(c.frame, 0)
			continue
		}
		c.cell = leaves[l].text(c.cell[:0], i)
		c.frame = append(binary.AppendUvarint(c.frame, uint64(len(c.cell))+1), c.cell...)
		if len(c.cell) > maxCell || len(c.frame) > maxRow {
			return fmt.Errorf("row %d: %w", c.rows, errLimit)
		}
	}
	_, err := c.out.Write(c.frame)
	return err
}
