//go:build !linux && !darwin

package commandline

// KeepMemory does nothing here: this system writes no core dumps unless it was told to.
func KeepMemory() {}
