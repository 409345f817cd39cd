package log

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// testPolicy trusts the test log and wants two of the witnesses a, b and c.
func testPolicy(t testing.TB) *Policy {
	return mustPolicy(t,
		"log "+testSigner(t, testOrigin).Key().String(),
		"witness A "+testCosigner(t, "a").Key().String(),
		"witness B "+testCosigner(t, "b").Key().String(),
		"witness C "+testMLDSACosigner(t, "c").Key().String(),
		"group g 2 A B C",
		"quorum g",
	)
}

func TestOpen(t *testing.T) {
	a, b, c := testCosigner(t, "a"), testCosigner(t, "b"), testMLDSACosigner(t, "c")
	cp := Checkpoint{Origin: testOrigin, Size: 42, Root: Hash{1}}
	raw := signed(t, cp, map[*Cosigner]uint64{a: 30, b: 10, c: 20, testCosigner(t, "stranger"): 1})
	v, err := testPolicy(t).Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	if v.Checkpoint != cp || !bytes.Equal(v.Raw, raw) || len(v.Note.Signatures) != 5 {
		t.Errorf("checkpoint is %v in %q", v.Checkpoint, v.Raw)
	}
	// All three are kept, though two were enough, at 20.
	want := []Cosignature{{"A", 30}, {"B", 10}, {"C", 20}}
	if diff := cmp.Diff(want, v.Cosignatures); diff != "" {
		t.Error(diff)
	}
	if !v.Satisfied || !v.HasQuorumTime || v.QuorumTime != 20 {
		t.Errorf("quorum time is %d, %v, want 20", v.QuorumTime, v.HasQuorumTime)
	}
	if len(v.LogKeys) != 1 || !v.LogKeys[0].Equal(testSigner(t, testOrigin).Key()) {
		t.Errorf("signed by %v", v.LogKeys)
	}
}

func TestOpenWithoutQuorum(t *testing.T) {
	p := mustPolicy(t,
		"log "+testSigner(t, testOrigin).Key().String(),
		"witness A "+testCosigner(t, "a").Key().String(),
		"quorum none")
	v, err := p.Open(signed(t, Checkpoint{Origin: testOrigin, Size: 1}, map[*Cosigner]uint64{testCosigner(t, "a"): 9}))
	if err != nil {
		t.Fatal(err)
	}
	if !v.Satisfied || v.HasQuorumTime || v.QuorumTime != 0 {
		t.Errorf("quorum none has time %d, %v", v.QuorumTime, v.HasQuorumTime)
	}
	if diff := cmp.Diff([]Cosignature{{"A", 9}}, v.Cosignatures); diff != "" {
		t.Error(diff)
	}
}

func TestOpenUnwitnessed(t *testing.T) {
	p := testPolicy(t)
	raw := signed(t, Checkpoint{Origin: testOrigin, Size: 1}, map[*Cosigner]uint64{testCosigner(t, "a"): 9})
	v, err := p.OpenUnwitnessed(raw)
	if err != nil {
		t.Fatal(err)
	}
	if v.Satisfied || v.HasQuorumTime || len(v.Cosignatures) != 1 {
		t.Errorf("view is %+v", v)
	}
	_, err = p.Open(raw)
	if !errors.Is(err, ErrQuorum) {
		t.Errorf("error %v, want ErrQuorum", err)
	}
	wantError(t, err, "1 of 3")
	if _, err := p.OpenUnwitnessed(signed(t, Checkpoint{Origin: "log.example/other", Size: 1}, nil)); !errors.Is(err, ErrUnknownOrigin) {
		t.Errorf("error %v, want ErrUnknownOrigin", err)
	}
}

