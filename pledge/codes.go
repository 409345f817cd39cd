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
	CodeAuthorsFull       entry.Code = "authors-full"
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
	CodeLogEnded          entry.Code = "log-ended"
	CodeAmendFrom         entry.Code = "amend-from"
	CodeRoleDiffers       entry.Code = "role-differs"
	CodeStanding          entry.Code = "standing-conflict"
	CodeStandingEnded     entry.Code = "standing-ended"
	CodeSlotEarly         entry.Code = "slot-early"
	CodeSlotRepeated      entry.Code = "slot-repeated"
	CodeNotInSlot         entry.Code = "disclosure-not-in-slot"
	CodeReviewRange       entry.Code = "review-out-of-range"
	CodeOpenNotWithheld   entry.Code = "open-not-withheld"
	CodeAlreadyOpened     entry.Code = "already-opened"
	CodeBodyClosed        entry.Code = "body-not-opened-yet"
	CodeAlreadyCorrected  entry.Code = "already-corrected"
	CodeCorrectConflict   entry.Code = "correct-conflict"
	CodeChallengeOpen     entry.Code = "challenge-open"
	CodeDigestUnknown     entry.Code = "digest-unknown"
	CodeAlreadyErased     entry.Code = "already-erased"
	CodeDirectorySize     entry.Code = "directory-size"
	CodeDirectoryRoot     entry.Code = "directory-root"
)

var hints = map[entry.Code]string{
	CodeOrigin:            "sign a statement for this log: its `log` is another log's origin",
	CodeCharterMissing:    "the log has no accepted charter at index 0: nothing can be accepted in it",
	CodeCharterMisplaced:  "a charter stands at index 0 only; terms are changed by the secretariat's amend",
	CodeAuthorUnknown:     "ask the secretariat to admit this author first",
	CodeAuthorTaken:       "choose another id: this one is admitted already",
	CodeAuthorsFull:       "this log has as many authors as one can have: admit others in another log",
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
	CodeLogEnded:          "the secretariat ended this log: statements go to its successor, if it named one",
	CodeAmendFrom:         "choose a from that is still to come; attestation changes on 1 January or 1 July, 00:00:00 UTC",
	CodeRoleDiffers:       "admit it in the role that it had",
	CodeStanding:          "look at the author's standing: this step does not follow from it",
	CodeStandingEnded:     "this author has left: it may still log open, correct, decision, reply, keys, and attestations that it owes",
	CodeSlotEarly:         "wait until the slot's period has begun",
	CodeSlotRepeated:      "one slot is logged for each period: wait for the next",
	CodeNotInSlot:         "name the slot in which the request was committed to, and give the disclosure that was kept with it",
	CodeReviewRange:       "choose a review date from tomorrow on, and not beyond the charter's reviewDays",
	CodeOpenNotWithheld:   "a review date is set for a withheld body that was not opened",
	CodeAlreadyOpened:     "leave out what is public already",
	CodeBodyClosed:        "name the body's digest too: sealed fields open in a published body",
	CodeAlreadyCorrected:  "a statement is corrected once: correct the one that stands in its place",
	CodeCorrectConflict:   "log a new statement on the same matter first, then name it as by",
	CodeChallengeOpen:     "wait for the reply, or void the challenge with correct",
	CodeDigestUnknown:     "name a text that was published: the statement's body, or a disclosure that an open named",
	CodeAlreadyErased:     "nothing is left to erase",
	CodeDirectorySize:     "make the directory again: something was logged before it",
	CodeDirectoryRoot:     "make the directory again from all leaves before it",
}

// Hint says what who made a statement can do about a code, from this package or
// from entry.
func Hint(c entry.Code) string {
	if h, ok := hints[c]; ok {
		return h
	}
	return entry.Hint(c)
}
