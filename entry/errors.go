package entry

import (
	"errors"
	"fmt"
)

// A Code is the stable name of one reason for which something is refused. It
// is the same in the server's problem documents, in the verifier's findings and
// on the site. Codes are never renamed.
type Code string

// The codes of everything that can be wrong with bytes alone. Package pledge
// has those that depend on what was logged before.
const (
	CodeLeafMalformed       Code = "leaf-malformed"
	CodeLeafTooLarge        Code = "leaf-too-large"
	CodeEnvelopeMalformed   Code = "envelope-malformed"
	CodePayloadType         Code = "payload-type-unknown"
	CodePayloadEmpty        Code = "payload-empty"
	CodeBase64              Code = "base64-not-canonical"
	CodeSignaturesMalformed Code = "signatures-malformed"
	CodeNotJSON             Code = "not-json"
	CodeNotCanonical        Code = "not-canonical"
	CodeMemberDuplicate     Code = "member-duplicate"
	CodeMemberUnknown       Code = "member-unknown"
	CodeMemberMissing       Code = "member-missing"
	CodeMemberMalformed     Code = "member-malformed"
	CodeNumberRange         Code = "number-out-of-range"
	CodeTooDeep             Code = "nesting-too-deep"
	CodeAuthorMalformed     Code = "author-malformed"
	CodeKindUnknown         Code = "kind-unknown"
	CodeLaneUnknown         Code = "lane-unknown"
	CodeTimeMalformed       Code = "time-malformed"
	CodeDateMalformed       Code = "date-malformed"
	CodePeriodMalformed     Code = "period-malformed"
	CodeKeyMalformed        Code = "key-malformed"
	CodeKeyWeak             Code = "key-weak"
	CodeKeyAlgorithm        Code = "key-algorithm-unknown"
	CodeThreshold           Code = "threshold-malformed"
	CodeCodeMalformed       Code = "code-malformed"
	CodeDigestMalformed     Code = "digest-malformed"
	CodeBodyNotWanted       Code = "body-not-wanted"
	CodeBodyMissing         Code = "body-missing"
	CodeBodyTooLarge        Code = "body-too-large"
	CodeBodyDigest          Code = "body-digest-mismatch"
	CodeBodyElsewhere       Code = "body-of-another-statement"
	CodeSaltShort           Code = "salt-too-short"
	CodeReceivedDiffers     Code = "received-outside-period"
	CodeSumDiffers          Code = "sum-differs"
	CodeClauseDigest        Code = "clause-text-mismatch"
	CodeVocabulary          Code = "vocabulary-code-unknown"
	CodeSignatureNotStrict  Code = "signature-not-strict"
	CodeDisclosure          Code = "disclosure-malformed"
	CodeDisclosureDiffers   Code = "disclosure-differs"
	CodeDisclosureMismatch  Code = "disclosure-mismatch"
)

// An Error is a refusal: a stable code, and a sentence that says what is wrong
// and where. It never quotes secret or withheld content: only member names,
// codes, digests and numbers.
type Error struct {
	Code   Code
	Detail string // one lower-case sentence without a full stop
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Detail }

// refuse makes an *Error.
func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of err, or "" if err has none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// hints says, for each code, what who made the statement can do about it.
var hints = map[Code]string{
	CodeLeafMalformed:       "write the leaf in the one exact encoding of the protocol, section 2",
	CodeLeafTooLarge:        "move text into the detached body; the tree holds codes, references and counts",
	CodeEnvelopeMalformed:   "send the DSSE envelope with payloadType, payload and signatures in this order and without white space, as `pledge sign` writes it",
	CodePayloadType:         "use payloadType " + PayloadType,
	CodePayloadEmpty:        "sign a statement: the envelope's payload is empty",
	CodeBase64:              "use standard padded base64 whose unused bits are zero",
	CodeSignaturesMalformed: "give 1 to 16 signatures, sorted by keyid, no keyid twice",
	CodeNotJSON:             "send valid JSON in UTF-8",
	CodeNotCanonical:        "encode it as RFC 8785 canonical JSON: no white space, members sorted, integers only",
	CodeMemberDuplicate:     "give each member once",
	CodeMemberUnknown:       "remove the member; see docs/spec.md for those that exist",
	CodeMemberMissing:       "add the member that is missing",
	CodeMemberMalformed:     "see docs/spec.md for the form of this member",
	CodeNumberRange:         "use whole numbers from 0 to 9007199254740991",
	CodeTooDeep:             "nest at most 16 deep",
	CodeAuthorMalformed:     "use lower-case letters, digits and single hyphens, at most 63 characters",
	CodeKindUnknown:         "use a kind of the protocol, section 4; a newer version of the software may know it",
	CodeLaneUnknown:         "use lane slot for slots and lane main for everything else",
	CodeTimeMalformed:       "write the time as YYYY-MM-DDThh:mm:ssZ, a moment that exists",
	CodeDateMalformed:       "write a date that exists as YYYY-MM-DD, a month as YYYY-MM, or two of them with a / between, the earlier first",
	CodePeriodMalformed:     "write a quarter as 2026-Q3 or a half-year as 2026-H2, a slot's period as 2026-08-14, 2026-W33 or 2026-08, from 1970 to 9999",
	CodeKeyMalformed:        "give the key as standard base64 of its DER SubjectPublicKeyInfo, as `pledge keygen` prints it",
	CodeKeyWeak:             "make a new key with `pledge keygen`: anybody can forge signatures for this one",
	CodeKeyAlgorithm:        "use a key of ed25519, ecdsa-p256-sha256 or ml-dsa-44",
	CodeThreshold:           "choose a threshold from 1 to the number of statement keys",
	CodeCodeMalformed:       "use a code of lower-case letters, digits and hyphens, at most 40 characters; lists go sorted, without repetition",
	CodeDigestMalformed:     "give the SHA-256 as base64url without padding, 43 characters",
	CodeBodyNotWanted:       "leave the detached body out: this statement does not name one",
	CodeBodyMissing:         "send the detached body beside the statement: its digest is named and it is not withheld",
	CodeBodyTooLarge:        "shorten the detached body to at most 262144 bytes; put documents elsewhere and name their SHA-256",
	CodeBodyDigest:          "send the very bytes whose SHA-256 the statement names",
	CodeBodyElsewhere:       "use a body whose log, author and kind are the statement's",
	CodeSaltShort:           "use 16 random bytes or more as salt",
	CodeReceivedDiffers:     "make the received date fall within the period that the statement names",
	CodeSumDiffers:          "make the total the sum of the counts by outcome",
	CodeClauseDigest:        "make each clause's text the one whose digest the charter names",
	CodeVocabulary:          "use a code of the published vocabulary (GET /api/v1/vocabulary), or `other` with text",
	CodeSignatureNotStrict:  "sign again with an ordinary Ed25519 signer",
	CodeDisclosure:          "give the base64url of the canonical JSON array [salt, name, value], the salt of 16 random bytes or more",
	CodeDisclosureDiffers:   "give the disclosure that belongs there: of a slot's place, the one whose value is the bodyDigest of this very request; of a sealed member, the one that names it",
	CodeDisclosureMismatch:  "give the very disclosures whose digests the open names, in their order, and no others",
}

// Hint returns what can be done about a code of this package, or "".
func Hint(c Code) string { return hints[c] }
