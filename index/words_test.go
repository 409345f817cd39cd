package index_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// looks returns the entries that a search for words gives.
func looks(t *testing.T, x *index.Index, text string) []uint64 {
	t.Helper()
	page, err := x.Entries(t.Context(), index.Query{Text: text, Limit: 50, Oldest: true})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	out := []uint64{}
	for _, e := range page.Entries {
		out = append(out, e.Index)
	}
	return out
}

// TestWordsComeAndGoWithTheirText: what is withheld, sealed, or held until there is a reply is
// not found; what was opened is; what was erased is gone at once, from the files too.
func TestWordsComeAndGoWithTheirText(t *testing.T) {
	c := newCast(t)
	c.words = filepath.Join(t.TempDir(), "words")
	body := func(words string) *entry.RequestBody {
		return &entry.RequestBody{Assist: []string{"keys"}, Country: "XC", Narrative: map[string]string{"en": words}}
	}
	public := c.say(c.w.Request(c.a, "2025-01", body("A lighthouse near the zanzibarium.")))
	hidden := c.say(c.w.Request(c.a, "2025-01", body("The quillfeather stays in its drawer.")).Withhold(c.day(60)))
	sealed := c.say(c.w.Seal(c.w.Request(c.a, "2025-01", &entry.RequestBody{Agency: "Office of Marmalade", Assist: []string{"keys"}, Country: "XB"}), generator.Seal{Member: "agency", Reason: "safety", Review: c.day(10)}))
	asked := c.say(c.w.Challenge(c.ngo, c.a, &entry.Challenge{Entry: public.ID}, &entry.ChallengeBody{Narrative: map[string]string{"en": "What of the porcupine?"}}))
	inFiles := func(word string) bool {
		t.Helper()
		files, err := filepath.Glob(c.words + "*")
		if err != nil || len(files) == 0 {
			t.Fatalf("files %v, %v", files, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(b), word) {
				return true
			}
		}
		return false
	}
	x := c.open()
	expect := func(when string, want map[string]*generator.Statement) {
		t.Helper()
		c.show(x)
		for _, word := range []string{"zanzibarium", "quillfeather", "marmalade", "porcupine"} {
			st := want[word]
			indexes := []uint64{}
			if st != nil {
				indexes = append(indexes, c.entry(x, st).Index)
			}
			if got := looks(t, x, word); !slices.Equal(got, indexes) {
				t.Errorf("%s: %s is found at %v, want %v", when, word, got, indexes)
			}
			if inFiles(word) != (st != nil) {
				t.Errorf("%s: %s is in the files: %v", when, word, st == nil)
			}
		}
	}
	expect("at first", map[string]*generator.Statement{"zanzibarium": public})
	opened := c.say(c.w.OpenText(sealed, "risk-passed", "agency"))
	c.say(c.w.OpenText(hidden, "order-lifted"))
	c.say(c.w.Reply(c.a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: asked.ID}, nil))
	everything := map[string]*generator.Statement{"zanzibarium": public, "quillfeather": hidden, "marmalade": sealed, "porcupine": asked}
	expect("opened", everything)
	// An index that begins with these files finds the same.
	x = c.open()
	expect("begun again", everything)
	c.say(c.w.Erase(public, public.BodyDigest, entry.BasisDataSubject, "REF-1"))
	c.say(c.w.Erase(sealed, opened.Opens[0].Digest, entry.BasisSafety, "REF-2"))
	expect("erased", map[string]*generator.Statement{"quillfeather": hidden, "porcupine": asked})
	page, err := x.Entries(t.Context(), index.Query{Filters: map[index.Facet][]string{"status": {"erased"}}, Facets: []index.Facet{"country"}})
	if err != nil || page.Total != 2 {
		t.Errorf("with erased texts: %v, %v", page.Total, err)
	}
	if want := []index.FacetCount{{Value: "XB", Count: 1}, {Value: "erased", Count: 1}}; !slices.Equal(page.Facets["country"], want) {
		t.Errorf("countries of them: %v", page.Facets["country"])
	}
	x = c.open()
	expect("begun again after that", map[string]*generator.Statement{"quillfeather": hidden, "porcupine": asked})
}

// A failing is a store of words that fails now and then.
type failing struct {
	store.Words
	err error
}

func (f *failing) Put(ctx context.Context, docs []store.Document) error {
	if f.err != nil {
		return f.err
	}
	return f.Words.Put(ctx, docs)
}

