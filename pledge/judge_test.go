package pledge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// founded is a world of n signatories that have pledged, and one challenger-free
// secretariat.
func founded(seed uint64, n int) *generator.World {
	w := generator.New(generator.Options{Seed: seed, Signatories: n + 1})
	w.Log(w.Found())
	for _, a := range w.Signatories[:n] {
		w.Log(w.Admit(a))
		w.Log(w.Pledge(a))
	}
	return w
}

// replay steps over what a world logged.
func replay(w *generator.World) (*pledge.State, []pledge.Verdict, []pledge.Finding) {
	return replayLeaves(w.Options.Origin, w.Logged)
}

func replayLeaves(origin string, entries []*generator.Entry) (*pledge.State, []pledge.Verdict, []pledge.Finding) {
	s, keys := pledge.New(origin), pledge.NewKeyring()
	var verdicts []pledge.Verdict
	var found []pledge.Finding
	for i, e := range entries {
		it := pledge.Read(uint64(i), e.Leaf)
		keys.Try(it)
		keys.Learn(it.Statement)
		v, f := s.Step(it)
		verdicts, found = append(verdicts, v), append(found, f...)
	}
	return s, verdicts, found
}

// TestRejected plays an operator who logs what breaks a rule. Codes and party are
// written from the protocol; what is rejected changes nothing.
func TestRejected(t *testing.T) {
	type world struct {
		*generator.World
		a, b, out *generator.Author
	}
	request := func(w world) *generator.Statement { return w.Request(w.a, "2025-01", nil) }
	for _, c := range []struct {
		name string
		st   func(w world) *generator.Statement
		want entry.Code
	}{
		{"signature over other bytes", func(w world) *generator.Statement {
			st := request(w).Sign()
			st.Envelope.Signatures[0].Sig[0] ^= 1
			return st
		}, pledge.CodeSignatureInvalid},
		{"signature too many, though good", func(w world) *generator.Statement {
			return request(w).Encode().SignWith(append(slices.Clone(w.a.Signers()), w.b.Signers()...)...)
		}, pledge.CodeSignatureUncalled},
		{"signature by a key nobody knows", func(w world) *generator.Statement {
			return request(w).Encode().SignWith(w.NewKey("stranger"))
		}, pledge.CodeSignatureUncalled},
		{"operator's key signs for a signatory", func(w world) *generator.Statement {
			return request(w).Encode().SignWith(w.Operator...)
		}, pledge.CodeSignatureUncalled},
		{"secretariat short of its threshold", func(w world) *generator.Statement {
			return w.Admit(w.out).Encode().SignWith(append(slices.Clone(w.out.Keys), w.Secretariat.Keys[0])...)
		}, pledge.CodeSignaturesTooFew},
		{"admission without the admitted key", func(w world) *generator.Statement {
			return w.Admit(w.out).Encode().SignWith(w.Secretariat.Signers()...)
		}, pledge.CodeSignaturesTooFew},
		{"recovery keys admit", func(w world) *generator.Statement {
			return w.Admit(w.out).Encode().SignWith(append(slices.Clone(w.out.Keys), w.Recovery...)...)
		}, pledge.CodeSignatureUncalled},
		{"author that is not admitted", func(w world) *generator.Statement { return w.Pledge(w.out) }, pledge.CodeAuthorUnknown},
		{"author admitted twice", func(w world) *generator.Statement {
			st := w.Admit(w.out)
			st.Statement.Body.(*entry.Admit).ID = w.a.ID
			return st
		}, pledge.CodeAuthorTaken},
		{"key of another author", func(w world) *generator.Statement {
			st := w.Admit(w.out)
			st.Statement.Body.(*entry.Admit).Keys = keysOf(w.a.Keys)
			st.Statement.Body.(*entry.Admit).Threshold = 1
			st.Signers = append(slices.Clone(w.Secretariat.Signers()), w.a.Keys...)
			return st
		}, pledge.CodeKeyTaken},
		{"key of the secretariat", func(w world) *generator.Statement {
			st := w.Admit(w.out)
			st.Statement.Body.(*entry.Admit).Keys = keysOf(w.Secretariat.Keys[:1])
			st.Statement.Body.(*entry.Admit).Threshold = 1
			st.Signers = w.Secretariat.Signers()
			return st
		}, pledge.CodeKeyTaken},
		{"gap", func(w world) *generator.Statement { st := request(w); st.Seq += 1; return st }, pledge.CodeSeqGap},
		{"seq again", func(w world) *generator.Statement {
			st := request(w)
			st.Seq, st.Prev = 1, entry.ID{}
			return st
		}, pledge.CodeSeqTaken},
		{"prev of another", func(w world) *generator.Statement { st := request(w); st.Prev = w.b.Head; return st }, pledge.CodePrevMismatch},
		{"for another log", func(w world) *generator.Statement { st := request(w); st.Log = "log.other.example"; return st }, pledge.CodeOrigin},
		{"signatory admits", func(w world) *generator.Statement {
			st := w.Admit(w.out)
			st.Author, st.Seq, st.Prev = w.a.ID, w.a.Seq+1, w.a.Head
			return st
		}, pledge.CodeKindNotAllowed},
		{"secretariat files a request", func(w world) *generator.Statement {
			st := request(w)
			st.Author, st.Seq, st.Prev = "secretariat", w.Secretariat.Seq+1, w.Secretariat.Head
			return st.Encode().SignWith(w.Secretariat.Signers()...)
		}, pledge.CodeKindNotAllowed},
		{"a second charter", func(w world) *generator.Statement { return w.Found() }, pledge.CodeCharterMisplaced},
		{"pledge of another charter", func(w world) *generator.Statement {
			st := w.Pledge(w.a)
			st.Statement.Body.(*entry.Pledge).Charter[0] ^= 1
			return st
		}, pledge.CodeReferenceUnknown},
		{"pledge of a clause that is none", func(w world) *generator.Statement {
			st := w.Pledge(w.a)
			st.Statement.Body.(*entry.Pledge).Clauses = []string{"world-peace"}
			return st
		}, pledge.CodeClauseUnknown},
		{"digest used before", func(w world) *generator.Statement {
			one := request(w)
			w.Log(one)
			two := request(w)
			two.Body, two.BodyDigest = one.Body, one.BodyDigest
			return two
		}, pledge.CodeDigestReused},
		{"request in another kind of period", func(w world) *generator.Statement {
			st := request(w)
			st.Statement.Body.(*entry.Request).Received = "2025-H1"
			return st
		}, pledge.CodePeriodKind},
		{"decision on another's request", func(w world) *generator.Statement {
			f := w.Log(w.Request(w.b, "2025-01", nil))
			st := w.Decision(f, "refused", nil)
			st.Author, st.Seq, st.Prev, st.Signers = w.a.ID, w.a.Seq+1, w.a.Head, w.a.Signers()
			st.Detached.(*entry.DecisionBody).Author = w.a.ID
			return st
		}, pledge.CodeReferenceUnknown},
		{"decision on a pledge", func(w world) *generator.Statement {
			f := w.Log(request(w))
			f.ID = w.Charter
			return w.Decision(f, "refused", nil)
		}, pledge.CodeReferenceUnknown},
		{"attestation before the period ended", func(w world) *generator.Statement {
			p, _ := entry.ParsePeriod("2025-Q1")
			w.SetNow(p.End() - 1)
			return w.Attestation(w.a, p)
		}, pledge.CodeAttestationEarly},
		{"attestation for another kind of period", func(w world) *generator.Statement {
			p, _ := entry.ParsePeriod("2025-H1")
			w.SetNow(p.End())
			return w.Attestation(w.a, p)
		}, pledge.CodePeriodKind},
		{"a leaf over its kind's size", func(w world) *generator.Statement {
			st := w.Pledge(w.a)
			list := make([]string, 0, 1200)
			for i := range 1200 {
				list = append(list, fmt.Sprintf("clause-%025d", i))
			}
			st.Statement.Body.(*entry.Pledge).Clauses = list
			return st
		}, entry.CodeLeafTooLarge},
		{"payload that is not canonical", func(w world) *generator.Statement {
			st := request(w).Encode()
			return st.SetPayload([]byte(strings.Replace(string(st.Payload), ":", ": ", 1)))
		}, entry.CodeNotCanonical},
		{"kind that does not exist", func(w world) *generator.Statement { st := request(w); st.Kind = "confession"; return st }, entry.CodeKindUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := founded(7, 2)
			x := world{w, w.Signatories[0], w.Signatories[1], w.Signatories[2]}
			w.Advance(24 * time.Hour)
			st := c.st(x)
			before, _, found := replay(w)
			if len(found) > 0 {
				t.Fatalf("the log before it has findings: %+v", found)
			}
			w.LogVoid(st)
			at := len(w.Logged) - 1
			after, verdicts, found := replay(w)
			if v := verdicts[at]; v.Kind != pledge.Rejected || v.Code != c.want {
				t.Fatalf("verdict %+v, want rejected: %s", v, c.want)
			}
			if len(found) != 1 || found[0].Code != pledge.FindRejected || found[0].Reason != c.want || found[0].Concerns != pledge.RoleOperator || found[0].Author != "" || *found[0].Index != uint64(at) {
				t.Errorf("findings %+v, want one on the operator: %s", found, c.want)
			}
			now := max(before.Now(), after.Now())
			if d := cmp.Diff(before.Statuses(now), after.Statuses(now), cmp.AllowUnexported(entry.Period{}, entry.Claim{})); d != "" {
				t.Errorf("what was rejected changed something:\n%s", d)
			}
			// Its seq and id are not used up: the author goes on.
			w.Log(w.Request(x.a, "2025-01", nil))
			_, verdicts, _ = replay(w)
			if v := verdicts[at+1]; v.Kind != pledge.Accepted {
				t.Errorf("the next statement is %+v", v)
			}
		})
	}
}

