package pledge

import "github.com/pledgelog/pledgelog/entry"

// The reasons to reject a statement that depend on what was logged before it
// (protocol sections 2 and 4). Those that depend on its bytes alone are in
// package entry.
const (
	CodeOrigin            entry.Code = "origin-mismatch"
	CodeCharterMissing    entry.Code = "charter-missing"
	CodeCharterMisplaced  entry.Code = "charter-misplaced"
	CodeAuthorUnknown     entry.Code = "author-unknown"
	CodeAuthorTaken       entry.Code = "author-taken"
	CodeKindNotAllowed    entry.Code = "kind-not-allowed"
	CodeSeqTaken          entry.Code = "seq-taken"
	CodeSeqGap            entry.Code = "seq-gap"
	CodePrevMismatch      entry.Code = "prev-mismatch"
	CodeSignatureUncalled entry.Code = "signature-not-called-for"
	CodeSignatureInvalid  entry.Code = "signature-invalid"
	CodeSignaturesTooFew  entry.Code = "signatures-too-few"
	CodeKeyTaken          entry.Code = "key-taken"
	CodePledgeFirst       entry.Code = "pledge-first"
	CodeReferenceUnknown  entry.Code = "reference-unknown"
	CodeClauseUnknown     entry.Code = "clause-unknown"
	CodePeriodKind        entry.Code = "period-of-another-kind"
	CodeAttestationEarly  entry.Code = "attestation-early"
	CodeDigestReused      entry.Code = "digest-reused"
)

var hints = map[entry.Code]string{
	CodeOrigin:            "sign a statement for this log: its `log` is another log's origin",
	CodeCharterMissing:    "the log has no accepted charter at index 0: nothing can be accepted in it",
	CodeCharterMisplaced:  "a charter stands at index 0 only; terms are changed by the secretariat's amend",
	CodeAuthorUnknown:     "ask the secretariat to admit this author first",
	CodeAuthorTaken:       "choose another id: this one is admitted already",
	CodeKindNotAllowed:    "this author's role may not make statements of this kind",
	CodeSeqTaken:          "another statement has this seq: draft it again after the head that is given here",
	CodeSeqGap:            "log the statements before it first, or draft it again after the head that is given here",
	CodePrevMismatch:      "draft it again with the head's entry id as prev",
	CodeSignatureUncalled: "remove the signature (`pledge sign FILE --remove KEYID`): its key is not among those in force for this statement",
	CodeSignatureInvalid:  "sign again: a signature does not fit the statement's bytes",
	CodeSignaturesTooFew:  "pass the file on until everybody whose signature is needed has signed",
	CodeKeyTaken:          "make a new key: this one belongs to an author or to the log already, and does for ever",
	CodePledgeFirst:       "log a pledge first: it is a signatory's first statement",
	CodeReferenceUnknown:  "name the entry id of an accepted statement of the right kind and author",
	CodeClauseUnknown:     "name clauses of the charter in force",
	CodePeriodKind:        "use the charter's kind of period: quarters such as 2026-Q3 or half-years such as 2026-H2",
	CodeAttestationEarly:  "wait until the period has ended",
	CodeDigestReused:      "write the body again with a new salt: an author uses a digest once",
}

// Hint says what who made a statement can do about a code, from this package or
// from entry.
func Hint(c entry.Code) string {
	if h, ok := hints[c]; ok {
		return h
	}
	return entry.Hint(c)
}
