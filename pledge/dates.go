package pledge

import (
	"github.com/pledgelog/pledgelog/entry"
)

// The bounds on what authors date. A server refuses what is beyond them, a verifier
// finds it where an operator logged it nevertheless, and no acceptance goes by them.

// ReceivedAhead reports whether a request says that it was received in a period that
// has not begun by a moment.
func ReceivedAhead(b *entry.Request, now int64) bool {
	p := b.Period()
	return !p.IsZero() && p.Start() > now
}

// DateAhead reports whether a date is still to come at a moment, wherever on earth one
// is. No date, "", is not.
func DateAhead(date string, now int64) bool {
	at, err := entry.ParseDate(date)
	return err == nil && at > now+days(1)
}
