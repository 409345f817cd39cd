// Package log is the Merkle log as anyone sees it from outside: its signed
// checkpoints, the policy that says whom to trust, its tiles and entry
// bundles, proofs, and where all of these are read from. It also holds the
// [Log] interface, which is all that the rest of the program knows of an
// engine.
//
// The formats are those of C2SP, each in a file of its own:
//
//	note.go           c2sp.org/signed-note
//	vkey.go           c2sp.org/signed-note, verifier keys
//	checkpoint.go     c2sp.org/tlog-checkpoint, without extension lines
//	cosignature.go    c2sp.org/tlog-cosignature
//	policy.go         c2sp.org/tlog-policy
//	proof.go          c2sp.org/tlog-proof
//	addcheckpoint.go  c2sp.org/tlog-witness, the request
//	tile.go           c2sp.org/tlog-tiles, paths
//	bundle.go         c2sp.org/tlog-tiles, entry bundles
//	archive.go        the archive of cosigned checkpoints (our own)
//
// Every parser is strict: it accepts an input only if marshalling what it
// parsed gives that input back, byte for byte. A policy is the one exception,
// as it may hold comments and free white space. Every parser has a limit on
// the size of its input, and nothing here trusts a byte before a signature or
// a hash vouches for it.
//
// # Which function to use
//
// To decide whether a checkpoint can be believed, use [Policy.Open]: it checks
// the log's signature and the witnesses' quorum. To decide whether a leaf is
// in the log, use [Policy.VerifyProof]. [ParseNote], [ParseCheckpoint] and
// [ParseProof] only look at form, and say nothing about truth. What a
// [TileReader] returns is likewise no more than what the source said: check it
// with [VerifyInclusion] or [VerifyConsistency] against a root that comes from
// Policy.Open.
//
// The package knows nothing of what is in a leaf.
package log
