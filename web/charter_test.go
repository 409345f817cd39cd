package web_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// compact founds a log whose charter has other terms than the demo's, and one
// signatory that pledged itself to them.
func compact(t *testing.T) (*generator.World, *generator.Author) {
	t.Helper()
	w := generator.New(generator.Options{Seed: 21, Signatories: 1, Period: entry.HalfYear})
	const clause = "We publish the letters that we may publish."
	st := w.Found()
	c := st.Statement.Body.(*entry.Charter)
	c.Accord, c.Clauses = "Harbour Compact", []entry.Clause{{ID: "letters", Text: entry.Digest([]byte(clause))}}
	st.Detached.(*entry.CharterBody).Clauses = map[string]string{"letters": clause}
	w.Log(st)
	a := w.Signatories[0]
	w.Log(w.Admit(a))
	promise := w.Pledge(a)
	promise.Statement.Body.(*entry.Pledge).Clauses = []string{"letters"}
	w.Log(promise)
	return w, a
}

// TestTextsFitEveryCharter reads the pages of an accord that asks for something
// else: what it asks for stands there, in its own words, and nothing else does.
func TestTextsFitEveryCharter(t *testing.T) {
	w, a := compact(t)
	h := site(t, w, publish(t, w))
	// What another accord promises, and promises told as deeds.
	other := regexp.MustCompile(`(?i)innocent|did no wrong|\battack|not to help|log (here )?each|each quarter|may tell of|\bholds none\b|a signatory states`)
	for path, want := range map[string][]string{
		"/": {
			"Companies state here, under their own signature, requests that they attribute to governments, and how they answered.",
			"The clause of the Harbour Compact",
		},
		"/about": {
			"Companies that signed the Harbour Compact state here, under their own signature, requests that they attribute to governments, and how they answered.",
			"The charter asks for an attestation after each half-year: a signed statement of how many requests there were.",
			"letters We publish the letters that we may publish.",
		},
		"/signatories/" + a.ID: {
			"The charter asks for an attestation after each half-year: a signed statement of how many requests there were. A missing one says nothing about its reason.",
		},
		"/signatories/secretariat": {"None of them is among the operator’s; the log can’t show who holds them."},
		"/signatories":             nil,
	} {
		text, _, _ := strings.Cut(visible(body(t, h, path)), "What each finding means")
		for _, s := range want {
			if !strings.Contains(text, s) {
				t.Errorf("%s does not say %q", path, s)
			}
		}
		if s := other.FindString(text); s != "" {
			t.Errorf("%s says %q, which this charter does not", path, s)
		}
	}
	if b := body(t, h, "/"); !strings.Contains(b, `href="./about#clauses"`) {
		t.Error("the front page does not lead to the clauses")
	}
	if b := body(t, h, "/about"); !strings.Contains(b, `id="clauses"`) {
		t.Error("the clauses have no place to lead to")
	}
}

func TestLogWithoutARequest(t *testing.T) {
	w, _ := compact(t)
	h := site(t, w, publish(t, w))
	text := visible(body(t, h, "/"))
	if !strings.Contains(text, "No request is logged, as of 3 entries.") || strings.Contains(text, "Nothing is logged") {
		t.Errorf("front page of a log with %d entries and no request: %s", w.Size(), text)
	}
	founded := generator.New(generator.Options{Seed: 22})
	founded.Log(founded.Found())
	if text := visible(body(t, site(t, founded, publish(t, founded)), "/")); !strings.Contains(text, "No request is logged, as of 1 entry.") {
		t.Errorf("front page of a log with a charter only: %s", text)
	}
	if text := visible(body(t, site(t, w, t.TempDir()), "/")); !strings.Contains(text, "Nothing is logged yet.") {
		t.Errorf("front page of an empty log: %s", text)
	}
}

// TestCaveatStandsBesideTheCounts: "others" are other requests than those that
// were just counted.
func TestCaveatStandsBesideTheCounts(t *testing.T) {
	const caveat = "This can’t show that there were no others."
	w := sample(t)
	h := site(t, w, publish(t, w))
	for _, a := range w.Signatories {
		b := body(t, h, "/signatories/"+a.ID)
		_, counts, _ := strings.Cut(b, `id="h-counts"`)
		counts, _, _ = strings.Cut(counts, "</section>")
		asof := fmt.Sprintf("as of %d entries. %s", w.Size(), caveat)
		if text := visible(counts); !strings.Contains(text, asof) {
			t.Errorf("%s: no %q beside the counts: %s", a.ID, asof, text)
		}
		if strings.Count(b, caveat) != 1 {
			t.Errorf("%s: the caveat stands there %d times", a.ID, strings.Count(b, caveat))
		}
	}
	empty, a := compact(t)
	if text := visible(body(t, site(t, empty, publish(t, empty)), "/signatories/"+a.ID)); !strings.Contains(text, "logged none, as of 3 entries. "+caveat) {
		t.Errorf("without a request: %s", text)
	}
}
