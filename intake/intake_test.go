package intake

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A desk is an intake on a directory, with the real store and the real engine.
// submission is the statement as it arrives over HTTP.
// holds checks a receipt as a signatory would.
// TestStoryThroughIntake plays a story through the intake and compares every
// leaf with the one that the generator, which knows nothing of the intake, wrote.
func TestStoryThroughIntake(t *testing.T) {
	w := generator.New(generator.Options{Seed: 1, Signatories: 4})
	start := w.Now()
	if err := w.Story(60); err != nil {
		t.Fatal(err)
	}
	story := w.Logged
	d := newDesk(t, w)
	d.now.Store(start)
	for i, e := range story {
		leaf, err := entry.ParseLeaf(e.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		d.now.Store(leaf.Logged)
		sub, err := entry.ParseSubmission((&entry.Submission{Envelope: leaf.Statement, Body: e.Body}).Marshal())
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Submit(t.Context(), sub)
		if err != nil {
			t.Fatalf("statement %d: %v", i, err)
		}
		d.holds(r, sub)
		if r.Index != uint64(i) || r.Known || !bytes.Equal(r.Leaf, e.Leaf) {
			t.Fatalf("statement %d became leaf %d, known %v:\n%s\nwant\n%s", i, r.Index, r.Known, r.Leaf, e.Leaf)
		}
		if e.Body != nil {
			if b, err := os.ReadFile(filepath.Join(d.logDir(), log.BodyPath(e.Digest))); err != nil || !bytes.Equal(b, e.Body) {
				t.Fatalf("body of statement %d: %v", i, err)
			}
		}
	}
	if err := d.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	if got := d.Size(); got != uint64(len(story)) {
		t.Errorf("size %d, want %d", got, len(story))
	}
	// The same statement again: the same leaf and index, and no growth.
	leaf, _ := entry.ParseLeaf(story[10].Leaf)
	again, err := entry.ParseSubmission((&entry.Submission{Envelope: leaf.Statement, Body: story[10].Body}).Marshal())
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Submit(t.Context(), again)
	if err != nil || r.Index != 10 || !r.Known || !bytes.Equal(r.Leaf, story[10].Leaf) {
		t.Errorf("submitted again: %+v, %v", r, err)
	}
	d.close()
	d.open()
	if got := d.Size(); got != uint64(len(story)) {
		t.Errorf("after a restart: size %d, want %d", got, len(story))
	}
	if r, err := d.Submit(t.Context(), again); err != nil || r.Index != 10 || !r.Known {
		t.Errorf("submitted again after a restart: %+v, %v", r, err)
	}
	d.audit()
}

// TestKeysLearntBetween: a statement whose signatures were tried before its keys were
// taken in, and which is judged after, is as good as any.
func TestKeysLearntBetween(t *testing.T) {
	w := generator.New(generator.Options{Seed: 6, Signatories: 1})
	d := newDesk(t, w)
	founding := w.Found()
	w.Log(founding)
	admission := d.submission(w.Admit(w.Signatories[0]))
	it, err := d.check(admission)
	if err != nil || !slices.Contains(it.Valid, false) {
		t.Fatalf("no signature is untried: %v, %v", it, err)
	}
	d.now.Store(w.Now())
	if _, err := d.Submit(t.Context(), d.submission(founding)); err != nil {
		t.Fatal(err)
	}
	if err := d.judgeFirst(it, admission.Detached); err != nil {
		t.Errorf("refused: %v", err)
	}
}

// TestEverythingAtOnce founds a log without waiting, and then has its authors all
// speak at once.
func TestEverythingAtOnce(t *testing.T) {
	const authors, each = 20, 10
	w := generator.New(generator.Options{Seed: 2, Signatories: authors})
	d := newDesk(t, w)
	// The whole founding goes in without a wait: each builds on the one before.
	var subs []*entry.Submission
	add := func(st *generator.Statement) {
		w.Log(st)
		subs = append(subs, d.submission(st))
	}
	add(w.Found())
	for _, a := range w.Signatories {
		add(w.Admit(a))
		add(w.Pledge(a))
	}
	d.now.Store(w.Now())
	for i, ticket := range d.SubmitAll(t.Context(), subs) {
		r, err := ticket.Wait(t.Context())
		if err != nil {
			t.Fatalf("statement %d: %v", i, err)
		}
		if r.Index != uint64(i) {
			t.Fatalf("statement %d became entry %d", i, r.Index)
		}
	}
	// Then every author submits its own chain, all at the same time.
	chains := make([][]*entry.Submission, authors)
	for i, a := range w.Signatories {
		for range each {
			st := w.Request(a, "2025-01", nil)
			w.Log(st)
			chains[i] = append(chains[i], d.submission(st))
		}
	}
	d.now.Store(w.Now())
	seen := make([]atomic.Int32, len(subs)+authors*each)
	var wg sync.WaitGroup
	for _, chain := range chains {
		wg.Go(func() {
			last := uint64(0)
			for _, sub := range chain {
				r, err := d.Submit(t.Context(), sub)
				if err != nil {
					t.Errorf("%s %d: %v", sub.Statement.Author, sub.Statement.Seq, err)
					return
				}
				d.holds(r, sub)
				if r.Index <= last {
					t.Errorf("%s: entry %d after %d", sub.Statement.Author, r.Index, last)
				}
				last = r.Index
				seen[r.Index].Add(1)
			}
		})
	}
	wg.Wait()
	for i := len(subs); i < len(seen); i++ {
		if seen[i].Load() != 1 {
			t.Errorf("entry %d was given to %d statements", i, seen[i].Load())
		}
	}
	d.audit()
}

// audit replays what was published with the rules alone.
func TestRefusals(t *testing.T) {
	w := generator.New(generator.Options{Seed: 3, Signatories: 3})
	d := newDesk(t, w)
	d.found(2)
	a, b, outsider := w.Signatories[0], w.Signatories[1], w.Signatories[2]
	draft := func(a *generator.Author) *generator.Statement { return w.Request(a, "2025-01", nil) }
	logged := draft(a)
	filed := w.Log(logged)
	d.now.Store(w.Now())
	d.must(logged)
	kept := draft(a).Withhold(day(w.Now() + 86400))
	d.say(kept)
	for _, c := range []struct {
		name string
		st   func() *generator.Statement
		want entry.Code
		head bool
	}{
		{"wrong signature", func() *generator.Statement {
			st := draft(a).Sign()
			st.Envelope.Signatures[0].Sig[3] ^= 1
			return st
		}, pledge.CodeSignatureInvalid, false},
		{"a signature too many", func() *generator.Statement {
			return draft(a).Encode().SignWith(append(a.Signers(), b.Signers()...)...)
		}, pledge.CodeSignatureUncalled, false},
		{"another's signature", func() *generator.Statement { return draft(a).Encode().SignWith(b.Signers()...) }, pledge.CodeSignatureUncalled, false},
		{"unknown author", func() *generator.Statement { return draft(outsider) }, pledge.CodeAuthorUnknown, false},
		{"gap in seq", func() *generator.Statement {
			st := draft(a)
			st.Seq++
			return st
		}, pledge.CodeSeqGap, true},
		{"wrong prev", func() *generator.Statement {
			st := draft(a)
			st.Prev[0] ^= 1
			return st
		}, pledge.CodePrevMismatch, true},
		{"seq that is taken", func() *generator.Statement {
			st := draft(a)
			st.Seq, st.Prev = 1, entry.ID{}
			return st
		}, pledge.CodeSeqTaken, true},
		{"replay from another origin", func() *generator.Statement {
			o := generator.New(generator.Options{Seed: 3, Signatories: 3, Origin: "log.other.example"})
			st := o.Request(o.Signatories[0], "2025-01", nil)
			st.Seq, st.Prev = a.Seq+1, a.Head
			return st
		}, pledge.CodeOrigin, false},
		{"kind of the secretariat", func() *generator.Statement {
			st := w.Admit(outsider)
			st.Author, st.Seq, st.Prev = a.ID, a.Seq+1, a.Head
			return st
		}, pledge.CodeKindNotAllowed, false},
		{"second charter", func() *generator.Statement { return w.Found() }, pledge.CodeCharterMisplaced, false},
		// What only the server refuses: the table of docs/spec.md.
		{"made in the future", func() *generator.Statement {
			st := draft(a)
			st.Made = d.now.Load() + 601
			return st
		}, CodeMadeAhead, false},
		{"made before the previous", func() *generator.Statement {
			st := draft(a)
			st.Made = a.LastMade - 1
			return st
		}, CodeMadeDecreases, false},
		{"received in the future", func() *generator.Statement {
			p := entry.PeriodAt(entry.Quarter, d.now.Load()).Next()
			return w.Request(a, time.Unix(p.Start(), 0).UTC().Format("2006-01-02"), nil)
		}, CodeReceivedAhead, false},
		{"decided in the future", func() *generator.Statement {
			st := w.Decision(filed, "refused", nil)
			st.Statement.Body.(*entry.Decision).Date = day(d.now.Load() + 2*86400)
			return st
		}, CodeDateAhead, false},
		{"erased in the future", func() *generator.Statement {
			st := w.Erase(logged, logged.BodyDigest, entry.BasisNotice, "n-1")
			st.Statement.Body.(*entry.Erasure).Date = day(d.now.Load() + 2*86400)
			return st
		}, CodeDateAhead, false},
		{"seal of today", func() *generator.Statement {
			return w.Seal(draft(a), generator.Seal{Member: "country", Reason: "withheld", Review: day(d.now.Load())})
		}, pledge.CodeReviewRange, false},
		{"seal for too long", func() *generator.Statement {
			return w.Seal(draft(a), generator.Seal{Member: "country", Reason: "withheld", Review: day(d.now.Load() + 731*86400)})
		}, pledge.CodeReviewRange, false},
		{"unknown reason of a seal", func() *generator.Statement {
			return w.Seal(draft(a), generator.Seal{Member: "country", Reason: "because", Review: day(d.now.Load() + 86400)})
		}, entry.CodeVocabulary, false},
		{"unknown reason of an open", func() *generator.Statement {
			return w.Extend(kept, day(d.now.Load()+86400), "because")
		}, entry.CodeVocabulary, false},
		{"unknown reason of a standing", func() *generator.Statement {
			return w.Standing(a, "suspended", "because")
		}, entry.CodeVocabulary, false},
		{"unknown code", func() *generator.Statement {
			st := draft(a)
			st.Detached.(*entry.RequestBody).Assist = []string{"telepathy"}
			st.Detached.(*entry.RequestBody).Other = nil
			return st
		}, entry.CodeVocabulary, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			size := d.Size()
			_, err := d.Submit(t.Context(), d.submission(c.st()))
			var r *Refusal
			if !errors.As(err, &r) || r.Code != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if (r.Head != nil) != c.head {
				t.Errorf("head %v, want one: %v", r.Head, c.head)
			}
			if c.head && (r.Head.Seq != a.Seq || r.Head.Entry != a.Head) {
				t.Errorf("head %+v, want %d %s", r.Head, a.Seq, a.Head)
			}
			if Hint(r.Code) == "" {
				t.Errorf("%s has no hint", r.Code)
			}
			if d.Size() != size {
				t.Error("the log grew")
			}
		})
	}
	st := draft(a)
	w.Log(st)
	d.now.Store(w.Now())
	d.must(st) // all that did no harm
	d.audit()
}

