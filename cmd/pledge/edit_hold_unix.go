//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"os"
	"syscall"
)

// foldersHold says that folders can be held for as long as a process runs.
const foldersHold = true

// holdFolder takes a folder of our own for this run, and for the programs that it gives the lock
// to. It fails for one that a run or its editor holds, for one that is another's, and for
// one that is gone.
func holdFolder(dir string) (lock *os.File, ok bool) {
	f, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, false
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		held, err := f.Stat()
		named, e := os.Lstat(dir)
		if err == nil && e == nil && os.SameFile(held, named) {
			if s, ours := held.Sys().(*syscall.Stat_t); ours && int(s.Uid) == os.Geteuid() {
				return f, true
			}
		}
	}
	f.Close()
	return nil, false
}
