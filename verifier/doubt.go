package verifier

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// timely are the findings on authors that hang on the time of the entry that they
// name.
var timely = []entry.Code{
	pledge.FindFiledLate, pledge.FindLoggedDiffers, pledge.FindDecisionOut, pledge.FindAttestationLate,
	pledge.FindSlotLate, pledge.FindReplyLate, pledge.FindReplyOverdue,
}

// fixed are the findings on authors that hang on the one entry that they name, and
// not on when it was logged or on what was logged besides.
var fixed = []entry.Code{
	pledge.FindMadeAfterLogged, pledge.FindMadeDecreases, pledge.FindReceivedAhead, pledge.FindDateAhead, pledge.FindSlotBefore, pledge.FindClaimsCannotBe,
	pledge.FindBodyInvalid, pledge.FindDisclosureBad, pledge.FindCodeUnknown, pledge.FindKeysCompromised,
}

// uncounted are statements that are not counted, for a time that is doubtful.
type uncounted struct {
	By      map[string]uint64 // how many, by author
	Affects map[string]bool   // whom those of the secretariat name
	All     bool              // or all authors
}

func (u *uncounted) add(st *entry.Statement) {
	if u.By == nil {
		u.By, u.Affects = make(map[string]uint64), make(map[string]bool)
	}
	u.By[st.Author]++
	if st.Kind == entry.KindAmend {
		u.All = true
	}
	if st.Author == entry.AuthorSecretariat {
		for _, author := range st.Names() {
			u.Affects[author] = true
		}
	}
}

// of reports whether one of them may change how an author stands.
func (u *uncounted) of(author string) bool { return u.All || u.Affects[author] || u.By[author] > 0 }

// A doubt is whose statuses are doubtful, because statements were not counted for
// their time, which is the operator's.
type doubt struct {
	times      *timeCheck
	challenged map[uint64]bool // challenges whose challenger made some of these, by index
}

func (t *timeCheck) doubts(statuses []pledge.Status) *doubt {
	d := &doubt{t, make(map[uint64]bool)}
	for _, s := range statuses {
		for _, c := range s.Challenges {
			if d.of(c.By) {
				d.challenged[c.Index] = true
			}
		}
	}
	return d
}

// of reports whether a statement that was not counted may change how an author
// stands.
func (d *doubt) of(author string) bool {
	return d.times.left.of(author) || d.times.kept.Refused.of(author)
}

// mark marks in a report what hangs on doubtful times. Statuses are those that the
// report was made of.
func (d *doubt) mark(r *Report, statuses []pledge.Status) {
	late := make(map[uint64]bool) // attestations that may have been in time
	leapt := make(map[string]bool)
	for i := range r.Signatories {
		st, s := &statuses[i], &r.Signatories[i]
		d.markSignatory(s)
		for j := range s.Periods {
			ps, p := &st.Periods[j], &s.Periods[j]
			if ps.Attested == nil {
				continue
			}
			by, ok := d.times.by(ps.Attested.Index)
			if ps.State == pledge.Late && ok && by < ps.Deadline {
				late[ps.Attested.Index] = true
			}
			p.TimeDoubtful = p.TimeDoubtful || late[ps.Attested.Index] || d.times.isDoubtful(ps.Attested.Index)
		}
		if k := st.KeysChanged; k != nil && d.times.isLeapt(k.From) {
			leapt[st.ID], s.KeysChanged.TimeDoubtful = true, true
		}
		for j := range s.Challenges {
			c := &s.Challenges[j]
			c.TimeDoubtful = d.of(c.Against) || d.challenged[c.Index] || d.times.isDoubtful(c.Index)
		}
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Concerns == pledge.RoleAuthor {
			f.TimeDoubtful = f.TimeDoubtful || d.hangs(f) || f.Code == pledge.FindRekeyUnconfirmed && leapt[f.Author] ||
				f.Code == pledge.FindAttestationLate && f.Index != nil && late[*f.Index]
		}
	}
	for _, u := range []uncounted{d.times.left, d.times.kept.Refused} {
		for author, n := range u.By {
			if r.NotCounted == nil {
				r.NotCounted = make(map[string]uint64)
			}
			r.NotCounted[author] += n
		}
	}
}

// hangs reports whether a finding on an author hangs on doubtful times.
func (d *doubt) hangs(f *pledge.Finding) bool {
	switch {
	case !slices.Contains(fixed, f.Code) && d.of(f.Author):
		return true
	case f.Index == nil:
		return false
	case f.Code == pledge.FindReplyOverdue && d.challenged[*f.Index]:
		return true
	case f.Code == pledge.FindLoggedDiffers:
		// What it did not count, or counted too much, may have been moved there.
		if first, ok := d.times.kept.Moved[f.Author]; ok && first <= *f.Index {
			return true
		}
	}
	return slices.Contains(timely, f.Code) && d.times.isDoubtful(*f.Index)
}

// markSignatory marks all that may be held against a signatory and hangs on
// statements that were not counted. That it attested in time does not.
func (d *doubt) markSignatory(s *Signatory) {
	if s.TimeDoubtful = d.of(s.ID); !s.TimeDoubtful {
		return
	}
	for i := range s.Periods {
		switch p := &s.Periods[i]; p.State {
		case pledge.Grace, pledge.Late, pledge.Missed, pledge.CarvedOut:
			p.TimeDoubtful = true
		}
	}
	for _, k := range []*KeyChange{s.KeysWaiting, s.KeysChanged} {
		if k != nil {
			k.TimeDoubtful = true
		}
	}
	if s.Slots != nil {
		s.Slots.TimeDoubtful = true
	}
}

// notCountedText says how many statements were not counted, and whose they are.
func (r *Report) notCountedText() string {
	names := map[string]string{entry.AuthorSecretariat: "the secretariat", entry.AuthorOperator: "the operator"}
	for _, s := range r.Signatories {
		names[s.ID] = s.Name
	}
	var all uint64
	list := ""
	for i, author := range slices.Sorted(maps.Keys(r.NotCounted)) {
		n := r.NotCounted[author]
		all += n
		name := names[author]
		if name == "" {
			name = author
		}
		switch {
		case i < authorsShown:
			list += fmt.Sprintf(", %s by %s", Commas(n), name)
		case i == authorsShown:
			list += ", the others by more authors: see the report with --json"
		}
	}
	if all == 0 {
		return ""
	}
	return Count(all, "statement is not counted, as its time is", "statements are not counted, as their time is") + " doubtful: " + list[2:]
}

// authorsShown is how many authors a sentence names.
const authorsShown = 10
