package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// maxArchive bounds an archive, in bytes: all of it is in memory. A checkpoint has some
// 600 bytes with three witnesses, and 7,000 where some of them sign with ML-DSA-44. The
// server archives one a minute, and fewer when the archive grows: on a log that grows in
// every half an hour the small ones reach the bound after eleven years, the large ones
// after one.
const maxArchive = 192 << 20

// A signed is a checkpoint that the log's key of the policy signed, and what the
// entries of this copy say of it.
type signed struct {
	size   uint64
	root   log.Hash
	note   string // as it was signed
	quorum bool   // the policy's quorum is reached
	timed  bool   // it has a quorum time
	time   int64  // then, Unix seconds

	elsewhere bool   // it is not from this copy
	origin    string // of one that was read from what was seen before
	vouched   bool   // and the policy has the key that signed that

	reached  bool     // the copy has entries up to its size
	computed log.Hash // root of the copy's entries at its size, when reached
}

func (s *signed) matches() bool { return s.reached && s.computed == s.root }

func sizes(list []*signed) []uint64 {
	out := make([]uint64, len(list))
	for i, s := range list {
		out[i] = s.size
	}
	return out
}

func signedOf(v *log.View) *signed {
	return &signed{size: v.Checkpoint.Size, root: v.Checkpoint.Root, note: string(v.Raw), quorum: v.Satisfied, timed: v.HasQuorumTime, time: quorumTime(v)}
}

// openCode says which finding an error of log.Policy.Open is.
func openCode(err error) entry.Code {
	switch {
	case errors.Is(err, log.ErrUnknownOrigin):
		return FindCheckpointOrigin
	case errors.Is(err, log.ErrBadSignature):
		return FindCheckpointSignature
	case errors.Is(err, log.ErrNoLogSignature):
		return FindCheckpointUnsigned
	case errors.Is(err, log.ErrQuorum):
		return FindCheckpointQuorum
	}
	return FindCheckpointMalformed
}

// checkpoints reads the archive and the checkpoint, opens them under the policy,
// and chooses the one to audit: the largest. It reports whether there is one.
//
// The archive is read first: the log may grow meanwhile, and then the checkpoint
// is the newer of the two.
func (a *audit) checkpoints(ctx context.Context) bool {
	archive, err := a.cfg.Source.Get(ctx, log.ArchivePath, maxArchive)
	if err != nil && !errors.Is(err, log.ErrNotFound) {
		a.cannotRead(ctx, err)
		return false
	}
	noArchive := err != nil
	var raw []byte
	defer func() { a.keepSeen(archive, raw) }()
	raw, err = a.cfg.Source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if errors.Is(err, log.ErrNotFound) {
		a.undecided(UndecidedNoLog, "there is no checkpoint: "+err.Error(), "name the directory or the address that holds `checkpoint`, `tile/` and `checkpoints`")
		return false
	} else if err != nil {
		a.cannotRead(ctx, err)
		return false
	}
	view, err := a.cfg.Policy.Open(raw)
	if err != nil {
		a.found.add(finding(openCode(err), "The checkpoint of this copy"+a.under(log.CheckpointPath)+" is not to be believed: "+lastPart(err)+"."))
		a.report.step("checkpoint", Failed, "checkpoint not believed", lastPart(err))
		return false
	}
	a.view, a.target = view, signedOf(view)
	a.report.Log = view.Checkpoint.Origin
	a.report.SimulatedTime = entry.IsDemonstration(a.report.Log)
	if noArchive {
		a.found.add(finding(FindArchiveMissing, "This copy has no archive of earlier checkpoints under \""+a.where(log.ArchivePath)+"\"."))
		a.archiveText = "there is none in this copy"
	} else {
		a.openArchive(archive)
	}
	a.known = append(a.known, a.target)
	if err := a.openOthers(); err != nil {
		a.err = err
		return false
	}
	if n := len(a.archived); n > 0 && a.archived[n-1].size > a.target.size {
		if err := a.behind(ctx, a.archived[n-1]); err != nil {
			a.cannotRead(ctx, err)
			return false
		}
	}
	slices.SortStableFunc(a.known, func(x, y *signed) int { return cmp.Compare(x.size, y.size) })
	if largest := a.known[len(a.known)-1]; largest.size > a.target.size && largest.elsewhere {
		a.found.add(finding(FindCheckpointShrunk, fmt.Sprintf("The checkpoint of this copy covers %s; one that this log's key signed, and that was seen before or elsewhere, covers %s.", Count(a.target.size, "entry", "entries"), Count(largest.size, "entry", "entries"))))
	}
	a.stepCheckpoint()
	return true
}

