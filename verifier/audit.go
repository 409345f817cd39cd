package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Config says what to audit.
type Config struct {
	// Policy says whose signatures count. It comes from somewhere other than
	// the log (protocol section 7, the start of trust).
	Policy *log.Policy
	// Charter is the entry id of the charter that the log must begin with. It
	// too comes from elsewhere. When it is zero nothing can be decided; the
	// report then names the id that was seen.
	Charter entry.ID
	// Source is where the log is read from.
	Source log.Source
	// AsOf is the moment, in Unix seconds, for which statuses and promises are
	// judged. Nil: the time up to which the checkpoint is evidence.
	AsOf *int64
	// State is a folder in which the audit keeps where it came to, and goes on from
	// there the next time: see StateFile. The charter need not be given again. "":
	// the whole log is read.
	State string
	// Checkpoints are signed checkpoints of the log that were seen elsewhere, such
	// as in receipts or at mirrors: signed notes. The log is held to them too.
	Checkpoints [][]byte
	// Watch has the audit look out for entries. Nil: it doesn't.
	Watch *Watch
	// Now is the auditor's clock in Unix seconds. A log that is no demonstration
	// is not to be dated after it. Nil: no check.
	Now *int64
	// AsServed has an audit of a directory or an archive read what one over HTTP asks
	// for: not the files of single texts that stand in bundles, nor tiles of other
	// sizes, nor what else lies there.
	AsServed bool
	// Workers is how many processors to keep busy. Default: all.
	Workers int
	// Progress is told from time to time how many entries of how many are
	// done. It is called by one goroutine. May be nil.
	Progress func(done, total uint64)
}

// Audit reads the whole log and checks it (protocol section 7), or with
// Config.State what is new in it. An error means that the Config can't be used; it
// is a *StateError when that is the state's. Everything else, also that something
// was not to be had, is in the report.
//
// Bundles are read ahead, parsed, and their signatures tried by all processors;
// only the judgement itself goes in order. Beside what package pledge keeps of
// the statements, memory does not grow with the log.
func Audit(ctx context.Context, cfg Config) (*Report, error) {
	a, err := newAudit(cfg)
	if err != nil {
		return nil, err
	}
	return a.whole(ctx)
}

func newAudit(cfg Config) (*audit, error) {
	switch {
	case cfg.Policy == nil:
		return nil, errors.New("audit log: no policy")
	case cfg.Source == nil:
		return nil, errors.New("audit log: no source")
	}
	checked, err := cfg.Policy.Checked()
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	cfg.Policy = checked
	if cfg.Workers <= 0 {
		cfg.Workers = runtime.GOMAXPROCS(0)
	}
	if cfg.Progress == nil {
		cfg.Progress = func(uint64, uint64) {}
	}
	local, _ := cfg.Source.(log.Lister)
	if cfg.AsServed {
		local = nil
	}
	waiting := &waitedFor{Source: cfg.Source}
	cfg.Source = waiting
	a := &audit{local: local, waiting: waiting, cfg: cfg, report: &Report{Format: ReportFormat, Steps: []Step{}, Signatories: []Signatory{}}, found: newFindings()}
	if err := a.openState(); err != nil {
		return nil, err
	}
	return a, nil
}

// whole does all of an audit.
func (a *audit) whole(ctx context.Context) (*Report, error) {
	a.run(ctx)
	if a.err != nil {
		return nil, a.err
	}
	r := a.report
	if a.seenErr != nil {
		if r.State == nil {
			r.State = new(StateNote)
		}
		r.State.Err = cmp.Or(r.State.Err, a.seenErr)
	}
	if u := r.Undecided; u != nil && u.Code == UndecidedTime && a.waiting.err != nil {
		u.Text += "; it was waiting for an answer: " + a.waiting.err.Error()
	}
	r.Findings, r.NotListed = a.found.take()
	if a.last != nil && r.AsOf != "" {
		a.last.times.doubts(a.last.statuses).mark(r, a.last.statuses)
	}
	a.sayWhereTexts(r)
	r.NotChecked = a.notChecked()
	r.finish()
	return r, nil
}

