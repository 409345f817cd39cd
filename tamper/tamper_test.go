package tamper_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

var (
	places = flag.Int("tamper.places", 2, "at how many random places each kind of damage is done")
	only   = flag.String("tamper.only", "", "only the kinds of damage whose name this matches, a regular expression")
	inside = flag.Bool("tamper.inside", false, "this is the program that goes through many places")

	onlyCheck = flag.String("tamper.check", "", "switch off only the checks whose name this matches, a regular expression")
)

// A kase is one kind of damage, of the two tables.
type kase struct {
	name   string
	reason string // of statement-rejected, or ""
	do     func(p *place) files
	result verifier.Result
	want   []string
	may    []string
	end    bool // it goes by the whole log, not by a place in it
}

func cases() []kase {
	var all []kase
	for _, r := range slices.Concat(ruleBreaks, laterBreaks) {
		want := "statement-rejected:" + string(r.reason) + "/operator"
		if r.reason == "directory-root" {
			want = "directory-false:directory-root/operator"
		}
		all = append(all, kase{name: "rule: " + r.name, reason: string(r.reason), result: verifier.Differs, want: []string{want}, do: func(p *place) files {
			st := r.make(p)
			if st == nil {
				return nil
			}
			p.at = p.k + len(p.before)
			return p.with(append(p.before, p.logged(st))...)
		}, may: []string{"before"}})
	}
	for _, d := range damages {
		all = append(all, kase{name: d.name, do: d.do, result: d.result, want: d.want, may: d.may, end: d.whole()})
	}
	for _, d := range promises {
		result := verifier.Matches
		if slices.ContainsFunc(d.want, func(w string) bool { return strings.HasPrefix(w, "statement-rejected") }) {
			result = verifier.Differs
		}
		all = append(all, kase{name: "promise: " + d.name, do: func(p *place) files {
			p.begin()
			if !d.do(p) {
				return nil
			}
			return p.writeSeen(append(slices.Clone(p.entries[:p.k]), p.before...), p.seen)
		}, result: result, want: d.want, may: d.may})
	}
	return all
}

// whole reports whether a damage is done to the good log's files as they are.
func (d damage) whole() bool {
	for _, part := range []string{"signed leaf:", "time:", "entries: the last one twice", "entries: an old one again", "entries: the last ones taken back", "text: signed", "text: another author's", "text: a code", "disclosure: of nothing"} {
		if strings.HasPrefix(d.name, part) && d.name != "entries: the last ones taken back, archive kept" {
			return false
		}
	}
	return true
}

// chosen reports whether a kind of damage is to be done.
func chosen(c kase) bool { return regexp.MustCompile(*only).MatchString(c.name) }

// chosenCheck reports whether a check is to be switched off.
func chosenCheck(c check) bool { return regexp.MustCompile(*onlyCheck).MatchString(c.name) }

// is reports whether a finding is one that the table names, such as
// body-missing/operator or statement-rejected:seq-gap/operator, of the author and at
// the entry that the case says.
func (p *place) is(named string, f pledge.Finding) bool {
	code, party, _ := strings.Cut(named, "/")
	code, reason, _ := strings.Cut(code, ":")
	whom := f.Author == ""
	if party == "AUTHOR" {
		party, whom = "author", p.who == "" || f.Author == p.who
	}
	return string(f.Code) == code && string(f.Concerns) == party && whom &&
		(reason == "" || string(f.Reason) == reason) && (p.at == 0 || f.Index != nil && *f.Index == uint64(p.at))
}

// allows reports whether a finding is one that the damage may bring beside those that
// the table wants.
func (c kase) allows(p *place, f pledge.Finding) bool {
	ofAuthor := f.Concerns == pledge.RoleAuthor
	if c.reason != "" && p.clock != 0 && ofAuthor {
		return true // what the time brings that passes before the statement
	}
	for _, m := range c.may {
		switch {
		case m == "*", m == "*authors" && ofAuthor, m == "*others" && ofAuthor && f.Author != p.who:
			return true
		case m == "before": // what a good statement in front shows by itself
			if f.Index != nil && int(*f.Index) >= p.k && int(*f.Index) < p.k+len(p.before) {
				return true
			}
		case m == string(f.Code)+"/"+string(f.Concerns), ofAuthor && m == string(f.Code)+"/AUTHOR":
			return true
		}
	}
	return false
}

