package verifier

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// An audit with a state goes on where the one before it came to, which is where a
// bundle of entries ends. Its report is that of a whole audit, but for what it says
// of itself. So a state is left only where nothing that comes later can change what
// was found before it:
//
//   - before the first entry that was logged after the moment asked for;
//   - within what the archive's last checkpoint covers, as the archive may still
//     get others after it, which are evidence of time;
//   - from a copy whose files are all as they should be.
//
// The checkpoints that it saw are kept before that, and whatever it comes to: see
// SeenFile. What may change all the same, texts that were not served and what the archive
// holds, is looked at again each time. Where a state does not fit what is at hand,
// the log is read from its beginning.

// openState reads the state that the Config names.
func (a *audit) openState() error {
	if a.cfg.State == "" {
		return nil
	}
	if err := clearState(a.cfg.State); err != nil {
		return &StateError{fmt.Errorf("keep state: %w", err), "name a folder of your own that can be written"}
	}
	if err := a.readSeen(); err != nil {
		return err
	}
	r, err := readState(a.cfg.State)
	if err != nil || r == nil {
		return err
	}
	if _, err := a.cfg.Policy.OpenUnwitnessed([]byte(r.of.Checkpoint)); err != nil {
		return &StateError{fmt.Errorf("the state in %s is of %s, under a key that this policy does not have", a.cfg.State, r.of.Log),
			"give the policy that the state was made with, or name another folder"}
	}
	if a.cfg.Charter.IsZero() {
		a.cfg.Charter = r.of.Charter
	}
	if a.cfg.Charter != r.of.Charter {
		return &StateError{fmt.Errorf("the state in %s is of the log with the charter %s", a.cfg.State, r.of.Charter),
			"give that charter's id, or leave --charter out, or name another folder"}
	}
	if t := a.cfg.AsOf; t != nil && *t < r.state.Now() {
		return &StateError{fmt.Errorf("the state in %s is of %s, and the moment asked for is before", a.cfg.State, moment(r.state.Now())),
			"run the audit without --state, or with a folder of its own, to look back"}
	}
	a.before = r
	return nil
}

// fits reports whether the audit can go on from a state, now that the checkpoints
// are known.
func (a *audit) fits(r *resumable) bool {
	from := r.size()
	if from == 0 || from > a.target.size || !a.cfg.Watch.allows(from) || !r.isBy(a.cfg.Policy) || a.asOf() < r.state.Now() {
		return false
	}
	if now := a.cfg.Now; now != nil && !a.report.SimulatedTime && r.state.LastLogged() > *now+maxAhead {
		return false // which entry that was is not kept
	}
	kept := make(map[uint64]log.Hash)
	notes := make(map[string]bool)
	earliest := int64(math.MaxInt64) // by when all entries below from were there, by what was known then
	first := uint64(math.MaxUint64)  // size of the first checkpoint with a time
	for _, s := range r.known {
		notes[s.note] = true
		kept[s.size] = s.root
		if s.timed && s.size >= from {
			earliest = min(earliest, s.time)
		}
		if s.timed {
			first = min(first, s.size)
		}
	}
	for _, s := range a.known {
		if notes[s.note] {
			continue
		}
		if _, ok := kept[s.size]; s.size < from && !ok || s.timed && (s.time < earliest || s.size < max(first, from)) {
			return false // it may show what was found before in another light
		}
	}
	for _, s := range a.known {
		if s.size < from {
			s.computed, s.reached = kept[s.size], true
		}
	}
	return true
}

// verified are the checkpoints whose signatures an earlier audit verified under this
// policy, by their notes.
func (a *audit) verified() map[string]*signed {
	r := a.before
	if r == nil || r.of.Log != a.report.Log || !r.isBy(a.cfg.Policy) {
		return nil
	}
	by := make(map[string]*signed, len(r.known))
	for i := range r.known {
		by[r.known[i].note] = &r.known[i]
	}
	return by
}

