package witness_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

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
