package verifier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// DiffFormat names the JSON form of a Difference. Members may be added under the
// same name; none changes its meaning or goes away.
const DiffFormat = "pledgelog.diff.v1"

// MaxDiff is how many entries a Difference lists at most.
const MaxDiff = 100_000

// A Difference is what was said in a log between two of its sizes, and what that
// changed. Nothing is in it unless the whole log was read and is the signed one.
type Difference struct {
	Format        string     `json:"format"` // DiffFormat
	Result        Result     `json:"result"` // of the audit of the whole log
	SimulatedTime bool       `json:"simulatedTime"`
	Log           string     `json:"log,omitzero"`
	Accord        string     `json:"accord,omitzero"`
	Size          uint64     `json:"size"` // of the checkpoint that was audited
	Steps         []Step     `json:"steps"`
	Undecided     *Undecided `json:"undecided,omitzero"`
	From          SizePoint  `json:"from"`
	To            SizePoint  `json:"to"`

	Entries   []Said `json:"entries"`            // from index From.Size to To.Size-1, in order
	NotListed uint64 `json:"notListed,omitzero"` // entries beyond MaxDiff
	// Findings are those on entries in between, and those that time brought: they
	// hold at To and did not at From.
	Findings []pledge.Finding `json:"findings"`
	Changes  []Change         `json:"changes"` // of how authors stand, by author
	Texts    []TextChange     `json:"texts"`   // in the log's order

	NotChecked []string  `json:"notChecked"`
	Evidence   *Evidence `json:"evidence,omitzero"`

	audit *Report
}

// A SizePoint is the log at one size.
type SizePoint struct {
	Size   uint64 `json:"size"`
	Root   string `json:"root,omitzero"`   // recomputed from the entries; base64
	Logged string `json:"logged,omitzero"` // the largest log time accepted up to it: the moment that Changes are for; absent for the empty log
	// Signed says whether a checkpoint of just this size is known, from the archive
	// or as the newest, that the log's key signed. Its root is Root. Without one the
	// root hangs on the newest checkpoint, which covers it.
	Signed bool `json:"signed"`
	// TimeDoubtful says that Logged is after the time by which witnesses had seen all
	// these entries: what is late or missing then may not be.
	TimeDoubtful bool `json:"timeDoubtful,omitzero"`
}

// A Said is one entry.
type Said struct {
	Index    uint64             `json:"index"`
	ID       string             `json:"id,omitzero"`     // entry id, when the statement can be read
	Logged   string             `json:"logged,omitzero"` // when the leaf can be read
	Author   string             `json:"author,omitzero"`
	Name     string             `json:"name,omitzero"` // legal name of the author, when it was admitted
	Kind     entry.Kind         `json:"kind,omitzero"`
	Verdict  pledge.VerdictKind `json:"verdict"`
	Reason   entry.Code         `json:"reason,omitzero"` // why it was rejected
	Sentence string             `json:"sentence"`        // attributed, with a full stop
}

// A TextChange is what became of a text.
type TextChange struct {
	What   string   `json:"what"`  // withheld, review-moved, opened, erased
	Index  uint64   `json:"index"` // of the entry that says so
	Entry  string   `json:"entry"` // its entry id
	Author string   `json:"author"`
	Of     *uint64  `json:"of,omitzero"`     // index of the entry whose text it is, when that is another
	Review string   `json:"review,omitzero"` // of what is withheld: YYYY-MM-DD
	Opened []string `json:"opened,omitzero"` // digests
	Erased string   `json:"erased,omitzero"` // digest
	Basis  string   `json:"basis,omitzero"`  // of an erasure, as the operator states it
}

// The values of TextChange.What.
const (
	TextWithheld    = "withheld"
	TextReviewMoved = "review-moved"
	TextOpened      = "opened"
	TextErased      = "erased"
)

// UndecidedSize says that the log is not as large as a size that was asked for.
const UndecidedSize entry.Code = "size-not-reached"

// Diff audits a log whole, as Audit does, and says what was said between the
// size from and the size to, which is not smaller. Config.AsOf and Config.State are
// not used: statuses are for the largest log time at each size.
//
// An error means that the arguments can't be used. Everything else, also that
// something was not to be had, is in the Difference.
func Diff(ctx context.Context, cfg Config, from, to uint64) (*Difference, error) {
	if from > to {
		return nil, fmt.Errorf("compare sizes: %d is larger than %d", from, to)
	}
	cfg.AsOf, cfg.State = nil, ""
	a, err := newAudit(cfg)
	if err != nil {
		return nil, err
	}
	a.span = &span{from: edge{size: from}, to: edge{size: to}, narrator: narrator{names: make(map[string]string)}}
	r, err := a.whole(ctx)
	if err != nil {
		return nil, err
	}
	d := &Difference{
		Format: DiffFormat, Result: r.Result, SimulatedTime: r.SimulatedTime, Log: r.Log, Accord: r.Accord, Size: r.Size, Steps: r.Steps,
		Undecided: r.Undecided, NotChecked: r.NotChecked, Evidence: r.Evidence, audit: r,
		From: SizePoint{Size: from}, To: SizePoint{Size: to},
		Entries: []Said{}, Findings: []pledge.Finding{}, Changes: []Change{}, Texts: []TextChange{},
	}
	if a.span.whole {
		a.span.report(d, a)
	}
	return d, nil
}

