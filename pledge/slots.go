package pledge

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// A slot is what is kept of an accepted slot.
type slot struct {
	Mark
	Ref     ref
	Period  entry.SlotPeriod
	Digests []byte // entry.SlotPlaces of 32 bytes, in their order
}

// slotOf returns an author's slot that is in the book at n.
func (a *author) slotOf(n ref) *slot {
	i := sort.Search(len(a.Slots), func(i int) bool { return a.Slots[i].Ref >= n })
	if i == len(a.Slots) || a.Slots[i].Ref != n {
		return nil
	}
	return &a.Slots[i]
}

// has reports whether one of a slot's places has a digest.
func (s *slot) has(digest string) bool {
	b, err := base64.RawURLEncoding.DecodeString(digest)
	if err != nil {
		return false
	}
	for i := 0; i < len(s.Digests); i += len(b) {
		if bytes.Equal(s.Digests[i:i+len(b)], b) {
			return true
		}
	}
	return false
}

func (s *State) judgeSlot(a *author, b *entry.Slot, now int64) Verdict {
	p := b.SlotPeriod()
	if kind := s.Terms(p.Start()).Slots; p.Kind() != kind {
		return rejected(CodePeriodKind, fmt.Sprintf("the charter's slot period is %s at that time", kind))
	}
	if now < p.Start() {
		return rejected(CodeSlotEarly, fmt.Sprintf("%s has not begun", p))
	}
	if a.slotFor(p) != nil {
		return rejected(CodeSlotRepeated, fmt.Sprintf("the author logged its slot for %s before", p))
	}
	return accepted
}

// slotFor returns an author's slot for a period. The newest are looked at first.
func (a *author) slotFor(p entry.SlotPeriod) *slot {
	for i := len(a.Slots) - 1; i >= 0; i-- {
		if a.Slots[i].Period == p {
			return &a.Slots[i]
		}
	}
	return nil
}

func (s *State) acceptSlot(t *taken, b *entry.Slot) {
	sl := slot{Mark: t.m, Ref: t.n, Period: b.SlotPeriod(), Digests: make([]byte, 0, entry.SlotPlaces*32)}
	for _, d := range b.Digests {
		raw, _ := base64.RawURLEncoding.DecodeString(d) // its form was checked
		sl.Digests = append(sl.Digests, raw...)
	}
	t.a.Slots = append(t.a.Slots, sl)
	if t.m.Logged >= sl.Period.End() && s.owesSlot(t.a, sl.Period) {
		t.say(FindSlotLate, "%s logged its slot for %s on %s, after that time had passed.", name(t.a), sl.Period, day(t.m.Logged))
		t.found[len(t.found)-1].Period = sl.Period.String()
	}
}

// judgePlace judges the slot and disclosure that a request names.
func (s *State) judgePlace(a *author, b *entry.Request) Verdict {
	n, ok := s.ofOwn(a, b.Slot, entry.KindSlot)
	if !ok {
		return rejected(CodeReferenceUnknown, "the request names no accepted slot of its author")
	}
	if !a.slotOf(n).has(entry.Digest([]byte(b.Disclosure))) {
		return rejected(CodeNotInSlot, "the disclosure is of none of the slot's places")
	}
	// That a place opens once follows: it names one bodyDigest, and an author uses
	// a digest once.
	return accepted
}

// committed returns when the slot that a request names was logged.
func (s *State) committed(a *author, b *entry.Request) int64 { return s.slotNamed(a, b).Logged }

func (s *State) slotNamed(a *author, b *entry.Request) *slot {
	n, _ := s.ofOwn(a, b.Slot)
	return a.slotOf(n)
}

// sayPlaceAhead says that a request was received in a period that begins after its
// slot was logged. It names the slot, whose time that hangs on.
func (s *State) sayPlaceAhead(t *taken, b *entry.Request) {
	sl := s.slotNamed(t.a, b)
	f := finding(FindSlotBefore, fmt.Sprintf("%s logged this slot on %s, and has said since, by entry %d, that a request in it was received in %s.", name(t.a), day(sl.Logged), t.m.Index, b.Period()))
	t.found = append(t.found, f.about(t.a, sl.Mark))
}

