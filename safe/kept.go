package safe

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
)

// Kept is what one statement, or one request that waits for a slot, keeps back.
type Kept struct {
	BodyDigest  string       // of the statement that it belongs to, "" for one without
	Body        []byte       // the detached body's exact bytes; nil when it is published, or there is none
	Disclosures []string     // what opens sealed members, or what an open opens
	Period      string       // of a request that waits: withheld, or ""
	Filing      *Filing      // nil when no permission was cited
	Recipients  []*Recipient // the safes that it is kept in
}

// A Filing is what permits to tell of a request, and by which law cards that was needed.
type Filing struct {
	Made      string `json:"made"`
	Version   int    `json:"version"` // of the law cards
	Date      string `json:"date"`    // of the law cards
	Reference string `json:"reference"`
}

type keptJSON struct {
	BodyDigest  string         `json:"bodyDigest,omitzero"`
	Body        jsontext.Value `json:"body,omitzero"`
	Disclosures []string       `json:"disclosures,omitzero"`
	Period      string         `json:"period,omitzero"`
	Filing      *Filing        `json:"filing,omitzero"`
	Recipients  []string       `json:"recipients"`
	Fill        string         `json:"fill"` // so many 0 that the size says little
}

// What is encrypted has a multiple of block bytes, and at most MaxKept.
const (
	block   = 1 << 10
	MaxKept = 4 * entry.MaxBody
)

// marshal writes what ParseKept reads.
func (k *Kept) marshal() ([]byte, error) {
	w := keptJSON{BodyDigest: k.BodyDigest, Body: k.Body, Disclosures: k.Disclosures, Period: k.Period, Filing: k.Filing}
	for _, r := range k.Recipients {
		w.Recipients = append(w.Recipients, r.String())
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	if fill := block - len(b)%block; fill < block {
		w.Fill = strings.Repeat("0", fill)
		return json.Marshal(w)
	}
	return b, nil
}

// ParseKept reads what is in a safe, in the one form that it is written in. That it
// belongs to a statement is not looked at. Its errors quote nothing.
func ParseKept(b []byte) (*Kept, error) {
	var w keptJSON
	if len(b) > MaxKept || json.Unmarshal(b, &w, json.RejectUnknownMembers(true)) != nil {
		return nil, errors.New("what is in the safe has another form")
	}
	k := &Kept{BodyDigest: w.BodyDigest, Body: bytes.Clone(w.Body), Disclosures: w.Disclosures, Period: w.Period, Filing: w.Filing}
	for _, text := range w.Recipients {
		r, err := ParseRecipient(text)
		if err != nil {
			return nil, fmt.Errorf("what is in the safe names a recipient, and %w", err)
		}
		k.Recipients = append(k.Recipients, r)
	}
	if n := len(k.Recipients); n == 0 || n > MaxRecipients {
		return nil, fmt.Errorf("what is in the safe is for %d recipients", n)
	}
	if again, err := k.marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("what is in the safe is not as it was written")
	}
	return k, nil
}

// Seal encrypts k to its recipients.
func (k *Kept) Seal() ([]byte, error) {
	b, err := k.marshal()
	if err != nil {
		return nil, fmt.Errorf("encode what is kept back: %w", err)
	}
	if _, err := ParseKept(b); err != nil {
		return nil, fmt.Errorf("encode what is kept back: %w", err)
	}
	return Encrypt(b, k.Recipients)
}

// Open decrypts what Seal made. Its errors quote nothing.
func Open(file []byte, key *Key) (*Kept, error) {
	b, err := Decrypt(file, key, MaxKept)
	if err != nil {
		return nil, err
	}
	return ParseKept(b)
}
