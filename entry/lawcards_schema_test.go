package entry_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/entry"
)

// The cards keep to their published schema, all of them and one alone.
func TestLawCardsSchema(t *testing.T) {
	b, err := os.ReadFile("lawcards.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schematest.Hold(b); err != nil {
		t.Error(err)
	}
	card, ok := entry.LawCard("de-g10")
	if !ok {
		t.Fatal("there is no card of de-g10")
	}
	one, err := entry.LawCards().Only(card).JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := schematest.Hold(one); err != nil || strings.Count(string(one), `"existence"`) != 1 {
		t.Errorf("one card: %v\n%s", err, one)
	}
	for _, change := range []string{
		`"told": "no" => "told": "never"`, `"general": true => "general": false`, `"version": 1 => "version": 0`, `"confirmed": true => "confirmed": false`,
		`"lifts": => "lift":`, `"width": 1000 => "width": 0`, `"looked": "2026 => "looked": "26`, `"code": "us-nsl", => "code": "us-nsl", "more": 1,`,
	} {
		from, to, _ := strings.Cut(change, " => ")
		bent := strings.Replace(string(b), from, to, 1)
		if bent == string(b) {
			t.Errorf("%q changes nothing", change)
		} else if schematest.Hold([]byte(bent)) == nil {
			t.Errorf("the schema takes %q", change)
		}
	}
}
