// Package intake is a statement's way in: check, queue, index, append, receipt.
//
//  1. A front end checks a statement with packages entry and pledge against what
//     was sequenced so far, and queues it durably, many in one commit.
//  2. One sequencer takes queued statements in order, judges each against the
//     state before its index, and in one transaction gives it its index and its
//     `logged`. That table, the order of record, is what the log will be.
//  3. The feeder gives the engine the leaves in that order, and only in that
//     order.
//  4. When a published checkpoint covers a leaf, its inclusion proof is verified
//     and the receipt given.
//  5. When a published checkpoint covers an erasure, the text that it names is
//     deleted.
//
// The sequencer also makes the statements that are the operator's own: directories
// when they are due, erasures when they are ordered.
//
// Whatever was acknowledged survives a crash: what is queued is durable, what
// has an index keeps its bytes and its index, and what the engine lacks is
// appended again when the process comes back. An engine that gives another index
// than the order of record stops the log, with the evidence.
package intake
