package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/safe"
)

const paperOrigin = "log.accord.test/2026"

// bodyOf makes the body of a request, with members sealed.
func bodyOf(t testing.TB, author string, seals ...entry.Seal) ([]byte, []entry.Disclosure) {
	t.Helper()
	d := &drafting{st: &entry.Statement{Log: paperOrigin, Author: author, Kind: entry.KindRequest}, seals: seals}
	y := &requestYAML{Received: "2026-01", Country: entry.Withheld, Assist: []string{"keys"}, Agency: "An agency"}
	if err := y.body(d); err != nil {
		t.Fatal(err)
	}
	body, err := d.text()
	if err != nil {
		t.Fatal(err)
	}
	return body, d.disclosures
}

func commitmentOf(t testing.TB, author string, made int64, seals ...entry.Seal) *commitment {
	t.Helper()
	c := &commitment{Made: made}
	c.Body, c.Disclosures = bodyOf(t, author, seals...)
	if err := c.read(); err != nil {
		t.Fatal(err)
	}
	return c
}

var aSeal = entry.Seal{Member: "agency", Reason: "safety", Review: "2027-01-01"}

// slotOf makes a slot of a week that holds commitments.
func slotOf(t testing.TB, seq uint64, period string, commitments ...string) *slotFile {
	t.Helper()
	p, err := entry.ParseSlotPeriod(period)
	if err != nil {
		t.Fatal(err)
	}
	slot, disclosures, err := entry.NewSlot(rand.Reader, p, commitments)
	if err != nil {
		t.Fatal(err)
	}
	st := &entry.Statement{Log: paperOrigin, Author: "acme", Lane: entry.LaneSlot, Seq: seq, Kind: entry.KindSlot, Body: slot}
	if seq > 1 {
		st.Prev = entry.ID{1}
	}
	payload, err := st.Payload()
	if err != nil {
		t.Fatal(err)
	}
	s := &slotFile{Envelope: &entry.Envelope{Payload: payload}, Disclosures: disclosures, statement: st}
	key := newPerson("slots")
	s.Envelope.Sign(key.id(), ed25519.Sign(key.key, s.Envelope.PAE()))
	return s
}

