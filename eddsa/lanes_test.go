//go:build amd64 && !purego

package eddsa

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// lanesHere reports whether this processor has the instructions. Where it has not, the
// assembly never runs: what is held then is that many signatures are verified without it.
func lanesHere(t testing.TB) bool {
	t.Helper()
	if canLanes {
		return true
	}
	checks := signed(t, 2*minLanes, 3)
	if !ZIP215(checks) || !Strict(checks) {
		t.Error("good signatures are refused on a processor without AVX-512 IFMA")
	}
	checks[minLanes].Msg = append([]byte("not "), checks[minLanes].Msg...)
	if ZIP215(checks) || Strict(checks) {
		t.Error("a bad signature is taken on a processor without AVX-512 IFMA")
	}
	return false
}

var (
	prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	limb  = new(big.Int).Lsh(big.NewInt(1), 51)
)

const (
	maxTaken = 1<<52 - 1         // of a limb that a function takes
	maxGiven = 1<<51 + 1<<16 - 1 // of one that it gives
)

// value is the element of lane i, below p.
func (e *lanes) value(i int) *big.Int {
	v := new(big.Int)
	for j := 4; j >= 0; j-- {
		v.Mul(v, limb)
		v.Add(v, new(big.Int).SetUint64(e[i/8][j][i%8]))
	}
	return v.Mod(v, prime)
}

func (e *lanes) set(i int, limbs [5]uint64) {
	for j, l := range limbs {
		e[i/8][j][i%8] = l
	}
}

// edges are limbs of elements: 0, 1, p−1, p, p+1, 2p−1, 2p, the most of 255 bits, and limbs at their bounds.
var edges = [][5]uint64{
	{},
	{1},
	{1<<51 - 20, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1},
	{1<<51 - 19, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1},
	{1<<51 - 18, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1},
	{1<<51 - 1, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1},
	{1<<52 - 39, 1<<52 - 2, 1<<52 - 2, 1<<52 - 2, 1<<52 - 2},
	{1<<52 - 38, 1<<52 - 2, 1<<52 - 2, 1<<52 - 2, 1<<52 - 2},
	{maxTaken, maxTaken, maxTaken, maxTaken, maxTaken},
	{maxGiven, maxGiven, maxGiven, maxGiven, maxGiven},
	{maxTaken, 0, maxTaken, 0, maxTaken},
	{0, maxTaken, 0, maxTaken, 0},
	{maxTaken}, {0, maxTaken}, {0, 0, maxTaken}, {0, 0, 0, maxTaken}, {0, 0, 0, 0, maxTaken},
	{1 << 51}, {0, 1 << 51}, {0, 0, 1 << 51}, {0, 0, 0, 1 << 51}, {0, 0, 0, 0, 1 << 51},
	// Every carry runs through to the top, and from there to the bottom.
	{1<<51 - 19, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1, 1<<52 - 1},
	{1<<51 + 1<<50, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1, 1<<51 - 1},
}

func drawLanes(t *rapid.T, name string) *lanes {
	limbs := rapid.OneOf(
		rapid.SampledFrom(edges),
		rapid.Custom(func(t *rapid.T) (l [5]uint64) {
			for i := range l {
				l[i] = rapid.OneOf(rapid.Uint64Range(0, maxTaken), rapid.SampledFrom([]uint64{0, 1, 1<<51 - 20, 1<<51 - 19, 1<<51 - 1, 1 << 51, maxTaken})).Draw(t, "limb")
			}
			return l
		}))
	e := new(lanes)
	for i := range 16 {
		e.set(i, limbs.Draw(t, fmt.Sprint(name, " ", i)))
	}
	return e
}

// holdValues fails where an element is not what is wanted, or a limb above its bound.
func holdValues(t rapid.TB, name string, got *lanes, most uint64, want func(i int) *big.Int) {
	t.Helper()
	for i := range 16 {
		w := want(i)
		if v := got.value(i); v.Cmp(w.Mod(w, prime)) != 0 {
			t.Fatalf("%s: lane %d is %x, want %x", name, i, v, w)
		}
		for j := range 5 {
			if l := got[i/8][j][i%8]; l > most {
				t.Fatalf("%s: limb %d of lane %d is %#x, above its bound", name, j, i, l)
			}
		}
	}
}

