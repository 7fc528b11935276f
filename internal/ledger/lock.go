package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const lockName = "lock"

// takeLock takes the lock of dir for as long as the file stays open. The kernel lets go of it when the process ends, however it
// ends, so a file left behind does not block; it is never removed, because two processes could then lock two files of one name.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := flock(f, unix.LOCK_EX, dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock: %w", err), f.Close())
	}
	return f, nil
}

// releaseLock empties the file first, so that it names nobody while nobody holds it. It unlocks before it closes: a child process
// that was forked a moment ago holds a copy of the descriptor until it runs its own program, and closing ours alone would leave
// the lock with that copy.
func releaseLock(f *os.File) error {
	return errors.Join(f.Truncate(0), unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close())
}

// shareLock holds writers off while dir is read. It returns nil for a copy without a lock file, where nobody writes.
func shareLock(dir string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := flock(f, unix.LOCK_SH, dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func flock(f *os.File, how int, dir string) error {
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return &LockedError{PID: holder(f), Dir: dir}
		default:
			return fmt.Errorf("lock %s: %w", dir, err)
		}
	}
}

// holder reads who has the lock. Between taking the lock and writing its pid, a process leaves the file empty or with the pid of
// one that died before, so only a living pid is believed, and a moment is given to write it.
func holder(f *os.File) int {
	for range 10 {
		text := make([]byte, 32)
		n, _ := f.ReadAt(text, 0)
		pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
		if err == nil && pid > 0 && alive(pid) {
			return pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0
}

func alive(pid int) bool {
	err := unix.Kill(pid, 0)
	return err == nil || errors.Is(err, unix.EPERM)
}
