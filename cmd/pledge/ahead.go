package main

import (
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// An aheadDate is a date in a statement that is still to come. The server refuses those that
// it can see, by the same bounds of package pledge; what is kept back it does not see, and
// nobody can mend it any more when it is opened.
type aheadDate struct {
	member, code, text, hint string
}

// ahead finds the date of a statement that is still to come at a moment; nil for none. It
// quotes nothing.
func ahead(st *entry.Statement, detached entry.Detached, now int64) *aheadDate {
	received := &aheadDate{"received", "received-in-future", "the time in which the request was received is still to come", "name the period in which the request was received"}
	decided := &aheadDate{"date", "date-in-future", "the day on which it was decided is still to come", "give the day on which it was decided"}
	switch b := st.Body.(type) {
	case *entry.Request:
		if pledge.ReceivedAhead(b, now) {
			return received
		}
	case *entry.Decision:
		if pledge.DateAhead(b.Date, now) {
			return decided
		}
	}
	switch b := detached.(type) {
	case *entry.RequestBody:
		if start, _, err := entry.ParseSpan(b.Received); err == nil && pledge.DateAhead(entry.FormatTime(start)[:len("2006-01-02")], now) {
			return received
		}
	case *entry.DecisionBody:
		if pledge.DateAhead(b.Date, now) {
			return decided
		}
	}
	return nil
}

// refuseAhead refuses a date that is still to come when a statement is made.
func refuseAhead(st *entry.Statement, detached entry.Detached) error {
	a := ahead(st, detached, st.Made)
	if a == nil {
		return nil
	}
	return commandline.Refused(fmt.Errorf("%s: %s: %s", a.member, a.code, a.text), a.hint)
}