// read reads a checkpoint that was kept.
func (k keptCheckpoint) read() (s signed, err error) {
	// Its signatures were verified before it was kept.
	text, _, _ := strings.Cut(k.Note, "\n\n")
	c, err := log.ParseCheckpoint([]byte(text + "\n"))
	if err != nil {
		return s, err
	}
	return signed{size: c.Size, root: c.Root, note: k.Note, quorum: k.Quorum, timed: k.Timed, time: k.Time}, nil
}

// resume puts a stream to where the state ends.
func (s *stream) resume(r *resumable) error {
	tree, err := log.ParseBuilder(r.kept.Tree, s.tiles.emit)
	if err != nil {
		return err
	}
	s.builder, s.state, s.from, s.until = tree, r.state, tree.Size(), r.state.Now()
	s.keys.Add(r.kept.Keys)
	s.first, s.counted = r.kept.First, r.kept.Counted
	s.leafFindings.add(r.kept.Findings...)
	for c, n := range r.kept.NotListed {
		s.leafFindings.more[c] += n
	}
	s.texts.kept, s.times.kept, s.growth.days = r.kept.Texts, r.kept.Times, r.kept.Growth
	s.ahead = slices.DeleteFunc(slices.Clone(s.ahead), func(c *signed) bool { return c.size < s.from })
	return nil
}

// lookAgain looks again for texts that were not served as they should be when the
// state was made.
func (t *textCheck) lookAgain(ctx context.Context) error {
	byBundle := make(map[uint64][]oddText)
	var bundles []uint64
	for _, o := range t.kept.Odd {
		if b := o.Index / log.TileWidth; o.State != textInvalid {
			if byBundle[b] == nil {
				bundles = append(bundles, b)
			}
			byBundle[b] = append(byBundle[b], o)
		}
	}
	for _, b := range bundles {
		if err := t.lookInBundle(ctx, b, byBundle[b]); err != nil {
			return err
		}
		if t.isFull() {
			if err := t.compareOpenings(ctx); err != nil {
				return err
			}
		}
	}
	return t.compareOpenings(ctx)
}

func (t *textCheck) lookInBundle(ctx context.Context, bundle uint64, list []oddText) error {
	ids := make(map[uint64]entry.ID)
	for _, o := range list {
		ids[o.Index], _ = t.s.state.EntryAt(o.Index)
	}
	items, err := t.s.readAgain(ctx, bundle, ids)
	if err != nil {
		return err
	}
	var named []string
	for _, o := range list {
		named = append(named, o.digest(items[o.Index].Statement))
	}
	got, err := t.s.readTexts(ctx, bundle, named, true)
	defer got.buf.giveBack()
	if err != nil {
		return err
	}
	for i, o := range list {
		t.mend(o.Index, named[i])
		t.takeAgain(o, items[o.Index], named[i], got)
	}
	return nil
}

// digest finds a text among those that a statement publishes.
func (o oddText) digest(st *entry.Statement) string {
	for _, digest := range st.Publishes() {
		if short(digest) == o.Digest {
			return digest
		}
	}
	return ""
}

// takeAgain takes in a text that was looked for again.
func (t *textCheck) takeAgain(o oddText, it *pledge.Item, digest string, got texts) {
	room := math.MaxInt
	served := serve([]string{digest}, got, &room)[0]
	of, _ := t.s.state.EntryAt(o.Of)
	said := served.state == textMissing || served.state == textAltered
	t.file(oddFile{o.Index, it.Statement.ID, of, digest, served.file}, said)
	if said {
		t.odd(o.Index, o.Of, digest, served.state, o.Body)
		return
	}
	if o.Of != o.Index {
		t.openings = append(t.openings, &opening{index: o.Index, st: it.Statement, of: of, at: o.Of, texts: []servedText{served}})
		t.bytes += len(served.raw)
		return
	}
	state, d, found := pledge.JudgeMatching(o.Index, it.Statement, served.raw)
	t.s.noteFrom(o.Index, found)
	if state == pledge.BodyInvalid {
		t.odd(o.Index, o.Of, digest, textInvalid, true)
	}
	if d != nil {
		t.seal(o.Index, it.Leaf.Logged, it.Statement, d.Seals())
	}
}

