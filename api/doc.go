// Package api is the server's HTTP interface (protocol section 8): the log's
// read interface, exactly c2sp.org/tlog-tiles, at the root; submission and the
// query interface under /api/v1; health and metrics.
//
// [New] returns the handler, [NewServer] an http.Server around it whose limits
// hold against slow, endless and too many requests. What the API says in JSON is
// declared in package client, so that programs and server can't differ.
//
// Every refusal is a problem document (RFC 9457) with a stable code, and
// problem.go is the one place that turns errors into them. Nothing that a client
// sends reaches the server's own log but the path of the address: no query, no
// body, no network address.
package api