// openOthers makes the checkpoints known that were seen elsewhere: by an earlier
// audit, in its state, or by whoever gave them with the Config.
func (a *audit) openOthers() error {
	var have map[string]bool
	add := func(s *signed) {
		if have == nil { // mostly there are none
			have = make(map[string]bool, len(a.known))
			for _, s := range a.known {
				have[s.note] = true
			}
		}
		if !have[s.note] {
			have[s.note] = true
			s.elsewhere = true
			a.known = append(a.known, s)
			a.others++
		}
	}
	for _, raw := range a.cfg.Checkpoints {
		v, err := a.cfg.Policy.OpenUnwitnessed(raw)
		if err == nil && v.Checkpoint.Origin != a.report.Log {
			err = log.ErrUnknownOrigin
		}
		if err != nil {
			return fmt.Errorf("open checkpoint that was given: %w", err)
		}
		add(signedOf(v))
	}
	for _, s := range a.seen {
		if s.origin != a.report.Log {
			return a.anotherLog(s.origin)
		}
		if s.vouched {
			add(s)
		}
	}
	if a.before == nil {
		return nil
	}
	if a.before.of.Log != a.report.Log {
		return a.anotherLog(a.before.of.Log)
	}
	same := a.before.isBy(a.cfg.Policy)
	for _, s := range a.before.known {
		if same {
			add(&s)
		} else if v, err := a.cfg.Policy.OpenUnwitnessed([]byte(s.note)); err == nil && v.Checkpoint.Origin == a.report.Log {
			add(signedOf(v)) // one that this policy has no key for says nothing
		}
	}
	return nil
}

func (a *audit) anotherLog(origin string) error {
	return &StateError{fmt.Errorf("the state in %s is of %s, and this log is %s", a.cfg.State, origin, a.report.Log), "name a folder for each log"}
}

// behind deals with an archived checkpoint that is larger than the one that is
// shown. If its quorum is there and so are its last entries, it is the one to
// audit.
func (a *audit) behind(ctx context.Context, s *signed) error {
	v, err := a.cfg.Policy.Open([]byte(s.note))
	if err != nil {
		return nil // short of its quorum: not gone by
	}
	last := (s.size - 1) / log.TileWidth
	_, _, err = a.read(ctx, log.Tile{Level: log.EntriesLevel, Index: last, Width: log.TileWidthAt(log.EntriesLevel, last, s.size)}, nil)
	shown, later := Count(a.target.size, "entry", "entries"), Count(s.size, "entry", "entries")
	switch {
	case errors.Is(err, log.ErrNotFound):
		a.found.add(finding(FindArchiveAhead, fmt.Sprintf("The checkpoint of this copy covers %s; its archive holds one that covers %s, and those are not all in the copy.", shown, later)))
		return nil
	case err != nil:
		return err
	}
	a.found.add(finding(FindCheckpointBehind, fmt.Sprintf("The checkpoint of this copy covers %s; its archive holds a later one that covers %s. The audit goes by that one.", shown, later)))
	a.view, a.target = v, s
	return nil
}