// TestWordsCanNotBeKept: while they can't, as on a full disk, the rest of the index goes on,
// and texts are not searched rather than wrongly; then all is found.
func TestWordsCanNotBeKept(t *testing.T) {
	c := newCast(t)
	words, err := sqlite.OpenWords(t.Context(), filepath.Join(t.TempDir(), "words"))
	if err != nil {
		t.Fatal(err)
	}
	defer words.Close()
	f := &failing{Words: words}
	x, err := index.Open(t.Context(), index.Config{Origin: c.w.Options.Origin, Source: c, Policy: c.w.Policy, Words: f, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	say := func(words string) *generator.Statement {
		return c.say(c.w.Request(c.a, "2025-01", &entry.RequestBody{Assist: []string{"keys"}, Country: "XC", Narrative: map[string]string{"en": words}}))
	}
	first := say("tamarind")
	c.show(x)
	f.err = store.ErrFull
	c.say(c.w.Erase(first, first.BodyDigest, entry.BasisDataSubject, "REF-1"))
	second := say("rutabaga")
	c.show(x)
	if c.entry(x, second).Index+1 != x.View().Size {
		t.Fatal("the index does not go on")
	}
	if page, err := x.Entries(t.Context(), index.Query{Filters: index.By("country", "XC")}); err != nil || page.Total != 1 {
		t.Errorf("facets: %v", err)
	}
	for _, word := range []string{"tamarind", "rutabaga"} {
		if _, err := x.Entries(t.Context(), index.Query{Text: word}); !errors.Is(err, index.ErrNoText) || !errors.Is(err, store.ErrFull) {
			t.Errorf("%s: %v", word, err)
		}
	}
	f.err = nil
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := looks(t, x, "tamarind"); len(got) != 0 {
		t.Errorf("erased text is found: %v", got)
	}
	if got := looks(t, x, "rutabaga"); !slices.Equal(got, []uint64{c.entry(x, second).Index}) {
		t.Errorf("found: %v", got)
	}
	// Without a store nothing is searched.
	x, err = index.Open(t.Context(), index.Config{Origin: c.w.Options.Origin, Source: c, Policy: c.w.Policy, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.show(x)
	if _, err := x.Entries(t.Context(), index.Query{Text: "rutabaga"}); !errors.Is(err, index.ErrNoText) {
		t.Errorf("without words: %v", err)
	}
}

// TestWordsOfPeople: how people write what they look for.
func TestWordsOfPeople(t *testing.T) {
	c := newCast(t)
	texts := map[string]string{
		"de": "Die Straße nach Übermorgen: ein Hintertürchen, Back-Door genannt (CVE-2025-0001).",
		"tr": "İstanbul'da anahtar istediler; DİYARBAKIR.",
		"ja": "政府は裏口（バックドア）を求めた。ﾊﾞｯｸﾄﾞｱ。",
		"th": "รัฐบาลขอประตูหลัง",
		"he": "הם ביקשו דֶּלֶת אחורית",
		"ar": "طلبوا بَابًا خَلْفِيًّا",
		"ko": "정부가 백도어를 요구했다",
		"hi": "सरकार ने चाबी माँगी",
		"fr": "L’État a demandé l'accès — refusé.",
	}
	st := c.say(c.w.Request(c.a, "2025-01", &entry.RequestBody{Assist: []string{"keys"}, Country: "XC", Narrative: texts}))
	x := c.open()
	c.show(x)
	at := c.entry(x, st).Index
	for _, text := range []string{
		"strasse", "STRASSE", "ubermorgen", "Übermorgen", "hinterturch*", `"back door"`, "back-door", "door back", "cve-2025-0001", `"2025 0001"`,
		"istanbul", "anahtar -kapı", "裏口", "バックドア", "裏口 バックドア", `"政府は裏口"`, "口", "求め", "ประตู", `"ประตูหลัง"`, "דלת", "דֶּלֶת", "بابا", "خلفيا", "백도어를", "백도어*", "चाबी", "माँगी",
		"etat", "l'état", "acces", "“a demandé l’accès”", "«a demande»", "refusé.", "strasse AND",
	} {
		want := []uint64{at}
		if strings.HasSuffix(text, " AND") {
			want = nil // a word like others
		}
		if got := looks(t, x, text); !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("%q is found at %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"stras", "\"door back\"", "口裏", "หลังประตู", "strasse -istanbul", `"genannt cve" -"back door"`, "übermorgen* -ein*", "백도", `"genannt istanbul"`} {
		if got := looks(t, x, text); len(got) != 0 {
			t.Errorf("%q is found at %v", text, got)
		}
	}
}

// TestWhoIsNotInTheLog: who is asked for and is not there, and names of before.
func TestWhoIsNotInTheLog(t *testing.T) {
	c := newCast(t)
	x := c.open()
	c.show(x)
	page, err := x.Entries(t.Context(), index.Query{Filters: map[index.Facet][]string{"author": {c.a.ID, "nobody"}, "country": {"XQ"}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []index.Absent{{Facet: "author", Value: "nobody"}, {Facet: "country", Value: "XQ"}}; !slices.Equal(page.Absent, want) {
		t.Errorf("absent: %v", page.Absent)
	}
	name := x.Snapshot().Name(c.a.ID)
	if page, err = x.Entries(t.Context(), index.Query{Text: name}); err != nil || len(page.Named) != 1 || page.Named[0] != (index.Named{ID: c.a.ID, Name: name, Now: name}) {
		t.Errorf("%s: %+v, %v", name, page.Named, err)
	}
}

// TestOutcomesAreThoseOfAnAudit: what facets count of requests that stand is what the
// statuses of their authors say, which are an audit's.
func TestOutcomesAreThoseOfAnAudit(t *testing.T) {
	o := generator.EveryKindOptions()
	o.Seed = 12
	p := newPublished(t, o)
	if err := p.world.EveryKind(900); err != nil {
		t.Fatal(err)
	}
	p.publish(len(p.world.Logged))
	x := p.caughtUp()
	roll, err := x.Signatories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, st := range roll.Statuses {
		page, err := x.Entries(t.Context(), index.Query{
			Filters: map[index.Facet][]string{"author": {st.ID}, "kind": {"request"}, "status": {"stands"}}, Facets: []index.Facet{"outcome"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != st.Requests {
			t.Errorf("%s: %d requests, want %d", st.ID, page.Total, st.Requests)
		}
		got := make(map[string]uint64)
		for _, n := range page.Facets["outcome"] {
			code := n.Value
			if code == index.ValueWithheld {
				code = entry.OutcomePending // as attestations count them
			}
			got[code] += n.Count
		}
		for code, n := range st.Outcomes {
			if got[code] != n {
				t.Errorf("%s: %d requests are %s, want %d", st.ID, got[code], code, n)
			}
			counted += int(n)
			delete(got, code)
		}
		if len(got) != 0 {
			t.Errorf("%s: beside them %v", st.ID, got)
		}
	}
	if counted < 50 {
		t.Errorf("only %d requests were counted", counted)
	}
}
