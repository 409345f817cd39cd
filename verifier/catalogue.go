package verifier

import (
	"bytes"
	"fmt"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

//go:generate go run ../scripts/findings ../docs/findings.md

// undecided says what the reasons mean for which an audit or the check of a chain
// cannot decide, in the order of the checks.
var undecided = []struct {
	code    entry.Code
	meaning string
}{
	{UndecidedSource, "The copy could not be read: the network or the disk failed, or an answer was larger than what it stands for can be."},
	{UndecidedNoLog, "There is no checkpoint where the log was said to be."},
	{UndecidedEntries, "Entries that the checkpoint covers are not there."},
	{UndecidedCharter, "The charter's entry id was not given, and a log can't vouch for its own."},
	{UndecidedTooOld, "The moment asked for is later than what the copy reaches to. Nobody is called late on the strength of an old copy."},
	{UndecidedSize, "The log is not as large as a size that was asked for."},
	{UndecidedStopped, "The audit was interrupted."},
	{UndecidedTime, "The time that was given for the audit was over before it came to its end."},
	{UndecidedChain, "What was given is no chain of an author in the form that [api.md](api.md) has."},
	{UndecidedDirectory, "The log has no directory yet, so that nothing shows whether a chain is complete."},
	{UndecidedStale, "The log grew behind the newest directory that a chain has, and as far as the chain shows that may be two days ago or more: nothing shows what the author said since. A newer chain has a newer directory, or the operator's is overdue."},
}

// FindingsPage returns docs/findings.md: what each finding means, from the one
// catalogue that the reports and the site go by too.
func FindingsPage() []byte {
	var b bytes.Buffer
	b.WriteString(`# Findings

What ` + "`pledge-verify`" + ` and the site find, by code. A finding is no accusation: it says what the log,
or a copy of it, shows. This page is made of the catalogues of the packages ` + "`pledge`" + ` and ` + "`verifier`" + `
(` + "`go generate ./verifier`" + `), which also give reports and pages their words.

Each finding has a severity: an **error** breaks a rule of the protocol; a **warning** says that
something is late, or that two statements differ; an **info** is worth knowing. And it concerns
somebody: the operator, an author, or the view, which is the copy of the log that was looked at.
An audit ends with exit code 1 on an error that concerns the operator or the copy. Findings on
authors change that only with ` + "`--fail-on`" + `.

A finding on an author that hangs on the log time of an entry, when that time does not fit what witnesses saw,
has ` + "`timeDoubtful`" + `; so has one that a statement could change which is not counted for such a time, and the
status that goes with it. How many statements are not counted, and whose, is in ` + "`notCounted`" + `.
`)
	for _, part := range []struct {
		role  pledge.Role
		title string
		intro string
	}{
		{pledge.RoleOperator, "On the operator", "The operator runs the log, and may lie. None of these is held against an author."},
		{pledge.RoleAuthor, "On authors", "What authors stated, and what they have not stated yet."},
		{pledge.RoleView, "On the copy", "These say nothing yet of the log itself: another copy may be whole."},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", part.title, part.intro)
		for _, m := range append(pledge.Catalogue[:len(pledge.Catalogue):len(pledge.Catalogue)], Catalogue...) {
			if m.Concerns == part.role {
				fmt.Fprintf(&b, "\n### `%s`\n\n%s (%s). %s\n", m.Code, m.Title, m.Severity, m.Meaning)
			}
		}
	}
	b.WriteString("\n## When nothing can be decided\n\nThe result is then `cannot-decide`, with exit code 3 and one of these codes.\n\n| code | meaning |\n|---|---|\n")
	for _, u := range undecided {
		fmt.Fprintf(&b, "| `%s` | %s |\n", u.code, u.meaning)
	}
	return b.Bytes()
}
