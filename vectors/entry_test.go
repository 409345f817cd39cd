package vectors_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/vectors"
)

// holdCode wants an error of that code, or none when it is "".
func holdCode(t *testing.T, name, code string, err error) bool {
	t.Helper()
	switch {
	case code == "" && err != nil:
		t.Errorf("%s: refused: %v", name, err)
	case code != "" && err == nil:
		t.Errorf("%s: accepted, want %s", name, code)
	case code != "" && string(entry.CodeOf(err)) != code:
		t.Errorf("%s: %v, want %s", name, err, code)
	}
	return err == nil && code == ""
}

func TestCanonical(t *testing.T) {
	for _, v := range file[vectors.Canonical](t, "canonical.json") {
		holdCode(t, v.Name, v.Code, entry.CheckCanonical(v.JSON))
	}
}

func TestTimes(t *testing.T) {
	for _, v := range file[vectors.Time](t, "times.json") {
		name := v.Form + " " + v.Text
		var start, end int64
		var next string
		var err error
		switch v.Form {
		case "time":
			start, err = entry.ParseTime(v.Text)
		case "date":
			start, err = entry.ParseDate(v.Text)
			end = start + 86400
		case "span":
			start, end, err = entry.ParseSpan(v.Text)
		case "period":
			var p entry.Period
			if p, err = entry.ParsePeriod(v.Text); err == nil {
				start, end, next = p.Start(), p.End(), p.Next().String()
				if p.String() != v.Text || entry.PeriodAt(p.Kind(), start) != p || entry.PeriodAt(p.Kind(), end-1) != p || entry.PeriodAt(p.Kind(), end) == p {
					t.Errorf("%s: is written %s", name, p)
				}
			}
		case "slot-period":
			var p entry.SlotPeriod
			if p, err = entry.ParseSlotPeriod(v.Text); err == nil {
				start, end, next = p.Start(), p.End(), p.Next().String()
				if p.String() != v.Text || entry.SlotPeriodAt(p.Kind(), start) != p || entry.SlotPeriodAt(p.Kind(), end-1) != p || entry.SlotPeriodAt(p.Kind(), end) == p {
					t.Errorf("%s: is written %s", name, p)
				}
			}
		default:
			t.Errorf("form %q", v.Form)
		}
		if !holdCode(t, name, v.Code, err) {
			continue
		}
		if start != *v.Start || v.End != nil && end != *v.End || next != v.Next {
			t.Errorf("%s: from %d to %d, next %s", name, start, end, next)
		}
	}
}

func keyOf(k vectors.KeyForm) entry.Key { return entry.Key{Alg: k.Alg, SPKI: k.SPKI, Use: k.Use} }

func TestKeys(t *testing.T) {
	all := read[vectors.Keys](t, "keys.json")
	for _, v := range all.Keys {
		p, err := keyOf(v.Key).Parse()
		if holdCode(t, v.Name, v.Code, err) && (p.ID.String() != v.ID || p.Alg != v.Key.Alg || p.Use != v.Key.Use) {
			t.Errorf("%s: id %s", v.Name, p.ID)
		}
	}
	for _, v := range all.KeySets {
		var set entry.KeySet
		if err := vectors.Read(v.Set, &set); err != nil {
			t.Fatal(err)
		}
		_, err := set.Parse()
		if holdCode(t, v.Name, v.Code, err) && set.Digest() != v.Digest {
			t.Errorf("%s: digest %s", v.Name, set.Digest())
		}
	}
}

func TestSignatures(t *testing.T) {
	for _, v := range file[vectors.Signature](t, "signatures.json") {
		key, err := keyOf(v.Key).Parse()
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		sig, err := base64.StdEncoding.DecodeString(v.Sig)
		if err != nil {
			t.Fatal(err)
		}
		if got := key.Verify(v.Message, sig); got != v.Verifies {
			t.Errorf("%s: verifies: %t", v.Name, got)
		}
		if got, want := key.VerifyStrict(v.Message, sig), v.Verifies && v.Code == ""; got != want {
			t.Errorf("%s: verifies strictly: %t", v.Name, got)
		}
		if got := entry.VerifyAll(slices.Repeat([]entry.Check{{Key: key, Msg: v.Message, Sig: sig}}, 5)); got[0] != v.Verifies || got[4] != v.Verifies {
			t.Errorf("%s: verifies in a batch: %t", v.Name, got)
		}
		if v.Code != "" {
			// What the server says of it, once it stands in an envelope.
			e := &entry.Envelope{Payload: payloadOf(v.Message), Signatures: []entry.Signature{{KeyID: key.ID, Sig: sig}}}
			st, err := entry.ParseStatement(e)
			if err != nil {
				t.Fatal(err)
			}
			holdCode(t, v.Name, v.Code, ring(keyOf(v.Key)).TryStrict(&pledge.Item{Leaf: &entry.Leaf{Statement: e}, Statement: st}))
		}
	}
}

