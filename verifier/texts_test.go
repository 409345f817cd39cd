package verifier_test

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// textLog is a log with texts in every state that a text can be in. Those that a
// full bundle has come first, then so many that the second bundle is full too, and
// some more after it.
type textLog struct {
	w *generator.World
	s *generator.Site

	plain, hidden, opened, sealed, unsealed, erased *generator.Statement
	opens                                           map[*generator.Statement]*generator.Statement
	index                                           map[entry.ID]uint64
	fieldErased                                     *generator.Statement // its opened field was erased
}

// field is the digest of what was opened of a statement.
func field(st *generator.Statement) string {
	return entry.Digest([]byte(st.Disclosures["country"].Text()))
}

// newTextLog makes such a log. With change, statements are changed before they are
// logged, by the name of their field.
func newTextLog(t testing.TB, seed uint64, change map[string]func(w *generator.World, st *generator.Statement)) *textLog {
	t.Helper()
	w := generator.New(generator.Options{Seed: seed, Signatories: 1})
	l := &textLog{w: w, opens: make(map[*generator.Statement]*generator.Statement), index: make(map[entry.ID]uint64)}
	a := w.Signatories[0]
	say := func(what string, st *generator.Statement) *generator.Statement {
		if change[what] != nil {
			change[what](w, st)
		}
		l.index[st.Encode().ID] = w.Size()
		w.Log(st)
		w.Advance(time.Minute)
		return st
	}
	request := func() *generator.Statement { return w.Request(a, "2025-01", nil) }
	country := generator.Seal{Member: "country", Reason: "safety", Review: "2025-05-01"}
	say("", w.Found())
	say("", w.Admit(a))
	say("", w.Pledge(a))
	w.SetNow(at(2025, 2, 1, 12))
	l.plain = say("plain", request())
	l.hidden = say("hidden", request().Withhold("2025-05-01"))
	l.opened = say("opened", request().Withhold("2025-05-01"))
	l.sealed = say("sealed", w.Seal(request(), country))
	l.unsealed = say("unsealed", w.Seal(request(), country))
	l.erased = say("erased", request())
	l.fieldErased = say("fieldErased", w.Seal(request(), country))
	for w.Size() < 270 {
		say("", request())
	}
	l.opens[l.opened] = say("open", w.OpenText(l.opened, "order-lifted"))
	l.opens[l.unsealed] = say("unseal", w.OpenText(l.unsealed, "risk-passed", "country"))
	l.opens[l.fieldErased] = say("", w.OpenText(l.fieldErased, "risk-passed", "country"))
	for w.Size() < 520 {
		say("", request())
	}
	say("", w.Erase(l.erased, l.erased.BodyDigest, entry.BasisSafety, "E-1"))
	say("", w.Erase(l.fieldErased, field(l.fieldErased), entry.BasisCourtOrder, "E-2"))
	l.s = newLog(t, w)
	return l
}

var erasedTwice = []string{"body-erased/operator"}

// Every text is where it should be: nothing is found but that two were erased, and
// the counts are right, from a directory, a tar and an address.
func TestTextsOfEveryState(t *testing.T) {
	l := newTextLog(t, 101, nil)
	size := l.w.Size()
	want := verifier.Texts{Opened: 3, Withheld: 1, Sealed: 1, Erased: 2}
	for _, e := range l.w.Logged {
		if e.Body != nil {
			want.Published++
		}
		want.Published += uint64(len(e.Opened))
	}
	want.Published -= want.Erased
	for name, src := range map[string]log.Source{
		"directory": log.DirSource(l.s.Dir),
		"address":   httpSource(t, http.FileServer(http.Dir(l.s.Dir))),
	} {
		r := runAudit(t, l.w, l.s.Dir, func(c *verifier.Config) { c.Source = src })
		if r.Result != verifier.Matches || !slices.Equal(found(r), erasedTwice) || len(r.Findings) != 2 {
			t.Fatalf("%s: result %s, findings %v\n%s", name, r.Result, found(r), text(t, r))
		}
		if r.Statements.Accepted != size || r.Texts != want {
			t.Errorf("%s: %d accepted of %d, texts %+v, want %+v", name, r.Statements.Accepted, size, r.Texts, want)
		}
		checkReport(t, l.w, r)
		for _, step := range r.Steps {
			if step.Name == "texts" && !strings.Contains(step.Text, "3 opened later; 1 not published; 1 sealed in published ones; 2 erased by the operator, as it states") {
				t.Errorf("%s: the step says %q", name, step.Text)
			}
		}
	}
}

