package verifier_test

import (
	"bytes"
	"encoding/base64"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// TestStateVouchesForArchive: signatures of the archive that a state vouches for are not
// verified again, and one that was changed since is no such signature.
func TestStateVouchesForArchive(t *testing.T) {
	w := stateWorld(t, 209, 700, true)
	state := filepath.Join(t.TempDir(), "state")
	if r := runAudit(t, w, writePrefix(t, w, 600).Dir, withState(state)); r.Result != verifier.Matches || r.State.Size == 0 {
		t.Fatalf("first audit: %s, state %+v", r.Result, r.State)
	}
	s := writePrefix(t, w, 700)
	if r := runAudit(t, w, s.Dir, withState(state)); r.Result != verifier.Matches || r.Earlier == 0 || !notChecked(r, "an earlier audit by this policy verified them") {
		t.Fatalf("second audit: %s, from %d, not checked: %q", r.Result, r.Earlier, r.NotChecked)
	}
	notes, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	// One bit of the log's signature on a checkpoint that was verified twice.
	line := bytes.Index(notes[3], []byte("\n\n— ")) + len("\n\n")
	end := line + bytes.IndexByte(notes[3][line:], '\n')
	start := line + bytes.LastIndexByte(notes[3][line:end], ' ') + 1
	sig, err := base64.StdEncoding.DecodeString(string(notes[3][start:end]))
	if err != nil {
		t.Fatal(err)
	}
	sig[len(sig)-20] ^= 1
	notes[3] = slices.Concat(notes[3][:start], []byte(base64.StdEncoding.EncodeToString(sig)), notes[3][end:])
	if err := s.SetArchive(notes); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir, withState(state))
	if !slices.ContainsFunc(r.Findings, func(f pledge.Finding) bool { return f.Code == verifier.FindArchiveUnvouched }) {
		t.Errorf("a changed signature of the archive is not found: %+v", r.Findings)
	}
}
