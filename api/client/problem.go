package client

import (
	"fmt"

	"github.com/pledgelog/pledgelog/entry"
)

// ProblemType is the media type of problem documents (RFC 9457).
const ProblemType = "application/problem+json"

// ProblemURN begins the type of every problem: its code follows.
const ProblemURN = "urn:pledgelog:problem:"

// A Problem is a refusal or a failure, as the server tells it: an RFC 9457
// problem document with a stable code. As an error it reads `code: detail`.
type Problem struct {
	Type     string     `json:"type"`              // urn:pledgelog:problem:<code>
	Title    string     `json:"title"`             // the code in words
	Status   int        `json:"status"`            // the HTTP status
	Code     entry.Code `json:"code"`              // stable; the verifier uses the same
	Detail   string     `json:"detail"`            // what is wrong, lower case without a full stop
	Hint     string     `json:"hint,omitzero"`     // what to do about it
	Head     *Head      `json:"head,omitzero"`     // where the author stands, for seq-taken, seq-gap and prev-mismatch
	Erasure  *EntryRef  `json:"erasure,omitzero"`  // the statement that the text was erased, for text-erased
	Incident string     `json:"incident,omitzero"` // what to tell the operator; only with status 500
}

// An EntryRef names an entry.
type EntryRef struct {
	Index uint64   `json:"index"`
	ID    entry.ID `json:"id"`
}

// A Head is an author's last accepted statement in the lane of the one that was
// refused. Seq 0 stands without an ID: there is none yet.
type Head struct {
	Seq uint64   `json:"seq"`
	ID  entry.ID `json:"id,omitzero"`
}

func (p *Problem) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("%s (status %d)", p.Code, p.Status)
	}
	return fmt.Sprintf("%s: %s", p.Code, p.Detail)
}

// IsRefusal reports whether the server understood what it was asked and said no:
// the same request again will be refused again. It is false for failures of the
// server, which pass.
func (p *Problem) IsRefusal() bool {
	return p.Status >= 400 && p.Status < 500 && p.Status != 408 && p.Status != 429
}