// An audit is one run of Audit.
type audit struct {
	cfg    Config
	report *Report
	found  *findings

	view        *log.View // the checkpoint to audit
	target      *signed   // the same
	archived    []*signed // in the archive's order
	known       []*signed // archived and target, by size
	archiveText string
	fork        *fork // from the smallest signed checkpoint that the entries differ from; nil so far
	others      int   // known ones that were seen elsewhere

	verifiedBefore int // archived ones whose signatures an earlier audit verified

	before  *resumable // the state that an earlier audit left; nil when there is none
	seen    []*signed  // what earlier audits saw beside it
	seenNow []byte     // what is kept of that now, and of what this one saw
	seenErr error      // why that was not, or not all of it
	last    *stream    // that came to the end of the log
	err     error      // why the Config can't be used

	local  log.Lister // the source, when it is a directory or an archive of one and every file is looked at; else nil
	strays uint64     // files of it that are no part of the log up to the checkpoint

	waiting *waitedFor
	span    *span // what to note between two sizes; nil for nothing
}

func (a *audit) run(ctx context.Context) {
	if !a.checkpoints(ctx) {
		return
	}
	if a.cfg.Charter.IsZero() {
		a.charterNotGiven(ctx)
		return
	}
	if a.cfg.AsOf != nil && a.view.HasQuorumTime && *a.cfg.AsOf > quorumTime(a.view) {
		a.tooOld(quorumTime(a.view))
		return
	}
	if clock := a.clock(); a.cfg.AsOf != nil && clock != nil && *a.cfg.AsOf > *clock {
		a.undecided(UndecidedTooOld, fmt.Sprintf("the moment asked for, %s, is after the clock of this audit, %s", moment(*a.cfg.AsOf), moment(*clock)), "ask for a moment that has come, or set the clock right")
		return
	}
	if !a.span.fits(a) {
		return
	}
	from := a.before
	if from != nil && !a.fits(from) {
		from = nil
	}
	if from != nil {
		a.report.Earlier = from.size()
		if a.audit(ctx, from) {
			return
		}
		// What was kept is not enough.
		a.report.Earlier, a.fork = 0, nil
		from.kept, from.state = keptAudit{}, nil
		for _, s := range a.known {
			s.computed, s.reached = log.Hash{}, false
		}
	}
	a.audit(ctx, nil)
}

// audit goes through the log, from a state on or from its beginning when that is
// nil. It reports whether that is all there is to do: otherwise nothing was said,
// and the log has to be read from its beginning.
func (a *audit) audit(ctx context.Context, from *resumable) bool {
	s := a.newStream()
	defer s.close()
	whole := s.run(ctx, from)
	rootOK := whole && a.target.matches()
	if from != nil && (s.texts.restart || whole && !rootOK) {
		return false
	}
	if whole && !rootOK {
		a.found.add(finding(FindRootMismatch, fmt.Sprintf("The %s in this copy do not add up to the root that checkpoint %s signs.", Count(a.target.size, "entry", "entries"), Commas(a.target.size))))
	}
	a.stepRoot(whole, rootOK)
	a.stepTiles(s, whole, rootOK)
	a.compareCheckpoints(rootOK)
	a.stepArchive(s, rootOK)
	if !rootOK {
		// What unsigned bytes say concerns neither the operator nor an author.
		return true
	}
	for _, last := range []func(context.Context) error{s.strayFiles, s.texts.settle, s.judgeAll} {
		if err := last(ctx); err != nil {
			a.cannotRead(ctx, err)
			break
		}
	}
	a.last = s
	a.commit(s)
	return true
}

