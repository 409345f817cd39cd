package pledge

import (
	"encoding/base64"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// A State is what the leaves so far add up to.
type State struct {
	origin  string
	size    uint64 // leaves stepped over
	now     int64  // the largest `logged` so far, Unix seconds
	started bool   // some leaf had a `logged`

	charter   *entry.Charter // nil until accepted
	charterID entry.ID

	authors map[string]*author
	order   []*author // signatories and challengers, as admitted
	owners  map[entry.KeyID]string
}

// logOwner owns the checkpoint keys that the charter names.
const logOwner = "the log"

type author struct {
	id       string
	admit    *entry.Admit // nil for the secretariat
	admitted Mark
	keys     map[entry.KeyID]string // key id → use
	need     int                    // threshold
	chain    []entry.ID             // accepted statements of lane main, in order
	lastMade int64
	digests  map[string]struct{}

	pledges      []pledge
	requests     map[entry.ID]*request
	requestOrder []*request
	attested     map[entry.Period]*attestation // the first of each period
	lastClauses  []string                      // affirmed last, nil before
}

// A Mark says which entry, and when it was logged.
type Mark struct {
	Index  uint64
	Entry  entry.ID
	Logged int64
}

type pledge struct {
	Mark
	clauses []string
}

type request struct {
	Mark
	received  entry.Period // zero when withheld
	decisions []decision
}

type decision struct {
	Mark
	outcome string // "" when withheld
}

type attestation struct {
	Mark
	body *entry.Attestation
}

// New returns the state of an empty log of that origin.
func New(origin string) *State {
	return &State{origin: origin, authors: make(map[string]*author), owners: make(map[entry.KeyID]string)}
}

// Size is the number of leaves stepped over.
func (s *State) Size() uint64 { return s.size }

// Now is the largest `logged` so far, by which deadlines are judged (protocol
// section 7, Time); 0 in an empty log.
func (s *State) Now() int64 { return s.now }

// Origin is the log's origin.
func (s *State) Origin() string { return s.origin }

// Charter returns the accepted charter and its entry id; nil when there is none.
func (s *State) Charter() (*entry.Charter, entry.ID) { return s.charter, s.charterID }

// Head returns the seq and entry id of an author's last accepted statement in
// lane main; ok is false when the author is unknown.
func (s *State) Head(id string) (seq uint64, head entry.ID, ok bool) {
	a := s.authors[id]
	if a == nil {
		return 0, entry.ID{}, false
	}
	seq, head = a.head()
	return seq, head, true
}

func (a *author) head() (uint64, entry.ID) {
	if len(a.chain) == 0 {
		return 0, entry.ID{}
	}
	return uint64(len(a.chain)), a.chain[len(a.chain)-1]
}

// LastMade returns the `made` of an author's last accepted statement; 0 before.
func (s *State) LastMade(id string) int64 {
	if a := s.authors[id]; a != nil {
		return a.lastMade
	}
	return 0
}

// A VerdictKind is what becomes of a leaf (protocol section 2).
type VerdictKind string

const (
	Accepted  VerdictKind = "accepted"
	Rejected  VerdictKind = "rejected"
	Duplicate VerdictKind = "duplicate"
	Malformed VerdictKind = "malformed"
)

// A Verdict is the judgement on one leaf.
type Verdict struct {
	Kind   VerdictKind
	Code   entry.Code // why it was not accepted
	Detail string
}

func rejected(c entry.Code, detail string) Verdict {
	return Verdict{Kind: Rejected, Code: c, Detail: detail}
}

var accepted = Verdict{Kind: Accepted}

// Step judges the next leaf, takes it in, and returns what is to be said of it.
// Items come in index order without a gap.
func (s *State) Step(it *Item) (Verdict, []Finding) {
	v := s.Judge(it)
	var found []Finding
	if it.Leaf != nil {
		if s.started && it.Leaf.Logged < s.now {
			found = append(found, finding(FindLoggedDecreases, "This entry's log time is before that of an earlier entry.").at(it.Index, nil))
		}
		s.started = true
		s.now = max(s.now, it.Leaf.Logged)
	}
	s.size++
	switch v.Kind {
	case Malformed:
		f := finding(FindLeafMalformed, "This entry is not in the required form: "+v.Detail+".").at(it.Index, nil)
		f.Reason = v.Code
		return v, append(found, f)
	case Rejected:
		f := finding(FindRejected, "This statement should not have been logged and has no effect: "+v.Detail+".").at(it.Index, it.Statement)
		f.Reason = v.Code
		return v, append(found, f)
	case Duplicate:
		return v, append(found, finding(FindDuplicate, "This statement was logged before; this entry has no effect.").at(it.Index, it.Statement))
	}
	return v, append(found, s.accept(it)...)
}

// accept applies an accepted statement and says what it shows.
func (s *State) accept(it *Item) []Finding {
	st := it.Statement
	m := Mark{Index: it.Index, Entry: st.ID, Logged: s.now}
	if b, ok := st.Body.(*entry.Charter); ok {
		s.acceptCharter(b, m)
	}
	a := s.authors[st.Author]
	var found []Finding
	say := func(f Finding) { found = append(found, f.at(it.Index, st)) }
	// By the largest `logged`: an operator who dates a leaf back does not put a
	// finding on its author.
	if st.Made > s.now+maxMadeAhead {
		say(finding(FindMadeAfterLogged, name(a)+" dated this statement "+moment(st.Made)+"; it was logged "+moment(s.now)+"."))
	}
	if st.Made < a.lastMade {
		say(finding(FindMadeDecreases, name(a)+" dated this statement "+moment(st.Made)+", before its previous one."))
	}
	a.lastMade = st.Made
	a.chain = append(a.chain, st.ID)
	if st.BodyDigest != "" {
		a.digests[st.BodyDigest] = struct{}{}
	}
	switch b := st.Body.(type) {
	case *entry.Admit:
		s.acceptAdmit(b, m)
	case *entry.Pledge:
		a.pledges = append(a.pledges, pledge{m, b.Clauses})
	case *entry.Request:
		r := &request{Mark: m, received: b.Period()}
		a.requests[st.ID] = r
		a.requestOrder = append(a.requestOrder, r)
		if end := r.received; !end.IsZero() && s.now >= end.End()+days(s.charter.FileDays) {
			say(finding(FindFiledLate, name(a)+" logged on "+day(s.now)+" a request received in "+end.String()+"; the charter gives "+number(s.charter.FileDays)+" days after that period."))
		}
	case *entry.Decision:
		r := a.requests[b.Request]
		r.decisions = append(r.decisions, decision{m, b.Outcome})
	case *entry.Attestation:
		found = append(found, s.acceptAttestation(a, b, m, st)...)
	}
	return found
}

func (s *State) acceptCharter(b *entry.Charter, m Mark) {
	s.charter, s.charterID = b, m.Entry
	sec := newAuthor(entry.AuthorSecretariat, m)
	sec.setKeys(b.Secretariat)
	s.authors[sec.id] = sec
	for _, set := range []entry.KeySet{b.Secretariat, b.Recovery} {
		s.own(set, entry.AuthorSecretariat)
	}
	s.own(b.Operator, entry.AuthorOperator)
	for _, v := range b.LogKeys {
		if id, ok := vkeyID(v); ok {
			s.owners[id] = logOwner
		}
	}
}

func (s *State) acceptAdmit(b *entry.Admit, m Mark) {
	a := newAuthor(b.ID, m)
	a.admit = b
	a.setKeys(b.KeySet())
	s.own(b.KeySet(), b.ID)
	s.authors[a.id] = a
	s.order = append(s.order, a)
}

func newAuthor(id string, m Mark) *author {
	return &author{id: id, admitted: m, digests: make(map[string]struct{}), requests: make(map[entry.ID]*request), attested: make(map[entry.Period]*attestation)}
}

func (a *author) setKeys(set entry.KeySet) {
	a.keys, a.need = make(map[entry.KeyID]string), int(set.Threshold)
	for _, k := range set.Keys {
		if p, err := k.Parse(); err == nil {
			a.keys[p.ID] = p.Use
		}
	}
}

func (s *State) own(set entry.KeySet, owner string) {
	for _, k := range set.Keys {
		if p, err := k.Parse(); err == nil {
			s.owners[p.ID] = owner
		}
	}
}

// vkeyID returns the key id that the Ed25519 key of a vkey (c2sp.org/signed-note)
// would have as an author's key.
func vkeyID(v string) (entry.KeyID, bool) {
	parts := strings.SplitN(v, "+", 3)
	if len(parts) != 3 {
		return entry.KeyID{}, false
	}
	b, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(b) != 33 || b[0] != 1 && b[0] != 4 {
		return entry.KeyID{}, false
	}
	return entry.KeyIDOf(b[1:]), true
}
