package desk

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
)

// keysOf is what a page says of the signatures of some statements.
func keysOf(t *testing.T, looks ...*Look) string {
	t.Helper()
	var b bytes.Buffer
	v := &view{sitting: &sitting{looks: looks}, Who: Who{Key: strings.Repeat("1", 64)}}
	if err := templates().ExecuteTemplate(&b, "keys", v); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Of a request and the decision on it both are told of: what is missing at one of them is
// missing.
func TestKeysOfAPair(t *testing.T) {
	key := func(digit string) string { return strings.Repeat(digit, 64) }
	request := func() *Look {
		return &Look{Kind: entry.KindRequest, Complete: true, Signatures: []Signature{{Key: key("2"), Verified: true}, {Key: key("3"), Verified: true}}}
	}
	decision := &Look{Kind: entry.KindDecision, Signatures: []Signature{{Key: key("2"), Verified: true}}, Missing: []Missing{{Whose: "acme", Need: 1, Keys: []string{key("3"), key("4")}}}}
	got := keysOf(t, request(), decision)
	first, second, two := strings.Cut(got, "</p>")
	if !two || !strings.Contains(first, "<strong>Request:</strong>") || !strings.Contains(first, "<code>33333333</code>") || strings.Contains(first, "Missing: ") {
		t.Errorf("of the request: %s", first)
	}
	if !strings.Contains(second, "<strong>Answer:</strong>") || !strings.Contains(second, "Missing: 1 of acme: <code>33333333</code>, <code>44444444</code>.") {
		t.Errorf("of the decision: %s", second)
	}
	// The same of both is said once, and alone it has no name.
	alike := request()
	alike.Kind = entry.KindDecision
	for _, looks := range [][]*Look{{request(), alike}, {request()}} {
		if got := keysOf(t, looks...); strings.Count(got, "22222222") != 1 || strings.Count(got, "11111111") != 1 || strings.Contains(got, "<strong>") {
			t.Errorf("of %d: %s", len(looks), got)
		}
	}
}
