package witness_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
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

// A text that is not served is no matter before its entry is published. After that it
// is looked for again before it counts.
func TestTextsAfterPublication(t *testing.T) {
	t.Parallel()
	w := newWorld(330)
	o := newOperator(t, w)
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.TextTime = 200 * time.Millisecond })
	b.cosignsAll()
	request1(w)
	o.write()
	path := log.BodyPath(w.Logged[3].Digest)
	o.hide(path, true)
	b.cosignsAll()
	if p := b.page(); !slices.Equal(names(p.Waiting), []string{"body-missing@3"}) || p.Published != 3 {
		t.Errorf("of %d published, texts that wait: %v", p.Published, names(p.Waiting))
	}
	request1(w)
	o.write()
	b.refuses("can't be checked now", "looks again", "body-missing at entry 3")
	if p := b.page(); p.Verdict != witness.VerdictUndecided || len(p.Open) > 0 || !slices.Equal(names(p.Soon), []string{"body-missing@3"}) {
		t.Errorf("verdict %s, open %v, soon %v", p.Verdict, names(p.Open), names(p.Soon))
	}
	time.Sleep(250 * time.Millisecond)
	b.refuses("is refused", "body-missing at entry 3")
	// It is looked for each time, and nobody need accept what is mended.
	o.hide(path, false)
	b.cosignsAll()
	if p := b.page(); len(p.Open)+len(p.Accepted)+len(p.Soon) > 0 {
		t.Errorf("open %v, soon %v", names(p.Open), names(p.Soon))
	}
}

// A text that the log says to be erased is deleted once that is published, not before:
// it keeps nothing from being cosigned until then, and a while after.
func TestErasedAfterPublication(t *testing.T) {
	t.Parallel()
	w := newWorld(331)
	o := newOperator(t, w)
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.TextTime = 200 * time.Millisecond })
	st := w.Request(w.Signatories[0], "2025-01", nil)
	w.Log(st)
	w.Advance(time.Minute)
	o.write()
	o.publish()
	b.cosignsAll()
	path := log.BodyPath(st.BodyDigest)
	body, err := o.site.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	o.keep(path, body)
	w.Log(w.Erase(st, st.BodyDigest, entry.BasisSafety, "E-1"))
	w.Advance(time.Minute)
	o.write()
	b.cosignsAll()
	if p := b.page(); !slices.Equal(names(p.Waiting), []string{"body-erased-served@4"}) {
		t.Errorf("waiting %v", names(p.Waiting))
	}
	request1(w)
	o.write()
	b.refuses("can't be checked now", "looks again", "body-erased-served at entry 4")
	time.Sleep(250 * time.Millisecond)
	b.refuses("is refused", "body-erased-served at entry 4")
	o.keep(path, nil)
	b.cosignsAll()
}

// A log that serves other entries than those that it asks to have cosigned is refused,
// whatever anybody accepts.
func TestOtherEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(340)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	request1(w)
	o.write()
	good := o.request(3)
	other := newWorld(340)
	void(other)
	o.w = other
	o.write()
	b.refusesTo(good, "is refused", "root-mismatch")
	p := b.page()
	if p.Verdict != witness.VerdictRefuses || len(p.Open) > 0 {
		t.Errorf("verdict %s, open %v", p.Verdict, names(p.Open))
	}
	if err := b.decide(witness.ActionAccept, "root-mismatch"); err == nil {
		t.Error("root-mismatch can be accepted")
	}
	for _, code := range []entry.Code{"root-mismatch", "statement-rejected"} {
		err := b.state.Decide(t.Context(), w.Options.Origin, witness.Decision{Action: witness.ActionAccept, Finding: witness.Named{Code: code, Text: "x"}, Who: "a", Why: "b", When: "2025-01-01T00:00:00Z"})
		if !errors.Is(err, witness.ErrNoFinding) {
			t.Errorf("%s: %v", code, err)
		}
	}
	b.refusesTo(good, "root-mismatch")
	// Entries that are not there are no finding: nobody knows.
	o.w = w
	o.write()
	o.hide(log.EntriesPath(0, 4), true)
	b.refusesTo(good, "can't be checked now", "entries-missing")
	o.hide(log.EntriesPath(0, 4), false)
	b.cosigned(good)
}

// A log that signs two trees of one size, of which this witness has cosigned neither,
// is found all the same: both were asked for.
func TestTwoTrees(t *testing.T) {
	t.Parallel()
	w := newWorld(350)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	void(w)
	o.write()
	b.refuses("statement-rejected")
	other := newWorld(350)
	request1(other)
	o.w = other
	o.write()
	b.refuses("is refused", "log-forked")
	b.restart()
	b.refuses("log-forked")
	if p := b.page(); p.Report.Result != "misbehaviour" {
		t.Errorf("result %s", p.Report.Result)
	}
	if err := b.decide(witness.ActionAccept, "log-forked"); err == nil {
		t.Error("a fork can be accepted")
	}
}

