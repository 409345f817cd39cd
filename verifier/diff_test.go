package verifier_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

func runDiff(t testing.TB, w *generator.World, dir string, from, to uint64) *verifier.Difference {
	t.Helper()
	d, err := verifier.Diff(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(dir)}, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if d.Format != verifier.DiffFormat || d.From.Size != from || d.To.Size != to {
		t.Errorf("it is of %q, %d and %d", d.Format, d.From.Size, d.To.Size)
	}
	holdToSchema(t, d)
	return d
}

func diffText(t testing.TB, d *verifier.Difference) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What was said between two sizes: who stated it, what became of texts, who stands
// otherwise, and what is to be said of it.
func TestDiff(t *testing.T) {
	w := generator.New(generator.Options{Seed: 91, Signatories: 2, Challengers: 1})
	a, b, c := w.Signatories[0], w.Signatories[1], w.Challengers[0]
	w.Log(w.Found())
	w.Log(w.Admit(a))
	w.Log(w.Admit(c))
	w.Log(w.Pledge(a))
	w.SetNow(at(2025, 2, 3, 12))
	open := w.Log(w.Request(a, "2025-01", nil))

	from := w.Size()
	asked := from - 1
	first := from
	w.Log(w.Admit(b))
	w.Log(w.Decision(open, "refused", nil))
	secret := w.Request(a, "2025-02", nil)
	secret.Review = "2025-04-01"
	w.Log(secret)
	gap := w.Request(a, "2025-02", nil)
	gap.Seq++
	w.LogVoid(gap.Encode().Sign())
	w.LogLeaf(w.Logged[first].Leaf)
	w.LogLeaf([]byte("nothing"))
	w.Log(w.Challenge(c, a, nil, nil))
	w.Log(w.Standing(a, entry.StandingSuspended, "reply-missed"))
	w.Log(w.OpenText(secret, "order-lifted"))
	to := w.Size()
	w.SetNow(at(2025, 7, 15, 12)) // the first quarter's attestation is not there
	after := w.Size()
	w.Log(w.Request(a, "2025-07", nil))

	s := newLog(t, w)
	d := runDiff(t, w, s.Dir, from, to)
	if to-from != 9 || len(d.Entries) != 9 || d.NotListed != 0 {
		t.Fatalf("%d entries of %d", len(d.Entries), to-from)
	}
	one := func(n uint64) string { return fmt.Sprintf("entry %d", first+n) }
	for i, want := range []struct {
		by, verdict, reason, sentence string
	}{
		{"secretariat", "accepted", "", "The secretariat stated that it admitted " + b.Name + " as a signatory."},
		{a.ID, "accepted", "", a.Name + " stated that it refused its request (entry " + fmt.Sprint(asked) + ")."},
		{a.ID, "accepted", "", a.Name + " stated that it received a request in 2025-Q1; its text is not published, review by 2025-04-01."},
		// What broke a rule is the operator's: its author may never have sent it.
		{a.ID, "rejected", "seq-gap", "The operator logged a statement that breaks a rule and has no effect."},
		{"secretariat", "duplicate", "", "The operator logged a statement by the secretariat again; this entry has no effect."},
		{"", "malformed", "leaf-malformed", "The operator logged an entry that is not in the required form."},
		{c.ID, "accepted", "", c.Name + " stated a challenge to " + a.Name + "."},
		{"secretariat", "accepted", "", "The secretariat stated that it suspended " + a.Name + "."},
		{a.ID, "accepted", "", a.Name + " stated that it now publishes a text of its request (" + one(2) + ")."},
	} {
		got := d.Entries[i]
		if got.Index != first+uint64(i) || got.Author != want.by || string(got.Verdict) != want.verdict || string(got.Reason) != want.reason || got.Sentence != want.sentence {
			t.Errorf("entry %d is %+v, want %+v", i, got, want)
		}
		if (got.ID == "") != (want.verdict == "malformed") || (got.Logged == "") != (want.verdict == "malformed") {
			t.Errorf("entry %d: id %q, logged %q", i, got.ID, got.Logged)
		}
	}
	id := d.Entries[2].ID
	of := first + 2
	if diff := cmp.Diff([]verifier.TextChange{
		{What: "withheld", Index: first + 2, Entry: id, Author: a.ID, Review: "2025-04-01"},
		{What: "opened", Index: first + 8, Entry: d.Entries[8].ID, Author: a.ID, Of: &of, Opened: []string{secret.BodyDigest}},
	}, d.Texts); diff != "" {
		t.Errorf("texts:\n%s", diff)
	}
	changed := func(d *verifier.Difference) []string {
		var list []string
		for _, c := range d.Changes {
			list = append(list, strings.TrimRight(fmt.Sprintf("%s %s %s %q %q", c.Author, c.What, c.Period, c.From, c.To), " "))
		}
		return list
	}
	if diff := cmp.Diff([]string{
		a.ID + ` standing  "in-standing" "suspended"`,
		a.ID + ` requests  "1" "2"`,
		a.ID + ` challenges  "0" "1"`,
		a.ID + ` challenges-open  "0" "1"`,
		c.ID + ` challenges  "0" "1"`,
		c.ID + ` challenges-open  "0" "1"`,
		b.ID + ` admitted  "" "signatory"`,
		b.ID + ` period 2025-Q1 "" "not-yet-due"`,
	}, changed(d)); diff != "" {
		t.Errorf("changes:\n%s", diff)
	}
	var codes []string
	for _, f := range d.Findings {
		codes = append(codes, string(f.Code))
	}
	if want := []string{"statement-rejected", "statement-duplicate", "leaf-malformed"}; !slices.Equal(codes, want) {
		t.Errorf("findings %v, want %v", codes, want)
	}
	if d.Result != verifier.Differs {
		t.Errorf("result %s", d.Result)
	}

	// What time brings without a statement.
	d = runDiff(t, w, s.Dir, to, w.Size())
	if last := d.Entries[len(d.Entries)-1]; last.Index != after {
		t.Fatalf("the last entry is %d, want %d", last.Index, after)
	}
	list := changed(d)
	for _, want := range []string{a.ID + ` period 2025-Q1 "due" "missed"`, a.ID + ` period 2025-Q2 "" "grace"`, a.ID + ` period 2025-Q3 "" "due"`} {
		if !slices.Contains(list, want) {
			t.Errorf("changes %v, want %q", list, want)
		}
	}
	codes = nil
	for _, f := range d.Findings {
		if f.Concerns == pledge.RoleAuthor {
			codes = append(codes, f.Author+" "+string(f.Code))
		}
	}
	for _, want := range []string{a.ID + " attestation-missed", a.ID + " reply-overdue"} {
		if !slices.Contains(codes, want) {
			t.Errorf("findings %v, want %q", codes, want)
		}
	}
	for _, says := range []string{
		"attestation for 2025-Q1: running, now none yet",
		"Errors elsewhere in the log that concern the operator or this copy",
		verifier.SimulatedNotice,
	} {
		if !strings.Contains(diffText(t, d), says) {
			t.Errorf("it does not say %q:\n%s", says, diffText(t, d))
		}
	}
}

