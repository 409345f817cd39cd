package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A folder of slots holds, for each slot that was made, AUTHOR-slot-PERIOD.json and
// its receipt, and the folder of commitments. What a commitment waits for or is in
// follows from what is there: nothing is moved when a slot is made, so that a slot
// with something in it leaves the same traces as an empty one.

// A slotFile is a slot as it was signed and the disclosures of its places, which
// are its author's secret and the only way to open one. The file has the same size
// whatever is in the slot.
type slotFile struct {
	Envelope    *entry.Envelope
	Disclosures []entry.Disclosure // one for each place, in any order

	path      string
	statement *entry.Statement
	logged    bool // its receipt stands beside it
}

type slotFileJSON struct {
	Statement   jsontext.Value `json:"statement"`
	Disclosures []string       `json:"disclosures"`
	Fill        string         `json:"fill"` // so many 0 that the size is always the same
}

// fullPlace is the length of the disclosure of a place that is not empty.
const fullPlace = 110

// marshal writes what parseSlotFile reads.
func (s *slotFile) marshal() ([]byte, error) {
	w := slotFileJSON{Statement: s.Envelope.Marshal()}
	fill := 1 // no member is empty
	for _, d := range s.Disclosures {
		w.Disclosures = append(w.Disclosures, d.Text())
		fill += fullPlace - len(d.Text())
	}
	if fill < 1 {
		return nil, errors.New("a disclosure of a place is too long")
	}
	w.Fill = strings.Repeat("0", fill)
	b, err := json.Marshal(w)
	return append(b, '\n'), err
}

func parseSlotFile(b []byte) (*slotFile, error) {
	var w slotFileJSON
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil || w.Statement == nil {
		return nil, errors.New(`it is not {"statement":…,"disclosures":[…],"fill":…}`)
	}
	s := new(slotFile)
	var err error
	if s.Envelope, err = entry.ParseEnvelope(w.Statement); err != nil {
		return nil, err
	}
	if s.statement, err = entry.ParseStatement(s.Envelope); err != nil {
		return nil, err
	}
	slot, ok := s.statement.Body.(*entry.Slot)
	if !ok {
		return nil, fmt.Errorf("its statement is a %s", s.statement.Kind)
	}
	var digests []string
	for _, text := range w.Disclosures {
		d, err := entry.ParseDisclosure(text)
		if err != nil {
			return nil, err
		}
		s.Disclosures, digests = append(s.Disclosures, d), append(digests, d.Digest())
	}
	if slices.Sort(digests); !slices.Equal(digests, slot.Digests) {
		return nil, errors.New("its disclosures are not those of the slot")
	}
	if again, err := s.marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not as `pledge slot` wrote it")
	}
	return s, nil
}

func (s *slotFile) period() string { return s.statement.Body.(*entry.Slot).Period }

// submission is what leaves this machine: the statement, and no disclosure.
func (s *slotFile) submission() *entry.Submission {
	return &entry.Submission{Envelope: s.Envelope, Statement: s.statement}
}

// receipt names the receipt beside a slot.
func (s *slotFile) receipt() string { return strings.TrimSuffix(s.path, ".json") + receiptExt }

// slotFolder is one author's slots and commitments, the oldest first.
type slotFolder struct {
	dir         string
	author      string
	slots       []*slotFile
	commitments []*commitment
	unread      []error // commitments that could not be read
}

const (
	maxSlotFile = 256 << 10
	refusedMark = ".refused-" // in the name of a slot that the log refused
)

