package verifier_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier"
)

// watchCountry wants requests whose text names a country, and all of one author.
func watchCountry(country, author string, from uint64) func(*verifier.Config) {
	return func(c *verifier.Config) {
		c.Watch = &verifier.Watch{
			From: from, Max: 100_000,
			Text: func(st *entry.Statement, raw []byte, d entry.Detached) []string {
				if b, ok := d.(*entry.RequestBody); ok && b.Country == country {
					return []string{"country"}
				}
				return nil
			},
			Entry: func(e *verifier.Watched, st *entry.Statement) []string {
				rules := slices.Clone(e.Texts)
				if st != nil && st.Author == author {
					rules = append(rules, "author")
				}
				return rules
			},
		}
	}
}

func TestWatch(t *testing.T) {
	w := generator.New(generator.Options{Seed: 81, Signatories: 5, Publish: time.Hour, Challengers: 1, Mix: generator.Mix{Withheld: 100, Challenged: 30}})
	if err := w.Story(1500); err != nil {
		t.Fatal(err)
	}
	w.Logged = w.Logged[:1500]
	s := newLog(t, w)
	const country = "XA"
	author := ""
	named := []byte(`"country":"` + country + `"`)
	var want, wantOpens int
	for _, e := range w.Logged {
		leaf, err := entry.ParseLeaf(e.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		st, err := entry.ParseStatement(leaf.Statement)
		if err != nil {
			t.Fatal(err)
		}
		if st.Kind == entry.KindRequest && author == "" {
			author = st.Author
		}
		if st.Kind == entry.KindRequest && !st.IsWithheld() && bytes.Contains(e.Body, named) {
			want++
		}
		if st.Kind == entry.KindOpen {
			for _, o := range e.Opened {
				if bytes.Contains(o.Bytes, named) {
					wantOpens++
				}
			}
		}
	}
	whole := runAudit(t, w, s.Dir, watchCountry(country, author, 0))
	if whole.Watched == nil || whole.Watched.To != 1500 {
		t.Fatalf("it looked at %+v", whole.Watched)
	}
	var requests, opens, byAuthor int
	for _, e := range whole.Watched.Entries {
		if slices.Contains(e.Rules, "country") {
			switch e.Kind {
			case entry.KindRequest:
				requests++
			case entry.KindOpen:
				opens++
			default:
				t.Errorf("a %s names a country", e.Kind)
			}
		}
		if slices.Contains(e.Rules, "author") {
			byAuthor++
		}
	}
	if requests != want || opens != wantOpens || want == 0 || wantOpens == 0 {
		t.Errorf("%d requests and %d opens, want %d and %d", requests, opens, want, wantOpens)
	}
	if byAuthor < 100 {
		t.Errorf("%d entries by %s", byAuthor, author)
	}

	// In steps, from a state, nothing is skipped and nothing comes twice.
	state := t.TempDir()
	var parts []verifier.Watched
	from := uint64(0)
	for _, n := range []int{300, 301, 1100, 1500} {
		part := writePrefix(t, w, n)
		r := runAudit(t, w, part.Dir, withState(state), watchCountry(country, author, from))
		if r.Watched == nil || r.Watched.To != uint64(n) {
			t.Fatalf("size %d: it looked at %+v", n, r.Watched)
		}
		if n == 1500 && r.Earlier == 0 {
			t.Error("it did not go on from the state")
		}
		parts = append(parts, r.Watched.Entries...)
		from = r.Watched.To
	}
	if !reflect.DeepEqual(parts, whole.Watched.Entries) {
		t.Errorf("in steps %d entries, at once %d", len(parts), len(whole.Watched.Entries))
	}
	// A few at a time, too.
	parts, from = nil, 0
	for range 1000 {
		r := runAudit(t, w, s.Dir, watchCountry(country, author, from), func(c *verifier.Config) { c.Watch.Max = 40 })
		if len(r.Watched.Entries) > 40 {
			t.Fatalf("%d entries", len(r.Watched.Entries))
		}
		parts = append(parts, r.Watched.Entries...)
		if from = r.Watched.To; from == 1500 {
			break
		}
	}
	if !reflect.DeepEqual(parts, whole.Watched.Entries) {
		t.Errorf("a few at a time %d entries, at once %d", len(parts), len(whole.Watched.Entries))
	}
	// Who was told less than the state is of is told all of it.
	r := runAudit(t, w, s.Dir, withState(state), watchCountry(country, author, 10))
	if r.Earlier != 0 || r.Watched == nil || !reflect.DeepEqual(r.Watched.Entries, whole.Watched.Entries[slices.IndexFunc(whole.Watched.Entries, func(e verifier.Watched) bool { return e.Index >= 10 }):]) {
		t.Errorf("from entry 10 on: went on from %d", r.Earlier)
	}
	// Entries that nobody signed for are shown to nobody.
	if err := s.Flip("tile/entries/000", 900, 1); err != nil {
		t.Fatal(err)
	}
	if r := runAudit(t, w, s.Dir, watchCountry(country, author, 0)); r.Watched != nil {
		t.Errorf("of a log that is not the signed one: %d entries", len(r.Watched.Entries))
	}
}
