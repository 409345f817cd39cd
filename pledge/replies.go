package pledge

import (
	"slices"
	"sort"

	"github.com/pledgelog/pledgelog/entry"
)

// A FindingReply is a reply to a finding: what an author answers to what an audit
// says of it. It changes nothing and is shown beside the finding.
type FindingReply struct {
	Mark
	Finding string   // its code
	About   entry.ID // entry of its author's that the finding names; zero for any
	Period  string   // that the finding names; "" for any
	Answer  string
	Content Mark // which reply stands in its place now; the same Mark when it was not superseded
}

// Answers reports whether it is to a finding on its author. What it leaves out of the
// finding's entry and period may be any.
func (r *FindingReply) Answers(f Finding) bool {
	return r.Finding == string(f.Code) && (r.About.IsZero() || r.About.String() == f.Entry) && (r.Period == "" || r.Period == f.Period)
}

// A toFinding is what is kept of a reply to a finding. What supersedes another has
// its content there, at the time of that one.
type toFinding struct {
	Logged  int64
	Ref     ref // of the reply
	In      ref // of the one whose content counts in this place
	At      ref // place in the list in which it stands itself; noRef for its own
	About   ref // noRef for any
	Finding string
	Period  string
	Answer  string
	Void    bool // the place counts no more
}

func (s *State) acceptFindingReply(t *taken, b *entry.Reply) {
	r := toFinding{Logged: t.m.Logged, Ref: t.n, In: t.n, At: noRef, About: noRef, Finding: b.Finding, Period: b.Period, Answer: b.Answer}
	if !b.Entry.IsZero() {
		r.About = s.k.Book.find(b.Entry)
	}
	t.a.ToFindings = append(t.a.ToFindings, r)
}

// toFinding returns the place in a.ToFindings of the reply that is in the book at n.
func (a *author) toFinding(n ref) (i int, ok bool) {
	i = sort.Search(len(a.ToFindings), func(i int) bool { return a.ToFindings[i].Ref >= n })
	return i, i < len(a.ToFindings) && a.ToFindings[i].Ref == n
}

// correctFindingReply takes a reply to a finding back, or puts another one in its
// place.
func (a *author) correctFindingReply(n, by ref) {
	i, ok := a.toFinding(n)
	if !ok {
		return
	}
	if at := a.ToFindings[i].At; at != noRef {
		i = int(at)
	}
	place := &a.ToFindings[i]
	if by == noRef {
		place.Void = true
		return
	}
	j, _ := a.toFinding(by)
	other := &a.ToFindings[j]
	place.In, place.About, place.Finding, place.Period, place.Answer = by, other.About, other.Finding, other.Period, other.Answer
	other.At, other.Void = ref(i), true
}

// findingReplies lists an author's replies to findings, in order.
func (s *State) findingReplies(a *author) []FindingReply {
	var out []FindingReply
	for i := range a.ToFindings {
		r := &a.ToFindings[i]
		if r.Void {
			continue
		}
		one := FindingReply{Mark: s.mark(r.Ref, r.Logged), Finding: r.Finding, Period: r.Period, Answer: r.Answer}
		one.Content = one.Mark
		if j, ok := a.toFinding(r.In); ok && r.In != r.Ref {
			one.Content = s.mark(r.In, a.ToFindings[j].Logged)
		}
		if r.About != noRef {
			one.About = s.k.Book.at(r.About).ID
		}
		out = append(out, one)
	}
	return out
}

// pledgedTo returns the document to which an author's last pledge refers, and which of
// the clauses that it pledged have another text in the accord in force at moment t, or
// none. A pledge to what is not in force yet is up to date.
func (s *State) pledgedTo(a *author, t int64) (document *Mark, changed []string) {
	if len(a.Pledges) == 0 {
		return nil, nil
	}
	p := &a.Pledges[len(a.Pledges)-1]
	m, from := s.k.CharterAt, int64(0)
	for i := range s.k.Amends {
		if am := &s.k.Amends[i]; am.Entry == p.Document {
			m, from = am.Mark, am.Body.FromUnix()
		}
	}
	pledged, ok := s.clausesOf(p.Document)
	if !ok {
		return nil, nil // it was not given: see NewPartial
	}
	if from <= t {
		inForce := s.Terms(t).Clauses
		for _, id := range p.Clauses {
			i := slices.IndexFunc(pledged, func(c entry.Clause) bool { return c.ID == id })
			if i >= 0 && !slices.Contains(inForce, pledged[i]) {
				changed = append(changed, id)
			}
		}
	}
	return &m, changed
}
