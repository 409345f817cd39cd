package log

import (
	"os"
	"strings"
	"syscall"
)

// readSmall reads a file of a folder into buf, if it can do so with one read: the
// file has a byte or more, fewer than buf, and no more than limit. Otherwise, for
// what is no regular file, and for any error it returns nil: whoever asks looks
// closer then.
//
// A log's directory has a file for each text of its statements. Opening one through
// [os.Root], which asks for its size and prepares it for waiting, takes three times
// as long.
func readSmall(dir *os.File, name string, limit int64, buf []byte) []byte {
	if len(buf) == 0 || strings.Contains(name, "/") {
		return nil
	}
	// What waits, such as a pipe, is not waited for, and a link is not followed.
	file, err := syscall.Openat(int(dir.Fd()), name, syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	// A file system gives less than there is room for only where a file ends.
	n, err := syscall.Read(file, buf)
	syscall.Close(file)
	if err != nil || n == 0 || n == len(buf) || int64(n) > limit {
		return nil
	}
	return buf[:n]
}
