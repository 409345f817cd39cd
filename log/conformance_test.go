package log

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"filippo.io/mldsa"
)

// What the conformance tables share. Nothing here uses the code that they test: keys
// and signatures are made by the standard library and filippo.io/mldsa, and what is
// around them is written as the specifications say.

// A holder is who signs in the tables.
type holder struct {
	name string
	typ  byte
	ed   ed25519.PrivateKey
	pq   *mldsa.PrivateKey
}

// edHolder has an Ed25519 key, of type 0x01 or 0x04. One secret gives one key.
func edHolder(name string, typ byte, secret string) holder {
	seed := sha256.Sum256([]byte(secret))
	return holder{name: name, typ: typ, ed: ed25519.NewKeyFromSeed(seed[:])}
}

func pqHolder(name, secret string) holder {
	seed := sha256.Sum256([]byte(secret))
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed[:])
	if err != nil {
		panic(err)
	}
	return holder{name: name, typ: 0x06, pq: key}
}

func (p holder) public() []byte {
	if p.pq != nil {
		return p.pq.PublicKey().Bytes()
	}
	return p.ed.Public().(ed25519.PublicKey)
}

// id is the key ID: the first four bytes of SHA-256(name || 0x0A || type || public key).
func (p holder) id() []byte {
	b := append([]byte(p.name), '\n', p.typ)
	sum := sha256.Sum256(append(b, p.public()...))
	return sum[:4]
}

func (p holder) vkey() string { return joinVkey(p.name, p.id(), p.typ, p.public()) }

func joinVkey(name string, id []byte, typ byte, public []byte) string {
	return fmt.Sprintf("%s+%x+%s", name, id, base64.StdEncoding.EncodeToString(append([]byte{typ}, public...)))
}

// skey is the secret key as golang.org/x/mod and transparency-dev/formats write it.
func (p holder) skey() string {
	secret := []byte{p.typ}
	if p.pq != nil {
		secret = append(secret, p.pq.Bytes()...)
	} else {
		secret = append(secret, p.ed.Seed()...)
	}
	return fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", p.name, p.id(), base64.StdEncoding.EncodeToString(secret))
}

// line is a signature line with whatever signature.
func (p holder) line(sig []byte) string {
	return "— " + p.name + " " + base64.StdEncoding.EncodeToString(append(p.id(), sig...)) + "\n"
}

// raw signs a message as it is.
func (p holder) raw(message string) []byte {
	if p.pq == nil {
		return ed25519.Sign(p.ed, []byte(message))
	}
	sig, err := p.pq.Sign(nil, []byte(message), nil)
	if err != nil {
		panic(err)
	}
	return sig
}

// sign is the line of a signature over a note's text, type 0x01.
func (p holder) sign(text string) string { return p.line(p.raw(text)) }

// cosign is the line of a cosignature over a checkpoint's text, type 0x04 or 0x06.
func (p holder) cosign(text string, at uint64) string {
	if p.pq == nil {
		return p.stamped(at, fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text))
	}
	lines := strings.Split(text, "\n")
	var size uint64
	if _, err := fmt.Sscan(lines[1], &size); err != nil {
		panic(err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		panic(err)
	}
	return p.stamped(at, subtreeMessage(p.name, at, lines[0], 0, size, root))
}

// stamped is the line of a signature over a message, behind a time.
func (p holder) stamped(at uint64, message string) string {
	return p.line(append(binary.BigEndian.AppendUint64(nil, at), p.raw(message)...))
}

// subtreeMessage is the cosigned_message of tlog-cosignature.
func subtreeMessage(cosigner string, at uint64, origin string, start, end uint64, root []byte) string {
	b := []byte("subtree/v1\n\x00")
	b = append(append(b, byte(len(cosigner))), cosigner...)
	b = binary.BigEndian.AppendUint64(b, at)
	b = append(append(b, byte(len(origin))), origin...)
	b = binary.BigEndian.AppendUint64(b, start)
	b = binary.BigEndian.AppendUint64(b, end)
	return string(append(b, root...))
}

// said is what a parser must take and what it must not. The good ones show that the
// bad ones are refused for what they differ in.
type said struct{ good, bad []string }

func parsed[T any](parse func([]byte) (T, error), in said) func(*testing.T) {
	return func(t *testing.T) {
		if len(in.good) == 0 {
			t.Fatal("nothing that must be taken")
		}
		for _, s := range in.good {
			if _, err := parse([]byte(s)); err != nil {
				t.Errorf("%.300q is refused: %v", s, err)
			}
		}
		for _, s := range in.bad {
			if _, err := parse([]byte(s)); !errors.Is(err, ErrMalformed) {
				t.Errorf("%.300q is taken: %v", s, err)
			}
		}
	}
}

// all runs one after the other.
func all(tests ...func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) {
		for _, f := range tests {
			f(t)
		}
	}
}

// opened is what Policy.Open must say of a signed checkpoint; nil takes it.
type opened struct {
	note string
	want error
}

func opens(policy string, in ...opened) func(*testing.T) {
	return func(t *testing.T) {
		p, err := ParsePolicy([]byte(policy))
		if err != nil {
			t.Fatal(err)
		}
		taken := 0
		for _, o := range in {
			v, err := p.Open([]byte(o.note))
			if !errors.Is(err, o.want) || (v != nil) != (o.want == nil) {
				t.Errorf("%.600q: error %v, want %v", o.note, err, o.want)
			}
			if o.want == nil {
				taken++
			}
		}
		if taken == 0 {
			t.Fatal("nothing that must be taken")
		}
	}
}

// The checkpoint of the tables: that of the examples in tlog-checkpoint and
// tlog-cosignature (CC BY 4.0, The C2SP Authors).
const (
	sofa       = "example.com/behind-the-sofa"
	sofaRoot   = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
	sofaText   = sofa + "\n20852163\n" + sofaRoot + "\n"
	sofaSigned = sofaText + "\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n" +
		"— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
