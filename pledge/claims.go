package pledge

import (
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// least adds up the least that the claims for single outcomes come to.
func least(c entry.Claims) uint64 {
	var sum uint64
	for _, o := range c.Outcomes {
		if !o.CannotSay {
			sum += o.Min // 2^53 at the most, and a leaf has no room for 2,048 of them
		}
	}
	return sum
}

// cannotBe reports whether the claims for outcomes come to more than that for all.
func cannotBe(c entry.Claims) bool { return !c.Total.CannotSay && least(c) > c.Total.Max }

// An excess is a claim, in words, and the greater number that was stated.
type excess struct {
	claim  string
	stated uint64
}

// beyond says which outcomes there are more of than an attestation's claims leave
// room for. Stated is how many of each there are at least.
func beyond(c entry.Claims, stated map[string]uint64) []excess {
	var out []excess
	var others uint64 // of outcomes for which nothing was claimed
	for _, code := range sortedCodes(stated) {
		claim, claimed := c.Outcomes[code]
		if !claimed {
			others += stated[code]
			continue
		}
		if claim.CannotSay || stated[code] <= claim.Max {
			continue
		}
		out = append(out, excess{fmt.Sprintf("%s with the outcome %q", claim, code), stated[code]})
	}
	if c.Total.CannotSay || cannotBe(c) {
		return out
	}
	if left := c.Total.Max - least(c); others > left {
		out = append(out, excess{fmt.Sprintf("no more than %d with outcomes that it did not list", left), others})
	}
	return out
}

func sortedCodes(m map[string]uint64) []string {
	codes := make([]string, 0, len(m))
	for code := range m {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// outcomesDiffer compares the outcomes that an author attested for a period with
// those that its own decisions on requests of that period had stated by then.
func (s *State) outcomesDiffer(a *author, p entry.Period, at *attested, places []uint32) []Finding {
	stated := make(map[string]uint64)
	for _, i := range places {
		if out := s.steadyOutcome(i, at.In); out != "" {
			stated[out]++
		}
	}
	code := FindOutcomesDiffer
	if at.Body.Covers == entry.CoversDisclosable {
		code = FindOutcomesDisclosable
	}
	var found []Finding
	for _, e := range beyond(at.Body.Received, stated) {
		f := finding(code, fmt.Sprintf("%s attested %s for %s; by its own decisions that were logged before they are %d.", name(a), e.claim, p, e.stated)).about(a, s.content(at))
		f.Period = p.String()
		found = append(found, f)
	}
	return found
}

// steadyOutcome returns the outcome of the request in the place i if its author had
// stated one by the statement that is in the book at n, and nothing since shows
// another; else "". An author may attest what it has decided and not logged yet: so
// what waits, what was decided otherwise later and what was corrected later is held
// against nobody.
func (s *State) steadyOutcome(i uint32, n ref) string {
	if !s.standsBefore(s.request(i).Ref, n) {
		return ""
	}
	var out uint32
	steady := true
	s.each(s.request(i), func(d *decision) {
		switch {
		case s.isCorrectedAfter(d.Ref, n):
			steady = false
		case d.isVoid():
		case d.Ref < n:
			out = d.outcome()
			steady = steady && out != 0 // its outcome is withheld, maybe another than before
		case d.outcome() != out:
			steady = false
		}
	})
	if !steady || s.k.Outcomes[out] == entry.OutcomePending {
		return ""
	}
	return s.k.Outcomes[out]
}

// isCorrectedAfter reports whether the statement at r was corrected after that at n.
func (s *State) isCorrectedAfter(r, n ref) bool {
	return s.k.Book.at(r).Flags&isCorrected != 0 && s.k.Corrections[r].Index > s.k.Book.at(n).index()
}

// standsBefore reports whether what stands in the place of the statement at r stood
// there when that at n was logged.
func (s *State) standsBefore(r, n ref) bool {
	for r < n && s.k.Book.at(r).Flags&isCorrected != 0 {
		if s.isCorrectedAfter(r, n) {
			return false
		}
		r = s.k.Book.find(s.k.Corrections[r].By)
	}
	return r < n
}
