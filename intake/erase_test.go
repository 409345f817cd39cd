package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

// erase logs an erasure and waits until it is carried out.
func (d *desk) erase(st *generator.Statement, digest string) *Receipt {
	d.t.Helper()
	r := d.say(d.world.Erase(st, digest, entry.BasisCourtOrder, "K-12/25"))
	d.waitFor("the erasure", func() bool {
		done, err := d.IsErased(context.Background(), r.Index)
		return err == nil && done
	})
	return r
}

// holdsNowhere says in which files under the desk's folder a text still is.
func (d *desk) holdsNowhere(texts ...string) {
	d.t.Helper()
	err := filepath.WalkDir(d.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, text := range texts {
			if bytes.Contains(b, []byte(text)) {
				d.t.Errorf("%s still holds an erased text", path)
			}
		}
		return nil
	})
	if err != nil {
		d.t.Error(err)
	}
}

// TestErase: an erased text is gone from everywhere, its line from the bundle, and
// nobody can bring it back.
func TestErase(t *testing.T) {
	w := generator.New(generator.Options{Seed: 46, Signatories: 3})
	d := newDesk(t, w)
	opened, lines := d.full()
	before := d.bundle(0)
	disclosure := opened.Disclosures["country"]
	if _, ok := d.Erased(opened.BodyDigest); ok {
		t.Fatal("erased before it was")
	}
	r := d.erase(opened, opened.BodyDigest)
	if e, ok := d.Erased(opened.BodyDigest); !ok || e.Index != r.Index || e.Entry != r.Entry {
		t.Errorf("erased by %+v, %v", e, ok)
	}
	if d.text(opened.BodyDigest) != "" {
		t.Error("the text has its file still")
	}
	d.holdsNowhere(string(opened.Body))
	without := slices.DeleteFunc(slices.Clone(before), func(l string) bool { return l == string(opened.Body) })
	if got := d.bundle(0); !slices.Equal(got, without) || len(without) != len(before)-1 {
		t.Errorf("the bundle has %d lines, want %d", len(got), len(without))
	}
	// A disclosure goes like a body.
	d.erase(opened, disclosure.Digest())
	d.holdsNowhere(disclosure.Text())
	if got := d.bundle(0); len(got) != len(before)-2 {
		t.Errorf("the bundle has %d lines, want %d", len(got), len(before)-2)
	}
	// One that stands in no bundle yet.
	last := w.Request(w.Signatories[0], "2025-01", nil)
	d.say(last)
	d.erase(last, last.BodyDigest)
	d.holdsNowhere(string(last.Body))

	// Twice is once.
	d.refused(d.submission(w.Erase(last, last.BodyDigest, entry.BasisNotice, "n-2")), pledge.CodeAlreadyErased)

	// The statement that was erased, sent again, is known; its text does not return.
	if r, err := d.Submit(t.Context(), d.submission(last)); err != nil || !r.Known {
		t.Errorf("sent again: %v", err)
	}
	d.holdsNowhere(string(last.Body))

	// Another author who knows the disclosure commits to it too, and opens it.
	b := w.Signatories[1]
	copied := w.Seal(w.Request(b, "2025-01", nil), generator.Seal{Member: "country", Reason: "withheld", Review: day(w.Now() + 86400)})
	copied.Body = bytes.ReplaceAll(copied.Body, []byte(copied.Disclosures["country"].Digest()), []byte(disclosure.Digest()))
	copied.Disclosures["country"] = disclosure
	d.say(copied)
	d.refused(d.submission(w.OpenText(copied, "permission", "country")), CodeTextErased)
	d.holdsNowhere(disclosure.Text())

	// Nothing of it comes back with a restart, not even when all files are written
	// anew.
	d.close()
	if err := d.reopenStore(func(s store.Store) error { return s.SetMark(t.Context(), markBodies, 0) }); err != nil {
		t.Fatal(err)
	}
	d.open()
	d.holdsNowhere(string(opened.Body), disclosure.Text(), string(last.Body))
	if _, ok := d.Erased(opened.BodyDigest); !ok {
		t.Error("after a restart it is not erased")
	}
	d.refused(d.submission(w.OpenText(copied, "permission", "country")), CodeTextErased)

	// A folder that is restored from an old copy brings it back, for a moment.
	d.close()
	path := filepath.Join(d.logDir(), log.BodyPath(opened.BodyDigest))
	if err := os.WriteFile(path, opened.Body, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.logDir(), log.BodiesBundlePath(0)), []byte(strings.Join(before, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.open()
	d.waitFor("the second deletion", func() bool { return d.text(opened.BodyDigest) == "" })
	d.close()
	d.open()
	d.holdsNowhere(string(opened.Body))
	for _, line := range lines {
		if line == string(opened.Body) || line == disclosure.Text() {
			continue
		}
		if d.text(entry.Digest([]byte(line))) != line {
			t.Fatal("a text that was not erased is gone")
		}
	}
	d.replayed(3)
	d.audited()
}

// TestEraseWhoWaits: a statement that waits in the queue while the text that it
// publishes is erased is refused, not logged without it.
func TestEraseWhoWaits(t *testing.T) {
	w := generator.New(generator.Options{Seed: 47, Signatories: 2})
	d, f := stalled(t, w, 2)
	a, b := w.Signatories[0], w.Signatories[1]
	seal := generator.Seal{Member: "country", Reason: "withheld", Review: day(w.Now() + 86400)}
	one, two := w.Seal(w.Request(a, "2025-01", nil), seal), w.Seal(w.Request(b, "2025-01", nil), seal)
	shared := one.Disclosures["country"]
	two.Body = bytes.ReplaceAll(two.Body, []byte(two.Disclosures["country"].Digest()), []byte(shared.Digest()))
	two.Disclosures["country"] = shared
	d.say(one)
	d.say(two)
	d.say(w.OpenText(one, "permission", "country"))
	f.sequence.Store(true)
	first := w.Request(b, "2025-01", nil)
	erasure := w.Erase(one, shared.Digest(), entry.BasisSafety, "s-1")
	w.Log(first)
	w.Log(erasure)
	late := w.OpenText(two, "permission", "country")
	d.now.Store(w.Now())
	tickets := d.SubmitAll(t.Context(), []*entry.Submission{d.submission(first), d.submission(erasure), d.submission(late)})
	f.sequence.Store(false)
	for i, ticket := range tickets {
		_, err := ticket.Wait(t.Context())
		var r *Refusal
		if i < 2 && err != nil || i == 2 && (!errors.As(err, &r) || r.Code != CodeTextErased) {
			t.Errorf("submission %d: %v", i, err)
		}
	}
	d.waitFor("the erasure", func() bool { _, ok, err := d.store.Text(t.Context(), shared.Digest()); return err == nil && !ok })
	d.waitFor("the file", func() bool { return d.text(shared.Digest()) == "" })
	d.holdsNowhere(shared.Text())
}

// brittle fails at one step of an erasure, once or for ever.
type brittle struct {
	store.Store
	step string // the call that fails; "" none
	late bool   // after it had worked
}

func (b *brittle) fail(step string, do func() error) error {
	if b.step != step {
		return do()
	}
	if b.late {
		if err := do(); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", step, errDisk)
}

func (b *brittle) Erase(ctx context.Context, digest string) error {
	return b.fail("erase", func() error { return b.Store.Erase(ctx, digest) })
}

func (b *brittle) RecordsOfText(ctx context.Context, digest string) (at []uint64, err error) {
	err = b.fail("records", func() error { at, err = b.Store.RecordsOfText(ctx, digest); return err })
	return at, err
}

func (b *brittle) SetMark(ctx context.Context, name string, v uint64) error {
	if name != markErased {
		return b.Store.SetMark(ctx, name, v)
	}
	return b.fail("mark", func() error { return b.Store.SetMark(ctx, name, v) })
}

func (b *brittle) TextsFrom(ctx context.Context, first uint64, limit int) (texts []store.RecordText, err error) {
	if first != 0 { // of another bundle, or for the feeder
		return b.Store.TextsFrom(ctx, first, limit)
	}
	err = b.fail("texts", func() error { texts, err = b.Store.TextsFrom(ctx, first, limit); return err })
	return texts, err
}

// TestEraseAfterACrash ends the server at each step of an erasure: the next start
// ends what was begun, and nothing that was not erased is lost.
func TestEraseAfterACrash(t *testing.T) {
	w := generator.New(generator.Options{Seed: 48, Signatories: 3})
	b := new(brittle)
	d := newDesk(t, w, func(d *desk) {
		d.wrap = func(s store.Store) store.Store { b.Store = s; return b }
	})
	d.full()
	block := func(path string) func() { // a folder in the place of a file
		os.Remove(path)
		if err := os.MkdirAll(filepath.Join(path, "x"), 0o755); err != nil {
			t.Fatal(err)
		}
		return func() { os.RemoveAll(path) }
	}
	bundle := filepath.Join(d.logDir(), log.BodiesBundlePath(0))
	for i, c := range []struct {
		name  string
		store brittle
		files func(digest string) (undo func())
	}{
		{name: "nothing done", store: brittle{step: "records"}},
		{name: "text not erased", store: brittle{step: "erase"}},
		{name: "text erased, no answer", store: brittle{step: "erase", late: true}},
		{name: "file not deleted", files: func(digest string) func() { return block(filepath.Join(d.logDir(), log.BodyPath(digest))) }},
		{name: "bundle not begun", files: func(string) func() { return block(beside(bundle)) }},
		{name: "bundle not read", store: brittle{step: "texts"}},
		{name: "not marked", store: brittle{step: "mark"}},
		{name: "marked, no answer", store: brittle{step: "mark", late: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			victim := w.Logged[10+i*7]
			for victim.Body == nil || d.text(victim.Digest) == "" {
				i++
				victim = w.Logged[10+i*7]
			}
			text := string(victim.Body)
			st, err := entry.ParseLeaf(victim.Leaf)
			if err != nil {
				t.Fatal(err)
			}
			of := &generator.Statement{}
			of.ID = st.Statement.ID()
			before := d.bundle(0)
			undo := func() {}
			b.step, b.late = c.store.step, c.store.late
			if c.files != nil {
				undo = c.files(victim.Digest)
			}
			r := d.say(w.Erase(of, victim.Digest, entry.BasisDataSubject, fmt.Sprintf("d-%d", i)))
			d.waitFor("the trouble", func() bool { return d.Status().EraseTrouble != nil })
			if done, err := d.IsErased(t.Context(), r.Index); err != nil || done && !c.store.late {
				t.Errorf("it says that it is erased: %v, %v", done, err)
			}
			// Readers are told that it is erased from its publication on.
			if _, ok := d.Erased(victim.Digest); !ok {
				t.Error("readers are not told")
			}
			d.close()
			b.step = ""
			undo()
			d.open()
			d.waitFor("the erasure", func() bool {
				done, err := d.IsErased(t.Context(), r.Index)
				return err == nil && done && d.Status().EraseTrouble == nil
			})
			d.holdsNowhere(text)
			want := slices.DeleteFunc(slices.Clone(before), func(l string) bool { return l == text })
			if got := d.bundle(0); !slices.Equal(got, want) {
				t.Errorf("the bundle has %d lines, want %d", len(got), len(want))
			}
		})
	}
	d.replayed(8)
	d.audited()
}

// shared is two statements of two authors with one disclosure, opened for both.
func (d *desk) shared() (one, two *generator.Statement, text entry.Disclosure) {
	d.t.Helper()
	w := d.world
	seal := generator.Seal{Member: "country", Reason: "withheld", Review: day(w.Now() + 86400)}
	one, two = w.Seal(w.Request(w.Signatories[0], "2025-01", nil), seal), w.Seal(w.Request(w.Signatories[1], "2025-01", nil), seal)
	text = one.Disclosures["country"]
	two.Body = bytes.ReplaceAll(two.Body, []byte(two.Disclosures["country"].Digest()), []byte(text.Digest()))
	two.Disclosures["country"] = text
	for _, st := range []*generator.Statement{one, two} {
		d.say(st)
		d.say(w.OpenText(st, "permission", "country"))
	}
	return one, two, text
}

// TestEraseOrder: the operator's own command, for all texts of a statement or for one
// text wherever it was published.
func TestEraseOrder(t *testing.T) {
	w := generator.New(generator.Options{Seed: 49, Signatories: 2, NoDirectories: true})
	d := newDesk(t, w, withOperator)
	d.found(2)
	a := w.Signatories[0]
	silent := a.Head // its pledge
	kept := w.Seal(w.Request(a, "2025-01", nil), generator.Seal{Member: "country", Reason: "withheld", Review: day(w.Now() + 86400)}).Withhold(day(w.Now() + 86400))
	d.say(kept)
	why := func(order EraseOrder) EraseOrder {
		order.Basis, order.Reference = entry.BasisCourtOrder, "K-12/25"
		return order
	}
	refused := func(name string, order EraseOrder, want entry.Code) {
		t.Helper()
		before := d.Size()
		_, err := d.Erase(t.Context(), order)
		var r *Refusal
		if !errors.As(err, &r) || r.Code != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		if d.Size() != before {
			t.Errorf("%s: the log grew", name)
		}
	}
	refused("a text that is withheld", why(EraseOrder{Digest: kept.BodyDigest}), pledge.CodeDigestUnknown)
	refused("a statement whose text is withheld", why(EraseOrder{Entry: kept.ID}), pledge.CodeDigestUnknown)
	d.say(w.OpenText(kept, "permission"))
	d.say(w.OpenText(kept, "permission", "country"))
	refused("an unknown text", why(EraseOrder{Digest: entry.Digest(nil)}), pledge.CodeDigestUnknown)
	refused("an unknown statement", why(EraseOrder{Entry: entry.ID{1}}), pledge.CodeReferenceUnknown)
	refused("a statement without a text", why(EraseOrder{Entry: silent}), pledge.CodeDigestUnknown)
	refused("another basis", EraseOrder{Entry: kept.ID, Basis: "whim", Reference: "K-1"}, entry.CodeMemberMalformed)
	refused("no reference", EraseOrder{Entry: kept.ID, Basis: entry.BasisNotice}, entry.CodeMemberMissing)
	refused("a reference with a name", EraseOrder{Entry: kept.ID, Basis: entry.BasisNotice, Reference: "Mrs Smith"}, entry.CodeMemberMalformed)
	late := why(EraseOrder{Entry: kept.ID})
	late.Date = day(w.Now() + 2*86400)
	refused("a date to come", late, CodeDateAhead)
	late.Date = "2025-02-30"
	refused("no date", late, entry.CodeDateMalformed)

	texts := []string{kept.BodyDigest, kept.Disclosures["country"].Digest()}
	size := d.Size()
	for again := range 2 {
		erased, err := d.Erase(t.Context(), why(EraseOrder{Entry: kept.ID}))
		if err != nil || len(erased) != 2 {
			t.Fatalf("%+v, %v", erased, err)
		}
		for i, e := range erased {
			if e.Of != kept.ID || !slices.Contains(texts, e.Digest) || e.Before != (again == 1) || e.Erasure.Index != size+uint64(i) {
				t.Errorf("text %d: %+v", i, e)
			}
		}
		d.waitFor("the erasure", func() bool {
			done, err := d.IsErased(t.Context(), size+1)
			return err == nil && done
		})
	}
	d.holdsNowhere(string(kept.Body), kept.Disclosures["country"].Text())
	d.replayed(2)
	d.audited()
}

// TestEraseSharedText: a text that two statements published goes for both, whoever
// asks for it.
func TestEraseSharedText(t *testing.T) {
	for name, log := range map[string]func(*desk, *generator.Statement, string){
		"by order": func(d *desk, one *generator.Statement, digest string) {
			erased, err := d.Erase(d.t.Context(), EraseOrder{Digest: digest, Basis: entry.BasisSafety, Reference: "s-1"})
			if err != nil || len(erased) != 2 || erased[0].Of != one.ID {
				d.t.Fatalf("%+v, %v", erased, err)
			}
		},
		"one by a statement": func(d *desk, one *generator.Statement, digest string) {
			d.say(d.world.Erase(one, digest, entry.BasisSafety, "s-1"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := generator.New(generator.Options{Seed: 50, Signatories: 2, NoDirectories: true})
			d := newDesk(t, w, withOperator)
			d.found(2)
			one, two, text := d.shared()
			size := d.Size()
			log(d, one, text.Digest())
			d.waitFor("both erasures", func() bool { return d.publishedSize() == size+2 })
			d.waitFor("the deletion", func() bool {
				done, err := d.IsErased(t.Context(), size+1)
				return err == nil && done
			})
			d.holdsNowhere(text.Text())
			state := d.replayed(2)
			for _, st := range []*generator.Statement{one, two} {
				if e, ok := state.Erased(st.ID, text.Digest()); !ok || e.Reference != "s-1" || e.Basis != entry.BasisSafety {
					t.Errorf("tombstone of %s: %+v, %v", st.ID, e, ok)
				}
			}
		})
	}
}

// TestEraseWithoutKey: a server without the operator's key logs nothing.
func TestEraseWithoutKey(t *testing.T) {
	w := generator.New(generator.Options{Seed: 51, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	if _, err := d.Erase(t.Context(), EraseOrder{Entry: w.Charter, Basis: entry.BasisNotice, Reference: "n-1"}); !errors.Is(err, ErrNoOperator) {
		t.Errorf("got %v, want %v", err, ErrNoOperator)
	}
}
