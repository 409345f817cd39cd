// Package lint points at what may not belong in a public statement: names of
// persons, e-mail addresses, telephone numbers, IP addresses, names of internal
// machines and identifiers of vulnerabilities in its free text (Text, Body), and
// members that do not go together (Combinations).
//
// It judges nothing and refuses nothing: who signs confirms what was pointed at, one
// by one, or takes it out. It is made to point at too much rather than too little,
// and still finds only what looks like what it knows: that it points at nothing does
// not say that nothing is there.
//
// It is pure: no I/O, no clock, nothing remembered.
package lint
