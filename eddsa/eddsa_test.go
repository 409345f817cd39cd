package eddsa

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
	"pgregory.net/rapid"
)

type definition struct {
	together func([]Check) bool
	alone    func(Check) bool
}

// ways are those to judge by ZIP 215, stricts those to judge as the standard library does: what
// this machine takes for so many, and each that it has.
var (
	ways    = map[string]func([]Check) bool{"ZIP215": ZIP215, "generic": zip215}
	stricts = map[string]func([]Check) bool{"Strict": Strict, "generic strict": strict}
)

// single are the two definitions, one signature after the other, by others' code.
func single() map[string]definition {
	all := make(map[string]definition)
	for name, together := range ways {
		all[name] = definition{together, func(c Check) bool {
			return voi.VerifyWithOptions(c.Key, c.Msg, c.Sig, &voi.Options{Verify: voi.VerifyOptionsZIP_215})
		}}
	}
	for name, together := range stricts {
		all[name] = definition{together, func(c Check) bool { return ed25519.Verify(c.Key, c.Msg, c.Sig) }}
	}
	return all
}

// testKey is a key pair whose public key may be said to be another.
type testKey struct {
	seed   [32]byte
	public []byte
}

func newTestKey(name string) testKey {
	k := testKey{seed: sha512.Sum512_256([]byte(name))}
	k.public = ed25519.NewKeyFromSeed(k.seed[:]).Public().(ed25519.PublicKey)
	return k
}

// sign signs as RFC 8032 does, but for a point that is added to R.
func (k testKey) sign(msg []byte, added *curve.EdwardsPoint) Check {
	hash := func(parts ...[]byte) *scalar.Scalar {
		s, err := scalar.New().SetBytesModOrderWide(sum(parts...))
		if err != nil {
			panic(err)
		}
		return s
	}
	secret := sha512.Sum512(k.seed[:])
	secret[0], secret[31] = secret[0]&248, secret[31]&63|64
	a, err := scalar.NewFromBytesModOrder(secret[:32])
	if err != nil {
		panic(err)
	}
	nonce := hash(secret[32:], msg)
	point := curve.NewEdwardsPoint().MulBasepoint(curve.ED25519_BASEPOINT_TABLE, nonce)
	if added != nil {
		point.Add(point, added)
	}
	var r curve.CompressedEdwardsY
	r.SetEdwardsPoint(point)
	h := hash(r[:], k.public, msg)
	s := scalar.New().Add(nonce, h.Mul(h, a))
	sig := append(r[:], make([]byte, 32)...)
	if err := s.ToBytes(sig[32:]); err != nil {
		panic(err)
	}
	return Check{k.public, msg, sig}
}

func sum(parts ...[]byte) []byte {
	h := sha512.Sum512(bytes.Join(parts, nil))
	return h[:]
}

func fromHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// torsion is i times a point of order eight (RFC 8032's encoding).
func torsion(i int) *curve.EdwardsPoint {
	compressed := curve.CompressedEdwardsY(fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"))
	t, err := curve.NewEdwardsPoint().SetCompressedY(&compressed)
	if err != nil {
		panic(err)
	}
	p := curve.NewEdwardsPoint()
	p.Identity()
	for range i {
		p.Add(p, t)
	}
	return p
}

// TestTogether: what is said of all is what is said of each. Signatures are good, or
// changed in a byte, or of another length, or off by what verifiers disagree about: a point of
// small order in R or in the key.
func TestTogether(t *testing.T) {
	keys := make([]testKey, 7)
	for i := range keys {
		keys[i] = newTestKey(fmt.Sprint("key ", i))
	}
	mixed := newTestKey("mixed") // with a part of order 4 in the key
	var a curve.CompressedEdwardsY
	copy(a[:], mixed.public)
	point, err := curve.NewEdwardsPoint().SetCompressedY(&a)
	if err != nil {
		t.Fatal(err)
	}
	a.SetEdwardsPoint(point.Add(point, torsion(2)))
	mixed.public = a[:]
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "signatures")
		var checks []Check
		for i := range n {
			checks = append(checks, keys[i%len(keys)].sign(fmt.Append(nil, "message ", i), nil))
		}
		for range rapid.IntRange(0, 3).Draw(t, "others") {
			if n == 0 {
				break
			}
			c := &checks[rapid.IntRange(0, n-1).Draw(t, "which")]
			switch rapid.IntRange(0, 4).Draw(t, "how") {
			case 0:
				c.Sig = slices.Clone(c.Sig)
				c.Sig[rapid.IntRange(0, len(c.Sig)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
			case 1:
				c.Msg = append(slices.Clone(c.Msg), 'x')
			case 2:
				c.Sig = c.Sig[:rapid.IntRange(33, len(c.Sig)).Draw(t, "length")]
			case 3:
				*c = keys[0].sign(c.Msg, torsion(rapid.IntRange(0, 7).Draw(t, "part of R")))
			case 4:
				*c = mixed.sign(c.Msg, nil)
			}
		}
		for name, f := range single() {
			want := !slices.ContainsFunc(checks, func(c Check) bool { return !f.alone(c) })
			got := f.together(checks)
			// Strict may leave what has a key of mixed order to who asks.
			left := stricts[name] != nil && slices.ContainsFunc(checks, func(c Check) bool { return bytes.Equal(c.Key, mixed.public) })
			if got != want && !(left && !got) {
				t.Errorf("%s: together %v, one by one %v", name, got, want)
			}
		}
	})
}

