package commandline

import "golang.org/x/sys/unix"

// KeepMemory has the system write no core dump of this process, to no file and to no
// program that collects them, and lets no other process of the same user read its memory:
// keys, passphrases and texts that are withheld are in it. It does what it can, and what
// the process starts is not bound by the second half.
func KeepMemory() {
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