func day(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.DateOnly) }

func TestTwoForOnePlace(t *testing.T) {
	w := generator.New(generator.Options{Seed: 4, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	a := w.Signatories[0]
	const rivals = 16
	subs := make([]*entry.Submission, rivals)
	for i := range subs {
		subs[i] = d.submission(w.Request(a, "2025-01", nil)) // none is noted: all have one seq
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for _, sub := range subs {
		wg.Go(func() {
			r, err := d.Submit(t.Context(), sub)
			var refused *Refusal
			switch {
			case err == nil:
				won.Add(1)
				d.holds(r, sub)
			case errors.As(err, &refused) && refused.Code == pledge.CodeSeqTaken && refused.Head.Seq == a.Seq+1:
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d statements got the one place", won.Load())
	}
	d.audit()
}

// TestTakeover opens a second intake on the same store: the first, frozen one
// must not write any more.
// faulty fails some writes of a store, as a full disk does.
func TestInit(t *testing.T) {
	w := generator.New(generator.Options{Seed: 8, Signatories: 1})
	d := newDesk(t, w)
	if err := d.Ready(); err == nil {
		t.Error("ready without a charter")
	}
	found := w.Found()
	sub := d.submission(found)
	one := d.submission(w.Found())
	one.Envelope.Signatures = one.Envelope.Signatures[1:]
	if _, err := d.Submit(t.Context(), one); !errors.As(err, new(*Refusal)) || err.(*Refusal).Code != pledge.CodeSignaturesTooFew {
		t.Errorf("a charter that one of its keys did not sign: %v, want %s", err, pledge.CodeSignaturesTooFew)
	}
	d.Intake.Close(t.Context())
	r, err := Init(t.Context(), d.cfg, sub)
	if err != nil || r.Index != 0 || r.Known {
		t.Fatalf("init: %+v, %v", r, err)
	}
	r, err = Init(t.Context(), d.cfg, sub)
	if err != nil || r.Index != 0 || !r.Known {
		t.Errorf("init again: %+v, %v", r, err)
	}
	d.Intake = nil
	d.eng.Close(t.Context())
	d.store.Close()
}

// TestStoreOlderThanLog restores a store from before the last entries: it must not
// give their indexes to others.
// TestFilesComeBack removes what a crash may take: single bodies that were not
// flushed, and the end of the archive.

// TestSizeDifference: the one difference in size. A leaf is reckoned with the
// largest `logged` there can be, which is longer than those of this age.
func TestSizeDifference(t *testing.T) {
	w := generator.New(generator.Options{Seed: 11, Signatories: 1})
	w.Log(w.Found())
	w.Log(w.Admit(w.Signatories[0]))
	sized := func(n int) []byte {
		st := w.Pledge(w.Signatories[0])
		for pad := 0; ; {
			st.Statement.Body.(*entry.Pledge).Clauses = clauses(n, pad)
			st.Encode().Sign()
			leaf := (&entry.Leaf{Logged: 999_999_999, Statement: st.Envelope}).Marshal()
			if len(leaf) >= entry.MaxLeaf-2 {
				if len(leaf) > entry.MaxLeaf {
					t.Fatalf("a leaf of %d bytes can't be made so", len(leaf))
				}
				if v := pledge.New(w.Options.Origin).Judge(pledge.Read(3, leaf)); v.Code == entry.CodeLeafTooLarge {
					t.Errorf("the rules refuse a leaf of %d bytes", len(leaf))
				}
				return (&entry.Submission{Envelope: st.Envelope}).Marshal()
			}
			pad += max(1, (entry.MaxLeaf-len(leaf))*3/5) // a byte more in the text is 4/3 of one in the leaf
		}
	}
	if _, err := entry.ParseSubmission(sized(1000)); entry.CodeOf(err) != entry.CodeLeafTooLarge {
		t.Errorf("the server takes it: %v", err)
	}
}

// clauses are n ids, of which one is longer by pad.
func clauses(n, pad int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("c-%016d", i)
	}
	for i := 0; pad > 0 && i < n; i++ {
		more := min(pad, 20)
		out[i] += strings.Repeat("x", more)
		pad -= more
	}
	return out
}
