package pledge_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// last is the verdict on the last leaf of a world.
func last(t *testing.T, w *generator.World) pledge.Verdict {
	t.Helper()
	_, v, _ := replay(w)
	return v[len(v)-1]
}

func wants(t *testing.T, w *generator.World, code entry.Code) {
	t.Helper()
	if v := last(t, w); v.Kind != pledge.Rejected || v.Code != code {
		t.Errorf("%+v, want rejected: %s", v, code)
	}
}

// A charter stands at index 0 only, even where there is no charter yet.
func TestCharterComesTooLate(t *testing.T) {
	w := generator.New(generator.Options{Seed: 41, Signatories: 1})
	w.LogLeaf([]byte("not a leaf"))
	w.LogVoid(w.Found())
	wants(t, w, pledge.CodeCharterMisplaced)
	w.LogVoid(w.Admit(w.Signatories[0]))
	wants(t, w, pledge.CodeCharterMissing)
}

func TestCharterIsItsAuthorsFirst(t *testing.T) {
	w := generator.New(generator.Options{Seed: 42, Signatories: 1})
	st := w.Found()
	st.Seq, st.Prev = 2, entry.ID{1}
	w.LogVoid(st)
	wants(t, w, pledge.CodeSeqGap)
}

// No key signs both checkpoints and statements, whichever comes first.
func TestCheckpointKeyIsNobodys(t *testing.T) {
	vkeyOf := func(w *generator.World, k *generator.Key) string {
		raw := append([]byte{1}, k.Private().Public().(ed25519.PublicKey)...)
		return w.Options.Origin + "+00000000+" + base64.StdEncoding.EncodeToString(raw)
	}
	for name, key := range map[string]func(w *generator.World) *generator.Key{
		"the secretariat's": func(w *generator.World) *generator.Key { return w.Secretariat.Keys[0] },
		"recovery's":        func(w *generator.World) *generator.Key { return w.Recovery[0] },
		"the operator's":    func(w *generator.World) *generator.Key { return w.Operator[0] },
	} {
		w := generator.New(generator.Options{Seed: 43, Signatories: 1})
		st := w.Found()
		c := st.Statement.Body.(*entry.Charter)
		c.LogKeys = append(c.LogKeys, vkeyOf(w, key(w)))
		w.LogVoid(st)
		if v := last(t, w); v.Code != pledge.CodeKeyTaken {
			t.Errorf("%s key: %+v, want %s", name, v, pledge.CodeKeyTaken)
		}
	}
	w := generator.New(generator.Options{Seed: 43, Signatories: 1})
	st := w.Found()
	c := st.Statement.Body.(*entry.Charter)
	c.LogKeys = append(c.LogKeys, vkeyOf(w, w.Signatories[0].Keys[0]))
	w.Log(st)
	w.LogVoid(w.Admit(w.Signatories[0]))
	wants(t, w, pledge.CodeKeyTaken)
}

// Recovery's and the operator's keys belong to them for ever.
func TestKeysOfTheCharterAreTaken(t *testing.T) {
	for name, keys := range map[string]func(w *generator.World) []*generator.Key{
		"recovery's":     func(w *generator.World) []*generator.Key { return w.Recovery[:1] },
		"the operator's": func(w *generator.World) []*generator.Key { return w.Operator[:1] },
	} {
		w := founded(44, 1)
		st := w.Admit(w.Signatories[1])
		b := st.Statement.Body.(*entry.Admit)
		b.Keys, b.Threshold = keysOf(keys(w)), 1
		st.Signers = append(slices.Clone(w.Secretariat.Signers()), keys(w)...)
		w.LogVoid(st)
		if v := last(t, w); v.Code != pledge.CodeKeyTaken {
			t.Errorf("%s key: %+v, want %s", name, v, pledge.CodeKeyTaken)
		}
	}
}

// A challenger makes none of a signatory's statements.
func TestChallengerIsNoSignatory(t *testing.T) {
	w := founded(45, 1)
	c := w.Signatories[1]
	c.Role = entry.RoleChallenger
	w.Log(w.Admit(c))
	f := &generator.Filed{ID: w.Charter, By: c}
	for _, st := range []*generator.Statement{w.Pledge(c), w.Request(c, "2025-01", nil), w.Decision(f, "refused", nil), w.Attestation(c, period("2024-Q4"))} {
		w.LogVoid(st)
		if v := last(t, w); v.Code != pledge.CodeKindNotAllowed {
			t.Errorf("%s by a challenger: %+v, want %s", st.Kind, v, pledge.CodeKindNotAllowed)
		}
	}
}

