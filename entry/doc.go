// Package entry holds what is signed and logged: the leaf, the statement in
// its DSSE envelope, the tree bodies of every kind, detached bodies, keys and
// the vocabulary.
//
// Everything here is a pure function of bytes: no state, no clock, no I/O.
// What a statement means beside the others is the business of package pledge;
// where leaves are kept is the business of package log.
//
// All parsers are strict. What a parser accepts, its Marshal gives back byte
// for byte; every refusal is an *Error with a stable Code.
//
// Use ParseLeaf for what stands in a log, ParseSubmission for what arrives over
// HTTP or stands in a draft file, and never decode these formats with a general
// JSON decoder: it would take what others refuse.
package entry