// appendLine puts a line into a bundle of texts.
func appendLine(s *generator.Site, bundle uint64, lines ...[]byte) error {
	return s.Change(log.BodiesBundlePath(bundle), func(b []byte) []byte {
		for _, line := range lines {
			b = append(append(b, line...), '\n')
		}
		return b
	})
}

// What the operator serves of texts, and what it does not: the expected finding and
// the entry that it names are written here by hand, from the protocol.
func TestTextsServed(t *testing.T) {
	junk := func(n int, last []byte) (lines [][]byte) { // n lines that nobody names, and one more
		for i := range n {
			lines = append(lines, fmt.Appendf(nil, "line %d", i))
		}
		return append(lines, last)
	}
	l := newTextLog(t, 102, nil)
	of := func(st *generator.Statement) uint64 { return l.index[st.ID] }
	openOf := func(st *generator.Statement) uint64 { return l.index[l.opens[st].ID] }
	lie := []byte(`{"narrative":"All is well."}`)
	const first, second = 0, 1 // bundles
	for _, c := range []struct {
		name  string
		do    func(s *generator.Site) error
		want  string // code/whom, the last of which is on entry; "" for none
		entry uint64
		// Over HTTP nobody asks for each single file, nor for those that should not
		// be there.
		directoryOnly bool
		warns         bool // it is no error
	}{
		{name: "an opened text is missing", do: func(s *generator.Site) error { return s.SetBody(l.opened.BodyDigest, nil) }, want: "body-missing/operator", entry: of(l.opened)},
		{name: "an opened text is altered", do: func(s *generator.Site) error { return s.SetBody(l.opened.BodyDigest, lie) }, want: "body-bundle-mismatch/operator body-mismatch/operator", entry: of(l.opened)},
		{name: "an opened text is missing in its bundle", do: func(s *generator.Site) error {
			return s.Change(log.BodiesBundlePath(second), func(b []byte) []byte { return bytes.Replace(b, append(l.opened.Body, '\n'), nil, 1) })
		}, want: "body-bundle-incomplete/operator", entry: 256, warns: true},
		{name: "an opened text is missing under its address", do: func(s *generator.Site) error { return s.Remove(log.BodyPath(l.opened.BodyDigest)) }, want: "body-file-missing/operator", entry: openOf(l.opened), directoryOnly: true},
		{name: "an opened text is another under its address", do: func(s *generator.Site) error { return s.Write(log.BodyPath(l.opened.BodyDigest), lie) }, want: "body-file-mismatch/operator", entry: openOf(l.opened), directoryOnly: true},
		{name: "an opened field is missing", do: func(s *generator.Site) error { return s.SetBody(field(l.unsealed), nil) }, want: "disclosure-missing/operator", entry: openOf(l.unsealed)},
		{name: "an opened field is altered", do: func(s *generator.Site) error { return s.SetBody(field(l.unsealed), lie) }, want: "body-bundle-mismatch/operator disclosure-mismatch/operator", entry: openOf(l.unsealed)},
		{name: "a text with an opened field is missing", do: func(s *generator.Site) error { return s.SetBody(l.unsealed.BodyDigest, nil) }, want: "body-missing/operator", entry: of(l.unsealed)},
		{name: "a withheld text is served under its address", do: func(s *generator.Site) error { return s.Write(log.BodyPath(l.hidden.BodyDigest), l.hidden.Body) }, want: "body-not-opened/operator", entry: of(l.hidden), directoryOnly: true},
		{name: "a withheld text is served in its bundle", do: func(s *generator.Site) error { return appendLine(s, first, l.hidden.Body) }, want: "body-not-opened/operator", entry: of(l.hidden)},
		{name: "a withheld text is served in another bundle", do: func(s *generator.Site) error { return appendLine(s, second, l.hidden.Body) }, want: "body-not-opened/operator", entry: of(l.hidden)},
		{name: "a withheld text is served in both ways", do: func(s *generator.Site) error {
			if err := appendLine(s, first, l.hidden.Body, l.hidden.Body); err != nil {
				return err
			}
			return s.Write(log.BodyPath(l.hidden.BodyDigest), l.hidden.Body)
		}, want: "body-not-opened/operator", entry: of(l.hidden)},
		{name: "a withheld text is served behind many lines", do: func(s *generator.Site) error { return appendLine(s, second, junk(100, l.hidden.Body)...) }, want: "body-bundle-mismatch/operator body-not-opened/operator", entry: of(l.hidden)},
		{name: "an erased text is served behind many lines", do: func(s *generator.Site) error { return appendLine(s, second, junk(100, l.erased.Body)...) }, want: "body-bundle-mismatch/operator body-erased-served/operator", entry: 520},
		{name: "an erased text is served in its bundle behind many lines", do: func(s *generator.Site) error { return appendLine(s, first, junk(100, l.erased.Body)...) }, want: "body-bundle-mismatch/operator body-erased-served/operator", entry: 520},
		{name: "something else is served under a withheld text's address", do: func(s *generator.Site) error { return s.Write(log.BodyPath(l.hidden.BodyDigest), lie) }, want: "body-file-mismatch/operator", entry: of(l.hidden), directoryOnly: true},
		{name: "an erased text is served under its address", do: func(s *generator.Site) error { return s.Write(log.BodyPath(l.erased.BodyDigest), l.erased.Body) }, want: "body-erased-served/operator", entry: 520},
		{name: "an erased text is served in its bundle", do: func(s *generator.Site) error {
			return s.Change(log.BodiesBundlePath(first), func(b []byte) []byte {
				next := append(slices.Clone(l.fieldErased.Body), '\n')
				return bytes.Replace(b, next, append(append(slices.Clone(l.erased.Body), '\n'), next...), 1)
			})
		}, want: "body-erased-served/operator", entry: 520},
		{name: "an erased text is served in another bundle", do: func(s *generator.Site) error { return appendLine(s, second, l.erased.Body) }, want: "body-erased-served/operator", entry: 520},
		{name: "an erased field is served under its address", do: func(s *generator.Site) error {
			return s.Write(log.BodyPath(field(l.fieldErased)), []byte(l.fieldErased.Disclosures["country"].Text()))
		}, want: "body-erased-served/operator", entry: 521},
		{name: "something else is served under an erased text's address", do: func(s *generator.Site) error { return s.Write(log.BodyPath(l.erased.BodyDigest), lie) }, want: "body-file-mismatch/operator"},
		{name: "a text is missing everywhere", do: func(s *generator.Site) error { return s.SetBody(l.plain.BodyDigest, nil) }, want: "body-missing/operator", entry: of(l.plain)},
		{name: "two lines of a bundle change places", do: func(s *generator.Site) error {
			return s.Change(log.BodiesBundlePath(first), func(b []byte) []byte {
				lines := bytes.SplitAfter(b, []byte("\n"))
				lines[2], lines[3] = lines[3], lines[2]
				return bytes.Join(lines, nil)
			})
		}, want: "body-bundle-mismatch/operator", entry: 0},
		{name: "a line of a bundle stands twice", do: func(s *generator.Site) error { return appendLine(s, first, l.plain.Body) }, want: "body-bundle-mismatch/operator", entry: 0},
		{name: "a line of a bundle is not ended", do: func(s *generator.Site) error {
			return s.Change(log.BodiesBundlePath(first), func(b []byte) []byte { return b[:len(b)-1] })
		}, want: "body-bundle-mismatch/operator", entry: 0},
		{name: "a text of another bundle", do: func(s *generator.Site) error { return appendLine(s, second, l.plain.Body) }, want: "body-bundle-mismatch/operator", entry: 256},
		{name: "a bundle of nothing but lines", do: func(s *generator.Site) error {
			return appendLine(s, second, make([]byte, 1000), bytes.Repeat([]byte("\n"), 10_000))
		}, want: "body-bundle-mismatch/operator", entry: 256},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := l.s.Copy(filepath.Join(t.TempDir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.do(s); err != nil {
				t.Fatal(err)
			}
			src := httpSource(t, http.FileServer(http.Dir(s.Dir)))
			for where, r := range map[string]*verifier.Report{
				"directory": runAudit(t, l.w, s.Dir),
				"address":   runAudit(t, l.w, s.Dir, func(c *verifier.Config) { c.Source = src }),
			} {
				want := slices.Clone(erasedTwice)
				if !c.directoryOnly || where == "directory" {
					want = append(want, strings.Fields(c.want)...)
				}
				slices.Sort(want)
				if !slices.Equal(found(r), want) || len(r.Findings) != len(want)+1 || (r.Result == verifier.Matches) != (len(want) == 1 || c.warns) {
					t.Fatalf("%s: result %s, findings %v; want %v\n%s", where, r.Result, found(r), want, text(t, r))
				}
				for _, f := range r.Findings {
					if strings.HasSuffix(c.want, string(f.Code+"/"+entry.Code(f.Concerns))) && f.Index != nil && *f.Index != c.entry {
						t.Errorf("%s: %s is on entry %d, want %d", where, f.Code, *f.Index, c.entry)
					}
				}
				checkReport(t, l.w, r)
			}
		})
	}
}