// Keys for slots sign no statements.
func TestSlotKeySignsNoStatement(t *testing.T) {
	w := generator.New(generator.Options{Seed: 46, Signatories: 1})
	w.Log(w.Found())
	a := w.Signatories[0]
	slot := w.NewKey("slot")
	slot.Public.Use = entry.UseSlot
	st := w.Admit(a)
	b := st.Statement.Body.(*entry.Admit)
	b.Keys = append(keysOf(a.Keys), slot.Public)
	st.Signers = append(st.Signers, slot)
	w.Log(st)
	if v := last(t, w); v.Kind != pledge.Accepted {
		t.Fatalf("admission with a slot key: %+v", v)
	}
	w.LogVoid(w.Pledge(a).Encode().SignWith(slot))
	wants(t, w, pledge.CodeSignatureUncalled)
	w.LogVoid(w.Pledge(a).Encode().SignWith(append(slices.Clone(a.Signers()), slot)...))
	wants(t, w, pledge.CodeSignatureUncalled)
}

func TestAttestationOfAClauseThatIsNone(t *testing.T) {
	w := founded(47, 1)
	w.SetNow(unix("2025-04-02 00:00:00"))
	st := w.Attestation(w.Signatories[0], period("2025-Q1"))
	st.Statement.Body.(*entry.Attestation).Clauses = []string{"world-peace"}
	w.LogVoid(st)
	wants(t, w, pledge.CodeClauseUnknown)
}

// A period has ended by the largest `logged` accepted so far, not by the leaf's own: an
// operator who dates a leaf back rejects no attestation.
func TestPeriodEndsByTheLargestLogged(t *testing.T) {
	w := founded(48, 1)
	a := w.Signatories[0]
	w.SetNow(unix("2025-04-02 00:00:00"))
	w.Log(w.Request(a, "2025-02", nil))
	w.SetNow(unix("2025-03-30 00:00:00"))
	st := w.Attestation(a, period("2025-Q1"))
	st.Statement.Body.(*entry.Attestation).Received.Total = entry.Exactly(1)
	st.Statement.Body.(*entry.Attestation).Logged = entry.Counts{}
	w.Log(st)
	if v := last(t, w); v.Kind != pledge.Accepted {
		t.Errorf("%+v", v)
	}
}

// An item whose signatures were never tried has none that is valid.
func TestUntriedSignaturesAreNotValid(t *testing.T) {
	w := founded(49, 1)
	s, _, _ := replay(w)
	st := w.Request(w.Signatories[0], "2025-01", nil).Sign()
	it := pledge.Read(s.Size(), (&entry.Leaf{Logged: w.Now(), Statement: st.Envelope}).Marshal())
	if v := s.Judge(it); v.Code != pledge.CodeSignatureInvalid {
		t.Errorf("%+v, want %s", v, pledge.CodeSignatureInvalid)
	}
}

// TestJudgeSignatures: what a tool that knows one author's keys judges is what the
// whole log judges.
func TestJudgeSignatures(t *testing.T) {
	w := founded(50, 1)
	a := w.Signatories[0]
	a.Keys = append(a.Keys, w.NewKey("more"))
	set := entry.KeySet{Keys: keysOf(a.Keys), Threshold: 1}
	slot := set
	slot.Keys = slices.Clone(set.Keys)
	slot.Keys[1].Use = entry.UseSlot
	for _, c := range []struct {
		name string
		set  entry.KeySet
		by   []*generator.Key
		want entry.Code
	}{
		{"one of two", set, a.Keys[:1], ""},
		{"the other", set, a.Keys[1:], ""},
		{"both", set, a.Keys, ""},
		{"none", set, nil, pledge.CodeSignaturesTooFew},
		{"one of two, both needed", entry.KeySet{Keys: set.Keys, Threshold: 2}, a.Keys[:1], pledge.CodeSignaturesTooFew},
		{"the operator's beside it", set, append(slices.Clone(a.Keys[:1]), w.Operator...), pledge.CodeSignatureUncalled},
		{"a slot key", slot, a.Keys[1:], pledge.CodeSignatureUncalled},
		{"no keys", entry.KeySet{}, a.Keys[:1], entry.CodeThreshold},
	} {
		st := w.Request(a, "2025-01", nil).Encode()
		env := &entry.Envelope{Payload: st.Payload}
		for _, k := range c.by {
			env.Sign(k.ID, k.Sign(env.PAE()))
		}
		if len(c.by) == 0 {
			env.Signatures = []entry.Signature{}
		}
		parsed, err := entry.ParseStatement(env)
		if err != nil {
			t.Fatal(err)
		}
		it := pledge.Draft(0, w.Now(), &entry.Submission{Envelope: env, Statement: parsed})
		ring := pledge.NewKeyring()
		ring.Learn(&entry.Statement{Body: &entry.Admit{Keys: append(keysOf(a.Keys), keysOf(w.Operator)...), Threshold: 1}})
		ring.Try(it)
		if v := pledge.JudgeSignatures(it, pledge.InForce{Author: c.set}); v.Code != c.want {
			t.Errorf("%s: %+v, want %q", c.name, v, c.want)
		}
	}
	charter := w.Logged[0]
	it := pledge.Read(0, charter.Leaf)
	pledge.NewKeyring().Try(it)
	if v := pledge.JudgeSignatures(it, pledge.InForce{}); v.Kind != pledge.Accepted {
		t.Errorf("the charter: %+v", v)
	}
}
