package intake

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
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
	d.audited()
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
	d.audited()
}
