package entry

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"testing"

	"filippo.io/edwards25519"
	"filippo.io/mldsa"
	mldsax509 "filippo.io/mldsa/x509"
)

func TestKeyRefused(t *testing.T) {
	good := NewKey(testKey("good").Public().(ed25519.PublicKey), UseStatement)
	raw := func(h string) string {
		b, err := hex.DecodeString(h)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(append(append([]byte{}, spki[AlgEd25519].prefix...), b...))
	}
	for _, c := range []struct {
		name string
		key  Key
		want Code
	}{
		{"good", good, ""},
		{"slot", Key{good.Alg, good.SPKI, UseSlot}, ""},
		{"other use", Key{good.Alg, good.SPKI, "encryption"}, CodeKeyMalformed},
		{"other algorithm", Key{"rsa", good.SPKI, UseStatement}, CodeKeyAlgorithm},
		{"raw key without DER", Key{AlgEd25519, base64.StdEncoding.EncodeToString(make([]byte, 32)), UseStatement}, CodeKeyMalformed},
		{"DER with a byte more", Key{AlgEd25519, base64.StdEncoding.EncodeToString(make([]byte, 45)), UseStatement}, CodeKeyMalformed},
		{"url base64", Key{AlgEd25519, "_" + good.SPKI[1:], UseStatement}, CodeBase64},
		{"line break in base64", Key{AlgEd25519, good.SPKI[:4] + "\n" + good.SPKI[4:], UseStatement}, CodeBase64},
		// The eight points of small order, and two encodings of them that are
		// not canonical (RFC 8032 section 5.1.3 wants y below p).
		{"order 1", Key{AlgEd25519, raw("0100000000000000000000000000000000000000000000000000000000000000"), UseStatement}, CodeKeyWeak},
		{"order 2", Key{AlgEd25519, raw("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), UseStatement}, CodeKeyWeak},
		{"order 4", Key{AlgEd25519, raw("0000000000000000000000000000000000000000000000000000000000000000"), UseStatement}, CodeKeyWeak},
		{"order 4, negative", Key{AlgEd25519, raw("0000000000000000000000000000000000000000000000000000000000000080"), UseStatement}, CodeKeyWeak},
		{"order 8", Key{AlgEd25519, raw("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), UseStatement}, CodeKeyWeak},
		{"order 8, other", Key{AlgEd25519, raw("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), UseStatement}, CodeKeyWeak},
		{"order 8, negative", Key{AlgEd25519, raw("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"), UseStatement}, CodeKeyWeak},
		{"order 8, other negative", Key{AlgEd25519, raw("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"), UseStatement}, CodeKeyWeak},
		{"y = p", Key{AlgEd25519, raw("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), UseStatement}, CodeKeyWeak},
		{"y = p + 1", Key{AlgEd25519, raw("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), UseStatement}, CodeKeyWeak},
		{"y = p + 3, of large order", Key{AlgEd25519, raw("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), UseStatement}, CodeKeyWeak},
		{"negative zero x", Key{AlgEd25519, raw("0100000000000000000000000000000000000000000000000000000000000080"), UseStatement}, CodeKeyWeak},
		{"not on the curve", Key{AlgEd25519, raw("0200000000000000000000000000000000000000000000000000000000000000"), UseStatement}, CodeKeyWeak},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.key.Parse()
			if got := CodeOf(err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// TestStrictRefusesSmallR makes a signature whose R is the identity: Go's verifier
// and ZIP 215 take it, others do not, and so a server must not.
func TestStrictRefusesSmallR(t *testing.T) {
	priv := testKey("small R")
	pub, err := NewKey(priv.Public().(ed25519.PublicKey), UseStatement).Parse()
	if err != nil {
		t.Fatal(err)
	}
	h := sha512.Sum512(priv.Seed())
	a, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
	if err != nil {
		t.Fatal(err)
	}
	msg := []byte("a message")
	r := edwards25519.NewIdentityPoint().Bytes()
	kh := sha512.New()
	kh.Write(r)
	kh.Write(pub.Raw)
	kh.Write(msg)
	k, err := edwards25519.NewScalar().SetUniformBytes(kh.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	sig := append(r, edwards25519.NewScalar().Multiply(k, a).Bytes()...)
	if !ed25519.Verify(pub.Raw, msg, sig) {
		t.Fatal("Go's verifier does not take it: the test is wrong")
	}
	if !pub.Verify(msg, sig) {
		t.Error("ZIP 215 takes this signature and we do not")
	}
	if pub.VerifyStrict(msg, sig) {
		t.Error("a server would admit a signature with an R of small order")
	}
	ordinary := ed25519.Sign(priv, msg)
	if !pub.Verify(msg, ordinary) || !pub.VerifyStrict(msg, ordinary) {
		t.Error("an ordinary signature is refused")
	}
	for _, i := range []int{0, 31, 32, 63} {
		bad := append([]byte{}, ordinary...)
		bad[i] ^= 1
		if pub.Verify(msg, bad) || pub.VerifyStrict(msg, bad) {
			t.Errorf("a signature with byte %d changed verifies", i)
		}
	}
	if pub.Verify(msg, ordinary[:63]) || pub.Verify(msg, append(ordinary, 0)) || pub.Verify(msg, nil) {
		t.Error("a signature of another length verifies")
	}
}

// TestSPKI holds our encodings to independent ones.
func TestSPKI(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ml, err := mldsa.GenerateKey(mldsa.MLDSA44())
	if err != nil {
		t.Fatal(err)
	}
	ed := testKey("spki")
	ecKey, err := NewP256Key(&ec.PublicKey, UseStatement)
	if err != nil {
		t.Fatal(err)
	}
	mlKey, err := NewMLDSA44Key(ml.PublicKey(), UseSlot)
	if err != nil {
		t.Fatal(err)
	}
	msg := []byte("a message")
	digest := sha256.Sum256(msg)
	r, s, err := ecdsa.Sign(rand.Reader, ec, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	ecSig := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	mlSig, err := ml.Sign(nil, msg, crypto.Hash(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key Key
		pub any
		sig []byte
	}{{NewKey(ed.Public().(ed25519.PublicKey), UseStatement), ed.Public(), ed25519.Sign(ed, msg)}, {ecKey, &ec.PublicKey, ecSig}, {mlKey, ml.PublicKey(), mlSig}} {
		der, err := mldsax509.MarshalPKIXPublicKey(c.pub)
		if err != nil {
			t.Fatal(err)
		}
		if c.key.SPKI != base64.StdEncoding.EncodeToString(der) {
			t.Errorf("%s: the SPKI is another than crypto/x509 writes", c.key.Alg)
		}
		pub, err := c.key.Parse()
		if err != nil {
			t.Fatal(err)
		}
		if pub.ID != sha256.Sum256(der) || !pub.Verify(msg, c.sig) || !pub.VerifyStrict(msg, c.sig) {
			t.Errorf("%s: the id or the signature is not right", c.key.Alg)
		}
		if pub.Verify(append(msg, 0), c.sig) || pub.Verify(msg, c.sig[1:]) || pub.Verify(msg, nil) {
			t.Errorf("%s: a wrong signature verifies", c.key.Alg)
		}
		// Another algorithm's name on it, a byte more, a byte less.
		for _, alg := range []string{AlgEd25519, AlgP256, AlgMLDSA44} {
			if _, err := (Key{alg, c.key.SPKI, UseStatement}).Parse(); (err == nil) != (alg == c.key.Alg) {
				t.Errorf("%s as %s: %v", c.key.Alg, alg, err)
			}
		}
		for _, bad := range [][]byte{append(der, 0), der[:len(der)-1], append([]byte{0x30, 0x81}, der[1:]...)} {
			if _, err := (Key{c.key.Alg, base64.StdEncoding.EncodeToString(bad), UseStatement}).Parse(); CodeOf(err) != CodeKeyMalformed {
				t.Errorf("%s with other DER: %v", c.key.Alg, err)
			}
		}
	}
	off := append([]byte{}, spki[AlgP256].prefix...)
	off = append(append(off, 4), make([]byte, 64)...)
	if _, err := (Key{AlgP256, base64.StdEncoding.EncodeToString(off), UseStatement}).Parse(); CodeOf(err) != CodeKeyWeak {
		t.Errorf("a point that is not on the curve: %v", err)
	}
	compressed := append(append([]byte{}, spki[AlgP256].prefix...), elliptic.MarshalCompressed(elliptic.P256(), ec.X, ec.Y)...)
	if _, err := (Key{AlgP256, base64.StdEncoding.EncodeToString(compressed), UseStatement}).Parse(); CodeOf(err) != CodeKeyMalformed {
		t.Errorf("a compressed point: %v", err)
	}
}
