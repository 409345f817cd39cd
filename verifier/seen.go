package verifier

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/log"
)

// SeenFile is the name of the file, beside StateFile, with the checkpoints that the
// log's key signed and that audits saw without coming to a state that has them: an
// archive in the log's own form (log.ParseArchive). It is written before the entries
// are read, so that an operator who shows another log once is held to it for ever,
// however that audit ended.
//
// Of one size two that differ are kept, which prove a fork, and of those that say the
// same the one of the earliest time. What was seen first stays: where there is no
// room any more, later ones are not kept, and the audit says so.
const SeenFile = "audit.checkpoints"

// maxSeen bounds that file, in bytes: a whole archive, and what else was seen.
const maxSeen = maxArchive + 64<<20

// maxOthers is how many checkpoints a state keeps that the copy's own archive does
// not have. All of them fit the entries that were read; the largest stay.
const maxOthers = 100_000

var errSeenFull = fmt.Errorf("the checkpoints that were seen, and that no audit could compare with the entries of a whole copy, take more than %d MiB: not all are kept", maxSeen>>20)

// readSeen reads the checkpoints that earlier audits saw.
func (a *audit) readSeen() error {
	path := filepath.Join(a.cfg.State, SeenFile)
	refuse := func(err error) error {
		return &StateError{fmt.Errorf("read checkpoints seen before, in %s: %w", path, err),
			"name another folder, or restore this file: it holds what this log's key signed, which may be proof against who runs it"}
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return refuse(err)
	}
	if info.Size() > maxSeen {
		return refuse(errStateDamaged)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return refuse(err)
	}
	notes, err := log.ParseArchive(b)
	if err != nil {
		return refuse(err)
	}
	for _, note := range notes {
		s, err := a.openSeen(note)
		if errors.Is(err, log.ErrBadSignature) || s == nil {
			return refuse(errStateDamaged)
		}
		a.seen = append(a.seen, s)
	}
	return nil
}

// openSeen opens a checkpoint that was seen. One that this policy has no key for is
// returned with an error: it says nothing, and another policy may have its key.
func (a *audit) openSeen(raw []byte) (*signed, error) {
	v, err := a.cfg.Policy.OpenUnwitnessed(raw)
	if err == nil {
		s := signedOf(v)
		s.origin, s.vouched = v.Checkpoint.Origin, true
		return s, nil
	}
	n, noteErr := log.ParseNote(raw)
	if noteErr != nil {
		return nil, err
	}
	c, noteErr := log.ParseCheckpoint(n.Text)
	if noteErr != nil {
		return nil, err
	}
	return &signed{size: c.Size, root: c.Root, note: string(raw), origin: c.Origin}, err
}

// keepSeen keeps what the log's key signed and this audit saw, so far as the state
// does not have it. Where the checkpoint of the copy is not to be believed, what
// the key signed it signed all the same: archive and shown are what the copy has.
func (a *audit) keepSeen(archive, shown []byte) {
	if a.cfg.State == "" {
		return
	}
	list := slices.Clone(a.seen)
	see := func(raw []byte) {
		if s, err := a.openSeen(raw); err == nil {
			list = append(list, s)
		}
	}
	if a.target == nil {
		for _, raw := range a.cfg.Checkpoints {
			see(raw)
		}
		if shown != nil {
			see(shown)
		}
		notes, _ := log.ParseArchive(archive)
		for _, raw := range notes {
			see(raw)
		}
	}
	for _, elsewhere := range []bool{true, false} {
		for _, s := range a.known {
			if s.elsewhere == elsewhere {
				list = append(list, s)
			}
		}
	}
	out, full := a.sortSeen(list)
	if full {
		a.seenErr = errSeenFull
	}
	path := filepath.Join(a.cfg.State, SeenFile)
	before, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(out) == 0:
		err = nil
	case len(out) == 0:
		err = os.Remove(path)
	case err != nil || !bytes.Equal(before, out):
		err = atomicfile.Write(path, out, 0o600)
	}
	a.seenNow, a.seenErr = out, cmp.Or(err, a.seenErr)
}

// sortSeen chooses, of checkpoints in the order in which they were seen, those to
// keep, and writes them as an archive. Full: there was no room for all.
func (a *audit) sortSeen(list []*signed) (archive []byte, full bool) {
	inState := make(map[string]bool)
	origin := a.report.Log
	if a.before != nil {
		origin = a.before.of.Log
		for _, s := range a.before.known {
			inState[s.note] = true
		}
	}
	var kept []*signed
	bySize := make(map[uint64][]int) // places in kept
	room := maxSeen
	for _, s := range list {
		of := cmp.Or(s.origin, a.report.Log)
		if origin == "" {
			origin = of
		}
		if of != origin || inState[s.note] {
			continue
		}
		same := bySize[s.size]
		more := len(s.note) + 1
		if i := slices.IndexFunc(same, func(i int) bool { return kept[i].root == s.root }); i >= 0 {
			k := kept[same[i]]
			more -= len(k.note) + 1
			if s.timed && (!k.timed || s.time < k.time) && more <= room {
				kept[same[i]] = s
				room -= more
			}
			continue
		}
		switch {
		case len(same) == 2:
		case more > room:
			full = true
		default:
			bySize[s.size] = append(same, len(kept))
			kept = append(kept, s)
			room -= more
		}
	}
	slices.SortStableFunc(kept, func(x, y *signed) int { return cmp.Compare(x.size, y.size) })
	for _, s := range kept {
		archive = log.AppendArchive(archive, []byte(s.note))
	}
	return archive, full
}

// seenInState takes away what was seen, now that the state has it.
func (a *audit) seenInState(known []keptCheckpoint) error {
	if len(a.seenNow) == 0 {
		return nil
	}
	have := make(map[string]bool, len(known))
	for _, k := range known {
		have[k.Note] = true
	}
	notes, err := log.ParseArchive(a.seenNow)
	if err != nil {
		return err
	}
	for _, n := range notes {
		if !have[string(n)] {
			return nil
		}
	}
	path := filepath.Join(a.cfg.State, SeenFile)
	// Another audit may have seen more meanwhile.
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, a.seenNow) {
		return nil
	}
	return os.Remove(path)
}

// keptKnown lists the checkpoints that a state keeps: those of the copy, and of
// others, of each size the one of the earliest time, the largest. All fit the
// entries that were read.
func (a *audit) keptKnown() []keptCheckpoint {
	bySize := make(map[uint64]*signed)
	var others []*signed
	for _, s := range a.known { // by size
		if !s.elsewhere {
			continue
		}
		if first := bySize[s.size]; first == nil {
			bySize[s.size] = s
			others = append(others, s)
		} else if s.timed && (!first.timed || s.time < first.time) {
			bySize[s.size] = s
			others[len(others)-1] = s
		}
	}
	others = others[max(0, len(others)-maxOthers):]
	keep := make(map[*signed]bool, len(others))
	for _, s := range others {
		keep[s] = true
	}
	known := make([]keptCheckpoint, 0, len(a.known))
	for _, s := range a.known {
		if keep[s] || !s.elsewhere {
			known = append(known, keptCheckpoint{s.note, s.timed, s.time, s.quorum})
		}
	}
	return known
}
