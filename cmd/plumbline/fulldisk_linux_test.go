package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

// fillDisk lets no file of a process grow beyond some bytes, as on a disk without room; the system refuses to write more, with another word for it.
func fillDisk(t *testing.T, pid int, most uint64) {
	t.Helper()
	var l unix.Rlimit
	err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &l)
	if err == nil {
		l.Cur = min(most, l.Max)
		err = unix.Prlimit(pid, unix.RLIMIT_FSIZE, &l, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}