func marshalled(t testing.TB, f interface{ marshal() ([]byte, error) }) []byte {
	t.Helper()
	b, err := f.marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzDisclosureFile(f *testing.F) {
	_, disclosures := bodyOf(f, "acme", aSeal)
	f.Add(marshalled(f, &disclosureFile{Entry: entry.ID{1}, Disclosures: disclosures}))
	f.Add([]byte(`{"entry":"","disclosures":[]}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseDisclosureFile(b)
		if err != nil {
			return
		}
		if again := marshalled(t, got); !bytes.Equal(again, b) {
			t.Errorf("%q became %q", b, again)
		}
	})
}

func FuzzCommitment(f *testing.F) {
	f.Add(marshalled(f, commitmentOf(f, "acme", 1767225600)))
	f.Add(marshalled(f, commitmentOf(f, "acme", 1767225600, aSeal)))
	kept := commitmentOf(f, "acme", 1767225600)
	key, err := safe.NewKey()
	if err != nil {
		f.Fatal(err)
	}
	if err := kept.keep([]*safe.Recipient{key.Recipient()}); err != nil {
		f.Fatal(err)
	}
	f.Add(marshalled(f, kept))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseCommitment(b)
		if kept, _ := parseKeptCommitment(b); kept != nil && (err != nil || got.Safe == nil) {
			t.Errorf("%q is in a safe and is not read as that: %v", b, err)
		}
		if err != nil {
			return
		}
		if again := marshalled(t, got); !bytes.Equal(again, b) {
			t.Errorf("%q became %q", b, again)
		}
	})
}

func FuzzSlotFile(f *testing.F) {
	f.Add(marshalled(f, slotOf(f, 1, "2026-W01")))
	f.Add(marshalled(f, slotOf(f, 2, "2026-W02", entry.Digest([]byte("a")), entry.Digest([]byte("b")))))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseSlotFile(b)
		if err != nil {
			return
		}
		if again := marshalled(t, got); !bytes.Equal(again, b) {
			t.Errorf("%q became %q", b, again)
		}
	})
}

// A commitment that is not whole is refused, and the refusal tells nothing of it.
func TestCommitmentsThatAreNone(t *testing.T) {
	good := string(marshalled(t, commitmentOf(t, "acme", 1767225600, aSeal)))
	if _, err := parseCommitment([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"cut off":            good[:len(good)/2],
		"no line feed":       strings.TrimSuffix(good, "\n"),
		"no disclosure":      good[:strings.Index(good, `,"disclosures"`)] + "}\n",
		"another member":     strings.Replace(good, `{"made"`, `{"a":1,"made"`, 1),
		"another period":     strings.Replace(good, `"body"`, `"period":"2026-Q1","body"`, 1),
		"made at no time":    strings.Replace(good, "2026-01-01T00:00:00Z", "An agency", 1),
		"a body of nobody":   strings.Replace(good, `"author":"acme"`, `"author":"An agency"`, 1),
		"an altered country": strings.Replace(good, `"country":"withheld"`, `"country":"An agency"`, 1),
	} {
		if _, err := parseCommitment([]byte(file)); err == nil || strings.Contains(err.Error(), "agency\"") || strings.Contains(err.Error(), "An agency") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A private file has one size, whatever is in the slot.
func TestSlotFilesAreAlike(t *testing.T) {
	var all []string
	for i := range entry.SlotPlaces {
		all = append(all, entry.Digest([]byte{byte(i)}))
	}
	size := len(marshalled(t, slotOf(t, 1, "2026-W01")))
	for _, n := range []int{1, 2, 63, 64} {
		b := marshalled(t, slotOf(t, 1, "2026-W01", all[:n]...))
		if len(b) != size {
			t.Errorf("with %d commitments it has %d bytes, and %d with none", n, len(b), size)
		}
		if got, err := parseSlotFile(b); err != nil || len(got.Disclosures) != entry.SlotPlaces {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// The oldest 64 commitments of this log that are in no slot go into the next one.
func TestWhatWaitsForASlot(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, commitmentsIn)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	var digests []string
	for i := range 70 {
		c := commitmentOf(t, "acme", 1767225600+int64(70-i)) // the last one is the oldest
		digests = append(digests, c.digest())
		write(t, filepath.Join(folder, string(rune('a'+i/26))+string(rune('a'+i%26))+".json"), marshalled(t, c))
	}
	slices.Reverse(digests)
	write(t, filepath.Join(folder, "of-another.json"), marshalled(t, commitmentOf(t, "zeta", 1)))
	write(t, filepath.Join(folder, "notes.txt"), []byte("not one of them"))
	read := func() *slotFolder {
		t.Helper()
		f, err := readSlots(dir, "acme")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := read()
	if got := first.waiting(paperOrigin); !slices.Equal(got, digests[:64]) {
		t.Errorf("%d wait, or not in order", len(got))
	}
	if got := first.waiting("log.other.test/2026"); got != nil {
		t.Errorf("%d go into a slot of another log", len(got))
	}
	full := slotOf(t, 1, "2026-W01", digests[:64]...)
	if err := first.keep(full); err != nil {
		t.Fatal(err)
	}
	if got := read().waiting(paperOrigin); !slices.Equal(got, digests[64:]) {
		t.Errorf("%d wait after the first slot", len(got))
	}
	// A slot that was refused holds nothing.
	again := read()
	to, err := again.setAside(again.slots[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := read().waiting(paperOrigin); !slices.Equal(got, digests[:64]) {
		t.Errorf("%d wait after the refusal", len(got))
	}
	if _, err := parseSlotFile(mustRead(t, to)); err != nil {
		t.Errorf("what was refused is not kept: %v", err)
	}
	// One that is logged is the one to show.
	if err := first.keep(slotOf(t, 1, "2026-W01", digests[:64]...)); err != nil {
		t.Fatal(err)
	}
	logged := slotOf(t, 2, "2026-W02", digests[:64]...)
	if err := first.keep(logged); err != nil {
		t.Fatal(err)
	}
	write(t, logged.receipt(), []byte("a receipt"))
	if s, place, ok := read().find(digests[3]); !ok || !s.logged || s.period() != "2026-W02" || place.BodyDigest() != digests[3] {
		t.Errorf("it is not found in the slot that is logged")
	}
}

// What is quoted in an error about a withheld text is taken out of it, and its code
// and hint stay.
func TestDiscreet(t *testing.T) {
	secret := "Lower \"Town\" office"
	err := discreet(inFile("f.yaml", checkCountry(paperOrigin, secret)))
	if strings.Contains(err.Error(), "Lower") || strings.Contains(err.Error(), "Town") {
		t.Errorf("it says %v", err)
	}
	_, spanErr := entry.ParseDate(secret)
	if err := discreet(spanErr); strings.Contains(err.Error(), "Lower") || !strings.HasPrefix(err.Error(), "date-malformed: ") {
		t.Errorf("it says %v", err)
	}
	lacks := decodeYAML("f.yaml", []byte("country: XB\n"), new(requestYAML), false)
	if got := discreet(lacks); got.Error() != "f.yaml: missing: received, assist" {
		t.Errorf("it says %v", got)
	}
	if discreet(nil) != nil {
		t.Error("nothing is an error")
	}
	for text, want := range map[string]bool{
		"withhold: {review: 2027-01-01}\n": true, "{author: a, withhold: {review: x}}": true, "\"seal\": {}\n": true,
		"author: a\nseal :\n": true, "author: a\nreceived: 2026-01\n": false,
	} {
		if got := keepsAnything([]byte(text)); got != want {
			t.Errorf("%q keeps something back: %v", text, got)
		}
	}
}

// A text is found in each of the forms in which it could be left behind.
func TestFormsOf(t *testing.T) {
	const text = "a withheld word"
	for shift := range 6 {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			around := enc.EncodeToString([]byte(strings.Repeat("x", shift) + text + " and more"))
			if !holds([]byte(around), text) {
				t.Errorf("it is not found in %s", around)
			}
		}
	}
	if holds([]byte("another word"), text) {
		t.Error("it is found where it is not")
	}
}
