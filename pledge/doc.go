// Package pledge says what statements add up to: who is a member, which
// statement is accepted, what an author owes and when, and where two things that
// it said differ.
//
// It is the one rule book of the project: the server asks it before it gives a
// statement an index, the verifier asks it for every leaf, the site shows what it
// says. It is pure: no I/O and no clock. The same leaves give the same answer to
// everybody, at any time (protocol section 2).
//
// Use: New, then Step for each leaf in index order; then Statuses and Promises
// for a moment. A State is not safe for concurrent use, but any number of readers
// may call Judge while nobody calls Step.
package pledge
