package entry

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// NewSlot makes the slot of a period that commits to the bodyDigests in
// commitments: at most SlotPlaces, none twice. Every other place gets null. Salts
// of 16 bytes come from rand, which is crypto/rand.Reader outside of tests.
//
// It returns the slot and SlotPlaces disclosures: first those of the commitments,
// in the order given, then those of the empty places. Their texts stay with the
// author: that of an empty place is shorter than a full one's. Only digests go
// out, sorted, so that a place says nothing of what is in it. An author that loses
// the disclosure of a commitment can't show later that it was in time.
//
// Who sees the slot, or how long it took to make, does not learn whether there is
// anything in it (protocol section 3): full or empty, the same number of random
// bytes is read, the same is allocated, and each place is hashed twice, as a full
// one and as an empty one, of which one is chosen without a branch.
func NewSlot(rand io.Reader, period SlotPeriod, commitments []string) (*Slot, []Disclosure, error) {
	if period.IsZero() {
		return nil, nil, refuse(CodePeriodMalformed, "a slot has a period")
	}
	if len(commitments) > SlotPlaces {
		return nil, nil, refuse(CodeMemberMalformed, "a slot has %d places, too few for %d commitments: they wait for the next", SlotPlaces, len(commitments))
	}
	salts := make([]byte, SlotPlaces*MinSalt)
	if _, err := io.ReadFull(rand, salts); err != nil {
		return nil, nil, fmt.Errorf("read random bytes for a slot: %w", err)
	}

	// An empty place commits to the digest of its salt first, so that every place
	// has something to check and to hash.
	places := make([]string, SlotPlaces)
	saltOf := func(i int) []byte { return salts[i*MinSalt : (i+1)*MinSalt] }
	for i := range places {
		places[i] = Digest(saltOf(i))
	}
	copy(places, commitments)
	if err := checkCommitments(places); err != nil {
		return nil, nil, err
	}

	texts := make([]byte, 0, SlotPlaces*(fullText+emptyText))
	values := make([]byte, 0, SlotPlaces*(fullValue+len("null")))
	array := make([]byte, 0, fullArray)
	digests := make([]byte, SlotPlaces*digestLen)
	for i, commitment := range places {
		full := 0
		if i < len(commitments) {
			full = 1
		}
		values = append(append(append(values, '"'), commitment...), '"')
		values = append(values, "null"...)
		array = appendPlace(array[:0], saltOf(i), values[len(values)-len("null")-fullValue:len(values)-len("null")])
		texts = base64.RawURLEncoding.AppendEncode(texts, array)
		fullHash := sha256.Sum256(texts[len(texts)-fullText:])
		array = appendPlace(array[:0], saltOf(i), []byte("null"))
		texts = base64.RawURLEncoding.AppendEncode(texts, array)
		hash := sha256.Sum256(texts[len(texts)-emptyText:])
		subtle.ConstantTimeCopy(full, hash[:], fullHash[:])
		base64.RawURLEncoding.Encode(digests[i*digestLen:], hash[:])
	}

	slot := &Slot{Digests: make([]string, SlotPlaces), Period: period.String()}
	disclosures := make([]Disclosure, SlotPlaces)
	text, all := string(texts), string(digests)
	for i := range disclosures {
		slot.Digests[i] = all[i*digestLen : (i+1)*digestLen]
		at, value := i*(fullText+emptyText), i*(fullValue+len("null"))
		d := Disclosure{Salt: base64.RawURLEncoding.EncodeToString(saltOf(i)), Name: SlotName}
		if i < len(commitments) {
			d.text, d.Value = text[at:at+fullText], jsontext.Value(values[value:value+fullValue:value+fullValue])
		} else {
			at, value = at+fullText, value+fullValue
			d.text, d.Value = text[at:at+emptyText], jsontext.Value(values[value:value+len("null"):value+len("null")])
		}
		disclosures[i] = d
	}
	slices.Sort(slot.Digests)
	return slot, disclosures, nil
}

// The lengths, in bytes, of a full and an empty place of a slot.
const (
	digestLen  = 43
	fullValue  = digestLen + 2
	fullArray  = len(`["","`+SlotName+`",]`) + 22 + fullValue // a salt has 22 characters
	emptyArray = fullArray - fullValue + len("null")
	fullText   = (fullArray*8 + 5) / 6
	emptyText  = (emptyArray*8 + 5) / 6
)

func appendPlace(b, salt, value []byte) []byte {
	b = append(b, `["`...)
	b = base64.RawURLEncoding.AppendEncode(b, salt)
	b = append(b, `","`+SlotName+`",`...)
	b = append(b, value...)
	return append(b, ']')
}

func checkCommitments(places []string) error {
	sorted := slices.Clone(places)
	slices.Sort(sorted)
	for i, d := range sorted {
		if !IsDigest(d) {
			return refuse(CodeDigestMalformed, "a commitment is not a digest")
		}
		if i > 0 && d == sorted[i-1] {
			return refuse(CodeMemberMalformed, "a commitment stands there twice")
		}
	}
	return nil
}