// What authors open is held against what they committed to; it is they who answer
// for what was never in the required form.
func TestTextsOpened(t *testing.T) {
	country := func(w *generator.World) entry.Disclosure {
		st := w.Seal(w.Request(w.Signatories[0], "2025-01", nil), generator.Seal{Member: "country", Reason: "safety", Review: "2025-05-01"})
		return st.Disclosures["country"]
	}
	opens := func(st *generator.Statement, raw []byte) {
		digest := entry.Digest(raw)
		st.Opens = []generator.Text{{Digest: digest, Bytes: raw}}
		st.Statement.Body.(*entry.Open).Digests = []string{digest}
	}
	large := func(w *generator.World, st *generator.Statement) {
		words := make(map[string]string)
		for _, lang := range []string{"de", "en", "fr", "ja"} {
			words[lang] = strings.Repeat("word ", 9999)
		}
		st.Detached.(*entry.RequestBody).Narrative = words
		st.Body, st.Envelope = nil, nil
	}
	for _, c := range []struct {
		name   string
		change map[string]func(w *generator.World, st *generator.Statement)
		want   string // code/whom
		at     string // opened, open, unseal
		reason entry.Code
	}{
		{name: "a text of another author", change: map[string]func(w *generator.World, st *generator.Statement){
			"opened": func(w *generator.World, st *generator.Statement) {
				st.Body = generator.Edit(st.Encode().Body, func(m map[string]any) { m["author"] = "somebody-else" })
				st.BodyDigest, st.Envelope = "", nil
			},
		}, want: "body-invalid/author", at: "opened", reason: "body-of-another-statement"},
		{name: "a text with codes that nobody knows", change: map[string]func(w *generator.World, st *generator.Statement){
			"opened": func(w *generator.World, st *generator.Statement) {
				st.Body = generator.Edit(st.Encode().Body, func(m map[string]any) { m["assist"] = []string{"time-travel"} })
				st.BodyDigest, st.Envelope = "", nil
			},
		}, want: "code-unknown/author", at: "opened"},
		{name: "the field of another statement", change: map[string]func(w *generator.World, st *generator.Statement){
			"unseal": func(w *generator.World, st *generator.Statement) { opens(st, []byte(country(w).Text())) },
		}, want: "disclosure-invalid/author", at: "unseal", reason: entry.CodeDisclosureMismatch},
		{name: "what is no field", change: map[string]func(w *generator.World, st *generator.Statement){
			"unseal": func(w *generator.World, st *generator.Statement) { opens(st, []byte("bm90IG9uZQ")) },
		}, want: "disclosure-invalid/author", at: "unseal", reason: entry.CodeNotJSON},
		{name: "a value that can't stand there", change: map[string]func(w *generator.World, st *generator.Statement){
			"unsealed": func(w *generator.World, st *generator.Statement) {
				st.Detached.(*entry.RequestBody).Country = "Ruritania"
				st.Body, st.Envelope, st.BodyDigest = nil, nil, ""
				w.Seal(st, generator.Seal{Member: "country", Reason: "safety", Review: "2025-05-01"})
			},
		}, want: "disclosure-invalid/author", at: "unseal", reason: entry.CodeCodeMalformed},
		{name: "large texts", change: map[string]func(w *generator.World, st *generator.Statement){"opened": large}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newTextLog(t, 103, c.change)
			r := runAudit(t, l.w, l.s.Dir)
			want := slices.Clone(erasedTwice)
			if c.want != "" {
				want = append(want, c.want)
			}
			slices.Sort(want)
			if r.Result != verifier.Matches || !slices.Equal(found(r), want) {
				t.Fatalf("result %s, findings %v; want %v\n%s", r.Result, found(r), want, text(t, r))
			}
			index := map[string]uint64{"opened": l.index[l.opened.ID], "open": l.index[l.opens[l.opened].ID], "unseal": l.index[l.opens[l.unsealed].ID]}[c.at]
			for _, f := range r.Findings {
				if f.Code == "body-erased" {
					continue
				}
				if f.Author != l.w.Signatories[0].ID || *f.Index != index || f.Reason != c.reason {
					t.Errorf("finding %+v; want entry %d, reason %s", f, index, c.reason)
				}
			}
			if want := uint64(len(r.Findings) - 2); c.want != "code-unknown/author" && r.Texts.Invalid != want {
				t.Errorf("%d invalid texts, want %d", r.Texts.Invalid, want)
			}
		})
	}
}