// judgeAll reports what the entries say, now that it is known that the log's key
// signed for them.
func (s *stream) judgeAll(ctx context.Context) error {
	a := s.a
	r := a.report
	s.leafFindings.add(s.times.finding()...)
	if s.future != nil {
		s.leafFindings.add(*s.future)
	}
	a.found.addAll(s.leafFindings)
	r.Statements, r.Texts, r.LeftOut = s.counted, s.texts.counts(), s.leftOut
	for _, e := range s.state.Erasures() {
		r.Erasures = append(r.Erasures, Erased{e.Digest, s.state.Text(e.Of, e.Digest).Published})
	}
	if !a.stepCharter(s) {
		return nil
	}
	a.stepStatements()
	a.stepTexts(s)
	a.stepTime(s)
	if a.cfg.AsOf != nil && *a.cfg.AsOf > s.reaches() && !a.view.HasQuorumTime {
		a.tooOld(s.reaches())
		return nil
	}
	r.Watched = s.lookout.take(s.state.Size())
	t := s.moment
	if !s.snapped {
		t = s.state.Now()
		if a.cfg.AsOf != nil {
			t = *a.cfg.AsOf
		} else if a.view.HasQuorumTime {
			t = quorumTime(a.view)
		}
		if err := s.snapshot(ctx, t); err != nil {
			return err
		}
	}
	r.AsOf = entry.FormatTime(s.moment)
	r.Signatories = SignatoriesOf(s.statuses)
	a.found.add(s.unsaid()...)
	a.stepDirectories(s)
	a.stepPromises()
	a.span.judged(s)
	return nil
}

// charterNotGiven ends an audit that does not know which charter it wants. The
// id that the log has is named, so that it can be compared with one from
// elsewhere.
func (a *audit) charterNotGiven(ctx context.Context) {
	text := "the entry id of the charter was not given, and a log can't vouch for its own"
	hint := "get the charter's entry id from the accord's secretariat, or from a publication that the operator can't alter, and give it with --charter"
	if id, ok := a.seenCharter(ctx); ok {
		text += "; this log's first entry is " + id.String()
		hint = "compare that id with one from the accord's secretariat, or from a publication that the operator can't alter, and give it with --charter"
	}
	a.undecided(UndecidedCharter, text, hint)
}

func (a *audit) seenCharter(ctx context.Context) (entry.ID, bool) {
	if a.target.size == 0 {
		return entry.ID{}, false
	}
	width := log.TileWidthAt(log.EntriesLevel, 0, a.target.size)
	b, n, err := a.read(ctx, log.Tile{Level: log.EntriesLevel, Index: 0, Width: width}, nil)
	if err != nil {
		return entry.ID{}, false
	}
	leaves, err := log.ParseBundle(b, n)
	if err != nil {
		return entry.ID{}, false
	}
	it := pledge.Read(0, leaves[0])
	if it.Leaf == nil {
		return entry.ID{}, false
	}
	return it.Leaf.Statement.ID(), true
}

func (a *audit) tooOld(until int64) {
	whose := "by the operator's clock"
	if a.view.HasQuorumTime {
		whose = "by its witnesses"
	}
	a.undecided(UndecidedTooOld, fmt.Sprintf("this copy reaches to %s %s, and the moment asked for, %s, is later: nobody is called late on the strength of an old copy",
		moment(until), whose, moment(*a.cfg.AsOf)), "read the log again, or ask for a moment that the copy covers")
}

func (a *audit) undecided(c entry.Code, text, hint string) {
	if a.report.Undecided == nil {
		a.report.Undecided = &Undecided{Code: c, Text: text, Hint: hint}
	}
}

// cannotRead says that the source failed, or that the audit has to end.
func (a *audit) cannotRead(ctx context.Context, err error) {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		a.undecided(UndecidedTime, "the audit's time was over before it came to its end", "allow it more time, or read another copy of the log")
		return
	case ctx.Err() != nil:
		a.undecided(UndecidedStopped, "the audit was interrupted", "run it again")
		return
	}
	hint := "try again, or read another copy of the log"
	if errors.Is(err, log.ErrLink) {
		hint = "put the file or the folder itself in the place of the link, or copy the log with its links followed (cp -RL)"
	}
	a.undecided(UndecidedSource, err.Error(), hint)
}

func (a *audit) stepRoot(whole, ok bool) {
	switch {
	case !whole:
		a.report.step("root", Failed, "root not recomputed", "not every entry could be read")
	case !ok:
		a.report.step("root", Failed, "root differs", "the entries of this copy are not those that were signed")
	default:
		a.report.step("root", Passed, "root recomputed", "from "+Count(a.target.size, "entry", "entries")+": it is the signed one, "+a.report.Root)
	}
}

