package verifier

import (
	"fmt"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// stepDirectories says what was done with the operator's directories: each that was
// accepted is what the entries before it come to, row by row (protocol section 7).
func (a *audit) stepDirectories(s *stream) {
	// The operator makes directories and erasures, and nothing else.
	said, _, _ := s.state.Head(entry.AuthorOperator)
	n := said - uint64(len(s.state.Erasures()))
	text := Count(n, "list", "lists") + " of what each author said last, recomputed from the entries before: root, rows and size are the same"
	if n == 0 {
		text = "the log has no list of what each author said last"
	}
	wrong, overdue := a.found.has(pledge.FindDirectoryFalse), a.found.has(pledge.FindDirectoryOverdue)
	if wrong {
		text += "; one differs, and has no effect"
	}
	state := passedIf(!wrong && !overdue)
	switch {
	case overdue:
		text += "; one did not come within two days after the log grew"
	case n > 0:
		text += "; each came within two days after the log grew"
	case !wrong:
		state, text = Skipped, text+", and none is overdue"
	}
	a.report.step("directories", state, "directories recomputed", text)
}

// lateOrOpen are the findings of what was promised and came late, or did not come yet.
var lateOrOpen = []entry.Code{
	pledge.FindAttestationMissed, pledge.FindAttestationLate, pledge.FindSlotMissed, pledge.FindSlotLate, pledge.FindReplyOverdue, pledge.FindReplyLate,
}

// stepPromises says what of that which authors promised was judged: that some of it
// came late or did not come is no failure of the log.
func (a *audit) stepPromises() {
	r := a.report
	if len(r.Signatories) == 0 {
		r.step("promises", Skipped, "promises", "nobody is admitted, so that nobody owes anything")
		return
	}
	var periods, slots, challenges uint64
	for _, s := range r.Signatories {
		for _, p := range s.Periods {
			switch p.State {
			case pledge.OnTime, pledge.Late, pledge.Missed, pledge.CarvedOut:
				periods++
			}
		}
		if s.Slots != nil {
			slots += s.Slots.Owed
		}
		for _, c := range s.Challenges {
			if c.Against == s.ID && !c.Void {
				challenges++
			}
		}
	}
	text := fmt.Sprintf("as of %s: %s, %s, %s", readable(r.AsOf), Count(periods, "attestation that was due", "attestations that were due"),
		Count(slots, "slot that was owed", "slots that were owed"), Count(challenges, "challenge to answer", "challenges to answer"))
	if a.found.has(lateOrOpen...) {
		text += "; the findings say which came late or are not there yet"
	} else {
		text += "; none came late or is overdue"
	}
	r.step("promises", Passed, "promises judged", text)
}