// judge holds what an audit says to the table. It returns "" when it is that.
func (c kase) judge(p *place, base map[string]bool, r *verifier.Report) string {
	if r.Result != c.result {
		return fmt.Sprintf("result %s, want %s (%v)", r.Result, c.result, keys(r))
	}
	seen := make(map[string]bool)
	for _, f := range r.Findings {
		if p.doubted && f.Author == p.who && f.Severity == pledge.Warning && f.Code != pledge.FindSlotMissed && !f.TimeDoubtful {
			return fmt.Sprintf("does not mark as doubtful %s: %s", key(f), f.Text)
		}
		i := slices.IndexFunc(c.want, func(w string) bool { return p.is(w, f) })
		if i >= 0 {
			seen[c.want[i]] = true
		} else if !base[key(f)] && !c.allows(p, f) {
			return fmt.Sprintf("finds %s, which the table does not name: %s", key(f), f.Text)
		}
	}
	for _, s := range r.Signatories {
		for _, period := range s.Periods {
			if p.doubted && s.ID == p.who && (period.State == pledge.Late || period.State == pledge.Missed) && !period.TimeDoubtful {
				return fmt.Sprintf("does not mark as doubtful that %s is %s", period.Period, period.State)
			}
		}
	}
	for _, w := range c.want {
		if !seen[w] {
			return fmt.Sprintf("does not find %s of %q at %d (%v)", w, p.who, p.at, keys(r))
		}
	}
	return ""
}

func keys(r *verifier.Report) []string {
	var out []string
	for i, f := range r.Findings {
		if i == 20 {
			return append(out, "…")
		}
		out = append(out, key(f))
	}
	return out
}

// A stage is the good logs, and some places in each.
type stage struct {
	logs   []*good
	places [][]*place
	whole  []*place
}

func newStage(tb testing.TB, n int) *stage {
	s := new(stage)
	for i, g := range goodLogs(tb) {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		var ps []*place
		for range n {
			ps = append(ps, g.placeAt(400+r.IntN(goodSize-400), r))
		}
		whole := g.placeAt(goodSize, r)
		for _, p := range append(ps, whole) {
			p.all = whole.s
		}
		s.logs, s.places, s.whole = append(s.logs, g), append(s.places, ps), append(s.whole, whole)
	}
	return s
}

// unseen reports whether an audit says nothing of what the table wants at all, under
// whatever code it may give as the reason.
func (c kase) unseen(p *place, r *verifier.Report) bool {
	for _, w := range c.want {
		code, party, _ := strings.Cut(w, "/")
		code, _, _ = strings.Cut(code, ":")
		if !slices.ContainsFunc(r.Findings, func(f pledge.Finding) bool { return p.is(code+"/"+party, f) }) {
			return true
		}
	}
	return len(c.want) == 0 && r.Result != c.result
}

// try does a damage at the nth place; nil where there was nothing to damage.
func (s *stage) try(c kase, n int) *trial {
	i := n % len(s.logs)
	base := s.places[i][n/len(s.logs)%len(s.places[i])]
	if c.end {
		base = s.whole[i]
	}
	p := *base
	p.before, p.rand = nil, rand.New(rand.NewPCG(uint64(n), uint64(len(c.name))))
	f := c.do(&p)
	if f == nil {
		return nil
	}
	return &trial{c, &p, base.base, f}
}

// hold does a damage at the nth place, and says what the audit got wrong; done is
// false where there was nothing to damage.
func (s *stage) hold(c kase, n int) (wrong string, done bool) {
	defer func() {
		if r := recover(); r != nil {
			wrong, done = fmt.Sprint("panics: ", r), true
			if bad, ok := r.(badCase); ok {
				wrong = string(bad)
			}
		}
	}()
	t := s.try(c, n)
	if t == nil {
		return "", false
	}
	r := t.p.audit(t.f)
	if wrong = t.judge(t.p, t.base, r); wrong == "" {
		wrong = sound(t.p, r)
	}
	return wrong, true
}

