package keyfile

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
)

// MarshalPublic writes the file of a public key, which ParsePublic reads: one line,
// the canonical JSON of entry.Key.
func MarshalPublic(key entry.Key) ([]byte, error) {
	b, err := entry.Marshal(key)
	return append(b, '\n'), err
}

// ParsePublic reads the file of a public key, in the one form that MarshalPublic has.
func ParsePublic(b []byte) (entry.Key, error) {
	var key entry.Key
	line, ok := bytes.CutSuffix(b, []byte("\n"))
	if !ok {
		return key, errors.New("it is not one line")
	}
	if err := entry.CheckCanonical(line); err != nil {
		return key, err
	}
	if err := json.Unmarshal(line, &key, json.RejectUnknownMembers(true)); err != nil {
		return key, errors.New("it is not {\"alg\":…,\"spki\":…,\"use\":…}")
	}
	if again, err := MarshalPublic(key); err != nil || !bytes.Equal(again, b) {
		return key, errors.New("it lacks alg, spki or use")
	}
	_, err := key.Parse()
	return key, err
}