func (a *audit) stepCharter(s *stream) bool {
	if s.first != a.cfg.Charter {
		text := "This log has no readable first entry"
		if a.target.size == 0 {
			text = "This log is empty"
		} else if !s.first.IsZero() {
			text = "This log's first entry is " + s.first.String()
		}
		a.found.add(finding(FindCharterMismatch, text+"; the audit was told to expect the charter "+a.cfg.Charter.String()+"."))
		a.report.step("charter", Failed, "charter", "the log does not begin with the one that was given")
		return false
	}
	a.report.Charter = s.first.String()
	c, _ := s.state.Charter()
	if c == nil {
		a.report.step("charter", Failed, "charter", "entry 0 has the id that was given, and is not accepted as a charter")
		return true
	}
	a.report.Accord = c.Accord
	a.keysOfCharter(s.state.LogKeys())
	a.report.step("charter", Passed, "charter as given", "entry 0 is the charter of the "+c.Accord+", signed by every key in it")
	return true
}

func (a *audit) stepStatements() {
	n := a.report.Statements
	text := Count(n.Accepted, "statement", "statements") + " accepted, with every signature they need"
	if others := n.Rejected + n.Duplicate + n.Malformed; others > 0 {
		text += fmt.Sprintf("; %s without effect (%s rejected, %s logged before, %s unreadable)", Count(others, "entry", "entries"), Commas(n.Rejected), Commas(n.Duplicate), Commas(n.Malformed))
	}
	a.report.step("statements", passedIf(n.Rejected+n.Malformed == 0), "statements judged", text)
}

func (a *audit) stepTexts(s *stream) {
	n := a.report.Texts
	text := Count(n.Published, "published text matches", "published texts match") + " what was signed"
	for _, more := range []struct {
		n    uint64
		what string
	}{{n.Opened, "opened later"}, {n.Withheld, "not published"}, {n.Sealed, "sealed in published ones"}, {n.Erased, "erased by the operator, as it states"},
		{n.Invalid, "as signed but not in the required form"}, {n.Missing, "missing"}, {n.Altered, "altered"}} {
		if more.n > 0 {
			text += "; " + Commas(more.n) + " " + more.what
		}
	}
	if len(s.texts.off) > 0 {
		text += "; a bundle of texts is not as it should be"
	}
	if n := s.texts.lacked; n > 0 {
		text += "; " + Count(n, "bundle of texts is", "bundles of texts are") + " incomplete"
	}
	if off := s.texts.filesOff; off > 0 {
		text += "; " + Count(off, "file of a single text is", "files of single texts are") + " not as they should be"
	}
	served := a.found.has(pledge.FindBodyNotOpened, pledge.FindErasedServed)
	if served {
		text += "; a text is served that is not to be"
	}
	a.report.step("texts", passedIf(n.Missing+n.Altered+s.texts.filesOff == 0 && len(s.texts.off) == 0 && !served), "texts compared", text)
}

func (a *audit) stepTime(s *stream) {
	backwards := a.found.has(pledge.FindLoggedDecreases)
	text := "no entry is dated before an earlier one"
	if backwards {
		text = "an entry is dated before an earlier one"
	}
	if a.target.size > 0 {
		text += "; the last is logged " + moment(s.state.Now())
	}
	if !a.view.HasQuorumTime {
		text += ", by the operator's clock alone"
	}
	ahead := a.found.has(FindLoggedInFuture)
	if ahead {
		text += ", which is in the future by the clock of this audit"
	}
	bent := a.found.has(FindAfterWitnessed, FindHeldBack)
	switch {
	case bent:
		text += "; some entries were not there when the operator says, by the witnesses' time"
	case a.view.HasQuorumTime && a.target.size > 0:
		text += "; known checkpoints confirm them"
		if n := s.times.kept.NoEvidence; n > 0 {
			text += " but for the first " + Count(n, "entry", "entries")
		}
	}
	a.report.step("time", passedIf(!backwards && !ahead && !bent), "times in order", text)
}
