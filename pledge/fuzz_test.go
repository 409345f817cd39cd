package pledge_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// FuzzReplay bends a good log and steps over it. Whatever was done to it, it is
// judged, in bounded time and the same way each time; a leaf that is not accepted
// has no effect; a state that was saved on the way goes on as if it had not been;
// and one that is given part of the log judges that.
func FuzzReplay(f *testing.F) {
	g := newGood(f)
	for cut := byte(0); int(cut) <= len(g.leaves); cut += 2 {
		f.Add([]byte{cut, 0, 0, 40, 1, cut, 1 << (cut % 8), 255})
	}
	for what := range byte(8) {
		for place := range byte(2) {
			edits := []byte{what, 11 + 29*place, 1, 2, 3, 4, 5, 6, 7, 8, what, 50, 8, 7, 6, 5, 4, 3, 2, 1}
			f.Add(slices.Concat([]byte{20 + 20*place, 0, 0, 40, place, what, 255, 255, what & 1}, edits))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { g.hold(t, b) })
}

// hold does with a log what a script says, and holds what becomes of it to the laws.
func (g *good) hold(t *testing.T, b []byte) {
	began := time.Now()
	s := &script{b}
	cut, later, anew, who, mask := s.number(), s.number(), s.byte(), s.byte(), s.byte()
	leaves := g.bend(s)
	r := &replayed{g: g, leaves: leaves, later: int64(later) * 3600}
	for i, leaf := range leaves {
		r.items = append(r.items, g.item(uint64(i), leaf))
	}
	r.run(t)
	r.fromSaved(t, cut%(len(leaves)+1))
	if anew%4 == 0 {
		r.afresh(t)
	}
	r.partly(t, g.world.Signatories[int(who)%len(g.world.Signatories)].ID, mask)
	// Some hundred leaves take milliseconds. The bound leaves room for a machine
	// that has other things to do.
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("%d leaves took %v", len(leaves), took)
	}
}

// A replayed is a log that was stepped over.
type replayed struct {
	g      *good
	leaves [][]byte
	items  []*pledge.Item
	later  int64 // seconds after the last entry at which promises are looked at

	state    *pledge.State
	verdicts []pledge.Verdict
	found    []pledge.Finding
}

// maxHeld bounds for how many leaves of one log it is held that they have no
// effect: it is slow to look.
const maxHeld = 40

func (r *replayed) run(t *testing.T) {
	r.state = pledge.New(r.g.world.Options.Origin)
	held := 0
	for _, it := range r.items {
		judged := r.state.Judge(it)
		hold := func() {}
		if judged.Kind != pledge.Accepted && held < maxHeld {
			held++
			hold = r.holdNoEffect(t, it, held%8 == 1)
		}
		v, found := r.state.Step(it)
		if v != judged {
			t.Fatalf("leaf %d was judged %+v and then %+v", it.Index, judged, v)
		}
		if err := sound(v, found, it.Index); err != nil {
			t.Fatalf("leaf %d, %+v: %v", it.Index, v, err)
		}
		hold()
		r.verdicts, r.found = append(r.verdicts, v), append(r.found, found...)
	}
	if got, want := r.state.Size(), uint64(len(r.items)); got != want {
		t.Fatalf("%d leaves make a size of %d", want, got)
	}
	at := r.state.Now() + r.later
	r.state.Statuses(at)
	for _, f := range r.state.Promises(at) {
		if _, ok := pledge.MeaningOf(f.Code); !ok {
			t.Fatalf("a finding that the catalogue does not have: %+v", f)
		}
	}
}

// sound holds the form of a verdict and its findings.
func sound(v pledge.Verdict, found []pledge.Finding, index uint64) error {
	if reasons := v.Kind == pledge.Rejected || v.Kind == pledge.Malformed; reasons != (v.Code != "") {
		return fmt.Errorf("%s, and the reason is %q", v.Kind, v.Code)
	}
	told := false
	for _, f := range found {
		m, ok := pledge.MeaningOf(f.Code)
		switch {
		case !ok || f.Severity != m.Severity || f.Concerns != m.Concerns:
			return fmt.Errorf("not as in the catalogue: %+v", f)
		case f.Index == nil || *f.Index != index:
			return fmt.Errorf("of another entry: %+v", f)
		case v.Kind != pledge.Accepted && f.Concerns != pledge.RoleOperator:
			return fmt.Errorf("an author is told of a leaf without effect: %+v", f)
		}
		switch f.Code {
		case pledge.FindRejected, pledge.FindDirectoryFalse, pledge.FindDuplicate, pledge.FindLeafMalformed:
			told = true
		}
	}
	if told == (v.Kind == pledge.Accepted) {
		return fmt.Errorf("told of a leaf without effect: %t, in %+v", told, found)
	}
	return nil
}

