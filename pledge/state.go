package pledge

import (
	"github.com/pledgelog/pledgelog/entry"
)

// A State is what the leaves so far add up to.
type State struct {
	k     kept
	whole map[string]bool // nil, or see NewPartial

	// What follows from k.
	byID       map[string]*author
	challenges map[entry.ID]*Challenge
	open       map[[2]string]int       // challenges that wait for their reply, by challenger and signatory
	replied    map[entry.ID]*Challenge // by reply
	attested   map[ref]attestedIn
	erased     map[erasedText]int
	disclosed  map[textKey][]ref // statements for which a disclosure was opened
	outcomeNos table             // places in k.Outcomes
	waiting    []*author         // all that have Pending, and maybe others
}

// kept is everything that a State has to remember, in a form that can be written
// and read back (Save, Restore).
type kept struct {
	Origin  string
	Size    uint64 // leaves stepped over
	Now     int64  // the largest `logged` of accepted leaves, Unix seconds
	Latest  int64  // that of all leaves, which decides nothing
	Started bool   // some leaf had a `logged`

	Charter   *entry.Charter // nil until accepted
	CharterAt Mark
	Amends    []amendment
	People    []*author // the secretariat, the operator, then as admitted
	Owners    map[entry.KeyID]string

	Book      book
	Requests  blocks[request]
	Decisions blocks[decision]
	Places    map[uint32]uint32 // request that supersedes another → the one in whose place it stands
	Contents  map[uint32]uint32 // place → request whose content counts
	Instead   map[uint32]uint32 // decision that supersedes another → the one in whose place it stands
	Outcomes  []string          // codes by the number that decisions have; the first is ""

	Withheld    map[ref]int64 // review day of texts that are neither published nor opened
	Opened      map[ref][]opened
	Corrections map[ref]Correction
	Erased      []Erasure
	Challenges  []*Challenge
	Directories directories
}

// The places of who is not admitted in kept.People.
const (
	secretariatNo = 0
	operatorNo    = 1
)

// Owners of keys that are no author's.
const (
	logOwner      = "the log"
	recoveryOwner = "recovery" // the reserved authors are no owner of this name: it is admitted to nobody
)

// An author is what is kept of one author.
type author struct {
	No        uint16
	ID        string
	Admit     *entry.Admit // in force, but for Pending; nil for the secretariat and the operator
	Admitted  Mark         // the first
	CarveOuts []carved     // of each admission that came into force, in order
	Keys      entry.KeySet // in force, but for Pending
	Pending   *pendingKeys
	Former    *formerKeys
	Main      lane
	Slot      lane

	Pledges    []Pledged
	NeedPledge bool // nothing but a pledge comes next, after readmission
	Tenures    []tenure
	Suspended  *Mark
	Proposed   *Mark // proposed removal
	Removed    *Removal
	Succeeded  *Succession  // by another
	Succeeds   []Succession // others
	Doubtful   []Doubt

	Requests     []uint32 // places in kept.Requests, in order
	Attested     map[entry.Period]*attested
	Void         []*attested // what was attested and taken back
	LastClauses  []string    // affirmed last, nil before
	ToFindings   []toFinding // replies to findings, in order
	Slots        []slot
	WithheldAll  uint64 // texts that it withheld
	WithheldOpen uint64 // those of them that it opened
	Corrected    uint64 // statements of its own that it took back or put others in the place of

	statementKeys, slotKeys []entry.KeyID // ids of Keys
	keysDigest              string        // of Keys
}

// A lane is where an author stands in one of its lanes.
type lane struct {
	Seq  uint64
	Head entry.ID
	Made int64 // of the head
}

func (a *author) lane(name string) *lane {
	if name == entry.LaneSlot {
		return &a.Slot
	}
	return &a.Main
}

func (a *author) isSignatory() bool {
	return a.Admit != nil && a.Admit.Role == entry.RoleSignatory
}

func (a *author) isChallenger() bool {
	return a.Admit != nil && a.Admit.Role == entry.RoleChallenger
}

// A Mark says which entry, and when it was logged.
type Mark struct {
	Index  uint64
	Entry  entry.ID
	Logged int64
}

// A Pledged is one accepted pledge.
type Pledged struct {
	Mark
	Document entry.ID // the charter or amend it refers to
	Clauses  []string
}

