package log

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// often returns a key that has its table.
func often(public ed25519.PublicKey) *oftenKey {
	k := &oftenKey{public: public}
	k.uses.Store(rareUses)
	return k
}

// TestOftenKey holds the table to crypto/ed25519: on good signatures, on each with
// one bit of it turned over, and on R and s that are off by what verifiers disagree
// about.
func TestOftenKey(t *testing.T) {
	// The generator of the points of small order (8 of them), RFC 8032's encoding.
	torsion := compressed(t, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")
	for i := range 8 {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		k := often(public)
		message := []byte(fmt.Sprint("message ", i))
		good := ed25519.Sign(private, message)
		if !k.verify(public, message, good) {
			t.Fatal("a good signature does not verify")
		}
		for bit := range len(good) * 8 {
			sig := append([]byte(nil), good...)
			sig[bit/8] ^= 1 << (bit % 8)
			if k.verify(public, message, sig) {
				t.Errorf("verifies with bit %d turned over", bit)
			}
		}
		for _, sig := range [][]byte{nil, good[:63], append(good[:64:64], 0)} {
			if k.verify(public, message, sig) {
				t.Errorf("verifies with %d bytes", len(sig))
			}
		}
		if k.verify(public, append(message, 0), good) {
			t.Error("verifies for another message")
		}
		// A key with a part of small order: k·A differs by where k stands modulo 8.
		var mixed curve.CompressedEdwardsY
		a := compressed(t, hex.EncodeToString(public))
		mixed.SetEdwardsPoint(a.Add(a, torsion))
		odd := often(mixed[:])
		verified := 0
		for j := range 64 {
			message := []byte(fmt.Sprint(i, j))
			sig := signAs(private, mixed[:], message)
			want := ed25519.Verify(mixed[:], message, sig)
			if got := odd.verify(mixed[:], message, sig); got != want {
				t.Errorf("with a key of mixed order: %v, want %v", got, want)
			}
			if want {
				verified++
			}
		}
		if verified == 0 || verified == 64 {
			t.Errorf("of 64 signatures by a key of mixed order %d verify", verified)
		}
	}
}

// TestOftenKeySpeccheck holds the table to crypto/ed25519 on the twelve signatures
// on which verifiers disagree.
func TestOftenKeySpeccheck(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "testdata", "published", "ed25519-speccheck", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Message   string `json:"message"`
		PubKey    string `json:"pub_key"`
		Signature string `json:"signature"`
	}
	if err := json.Unmarshal(b, &cases); err != nil || len(cases) != 12 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for i, c := range cases {
		public, message, sig := fromHex(t, c.PubKey), fromHex(t, c.Message), fromHex(t, c.Signature)
		if got, want := often(public).verify(public, message, sig), ed25519.Verify(public, message, sig); got != want {
			t.Errorf("case %d: %v, want %v", i, got, want)
		}
	}
}

// TestOftenKeyTurns: nothing changes when the table comes into use.
func TestOftenKeyTurns(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := &oftenKey{public: public}
	for i := range 3 * rareUses {
		message := []byte{byte(i)}
		sig := ed25519.Sign(private, message)
		if !k.verify(public, message, sig) || k.verify(public, []byte("other"), sig) {
			t.Fatalf("another verdict at use %d", i)
		}
	}
	if k.multiple == nil {
		t.Error("there is no table yet")
	}
}

func fromHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compressed(t *testing.T, s string) *curve.EdwardsPoint {
	t.Helper()
	var y curve.CompressedEdwardsY
	copy(y[:], fromHex(t, s))
	p, err := curve.NewEdwardsPoint().SetCompressedY(&y)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// signAs signs with a secret key as if its public key were another.
func signAs(private ed25519.PrivateKey, public, message []byte) []byte {
	digest := func(parts ...[]byte) *scalar.Scalar {
		h := sha512.New()
		for _, p := range parts {
			h.Write(p)
		}
		s, err := scalar.New().SetBytesModOrderWide(h.Sum(nil))
		if err != nil {
			panic(err)
		}
		return s
	}
	secret := sha512.Sum512(private.Seed())
	secret[0], secret[31] = secret[0]&248, secret[31]&63|64
	a, err := scalar.NewFromBytesModOrder(secret[:32])
	if err != nil {
		panic(err)
	}
	nonce := digest(secret[32:], message)
	var r curve.CompressedEdwardsY
	r.SetEdwardsPoint(curve.NewEdwardsPoint().MulBasepoint(curve.ED25519_BASEPOINT_TABLE, nonce))
	k := digest(r[:], public, message)
	s := scalar.New().Add(nonce, k.Mul(k, a))
	sig := append(r[:], make([]byte, 32)...)
	if err := s.ToBytes(sig[32:]); err != nil {
		panic(err)
	}
	return sig
}

func FuzzOftenKey(f *testing.F) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(public), []byte("message"), ed25519.Sign(private, []byte("message")))
	f.Fuzz(func(t *testing.T, public, message, sig []byte) {
		if len(public) != ed25519.PublicKeySize {
			return
		}
		if checkEd25519(public) != nil {
			return // no policy has such a key
		}
		if got, want := often(public).verify(public, message, sig), ed25519.Verify(public, message, sig); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func BenchmarkOftenKey(b *testing.B) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	message := make([]byte, 200)
	sig := ed25519.Sign(private, message)
	for name, verify := range map[string]verifyFunc{"table": often(public).verify, "crypto/ed25519": ed25519.Verify} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !verify(public, message, sig) {
					b.Fatal("does not verify")
				}
			}
		})
	}
}
