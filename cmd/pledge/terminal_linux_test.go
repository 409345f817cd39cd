package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is withheld is shown on a terminal, and elsewhere only when that is asked for.
func TestWithheldIsShownOnATerminal(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !(&ui{out: terminal}).mayReveal() {
		t.Error("it is not shown on a terminal")
	}
	if (&ui{out: file}).mayReveal() || (&ui{out: new(bytes.Buffer)}).mayReveal() {
		t.Error("it is shown where the output is no terminal")
	}
	if !(&ui{out: file, reveal: true}).mayReveal() {
		t.Error("it is not shown where that was asked for")
	}
}
