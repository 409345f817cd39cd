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

// TestWithheldThenOpened: of a withheld body the server has the digest alone, until
// its author opens it.
func TestWithheldThenOpened(t *testing.T) {
	w := generator.New(generator.Options{Seed: 41, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	a := w.Signatories[0]
	kept := w.Seal(w.Request(a, "2025-01", nil), generator.Seal{Member: "country", Reason: "withheld", Review: day(w.Now() + 30*86400)}).Withhold(day(w.Now() + 10*86400))
	d.say(kept)
	anywhere := func() bool {
		_, ok, err := d.store.Text(t.Context(), kept.BodyDigest)
		if err != nil {
			t.Fatal(err)
		}
		return ok || d.text(kept.BodyDigest) != ""
	}
	if anywhere() {
		t.Fatal("a withheld body is kept")
	}
	// Its text is not taken, not even by mistake.
	sub := kept.Submission()
	sub.Body = kept.Body
	if _, err := entry.ParseSubmission(sub.Marshal()); entry.CodeOf(err) != entry.CodeBodyNotWanted {
		t.Errorf("with the withheld text: %v, want %s", err, entry.CodeBodyNotWanted)
	}
	d.say(w.Extend(kept, day(w.Now()+20*86400), "still-forbidden"))
	if anywhere() {
		t.Fatal("a withheld body is kept")
	}
	d.say(w.OpenText(kept, "permission"))
	if got := d.text(kept.BodyDigest); got != string(kept.Body) {
		t.Errorf("the opened body is served as %q", got)
	}
	if d.IsWaiting(kept.BodyDigest) {
		t.Error("a published text still waits")
	}
	sealed := kept.Disclosures["country"]
	if d.text(sealed.Digest()) != "" {
		t.Error("a sealed member is served")
	}
	d.say(w.OpenText(kept, "permission", "country"))
	if got := d.text(sealed.Digest()); got != sealed.Text() {
		t.Errorf("the disclosure is served as %q", got)
	}
	// The same again, after a restart too: nothing is looked at twice.
	d.close()
	d.open()
	if got := d.text(kept.BodyDigest); got != string(kept.Body) {
		t.Errorf("after a restart the opened body is served as %q", got)
	}
	d.replayed(0)
}

// TestOpenedWrongly: what an open brings must be what was committed to.
func TestOpenedWrongly(t *testing.T) {
	w := generator.New(generator.Options{Seed: 42, Signatories: 2})
	d := newDesk(t, w)
	d.found(2)
	a, b := w.Signatories[0], w.Signatories[1]
	review := day(w.Now() + 10*86400)
	commit := func(body []byte) *generator.Statement { // to any bytes
		st := w.Request(a, "2025-01", nil)
		st.Body = body
		d.say(st.Withhold(review))
		return st
	}
	right := w.Request(a, "2025-01", nil)
	right.Encode()
	of := func(change func(map[string]any)) []byte { return generator.Edit(right.Body, change) }
	others := w.Request(b, "2025-01", nil)
	others.Encode()
	for name, c := range map[string]struct {
		body []byte
		want entry.Code
	}{
		"another author's body": {others.Body, entry.CodeBodyElsewhere},
		"not a body":            {[]byte(`{"author":1}`), entry.CodeMemberMalformed},
		"not an object":         {[]byte(`["salt"]`), entry.CodeMemberMalformed},
		"a member too many":     {of(func(m map[string]any) { m["secret"] = "x" }), entry.CodeMemberUnknown},
		"another period":        {of(func(m map[string]any) { m["received"] = "2024-01" }), entry.CodeReceivedDiffers},
	} {
		t.Run(name, func(t *testing.T) {
			st := commit(c.body)
			d.refused(d.submission(w.OpenText(st, "permission")), c.want)
			if _, ok, err := d.store.Text(t.Context(), st.BodyDigest); ok || err != nil {
				t.Errorf("what was refused is kept: %v, %v", ok, err)
			}
		})
	}
	// Codes that the vocabulary does not have can't be mended any more: a verifier
	// reports them.
	odd := commit(of(func(m map[string]any) { m["assist"] = []string{"telepathy"}; m["salt"] = w.Salt(); delete(m, "other") }))
	d.say(w.OpenText(odd, "permission"))

	sealed := w.Seal(w.Request(a, "2025-01", nil), generator.Seal{Member: "country", Reason: "withheld", Review: review}, generator.Seal{Member: "assist", Reason: "withheld", Review: review})
	d.say(sealed)
	stray, err := entry.NewDisclosure(w.Salt(), "country", []byte(`"XB"`))
	if err != nil {
		t.Fatal(err)
	}
	open := func(texts ...entry.Disclosure) *generator.Statement {
		st := w.OpenText(sealed, "permission", "country")
		list := st.Statement.Body.(*entry.Open)
		list.Digests, st.Opens = nil, nil
		slices.SortFunc(texts, func(a, b entry.Disclosure) int { return strings.Compare(a.Digest(), b.Digest()) })
		for _, o := range texts {
			list.Digests = append(list.Digests, o.Digest())
			st.Opens = append(st.Opens, generator.Text{Digest: o.Digest(), Bytes: []byte(o.Text())})
		}
		return st
	}
	d.refused(d.submission(open(stray)), entry.CodeDisclosureMismatch)
	d.refused(d.submission(open(stray, sealed.Disclosures["country"])), entry.CodeDisclosureMismatch)
	d.say(open(sealed.Disclosures["country"]))
	d.refused(d.submission(open(sealed.Disclosures["country"])), pledge.CodeAlreadyOpened)

	// A seal whose disclosure does not fit: nobody is served it.
	misfit := w.Seal(w.Request(a, "2025-01", nil), generator.Seal{Member: "country", Reason: "withheld", Review: review})
	other, err := entry.NewDisclosure(w.Salt(), "agency", []byte(`"an office"`))
	if err != nil {
		t.Fatal(err)
	}
	misfit.Body = bytes.ReplaceAll(misfit.Body, []byte(misfit.Disclosures["country"].Digest()), []byte(other.Digest()))
	misfit.Disclosures["country"] = other
	d.say(misfit)
	d.refused(d.submission(w.OpenText(misfit, "permission", "country")), entry.CodeDisclosureDiffers)
	d.replayed(0)
}

// TestOpenedInOneBatch: an open that follows its request before either has an index
// is held against it all the same.
func TestOpenedInOneBatch(t *testing.T) {
	w := generator.New(generator.Options{Seed: 43, Signatories: 1})
	d, f := stalled(t, w, 1)
	a := w.Signatories[0]
	f.sequence.Store(true)
	waits := w.Request(a, "2025-01", nil)
	kept := w.Seal(w.Request(a, "2025-01", nil), generator.Seal{Member: "country", Reason: "withheld", Review: day(w.Now() + 86400)}).Withhold(day(w.Now() + 86400))
	bad := w.Request(a, "2025-01", nil)
	bad.Body = []byte(`{"author":"nobody"}`)
	bad.Withhold(day(w.Now() + 86400))
	var subs []*entry.Submission
	for _, st := range []func() *generator.Statement{
		func() *generator.Statement { return waits },
		func() *generator.Statement { return kept },
		func() *generator.Statement { return bad },
		func() *generator.Statement { return w.OpenText(kept, "permission", "country") },
	} {
		next := st()
		next.Seq, next.Prev = a.Seq+1, a.Head
		w.Log(next)
		subs = append(subs, d.submission(next))
	}
	wrong := w.OpenText(bad, "permission")
	subs = append(subs, d.submission(wrong))
	d.now.Store(w.Now())
	tickets := d.SubmitAll(t.Context(), subs)
	f.sequence.Store(false)
	for i, ticket := range tickets {
		_, err := ticket.Wait(t.Context())
		var r *Refusal
		switch {
		case i < 4 && err != nil:
			t.Errorf("submission %d: %v", i, err)
		case i == 4 && (!errors.As(err, &r) || r.Code != entry.CodeBodyElsewhere):
			t.Errorf("a text that is no body: %v", err)
		}
	}
	if got := d.text(kept.BodyDigest); got != string(kept.Body) {
		t.Errorf("the opened body is served as %q", got)
	}
	if got := d.text(kept.Disclosures["country"].Digest()); got != kept.Disclosures["country"].Text() {
		t.Errorf("the disclosure is served as %q", got)
	}
	d.replayed(0)
}

// TestNotShownBeforePublication: a text is nobody's to see before a published
// checkpoint covers the statement that publishes it, whatever stands in the folder.
func TestNotShownBeforePublication(t *testing.T) {
	w := generator.New(generator.Options{Seed: 44, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	d.textMu.Lock()
	d.unpublished["later"] = d.Size()
	d.textMu.Unlock()
	st := w.Request(w.Signatories[0], "2025-01", nil)
	w.Log(st)
	d.now.Store(w.Now())
	ticket := d.SubmitAll(t.Context(), []*entry.Submission{d.submission(st)})[0]
	seen := 0
	d.waitFor("the request", func() bool {
		published := d.publishedSize()
		if waits := d.IsWaiting(st.BodyDigest); waits && d.text(st.BodyDigest) != "" {
			seen++
		} else if d.text(st.BodyDigest) != "" && !waits && d.publishedSize() <= published && published < d.Size() {
			t.Error("a text is shown before its publication")
		}
		return !d.IsWaiting("later")
	})
	if _, err := ticket.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d.IsWaiting(st.BodyDigest) {
		t.Error("a published text still waits")
	}
	if seen == 0 {
		t.Log("the text was never seen waiting")
	}
}

// replayed replays what was published by the rules alone, and wants so many
// findings of info and no others.
func (d *desk) replayed(info int) *pledge.State {
	d.t.Helper()
	ctx := context.Background()
	raw, err := d.eng.Published(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	v, err := d.world.Policy.Open(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	state, keys := pledge.New(d.world.Options.Origin), pledge.NewKeyring()
	it := log.NewTileReader(log.DirSource(d.logDir())).Leaves(ctx, 0, v.Checkpoint.Size, v.Checkpoint.Size)
	for first, leaves := range it.All() {
		for i, leaf := range leaves {
			item := pledge.Read(first+uint64(i), leaf)
			keys.Try(item)
			keys.Learn(item.Statement)
			verdict, found := state.Step(item)
			if verdict.Kind != pledge.Accepted {
				d.t.Errorf("entry %d: %+v", item.Index, verdict)
			}
			for _, f := range found {
				if info--; f.Severity != pledge.Info || info < 0 {
					d.t.Errorf("entry %d: %+v", item.Index, f)
				}
			}
		}
	}
	if it.Err() != nil {
		d.t.Fatal(it.Err())
	}
	if info > 0 {
		d.t.Errorf("%d findings are missing", info)
	}
	return state
}

// bundle reads the lines of a bundle of texts.
func (d *desk) bundle(n uint64) []string {
	d.t.Helper()
	b, err := os.ReadFile(filepath.Join(d.logDir(), log.BodiesBundlePath(n)))
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// full is a log whose first bundle is whole, with opened texts in it. It returns a
// request whose body was opened, and all texts in the order of the bundle.
func (d *desk) full() (opened *generator.Statement, lines []string) {
	d.t.Helper()
	w := d.world
	var subs []*entry.Submission
	say := func(st *generator.Statement) {
		w.Log(st)
		sub := st.Submission()
		for _, t := range textsOf(sub) {
			lines = append(lines, string(t.Bytes))
		}
		subs = append(subs, d.submission(st))
	}
	say(w.Found())
	for _, a := range w.Signatories {
		say(w.Admit(a))
		say(w.Pledge(a))
	}
	for i := 0; w.Size() < 270; i++ {
		a := w.Signatories[i%len(w.Signatories)]
		st := w.Request(a, "2025-01", nil)
		if i%9 != 1 {
			say(st)
			continue
		}
		w.Seal(st, generator.Seal{Member: "country", Reason: "withheld", Review: day(w.Now() + 86400)}).Withhold(day(w.Now() + 86400))
		say(st)
		say(w.OpenText(st, "permission", "country"))
		if opened == nil {
			opened = st
		}
	}
	d.now.Store(w.Now())
	for i, ticket := range d.SubmitAll(context.Background(), subs) {
		if _, err := ticket.Wait(context.Background()); err != nil {
			d.t.Fatalf("statement %d: %v", i, err)
		}
	}
	d.waitFor("the bundle", func() bool {
		n, err := d.store.Mark(context.Background(), markBundles)
		return err == nil && n == 1
	})
	return opened, lines
}

// TestBundleHasOpenedTexts: what an open opens stands in the bundle in the open's
// place.
func TestBundleHasOpenedTexts(t *testing.T) {
	w := generator.New(generator.Options{Seed: 45, Signatories: 3})
	d := newDesk(t, w)
	_, lines := d.full()
	got := d.bundle(0)
	if len(got) > len(lines) || len(got) < 200 || !slices.Equal(got, lines[:len(got)]) {
		t.Errorf("the bundle has %d lines, or others than the texts of its entries in their order", len(got))
	}
	d.replayed(0)
}

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
	for _, line := range lines {
		if line == string(opened.Body) || line == disclosure.Text() {
			continue
		}
		if d.text(entry.Digest([]byte(line))) != line {
			t.Fatal("a text that was not erased is gone")
		}
	}
	d.replayed(3)
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
}