// The review date of a sealed field passes on the day after it, unless the field
// was opened.
func TestSealedOverdue(t *testing.T) {
	w := generator.New(generator.Options{Seed: 104, Signatories: 1})
	a := w.Signatories[0]
	w.Log(w.Found())
	w.Log(w.Admit(a))
	w.Log(w.Pledge(a))
	seal := func(review string) *generator.Statement {
		st := w.Seal(w.Request(a, "2025-02", nil), generator.Seal{Member: "country", Reason: "safety", Review: review})
		w.Log(st)
		w.Advance(time.Hour)
		return st
	}
	w.SetNow(at(2025, 3, 1, 12))
	first := w.Size()
	seal("2025-04-01")
	opened := seal("2025-04-01")
	seal("2025-05-01")
	hidden := w.Seal(w.Request(a, "2025-02", nil), generator.Seal{Member: "country", Reason: "safety", Review: "2025-04-01"}).Withhold("2025-06-01")
	w.Log(hidden)
	w.SetNow(at(2025, 4, 10, 12))
	w.Log(w.OpenText(opened, "risk-passed", "country"))
	w.SetNow(at(2025, 4, 20, 12))
	w.Log(w.OpenText(hidden, "risk-passed"))
	w.SetNow(at(2025, 5, 3, 12))
	w.Log(w.OpenText(hidden, "risk-passed", "country"))
	s := newLog(t, w)
	for _, c := range []struct {
		t    int64
		want []uint64 // entries, from the first sealed one on
	}{
		{at(2025, 4, 2, 0) - 1, nil},
		{at(2025, 4, 2, 0), []uint64{0, 1}},
		{at(2025, 4, 10, 12) - 1, []uint64{0, 1}},
		{at(2025, 4, 10, 12), []uint64{0}},
		{at(2025, 4, 20, 12), []uint64{0, 3}},
		{at(2025, 5, 2, 0), []uint64{0, 2, 3}},
		{at(2025, 5, 3, 12), []uint64{0, 2}},
	} {
		r := runAudit(t, w, s.Dir, asOf(c.t))
		var got []uint64
		for _, f := range r.Findings {
			if f.Code == "sealed-overdue" {
				got = append(got, *f.Index-first)
				if f.Author != a.ID || f.Concerns != "author" || !strings.Contains(f.Text, "Infer no reason") {
					t.Errorf("finding %+v", f)
				}
			}
		}
		if r.Result != verifier.Matches || !slices.Equal(got, c.want) {
			t.Errorf("as of %s: on %v, want %v", entry.FormatTime(c.t), got, c.want)
		}
	}
}