// Ways to get a checkpoint past the policy.
func TestOpenRefuses(t *testing.T) {
	a, b, c := testCosigner(t, "a"), testCosigner(t, "b"), testMLDSACosigner(t, "c")
	cp := Checkpoint{Origin: testOrigin, Size: 42, Root: Hash{1}}
	other := Checkpoint{Origin: testOrigin, Size: 43, Root: Hash{1}}
	cosign := func(w *Cosigner, cp Checkpoint, at uint64) NoteSignature {
		s, err := w.Cosign(cp.Marshal(), at)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	logSig := func(cp Checkpoint) NoteSignature {
		n, err := testSigner(t, testOrigin).SignNote(cp.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		return n.Signatures[0]
	}
	as := func(s NoteSignature, k Key) NoteSignature {
		s.Name, s.ID = k.Name, k.ID
		return s
	}
	zero := func(w *Cosigner) NoteSignature { // a good signature with time 0
		message, err := cosignedMessage(w.key, cp.Marshal(), cp, 0)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := w.sign(message)
		if err != nil {
			t.Fatal(err)
		}
		return NoteSignature{w.key.Name, w.key.ID, append(make([]byte, 8), sig...)}
	}
	twin := func(name string) *Cosigner { // another key with the name of a witness
		w, err := NewCosigner(name, testSeed("twin of "+name))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	lateTime := func(s NoteSignature) NoteSignature {
		s.Sig = bytes.Clone(s.Sig)
		s.Sig[0] = 0x80
		return s
	}
	twoLogs := mustPolicy(t,
		"log "+testSigner(t, testOrigin).Key().String(),
		"log "+testSigner(t, "log.example/other").Key().String(),
		"quorum none")
	otherSig, err := testSigner(t, "log.example/other").SignNote(cp.Marshal())
	if err != nil {
		t.Fatal(err)
	}

	for _, tt := range []struct {
		name   string
		policy *Policy
		text   string
		sigs   []NoteSignature
		want   error
	}{
		{"one witness", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5)}, ErrQuorum},
		{"no witness", testPolicy(t), "", []NoteSignature{logSig(cp)}, ErrQuorum},
		{"one witness twice", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), cosign(a, cp, 5)}, ErrQuorum},
		{"one witness at two times", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), cosign(a, cp, 6)}, ErrQuorum},
		{"a stranger", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), cosign(testCosigner(t, "d"), cp, 5)}, ErrQuorum},
		{"a stranger with a witness's name", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), cosign(twin("b"), cp, 5)}, ErrQuorum},
		{"a stranger as a witness", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), as(cosign(twin("b"), cp, 5), b.Key())}, ErrBadSignature},
		{"one witness as another", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), as(cosign(a, cp, 5), b.Key())}, ErrBadSignature},
		{"one witness's ID under another name", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), as(cosign(b, cp, 5), Key{Name: "a", ID: b.Key().ID})}, ErrQuorum},
		{"cosignature of another checkpoint", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), cosign(b, cp, 5), cosign(c, other, 5)}, ErrBadSignature},
		{"one bad beside enough good ones", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), cosign(b, cp, 5), cosign(c, cp, 5), as(cosign(a, other, 5), a.Key())}, ErrBadSignature},
		{"one bad before its good one", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, other, 5), cosign(a, cp, 5), cosign(b, cp, 5)}, ErrBadSignature},
		{"log's signature as a cosignature", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), as(logSig(cp), b.Key())}, ErrBadSignature},
		{"no log signature", testPolicy(t), "", []NoteSignature{cosign(a, cp, 5), cosign(b, cp, 5)}, ErrNoLogSignature},
		{"log signature of another checkpoint", testPolicy(t), "", []NoteSignature{logSig(other), cosign(a, cp, 5), cosign(b, cp, 5)}, ErrBadSignature},
		{"cosignature as the log's", testPolicy(t), "", []NoteSignature{as(cosign(a, cp, 5), testSigner(t, testOrigin).Key()), cosign(a, cp, 5), cosign(b, cp, 5)}, ErrBadSignature},
		{"another log's key", twoLogs, "", otherSig.Signatures, ErrNoLogSignature},
		{"a log that is not in it", testPolicy(t), string(Checkpoint{Origin: "log.example/x", Size: 1}.Marshal()), []NoteSignature{logSig(cp)}, ErrUnknownOrigin},
		{"origin in other case", testPolicy(t), string(Checkpoint{Origin: "LOG.example/test", Size: 1}.Marshal()), []NoteSignature{logSig(cp)}, ErrUnknownOrigin},
		{"time 0, Ed25519", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), zero(b)}, ErrQuorum},
		{"time 0, ML-DSA-44", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), zero(c)}, ErrQuorum},
		{"time over 2^63-1", testPolicy(t), "", []NoteSignature{logSig(cp), cosign(a, cp, 5), lateTime(cosign(b, cp, 5))}, ErrBadSignature},
		{"not a checkpoint", testPolicy(t), "hello\n", []NoteSignature{logSig(cp)}, ErrMalformed},
		{"extension line", testPolicy(t), string(cp.Marshal()) + "more\n", []NoteSignature{logSig(cp)}, ErrMalformed},
		{"size with a leading zero", testPolicy(t), testOrigin + "\n042\n" + zeroRoot + "\n", []NoteSignature{logSig(cp)}, ErrMalformed},
		{"no signature at all", testPolicy(t), "", nil, ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := &Note{Text: []byte(tt.text), Signatures: tt.sigs}
			if tt.text == "" {
				n.Text = cp.Marshal()
			}
			v, err := tt.policy.Open(n.Marshal())
			if !errors.Is(err, tt.want) || v != nil {
				t.Errorf("view %v, error %v, want %v", v, err, tt.want)
			}
			for _, kind := range []error{ErrMalformed, ErrUnknownOrigin, ErrNoLogSignature, ErrBadSignature, ErrQuorum} {
				if kind != tt.want && errors.Is(err, kind) {
					t.Errorf("error %v is also %v", err, kind)
				}
			}
		})
	}
}

