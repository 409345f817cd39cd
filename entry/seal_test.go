package entry

import (
	"slices"
	"testing"
)

// TestUnseal seals every member of a request that may be sealed, opens them one
// by one in any order, and wants the first body back.
func TestUnseal(t *testing.T) {
	sub := samples()[KindRequest]
	st, err := ParseStatement(sub.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	var seals []Seal
	for _, m := range membersOf(sub.Body) {
		if !slices.Contains([]string{"author", "kind", "log", "salt"}, m.name) { // protocol section 3, by hand
			seals = append(seals, Seal{Member: m.name, Law: Withheld, Reason: Withheld, Review: "2027-01-01"})
		}
	}
	raw, disclosures := sealed(sub.Body, seals...)
	st.BodyDigest = Digest(raw)
	d, err := ParseDetached(st, raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Seals()) != len(seals) || len(seals) < 16 {
		t.Fatalf("%d seals, want %d", len(d.Seals()), len(seals))
	}
	for i, s := range d.Seals() {
		seals[i].Digest = disclosures[i].Digest()
		if s != seals[i] {
			t.Errorf("seal %d is %v, want %v", i, s, seals[i])
		}
	}
	if again, err := Marshal(d); err != nil || string(again) != string(raw) {
		t.Errorf("the sealed body became %s (%v)", again, err)
	}
	slices.Reverse(disclosures)
	whole, err := Unseal(st, raw, disclosures)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Marshal(whole); err != nil || string(again) != string(sub.Body) {
		t.Errorf("the opened body is %s (%v)", again, err)
	}
	some, err := Unseal(st, raw, disclosures[:1])
	if err != nil || len(some.Seals()) != len(seals)-1 || len(some.(*RequestBody).Targets) != 1 {
		t.Errorf("with one disclosure: %v (%v)", some, err)
	}
}