// A slotRun is some slot periods of one kind in a row.
type slotRun struct {
	first entry.SlotPeriod
	end   int64 // end of the last, or later
}

func (r slotRun) has(p entry.SlotPeriod) bool {
	return p.Kind() == r.first.Kind() && p.Start() >= r.first.Start() && p.End() <= r.end
}

// count returns how many periods a run has, without going through them: a log
// whose times are far apart has very many.
func (r slotRun) count() uint64 {
	if r.end < r.first.End() {
		return 0
	}
	switch r.first.Kind() {
	case entry.SlotsDay:
		return uint64(r.end-r.first.Start()) / 86400
	case entry.SlotsWeek:
		return uint64(r.end-r.first.Start()) / (7 * 86400)
	}
	from, to := time.Unix(r.first.Start(), 0).UTC(), time.Unix(r.end, 0).UTC()
	return uint64(12*(to.Year()-from.Year()) + int(to.Month()) - int(from.Month()))
}

// slotRuns returns the slot periods that an author owes and that have ended by
// moment t. Each begins at the end of the one before or later, and while its kind is
// in force.
func (s *State) slotRuns(a *author, t int64) []slotRun {
	if !a.isSignatory() {
		return nil
	}
	var runs []slotRun
	end, _, ends := s.Ends()
	for i := range a.Tenures {
		tn := &a.Tenures[i]
		until := t
		if tn.How != "" {
			until = min(until, tn.End)
		}
		if ends {
			until = min(until, end)
		}
		for at := tn.Admitted; at < until; {
			kind := s.Terms(at).Slots
			if kind == entry.SlotsNone {
				next, ok := s.nextAmend(at)
				if !ok {
					break
				}
				at = next
				continue
			}
			first := entry.SlotPeriodAt(kind, at)
			if first.Start() < at {
				first = first.Next()
			}
			if s.Terms(first.Start()).Slots != kind {
				at = first.Start()
				continue
			}
			at = until
			if next, ok := s.nextAmend(first.Start()); ok && next < until {
				at = entry.SlotPeriodAt(kind, next-1).End() // of the last that begins before it
			}
			if r := (slotRun{first, min(at, until)}); r.count() > 0 {
				runs = append(runs, r)
			}
		}
	}
	return runs
}

// nextAmend returns the first moment after t at which terms change.
func (s *State) nextAmend(t int64) (next int64, ok bool) {
	for i := range s.k.Amends {
		if b := s.k.Amends[i].Body; b.IsTimed() && b.FromUnix() > t && (!ok || b.FromUnix() < next) {
			next, ok = b.FromUnix(), true
		}
	}
	return next, ok
}

// owesSlot reports whether a slot period is one that the author owes.
func (s *State) owesSlot(a *author, p entry.SlotPeriod) bool {
	for _, r := range s.slotRuns(a, p.End()) {
		if r.has(p) {
			return true
		}
	}
	return false
}

// A SlotCount says how an author keeps its slots.
type SlotCount struct {
	Owed   uint64
	Missed uint64             // that have passed without one
	First  []entry.SlotPeriod // of these the first, MaxMissedListed at the most
}

// MaxMissedListed bounds SlotCount.First.
const MaxMissedListed = 100

func (s *State) slotCount(a *author, t int64) SlotCount {
	runs := s.slotRuns(a, t)
	var c SlotCount
	have := make(map[entry.SlotPeriod]bool, len(a.Slots))
	kept := uint64(0)
	for i := range a.Slots {
		p := a.Slots[i].Period
		have[p] = true
		if slices.ContainsFunc(runs, func(r slotRun) bool { return r.has(p) }) {
			kept++
		}
	}
	for _, r := range runs {
		c.Owed += r.count()
	}
	c.Missed = c.Owed - kept
	for _, r := range runs {
		for p := r.first; r.has(p) && uint64(len(c.First)) < min(c.Missed, MaxMissedListed); p = p.Next() {
			if !have[p] {
				c.First = append(c.First, p)
			}
		}
	}
	return c
}
