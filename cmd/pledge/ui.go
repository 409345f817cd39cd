package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// This file is the only one that prints. Messages are lower case and without a
// full stop; an error is one line that begins with "error:", and what can be
// done about it one that begins with "hint:". Whatever came from a file or from
// a server goes through clean, so that no text can move the cursor, hide a part
// of itself or change the order in which it reads. No secret key, no salt and no
// passphrase is ever given to these functions, but for showOnce.

type ui struct {
	in       io.Reader
	out, err io.Writer
	reveal   bool // show what is withheld wherever the output goes

	answers *bufio.Reader // of in, nil before the first question
}

// printf writes to the output what a person or a script asked for.
func (u *ui) printf(format string, args ...any) {
	fmt.Fprint(u.out, clean(fmt.Sprintf(format, args...)))
}

// note writes a remark to the error output.
func (u *ui) note(format string, args ...any) {
	fmt.Fprintf(u.err, "note: %s\n", oneLine(fmt.Sprintf(format, args...)))
}

func (u *ui) fail(err error, hint string) {
	commandline.Print(u.err, oneLine(err.Error()), oneLine(hint))
}

// simulated says that time is, where it may be.
func (u *ui) simulated(origin string) {
	if entry.IsDemonstration(origin) {
		u.note("%s is a demonstration: its time is simulated, and its companies and statements are invented", origin)
	}
}

// isTerminal reports whether a person can be asked.
func (u *ui) isTerminal() bool {
	f, ok := u.in.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// mayReveal reports whether what is withheld may be shown: to a person at a
// terminal, and not to a file that the output goes to, unless that is asked for.
func (u *ui) mayReveal() bool {
	f, ok := u.out.(*os.File)
	return u.reveal || ok && isatty.IsTerminal(f.Fd())
}

// confirm puts a question and reports whether the answer was yes.
func (u *ui) confirm(question string) bool {
	line, _ := u.question(question + " [y/N]")
	switch strings.ToLower(line) {
	case "y", "yes":
		return true
	}
	return false
}

var errNoAnswer = errors.New("there was no answer")

// question puts a question and returns the line that is answered.
func (u *ui) question(text string) (string, error) {
	fmt.Fprintf(u.err, "%s ", oneLine(text))
	if u.answers == nil {
		u.answers = bufio.NewReader(io.LimitReader(u.in, 64<<10))
	}
	line, err := u.answers.ReadString('\n')
	if err != nil && line == "" {
		fmt.Fprintln(u.err)
		return "", errNoAnswer
	}
	return strings.TrimSpace(line), nil
}

// askHidden puts a question to the person at the terminal and reads an answer that is not
// shown.
func (u *ui) askHidden(ctx context.Context, question string) (string, error) {
	f, ok := u.in.(*os.File)
	if !ok {
		return "", errors.New("the input is no terminal")
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	type answer struct {
		text []byte
		err  error
	}
	fmt.Fprint(u.err, oneLine(question))
	answers := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(int(f.Fd()))
		answers <- answer{text, err}
	}()
	defer fmt.Fprintln(u.err)
	select {
	case got := <-answers:
		if got.err != nil {
			return "", fmt.Errorf("ask: %w", got.err)
		}
		return string(got.text), nil
	case <-ctx.Done(): // nobody reads any more, and what is typed next is shown again
		return "", errors.Join(ctx.Err(), term.Restore(int(f.Fd()), before))
	}
}

// showOnce shows a passphrase that was just made to the person at the terminal, and
// nowhere else: it is the one secret that is ever printed.
func (u *ui) showOnce(passphrase string) error {
	f, ok := u.err.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) {
		return commandline.Usagef("choose a passphrase yourself, or let the error output go to the terminal", "the passphrase is empty, and there is no terminal to show one on")
	}
	fmt.Fprintf(f, "\n    %s\n\nwrite it down: it is not shown again, and nobody can recover it\n", passphrase)
	return nil
}

func oneLine(s string) string { return clean(strings.ReplaceAll(s, "\n", " ")) }

// clean makes every rune of s visible. Line feeds stay, and the two joiners
// that some scripts need; other control and formatting characters, among them
// those that change the direction of text, are written as <U+XXXX>.
func clean(s string) string {
	visible := func(r rune) bool {
		switch r {
		case '\n', '\u200c', '\u200d':
			return true
		case unicode.ReplacementChar:
			return false
		}
		return unicode.IsGraphic(r) && !unicode.In(r, unicode.Zl, unicode.Zp)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !visible(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case visible(r):
			b.WriteRune(r)
		case r == '\t':
			b.WriteString("    ")
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}