// New returns the state of an empty log of that origin.
func New(origin string) *State {
	s := &State{byID: make(map[string]*author), challenges: make(map[entry.ID]*Challenge), open: make(map[[2]string]int),
		replied: make(map[entry.ID]*Challenge), attested: make(map[ref]attestedIn), erased: make(map[erasedText]int), disclosed: make(map[textKey][]ref)}
	s.k = kept{Origin: origin, Owners: make(map[entry.KeyID]string), Outcomes: []string{""},
		Places: make(map[uint32]uint32), Contents: make(map[uint32]uint32), Instead: make(map[uint32]uint32), Withheld: make(map[ref]int64), Opened: make(map[ref][]opened), Corrections: make(map[ref]Correction)}
	return s
}

// NewPartial returns a state that is to be given all statements of the authors
// named and some of the others, in index order: for who has an author's chain and
// not the log. Of other authors a gap before a statement is no reason to reject it,
// and a challenge that was not given is taken to be there. What the whole log would
// have rejected for other reasons, such as keys that were changed in a leaf that
// was not given, or the standing of one who left by a word of its own, may be
// accepted here: a directory's row has to say the same.
func NewPartial(origin string, whole ...string) *State {
	s := New(origin)
	s.whole = make(map[string]bool)
	for _, id := range whole {
		s.whole[id] = true
	}
	return s
}

// knowsAllOf reports whether every statement of an author is given.
func (s *State) knowsAllOf(id string) bool { return s.whole == nil || s.whole[id] }

// Size is the number of leaves stepped over.
func (s *State) Size() uint64 { return s.k.Size }

// Now is the largest `logged` of all accepted leaves so far, by which deadlines are
// judged (protocol section 7, Time); 0 in an empty log.
func (s *State) Now() int64 { return s.k.Now }

// LastLogged is the largest `logged` of all leaves so far that have one, those
// without effect too: `logged` never decreases. It may be after Now, and no rule
// goes by it.
func (s *State) LastLogged() int64 { return s.k.Latest }

// Origin is the log's origin.
func (s *State) Origin() string { return s.k.Origin }

// Charter returns the accepted charter and its entry id; nil when there is none.
func (s *State) Charter() (*entry.Charter, entry.ID) { return s.k.Charter, s.k.CharterAt.Entry }

// Head returns the seq and entry id of an author's last accepted statement in
// lane main; ok is false when the author is unknown.
func (s *State) Head(id string) (seq uint64, head entry.ID, ok bool) {
	return s.HeadIn(id, entry.LaneMain)
}

// HeadIn is Head for a lane.
func (s *State) HeadIn(id, lane string) (seq uint64, head entry.ID, ok bool) {
	a := s.byID[id]
	if a == nil {
		return 0, entry.ID{}, false
	}
	l := a.lane(lane)
	return l.Seq, l.Head, true
}

// LastMade returns the `made` of an author's last accepted statement in a lane; 0
// before.
func (s *State) LastMade(id, lane string) int64 {
	if a := s.byID[id]; a != nil {
		return a.lane(lane).Made
	}
	return 0
}

// A Found is an accepted statement that was found by its entry id.
type Found struct {
	Author string
	Kind   entry.Kind
	Index  uint64
	HasText,
	Withheld bool // its text is not published: neither with it nor by an open
}

