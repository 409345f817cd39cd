package index_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// TestShowsWhatAnAuditShows: what a reader sees is what anybody's own audit of
// the same tree says.
func TestShowsWhatAnAuditShows(t *testing.T) {
	p := story(t, 600)
	all := len(p.world.Logged)
	p.publish(all)
	missing := 0
	for _, e := range p.world.Logged[log.TileWidth:] { // beyond the first bundle
		if e.Body != nil && missing < 3 {
			p.change(log.BodyPath(e.Digest), nil)
			missing++
		}
	}
	p.change(log.BodiesBundlePath(1), nil)
	p.sameAsAnAudit(p.caughtUp(), 20)
}

// TestShowsWhatAnAuditOfEveryKindShows does so over a log of every kind, with texts
// that are missing, altered, served too early and served after their erasure.
func TestShowsWhatAnAuditOfEveryKindShows(t *testing.T) {
	o := generator.EveryKindOptions()
	o.Seed, o.Lapses = 19, 120
	p := newPublished(t, o)
	if err := p.world.EveryKind(800); err != nil {
		t.Fatal(err)
	}
	all := len(p.world.Logged)
	p.publish(all)
	p.sameAsAnAudit(p.caughtUp(), 20)

	var opens, withheld, erased []*entry.Statement
	bodies := make(map[string][]byte)
	for i, e := range p.world.Logged {
		st := pledge.Read(uint64(i), e.Leaf).Statement
		switch b := st.Body.(type) {
		case *entry.Open:
			if b.Digests != nil {
				opens = append(opens, st)
			}
		case *entry.Erasure:
			erased = append(erased, st)
		}
		if st.IsWithheld() {
			withheld = append(withheld, st)
		}
	}
	for _, st := range p.world.Said {
		bodies[st.BodyDigest] = st.Body
		for _, text := range st.Opens {
			bodies[text.Digest] = text.Bytes
		}
	}
	if len(opens) < 8 || len(withheld) < 8 || len(erased) < 4 {
		t.Fatalf("%d opens, %d withheld texts, %d erasures", len(opens), len(withheld), len(erased))
	}
	p.change(log.BodiesBundlePath(0), nil)
	p.change(log.BodiesBundlePath(1), nil)
	p.change(log.BodiesBundlePath(2), nil)
	// Of opened bodies and of opened fields, some are missing and some altered.
	var done [2]int
	for _, st := range opens {
		digest := st.Body.(*entry.Open).Digests[0]
		text, err := p.Get(t.Context(), log.BodyPath(digest), entry.MaxBody)
		if err != nil {
			continue // erased since
		}
		isField := 0
		if text[0] != '{' {
			isField = 1
		}
		switch done[isField]++; {
		case done[isField] > 4:
		case done[isField]%2 == 0:
			p.change(log.BodyPath(digest), nil)
		default:
			p.change(log.BodyPath(digest), []byte(`{"salt":"another"}`))
		}
	}
	for _, e := range p.world.Logged[300:320] {
		if e.Body != nil {
			p.change(log.BodyPath(e.Digest), nil)
		}
	}
	served := 0
	for _, st := range withheld {
		if raw := bodies[st.BodyDigest]; raw != nil && served < 4 {
			if _, err := p.Get(t.Context(), log.BodyPath(st.BodyDigest), entry.MaxBody); err != nil {
				p.change(log.BodyPath(st.BodyDigest), raw)
				served++
			}
		}
	}
	for _, st := range erased[:3] {
		if raw := bodies[st.Body.(*entry.Erasure).Digest]; raw != nil {
			p.change(log.BodyPath(st.Body.(*entry.Erasure).Digest), raw)
		}
	}
	x := p.caughtUp()
	p.sameAsAnAudit(x, 30)
	found, _ := x.Findings(t.Context())
	codes := make(map[entry.Code]bool)
	for _, f := range found {
		codes[f.Code] = true
	}
	for _, c := range []entry.Code{
		pledge.FindBodyMissing, pledge.FindBodyMismatch, pledge.FindDisclosureGone, pledge.FindDisclosureOff, pledge.FindBodyNotOpened, pledge.FindErased, pledge.FindErasedServed, pledge.FindSlotMissed, pledge.FindSecondAttestation, pledge.FindKeysCompromised, pledge.FindLogEnds,
	} {
		if !codes[c] {
			t.Errorf("the log for this test gives no finding %s", c)
		}
	}
}

// dir writes the log's files to a directory, all of whose texts an audit looks at.
func (p *published) dir() log.Source {
	p.t.Helper()
	dir := p.t.TempDir()
	for path, b := range p.files {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	return log.DirSource(dir)
}

// sameAsAnAudit compares what an index shows with an audit of the same tree: at least
// so many findings, and every status and count.
func (p *published) sameAsAnAudit(x *index.Index, least int) {
	t := p.t
	t.Helper()
	report, err := verifier.Audit(t.Context(), verifier.Config{Policy: p.world.Policy, Charter: p.world.Charter, Source: p.dir()})
	if err != nil {
		t.Fatal(err)
	}
	v := x.View()
	if report.Size != v.Size || report.AsOf != entry.FormatTime(v.AsOf) {
		t.Fatalf("audit of size %d as of %s, index of %d as of %s", report.Size, report.AsOf, v.Size, entry.FormatTime(v.AsOf))
	}
	found, err := x.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var audited []pledge.Finding // those that are about statements
	for _, f := range report.Findings {
		if _, ok := pledge.MeaningOf(f.Code); ok {
			audited = append(audited, f)
		}
	}
	pledge.SortFindings(audited)
	if diff := cmp.Diff(audited, found); diff != "" || len(found) < least {
		t.Errorf("%d findings (-audit +index):\n%s", len(found), diff)
	}
	roll, err := x.Signatories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	shown := verifier.SignatoriesOf(roll.Statuses)
	if len(report.Signatories) != len(shown) {
		t.Fatalf("%d signatories audited, %d in the index", len(report.Signatories), len(shown))
	}
	for i, a := range report.Signatories {
		if diff := cmp.Diff(a, shown[i], cmp.AllowUnexported(entry.Claim{}, entry.SlotPeriod{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-audit +index):\n%s", a.ID, diff)
		}
	}
}
