package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/entry"
)

// The filing record keeps to its published schema, which wants the reference.
func TestFilingSchema(t *testing.T) {
	draft := filepath.Join(t.TempDir(), "acme-request-2.json")
	if err := keepFiling(draft, &entry.Statement{ID: entry.ID{7}, Made: 1767225600}, "Letter of 3 March"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(strings.TrimSuffix(draft, ".json") + ".filing.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schematest.Hold(b); err != nil {
		t.Error(err)
	}
	if schematest.Hold([]byte(strings.Replace(string(b), "Letter of 3 March", "", 1))) == nil {
		t.Error("the schema takes a record without a reference")
	}
}

// No note and no error about a request that keeps something back names its
// instrument, whatever the card says.
func TestCardsAreDiscreet(t *testing.T) {
	for _, c := range entry.LawCards().Cards {
		for _, permission := range []*permissionYAML{nil, {Reference: "file 7"}} {
			y := &requestYAML{Instrument: c.Code, Assist: []string{"backdoor"}, Withhold: &withholdYAML{Review: "2027-01-01"}, Permission: permission}
			d := new(drafting)
			said := ""
			if err := y.tell(d); err != nil {
				if permission != nil {
					t.Errorf("%s is refused with a permission: %v", c.Code, err)
				}
				said = discreet(err).Error()
			} else if c.Existence.Told == entry.ToldNo && permission == nil {
				t.Errorf("%s is taken", c.Code)
			}
			term, _ := entry.Terms().Term("instrument", c.Code)
			said += strings.Join(d.notes, "\n")
			if strings.Contains(said, `"`) || strings.Contains(said, term.Label) || strings.Contains(said, c.Existence.Text) || strings.Contains(c.Code, "-") && strings.Contains(said, c.Code) || strings.Contains(said, "file 7") {
				t.Errorf("%s: %s", c.Code, said)
			}
		}
	}
}