// readSlots reads a folder of slots, as far as it is of one author. One that is not
// there is empty.
func readSlots(dir, author string) (*slotFolder, error) {
	f := &slotFolder{dir: dir, author: author}
	files, err := jsonFiles(dir, author+"-slot-")
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		if strings.Contains(filepath.Base(path), refusedMark) {
			continue
		}
		b, err := commandline.ReadInput("slot", path, maxSlotFile, "run the same command again")
		if err != nil {
			return nil, err
		}
		s, err := parseSlotFile(b)
		if err != nil && len(b) == 0 {
			return nil, commandline.Usagef("a run that was killed left it, on a disk without links: nothing was sent then; remove it", "read slot %s: it is empty", path)
		}
		if err != nil {
			return nil, commandline.Usagef("it holds what opens the places of a slot: find the file as pledge slot wrote it", "read slot %s: %w", path, err)
		}
		if s.statement.Author != author {
			continue
		}
		s.path = path
		s.logged = exists(s.receipt())
		f.slots = append(f.slots, s)
	}
	slices.SortFunc(f.slots, func(a, b *slotFile) int { return cmp.Compare(a.statement.Seq, b.statement.Seq) })
	files, err = jsonFiles(filepath.Join(dir, commitmentsIn), "")
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		c, err := readCommitment(path)
		if err != nil {
			// A slot is made all the same: that one is missing would tell of it.
			f.unread = append(f.unread, err)
			continue
		}
		if c.author == author {
			f.commitments = append(f.commitments, c)
		}
	}
	slices.SortStableFunc(f.commitments, func(a, b *commitment) int { return cmp.Compare(a.Made, b.Made) })
	return f, nil
}

// jsonFiles lists the JSON files in a folder whose names begin in a way, sorted.
func jsonFiles(dir, prefix string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, commandline.Usagef("name a folder of slots that you may read", "read slots: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), prefix) && strings.HasSuffix(e.Name(), ".json") {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

// find returns the slot that a bodyDigest is in, and its place's disclosure. One
// that is logged comes first.
func (f *slotFolder) find(bodyDigest string) (slot *slotFile, place entry.Disclosure, ok bool) {
	for _, s := range f.slots {
		for _, d := range s.Disclosures {
			if d.BodyDigest() == bodyDigest && (!ok || s.logged && !slot.logged) {
				slot, place, ok = s, d, true
			}
		}
	}
	return slot, place, ok
}

// of returns the slot of a period, nil when none was made here.
func (f *slotFolder) of(period entry.SlotPeriod) *slotFile {
	for _, s := range f.slots {
		if s.period() == period.String() {
			return s
		}
	}
	return nil
}

// waiting returns the digests of the commitments that are in no slot, at most as
// many as a slot has places, the oldest first. What is meant for another log waits.
func (f *slotFolder) waiting(origin string) []string {
	var out []string
	for _, c := range f.commitments {
		if c.log != origin {
			continue
		}
		if _, _, placed := f.find(c.digest()); !placed && len(out) < entry.SlotPlaces && !slices.Contains(out, c.digest()) {
			out = append(out, c.digest())
		}
	}
	return out
}

// keep writes a slot that is new: whole or not at all, and for good before anything
// of it is sent.
func (f *slotFolder) keep(s *slotFile) error {
	b, err := s.marshal()
	if err != nil {
		return fmt.Errorf("encode slot: %w", err)
	}
	if _, err := parseSlotFile(b); err != nil {
		return fmt.Errorf("encode slot: %w", err)
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return commandline.Usagef("choose with --dir a folder that you may write to", "%w", err)
	}
	s.path = filepath.Join(f.dir, fmt.Sprintf("%s-slot-%s.json", f.author, s.period()))
	if err := atomicfile.New(s.path, b, 0o600); err != nil {
		if errors.Is(err, fs.ErrExist) {
			// Another run made one just now. That is the one that counts.
			return commandline.Undecided(fmt.Errorf("%s is there already and is not overwritten", s.path), "run the same command again")
		}
		return fmt.Errorf("write slot: %w", err)
	}
	f.slots = append(f.slots, s)
	return nil
}

// setAside takes a slot that the log refused out of the way. It is kept: whatever a
// server says, it may have been logged.
func (f *slotFolder) setAside(s *slotFile) (string, error) {
	to := strings.TrimSuffix(s.path, ".json") + refusedMark + s.statement.ID.String()[:8] + ".json"
	if err := os.Rename(s.path, to); err != nil {
		return "", fmt.Errorf("set slot aside: %w", err)
	}
	f.slots = slices.DeleteFunc(f.slots, func(o *slotFile) bool { return o == s })
	return to, nil
}
