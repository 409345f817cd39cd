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

// Seals finds what is to be said at moment t of the sealed fields of a statement's
// published body, those that were not opened: that a field's review date has passed, and
// that it was further ahead, when the statement was logged, than the charter's longest
// review. Opened reports whether an accepted open named the digest of a field.
func (s *State) Seals(index uint64, logged int64, st *entry.Statement, seals []entry.Seal, opened func(digest string) bool, t int64) []Finding {
	longest := s.Terms(logged).ReviewDays
	var found []Finding
	say := func(code entry.Code, text string) { found = append(found, finding(code, text).at(index, st)) }
	for _, f := range seals {
		if opened(f.Digest) {
			continue
		}
		review := reviewDay(f.Review)
		field := fmt.Sprintf("The field %q of this statement is not published; its author set %s as the date by which to look again", f.Member, day(review))
		if t >= review+86400 {
			say(FindSealedOverdue, field+". Infer no reason.")
		}
		if review > logged-logged%86400+days(longest) {
			say(FindSealedTooLong, fmt.Sprintf("%s. It was logged on %s, and the charter allows %d days for a review.", field, day(logged), longest))
		}
	}
	return found
}
