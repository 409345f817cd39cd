// Package index follows a published log, replays package pledge over it and
// answers questions about it. It is the one query layer of the API and of the
// pages (architecture, `index`).
//
// An Index shows what a checkpoint covers and never more: leaves are read in
// their order, hashed, and shown only once their root equals that of a
// checkpoint that the policy accepts. If it does not, the index stops with
// ErrMismatch and goes on showing what it had verified before.
//
// It keeps ids, hashes and small rows in memory. Leaves and detached bodies are
// read from the log when they are asked for, and compared again with what was
// verified. It can be dropped and built anew at any time.
//
// Use Open, then Follow in a goroutine of its own. Take one Snapshot for each
// answer that is made of several questions, so that all its parts are as of the
// same tree size.
package index