func (a *audit) stepCheckpoint() {
	a.report.Size, a.report.Root, a.report.Checkpoint = a.target.size, encodeHash(a.target.root), []byte(a.target.note)
	keys := make([]string, 0, len(a.view.LogKeys))
	for _, k := range a.view.LogKeys {
		keys = append(keys, fmt.Sprintf("%s+%08x", k.Name, k.ID))
	}
	a.report.step("checkpoint", Passed, "checkpoint "+Commas(a.target.size)+" signed", "by "+strings.Join(keys, " and ")+", as the policy names it")
	a.report.TimeFrom = "operator"
	if !a.view.HasQuorumTime {
		a.report.step("witnesses", Skipped, "no witnesses", "the policy asks for none: time, and that everybody is shown this same log, are the operator's word")
		return
	}
	a.report.TimeFrom = "witnesses"
	title, text := witnessed(a.view, a.cfg.Policy)
	a.report.step("witnesses", Passed, title, text)
}

// witnessed says who cosigned a checkpoint, and when they were a quorum.
func witnessed(v *log.View, p *log.Policy) (title, text string) {
	names := make([]string, 0, len(v.Cosignatures))
	for _, c := range v.Cosignatures {
		names = append(names, c.Witness)
	}
	return fmt.Sprintf("%d of %d witnesses", len(names), len(p.Witnesses)), strings.Join(names, ", ") + "; the quorum was reached by " + moment(quorumTime(v))
}

// openArchive opens every archived checkpoint. Those that the log's key signed
// are compared with the entries, whatever their quorum.
func (a *audit) openArchive(b []byte) {
	notes, err := log.ParseArchive(b)
	if err != nil {
		a.found.add(finding(FindArchiveMalformed, "The archive of this copy"+a.under(log.ArchivePath)+" is not in the required form: "+lastPart(err)+"."))
		a.archiveText = lastPart(err)
		return
	}
	if len(notes) == 0 {
		a.found.add(finding(FindArchiveMissing, "The archive of this copy"+a.under(log.ArchivePath)+" holds no checkpoint."))
		a.archiveText = "it is empty"
		return
	}
	// A part at a time: what is kept of each is small, its view is not.
	verified := a.verified()
	for first := 0; first < len(notes); first += archivePart {
		a.openArchived(notes[first:min(first+archivePart, len(notes))], first, verified)
	}
	a.archiveText = Count(uint64(len(notes)), "checkpoint", "checkpoints") + " in it"
}

// archivePart is how many archived checkpoints are opened together.
const archivePart = 4096

// openArchived opens some checkpoints in a row, of which the first is at index
// first of the archive. Those that were verified before are not verified again.
func (a *audit) openArchived(notes [][]byte, first int, verified map[string]*signed) {
	opened := make([]*signed, len(notes))
	errs := make([]error, len(notes))
	var wg sync.WaitGroup
	for w := range a.cfg.Workers {
		wg.Go(func() {
			var fresh [][]byte
			var places []int
			for i := w; i < len(notes); i += a.cfg.Workers {
				if before := verified[string(notes[i])]; before != nil {
					s := *before
					opened[i] = &s
					continue
				}
				fresh, places = append(fresh, notes[i]), append(places, i)
			}
			views, failed := a.cfg.Policy.OpenTogether(fresh)
			for j, i := range places {
				switch v, err := views[j], failed[j]; {
				case err != nil:
					errs[i] = err
				case v.Checkpoint.Origin != a.report.Log:
					errs[i] = log.ErrUnknownOrigin
				default:
					opened[i] = signedOf(v)
				}
			}
		})
	}
	wg.Wait()
	for i, s := range opened {
		if err := errs[i]; err != nil {
			f := finding(FindArchiveUnvouched, fmt.Sprintf("Checkpoint %d of the archive%s is not to be believed: %s.", first+i+1, a.under(log.ArchivePath), lastPart(err)))
			f.Reason = openCode(err)
			a.found.add(f)
			continue
		}
		if verified[s.note] != nil {
			a.verifiedBefore++
		}
		if !s.quorum {
			a.found.add(finding(FindArchiveQuorum, fmt.Sprintf("Checkpoint %d of the archive, of size %s, has too few witnesses for this policy.", first+i+1, Commas(s.size))))
		}
		a.archived = append(a.archived, s)
		a.known = append(a.known, s)
	}
}