func keysOf(keys []*generator.Key) []entry.Key {
	out := make([]entry.Key, len(keys))
	for i, k := range keys {
		out[i] = k.Public
	}
	return out
}

func TestFirstStatements(t *testing.T) {
	w := generator.New(generator.Options{Seed: 1, Signatories: 1})
	a := w.Signatories[0]
	charter := w.Found()

	t.Run("no charter", func(t *testing.T) {
		w := generator.New(generator.Options{Seed: 1, Signatories: 1})
		w.LogVoid(w.Admit(w.Signatories[0]))
		if _, v, _ := replay(w); v[0].Code != pledge.CodeCharterMissing {
			t.Errorf("%+v, want %s", v[0], pledge.CodeCharterMissing)
		}
	})
	t.Run("charter that a recovery key did not sign", func(t *testing.T) {
		w := generator.New(generator.Options{Seed: 1, Signatories: 1})
		st := w.Found()
		st.Signers = slices.DeleteFunc(slices.Clone(st.Signers), func(k *generator.Key) bool { return k == w.Recovery[0] })
		w.LogVoid(st)
		if _, v, _ := replay(w); v[0].Code != pledge.CodeSignaturesTooFew {
			t.Errorf("%+v, want %s", v[0], pledge.CodeSignaturesTooFew)
		}
	})
	w.Log(charter)
	w.Log(w.Admit(a))
	t.Run("request before the pledge", func(t *testing.T) {
		w := *w
		w.LogVoid(w.Request(a, "2025-01", nil))
		if _, v, _ := replay(&w); v[2].Code != pledge.CodePledgeFirst {
			t.Errorf("%+v, want %s", v[2], pledge.CodePledgeFirst)
		}
	})
	t.Run("charter again", func(t *testing.T) {
		w := *w
		w.LogVoid(charter)
		_, v, found := replay(&w)
		if v[2].Kind != pledge.Duplicate || len(found) != 1 || found[0].Code != pledge.FindDuplicate {
			t.Errorf("%+v %+v, want a duplicate", v[2], found)
		}
	})
}

