package safe

import (
	"bytes"
	"strings"
	"testing"
)

func aKept(t testing.TB) *Kept {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return &Kept{BodyDigest: "x", Body: []byte(`{"a":"Heronsgate"}`), Disclosures: []string{"WyJhIl0"}, Period: "withheld", Filing: &Filing{"2026-01-01T00:00:00Z", 1, "2026-01-01", "Paper 7"}, Recipients: []*Recipient{key.Recipient()}}
}

func FuzzKept(f *testing.F) {
	b, err := aKept(f).marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseKept(b)
		if err != nil {
			return
		}
		if again, err := k.marshal(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q became %q (%v)", b, again, err)
		}
	})
}

// There is one form, and what is wrong with another is told without quoting it.
func TestKeptHasOneForm(t *testing.T) {
	b, err := aKept(t).marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseKept(b); err != nil || len(b)%block != 0 {
		t.Fatalf("%d bytes: %v", len(b), err)
	}
	good := string(b)
	for name, bad := range map[string]string{
		"a space":        strings.Replace(good, `"body":`, `"body": `, 1),
		"a member more":  strings.Replace(good, `{"bodyDigest"`, `{"Heronsgate":1,"bodyDigest"`, 1),
		"no recipients":  strings.Replace(good, `"recipients":["`, `"recipients":["Heronsgate`, 1),
		"for nobody":     good[:strings.Index(good, `"recipients"`)] + `"recipients":[],"fill":""}`,
		"another fill":   strings.Replace(good, `"fill":"0`, `"fill":"1`, 1),
		"no fill":        good[:strings.Index(good, `,"fill"`)] + "}",
		"another order":  strings.Replace(good, `{"bodyDigest":"x",`, `{`, 1),
		"cut off":        good[:len(good)/2],
		"a line feed":    good + "\n",
		"two of a kind":  strings.Replace(good, `{"bodyDigest"`, `{"period":"withheld","bodyDigest"`, 1),
		"much too large": good + strings.Repeat(" ", MaxKept),
	} {
		if _, err := ParseKept([]byte(bad)); err == nil || strings.Contains(err.Error(), "Heron") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
