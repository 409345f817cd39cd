package pledge

import (
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// A BodyState is what became of a statement's detached body.
type BodyState string

const (
	BodyNone      BodyState = "none"      // the statement has none
	BodyPublished BodyState = "published" // it is there and is the one that was signed
	BodyInvalid   BodyState = "invalid"   // the one that was signed, not in the required form
	BodyWithheld  BodyState = "withheld"  // not published
	BodyMissing   BodyState = "missing"   // it should be there and is not
	BodyAltered   BodyState = "altered"   // what is there is not what was signed
)

// JudgeBody says what is to be said of the detached body of an accepted
// statement: raw is what the log serves under its digest, nil when nothing, and t
// the moment of judgement. No acceptance, status or count depends on it (protocol
// section 3).
func JudgeBody(index uint64, st *entry.Statement, raw []byte, t int64) (BodyState, entry.Detached, []Finding) {
	say := func(c entry.Code, text string) []Finding {
		return []Finding{finding(c, text).at(index, st)}
	}
	switch {
	case st.BodyDigest == "":
		return BodyNone, nil, codeFindings(index, st, nil)
	case st.IsWithheld():
		if review, err := entry.ParseDate(st.Review); err == nil && t >= review+86400 {
			return BodyWithheld, nil, say(FindWithheldOverdue, "The text of this statement is not published; its author set "+day(review)+" as the date by which to look again. Infer no reason.")
		}
		return BodyWithheld, nil, nil
	case raw == nil:
		return BodyMissing, nil, say(FindBodyMissing, "The operator does not serve the text that this statement names.")
	}
	d, err := entry.ParseDetached(st, raw)
	switch {
	case err == nil:
		return BodyPublished, d, codeFindings(index, st, d)
	case entry.Digest(raw) != st.BodyDigest:
		return BodyAltered, nil, say(FindBodyMismatch, "The text that the operator serves for this statement is not the one that was signed.")
	}
	found := say(FindBodyInvalid, "The text that was signed with this statement is not in the required form: "+detail(err)+".")
	found[0].Reason = entry.CodeOf(err)
	return BodyInvalid, nil, found
}

func codeFindings(index uint64, st *entry.Statement, d entry.Detached) []Finding {
	unknown := entry.UnknownCodes(st, d)
	if len(unknown) == 0 {
		return nil
	}
	return []Finding{finding(FindCodeUnknown, "This statement uses codes that the vocabulary does not have: "+strings.Join(unknown, ", ")+".").at(index, st)}
}
