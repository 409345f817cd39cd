//go:build tamper

package tamper_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// TestChecksOff runs where every check has its switch: see TestEachCheckIsNeeded.
func TestChecksOff(t *testing.T) {
	s := newStage(t, 2)
	off := func(name string) {
		entry.CheckOff, log.CheckOff, pledge.CheckOff, verifier.CheckOff = name, name, name, name
	}
	all := cases()
	var out strings.Builder
	fmt.Fprintf(&out, "%-50s %-44s tried unseen\n", "check switched off", "codes")
	for _, c := range checks {
		tried, unseen, named := 0, []string(nil), 0
		for _, k := range all {
			if len(unseen) == 3 || !slices.ContainsFunc(c.codes, func(code string) bool {
				return k.reason == code || slices.ContainsFunc(k.want, func(w string) bool { return strings.HasPrefix(w, code+"/") })
			}) {
				continue
			}
			for n := range 40 {
				off(c.name)
				wrong, gone, crashed, done := s.tryOff(k, n)
				off("")
				if !done {
					continue
				}
				tried++
				switch {
				case crashed:
					unseen = append(unseen, k.name+" (and the audit breaks down)")
				case gone:
					unseen = append(unseen, k.name)
				case wrong != "":
					named++
				}
				break
			}
		}
		what := strings.Join(unseen, "; ")
		if len(unseen) == 0 {
			what = fmt.Sprintf("none; %d under another code: %s", named, c.also)
		}
		fmt.Fprintf(&out, "%-50s %-44s %5d %s\n", c.name, strings.Join(c.codes, " "), tried, what)
		if tried == 0 || (len(unseen) == 0) != (c.also != "") {
			t.Errorf("%s can be switched off and %d of %d go unseen, %d under another code: it, its cases, or what is said of it is worthless", c.name, len(unseen), tried, named)
		}
	}
	fmt.Fprintf(&out, "%d checks\n", len(checks))
	t.Log("\n" + out.String())
	if path := os.Getenv("TAMPER_CHECKS"); path != "" {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// tryOff is try where the audit may break down.
func (s *stage) tryOff(k kase, n int) (wrong string, unseen, crashed, done bool) {
	defer func() {
		if recover() != nil {
			crashed, done = true, true
		}
	}()
	wrong, unseen, done = s.try(k, n)
	return wrong, unseen, false, done
}
