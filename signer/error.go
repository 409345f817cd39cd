package signer

import "fmt"

// A Class says what kind of trouble an Error is.
type Class int

const (
	Named   Class = iota // what the reference names cannot be used, or is not there
	Refused              // whoever holds the key does not sign, or does not let us
	Later                // it did not answer; another time it may
)

// An Error says why a key could not be opened or did not sign, and what can be done
// about it. It quotes no secret.
type Error struct {
	Class Class
	Err   error
	Hint  string // a sentence without its full stop
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// wrong returns an Error with the format of fmt.Errorf.
func wrong(class Class, hint, format string, args ...any) error {
	return &Error{class, fmt.Errorf(format, args...), hint}
}