// keepBefore keeps the state before a chunk, once, if it is the last place in the
// log where one may be left.
func (s *stream) keepBefore(ctx context.Context, c *chunk) error {
	if s.a.cfg.State == "" || s.keeping != nil {
		return nil
	}
	end := c.index*log.TileWidth + uint64(c.width)
	last := c.width < log.TileWidth || len(s.growth.archived) == 0 || s.growth.archived[len(s.growth.archived)-1] < end
	for _, it := range c.items {
		last = last || it.Leaf != nil && it.Leaf.Logged > s.a.asOf()
	}
	if !last {
		return nil
	}
	return s.keep(ctx)
}

// keep writes what is to be kept of the log so far. It counts when the audit has
// come to its end: see commit.
func (s *stream) keep(ctx context.Context) error {
	if err := s.texts.compareOpenings(ctx); err != nil {
		return &secondReadingError{err}
	}
	s.texts.silence()
	tree, err := s.builder.AppendBinary(nil)
	if err != nil {
		return err
	}
	kept := &keptAudit{Tree: tree, Keys: s.keys.Keys(), First: s.first, Counted: s.counted, Texts: s.texts.kept, Times: s.times.kept, Growth: s.growth.days}
	kept.Findings, kept.NotListed = s.leafFindings.take()
	w, err := newState(s.a.cfg.State)
	if err != nil {
		s.keeping = &keeping{err: err}
		return nil
	}
	s.keeping = &keeping{writer: w, size: s.builder.Size()}
	of := stateOf{Log: s.a.report.Log, Charter: s.a.cfg.Charter, Policy: policyDigest(s.a.cfg.Policy), Checkpoint: s.a.target.note}
	for _, write := range []func() error{
		func() error { return w.part(writeJSON(of)) },
		func() error { return w.part(writeJSON(kept)) },
		func() error { return w.part(s.state.Save) },
	} {
		if err := write(); err != nil {
			s.keeping.err = err
			return nil
		}
	}
	return nil
}

// A keeping is a state that is being written. What goes wrong with it leaves the
// audit as it is.
type keeping struct {
	writer *stateWriter
	size   uint64
	err    error
}

// hinders are findings for which no state is kept: on files of the copy, which are
// not read again.
var hinders = []entry.Code{
	FindBundleMissing, FindBundleMalformed, FindBundleMismatch, FindTileMissing, FindTileMismatch, FindBodyBundle, FindBodyBundleShort, FindBodyFile, FindBodyFileMissing,
	FindArchiveMissing, FindArchiveMalformed, FindArchiveAhead, FindLogForked, FindRootMismatch, FindCharterMismatch, FindCheckpointShrunk,
	pledge.FindBodyNotOpened, pledge.FindErasedServed,
}

// commit puts the state in place, if the audit came to its end and all that it read
// is as it should be. Otherwise the one before stays.
func (a *audit) commit(s *stream) {
	note := &StateNote{From: s.from}
	a.report.State = note
	k := s.keeping
	if k == nil {
		return
	}
	if k.writer != nil {
		defer k.writer.file.Abandon()
	}
	switch {
	case k.err != nil:
		note.Err = k.err
		return
	case a.report.Undecided != nil || a.report.Evidence != nil || a.found.has(hinders...):
		note.Hindered = true
		return
	case a.before != nil && k.size < a.before.size() && a.before.isBy(a.cfg.Policy):
		return // it would be a step back
	}
	known := a.keptKnown()
	err := k.writer.part(writeJSON(known))
	if err == nil {
		err = k.writer.commit()
	}
	if err == nil {
		err = a.seenInState(known)
	}
	note.Size, note.Err = k.size, err
}

// A StateNote says what became of a state (Config.State). It is no part of a
// report's JSON: the state is the auditor's own matter.
type StateNote struct {
	From     uint64 // entries that an earlier audit had read; 0 when the log was read from its beginning
	Size     uint64 // entries of which the new state is; 0 when none was left
	Hindered bool   // none was left, as there is something wrong with the copy
	Err      error  // none was left, as it could not be written, or not all checkpoints were kept that were seen
}
