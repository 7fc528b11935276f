//go:build !linux

package main

import "testing"

// fillDisk skips the test: only Linux limits the files of another process.
func fillDisk(t *testing.T, _ int, _ uint64) {
	t.Helper()
	t.Skip("no way to fill the disk of another process here; it is tested on Linux")
}
