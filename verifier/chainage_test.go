package verifier_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier"
)

// listedWorld is a log whose last entry is a directory, of now: the tests make the ones
// after it.
func listedWorld(o generator.Options) (*generator.World, *generator.Author) {
	o.Seed, o.Signatories, o.NoDirectories = 31, 3, true
	w := generator.New(o)
	w.Log(w.Found())
	for _, a := range w.Signatories {
		w.Log(w.Admit(a))
		w.Log(w.Pledge(a))
	}
	w.Advance(time.Hour)
	w.Log(w.Directory())
	return w, w.Signatories[0]
}

// witnessedAt has the chain's checkpoint cosigned at another time.
func (c *chainFile) witnessedAt(t *testing.T, w *generator.World, unix int64) {
	t.Helper()
	v, err := w.Policy.Open([]byte(c.Checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	c.Checkpoint = string(w.Checkpoint(v.Checkpoint.Size, v.Checkpoint.Root, unix))
}

// hidden leaves out all that its author said behind the directory.
func (c *chainFile) hidden() {
	c.Entries = slices.DeleteFunc(c.Entries, func(l chainLink) bool { return l.Index > c.Directory.Index })
}

const twoDays = 48 * time.Hour

// TestChainOfOldDirectory: a directory stands two days after the log grew, so that an
// older one decides nothing, unless the log did not grow since (docs/api.md, "A chain").
func TestChainOfOldDirectory(t *testing.T) {
	witnessed := generator.Options{Witnesses: 3, Quorum: 2}
	for _, tc := range []struct {
		name  string
		o     generator.Options
		grow  func(w *generator.World, a *generator.Author)
		give  func(t *testing.T, w *generator.World, c *chainFile)
		stale bool
	}{
		{"a year of the author's hidden", witnessed, func(w *generator.World, a *generator.Author) {
			for range 5 {
				w.Log(w.Request(a, "2025-01", nil))
				w.Advance(31 * 24 * time.Hour)
			}
		}, func(_ *testing.T, _ *generator.World, c *chainFile) { c.hidden() }, true},
		{"no growth for a year", witnessed, func(w *generator.World, _ *generator.Author) { w.Advance(365 * 24 * time.Hour) }, nil, false},
		{"growth of two days ago, less a second", witnessed, func(w *generator.World, _ *generator.Author) {
			w.Advance(30 * 24 * time.Hour)
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
			w.Advance(twoDays - time.Second)
		}, nil, false},
		{"growth of two days ago", witnessed, func(w *generator.World, _ *generator.Author) {
			w.Advance(30 * 24 * time.Hour)
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
			w.Advance(twoDays)
		}, nil, true},
		{"growth of the author's own, without the entry behind", witnessed, func(w *generator.World, a *generator.Author) {
			w.Advance(30 * 24 * time.Hour)
			w.Log(w.Request(a, "2025-01", nil))
			w.Advance(time.Hour)
		}, func(_ *testing.T, _ *generator.World, c *chainFile) { c.Directory.Next = nil }, false},
		{"growth at some time, without the entry behind", witnessed, func(w *generator.World, _ *generator.Author) {
			w.Advance(30 * 24 * time.Hour)
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
			w.Advance(time.Hour)
		}, func(_ *testing.T, _ *generator.World, c *chainFile) { c.Directory.Next = nil }, true},
		{"a directory of two days ago, less a second, without the entry behind", witnessed, func(w *generator.World, _ *generator.Author) {
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
		}, func(t *testing.T, w *generator.World, c *chainFile) {
			c.Directory.Next = nil
			c.witnessedAt(t, w, w.Now()+2*86400-1)
		}, false},
		{"a directory of two days ago, without the entry behind", witnessed, func(w *generator.World, _ *generator.Author) {
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
		}, func(t *testing.T, w *generator.World, c *chainFile) {
			c.Directory.Next = nil
			c.witnessedAt(t, w, w.Now()+2*86400)
		}, true},
		{"a directory of ten minutes ahead", witnessed, func(w *generator.World, _ *generator.Author) {
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
		}, func(t *testing.T, w *generator.World, c *chainFile) { c.witnessedAt(t, w, w.Now()-600) }, false},
		{"a directory of more than ten minutes ahead", witnessed, func(w *generator.World, _ *generator.Author) {
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
		}, func(t *testing.T, w *generator.World, c *chainFile) { c.witnessedAt(t, w, w.Now()-601) }, true},
		{"without witnesses, growth of a month ago by the time that the operator gives", generator.Options{}, func(w *generator.World, _ *generator.Author) {
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
			w.Advance(30 * 24 * time.Hour)
		}, func(_ *testing.T, _ *generator.World, c *chainFile) { c.hidden() }, true},
		{"without witnesses, an own entry of later than the time that the operator gives", generator.Options{}, func(w *generator.World, a *generator.Author) {
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
			w.Advance(twoDays)
			w.Log(w.Request(a, "2025-01", nil))
		}, func(_ *testing.T, w *generator.World, c *chainFile) { c.AsOf = entry.FormatTime(w.Now() - 86400) }, true},
		{"without witnesses, no growth for a year", generator.Options{}, func(w *generator.World, _ *generator.Author) { w.Advance(365 * 24 * time.Hour) }, nil, false},
		// With witnesses what the operator says of the time is worth nothing.
		{"witnessed, and a month earlier as the operator says", witnessed, func(w *generator.World, _ *generator.Author) {
			w.Log(w.Request(w.Signatories[1], "2025-01", nil))
			w.Advance(30 * 24 * time.Hour)
		}, func(_ *testing.T, w *generator.World, c *chainFile) {
			c.AsOf = entry.FormatTime(w.Now() - 30*86400)
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, a := listedWorld(tc.o)
			listed := w.Now()
			tc.grow(w, a)
			c := chainOf(t, w, a.ID)
			if tc.give != nil {
				tc.give(t, w, c)
			}
			r := checkChainOf(t, w, c, a.ID)
			want := verifier.Matches
			if tc.stale {
				want = verifier.CannotDecide
			}
			if r.Result != want || tc.stale != (r.Undecided != nil && r.Undecided.Code == "directory-too-old") {
				t.Errorf("result %s, %v", r.Result, r.Undecided)
			}
			if !r.SimulatedTime || r.DirectoryTime != entry.FormatTime(listed) || (r.QuorumTime != "") != (tc.o.Quorum > 0) {
				t.Errorf("simulated %t, directory of %q, quorum time %q", r.SimulatedTime, r.DirectoryTime, r.QuorumTime)
			}
		})
	}
}

// TestChainSaysTime: the report says of which moment it is and by whom, of when the
// directory is, and how much that does not cover.
func TestChainSaysTime(t *testing.T) {
	for quorum, by := range map[int]string{2: "; the quorum was reached by 8 ", 0: "that the log is shown as it was on 8 "} {
		o := generator.Options{Quorum: quorum, Witnesses: quorum}
		w, a := listedWorld(o)
		day, err := entry.ParseTime("2025-03-08T10:00:00Z")
		if err != nil {
			t.Fatal(err)
		}
		w.Advance(time.Duration(day-w.Now()) * time.Second)
		w.Log(w.Directory())
		w.Log(w.Request(w.Signatories[1], "2025-01", nil))
		w.Log(w.Request(w.Signatories[1], "2025-01", nil))
		w.Advance(5 * time.Hour)
		r := checkChainOf(t, w, chainOf(t, w, a.ID), a.ID)
		var text bytes.Buffer
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{by, "logged 8 March 2025, 10:00:00 UTC", "2 later entries are not covered", "in the last 2 entries, behind the directory"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("quorum %d: it does not say %q:\n%s", quorum, want, &text)
			}
		}
		if r.AsOf != "2025-03-08T15:00:00Z" {
			t.Errorf("quorum %d: as of %s", quorum, r.AsOf)
		}
		if word := "no witness stands behind it"; strings.Contains(text.String(), word) != (quorum == 0) {
			t.Errorf("quorum %d: %q is out of place", quorum, word)
		}
	}
}

// TestChainOfEndedLog: a log that had ended when its last directory was logged owes no
// other, whatever is opened in it later.
func TestChainOfEndedLog(t *testing.T) {
	for _, ended := range []bool{true, false} {
		w, a := listedWorld(generator.Options{Witnesses: 3, Quorum: 2})
		st := w.Request(w.Signatories[1], "2025-01", nil)
		st.Withhold(entry.FormatTime(w.Now() + 100*86400)[:10])
		w.Log(st)
		if ended {
			w.Log(w.Amend(&entry.Amend{Ends: &entry.End{}, From: entry.FormatTime(w.Now() + 3600)}, generator.Amended{}, nil))
		}
		w.Advance(2 * time.Hour)
		w.Log(w.Directory())
		w.Advance(time.Hour)
		w.Log(w.OpenText(st, "law-allows"))
		w.Advance(30 * 24 * time.Hour)
		want := verifier.CannotDecide
		if ended {
			want = verifier.Matches
		}
		if r := checkChainOf(t, w, chainOf(t, w, a.ID), a.ID); r.Result != want {
			t.Errorf("ended %t: result %s, %v", ended, r.Result, r.Undecided)
		}
	}
}
