package witness_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

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