// TestPartsThatCancel: points of small order in several R that add up to nothing, under equal
// weights and often under others. ZIP 215 takes them, crypto/ed25519 takes none.
func TestPartsThatCancel(t *testing.T) {
	key := newTestKey("key")
	for round := range 40 {
		for _, parts := range [][]int{{4, 4}, {2, 6}, {4, 4, 4, 4, 4, 4, 4, 4}, {1, 7, 3, 5}, {8 - 2, 2, 4, 4, 0, 0}} {
			var checks []Check
			for i, part := range parts {
				checks = append(checks, key.sign(fmt.Append(nil, round, i), torsion(part)))
			}
			for name, zip := range ways {
				if !zip(checks) {
					t.Fatalf("%v: not by ZIP 215, says %s", parts, name)
				}
			}
			for name, strict := range stricts {
				if strict(checks) {
					t.Fatalf("%v: taken by %s", parts, name)
				}
			}
		}
	}
	// One of 1,000, wherever it stands.
	var checks []Check
	for i := range 1000 {
		checks = append(checks, key.sign(fmt.Append(nil, i), nil))
	}
	for name, strict := range stricts {
		if !strict(checks) || !strict(checks[:997]) {
			t.Fatalf("%s: good ones are not taken", name)
		}
		for _, at := range []int{0, 1, 2, 3, 500, 996, 999} {
			good := checks[at]
			checks[at] = key.sign(good.Msg, torsion(4))
			if strict(checks) {
				t.Errorf("%s: one with a part of order two is taken at %d", name, at)
			}
			checks[at] = good
		}
	}
}

// TestErrorsThatCancel: two signatures whose errors would cancel out under equal weights.
func TestErrorsThatCancel(t *testing.T) {
	key := newTestKey("key")
	one, two := key.sign([]byte("one"), nil), key.sign([]byte("two"), nil)
	for one.Sig[32] == 255 || two.Sig[32] == 0 { // no carry
		one.Msg, two.Msg = append(one.Msg, 'x'), append(two.Msg, 'x')
		one, two = key.sign(one.Msg, nil), key.sign(two.Msg, nil)
	}
	one.Sig[32]++
	two.Sig[32]--
	for name, f := range single() {
		if f.together([]Check{one, two}) {
			t.Errorf("%s takes them", name)
		}
	}
}

// TestIdentity: R is the neutral element, in its one form and in others. With s = k·a it
// satisfies the equation in each.
func TestIdentity(t *testing.T) {
	key := newTestKey("key")
	secret := sha512.Sum512(key.seed[:])
	secret[0], secret[31] = secret[0]&248, secret[31]&63|64
	a, err := scalar.NewFromBytesModOrder(secret[:32])
	if err != nil {
		t.Fatal(err)
	}
	for form, strict := range map[string]bool{
		"0100000000000000000000000000000000000000000000000000000000000000": true,
		"0100000000000000000000000000000000000000000000000000000000000080": false, // −0
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": false, // 1 + p
	} {
		r, msg := fromHex(form), []byte("message")
		k, err := scalar.New().SetBytesModOrderWide(sum(r, key.public, msg))
		if err != nil {
			t.Fatal(err)
		}
		sig := append(r, make([]byte, 32)...)
		if err := k.Mul(k, a).ToBytes(sig[32:]); err != nil {
			t.Fatal(err)
		}
		c := Check{key.public, msg, sig}
		if ed25519.Verify(c.Key, c.Msg, c.Sig) != strict {
			t.Fatalf("%s: crypto/ed25519 says otherwise", form)
		}
		for name, f := range stricts {
			if got := f([]Check{c}); got != strict {
				t.Errorf("%s: %s says %v", form, name, got)
			}
		}
		for name, zip := range ways {
			if !zip([]Check{c}) {
				t.Errorf("%s: %s does not take it", form, name)
			}
		}
	}
}

// TestSpeccheck: the twelve signatures on which verifiers disagree.
func TestSpeccheck(t *testing.T) {
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
	good := newTestKey("key").sign([]byte("message"), nil)
	const zebra = "VVVVVVXXXVVV" // the row of ZIP 215 in ed25519-speccheck's results
	for i, c := range cases {
		check := Check{fromHex(c.PubKey), fromHex(c.Message), fromHex(c.Signature)}
		for _, checks := range [][]Check{{check}, {good, check}, {check, good, good, good, check}} {
			for name, zip := range ways {
				if got, want := zip(checks), zebra[i] == 'V'; got != want {
					t.Errorf("case %d of %d: %s says %v, want %v", i, len(checks), name, got, want)
				}
			}
			for name, strict := range stricts {
				if strict(checks) && !ed25519.Verify(check.Key, check.Msg, check.Sig) {
					t.Errorf("case %d of %d: %s takes it", i, len(checks), name)
				}
			}
		}
	}
}

