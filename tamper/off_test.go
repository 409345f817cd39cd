//go:build tamper

package tamper_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
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
	part    = flag.Int("tamper.part", 0, "which part of the checks")
	result  = flag.String("tamper.result", "", "file for the outcome")
	oneForm = flag.String("tamper.form", "", "the form that is switched off")
)

// TestChecksOff runs where every check has its switch: see TestEachCheckIsNeeded. A
// case is made with all checks on, and audited with each of those off that are to see
// it, until enough cases of a check went unseen.
func TestChecksOff(t *testing.T) {
	var s *stage
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
			if i%parts != *part || c.form != nil || !chosenCheck(c) || r.Unseen >= enough || !k.isOf(c) {
				continue
			}
			if s == nil {
				s = newStage(t, 2)
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
				r.Crashed++
			case unseen:
				r.Unseen++
				r.Which = append(r.Which, k.name)
			case wrong != "":
				r.Named++
			}
		}
	}
	small := newSmall(t)
	for i, c := range checks {
		if i%parts == *part && c.form != nil && c.needs == "" && chosenCheck(c) {
			rows[i] = small.off(i)
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

// off switches off the check of a form.
func (s *small) off(i int) rowOff {
	c := checks[i]
	r := rowOff{Check: i}
	for n, k := range c.form.cases {
		fmt.Fprintln(os.Stderr, c.name, n) // if the audit breaks down, it is here
		r.Tried++
		_, refused, crashed := s.refusedWithout(c, k)
		switch {
		case crashed:
			r.Crashed++
		case refused:
			r.Named++
		default:
			r.Unseen++
			r.Which = append(r.Which, fmt.Sprintf("form %s, %d", cmp.Or(k.form, k.file, "of a chain or an open"), n+1))
		}
	}
	return r
}

// refusedWithout says how a case is refused with a check switched off. What is damaged
// is made with it on.
func (s *small) refusedWithout(c check, k formCase) (code string, refused, crashed bool) {
	if k.chain != nil {
		own, p := *s, *s.place
		p.before, p.rand = nil, rand.New(rand.NewPCG(1, 2))
		own.place = &p
		chain := k.chain(&own)
		crashed = switchedOff(c, func() { code = chain.check(&own) })
		return code, code != "", crashed
	}
	if k.file != "" {
		f := k.directory(s)
		crashed = switchedOff(c, func() { code, refused = noted(s.audit(f)) })
		return code, refused, crashed
	}
	f, p := k.files(s)
	crashed = switchedOff(c, func() { code, refused = refusedAs(p, p.audit(f)) })
	return code, refused, crashed
}

// TestFormOff switches off one form; then the audit breaks down.
func TestFormOff(t *testing.T) {
	if *oneForm == "" {
		t.Fatal("name the form with -tamper.form: TestEachCheckIsNeeded does, for one whose audit breaks down in a goroutine")
	}
	s := newSmall(t)
	for i, c := range checks {
		if c.name == *oneForm {
			r := s.off(i)
			if r.Crashed > 0 {
				panic("runtime error: caught")
			}
			t.Logf("%+v", r)
		}
	}
}

// auditOff audits with a check switched off. The audit may break down then.
func (t *trial) auditOff(c check) (wrong string, unseen, crashed bool) {
	var r *verifier.Report
	if switchedOff(c, func() { r = t.p.audit(t.f) }) {
		return "", false, true
	}
	return t.judge(t.p, t.base, r), t.unseen(t.p, r), false
}

// switchedOff does something without a check.
func switchedOff(c check, do func()) (crashed bool) {
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
	do()
	return false
}