// A witness that signed twice counts from the first time on.
func TestOpenTakesTheEarliestTime(t *testing.T) {
	a, b := testCosigner(t, "a"), testCosigner(t, "b")
	n, err := ParseNote(signed(t, Checkpoint{Origin: testOrigin, Size: 1}, map[*Cosigner]uint64{a: 50, b: 20}))
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Cosign(n.Text, 30)
	if err != nil {
		t.Fatal(err)
	}
	n.Signatures = append(n.Signatures, again)
	v, err := testPolicy(t).Open(n.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Cosignature{{"A", 30}, {"B", 20}}, v.Cosignatures); diff != "" || v.QuorumTime != 30 {
		t.Errorf("quorum time %d\n%s", v.QuorumTime, diff)
	}
}

// A log may sign with several keys of the policy, in an overlap or with
// several algorithms.
func TestOpenSeveralLogKeys(t *testing.T) {
	old := testSigner(t, testOrigin)
	next, err := NewSigner(testOrigin, testSeed("next key"))
	if err != nil {
		t.Fatal(err)
	}
	pq := testMLDSACosigner(t, testOrigin)
	p := mustPolicy(t, "log "+old.Key().String(), "log "+next.Key().String(), "log "+pq.Key().String(), "quorum none")
	cp := Checkpoint{Origin: testOrigin, Size: 1}
	for _, signers := range [][]*Signer{{old}, {next}, {next, old}, {old, old}, {}} {
		n := &Note{Text: cp.Marshal()}
		var want []Key
		for _, s := range signers {
			one, err := s.SignNote(n.Text)
			if err != nil {
				t.Fatal(err)
			}
			n.Signatures = append(n.Signatures, one.Signatures...)
			if !slices.ContainsFunc(want, s.Key().Equal) {
				want = append(want, s.Key())
			}
		}
		s, err := pq.Cosign(n.Text, 77)
		if err != nil {
			t.Fatal(err)
		}
		n.Signatures = append(n.Signatures, s)
		want = append(want, pq.Key())
		v, err := p.Open(n.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, v.LogKeys); diff != "" {
			t.Error(diff)
		}
		// The time in the log's own signature is no witness's.
		if v.HasQuorumTime || len(v.Cosignatures) > 0 {
			t.Errorf("view is %+v", v)
		}
	}
}

// satisfied reads the policy as a person would: who is in reach of name, when
// those in have cosigned.
func satisfied(p *Policy, name string, have map[string]bool) bool {
	for _, g := range p.Groups {
		if g.Name != name {
			continue
		}
		n := 0
		for _, m := range g.Members {
			if satisfied(p, m, have) {
				n++
			}
		}
		return n >= g.K
	}
	return have[name]
}

// naiveQuorumTime tries one time after the other.
func naiveQuorumTime(p *Policy, times map[string]uint64) (uint64, bool) {
	best, found := uint64(math.MaxUint64), false
	for _, t := range times {
		have := make(map[string]bool)
		for w, at := range times {
			have[w] = at <= t
		}
		if satisfied(p, p.Quorum, have) && t < best {
			best, found = t, true
		}
	}
	if !found {
		return 0, false
	}
	return best, true
}

