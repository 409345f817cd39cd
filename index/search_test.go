package index_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/pledge"
)

// A known is what somebody who goes through all entries by hand writes down of one.
type known struct {
	facets       map[index.Facet][]string
	received     string
	texts, plain []string
	logged       int64
	accepted     bool
}

// goThrough reads every entry as it is shown, and its body as the JSON that it is.
func goThrough(t *testing.T, x *index.Index) []known {
	t.Helper()
	size := x.View().Size
	all := make([]*index.Entry, size)
	out := make([]known, size)
	for i := range all {
		e, err := x.EntryAt(t.Context(), uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		all[i] = e
		out[i] = readByHand(t, e)
		for _, text := range out[i].texts {
			out[i].plain = append(out[i].plain, plain(text))
		}
	}
	decided := make(map[uint64][]uint64) // request → decisions on it
	for i, e := range all {
		if out[i].accepted && e.Statement.Kind == entry.KindDecision {
			r := e.Refers[0].Index
			decided[r] = append(decided[r], uint64(i))
			for _, f := range []index.Facet{"country", "authority", "instrument", "assist", "compulsion", "gag", "target", "product", "corroboration"} {
				out[i].facets[f] = out[r].facets[f]
			}
			out[i].received = out[r].received
		}
	}
	for i, e := range all {
		if !out[i].accepted || e.Statement.Kind != entry.KindRequest || e.InPlaceOf != nil {
			continue
		}
		place := []*index.Entry{e}
		for last := e; last.Correction != nil && last.Correction.By != nil; {
			last = all[last.Correction.By.Index]
			place = append(place, last)
		}
		var on []uint64
		for _, r := range place {
			on = append(on, decided[r.Index]...)
		}
		slices.Sort(on)
		outcome, withheld := "pending", false
		for _, d := range on {
			if all[d].InPlaceOf != nil {
				continue // it is told where the other one was
			}
			last := all[d]
			for last.Correction != nil && last.Correction.By != nil {
				last = all[last.Correction.By.Index]
			}
			if last.Correction != nil {
				continue
			}
			if told := last.Statement.Body.(*entry.Decision).Outcome; told != "" {
				outcome = told
			} else {
				withheld = true
			}
		}
		if outcome == "pending" && withheld {
			outcome = "withheld"
		}
		for _, r := range place {
			out[r.Index].facets["outcome"] = []string{outcome}
		}
	}
	return out
}

func readByHand(t *testing.T, e *index.Entry) known {
	k := known{facets: make(map[index.Facet][]string), logged: e.Logged, accepted: e.Verdict.Kind == pledge.Accepted}
	if !k.accepted {
		k.facets["status"] = []string{"no-effect"}
		return k
	}
	k.facets["author"] = []string{e.Statement.Author}
	k.facets["kind"] = []string{string(e.Statement.Kind)}
	k.facets["year"] = []string{time.Unix(e.Logged, 0).UTC().Format("2006")}
	body := make(map[string]any)
	if e.Body != nil {
		if err := json.Unmarshal(e.Body, &body); err != nil {
			t.Fatal(err)
		}
	}
	erasedSeals := make(map[string]bool)
	for _, d := range e.Disclosed {
		if d.Erased {
			erasedSeals[d.Seal.Digest] = true
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(d.Text)
		var parts []any
		if err != nil || json.Unmarshal(raw, &parts) != nil || len(parts) != 3 {
			t.Fatalf("disclosure %q", d.Text)
		}
		body[parts[1].(string)] = parts[2]
	}
	sealed := false
	value := func(member string) []string {
		switch v := body[member].(type) {
		case string:
			return []string{v}
		case []any:
			var list []string
			for _, code := range v {
				list = append(list, code.(string))
			}
			return list
		case map[string]any:
			if digest, ok := v["sealed"].(string); ok {
				if erasedSeals[digest] {
					return []string{"erased"}
				}
				return []string{"withheld"}
			}
		}
		switch {
		case e.BodyState == "withheld", e.BodyState == "erased":
			return []string{string(e.BodyState)}
		case e.Body == nil:
			return []string{"missing"}
		}
		return []string{"unstated"}
	}
	for _, v := range body {
		if m, ok := v.(map[string]any); ok && m["sealed"] != nil {
			sealed = true
		}
	}
	status := []string{"stands"}
	if e.Correction != nil {
		status[0] = map[bool]string{true: "superseded", false: "void"}[e.Correction.By != nil]
	}
	is := map[string]bool{
		"withheld": e.BodyState == "withheld", "erased": len(e.Erasures) > 0, "opened": e.Opened != nil, "sealed": sealed,
		"challenged": slices.ContainsFunc(e.Challenges, func(c pledge.Challenge) bool { return !c.Void }),
	}
	for _, code := range slices.Sorted(maps.Keys(is)) {
		if is[code] {
			status = append(status, code)
		}
	}
	k.facets["status"] = status
	switch b := e.Statement.Body.(type) {
	case *entry.Request:
		for facet, member := range map[index.Facet]string{"country": "country", "authority": "authority", "instrument": "instrument", "assist": "assist",
			"compulsion": "compulsion", "gag": "gag", "target": "targets", "product": "products", "corroboration": "corroboration"} {
			k.facets[facet] = value(member)
		}
		k.received = b.Received
		if s, ok := body["received"].(string); ok {
			k.received = s
		}
	case *entry.Decision:
		k.facets["outcome"] = []string{b.Outcome}
		if b.Outcome == "" {
			k.facets["outcome"] = value("outcome")
		}
	case *entry.Admit:
		k.texts = append(k.texts, b.Name)
	}
	for _, member := range []string{"narrative", "agency", "statute", "court", "other", "clauses", "documents"} {
		switch v := body[member].(type) {
		case string:
			k.texts = append(k.texts, v)
		case map[string]any:
			if v["sealed"] != nil {
				continue
			}
			for _, key := range slices.Sorted(maps.Keys(v)) {
				k.texts = append(k.texts, v[key].(string))
			}
		case []any:
			for _, d := range v {
				k.texts = append(k.texts, d.(map[string]any)["name"].(string))
			}
		}
	}
	return k
}

// plain is a text without accents, in lower case, for who looks with their eyes.
func plain(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 0x300 && r <= 0x36f {
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}

const wordEdge = `[^\p{L}\p{N}\p{M}]`

// standing makes what looks in texts for words that stand one behind the other.
func standing(phrase string) func(*known) bool {
	var parts []string
	for _, w := range strings.Fields(plain(phrase)) {
		parts = append(parts, regexp.QuoteMeta(w))
	}
	expr := strings.Join(parts, wordEdge+`+`)
	if !strings.ContainsFunc(phrase, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Thai, unicode.Hiragana, unicode.Katakana) }) {
		expr = `(^|` + wordEdge + `)` + expr + `(` + wordEdge + `|$)`
	}
	re := regexp.MustCompile(expr)
	return func(k *known) bool { return slices.ContainsFunc(k.plain, re.MatchString) }
}

// A question is a query and who fits it, by what was written down.
type question struct {
	index.Query
	fits func(k *known) bool
}

// questions draws queries from what the entries have.
func questions(all []known, n int) []question {
	dice := rand.New(rand.NewPCG(4, 2))
	// Words as anybody sees them in the texts: with letters of the alphabet, or in scripts without spaces.
	latin := regexp.MustCompile(`\b[A-Za-z]{2,}\b`)
	unspaced := regexp.MustCompile(`[\p{Han}\p{Thai}\p{Hiragana}\p{Katakana}]{1,3}`)
	pick := func(k *known) (string, bool) {
		if len(k.texts) == 0 {
			return "", false
		}
		text := k.texts[dice.IntN(len(k.texts))]
		if some := unspaced.FindAllString(text, -1); len(some) > 0 {
			if w := some[dice.IntN(len(some))]; !strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(unicode.M, r) }) && norm.NFKD.String(w) == w {
				return w, true
			}
			return "", false
		}
		words := latin.FindAllString(text, -1)
		if len(words) == 0 {
			return "", false
		}
		i := dice.IntN(len(words))
		if dice.IntN(3) == 0 && i+1 < len(words) && strings.Contains(text, words[i]+" "+words[i+1]) {
			return words[i] + " " + words[i+1], true
		}
		return words[i], true
	}
	var out []question
	for len(out) < n {
		q := question{Query: index.Query{Limit: 90, Oldest: dice.IntN(4) == 0}}
		var fits []func(*known) bool
		for range dice.IntN(3) {
			f := index.Facets[dice.IntN(len(index.Facets))]
			some := all[dice.IntN(len(all))].facets[f]
			if len(some) == 0 || q.Filters[f] != nil {
				continue
			}
			values := []string{some[dice.IntN(len(some))]}
			if other := all[dice.IntN(len(all))].facets[f]; len(other) > 0 && dice.IntN(3) == 0 && other[0] != values[0] {
				values = append(values, other[0])
			}
			if q.Filters == nil {
				q.Filters = make(map[index.Facet][]string)
			}
			q.Filters[f] = values
			fits = append(fits, func(k *known) bool {
				return slices.ContainsFunc(k.facets[f], func(v string) bool { return slices.Contains(values, v) })
			})
		}
		var words []string
		for range dice.IntN(3) {
			w, ok := pick(&all[dice.IntN(len(all))])
			if !ok {
				continue
			}
			not := len(words) > 0 && dice.IntN(3) == 0
			words = append(words, map[bool]string{true: "-"}[not]+`"`+w+`"`)
			stands := standing(w)
			fits = append(fits, func(k *known) bool { return stands(k) != not })
		}
		q.Text = strings.Join(words, " ")
		if dice.IntN(4) == 0 {
			at := time.Unix(all[dice.IntN(len(all))].logged, 0).UTC()
			q.Logged = index.Span{From: at.Format("2006-01-02"), To: at.AddDate(0, 1, 0).Format("2006-01")}
			from, _ := time.Parse("2006-01-02", q.Logged.From)
			to, _ := time.Parse("2006-01", q.Logged.To)
			to = to.AddDate(0, 1, 0)
			fits = append(fits, func(k *known) bool { return k.logged >= from.Unix() && k.logged < to.Unix() })
		}
		if q.Filters == nil && q.Text == "" && q.Logged == (index.Span{}) {
			continue
		}
		q.fits = func(k *known) bool {
			if !k.accepted && q.Filters["status"] == nil {
				return false
			}
			return !slices.ContainsFunc(fits, func(f func(*known) bool) bool { return !f(k) })
		}
		out = append(out, q)
	}
	return out
}