// ring knows a key.
func ring(k entry.Key) *pledge.Keyring {
	r := pledge.NewKeyring()
	r.Learn(&entry.Statement{Body: &entry.Keys{Keys: []entry.Key{k}}})
	return r
}

// payloadOf takes the payload out of a pre-authentication encoding.
func payloadOf(pae []byte) []byte { return pae[bytes.IndexByte(pae, '{'):] }

func TestLeaves(t *testing.T) {
	for _, v := range file[vectors.Leaf](t, "leaves.json") {
		if h := log.LeafHash(v.Leaf); base64.StdEncoding.EncodeToString(h[:]) != v.LeafHash {
			t.Errorf("%s: its hash is %x", v.Name, h)
		}
		leaf, err := entry.ParseLeaf(v.Leaf)
		if !holdCode(t, v.Name, v.Code, err) {
			continue
		}
		if leaf.Logged != *v.Logged || leaf.Statement.ID().String() != v.ID || !bytes.Equal(leaf.Statement.Payload, v.Payload) {
			t.Errorf("%s: reads as logged %d, id %s", v.Name, leaf.Logged, leaf.Statement.ID())
		}
		if !bytes.Equal(leaf.Marshal(), v.Leaf) {
			t.Errorf("%s: is written otherwise", v.Name)
		}
	}
}

func TestStatements(t *testing.T) {
	kinds := make(map[entry.Kind]bool)
	for _, v := range file[vectors.Statement](t, "statements.json") {
		e := &entry.Envelope{Payload: v.Payload}
		if e.ID().String() != v.ID {
			t.Errorf("%s: its id is %s", v.Name, e.ID())
		}
		st, err := entry.ParseStatement(e)
		if !holdCode(t, v.Name, v.Code, err) {
			continue
		}
		kinds[st.Kind] = true
		if again, err := st.Payload(); err != nil || !bytes.Equal(again, v.Payload) {
			t.Errorf("%s: is written otherwise (%v)", v.Name, err)
		}
		if got := entry.UnknownCodes(st, nil); !slices.Equal(got, v.UnknownCodes) {
			t.Errorf("%s: unknown codes %v", v.Name, got)
		}
	}
	for _, k := range entry.Kinds {
		if !kinds[k] {
			t.Errorf("no %s", k)
		}
	}
}

func statement(t *testing.T, payload []byte) *entry.Statement {
	t.Helper()
	st, err := entry.ParseStatement(&entry.Envelope{Payload: payload})
	if err != nil {
		t.Fatalf("statement: %v", err)
	}
	return st
}

func TestBodies(t *testing.T) {
	kinds := make(map[entry.Kind]bool)
	for _, v := range file[vectors.Body](t, "bodies.json") {
		st, body := statement(t, v.Payload), v.Repeat.Expand(v.Body)
		if entry.Digest(body) != v.Digest {
			t.Errorf("%s: its digest is %s", v.Name, entry.Digest(body))
		}
		d, err := entry.ParseDetached(st, body)
		if !holdCode(t, v.Name, v.Code, err) {
			continue
		}
		kinds[st.Kind] = true
		var seals []vectors.BodySeal
		for _, s := range d.Seals() {
			seals = append(seals, vectors.BodySeal{Member: s.Member, Digest: s.Digest})
		}
		if diff := cmp.Diff(v.Seals, seals); diff != "" {
			t.Errorf("%s: seals:\n%s", v.Name, diff)
		}
		if again, err := entry.Marshal(d); err != nil || !bytes.Equal(again, body) {
			t.Errorf("%s: is written otherwise (%v)", v.Name, err)
		}
		if got := withoutTree(st, d); !slices.Equal(got, v.UnknownCodes) {
			t.Errorf("%s: unknown codes %v", v.Name, got)
		}
	}
	for _, k := range entry.Kinds {
		if entry.HasDetached(k) && !kinds[k] {
			t.Errorf("no body of a %s", k)
		}
	}
}