// holdField compares each function of the field with math/big.
func holdField(t rapid.TB, a, b *lanes, n int, mask uint16) {
	t.Helper()
	var out lanes
	mul(&out, a, b)
	holdValues(t, "mul", &out, maxGiven, func(i int) *big.Int { return new(big.Int).Mul(a.value(i), b.value(i)) })
	square(&out, a, n)
	holdValues(t, "square", &out, maxGiven, func(i int) *big.Int {
		return new(big.Int).Exp(a.value(i), new(big.Int).Lsh(big.NewInt(1), uint(n)), prime)
	})
	add(&out, a, b)
	holdValues(t, "add", &out, maxGiven, func(i int) *big.Int { return new(big.Int).Add(a.value(i), b.value(i)) })
	sub(&out, a, b)
	holdValues(t, "sub", &out, maxGiven, func(i int) *big.Int { return new(big.Int).Sub(a.value(i), b.value(i)) })
	choose(&out, a, b, mask)
	var zeroes, odds uint16
	for i := range 16 {
		from := a
		if mask>>i&1 == 1 {
			from = b
		}
		for j := range 5 {
			if out[i/8][j][i%8] != from[i/8][j][i%8] {
				t.Fatalf("choose: lane %d is another's", i)
			}
		}
		v := a.value(i)
		if v.Sign() == 0 {
			zeroes |= 1 << i
		}
		odds |= uint16(v.Bit(0)) << i
		if got := fromLittle(a.element(i).Bytes()); got.Cmp(v) != 0 {
			t.Fatalf("element: lane %d is %x, want %x", i, got, v)
		}
	}
	canonical(&out, a)
	for i := range 16 {
		v, plain := a.value(i), new(big.Int)
		for j := 4; j >= 0; j-- {
			plain.Lsh(plain, 51)
			plain.Add(plain, new(big.Int).SetUint64(out[i/8][j][i%8])) // without mod p
		}
		if v.Cmp(plain) != 0 {
			t.Fatalf("canonical: lane %d is %x, want %x", i, plain, v)
		}
	}
	holdValues(t, "canonical", &out, 1<<51-1, a.value)
	if got := zero(a); got != zeroes {
		t.Fatalf("zero: %016b, want %016b", got, zeroes)
	}
	if got := odd(a); got != odds {
		t.Fatalf("odd: %016b, want %016b", got, odds)
	}
}

func TestField(t *testing.T) {
	if !lanesHere(t) {
		return
	}
	for i := range edges {
		var a, b lanes
		for j := range edges {
			a.set(j%16, edges[i])
			b.set(j%16, edges[j])
			if j%16 == 15 || j == len(edges)-1 {
				holdField(t, &a, &b, 1, 0xa5c3)
				holdField(t, &b, &a, 2, 0x5a3c)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawLanes(t, "a"), drawLanes(t, "b")
		holdField(t, a, b, rapid.IntRange(1, 5).Draw(t, "times"), rapid.Uint16().Draw(t, "mask"))
	})
	// Results where the arguments are.
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawLanes(t, "a"), drawLanes(t, "b")
		for name, f := range map[string]func(out, a, b *lanes){"mul": mul, "add": add, "sub": sub} {
			var want lanes
			f(&want, a, b)
			x, y := *a, *b
			f(&x, &x, b)
			f(&y, a, &y)
			if x != want || y != want {
				t.Fatalf("%s: the result is another where an argument is", name)
			}
		}
	})
}

func BenchmarkField(b *testing.B) {
	if !lanesHere(b) {
		return
	}
	x, y := new(lanes), new(lanes)
	for i := range 16 {
		x.set(i, edges[8])
		y.set(i, edges[9])
	}
	for name, f := range map[string]func(){
		"mul":       func() { mul(x, x, y) },
		"square100": func() { square(x, x, 100) },
		"sub":       func() { sub(x, x, y) },
		"zero":      func() { zero(x) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
}
