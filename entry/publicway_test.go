package entry

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A plain body of an instrument that tells all that a request can say.
func telling(instrument, gag string) *RequestBody {
	return &RequestBody{
		Instrument: instrument, Gag: gag, Assist: []string{"backdoor"}, Products: []string{"os"}, Targets: []string{"media"},
		Narrative: map[string]string{"en": "They asked."}, Documents: []Document{{Name: "A letter"}}, Other: map[string]string{"assist": "more"},
	}
}

func TestRequestWay(t *testing.T) {
	all := []string{"assist", "documents", "narrative", "other", "products", "targets"}
	sealed := telling("", "none")
	sealed.setSeals([]Seal{{Member: "instrument"}})
	quiet := &RequestBody{Instrument: "gb-tcn", Assist: []string{Withheld}, Products: []string{"unknown"}, Targets: []string{"unspecified"}}
	sealedText := telling("gb-tcn", "")
	sealedText.Narrative = nil
	sealedText.setSeals([]Seal{{Member: "narrative"}})
	for name, c := range map[string]struct {
		body       *RequestBody
		kept       KeptBack
		permission string
		state      string
		reasons    string
		members    []string // of the last reason
	}{
		"a card that forbids both":      {telling("gb-tcn", ""), KeptBack{}, "", WayBlocked, "existence-forbidden contents-forbidden", all},
		"the duty is said to be lifted": {telling("gb-tcn", "lifted"), KeptBack{}, "", WayBlocked, "existence-forbidden contents-forbidden", all},
		"the duty is stated too":        {telling("gb-tcn", "statutory"), KeptBack{}, "", WayBlocked, "existence-forbidden contents-forbidden gag-forbids", nil},
		"the text is withheld":          {telling("gb-tcn", ""), KeptBack{All: true}, "", WayBlocked, "existence-forbidden", nil},
		"the instrument is kept back":   {telling("gb-tcn", ""), KeptBack{Members: append([]string{"instrument"}, all...)}, "", WayBlocked, "existence-forbidden", nil},
		"some of the text is kept back": {telling("gb-tcn", ""), KeptBack{Members: []string{"narrative", "documents"}}, "", WayBlocked, "existence-forbidden contents-forbidden", []string{"assist", "other", "products", "targets"}},
		"some of it is sealed already":  {sealedText, KeptBack{}, "", WayBlocked, "existence-forbidden contents-forbidden", []string{"assist", "documents", "other", "products", "targets"}},
		"codes that tell nothing":       {quiet, KeptBack{}, "", WayBlocked, "existence-forbidden", nil},
		"a permission":                  {telling("gb-tcn", "statutory"), KeptBack{}, "file 7", WayOpen, "permission-cited", nil},

		"no law, no secrecy":            {telling("informal", "none"), KeptBack{}, "", WayOpen, "", nil},
		"no law, a wish":                {telling("informal", "requested"), KeptBack{}, "", WayUnsure, "contents-depend", all},
		"no law, a wish, text withheld": {telling("informal", "requested"), KeptBack{All: true}, "", WayOpen, "", nil},
		"no law, and still a duty":      {telling("informal", "ordered"), KeptBack{}, "", WayBlocked, "contents-depend gag-forbids", nil},
		"an order, nothing said":        {telling("court-order", ""), KeptBack{}, "", WayUnsure, "existence-depends contents-depend", all},
		"an order, no secrecy":          {telling("court-order", "none"), KeptBack{}, "", WayOpen, "", nil},
		"an order, secrecy over":        {telling("court-order", "expired"), KeptBack{}, "", WayOpen, "", nil},
		"an order with a duty":          {telling("court-order", "ordered"), KeptBack{All: true}, "", WayBlocked, "existence-depends gag-forbids", nil},
		"an order, a permission":        {telling("court-order", "ordered"), KeptBack{}, "file 7", WayOpen, "permission-cited", nil},
		"a statute of no code":          {telling("other-statute", ""), KeptBack{}, "", WayUnsure, "existence-unclear contents-unclear", all},
		"a general duty":                {telling("eu-cra-14", "none"), KeptBack{}, "", WayUnsure, "general-duty", nil},
		"a general duty, a permission":  {telling("cn-rmsv", ""), KeptBack{}, "file 7", WayUnsure, "general-duty permission-cited", nil},

		"a sealed instrument":                {sealed, KeptBack{}, "", WayUnsure, "instrument-sealed", nil},
		"no instrument, an order":            {telling("", "ordered"), KeptBack{}, "", WayBlocked, "instrument-absent gag-forbids", nil},
		"no instrument, a statute":           {telling("", "statutory"), KeptBack{All: true}, "", WayBlocked, "instrument-absent gag-forbids", nil},
		"no instrument, an order, permitted": {telling("", "ordered"), KeptBack{}, "file 7", WayUnsure, "instrument-absent permission-cited", nil},
		"no code, an order":                  {telling("other-statute", "ordered"), KeptBack{}, "", WayBlocked, "existence-unclear contents-unclear gag-forbids", nil},
		"no code, in part":                   {telling("other-statute", "partial"), KeptBack{}, "", WayUnsure, "existence-unclear contents-unclear gag-stated", nil},
		"an unknown instrument, an order":    {telling("unknown", "ordered"), KeptBack{}, "", WayBlocked, "instrument-unknown gag-forbids", nil},
		"no instrument":                      {telling("", "none"), KeptBack{}, "", WayUnsure, "instrument-absent", nil},
		"an instrument kept away":            {telling(Withheld, "none"), KeptBack{}, "", WayUnsure, "instrument-withheld", nil},
		"an unknown instrument":              {telling("unknown", "none"), KeptBack{}, "file 7", WayUnsure, "instrument-unknown permission-cited", nil},
		"a code of later":                    {telling("xa-new-law", "none"), KeptBack{}, "", WayUnsure, "no-card", nil},
	} {
		t.Run(name, func(t *testing.T) {
			way := RequestWay(c.body, c.kept, c.permission)
			var codes []string
			for _, r := range way.Reasons {
				codes = append(codes, r.Code)
				if r.Text == "" || !way.Has(r.Code) {
					t.Errorf("%s has no text, or is not found", r.Code)
				}
			}
			if way.State != c.state || strings.Join(codes, " ") != c.reasons {
				t.Fatalf("%s: %v, want %s: %s", way.State, codes, c.state, c.reasons)
			}
			if c.members != nil && !slices.Equal(way.Reasons[len(way.Reasons)-1].Members, c.members) {
				t.Errorf("members %v, want %v", way.Reasons[len(way.Reasons)-1].Members, c.members)
			}
		})
	}
}

