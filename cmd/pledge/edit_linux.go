package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// memoryFolders are the folders of this machine that are in memory only. What is in
// them may still be swapped out, unless swap is off or encrypted.
func memoryFolders() []string {
	var out []string
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), "/dev/shm"} {
		if dir != "" && inMemory(dir) {
			out = append(out, dir)
		}
	}
	return out
}

// inMemory reports whether a folder is on a file system that has no disk.
func inMemory(dir string) bool {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return false
	}
	return fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.RAMFS_MAGIC
}