// holdNoEffect notes how things stand before a leaf that will not be accepted,
// however it is dated, and returns what holds the state to that afterwards.
func (r *replayed) holdNoEffect(t *testing.T, it *pledge.Item, whole bool) func() {
	bare := ""
	if whole {
		bare = withoutCount(t, r.state)
	}
	at := r.state.Now() + r.later
	rows, statuses := r.state.Directory(), told(t, r.state.Statuses(at))
	return func() {
		if d := cmp.Diff(rows, r.state.Directory()); d != "" {
			t.Fatalf("leaf %d was not accepted and changes the directory: %s", it.Index, d)
		}
		if d := cmp.Diff(statuses, told(t, r.state.Statuses(at))); d != "" {
			t.Fatalf("leaf %d was not accepted and changes a status: %s", it.Index, d)
		}
		if bare != "" && bare != withoutCount(t, r.state) {
			t.Fatalf("leaf %d was not accepted and changes what is kept", it.Index)
		}
	}
}

// told writes statuses down, as they hold pointers into the state.
func told(t *testing.T, list []pledge.Status) string {
	b, err := json.Marshal(list, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// withoutCount is all that a state keeps, but for the number of leaves and the
// largest log time of all of them, which every leaf may change.
func withoutCount(t *testing.T, s *pledge.State) string {
	var kept struct {
		Format string
		Kept   map[string]jsontext.Value
	}
	if err := json.Unmarshal(saved(t, s), &kept); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Size", "Latest", "Started"} {
		if _, ok := kept.Kept[name]; !ok {
			t.Fatalf("a saved state has no %s", name)
		}
		delete(kept.Kept, name)
	}
	b, err := json.Marshal(kept, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func saved(t *testing.T, s *pledge.State) []byte {
	var b bytes.Buffer
	if err := s.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// same wants another replay to have come to the same.
func (r *replayed) same(t *testing.T, what string, s *pledge.State, verdicts []pledge.Verdict, found []pledge.Finding) {
	t.Helper()
	if d := cmp.Diff(r.verdicts, verdicts); d != "" {
		t.Fatalf("%s: %s", what, d)
	}
	if d := cmp.Diff(r.found, found); d != "" {
		t.Fatalf("%s: %s", what, d)
	}
	if r.root(t, r.state) != r.root(t, s) {
		t.Fatalf("%s: the directory has another root", what)
	}
	at := r.state.Now() + r.later
	if d := cmp.Diff(r.state.Promises(at), s.Promises(at)); d != "" {
		t.Fatalf("%s: %s", what, d)
	}
	for _, it := range r.items {
		if it.Statement == nil || it.Statement.BodyDigest == "" {
			continue
		}
		id, digest := it.Statement.ID, it.Statement.BodyDigest
		if a, b := r.state.Text(id, digest), s.Text(id, digest); a != b {
			t.Fatalf("%s: the text of %s is %+v, and %+v", what, id, a, b)
		}
		if a, b := r.state.Named(digest), s.Named(digest); a != b {
			t.Fatalf("%s: the text %s is %+v, and %+v", what, digest, a, b)
		}
	}
	if !bytes.Equal(saved(t, r.state), saved(t, s)) {
		t.Fatalf("%s: it comes to another state", what)
	}
}

func (r *replayed) root(t *testing.T, s *pledge.State) string {
	root, err := pledge.DirectoryRoot(s.Directory())
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func steps(s *pledge.State, items []*pledge.Item) (verdicts []pledge.Verdict, found []pledge.Finding) {
	for _, it := range items {
		v, f := s.Step(it)
		verdicts, found = append(verdicts, v), append(found, f...)
	}
	return verdicts, found
}

// fromSaved steps over the log once more, saves the state after some leaves, and goes
// on from what is read back.
func (r *replayed) fromSaved(t *testing.T, cut int) {
	s := pledge.New(r.g.world.Options.Origin)
	verdicts, found := steps(s, r.items[:cut])
	kept := saved(t, s)
	back, err := pledge.Restore(bytes.NewReader(kept))
	if err != nil {
		t.Fatalf("saved after %d leaves: %v", cut, err)
	}
	if !bytes.Equal(kept, saved(t, back)) {
		t.Fatalf("saved after %d leaves, read and saved again it is another", cut)
	}
	v, f := steps(back, r.items[cut:])
	r.same(t, fmt.Sprintf("saved after %d leaves", cut), back, append(verdicts, v...), append(found, f...))
}

// afresh reads the leaves anew, learns each key only where it is brought, and tries
// all signatures together.
func (r *replayed) afresh(t *testing.T) {
	ring, items := pledge.NewKeyring(), make([]*pledge.Item, len(r.leaves))
	for i, leaf := range r.leaves {
		items[i] = pledge.Read(uint64(i), leaf)
		ring.Learn(items[i].Statement)
	}
	ring.TryAll(items)
	for i, it := range items {
		// A key that only a dropped leaf brings is known here to r.items alone; no
		// rule calls for a signature by it.
		for j, id := range keysOfItem(it) {
			if ring.Key(id) != nil && it.Valid[j] != r.items[i].Valid[j] {
				t.Fatalf("leaf %d: tried with others the signature by %s verifies: %t", i, id, it.Valid[j])
			}
		}
	}
	s := pledge.New(r.g.world.Options.Origin)
	_, found := steps(s, items)
	if r.root(t, r.state) != r.root(t, s) || len(found) != len(r.found) {
		t.Fatal("read anew it comes to another directory, or other findings")
	}
}

func keysOfItem(it *pledge.Item) []entry.KeyID {
	if it.Statement == nil {
		return nil
	}
	return keysOn(it.Leaf)
}

// partly gives a state of one author's chain that chain and what else it wants of
// the log: it judges without the rest, whatever it is given.
func (r *replayed) partly(t *testing.T, whole string, mask byte) {
	p := pledge.NewPartial(r.g.world.Options.Origin, whole)
	for i, it := range r.items {
		if i == 0 || it.Statement == nil || it.Statement.Author == whole || mask>>(i%8)&1 == 1 {
			v, _ := p.Step(it)
			if v.Kind == pledge.Malformed && it.Leaf != nil {
				t.Fatalf("leaf %d was read and is %+v", it.Index, v)
			}
		}
	}
	at := p.Now() + r.later
	p.Statuses(at)
	p.Promises(at)
}

// FuzzRestore reads states as they were saved, and damaged ones. What is read is
// saved again; and what was saved comes back as the same bytes.
func FuzzRestore(f *testing.F) {
	w := playEveryKind()
	s, n := pledge.New(w.Options.Origin), 0
	for _, until := range []int{0, 1, 6, 20, len(w.Logged)} {
		for ; n < until; n++ {
			it := pledge.Read(uint64(n), w.Logged[n].Leaf)
			for range it.Leaf.Statement.Signatures {
				it.Valid = append(it.Valid, true)
			}
			s.Step(it)
		}
		var b bytes.Buffer
		if err := s.Save(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		f.Add(b.Bytes()[:b.Len()*2/3])
		for _, damage := range [][2]string{
			{`"People":[{`, `"People":[null,{`}, {`"Attested":{`, `"Attested":{"2025-Q1":null,`}, {`"Void":[]`, `"Void":[null]`}, {`"Challenges":[{`, `"Challenges":[null,{`},
			{`"Records":["`, `"Records":["","`}, {`"Records":[]`, `"Records":["AAAA"]`}, {`"No":1`, `"No":65535`}, {`"Opened":{`, `"Opened":{"4294967295":[{}],`},
			{`"Size":`, `"Size":-`}, {`"Requests":[0`, `"Requests":[4294967295`}, {`pledgelog.state.v1`, `pledgelog.state.v0`},
		} {
			f.Add(bytes.Replace(b.Bytes(), []byte(damage[0]), []byte(damage[1]), 1))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := pledge.Restore(bytes.NewReader(b))
		runtime.ReadMemStats(&after)
		if took, most := after.TotalAlloc-before.TotalAlloc, uint64(4<<20+1000*len(b)); took > most {
			t.Errorf("%d bytes were read with %d bytes of memory", len(b), took)
		}
		if err != nil {
			if !errors.Is(err, pledge.ErrSaved) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		kept := saved(t, s)
		again, err := pledge.Restore(bytes.NewReader(kept))
		if err != nil {
			t.Fatalf("what was saved can't be read: %v", err)
		}
		if !bytes.Equal(kept, saved(t, again)) {
			t.Fatal("saved, read and saved again it is another state")
		}
	})
}