// Wherever a log of every kind is cut, two differences say what one says.
func TestDiffsJoin(t *testing.T) {
	w := generator.New(generator.EveryKindOptions())
	dir := filepath.Join(t.TempDir(), "log")
	if err := w.WriteEveryKind(dir, generator.EveryKindLeast); err != nil {
		t.Fatal(err)
	}
	size, err := w.Open(dir).Size()
	if err != nil {
		t.Fatal(err)
	}
	whole := runDiff(t, w, dir, 0, size)
	if uint64(len(whole.Entries)) != size {
		t.Fatalf("%d entries of %d", len(whole.Entries), size)
	}
	if !whole.To.Signed || whole.To.Root == "" || whole.From.Logged != "" {
		t.Errorf("from %+v to %+v", whole.From, whole.To)
	}
	standing := func(ds ...*verifier.Difference) map[string]string {
		m := make(map[string]string)
		for _, d := range ds {
			for _, c := range d.Changes {
				key := c.Author + " " + c.What + " " + c.Period
				if was, ok := m[key]; ok && was != c.From {
					t.Errorf("%s is %q, and then was %q", key, was, c.From)
				}
				m[key] = c.To
			}
		}
		return m
	}
	for _, cut := range []uint64{1, 11, 100, size / 2, size - 1, size} {
		x, y := runDiff(t, w, dir, 0, cut), runDiff(t, w, dir, cut, size)
		if diff := cmp.Diff(whole.Entries, slices.Concat(x.Entries, y.Entries)); diff != "" {
			t.Errorf("cut at %d:\n%s", cut, diff)
		}
		if diff := cmp.Diff(whole.Texts, slices.Concat(x.Texts, y.Texts)); diff != "" {
			t.Errorf("cut at %d:\n%s", cut, diff)
		}
		if x.To != y.From {
			t.Errorf("cut at %d: to %+v, and from %+v", cut, x.To, y.From)
		}
		one, two := standing(whole), standing(x, y)
		for key, to := range one {
			if two[key] != to {
				t.Errorf("cut at %d: %s is %q, want %q", cut, key, two[key], to)
			}
		}
	}

	// Every sentence says who states it, and says it of the log alone.
	said := regexp.MustCompile(` (stated (that |a challenge to |another outcome of |what each author |with which keys |the outcome )|pledged itself to |set down |logged its slot for )`)
	kinds := make(map[entry.Kind]bool)
	for _, e := range whole.Entries {
		who := e.Name
		if e.Author == "secretariat" || e.Author == "operator" {
			who = "The " + e.Author
		}
		kinds[e.Kind] = true
		if e.Verdict != pledge.Accepted || !strings.HasPrefix(e.Sentence, who+" ") || !said.MatchString(e.Sentence) || strings.Contains(e.Sentence, "%!") || strings.Contains(e.Sentence, "an earlier statement") {
			t.Errorf("entry %d, %s by %s: %q", e.Index, e.Kind, e.Author, e.Sentence)
		}
	}
	if len(kinds) != len(entry.Kinds) {
		t.Errorf("only %d kinds of %d", len(kinds), len(entry.Kinds))
	}
	for _, says := range []string{"The operator stated that it erased a text of entry ", "takes the place of", "; infer no reason"} {
		if !strings.Contains(diffText(t, whole), says) {
			t.Errorf("it does not say %q", says)
		}
	}
	if b, err := whole.JSON(); err != nil || !bytes.Contains(b, []byte(`"format": "pledgelog.diff.v1"`)) {
		t.Errorf("JSON: %v", err)
	}
}