func TestLeavesWithoutEffect(t *testing.T) {
	w := founded(2, 1)
	a := w.Signatories[0]
	st := w.Request(a, "2025-01", nil)
	w.Log(st)
	w.LogVoid(st) // 4: again
	again := *st  // 5: again, with other signatures: still the same statement
	again.Envelope = &entry.Envelope{Payload: st.Envelope.Payload}
	again.Envelope.Sign(a.Keys[0].ID, make([]byte, 64))
	w.LogVoid(&again)
	w.LogLeaf([]byte("not a leaf")) // 6
	w.LogLeaf(nil)                  // 7
	s, v, found := replay(w)
	want := []struct {
		kind pledge.VerdictKind
		code entry.Code
	}{4: {pledge.Duplicate, pledge.FindDuplicate}, 5: {pledge.Duplicate, pledge.FindDuplicate}, 6: {pledge.Malformed, pledge.FindLeafMalformed}, 7: {pledge.Malformed, pledge.FindLeafMalformed}}
	for i := 4; i < 8; i++ {
		if v[i].Kind != want[i].kind || found[i-4].Code != want[i].code || found[i-4].Concerns != pledge.RoleOperator {
			t.Errorf("entry %d: %+v %+v, want %+v", i, v[i], found[i-4], want[i])
		}
	}
	if len(found) != 4 {
		t.Errorf("%d findings, want 4", len(found))
	}
	if seq, head, _ := s.Head(a.ID); seq != 2 || head != st.ID {
		t.Errorf("head %d %s, want 2 %s", seq, head, st.ID)
	}
}