// A log whose quorum does not need this witness may have published more when it is
// asked: the audit is of the checkpoint that was asked for all the same, and later
// ones are the next audit's.
func TestPublishedMeanwhile(t *testing.T) {
	w := newWorld(355)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	request1(w)
	o.write()
	four := o.request(3)
	o.publish()
	request1(w)
	void(w)
	o.write()
	six := o.request(4)
	o.publish()
	b.cosigned(four)
	if p := b.page(); p.Size != 4 || p.Report.Size != 4 || p.Published != 6 || len(p.Report.Findings) > 0 {
		t.Errorf("the audit is of size %d, and found %v", p.Report.Size, names(p.Report.Findings))
	}
	b.refusesTo(six, "statement-rejected at entry 5")
}

// A log that shows its readers another tree than the one that it asks to have cosigned
// is found, though this witness was never asked for that.
func TestReadersAreShownAnother(t *testing.T) {
	w := newWorld(358)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	for range 2 {
		request1(w)
	}
	o.write()
	other := newTree(t, "b", 0, 4)
	o.shown = w.Checkpoint(4, other.root(4), w.Now())
	b.refuses("is refused", "log-forked")
	o.shown = []byte("garbage")
	b.restart()
	b.refuses("can't be checked now", "shows its readers is not to be believed")
}

// Requests that wait for an audit are two at most of a log: whoever has a checkpoint
// that it signed can't take the place of others.
func TestFewRequestsWait(t *testing.T) {
	t.Parallel()
	const wait = 3 * time.Second
	o := newOperator(t, newWorld(359))
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.Wait = wait })
	hold := make(chan struct{})
	o.onRead(func(string) { <-hold })
	r := o.request(0).Marshal()
	var wg sync.WaitGroup
	var held atomic.Int64
	for range 12 {
		wg.Go(func() {
			began := time.Now()
			if resp := b.post(r); resp.StatusCode != 503 {
				t.Errorf("status %d", resp.StatusCode)
			}
			if time.Since(began) >= wait {
				held.Add(1)
			}
		})
	}
	wg.Wait()
	close(hold)
	if n := held.Load(); n < 1 || n > 2 {
		t.Errorf("%d of 12 requests were held", n)
	}
}

// How a log is audited is changed while an audit goes on: what was audited in the old
// way is not cosigned.
func TestAuditChangedMeanwhile(t *testing.T) {
	w := newWorld(356)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	request1(w)
	o.write()
	var once sync.Once
	o.onRead(func(path string) {
		once.Do(func() {
			of := b.auditOf(w)
			of.Source += "/"
			if _, changed, err := b.state.AddAudited(t.Context(), w.Options.Origin, []log.Key{w.Signer.Key()}, false, of); err != nil || !changed {
				t.Error(changed, err)
			}
		})
	})
	b.refuses("can't be checked now", "was changed meanwhile")
	b.cosignsAll()
}

// Two processes on one state do not audit a log at the same time.
func TestTwoAuditors(t *testing.T) {
	w := newWorld(357)
	o := newOperator(t, w)
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.Wait = 100 * time.Millisecond })
	hold, reads := make(chan struct{}), make(chan struct{})
	var once sync.Once
	o.onRead(func(string) {
		once.Do(func() { close(reads) })
		<-hold
	})
	b.refuses("its audit")
	<-reads // it has begun
	first := b.auditor
	b.auditor = nil
	b.change = nil
	b.restart()
	b.refuses("another process of this witness audits it")
	close(hold)
	first.Close()
	b.cosignsAll()
}