func TestDiffSizes(t *testing.T) {
	w, s := newStory(t, 300, generator.Options{Seed: 92})
	if _, err := verifier.Diff(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(s.Dir)}, 5, 4); err == nil {
		t.Error("it goes backwards")
	}
	if d := runDiff(t, w, s.Dir, 7, 7); d.Result != verifier.Matches || len(d.Entries)+len(d.Changes)+len(d.Texts)+len(d.Findings) > 0 || d.From != d.To {
		t.Errorf("nothing in between: %+v", d)
	}
	d := runDiff(t, w, s.Dir, 0, 301)
	if d.Result != verifier.CannotDecide || d.Undecided.Code != verifier.UndecidedSize || len(d.Entries) > 0 {
		t.Errorf("beyond the log: %s, %+v", d.Result, d.Undecided)
	}
	archive, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	signed := generator.SizeOf(archive[len(archive)/2])
	if d := runDiff(t, w, s.Dir, signed, signed+1); !d.From.Signed {
		t.Errorf("the archive has a checkpoint of %d: %+v", signed, d.From)
	}
	// Nothing is shown as said that was not signed.
	if err := s.Flip("tile/entries/000", 300, 1); err != nil {
		t.Fatal(err)
	}
	d = runDiff(t, w, s.Dir, 0, 300)
	if d.Result != verifier.Differs || len(d.Entries)+len(d.Changes)+len(d.Texts)+len(d.Findings) > 0 || d.From.Root != "" {
		t.Errorf("entries that were not signed: %+v", d)
	}
	if says := diffText(t, d); !strings.Contains(says, "root-mismatch") || strings.Contains(says, "stated that") {
		t.Errorf("it says:\n%s", says)
	}
}
