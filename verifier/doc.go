// Package verifier holds a log to its own words: it recomputes everything that
// the public record can show, believes nobody but the policy file and the
// charter's entry id that it was given, and says what it found, whom that
// concerns, and what it did not check (protocol section 7).
//
// [Audit] reads a whole log, from a directory or over HTTP. [CheckProof] checks
// one receipt, and needs neither the log nor a network. [CheckEvidence] checks
// what an audit kept as proof of misbehaviour.
//
// Statements are judged by packages entry and pledge, the same that the server
// asks before it logs one: there is no second rule book. What an audit does
// beside that is here: checkpoints, the Merkle tree, tiles, the archive, the
// published texts, and the report. No database, HTTP server or log engine is
// among the imports, and a test keeps it so.
package verifier