// Find returns an accepted statement; ok is false when there is none of that id.
func (s *State) Find(id entry.ID) (f Found, ok bool) {
	n := s.k.Book.find(id)
	if n == noRef {
		return Found{}, false
	}
	r := s.k.Book.at(n)
	_, withheld := s.k.Withheld[n]
	return Found{Author: s.k.People[r.Author].ID, Kind: s.k.Book.kind(n), Index: r.index(), HasText: r.Flags&hasText != 0, Withheld: withheld}, true
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
// Items come in index order without a gap, but for NewPartial's.
func (s *State) Step(it *Item) (Verdict, []Finding) {
	v := s.Judge(it)
	var found []Finding
	if it.Leaf != nil {
		if s.k.Started && it.Leaf.Logged < s.k.Latest {
			found = append(found, finding(FindLoggedDecreases, "This entry's log time is before that of an earlier entry.").at(it.Index, nil))
		}
		s.k.Started = true
		s.k.Latest = max(s.k.Latest, it.Leaf.Logged)
	}
	s.k.Size = it.Index + 1
	switch v.Kind {
	case Malformed:
		f := finding(FindLeafMalformed, "This entry is not in the required form: "+v.Detail+".").at(it.Index, nil)
		f.Reason = v.Code
		return v, append(found, f)
	case Rejected:
		f := finding(FindRejected, "This statement should not have been logged and has no effect: "+v.Detail+".")
		if v.Code == CodeDirectoryRoot {
			f = finding(FindDirectoryFalse, "The operator's list of what each author said last differs from what the log holds; it has no effect.")
		}
		f = f.at(it.Index, it.Statement)
		f.Reason = v.Code
		return v, append(found, f)
	case Duplicate:
		return v, append(found, finding(FindDuplicate, "This statement was logged before; this entry has no effect.").at(it.Index, it.Statement))
	}
	// Only what is accepted moves time. Otherwise whoever can have a leaf logged that
	// has no effect could put keys into force with it, or make everybody late.
	s.k.Now = max(s.k.Now, it.Leaf.Logged)
	s.advance()
	found = append(found, s.directoryOverdue(it.Index)...)
	return v, append(found, s.accept(it)...)
}

// accept applies an accepted statement and says what it shows.
func (s *State) accept(it *Item) []Finding {
	st := it.Statement
	m := Mark{Index: it.Index, Entry: st.ID, Logged: s.k.Now}
	if b, ok := st.Body.(*entry.Charter); ok {
		s.acceptCharter(b, m)
	}
	a := s.byID[st.Author]
	t := &taken{it: it, st: st, a: a, m: m}
	l := a.lane(st.Lane)
	// By now: an operator who dates a leaf back does not put a finding on its
	// author.
	if st.Made > s.k.Now+maxMadeAhead {
		t.say(FindMadeAfterLogged, "%s dated this statement %s; it was logged %s.", name(a), moment(st.Made), moment(s.k.Now))
	}
	if st.Made < l.Made {
		t.say(FindMadeDecreases, "%s dated this statement %s, before its previous one.", name(a), moment(st.Made))
	}
	*l = lane{st.Seq, st.ID, st.Made}
	r := record{ID: st.ID, Indexed: indexed(it.Index), Author: a.No, Kind: kindNo(st.Kind)}
	if st.BodyDigest != "" {
		r.Flags, r.Text = hasText, it.textKey()
	}
	if st.IsWithheld() {
		r.Flags |= isWithheld
		a.WithheldAll++
	}
	t.n = s.k.Book.add(r)
	if st.IsWithheld() {
		s.k.Withheld[t.n] = reviewDay(st.Review)
	}
	if st.Kind != entry.KindDirectory {
		s.grew()
	}
	if st.Lane == entry.LaneMain {
		s.cancelRekey(t)
	}
	s.apply(t)
	return t.found
}

// A taken is an accepted statement on its way into the state.
type taken struct {
	it    *Item
	st    *entry.Statement
	a     *author
	m     Mark
	n     ref
	found []Finding
}

// apply does what a statement of its kind does.
func (s *State) apply(t *taken) {
	switch b := t.st.Body.(type) {
	case *entry.Amend:
		s.acceptAmend(t, b)
	case *entry.Admit:
		s.acceptAdmit(t, b)
	case *entry.Standing:
		s.acceptStanding(t, b)
	case *entry.Succeed:
		s.acceptSucceed(t, b)
	case *entry.Keys:
		s.acceptKeys(t, b)
	case *entry.Withdraw:
		t.a.end(t.m.Logged, endWithdrawn)
	case *entry.Pledge:
		s.acceptPledge(t, b)
	case *entry.Request:
		s.acceptRequest(t, b)
	case *entry.Decision:
		s.acceptDecision(t, b)
	case *entry.Attestation:
		s.acceptAttestation(t, b)
	case *entry.Slot:
		s.acceptSlot(t, b)
	case *entry.Open:
		s.acceptOpen(t, b)
	case *entry.Correct:
		s.acceptCorrect(t, b)
	case *entry.Challenge:
		s.acceptChallenge(t, b)
	case *entry.Reply:
		s.acceptReply(t, b)
	case *entry.Erasure:
		s.acceptErasure(t, b)
	case *entry.Directory:
		s.acceptDirectory(t)
	}
}

var kindNumbers = func() map[entry.Kind]uint8 {
	m := make(map[entry.Kind]uint8)
	for i, k := range entry.Kinds {
		m[k] = uint8(i)
	}
	return m
}()

func kindNo(k entry.Kind) uint8 { return kindNumbers[k] }
