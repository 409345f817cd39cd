// Package client speaks to a pledgelog server over HTTP (protocol section 8).
//
// Use it in programs that submit statements or ask the server's query layer.
// It believes nothing and proves nothing: what a [Client] returns is what the
// server said. A program that needs to know verifies the proof in a [Reply] with
// package log:
//
//	proof, err := log.ParseProof([]byte(reply.Proof))
//	…
//	view, err := policy.VerifyProof(proof, log.LeafHash(reply.Leaf))
//
// and compares the leaf with what it signed. To read the log itself use
// log.HTTPSource with a log.TileReader: those need no trust in the server.
//
// The types of replies are declared here, and the server writes the very same
// types. Members may be added to them, so a client must ignore what it does not
// know; none is renamed or removed within version 1.
package client
