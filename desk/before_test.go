package desk

import (
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
)

// Who signs is told who holds what and what can't be undone; nobody is told that a statement
// can be corrected which the log lets nobody correct.
func TestBeforeSigning(t *testing.T) {
	const once, corrected = "Each statement can be corrected once.", "it can only be corrected"
	for _, k := range entry.Kinds {
		said := BeforeSigning(k, false)
		all := strings.Join(said, "\n")
		if !strings.HasPrefix(all, "The log: ") || !strings.Contains(all, "\nYou: the file.") || strings.Contains(all, "only copy") {
			t.Errorf("%s: %q", k, said)
		}
		if secret := strings.Join(BeforeSigning(k, true), "\n"); !strings.Contains(secret, "only copy of what is kept back") {
			t.Errorf("%s, kept back: %q", k, secret)
		}
		// Protocol section 5, correct: what can be corrected.
		can := slices.Contains([]entry.Kind{"request", "decision", "attestation", "reply", "challenge"}, k)
		if strings.Contains(all, corrected) != can {
			t.Errorf("%s: %q", k, said)
		}
	}
	for k, want := range map[entry.Kind]string{"withdraw": "A withdrawal can’t be undone.", "open": "What it opens can’t be taken back.", "correct": once} {
		if said := BeforeSigning(k, false); said[len(said)-1] != want {
			t.Errorf("%s: %q", k, said)
		}
	}
}
