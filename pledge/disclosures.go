package pledge

import (
	"fmt"

	"github.com/pledgelog/pledgelog/entry"
)

// JudgeDisclosure says what is to be said of a disclosure that an accepted open
// published for a statement: index and open are those of the open, st is the
// statement that it is about, digest one that it names, other than st's bodyDigest.
// Body is st's detached body, nil when it is not served: then nothing is said of
// what the disclosure opens. Raw is what the log serves under the digest, nil when
// nothing. The disclosure is returned when it opens a sealed field of st; no
// acceptance, status or count depends on it (protocol section 3).
func JudgeDisclosure(index uint64, open, st *entry.Statement, body []byte, digest string, raw []byte) (d entry.Disclosure, ok bool, found []Finding) {
	switch {
	case raw == nil:
		return d, false, []Finding{TextFinding(FindDisclosureGone, index, open.ID)}
	case entry.Digest(raw) != digest:
		return d, false, []Finding{TextFinding(FindDisclosureOff, index, open.ID)}
	}
	d, err := entry.ParseDisclosure(string(raw))
	if err == nil && body != nil {
		_, err = entry.Unseal(st, body, []entry.Disclosure{d})
	}
	if err != nil {
		f := finding(FindDisclosureBad, "What this statement opens is not the content of a sealed field: "+detail(err)+".").at(index, open)
		f.Reason = entry.CodeOf(err)
		return d, false, []Finding{f}
	}
	return d, body != nil, nil
}

// SealsOverdue finds the sealed fields of a published body whose review date has
// passed at moment t without their being opened, one finding for each. Opened
// reports whether an accepted open named the digest of a field.
func SealsOverdue(index uint64, st *entry.Statement, seals []entry.Seal, opened func(digest string) bool, t int64) []Finding {
	var found []Finding
	for _, s := range seals {
		review := reviewDay(s.Review)
		if t < review+86400 || opened(s.Digest) {
			continue
		}
		found = append(found, finding(FindSealedOverdue, fmt.Sprintf("The field %q of this statement is not published; its author set %s as the date by which to look again. Infer no reason.", s.Member, day(review))).at(index, st))
	}
	return found
}