// holdSearch compares what a search finds and counts with what somebody does who goes
// through all entries.
func holdSearch(t *testing.T, x *index.Index, n int) {
	t.Helper()
	all := goThrough(t, x)
	some, withText, withNone := 0, 0, 0
	for i, q := range questions(all, n) {
		var want []uint64
		for i := range all {
			if q.fits(&all[i]) {
				want = append(want, uint64(i))
			}
		}
		if len(want) == 0 {
			withNone++
		} else {
			some++
			if q.Text != "" {
				withText++
			}
		}
		if !q.Oldest {
			slices.Reverse(want)
		}
		var got []uint64
		ask := q.Query
		for {
			page, err := x.Entries(t.Context(), ask)
			if err != nil {
				t.Fatalf("%+v: %v", q.Query, err)
			}
			if page.Total != uint64(len(want)) {
				t.Errorf("%+v: total %d, want %d", q.Query, page.Total, len(want))
			}
			for _, e := range page.Entries {
				got = append(got, e.Index)
			}
			if page.Next == "" {
				break
			}
			ask.Cursor = page.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: found %v, want %v", q.Query, got, want)
		}
		if i%4 == 0 {
			holdCounts(t, x, q, all)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	holdStats(t, x, all)
	t.Logf("%d questions with answers, %d of them with words; %d without", some, withText, withNone)
	if some < n/3 || withText < n/10 {
		t.Error("too few questions have an answer")
	}
}

// holdStats compares the totals with what was written down.
func holdStats(t *testing.T, x *index.Index, all []known) {
	t.Helper()
	stats, err := x.Snapshot().Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	countries, _, err := x.Snapshot().Countries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type country struct {
		requests    uint64
		authors     map[string]bool
		outcomes    map[string]uint64
		first, last int64
	}
	accepted, requests, kinds, want := uint64(0), uint64(0), make(map[string]uint64), make(map[string]*country)
	for _, k := range all {
		if !k.accepted {
			continue
		}
		accepted++
		kinds[k.facets["kind"][0]]++
		if k.facets["kind"][0] != "request" || k.facets["status"][0] != "stands" {
			continue
		}
		requests++
		code := k.facets["country"][0]
		c := want[code]
		if c == nil {
			c = &country{authors: make(map[string]bool), outcomes: make(map[string]uint64), first: k.logged}
			want[code] = c
		}
		c.requests++
		c.authors[k.facets["author"][0]] = true
		c.outcomes[k.facets["outcome"][0]]++
		c.last = k.logged
	}
	counts := func(list []index.FacetCount) map[string]uint64 {
		out := make(map[string]uint64)
		for _, c := range list {
			out[c.Value] = c.Count
		}
		return out
	}
	if stats.Accepted != accepted || stats.NoEffect != uint64(len(all))-accepted || stats.Requests != requests || !maps.Equal(counts(stats.Kinds), kinds) {
		t.Errorf("stats %+v, want %d accepted, %d requests, %v", stats, accepted, requests, kinds)
	}
	byCountry := counts(stats.Facets["country"])
	for _, got := range countries {
		c := want[got.Code]
		if c == nil {
			t.Errorf("%s is in no request", got.Code)
			continue
		}
		if got.Requests != c.requests || byCountry[got.Code] != c.requests || got.Signatories != uint64(len(c.authors)) || !maps.Equal(counts(got.Outcomes), c.outcomes) || got.First != c.first || got.Last != c.last {
			t.Errorf("%+v, want %+v", got, c)
		}
	}
	if len(countries) != len(want) || len(countries) < 3 {
		t.Errorf("%d countries, want %d", len(countries), len(want))
	}
}

func holdCounts(t *testing.T, x *index.Index, q question, all []known) {
	t.Helper()
	ask := q.Query
	ask.Facets = index.Facets
	page, err := x.Entries(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range index.Facets {
		want := make(map[string]uint64)
		for i := range all {
			// The filter of the facet itself does not count.
			k := all[i]
			if values := q.Filters[f]; values != nil {
				k.facets = maps.Clone(k.facets)
				k.facets[f] = values
				if f == index.FacetStatus && !all[i].accepted && !slices.Contains(values, "no-effect") {
					continue
				}
			}
			if !q.fits(&k) {
				continue
			}
			for _, v := range all[i].facets[f] {
				want[v]++
			}
		}
		got := make(map[string]uint64)
		for _, c := range page.Facets[f] {
			got[c.Value] = c.Count
		}
		if f == index.FacetStatus && q.Filters[f] != nil {
			delete(got, "no-effect")
			delete(want, "no-effect")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: %s is counted otherwise (-by hand +index):\n%s", q.Query, f, diff)
		}
	}
}

// TestSearchIsWhatGoingThroughAllGives on logs with every kind of statement and state of
// texts, and with texts in many scripts; by an index that followed the log in steps and was
// stopped between them, as by a new one.
func TestSearchIsWhatGoingThroughAllGives(t *testing.T) {
	every := generator.EveryKindOptions()
	every.Seed = 11
	for _, c := range []struct {
		name    string
		options generator.Options
		tell    func(*generator.World) error
	}{
		{"every kind", every, func(w *generator.World) error { return w.EveryKind(900) }},
		{"texts in many scripts", generator.SearchOptions(1500), func(w *generator.World) error { return w.Story(1500) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPublished(t, c.options)
			if err := c.tell(p.world); err != nil {
				t.Fatal(err)
			}
			all := len(p.world.Logged)
			p.publish(all)
			const n = 80
			t.Run("new", func(t *testing.T) { holdSearch(t, p.caughtUp(), n) })
			t.Run("in steps", func(t *testing.T) {
				p := &published{t: t, world: p.world, words: filepath.Join(t.TempDir(), "words")}
				p.files = make(map[string][]byte)
				var x *index.Index
				for step := 1; step <= 5; step++ {
					if step%2 == 1 {
						x = p.open() // and what it knew of words is there from before
					}
					p.publish(all * step / 5)
					if err := x.CatchUp(t.Context()); err != nil {
						t.Fatal(err)
					}
					if _, err := x.Entries(t.Context(), index.Query{Text: "the"}); err != nil {
						t.Fatal(err)
					}
				}
				holdSearch(t, x, n)
			})
		})
	}
}
