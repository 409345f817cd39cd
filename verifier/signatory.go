package verifier

import (
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Signatory is how one author stands, with the members that the server's
// /api/v1/signatories has (protocol section 8). What there is nothing to say of is
// left out.
type Signatory struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Role           string            `json:"role"`
	Country        string            `json:"country"`
	Website        string            `json:"website"`
	Standing       string            `json:"standing"`
	Seq            uint64            `json:"seq"`
	Head           string            `json:"head,omitzero"`
	SlotSeq        uint64            `json:"slotSeq,omitzero"` // of its last slot
	SlotHead       string            `json:"slotHead,omitzero"`
	Admitted       Mark              `json:"admitted"`
	Pledged        []string          `json:"pledged"`                 // clauses
	PledgedTo      *Mark             `json:"pledgedTo,omitzero"`      // the charter or amend that its pledge refers to
	ClausesChanged []string          `json:"clausesChanged,omitzero"` // of pledged those whose text is not in the accord in force any more
	Requests       uint64            `json:"requests"`
	Void           uint64            `json:"void,omitzero"`      // requests that it took back
	Corrected      uint64            `json:"corrected,omitzero"` // its statements of all kinds that it took back or put others in the place of
	Outcomes       map[string]uint64 `json:"outcomes"`
	Periods        []Period          `json:"periods"`

	Suspended   *Mark          `json:"suspended,omitzero"`
	Proposed    *Mark          `json:"proposed,omitzero"` // removal was proposed
	Removed     *Removal       `json:"removed,omitzero"`
	SucceededBy *Succession    `json:"succeededBy,omitzero"`
	Succeeds    []Succession   `json:"succeeds,omitzero"`
	KeysWaiting *KeyChange     `json:"keysWaiting,omitzero"` // keys of last resort that wait
	KeysChanged *KeyChange     `json:"keysChanged,omitzero"` // such keys in force that the former ones have not confirmed
	Doubtful    []Doubt        `json:"doubtful,omitzero"`    // what it called doubtful itself
	Withheld    uint64         `json:"withheld,omitzero"`    // texts that it withheld
	Opened      uint64         `json:"opened,omitzero"`      // those of them that it opened
	Slots       *Slots         `json:"slots,omitzero"`       // absent when it owed none
	Challenges  []Challenge    `json:"challenges,omitzero"`  // against it, or by it; oldest first
	Replies     []FindingReply `json:"replies,omitzero"`     // its replies to findings; oldest first

	// TimeDoubtful says that statements of its own, or of the secretariat, are not
	// counted, as their time is doubtful (Report.NotCounted): how it stands may be
	// another in all.
	TimeDoubtful bool `json:"timeDoubtful,omitzero"`
}

// A Mark says which entry, and when it was logged.
type Mark struct {
	Index  uint64 `json:"index"`
	ID     string `json:"id"`
	Logged string `json:"logged"`
}

// A Period is how a signatory stands for one period.
type Period struct {
	Period        string             `json:"period"`
	State         pledge.PeriodState `json:"state"`
	Deadline      string             `json:"deadline"`
	Attested      *Mark              `json:"attested,omitzero"`     // the first attestation: it fixes whether it was in time
	Content       *Mark              `json:"content,omitzero"`      // the one whose content counts, when that is another
	TimeDoubtful  bool               `json:"timeDoubtful,omitzero"` // when it was attested is doubtful, or whether it was: see held-back, logged-after-witnessed and Report.NotCounted
	Covers        string             `json:"covers,omitzero"`
	Received      *entry.Claim       `json:"received,omitzero"` // in all, as the signatory states
	Logged        entry.Counts       `json:"logged"`            // in the period, as the log has it
	ReceivedInLog uint64             `json:"receivedInLog"`     // logged requests that say they were received in it
}

// A Removal says when an author was removed, and since when that was proposed.
type Removal struct {
	Mark     `json:",inline"`
	Proposed *Mark  `json:"proposed,omitzero"`
	Reason   string `json:"reason"`
}

// A Succession says whose place an author took, or who took its own.
type Succession struct {
	Mark   `json:",inline"`
	Author string `json:"author"`
}

// A KeyChange is the secretariat's change of an author's keys.
type KeyChange struct {
	Mark `json:",inline"`
	From string `json:"from"` // in force

	TimeDoubtful bool `json:"timeDoubtful,omitzero"` // whether they are, or when they came into force
}

// A Doubt is a run of entries of which the author's are doubtful by its own word.
type Doubt struct {
	Mark  `json:",inline"`
	First uint64 `json:"first"`
	Last  uint64 `json:"last"` // indexes
}

// Slots say how an author keeps its slots.
type Slots struct {
	Owed   uint64             `json:"owed"`
	Missed uint64             `json:"missed"`
	First  []entry.SlotPeriod `json:"first,omitzero"` // of the missed ones the first 100 at the most

	TimeDoubtful bool `json:"timeDoubtful,omitzero"` // a slot may be there that is not counted
}

// A Challenge is a challenge and its replies.
type Challenge struct {
	Mark    `json:",inline"`
	By      string  `json:"by"`
	Against string  `json:"against"`
	Entry   string  `json:"entry,omitzero"`
	Finding string  `json:"finding,omitzero"`
	Period  string  `json:"period,omitzero"`
	Due     string  `json:"due"`           // a reply logged before it is in time
	Void    bool    `json:"void,omitzero"` // taken back, or another stands in its place
	Replies []Reply `json:"replies,omitzero"`

	TimeDoubtful bool `json:"timeDoubtful,omitzero"` // when it was made, or what came of it since
}