// Texts that only a rejected statement opens stay withheld: an operator who serves
// one is told of.
func TestRejectedOpen(t *testing.T) {
	l := newTextLog(t, 105, nil)
	open := l.w.OpenText(l.hidden, "order-lifted").Encode()
	open.SignWith(l.w.Operator...)
	l.w.LogVoid(open)
	s := newLog(t, l.w)
	r := runAudit(t, l.w, s.Dir)
	if want := []string{"body-erased/operator", "body-not-opened/operator", "statement-rejected/operator"}; !slices.Equal(found(r), want) {
		t.Errorf("findings %v, want %v", found(r), want)
	}
}

// An operator that serves no text at all does not fill the auditor's memory: so
// many findings are listed, and all counted.
func TestHollowLog(t *testing.T) {
	w := generator.New(generator.Options{Seed: 106, Signatories: 4})
	dir := filepath.Join(t.TempDir(), "log")
	if err := w.WriteStory(dir, 22_000, generator.Bundled); err != nil {
		t.Fatal(err)
	}
	s := w.Open(dir)
	if err := s.Remove("bodies"); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, dir)
	if !slices.Equal(found(r), []string{"body-missing/operator"}) || len(r.Findings) != 10_000 || r.Texts.Published != 0 || r.Texts.Missing != 10_000+r.NotListed["body-missing"] || r.NotListed["body-missing"] < 1000 {
		t.Errorf("%v, %d listed, not listed %v, texts %+v", found(r), len(r.Findings), r.NotListed, r.Texts)
	}
	for i, f := range r.Findings[1:] {
		if *f.Index <= *r.Findings[i].Index {
			t.Fatal("the findings are not the first, in order")
		}
	}
	if out := text(t, r); !strings.Contains(out, "more of body-missing") {
		t.Errorf("the text does not say how many more there are:\n%.2000s", out)
	}
}

