package witness_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
	"github.com/pledgelog/pledgelog/witness"
)

// What a report found and does not list is weighed like what it lists: texts that are
// not there yet keep nobody from cosigning, however many they are, and all else does.
func TestNotListed(t *testing.T) {
	t.Parallel()
	const size, listed = 50_000, 10_000 // as many as a report lists of a code
	for _, c := range []struct {
		name      string
		code      entry.Code
		first     uint64 // entry of the first finding; one an entry follows
		notListed uint64
		published uint64
		isNew     bool // the texts were not known to be missing
		want      error
		more      uint64 // findings that keep it from cosigning and are named nowhere
	}{
		{"texts of unpublished entries", pledge.FindBodyMissing, 100, 20_000, 100, false, nil, 0},
		{"and of another kind", verifier.FindBodyFileMissing, 100, 20_000, 100, false, nil, 0},
		{"only the last listed is unpublished, the others are new", pledge.FindBodyMissing, 0, 20_000, listed - 1, true, witness.ErrUndecided, 0},
		{"only the last listed is unpublished, the others are known", pledge.FindBodyMissing, 0, 20_000, listed - 1, false, witness.ErrRefused, listed - 1 - 1000},
		{"just published", pledge.FindBodyMissing, 0, 20_000, size, true, witness.ErrUndecided, 0},
		{"just published, and others wait", pledge.FindBodyMissing, 0, 20_000, listed, true, witness.ErrUndecided, 0},
		{"published long ago", pledge.FindBodyMissing, 0, 20_000, size, false, witness.ErrRefused, listed - 1000 + 20_000},
		{"no matter of publication", verifier.FindBundleMismatch, 100, 20_000, 100, true, witness.ErrRefused, listed - 1000 + 20_000},
		{"no error of the operator", pledge.FindBodyInvalid, 100, 20_000, 100, true, nil, 0},
	} {
		m, ok := verifier.MeaningOf(c.code)
		if !ok {
			t.Fatalf("%s: no such code", c.code)
		}
		r := &verifier.Report{
			Format: verifier.ReportFormat, Size: size, Root: "root",
			Steps:     []verifier.Step{{Name: "root", State: verifier.Passed}, {Name: "charter", State: verifier.Passed}},
			NotListed: map[entry.Code]uint64{c.code: c.notListed},
		}
		for n := range uint64(listed) {
			at := c.first + n
			r.Findings = append(r.Findings, pledge.Finding{Code: c.code, Severity: m.Severity, Concerns: m.Concerns, Index: &at, Text: fmt.Sprintf("entry %d", at)})
		}
		o := &witness.Audited{Size: size, Root: "root", Published: c.published}
		if err := witness.Take(o, r, func(witness.Named) bool { return c.isNew }); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := o.Weigh(nil).Err; (err == nil) != (c.want == nil) || !errors.Is(err, c.want) {
			t.Errorf("%s: %.120v, want %v", c.name, err, c.want)
		}
		if o.More != c.more {
			t.Errorf("%s: %d more, want %d", c.name, o.More, c.more)
		}
	}
}