// A Reply is a reply that counts: the first fixes whether it was in time.
type Reply struct {
	Mark    `json:",inline"`
	Answer  string `json:"answer"`  // of what stands in its place now
	Content Mark   `json:"content"` // which one that is
}

// A FindingReply is a reply of an author to a finding on it. What is absent of entry
// and period may be any.
type FindingReply struct {
	Mark    `json:",inline"`
	Finding string `json:"finding"`
	Entry   string `json:"entry,omitzero"`
	Period  string `json:"period,omitzero"`
	Answer  string `json:"answer"`  // of what stands in its place now
	Content Mark   `json:"content"` // which one that is
}

// answers reports whether it is to a finding on its author.
func (r FindingReply) answers(f pledge.Finding) bool {
	return r.Finding == string(f.Code) && (r.Entry == "" || r.Entry == f.Entry) && (r.Period == "" || r.Period == f.Period)
}

// SignatoriesOf writes statuses as reports have them, in the same order. It knows
// nothing of witnesses: TimeDoubtful is false.
func SignatoriesOf(statuses []pledge.Status) []Signatory {
	out := make([]Signatory, 0, len(statuses))
	for i := range statuses {
		out = append(out, signatoryOf(&statuses[i]))
	}
	return out
}

func signatoryOf(st *pledge.Status) Signatory {
	s := Signatory{
		ID: st.ID, Name: st.Admit.Name, Role: st.Admit.Role, Country: st.Admit.Country, Website: st.Admit.Website,
		Standing: st.Standing, Seq: st.Seq, Head: idOf(st.Head), SlotSeq: st.SlotSeq, SlotHead: idOf(st.SlotHead), Admitted: mark(st.Admitted),
		Pledged: st.Pledged, Requests: st.Requests, Void: st.Void, Outcomes: st.Outcomes, Periods: make([]Period, 0, len(st.Periods)),
		Suspended: marked(st.Suspended), Proposed: marked(st.Proposed), KeysWaiting: keyChange(st.KeysWaiting), KeysChanged: keyChange(st.KeysChanged),
		Withheld: st.Withheld, Opened: st.Opened, Corrected: st.Corrected, PledgedTo: marked(st.PledgedTo), ClausesChanged: st.Changed,
	}
	if s.Pledged == nil {
		s.Pledged = []string{}
	}
	if r := st.Removed; r != nil {
		s.Removed = &Removal{mark(r.Mark), marked(r.Proposed), r.Reason}
	}
	if x := st.Succeeded; x != nil {
		s.SucceededBy = &Succession{mark(x.Mark), x.Author}
	}
	for _, x := range st.Succeeds {
		s.Succeeds = append(s.Succeeds, Succession{mark(x.Mark), x.Author})
	}
	for _, d := range st.Doubtful {
		s.Doubtful = append(s.Doubtful, Doubt{mark(d.Mark), d.First, d.Last})
	}
	if n := st.Slots; n.Owed > 0 {
		s.Slots = &Slots{Owed: n.Owed, Missed: n.Missed, First: n.First}
	}
	for _, c := range st.Challenges {
		s.Challenges = append(s.Challenges, challengeOf(c))
	}
	for _, r := range st.Replies {
		s.Replies = append(s.Replies, FindingReply{mark(r.Mark), r.Finding, idOf(r.About), r.Period, r.Answer, mark(r.Content)})
	}
	for _, p := range st.Periods {
		s.Periods = append(s.Periods, periodOf(p))
	}
	return s
}

func challengeOf(c pledge.Challenge) Challenge {
	out := Challenge{Mark: mark(c.Mark), By: c.By, Against: c.Against, Entry: idOf(c.About), Finding: c.Finding, Period: c.Period, Due: entry.FormatTime(c.Due), Void: c.Void}
	for _, r := range c.Replies {
		out.Replies = append(out.Replies, Reply{mark(r.Mark), r.Answer, mark(r.Content)})
	}
	return out
}

func periodOf(ps pledge.PeriodStatus) Period {
	p := Period{Period: ps.Period.String(), State: ps.State, Deadline: entry.FormatTime(ps.Deadline), Attested: marked(ps.Attested), Logged: ps.Logged, ReceivedInLog: ps.Received}
	if ps.Content != nil && *ps.Content != *ps.Attested {
		p.Content = marked(ps.Content)
	}
	if ps.Attestation != nil {
		p.Covers, p.Received = ps.Attestation.Covers, &ps.Attestation.Received.Total
	}
	return p
}

func mark(m pledge.Mark) Mark {
	return Mark{Index: m.Index, ID: m.Entry.String(), Logged: entry.FormatTime(m.Logged)}
}

func marked(m *pledge.Mark) *Mark {
	if m == nil {
		return nil
	}
	out := mark(*m)
	return &out
}

func keyChange(k *pledge.KeyChange) *KeyChange {
	if k == nil {
		return nil
	}
	return &KeyChange{Mark: mark(k.Mark), From: entry.FormatTime(k.From)}
}

// idOf writes an entry id; "" for none.
func idOf(id entry.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
