package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"unicode"

	"github.com/mattn/go-isatty"

	"github.com/pledgelog/pledgelog/commandline"
)

// This file is the only one that prints, and that says where the log of a
// running server goes. Messages are lower case and without a full stop: an error
// is one line that begins with "error:", what can be done about it one that
// begins with "hint:".

type ui struct {
	in       io.Reader
	out, err io.Writer
}

// printf writes to the output what a person or a script asked for.
func (u ui) printf(format string, args ...any) {
	fmt.Fprint(u.out, visible(fmt.Sprintf(format, args...)))
}

// note writes a remark to the error output.
func (u ui) note(format string, args ...any) {
	fmt.Fprintf(u.err, "note: %s\n", oneLine(fmt.Sprintf(format, args...)))
}

func (u ui) fail(err error, hint string) {
	// Joined errors have a line each.
	commandline.Print(u.err, oneLine(strings.ReplaceAll(err.Error(), "\n", "; ")), oneLine(hint))
}

// logger writes a line a message to the error output: text for a person at a
// terminal, else JSON.
func (u ui) logger() *slog.Logger {
	if f, ok := u.err.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		return slog.New(slog.NewTextHandler(u.err, nil))
	}
	return slog.New(slog.NewJSONHandler(u.err, nil))
}

func oneLine(s string) string { return visible(strings.ReplaceAll(s, "\n", " ")) }

// visible writes what a terminal would obey, or not show, as <U+XXXX>.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || unicode.IsGraphic(r) && r != unicode.ReplacementChar {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "<U+%04X>", r)
	}
	return b.String()
}
