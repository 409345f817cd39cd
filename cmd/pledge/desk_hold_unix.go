//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// holdDesk holds a folder for one desk, as long as the process runs: the kernel lets go of it
// when that ends, however it does. Taken says that another desk has it.
func holdDesk(dir string) (held io.Closer, taken bool, err error) {
	f, err := os.Open(dir) // no program that is started gets it
	if err != nil {
		return nil, false, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, errors.Is(err, syscall.EWOULDBLOCK), err
	}
	return f, false, nil
}