// TestWycheproof: the published vectors, among good ones. One of them has an R that is not
// canonical, which ZIP 215 takes.
func TestWycheproof(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "testdata", "published", "wycheproof", "ed25519_test.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			PublicKey struct{ Pk string }
			Tests     []struct {
				TcID             int
				Msg, Sig, Result string
			}
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	good, tried := newTestKey("key").sign([]byte("message"), nil), 0
	for _, g := range file.TestGroups {
		for _, v := range g.Tests {
			tried++
			check := Check{fromHex(g.PublicKey.Pk), fromHex(v.Msg), fromHex(v.Sig)}
			for name, zip := range ways {
				if got, want := zip([]Check{good, check, good}), v.Result == "valid" || v.TcID == 151; got != want {
					t.Errorf("%d: %s says %v, want %v", v.TcID, name, got, want)
				}
			}
		}
	}
	if tried < 150 {
		t.Errorf("only %d vectors were tried", tried)
	}
}

// TestOneOfMany: one that does not verify is noticed wherever it stands, in a batch that fills
// whole blocks or not.
func TestOneOfMany(t *testing.T) {
	keys := []testKey{newTestKey("one"), newTestKey("two"), newTestKey("three")}
	for _, n := range []int{1, 15, 16, 17, 33, 300} {
		var checks []Check
		for i := range n {
			checks = append(checks, keys[i%3].sign(fmt.Append(nil, "message ", i), nil))
		}
		for name, f := range single() {
			if !f.together(checks) {
				t.Errorf("%s: %d good ones are not taken", name, n)
			}
		}
		step := 1
		if n > 100 {
			step = 13
		}
		for at := 0; at < n; at += step {
			good := checks[at]
			bad := slices.Clone(good.Sig)
			bad[32] ^= 1
			checks[at].Sig = bad
			for name, f := range single() {
				if f.together(checks) {
					t.Errorf("%s: %d are taken, one of them with another s at %d", name, n, at)
				}
			}
			checks[at] = Check{good.Key, append(slices.Clone(good.Msg), 'x'), good.Sig}
			for name, f := range single() {
				if f.together(checks) {
					t.Errorf("%s: %d are taken, one of them over another message at %d", name, n, at)
				}
			}
			checks[at] = good
		}
	}
}

// TestMalformed: what is no signature, or by no key, is refused, and does no harm to what
// comes after it in the same memory.
func TestMalformed(t *testing.T) {
	good := newTestKey("key").sign([]byte("message"), nil)
	off := bytes.Repeat([]byte{0xff}, 32)
	off[0] = 0xe2 // no point
	for name, f := range single() {
		for _, bad := range []Check{
			{Msg: good.Msg, Sig: good.Sig},
			{good.Key[:31], good.Msg, good.Sig},
			{append(slices.Clone(good.Key), 0), good.Msg, good.Sig},
			{off, good.Msg, good.Sig},
			{good.Key, good.Msg, nil},
			{good.Key, good.Msg, good.Sig[:63]},
			{good.Key, good.Msg, append(slices.Clone(good.Sig), 0)},
			{good.Key, good.Msg, append(slices.Clone(off), good.Sig[32:]...)},
			{good.Key, good.Msg, append(slices.Clone(good.Sig[:32]), bytes.Repeat([]byte{0xff}, 32)...)},
		} {
			if f.together([]Check{good, bad, good}) {
				t.Errorf("%s takes %x", name, bad)
			}
			if !f.together([]Check{good, good}) {
				t.Errorf("%s does not take good ones after %x", name, bad)
			}
		}
		if !f.together(nil) {
			t.Errorf("%s: of none at all each is good", name)
		}
	}
}

func FuzzTogether(f *testing.F) {
	key := newTestKey("key")
	good := key.sign([]byte("message"), nil)
	f.Add(good.Key, good.Msg, good.Sig)
	for i := range 4 {
		c := key.sign([]byte("message"), torsion(2*i+1))
		f.Add(c.Key, c.Msg, c.Sig)
	}
	f.Fuzz(func(t *testing.T, public, message, sig []byte) {
		if len(public) != ed25519.PublicKeySize {
			return
		}
		c := Check{public, message, sig}
		for name, zip := range ways {
			if got, want := zip([]Check{c, good}), single()["ZIP215"].alone(c); got != want {
				t.Errorf("%s says %v, want %v", name, got, want)
			}
		}
		a := curve.CompressedEdwardsY(public)
		for name, strict := range stricts {
			if a.IsCanonicalVartime() && strict([]Check{c, good}) && !ed25519.Verify(public, message, sig) {
				t.Errorf("%s takes what crypto/ed25519 does not", name)
			}
		}
	})
}
