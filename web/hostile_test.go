package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

func TestHostileTexts(t *testing.T) {
	const (
		markup = `</title><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`
		over   = "Safe\u200fgnp.exe \u200b\u200bx"
	)
	w := generator.New(generator.Options{Seed: 9, Challengers: 1})
	w.Log(w.Found())
	a := w.Signatories[0]
	a.Name, a.Company.Entities = markup, []string{over, `"><svg onload=alert(1)>`}
	w.Log(w.Admit(a))
	w.Log(w.Pledge(a))
	long := strings.Repeat(markup+"\n", 480)
	f := w.Log(w.Request(a, "2025-01", &entry.RequestBody{
		Agency: over, Assist: []string{"other"}, Country: "XB", Instrument: "other-statute", Statute: markup, Other: map[string]string{"assist": markup},
		Narrative: map[string]string{"en": long, "ar": over + "\n\n" + over, "de": strings.Repeat("x", 45000), "fr": strings.Repeat("ÿ ", 20000)},
		Documents: []entry.Document{{MediaType: markup[:90], Name: over, SHA256: entry.Digest(nil), URL: "https://evil.example/?a='onclick=b"}},
	}))
	w.Log(w.Decision(f, "refused", &entry.DecisionBody{Court: over, Narrative: map[string]string{"en": markup}}))
	hostile(w, a, markup, long)
	h := site(t, w, publish(t, w))
	for _, path := range []string{"/", "/entries", "/entries?author=" + a.ID, "/signatories", "/signatories/" + a.ID, "/signatories/" + w.Challengers[0].ID, "/signatories/secretariat", "/signatories/operator", "/about"} {
		harmless(t, path, body(t, h, path))
	}
	for i := range w.Logged {
		at := fmt.Sprintf("/entries/%d", i)
		got := get(t, h, at)
		at = resolve(t, at, got.Header().Get("Location"))
		harmless(t, at, body(t, h, at))
	}
}

// hostile logs a text that means harm in every place that takes one, in the kinds
// beside requests and decisions.
func hostile(w *generator.World, a *generator.Author, markup, long string) {
	ngo := w.Challengers[0]
	ngo.Name = markup
	w.Log(w.Admit(ngo))
	documents := make([]entry.Document, 60)
	for i := range documents {
		documents[i] = entry.Document{MediaType: markup[:90], Name: markup, SHA256: entry.Digest(nil), URL: "https://evil.example/?a='onclick=b" + strings.Repeat("&", 400)}
	}
	quotes := strings.Repeat(`"`, 40000)
	at := func(days int64) string { return entry.FormatTime(w.Now() + days*86400) }
	sealed := w.Seal(w.Request(a, "2025-01", &entry.RequestBody{Agency: markup, Assist: []string{"keys"}, Country: "XB", Narrative: map[string]string{"en": quotes}}),
		generator.Seal{Member: "agency", Reason: "secret-onclick", Law: "no-such-law", Review: at(9)[:10]}, generator.Seal{Member: "narrative", Reason: "safety", Review: at(9)[:10]})
	w.Log(sealed)
	w.Log(w.OpenText(sealed, "no-such-reason", "agency", "narrative"))
	for range 7 {
		asked := w.Challenge(ngo, a, &entry.Challenge{Entry: sealed.ID, Finding: "no-such-finding"}, &entry.ChallengeBody{Narrative: map[string]string{"en": long, "ar": quotes}, Documents: documents})
		w.Log(asked)
		w.Log(w.Reply(a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: asked.ID}, &entry.ReplyBody{Narrative: map[string]string{"en": quotes}, Documents: documents}))
	}
	clauses, texts := []entry.Clause{}, map[string]string{}
	for i := range 60 {
		id := fmt.Sprintf("clause-%d", i)
		clauses, texts[id] = append(clauses, entry.Clause{ID: id}), markup+strings.Repeat("&", 3000)
	}
	amend := w.Amend(&entry.Amend{Clauses: clauses, From: at(0)}, generator.Amended{}, &entry.AmendBody{Clauses: texts, Narrative: map[string]string{"en": long}})
	w.Log(amend)
	w.Log(w.Pledge(a))
	w.Log(w.Correct(sealed, nil, map[string]string{"en": long}))
	w.Log(w.Amend(&entry.Amend{Ends: &entry.End{Successor: `log'onclick=alert(1)&"<img/src=x>`}, From: at(9)}, generator.Amended{}, nil))
	a.Name = markup + "2"
	a.Company.Entities = nil
	for range 300 {
		a.Company.Entities = append(a.Company.Entities, markup)
	}
	w.Log(w.Rekey(a, generator.Ring{Keys: w.NewKeys("second", 1), Threshold: 1}))
	w.Log(w.Standing(a, entry.StandingSuspended, "no-such-reason"))
	w.Log(w.Withdraw(a, map[string]string{"en": long, "de": quotes}))
	w.Advance(24 * time.Hour)
}

func harmless(t *testing.T, path, body string) {
	t.Helper()
	if len(body) > maxPage {
		t.Errorf("%s has %d bytes", path, len(body))
	}
	for _, bad := range []string{"<script", "<img", "<svg onload"} {
		if strings.Contains(body, bad) {
			t.Errorf("%s has %q", path, bad)
		}
	}
	for _, tag := range tags.FindAllString(body, -1) {
		if bare := quoted.ReplaceAllString(tag, `""`); strings.Contains(bare, " on") || strings.Contains(bare, "'") {
			t.Errorf("%s has a handler: %s", path, tag)
		}
	}
}
