package intake

import (
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// The codes of what a server alone refuses; entry.CodeVocabulary and
// entry.CodeSignatureNotStrict are others.
const (
	CodeMadeAhead     entry.Code = "made-in-future"
	CodeMadeDecreases entry.Code = "made-before-previous"
	CodeReceivedAhead entry.Code = "received-in-future"
	CodeDateAhead     entry.Code = "date-in-future"
	CodeTextErased    entry.Code = "text-erased"
)

// A Difference is a way in which the server refuses a statement that a verifier would
// accept.
type Difference struct {
	Codes   []entry.Code // by which it refuses
	Refuses string       // what
}

// Differences is the whole table of them: docs/spec.md, "What the server refuses
// beyond the rules", is this one. What the server accepts a verifier accepts.
var Differences = []Difference{
	{[]entry.Code{entry.CodeVocabulary}, "a code, or a country, that the vocabulary does not have; not in a text that an open brings, which can't be mended any more"},
	{[]entry.Code{entry.CodeSignatureNotStrict}, "a signature that ZIP 215 takes and common verifiers do not"},
	{[]entry.Code{CodeMadeAhead}, "`made` over 10 minutes after the server's clock"},
	{[]entry.Code{CodeMadeDecreases}, "`made` before the author's previous statement in the lane"},
	{[]entry.Code{CodeReceivedAhead}, "a request whose `received` period has not begun"},
	{[]entry.Code{CodeDateAhead}, "a decision's or an erasure's `date` after tomorrow"},
	{[]entry.Code{pledge.CodeReviewRange}, "a sealed member whose `review` is not after today, or more than `reviewDays` ahead"},
	{[]entry.Code{
		entry.CodeBodyMissing, entry.CodeBodyTooLarge, entry.CodeBodyDigest, entry.CodeBodyElsewhere, entry.CodeClauseDigest, entry.CodeReceivedDiffers,
		entry.CodeSaltShort, entry.CodeCodeMalformed, entry.CodeDateMalformed, entry.CodeDigestMalformed, entry.CodeMemberDuplicate, entry.CodeMemberMalformed,
		entry.CodeMemberMissing, entry.CodeMemberUnknown, entry.CodeTooDeep, entry.CodeNotCanonical, entry.CodeNotJSON, entry.CodeNumberRange,
	}, "a statement whose body is not sent, or not as section 4 has it; an open without the texts that it opens, or whose texts are not in order; a submission that is no such object as section 8 has"},
	{[]entry.Code{entry.CodeDisclosureMismatch, entry.CodeDisclosureDiffers, entry.CodeDisclosure}, "an open of something that is not a sealed member of its entry's body, or that does not fit there"},
	{[]entry.Code{entry.CodeBodyNotWanted}, "a submission with the text of a withheld body, which stays with its author until it is opened, or with one that the statement does not name"},
	{[]entry.Code{CodeTextErased}, "an open that would publish a text again that was erased"},
	{[]entry.Code{entry.CodeLeafTooLarge}, "by up to 2 bytes: the size is reckoned with the largest `logged`"},
}