// A card that forbids the contents alone leaves open to tell that there is a request.
func TestRequestWayContentsAlone(t *testing.T) {
	card := &Card{Code: "xa", Existence: Telling{Told: ToldYes}, Contents: Telling{Told: ToldNo}}
	if existence, contents := card.Blocks(); existence || !contents {
		t.Errorf("it blocks the existence %v, the contents %v", existence, contents)
	}
	if way := card.RequestWay(telling("xa", ""), KeptBack{}, ""); way.State != WayBlocked || len(way.Reasons) != 1 || way.Reasons[0].Code != ReasonContentsForbidden {
		t.Errorf("told whole: %+v", way)
	}
	for _, kept := range []KeptBack{{All: true}, {Members: []string{"assist", "documents", "narrative", "other", "products", "targets"}}} {
		if way := card.RequestWay(telling("xa", ""), kept, ""); way.State != WayOpen {
			t.Errorf("with %+v kept back: %+v", kept, way)
		}
	}
}

// A block stands, whatever else is found before it.
func TestRequestWayBlockStands(t *testing.T) {
	card := &Card{Code: "xa", GeneralDuty: true, Existence: Telling{Told: ToldNo}, Contents: Telling{Told: ToldUnclear}}
	if way := card.RequestWay(telling("xa", ""), KeptBack{}, ""); way.State != WayBlocked || len(way.Reasons) != 3 {
		t.Errorf("%+v", way)
	}
}

// The reasons are shown where something is kept back: they name no instrument, and
// keep to the words of the cards.
func TestReasonsNameNothing(t *testing.T) {
	for code, r := range reasons {
		if w := notCardWords.FindString(r.text); w != "" || regexp.MustCompile(`[A-Z0-9"]`).MatchString(r.text) {
			t.Errorf("%s: %q (%s)", code, r.text, w)
		}
		if !IsCode(code) || r.state != WayOpen && r.state != WayUnsure && r.state != WayBlocked {
			t.Errorf("%s has the state %q", code, r.state)
		}
	}
}
