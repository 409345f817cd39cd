package desk

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Where what may not be told can be kept back, that is said, in the form's own words; where the form
// has no field for some of it, it is not.
func TestWhatCouldBeKeptBack(t *testing.T) {
	for want, keep := range map[string][]string{
		"Kind of help and Your words": {"assist", "narrative"},
		"":                            {"assist", "documents"},
	} {
		v := &view{sitting: &sitting{block: &Block{Keep: keep}}}
		if got := v.ToKeep(); got != want {
			t.Errorf("%q: %q, not %q", keep, got, want)
		}
	}
	if got := (&view{sitting: &sitting{block: new(Block)}}).ToKeep(); got != "" {
		t.Errorf("nothing that is kept back would do: %q", got)
	}
}

// A desk without a safe says so before anybody types what it could not keep.
func TestNothingCanBeKept(t *testing.T) {
	address, host, _ := open(t, time.Minute)
	a, _ := ask(t, http.MethodGet, address, "", nil)
	base := "http://" + host + a.Header.Get("Location")
	if a, _ := ask(t, http.MethodPost, base, "step=0&do=no", nil); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("no: %s", a.Status)
	}
	_, page := ask(t, http.MethodGet, base, "", nil)
	if !strings.Contains(page, "can keep nothing back") || strings.Contains(page, `name="country"`) {
		t.Errorf("it asks all the same: %s", page)
	}
	if a, _ := ask(t, http.MethodPost, base, "step=1&do=yes", nil); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("yes: %s", a.Status)
	}
	if a, _ := ask(t, http.MethodPost, base, "step=2&do=instead&country=XB", nil); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("instead: %s", a.Status)
	}
	if _, page := ask(t, http.MethodGet, base, "", nil); !strings.Contains(page, "can keep nothing back") || !strings.Contains(page, `value="XB"`) {
		t.Errorf("what was typed is lost, or nothing is said: %s", page)
	}
}
