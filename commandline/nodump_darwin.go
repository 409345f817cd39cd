package commandline

import "golang.org/x/sys/unix"

// KeepMemory has the system write no core dump of this process: keys, passphrases and
// texts that are withheld are in it.
func KeepMemory() { unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
