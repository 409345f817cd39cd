//go:build tamper

package tamper_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

var (
	part   = flag.Int("tamper.part", 0, "which part of the checks")
	result = flag.String("tamper.result", "", "file for the outcome")
)

// TestChecksOff runs where every check has its switch: see TestEachCheckIsNeeded. A
// case is made with all checks on, and audited with each of those off that are to see
// it, until enough cases of a check went unseen.
func TestChecksOff(t *testing.T) {
	s := newStage(t, 2)
	enough := 1
	if *places > 2 {
		enough = 3
	}
	rows := make([]rowOff, len(checks))
	for _, k := range cases() {
		var made *trial
		for i, c := range checks {
			r := &rows[i]
			r.Check = i
			if i%parts != *part || !chosenCheck(c) || r.Unseen >= enough || !k.isOf(c) {
				continue
			}
			for n := 0; made == nil && n < 40; n++ {
				made = s.try(k, n)
			}
			if made == nil {
				break
			}
			r.Tried++
			wrong, unseen, crashed := made.auditOff(c)
			switch {
			case crashed:
				r.Unseen++
				r.Which = append(r.Which, k.name+" (and the audit breaks down)")
			case unseen:
				r.Unseen++
				r.Which = append(r.Which, k.name)
			case wrong != "":
				r.Named++
			}
		}
	}
	b, err := json.Marshal(slices.DeleteFunc(rows, func(r rowOff) bool { return r.Check%parts != *part }))
	if err == nil {
		err = os.WriteFile(*result, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// isOf reports whether a case wants what a check gives.
func (k kase) isOf(c check) bool {
	return slices.ContainsFunc(c.codes, func(code string) bool {
		return k.reason == code || slices.ContainsFunc(k.want, func(w string) bool {
			return strings.HasPrefix(w, code+"/") || strings.Contains(w, ":"+code+"/")
		})
	})
}

// auditOff audits with a check switched off. The audit may break down then.
func (t *trial) auditOff(c check) (wrong string, unseen, crashed bool) {
	off := func(name string) {
		entry.CheckOff, log.CheckOff, pledge.CheckOff, verifier.CheckOff = name, name, name, name
	}
	defer func() {
		off("")
		if recover() != nil {
			crashed = true
		}
	}()
	off(c.name)
	r := t.p.audit(t.f)
	return t.judge(t.p, t.base, r), t.unseen(t.p, r), false
}
