//go:build !linux

package main

// memoryFolders: no folder of this system is known to be in memory only.
func memoryFolders() []string { return nil }