func TestTimeFindings(t *testing.T) {
	w := founded(3, 1)
	a := w.Signatories[0]
	w.Advance(time.Hour)
	one := w.Request(a, "2025-01", nil)
	one.Made = w.Now() + 600 // ten minutes: still in order
	w.Log(one)
	two := w.Request(a, "2025-01", nil)
	two.Made = w.Now() + 601
	w.Log(two)
	three := w.Request(a, "2025-01", nil)
	three.Made = two.Made - 1
	w.Log(three)
	w.Advance(-time.Second)
	four := w.Request(a, "2025-01", nil)
	four.Made = three.Made
	w.Log(four)
	s, v, found := replay(w)
	for i, v := range v {
		if v.Kind != pledge.Accepted {
			t.Errorf("entry %d: %+v: time is never a ground to reject", i, v)
		}
	}
	got := make([]string, len(found))
	for i, f := range found {
		got[i] = fmt.Sprintf("%d %s %s", *f.Index, f.Code, f.Concerns)
	}
	want := []string{"4 made-after-logged author", "5 made-decreases author", "6 logged-decreases operator"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	if s.Now() != w.Now()+1 {
		t.Errorf("time is %d, want the largest logged so far, %d", s.Now(), w.Now()+1)
	}
}

// TestOnlyAcceptedMovesTime: leaves without effect that are dated ahead put no keys
// into force, let no deadline pass and call for no directory. That they are dated
// ahead shows where the next one is dated rightly.
func TestOnlyAcceptedMovesTime(t *testing.T) {
	x := newCast(57)
	x.Log(x.Rekey(x.a, generator.Ring{Keys: x.NewKeys("fresh", 1), Threshold: 1}))
	x.Log(x.Directory())
	before, _, _ := replay(x.World)
	if _, _, due := before.DirectoryDue(); due {
		t.Fatal("a directory is due after a directory")
	}
	stray := x.Request(x.b, "2025-01", nil)
	stray.Seq += 5
	stray.Sign()
	ahead := x.Now() + 400*86400
	for _, envelope := range []*entry.Envelope{stray.Envelope, x.request.Envelope} {
		x.LogLeaf((&entry.Leaf{Logged: ahead, Statement: envelope}).Marshal())
	}
	s, v, _ := replay(x.World)
	if n := len(v); v[n-2].Kind != pledge.Rejected || v[n-1].Kind != pledge.Duplicate {
		t.Fatalf("the leaves that are dated ahead are %+v", v[n-2:])
	}
	if s.Now() != x.Now() || s.LastLogged() != ahead {
		t.Errorf("now is %d, the last is logged %d; want %d and %d", s.Now(), s.LastLogged(), x.Now(), ahead)
	}
	if _, _, due := s.DirectoryDue(); due {
		t.Error("leaves without effect call for a directory")
	}
	if d := cmp.Diff(before.Directory(), s.Directory()); d != "" {
		t.Errorf("leaves without effect changed a row: %s", d)
	}
	if st := status(t, s, x.a, x.Now()); st.KeysWaiting == nil || st.KeysChanged != nil {
		t.Errorf("keys of last resort are in force before their time: %+v", st)
	}
	x.Log(x.Request(x.b, "2025-01", nil))
	_, v, found := replay(x.World)
	last := uint64(len(v) - 1)
	if v[last].Kind != pledge.Accepted {
		t.Errorf("the next leaf is %+v", v[last])
	}
	if got := codesOf(slices.DeleteFunc(found, func(f pledge.Finding) bool { return *f.Index != last })); !slices.Equal(got, []string{"logged-decreases operator"}) {
		t.Errorf("the next leaf: %v", got)
	}
}

// TestReplayIsDeterministic and that authors who do not refer to each other may
// be interleaved in any way without a change of status.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64Range(0, 1000).Draw(t, "seed")
		w := generator.New(generator.Options{Seed: seed, Signatories: 3, Lapses: 200})
		if err := w.Story(rapid.IntRange(10, 80).Draw(t, "size")); err != nil {
			t.Fatal(err)
		}
		s1, _, f1 := replay(w)
		s2, _, f2 := replay(w)
		at := s1.Now() + rapid.Int64Range(0, 200*86400).Draw(t, "later")
		opts := cmp.AllowUnexported(entry.Period{}, entry.Claim{})
		if d := cmp.Diff(s1.Statuses(at), s2.Statuses(at), opts); d != "" || !cmp.Equal(f1, f2) || !cmp.Equal(s1.Promises(at), s2.Promises(at)) {
			t.Fatalf("two replays differ: %s", d)
		}
		// A rejected leaf at any place changes no status.
		cut := rapid.IntRange(1, len(w.Logged)).Draw(t, "cut")
		stray := w.Request(w.Signatories[0], "2025-01", nil)
		stray.Seq += 1000
		stray.Sign()
		logged, err := entry.ParseLeaf(w.Logged[cut-1].Leaf)
		if err != nil {
			t.Fatal(err)
		}
		leaf := (&entry.Leaf{Logged: logged.Logged, Statement: stray.Envelope}).Marshal()
		s3, v3, _ := replayLeaves(w.Options.Origin, slices.Insert(slices.Clone(w.Logged), cut, &generator.Entry{Leaf: leaf}))
		if v3[cut].Kind != pledge.Rejected {
			t.Fatalf("the stray leaf is %+v", v3[cut])
		}
		ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Index" }, cmp.Ignore())
		if d := cmp.Diff(s1.Statuses(at), s3.Statuses(at), opts, ignore); d != "" {
			t.Fatalf("a rejected leaf changed something: %s", d)
		}
	})
}

func TestGoodLogHasNoFindings(t *testing.T) {
	w := generator.New(generator.Options{Seed: 11, Signatories: 10})
	if err := w.Story(400); err != nil {
		t.Fatal(err)
	}
	s, v, found := replay(w)
	for i, v := range v {
		if v.Kind != pledge.Accepted {
			t.Errorf("entry %d: %+v", i, v)
		}
	}
	if len(found) > 0 {
		t.Errorf("findings on a good log: %+v", found)
	}
	for _, f := range s.Promises(s.Now()) {
		t.Errorf("finding on a good log: %+v", f)
	}
}

func TestCatalogue(t *testing.T) {
	seen := make(map[entry.Code]bool)
	for _, m := range pledge.Catalogue {
		if seen[m.Code] || m.Title == "" || !strings.HasSuffix(m.Meaning, ".") {
			t.Errorf("%s is there twice, or has no title or meaning", m.Code)
		}
		seen[m.Code] = true
		for _, word := range []string{"lied", "failed to", "gagged", "guilty", "violat"} {
			if strings.Contains(strings.ToLower(m.Title+m.Meaning), word) {
				t.Errorf("%s says %q", m.Code, word)
			}
		}
	}
}