func TestQuorumLaws(t *testing.T) {
	log := testSigner(t, testOrigin)
	var cosigners []*Cosigner
	for i := range 12 {
		cosigners = append(cosigners, testCosigner(t, fmt.Sprint("w", i)))
	}
	text := Checkpoint{Origin: testOrigin, Size: 1}.Marshal()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, len(cosigners)).Draw(rt, "witnesses")
		lines := []string{"log " + log.Key().String()}
		var free []string // not yet a member
		for i := range n {
			name := fmt.Sprint("w", i)
			lines = append(lines, "witness "+name+" "+cosigners[i].Key().String())
			free = append(free, name)
		}
		names := slices.Clone(free)
		for g := range rapid.IntRange(0, 6).Draw(rt, "groups") {
			if len(free) == 0 {
				break
			}
			free = rapid.Permutation(free).Draw(rt, "order")
			size := rapid.IntRange(1, len(free)).Draw(rt, "members")
			line := fmt.Sprintf("group g%d %d", g, rapid.IntRange(1, size).Draw(rt, "k"))
			for _, m := range free[:size] {
				line += " " + m
			}
			name := fmt.Sprint("g", g)
			free = append(slices.Clone(free[size:]), name)
			names = append(names, name)
			lines = append(lines, line)
		}
		// Most often the widest: the last group.
		quorum := names[len(names)-1]
		if rapid.IntRange(0, 3).Draw(rt, "inner") == 0 {
			quorum = rapid.SampledFrom(names).Draw(rt, "quorum")
		}
		lines = append(lines, "quorum "+quorum)
		p := mustPolicy(t, lines...)

		note, err := log.SignNote(text)
		if err != nil {
			rt.Fatal(err)
		}
		times := make(map[string]uint64)
		for i := range n {
			at := rapid.Uint64Range(0, 8).Draw(rt, "time")
			if at == 0 {
				continue // did not cosign
			}
			times[fmt.Sprint("w", i)] = at
			s, err := cosigners[i].Cosign(text, at)
			if err != nil {
				rt.Fatal(err)
			}
			note.Signatures = append(note.Signatures, s)
		}
		v, err := p.OpenUnwitnessed(note.Marshal())
		if err != nil {
			rt.Fatal(err)
		}
		want, ok := naiveQuorumTime(p, times)
		if v.Satisfied != ok || v.HasQuorumTime != ok || v.QuorumTime != want {
			rt.Fatalf("quorum time %d, %v, want %d, %v\n%s\n%v", v.QuorumTime, v.Satisfied, want, ok, p.Marshal(), times)
		}
		if _, err := p.Open(note.Marshal()); (err == nil) != ok {
			rt.Fatalf("Open: %v, want satisfied %v", err, ok)
		}
	})
}

// FuzzOpen: nobody without the log's key makes a checkpoint, and a view says no more
// than what was signed.
func FuzzOpen(f *testing.F) {
	p := testPolicy(f)
	a, b, c := testCosigner(f, "a"), testCosigner(f, "b"), testMLDSACosigner(f, "c")
	texts := make(map[string]bool)
	for size, cosigners := range []map[*Cosigner]uint64{nil, {a: 30, b: 10, c: 20}, {a: 9, testCosigner(f, "stranger"): 1}} {
		cp := Checkpoint{Origin: testOrigin, Size: uint64(size), Root: Hash{1}}
		raw := signed(f, cp, cosigners)
		texts[string(cp.Marshal())] = true
		f.Add(raw)
		f.Add(bytes.Replace(raw, []byte("\n1\n"), []byte("\n2\n"), 1))
		f.Add(append(bytes.Clone(raw), raw[bytes.LastIndex(raw, []byte("—")):]...))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := p.OpenUnwitnessed(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnknownOrigin) && !errors.Is(err, ErrBadSignature) && !errors.Is(err, ErrNoLogSignature) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if !texts[string(v.Checkpoint.Marshal())] {
			t.Fatalf("%q was never signed", raw)
		}
		// Two of the three, each with a time, and the quorum was there when the second
		// of them had signed.
		times := make([]uint64, 0, len(v.Cosignatures))
		for _, one := range v.Cosignatures {
			times = append(times, one.Time)
		}
		slices.Sort(times)
		if v.Satisfied != (len(times) >= 2) || v.HasQuorumTime != v.Satisfied || v.Satisfied && v.QuorumTime != times[1] {
			t.Fatalf("%q is %+v", raw, v)
		}
		if _, err := p.Open(raw); (err == nil) != v.Satisfied {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}