// compareCheckpoints looks for forks among the signed checkpoints, once the
// copy was read as far as it goes. RootOK says whether the entries add up to the
// audited one.
//
// Two roots for one size prove a fork by themselves. A smaller one that differs
// from the entries proves it when the entries are those of a larger one.
func (a *audit) compareCheckpoints(rootOK bool) {
	var bad, good *signed
	for i, s := range a.known {
		against, known := a.target, rootOK && s.size <= a.target.size
		twin := a.twin(i)
		switch {
		case known && s.matches():
			continue
		case twin >= 0 && !known && twin > i:
			continue // said of the other one
		case twin >= 0:
			against = a.known[twin]
		case !known:
			continue
		}
		a.found.add(finding(FindLogForked, fmt.Sprintf("The log's key signed a checkpoint of size %s and one of size %s that cannot both be true.", Commas(s.size), Commas(against.size))))
		if bad == nil {
			bad, good = s, against
		}
	}
	if bad == nil {
		return
	}
	a.report.Evidence = a.evidence(bad, good)
}

// twin returns the place of a known checkpoint of the size that the one at i has,
// with another root; -1 when there is none.
func (a *audit) twin(i int) int {
	s := a.known[i]
	for j := i - 1; j >= 0 && a.known[j].size == s.size; j-- {
		if a.known[j].root != s.root {
			return j
		}
	}
	for j := i + 1; j < len(a.known) && a.known[j].size == s.size; j++ {
		if a.known[j].root != s.root {
			return j
		}
	}
	return -1
}

func (a *audit) stepArchive(s *stream, rootOK bool) {
	if n, first := s.growth.uncovered(); rootOK && n > 0 && len(a.archived) > 0 && a.cfg.Policy.Quorum != log.QuorumNone {
		a.found.add(finding(FindArchiveSparse, fmt.Sprintf("On %s on which the log grew, first on %s, the archive has no checkpoint of its own.", Count(n, "day", "days"), first)))
		a.archiveText += "; " + Count(n, "day of growth has", "days of growth have") + " none"
	}
	codes := []entry.Code{FindArchiveMissing, FindArchiveMalformed, FindArchiveUnvouched, FindArchiveAhead, FindLogForked}
	switch {
	case a.found.has(codes...):
		text := a.archiveText
		if a.found.has(FindLogForked) {
			text += "; two signed checkpoints cannot both be true"
		}
		a.report.step("archive", Failed, "archive", text)
	case !rootOK:
		a.report.step("archive", Skipped, "archive", a.archiveText+"; not compared, as the entries are not those that were signed")
	default:
		a.report.step("archive", Passed, "archive consistent", a.archiveText+"; the entries add up to each one's root at its size")
	}
}

// lastPart drops what an error was wrapped in, "open checkpoint: …", and keeps
// what a reader needs.
func lastPart(err error) string {
	s := err.Error()
	for _, prefix := range []string{"open checkpoint: ", "verify tlog-proof: ", "parse archive: ", "parse note: ", "parse checkpoint: ", "parse tlog-proof: "} {
		s = strings.TrimPrefix(s, prefix)
	}
	return s
}

// keysOfCharter compares the keys that signed the checkpoint with those that the
// charter lists.
func (a *audit) keysOfCharter(listed []string) {
	for _, k := range a.view.LogKeys {
		if !slices.Contains(listed, k.String()) {
			a.found.add(finding(FindCharterKey, fmt.Sprintf("The checkpoint is signed by the key %s+%08x of the policy, and neither the charter nor what amends it lists it.", k.Name, k.ID)))
		}
	}
}