// withoutTree are the unknown codes of a body alone.
func withoutTree(st *entry.Statement, d entry.Detached) []string {
	tree := entry.UnknownCodes(st, nil)
	return slices.DeleteFunc(entry.UnknownCodes(st, d), func(c string) bool { return slices.Contains(tree, c) })
}

func TestDisclosures(t *testing.T) {
	all := read[vectors.Disclosures](t, "disclosures.json")
	for _, v := range all.Disclosures {
		if entry.Digest(v.Disclosure) != v.Digest {
			t.Errorf("%s: its digest is %s", v.Name, entry.Digest(v.Disclosure))
		}
		d, err := entry.ParseDisclosure(string(v.Disclosure))
		if !holdCode(t, v.Name, v.Code, err) {
			continue
		}
		if d.Digest() != v.Digest || d.Salt != v.Salt || d.Name != v.Member || string(d.Value) != string(v.Value) {
			t.Errorf("%s: reads as %s %s %s", v.Name, d.Salt, d.Name, d.Value)
		}
		again, err := entry.NewDisclosure(d.Salt, d.Name, d.Value)
		if err != nil || again.Text() != string(v.Disclosure) {
			t.Errorf("%s: is made otherwise (%v)", v.Name, err)
		}
	}
	for _, v := range all.Openings {
		var list []entry.Disclosure
		for _, text := range v.Disclosures {
			d, err := entry.ParseDisclosure(text)
			if err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			list = append(list, d)
		}
		opened, err := entry.Unseal(statement(t, v.Payload), v.Body, list)
		if !holdCode(t, v.Name, v.Code, err) {
			continue
		}
		if got, err := entry.Marshal(opened); err != nil || !bytes.Equal(got, v.Opened) {
			t.Errorf("%s: opens as %s (%v)", v.Name, got, err)
		}
	}
}

func TestSlots(t *testing.T) {
	sizes := make(map[int]bool)
	for _, v := range file[vectors.Slot](t, "slots.json") {
		st := statement(t, v.Payload)
		b := st.Body.(*entry.Slot)
		if st.ID.String() != v.ID || len(v.Places) != entry.SlotPlaces {
			t.Fatalf("%s: id %s, %d places", v.Name, st.ID, len(v.Places))
		}
		for i, p := range v.Places {
			d, err := entry.ParseDisclosure(p.Disclosure)
			if err != nil {
				t.Fatalf("%s: place %d: %v", v.Name, i, err)
			}
			want := ""
			if p.BodyDigest != nil {
				want = *p.BodyDigest
			}
			if d.Digest() != p.Digest || b.Digests[i] != p.Digest || d.BodyDigest() != want || d.Name != entry.SlotName {
				t.Errorf("%s: place %d has %q", v.Name, i, d.BodyDigest())
			}
		}
		sizes[len(v.Payload)-len(b.Period)] = true
	}
	if len(sizes) != 1 {
		t.Errorf("full and empty slots are of %d sizes", len(sizes))
	}
}

func TestSubmissions(t *testing.T) {
	for _, v := range file[vectors.Submission](t, "submissions.json") {
		sub, err := entry.ParseSubmission(v.Submission)
		if holdCode(t, v.Name, v.Code, err) && sub.Statement.ID.String() != v.ID {
			t.Errorf("%s: id %s", v.Name, sub.Statement.ID)
		}
	}
}

func TestDirectories(t *testing.T) {
	all := read[vectors.Directories](t, "directories.json")
	for _, v := range all.Rows {
		row, err := entry.ParseRow(v.Row)
		if !holdCode(t, v.Name, v.Code, err) {
			continue
		}
		if again, err := row.Marshal(); err != nil || !bytes.Equal(again, v.Row) {
			t.Errorf("%s: is written otherwise (%v)", v.Name, err)
		}
	}
	for _, v := range all.Directories {
		var rows []entry.Row
		for _, text := range v.Rows {
			row, err := entry.ParseRow(text)
			if err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			rows = append(rows, row)
		}
		if got, err := pledge.DirectoryRoot(rows); err != nil || got != v.Root {
			t.Errorf("%s: root %s (%v)", v.Name, got, err)
		}
	}
}