// An erased text that is served in its bundle still is found there wherever in the
// bundle it stands, from a directory and an address.
func TestErasedServedInItsBundle(t *testing.T) {
	w := generator.New(generator.Options{Seed: 109, Signatories: 1})
	w.Log(w.Found())
	w.Log(w.Admit(w.Signatories[0]))
	w.Log(w.Pledge(w.Signatories[0]))
	w.SetNow(at(2025, 2, 1, 12))
	var said []*generator.Statement
	for w.Size() < log.TileWidth {
		said = append(said, w.Request(w.Signatories[0], "2025-01", nil))
		w.Log(said[len(said)-1])
	}
	for _, n := range []int{0, 100, len(said) - 1} {
		w.Log(w.Erase(said[n], said[n].BodyDigest, entry.BasisSafety, "E-1"))
	}
	s := newLog(t, w)
	for _, n := range []int{0, 100, len(said) - 1} {
		s, err := s.Copy(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		err = s.Change(log.BodiesBundlePath(0), func(b []byte) []byte {
			i := len(b)
			if n+1 < len(said) {
				i = bytes.Index(b, said[n+1].Body)
			}
			return slices.Insert(b, i, append(slices.Clone(said[n].Body), '\n')...)
		})
		if err != nil {
			t.Fatal(err)
		}
		src := httpSource(t, http.FileServer(http.Dir(s.Dir)))
		for where, r := range map[string]*verifier.Report{
			"directory": runAudit(t, w, s.Dir),
			"address":   runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Source = src }),
		} {
			if got, want := found(r), []string{"body-erased-served/operator", "body-erased/operator"}; !slices.Equal(got, want) {
				t.Errorf("%s, text %d: findings %v, want %v", where, n, got, want)
			}
		}
	}
}