// A trial is a log that was damaged.
type trial struct {
	kase
	p    *place
	base map[string]bool
	f    files
}

// sound holds what is true of every report, whatever was found: it says what is not.
func sound(p *place, r *verifier.Report) string {
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		return err.Error()
	}
	for _, f := range r.Findings {
		if !strings.Contains(text.String(), string(f.Code)) {
			return fmt.Sprintf("finds %s, and its text does not say so", f.Code)
		}
		if len(r.Signatories) > 0 && r.Evidence == nil && (f.Code == verifier.FindRootMismatch || f.Code == verifier.FindCharterMismatch) {
			return "shows how signatories stand by entries that nobody signed"
		}
	}
	if (r.Result == verifier.Misbehaviour) != (r.Evidence != nil) || (r.Result == verifier.CannotDecide) != (r.Undecided != nil && r.Evidence == nil) {
		return fmt.Sprintf("comes to %s, with evidence %v and undecided %v", r.Result, r.Evidence, r.Undecided)
	}
	if r.Evidence == nil {
		return ""
	}
	b, err := r.Evidence.Marshal()
	if err != nil {
		return err.Error()
	}
	e, err := verifier.ParseEvidence(b)
	if err == nil {
		err = verifier.CheckEvidence(p.w.Policy, e)
	}
	if err != nil {
		return fmt.Sprintf("gives evidence that proves nothing: %v", err)
	}
	return ""
}

// TestGoodLog: the good logs give nothing but what is for information by its nature.
func TestGoodLog(t *testing.T) {
	for _, g := range goodLogs(t) {
		r := g.audit(g.files)
		if r.Result != verifier.Matches || r.Statements.Accepted != goodSize {
			t.Errorf("result %s, %+v", r.Result, r.Statements)
		}
		for _, f := range r.Findings {
			if f.Severity != "info" {
				t.Errorf("%s: %s", key(f), f.Text)
			}
		}
	}
}

// TestTamper does each kind of damage at random places, and prints the matrix.
func TestTamper(t *testing.T) {
	n := max(2, *places)
	if n > 2 && !*inside {
		c := newCopied(t)
		c.remember(t)
		out, err := exec.Command(c.compile(t, ""), "-test.run=^TestTamper$", "-test.v", "-test.timeout=80m", "-tamper.inside", fmt.Sprintf("-tamper.places=%d", n), "-tamper.only="+*only).CombinedOutput()
		if t.Logf("\n%s", out); err != nil {
			t.Error(err)
		}
		return
	}
	s := newStage(t, min(n, 24))
	all := cases()
	if len(all) < 60 {
		t.Fatalf("only %d kinds of damage", len(all))
	}
	type row struct{ tried, seen int }
	rows := make([]row, len(all))
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range work {
				for try := 0; try < 20*n; try++ {
					mu.Lock()
					enough := rows[i].tried == n
					mu.Unlock()
					if enough {
						break
					}
					wrong, done := s.hold(all[i], try)
					if !done {
						continue
					}
					mu.Lock()
					rows[i].tried++
					if wrong == "" {
						rows[i].seen++
					} else {
						t.Errorf("%s, try %d: it %s", all[i].name, try, wrong)
					}
					mu.Unlock()
				}
			}
		})
	}
	for i := range all {
		if chosen(all[i]) {
			work <- i
		}
	}
	close(work)
	wg.Wait()
	var out strings.Builder
	total := 0
	for i, c := range all {
		fmt.Fprintf(&out, "%-60s %-14s %-50s %d of %d\n", c.name, c.result, strings.Join(c.want, " ")+" "+c.reason, rows[i].seen, rows[i].tried)
		total += rows[i].tried
		if rows[i].tried == 0 && chosen(c) {
			t.Errorf("%s: no place in the good log has anything to do this to", c.name)
		}
	}
	fmt.Fprintf(&out, "%d kinds of damage, %d cases\n", len(all), total)
	t.Log("\n" + out.String())
	if path := os.Getenv("TAMPER_CASES"); path != "" {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}
