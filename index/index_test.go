package index_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

func TestShowsWhatAReplayShows(t *testing.T) {
	p := story(t, 700)
	all := len(p.world.Logged)
	p.publish(all)
	// Two texts go missing, one of them among those that have a bundle, and one
	// is altered.
	var texts []int
	for i, e := range p.world.Logged {
		if e.Body != nil && i > 0 {
			texts = append(texts, i)
		}
	}
	last := len(texts) - 1 // has a code that is in no vocabulary
	p.change(log.BodiesBundlePath(0), nil)
	for _, i := range []int{texts[0], texts[last-2]} {
		p.change(log.BodyPath(p.world.Logged[i].Digest), nil)
	}
	p.change(log.BodyPath(p.world.Logged[texts[1]].Digest), []byte(`{"salt":"another"}`))

	x := p.caughtUp()
	state, verdicts, want := replay(t, p, all)
	v := x.View()
	if v.Size != uint64(all) || v.AsOf != state.Now() || v.Lag() != 0 {
		t.Errorf("view: size %d as of %d lag %d, want %d as of %d", v.Size, v.AsOf, v.Lag(), all, state.Now())
	}
	found, err := x.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("findings (-replay +index):\n%s", diff)
	}
	codes := make(map[entry.Code]bool)
	for _, f := range found {
		codes[f.Code] = true
	}
	for _, c := range []entry.Code{pledge.FindLeafMalformed, pledge.FindRejected, pledge.FindDuplicate, pledge.FindBodyMissing, pledge.FindBodyMismatch, pledge.FindCodeUnknown, pledge.FindWithheldOverdue, pledge.FindAttestationLate} {
		if !codes[c] {
			t.Errorf("the log for this test gives no finding %s", c)
		}
	}
	roll, err := x.Signatories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Options{cmp.AllowUnexported(entry.Period{}, entry.Claim{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(state.Statuses(state.Now()), roll.Statuses, same); diff != "" {
		t.Errorf("statuses (-replay +index):\n%s", diff)
	}
	for i, want := range verdicts {
		e, err := x.EntryAt(t.Context(), uint64(i))
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if e.Verdict.Kind != want.Kind || e.Verdict.Code != want.Code {
			t.Errorf("entry %d: verdict %v, want %v", i, e.Verdict, want)
		}
		if !bytes.Equal(e.Leaf, p.world.Logged[i].Leaf) {
			t.Errorf("entry %d: not the bytes that were logged", i)
		}
		var about []pledge.Finding
		for _, f := range found {
			if f.Index != nil && *f.Index == uint64(i) {
				about = append(about, f)
			}
		}
		if diff := cmp.Diff(about, e.Findings, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("entry %d: findings (-all +its own):\n%s", i, diff)
		}
	}
	for _, st := range append(roll.Statuses, pledge.Status{ID: entry.AuthorSecretariat}) {
		chain, err := x.Chain(t.Context(), st.ID)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := x.Signatory(t.Context(), st.ID)
		if err != nil {
			t.Fatal(err)
		}
		seq, head, _ := state.Head(st.ID)
		if uint64(len(chain)) != seq || sig.Status.Seq != seq || sig.Status.Head != head {
			t.Errorf("%s: chain of %d, head %d, want %d", st.ID, len(chain), sig.Status.Seq, seq)
		}
	}
}

func TestNeverAheadOfThePublishedCheckpoint(t *testing.T) {
	p := story(t, 400)
	all := len(p.world.Logged)
	p.publish(300)
	old := p.files[log.CheckpointPath]
	p.publish(all)
	p.change(log.CheckpointPath, old)

	x := p.open()
	if v := x.View(); v.Size != 0 {
		t.Fatalf("shows %d entries before it has read any", v.Size)
	}
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, _, want := replay(t, p, 300)
	found, _ := x.Findings(t.Context())
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("findings at size 300 (-replay +index):\n%s", diff)
	}
	if x.View().AsOf != state.Now() {
		t.Errorf("as of %d, want %d", x.View().AsOf, state.Now())
	}
	if _, err := x.EntryAt(t.Context(), 300); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("entry 300 of 300: %v", err)
	}
	if _, err := x.Entry(t.Context(), pledge.Read(0, p.world.Logged[350].Leaf).Statement.ID); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("entry by id beyond the checkpoint: %v", err)
	}

	// A snapshot stays as it is while the log grows.
	before := x.Snapshot()
	page, err := before.Entries(t.Context(), index.Query{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	p.publish(all)
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := x.View().Size; got != uint64(all) {
		t.Errorf("size after growth: %d, want %d", got, all)
	}
	again, err := before.Entries(t.Context(), index.Query{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if ids(page) != ids(again) || again.View.Size != 300 {
		t.Errorf("a snapshot changed: %s, then %s", ids(page), ids(again))
	}
	// And an older checkpoint than what is shown changes nothing.
	p.change(log.CheckpointPath, old)
	if err := x.CatchUp(t.Context()); err == nil || errors.Is(err, index.ErrMismatch) {
		t.Errorf("older checkpoint: %v", err)
	}
	if got := x.View().Size; got != uint64(all) {
		t.Errorf("size after an older checkpoint: %d, want %d", got, all)
	}
}

func ids(p *index.Page) string {
	var b strings.Builder
	for _, e := range p.Entries {
		b.WriteString(e.ID.String()[:8] + " ")
	}
	return b.String()
}

func TestStopsWhenTheLogIsNotItsCheckpoint(t *testing.T) {
	p := story(t, 400)
	all := len(p.world.Logged)
	p.publish(280)
	x := p.caughtUp()
	p.publish(all)
	// Entry 300 is changed in its bundle.
	path := log.EntriesPath(1, all-log.TileWidth)
	whole := p.files[path]
	leaf := p.world.Logged[300].Leaf
	damaged := bytes.Replace(whole, leaf, bytes.Replace(leaf, []byte(`"logged":1`), []byte(`"logged":2`), 1), 1)
	if bytes.Equal(damaged, whole) {
		t.Fatal("nothing was damaged")
	}
	p.change(path, damaged)
	err := x.CatchUp(t.Context())
	if !errors.Is(err, index.ErrMismatch) || !strings.Contains(err.Error(), "pledge-verify audit") {
		t.Fatalf("damaged bundle: %v", err)
	}
	if got := x.View().Size; got != 280 {
		t.Errorf("shows %d entries after a mismatch, want the 280 that were verified", got)
	}
	found, _ := x.Findings(t.Context())
	_, _, want := replay(t, p, 280)
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("findings after a mismatch (-before +now):\n%s", diff)
	}
	if _, err := x.EntryAt(t.Context(), 279); err != nil {
		t.Errorf("entry 279: %v", err)
	}
	if page, err := x.Entries(t.Context(), index.Query{Filters: index.By(index.FacetKind, "request")}); err != nil || page.Entries[0].Index >= 280 {
		t.Errorf("list after a mismatch begins at %d, error %v", page.Entries[0].Index, err)
	}
	// It has stopped for good: repairing the file does not bring it back.
	p.change(path, whole)
	if err := x.Follow(t.Context(), time.Hour); !errors.Is(err, index.ErrMismatch) {
		t.Errorf("follow after a mismatch: %v", err)
	}
	if err := p.open().CatchUp(t.Context()); err != nil {
		t.Errorf("a new index over the repaired log: %v", err)
	}
}

func TestStopsAtAFork(t *testing.T) {
	p := story(t, 60)
	all := len(p.world.Logged)
	p.publish(all)
	x := p.caughtUp()
	p.change(log.CheckpointPath, p.world.Checkpoint(uint64(all), log.Hash{1}, p.world.Now()))
	if err := x.CatchUp(t.Context()); !errors.Is(err, index.ErrMismatch) {
		t.Errorf("another root for the same size: %v", err)
	}
}

func TestHoldsCheckpointsToThePolicy(t *testing.T) {
	p := newPublished(t, generator.Options{Seed: 3, Witnesses: 3, Quorum: 2})
	if err := p.world.Story(40); err != nil {
		t.Fatal(err)
	}
	p.publish(30)
	x := p.caughtUp()
	v := x.View()
	if !v.HasQuorumTime || len(v.Cosignatures) != 3 || v.AsOf < int64(v.QuorumTime) {
		t.Errorf("view of a witnessed log: %+v", v)
	}
	p.publish(40)
	b := p.files[log.CheckpointPath]
	lines := bytes.SplitAfter(b, []byte("\n"))
	p.change(log.CheckpointPath, bytes.Join(lines[:len(lines)-3], nil)) // two witnesses short
	if err := x.CatchUp(t.Context()); !errors.Is(err, log.ErrQuorum) {
		t.Errorf("checkpoint short of its quorum: %v", err)
	}
	if got := x.View().Size; got != 30 {
		t.Errorf("shows %d entries, want 30", got)
	}
	p.change(log.CheckpointPath, b)
	if err := x.CatchUp(t.Context()); err != nil || x.View().Size != 40 {
		t.Errorf("with its quorum: size %d, error %v", x.View().Size, err)
	}
}

func TestEmptyLog(t *testing.T) {
	x := newPublished(t, generator.Options{}).caughtUp()
	if v := x.View(); v.Size != 0 || v.Root != log.EmptyRoot() || v.Checkpoint != nil {
		t.Errorf("view of an unpublished log: %+v", v)
	}
	page, err := x.Entries(t.Context(), index.Query{})
	if err != nil || len(page.Entries) != 0 || page.Next != "" || page.Prev != "" {
		t.Errorf("list of an unpublished log: %+v, %v", page, err)
	}
	if _, err := x.Signatory(t.Context(), entry.AuthorSecretariat); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("secretariat of an unpublished log: %v", err)
	}
	if c, _, _ := x.Charter(); c != nil {
		t.Error("an unpublished log has a charter")
	}
}

func TestFindsBodiesThatComeLater(t *testing.T) {
	p := story(t, 60)
	all := len(p.world.Logged)
	p.publish(all)
	charter := p.world.Logged[0]
	text := p.change(log.BodyPath(charter.Digest), nil)
	x := p.caughtUp()
	if _, _, clauses := x.Charter(); clauses != nil {
		t.Fatal("clauses without the charter's text")
	}
	missing := func() bool {
		found, _ := x.Findings(t.Context())
		return slices.ContainsFunc(found, func(f pledge.Finding) bool { return f.Code == pledge.FindBodyMissing })
	}
	if !missing() {
		t.Fatal("no finding for a missing text")
	}
	p.change(log.BodyPath(charter.Digest), text)
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if missing() {
		t.Error("the text is there again and the finding too")
	}
	if _, _, clauses := x.Charter(); len(clauses) != len(generator.Clauses) {
		t.Errorf("%d clauses, want %d", len(clauses), len(generator.Clauses))
	}
}

func TestReadsBodiesThatStandInBundlesOnly(t *testing.T) {
	p := story(t, 300)
	p.publish(len(p.world.Logged))
	for _, e := range p.world.Logged[:log.TileWidth] {
		if e.Body != nil {
			p.change(log.BodyPath(e.Digest), nil)
		}
	}
	x := p.caughtUp()
	found, _ := x.Findings(t.Context())
	for _, f := range found {
		if f.Code == pledge.FindBodyMissing {
			t.Errorf("finding: %s", f.Text)
		}
	}
	e, err := x.EntryAt(t.Context(), 0)
	if err != nil || e.BodyState != pledge.BodyPublished || !bytes.Equal(e.Body, p.world.Logged[0].Body) {
		t.Errorf("charter: body %s, error %v", e.BodyState, err)
	}
}

func TestFollowWhileOthersRead(t *testing.T) {
	p := story(t, 560)
	all := len(p.world.Logged)
	x := p.open()
	done := make(chan error)
	go func() { done <- x.Follow(t.Context(), time.Millisecond) }()
	reader := make(chan error)
	go func() {
		for {
			s := x.Snapshot()
			size := s.View().Size
			page, err := s.Entries(t.Context(), index.Query{Filters: index.By(index.FacetKind, "decision"), Limit: 5})
			if err != nil {
				reader <- err
				return
			}
			for _, e := range page.Entries {
				if e.Index >= size || e.Subject == nil || e.Subject.Index >= e.Index {
					reader <- errors.New("a list shows what is not there yet")
					return
				}
			}
			if size == uint64(all) {
				reader <- nil
				return
			}
		}
	}()
	for n := 50; n < all; n += 97 {
		p.publish(n)
	}
	p.publish(all)
	if err := <-reader; err != nil {
		t.Error(err)
	}
	select {
	case err := <-done:
		t.Errorf("follow ended: %v", err)
	default:
	}
}
