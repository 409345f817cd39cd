package witness_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/witness"
)

// A log that keeps the rules is cosigned before anything of it is published, and as it
// grows. Each audit is of exactly the checkpoint that was asked for.
func TestAuditedLogGrows(t *testing.T) {
	t.Parallel()
	w := newWorld(301)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	if p := b.page(); p.Verdict != witness.VerdictNone || p.Charter != w.Charter.String() {
		t.Errorf("verdict %s before any audit", p.Verdict)
	}
	for _, more := range []int{200, 60, 20, 20, 5} {
		b.cosignsAll()
		p := b.page()
		if p.Verdict != witness.VerdictCosigns || p.Size != w.Size() || p.Report.Size != w.Size() || p.Report.Root != p.Root || len(p.Open) > 0 {
			t.Fatalf("verdict %s of %d, report of %d, open %v: %s", p.Verdict, p.Size, p.Report.Size, names(p.Open), p.Text)
		}
		if p.Published >= p.Size || len(p.Waiting) == 0 && p.Size > 3 {
			t.Errorf("of %d entries %d were published, and of the texts these wait: %v", p.Size, p.Published, names(p.Waiting))
		}
		for range more {
			request1(w)
		}
		o.write()
	}
	if p := b.page(); p.Report.Earlier == 0 {
		t.Error("the last audit did not go on from a state")
	}
	// The same again is cosigned again.
	b.cosignsAll()
	b.cosigned(o.request(b.head()))
}

// What breaks a rule, and is named in the refusal.
var broken = []struct {
	name string
	do   func(w *generator.World)
	code string
}{
	{"a statement that the rules reject", void, "statement-rejected"},
	{"a leaf that is none", func(w *generator.World) { w.LogLeaf([]byte("garbage")) }, "leaf-malformed"},
	{"an entry dated before the last", func(w *generator.World) {
		w.Advance(-2 * time.Minute)
		request1(w)
		w.Advance(2 * time.Minute)
	}, "logged-decreases"},
	{"a false directory", func(w *generator.World) {
		st := w.Directory()
		rows := w.Rows()
		rows[0].Seq++
		st.Statement.Body = &entry.Directory{Root: generator.DirectoryRoot(rows), Size: w.Size()}
		w.LogVoid(st)
	}, "directory-false"},
}

// An operator who breaks a rule is refused with the code and the entry, and cosigned
// again once a person has accepted that finding: that one alone.
func TestBrokenRules(t *testing.T) {
	for i, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(uint64(310 + i))
			o := newOperator(t, w)
			b := newAuditBench(t, o)
			b.cosignsAll()
			c.do(w)
			o.write()
			first := c.code + "@3"
			b.refuses("is refused", c.code+" at entry 3")
			p := b.page()
			if p.Verdict != witness.VerdictRefuses || !slices.Equal(names(p.Open), []string{first}) || p.Report.Result != "differs" || !strings.Contains(p.Text, c.code) {
				t.Errorf("verdict %s, open %v, result %s: %s", p.Verdict, names(p.Open), p.Report.Result, p.Text)
			}
			if resp := b.metrics(); !strings.Contains(resp, `pledge_witness_audit_refuses{origin="`+w.Options.Origin+`"} 1`) || !strings.Contains(resp, `pledge_witness_audited_size{origin="`+w.Options.Origin+`"} 4`) {
				t.Errorf("metrics: %s", resp)
			}
			// It does not help to go on, nor to start the witness anew.
			request1(w)
			o.write()
			b.refuses(c.code + " at entry 3")
			b.restart()
			b.refuses(c.code + " at entry 3")

			b.accepts(first)
			if err := b.decide(witness.ActionAccept, first); !errors.Is(err, witness.ErrNoFinding) {
				t.Errorf("accepted again: %v", err)
			}
			p = b.page()
			if p.Verdict != witness.VerdictCosigns || len(p.Open) > 0 || len(p.Accepted) != 1 || p.Accepted[0].Who != "A. Person" || p.Accepted[0].Why != "looked at it" {
				t.Errorf("verdict %s, open %v, accepted %v", p.Verdict, names(p.Open), p.Accepted)
			}
			b.cosignsAll()
			if resp := b.metrics(); !strings.Contains(resp, `pledge_witness_audit_refuses{origin="`+w.Options.Origin+`"} 0`) {
				t.Errorf("metrics: %s", resp)
			}
			b.restart()
			b.cosigned(o.request(b.head()))

			// Another entry that breaks the same rule is another finding.
			size := w.Size()
			c.do(w)
			o.write()
			b.refuses(c.code + " at entry " + itoa(size))
			if got := names(b.page().Open); !slices.Equal(got, []string{c.code + "@" + itoa(size)}) {
				t.Errorf("open %v", got)
			}

			// What was accepted can be refused later; all of it stays on record.
			b.accepts(c.code + "@" + itoa(size))
			b.cosignsAll()
			if err := b.decide(witness.ActionRefuse, first); err != nil {
				t.Fatal(err)
			}
			b.refuses(c.code + " at entry 3")
			if err := b.decide(witness.ActionRefuse, first); !errors.Is(err, witness.ErrNoFinding) {
				t.Errorf("refused twice: %v", err)
			}
			var history []string
			for _, d := range b.page().Decisions {
				history = append(history, d.Action)
			}
			if want := []string{"accept", "accept", "refuse"}; !slices.Equal(history, want) {
				t.Errorf("history %v, want %v", history, want)
			}
		})
	}
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// What an author did or failed to do is no matter between this witness and the
// operator.
func TestFindingsOnAuthors(t *testing.T) {
	t.Parallel()
	w := generator.New(generator.Options{Seed: 320, Lapses: 300})
	if err := w.Story(300); err != nil {
		t.Fatal(err)
	}
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	b.cosigned(o.request(b.head())) // and published
	p := b.page()
	var errs int
	for _, f := range p.Report.Findings {
		if f.Concerns == "operator" && f.Severity == "error" {
			t.Errorf("finding %s", f.Code)
		}
		if f.Concerns == "author" {
			errs++
		}
	}
	if errs == 0 || p.Verdict != witness.VerdictCosigns {
		t.Errorf("%d findings on authors, verdict %s", errs, p.Verdict)
	}
}
