// Package daemon is what the programs that serve have in common at their edge: where
// they print and log, the simulated clock, and how many connections they hold.
//
// It is for package main of a server in cmd and for the room of its HTTP face; the
// tools of people print through files of their own.
package daemon

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

// A Terminal is where a server's program prints, and where the log of a running server
// goes. Messages are lower case and without a full stop: an error is one line that
// begins with "error:", what can be done about it one that begins with "hint:".
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
}

// Printf writes to the output what a person or a script asked for.
func (t Terminal) Printf(format string, args ...any) {
	fmt.Fprint(t.Out, Visible(fmt.Sprintf(format, args...)))
}

// Note writes a remark to the error output.
func (t Terminal) Note(format string, args ...any) {
	fmt.Fprintf(t.Err, "note: %s\n", OneLine(fmt.Sprintf(format, args...)))
}

// Fail writes an error, and what can be done about it unless that is empty.
func (t Terminal) Fail(err error, hint string) {
	// Joined errors have a line each.
	commandline.Print(t.Err, OneLine(strings.ReplaceAll(err.Error(), "\n", "; ")), OneLine(hint))
}

// Logger writes a line a message to the error output: text for a person at a
// terminal, else JSON.
func (t Terminal) Logger() *slog.Logger {
	if f, ok := t.Err.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		return slog.New(slog.NewTextHandler(t.Err, nil))
	}
	return slog.New(slog.NewJSONHandler(t.Err, nil))
}

// OneLine is Visible, with spaces in place of line feeds.
func OneLine(s string) string { return Visible(strings.ReplaceAll(s, "\n", " ")) }

// Visible writes what a terminal would obey, or not show, as <U+XXXX>.
func Visible(s string) string {
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