// While a first audit goes on, the log is told so at once and asked to wait. There is
// one audit at a time, and the next is of the newest checkpoint.
func TestSlowAudit(t *testing.T) {
	w := newWorld(360)
	o := newOperator(t, w)
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.Wait = 50 * time.Millisecond; c.Recheck = time.Minute })
	hold := make(chan struct{})
	var once sync.Once
	release := func() { once.Do(func() { close(hold) }) }
	t.Cleanup(release)
	var mu sync.Mutex
	var now, most int
	o.onRead(func(path string) {
		if !strings.HasPrefix(path, "tile/entries/") {
			return
		}
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		<-hold
		mu.Lock()
		now--
		mu.Unlock()
	})
	for i := range 4 {
		began := time.Now()
		b.refuses("can't be checked now", "its audit")
		for i == 0 && o.reads(log.EntriesPath(0, 3)) == 0 {
			time.Sleep(time.Millisecond) // it has not begun yet
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		request1(w)
		o.write()
	}
	// Many at once are not held either.
	var wg sync.WaitGroup
	r := o.request(0).Marshal()
	began := time.Now()
	for range 20 {
		wg.Go(func() {
			if resp := b.post(r); resp.StatusCode != 503 {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("20 requests took %v", took)
	}
	// One that is older than what was asked for is not audited any more.
	b.refusesTo(o.requestOf(o.tree, 0, 4), "size 7 before")
	mu.Lock()
	if most != 1 {
		t.Errorf("%d reads of entries at once, of a log with one bundle", most)
	}
	mu.Unlock()
	release()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp := b.post(o.request(0).Marshal())
		if resp.StatusCode == 200 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("status %d: %s", resp.StatusCode, text(resp))
		}
	}
	for _, n := range []int{4, 5, 6} {
		if got := o.reads(log.EntriesPath(0, n)); got > 0 {
			t.Errorf("the entries of size %d were read %d times, and nobody asks for them any more", n, got)
		}
	}
}

// What this witness keeps of audits can't be read: it does not cosign.
func TestDamagedAuditState(t *testing.T) {
	t.Parallel()
	w := newWorld(370)
	for range 300 {
		request1(w)
	}
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	o.publish()
	void(w)
	o.write()
	b.refuses("statement-rejected at entry 303")
	b.accepts("statement-rejected@303")
	b.cosignsAll()
	request1(w)
	o.write()

	dir := filepath.Join(b.dir, "audits", witness.OriginHash(w.Options.Origin))
	for path, says := range map[string]string{
		filepath.Join(dir, "verifier", "audit.state"): "can't use what it kept of earlier audits",
		filepath.Join(dir, "decisions.json"):          "can't read what was accepted",
	} {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range [][]byte{good[:len(good)/2], append(slices.Clone(good[:len(good)-40]), make([]byte, 40)...)} {
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			resp := b.refuses("can't be checked now", says)
			if strings.Contains(text(resp), b.dir) {
				t.Error("the answer shows a path of this machine")
			}
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.cosigned(o.request(b.head()))
	// Without what was accepted, nothing is.
	if err := os.Remove(filepath.Join(dir, "decisions.json")); err != nil {
		t.Fatal(err)
	}
	b.refuses("statement-rejected at entry 303")
	// And without what the audits kept, the log is read from its beginning.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	b.refuses("statement-rejected at entry 303")
	if p := b.page(); p.Report.Earlier != 0 {
		t.Errorf("%d entries were read earlier", p.Report.Earlier)
	}
}

// A log that is audited stays so.
func TestAuditStays(t *testing.T) {
	t.Parallel()
	w := newWorld(380)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	origin, keys := w.Options.Origin, []log.Key{w.Signer.Key()}
	b.cosignsAll()
	if _, err := b.state.Add(t.Context(), origin, keys, false); err != nil {
		t.Fatal(err)
	}
	other := *b.auditOf(w)
	other.Charter = strings.Repeat("0", 63) + "1"
	if _, _, err := b.state.AddAudited(t.Context(), origin, keys, false, &other); !errors.Is(err, witness.ErrOtherCharter) {
		t.Errorf("another charter: %v", err)
	}
	stranger := newWorld(381)
	if _, _, err := b.state.AddAudited(t.Context(), origin, keys, false, b.auditOf(stranger)); !errors.Is(err, witness.ErrOtherCharter) && !errors.Is(err, witness.ErrInvalid) {
		t.Errorf("another log's policy: %v", err)
	}
	moved := *b.auditOf(w)
	moved.Source = t.TempDir()
	if _, changed, err := b.state.AddAudited(t.Context(), origin, keys, false, &moved); err != nil || !changed {
		t.Fatalf("another address: %v, %v", changed, err)
	}
	request1(w)
	o.write()
	resp := b.refuses("can't be checked now")
	if got := text(resp); strings.Contains(got, moved.Source) {
		t.Errorf("the answer shows a path of this machine: %s", got)
	}
	if _, _, err := b.state.AddAudited(t.Context(), origin, keys, false, b.auditOf(w)); err != nil {
		t.Fatal(err)
	}
	// A process that does not audit does not cosign.
	b.start()
	b.refuses("does not audit")
	b.restart()
	b.cosignsAll()
	if _, err := b.state.SetEnabled(t.Context(), origin, false); err != nil {
		t.Fatal(err)
	}
	if p := b.page(); p.Verdict != witness.VerdictDisabled {
		t.Errorf("verdict %s", p.Verdict)
	}
}

// The charter is the one that was given, and not the log's own.
func TestAuditOfAnotherCharter(t *testing.T) {
	w := newWorld(390)
	o := newOperator(t, w)
	b := &auditBench{bench: &bench{tb: t, logs: new(syncBuffer), now: time.Unix(w.Now(), 0)}, o: o}
	b.state, b.dir = newState(t)
	of := b.auditOf(w)
	of.Charter = strings.Repeat("0", 63) + "1"
	if _, _, err := b.state.AddAudited(t.Context(), w.Options.Origin, []log.Key{w.Signer.Key()}, false, of); err != nil {
		t.Fatal(err)
	}
	b.restart()
	b.refuses("is refused", "charter-mismatch")
}

func TestAuditPageOfOtherLogs(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"/read/" + witness.OriginHash(origin) + "/audit.json", "/read/" + witness.OriginHash("x") + "/audit.json", "/read/x/audit.json"} {
		r, err := http.NewRequest("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp := b.do(r); resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}