// JSON writes the difference, indented, the same bytes for the same difference.
func (d *Difference) JSON() ([]byte, error) { return indented(d) }

// A span is what an audit notes between two sizes of the log.
type span struct {
	from, to  edge
	narrator  narrator
	entries   []Said
	notListed uint64
	texts     []TextChange
	whole     bool             // the log was judged to its end
	found     []pledge.Finding // on leaves
}

// An edge is the log as it stood at one size.
type edge struct {
	size     uint64
	root     log.Hash
	now      int64
	ahead    bool // of what witnesses saw, or of the auditor's clock
	statuses []pledge.Status
	promises []pledge.Finding
}

// fits ends an audit of a log that is too small.
func (x *span) fits(a *audit) bool {
	if x == nil || x.to.size <= a.target.size {
		return true
	}
	a.undecided(UndecidedSize, fmt.Sprintf("the checkpoint of this copy covers %s, which is less than %s", Count(a.target.size, "entry", "entries"), Commas(x.to.size)), "name sizes that the log has reached, or read a newer copy")
	return false
}

// reached notes how the log stands, when it has one of the two sizes.
func (x *span) reached(s *stream) {
	if x == nil {
		return
	}
	for _, e := range []*edge{&x.from, &x.to} {
		if e.size == s.builder.Size() {
			e.root, e.now = s.builder.Root(), s.state.Now()
			e.ahead = s.times.isAhead(e.size, e.now)
			e.statuses, e.promises = s.state.Statuses(e.now), s.state.Promises(e.now)
		}
	}
}

// judged notes that the log was judged to its end.
func (x *span) judged(s *stream) {
	if x != nil {
		x.whole = true
		x.found, _ = s.leafFindings.take()
	}
}

// add takes in an entry that was judged.
func (x *span) add(s *stream, it *pledge.Item, v pledge.Verdict) {
	if x == nil {
		return
	}
	defer x.reached(s)
	x.narrator.state = s.state
	if v.Kind == pledge.Accepted {
		x.narrator.learn(it.Statement)
	}
	if it.Index < x.from.size || it.Index >= x.to.size {
		return
	}
	if v.Kind == pledge.Accepted {
		x.addText(s, it)
	}
	if len(x.entries) == MaxDiff {
		x.notListed++
		return
	}
	x.entries = append(x.entries, x.narrator.said(it, v))
}

// addText notes what an accepted statement does to a text.
func (x *span) addText(s *stream, it *pledge.Item) {
	st := it.Statement
	t := TextChange{Index: it.Index, Entry: st.ID.String(), Author: strings.Clone(st.Author)}
	of := func(id entry.ID) *uint64 {
		f, ok := s.state.Find(id)
		if !ok {
			return nil
		}
		return &f.Index
	}
	switch b := st.Body.(type) {
	case *entry.Open:
		t.What, t.Of, t.Opened, t.Review = TextOpened, of(b.Entry), b.Digests, b.Review
		if b.Review != "" {
			t.What = TextReviewMoved
		}
	case *entry.Erasure:
		t.What, t.Of, t.Erased, t.Basis = TextErased, of(b.Entry), b.Digest, b.Basis
	default:
		if !st.IsWithheld() {
			return
		}
		t.What, t.Review = TextWithheld, st.Review
	}
	if len(x.texts) < MaxDiff {
		x.texts = append(x.texts, t)
	}
}

// report puts what was noted into a difference.
func (x *span) report(d *Difference, a *audit) {
	for _, p := range []struct {
		of   *edge
		into *SizePoint
	}{{&x.from, &d.From}, {&x.to, &d.To}} {
		p.into.Root = encodeHash(p.of.root)
		if p.of.size > 0 {
			p.into.Logged = entry.FormatTime(p.of.now)
		}
		p.into.TimeDoubtful = p.of.ahead
		p.into.Signed = slices.ContainsFunc(a.known, func(s *signed) bool { return s.size == p.of.size && s.matches() })
	}
	d.Entries, d.NotListed, d.Texts = append(d.Entries, x.entries...), x.notListed, append(d.Texts, x.texts...)
	before := make(map[string]bool)
	for _, f := range x.from.promises {
		before[sameFinding(f)] = true
	}
	doubts := a.last.times.doubts(x.to.statuses)
	for _, f := range x.found {
		f.TimeDoubtful = f.TimeDoubtful || f.Concerns == pledge.RoleAuthor && doubts.hangs(&f)
		if f.Index != nil && *f.Index >= x.from.size && *f.Index < x.to.size {
			d.Findings = append(d.Findings, f)
		}
	}
	for _, f := range x.to.promises {
		f.TimeDoubtful = f.Concerns == pledge.RoleAuthor && (x.to.ahead || doubts.hangs(&f))
		if !before[sameFinding(f)] {
			d.Findings = append(d.Findings, f)
		}
	}
	pledge.SortFindings(d.Findings)
	d.Changes = append(d.Changes, changes(x.from.statuses, x.to.statuses)...)
}

// sameFinding is equal for findings that are about the same.
func sameFinding(f pledge.Finding) string {
	index := ""
	if f.Index != nil {
		index = fmt.Sprint(*f.Index)
	}
	return strings.Join([]string{string(f.Code), f.Author, index, f.Entry, f.Period, string(f.Reason)}, "\n")
}
