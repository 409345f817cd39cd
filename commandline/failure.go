package commandline

import (
	"errors"
	"fmt"
	"io"
)

// The exit codes of all programs of this project.
const (
	ExitDone         = 0 // done, or verified
	ExitRefused      = 1 // refused, failed or not verified
	ExitUsage        = 2 // the command line, or what it names cannot be read or used
	ExitUndecided    = 3 // it cannot be decided now: network, pending, stale
	ExitMisbehaviour = 4 // proof of misbehaviour; the evidence is in a file
)

// A Failure ends a command.
type Failure struct {
	Code int    // the exit code
	Err  error  // what was wrong; nil if all is said
	Hint string // what can be done about it; "" when there is nothing to say
}

func (f *Failure) Error() string {
	if f.Err == nil {
		return ""
	}
	return f.Err.Error()
}

func (f *Failure) Unwrap() error { return f.Err }

// Usagef returns a failure of whoever wrote the command line, or a file that it
// names. The format is that of fmt.Errorf.
func Usagef(hint, format string, args ...any) error {
	return &Failure{ExitUsage, fmt.Errorf(format, args...), hint}
}

// Refused returns the failure of what was refused or is not verified.
func Refused(err error, hint string) error { return &Failure{ExitRefused, err, hint} }

// Refusedf is Refused with the format of fmt.Errorf.
func Refusedf(hint, format string, args ...any) error {
	return Refused(fmt.Errorf(format, args...), hint)
}

// Undecided returns the failure of what cannot be decided now.
func Undecided(err error, hint string) error { return &Failure{ExitUndecided, err, hint} }

// IsFailure reports whether an error says how it ends a command.
func IsFailure(err error) bool {
	var f *Failure
	return errors.As(err, &f)
}

// Print writes what was wrong, a line that begins with "error:", and what can be
// done about it, one that begins with "hint:". What is empty has no line. Both are
// printed as they are: the caller has made visible what a terminal would obey.
func Print(w io.Writer, wrong, hint string) {
	if wrong != "" {
		fmt.Fprintf(w, "error: %s\n", wrong)
	}
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}
