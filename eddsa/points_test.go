//go:build amd64 && !purego

package eddsa

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
	"pgregory.net/rapid"
)

func init() {
	if canLanes {
		ways["lanes"] = zip215Lanes
		stricts["strict lanes"] = strictLanes
	}
}

func fromLittle(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func toLittle(v *big.Int) []byte {
	b := v.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

// oddEncodings are y of points of small order, from 0 to 39 and from p − 21 to 2^255 − 1 = p + 18, each
// with either sign: what is not canonical too.
func oddEncodings() [][]byte {
	var all [][]byte
	both := func(b []byte) {
		for _, top := range []byte{0, 128} {
			c := slices.Clone(b)
			c[31] = c[31]&127 | top
			all = append(all, c)
		}
	}
	for i := range 8 {
		var c curve.CompressedEdwardsY
		both(c.SetEdwardsPoint(torsion(i))[:])
	}
	for i := range int64(40) {
		both(toLittle(big.NewInt(i)))
		both(toLittle(new(big.Int).Sub(prime, big.NewInt(i-18)))) // up to 2^255 − 1
	}
	return all
}

// holdDecode compares decode with voi, of whether there is a point, and with
// filippo.io/edwards25519, of which. Both take what ZIP 215 does.
func holdDecode(t rapid.TB, points [][]byte) {
	t.Helper()
	e := encoded{y: *one}
	for i, b := range points {
		e.set(i, b)
	}
	w, out := new(decoder), new([3]lanes)
	got := w.decode(out, &e)
	for i := range out {
		holdValues(t, "decode", &out[i], maxGiven, out[i].value)
	}
	twoD := new(big.Int).ModInverse(big.NewInt(121666), prime)
	twoD.Mul(twoD, big.NewInt(-2*121665))
	for i := range 16 {
		x, y := new(big.Int), big.NewInt(1)
		if i < len(points) {
			_, err := curve.NewEdwardsPoint().SetCompressedY((*curve.CompressedEdwardsY)(points[i]))
			if is := got>>i&1 == 1; is != (err == nil) {
				t.Fatalf("%x in lane %d is a point: %v, voi says %v", points[i], i, is, err)
			}
			if err != nil {
				continue
			}
			p, err := new(edwards25519.Point).SetBytes(points[i])
			if err != nil {
				t.Fatalf("%x: filippo.io/edwards25519 says %v", points[i], err)
			}
			px, py, pz, _ := p.ExtendedCoordinates()
			inverse := new(big.Int).ModInverse(fromLittle(pz.Bytes()), prime)
			x.Mul(fromLittle(px.Bytes()), inverse)
			y.Mul(fromLittle(py.Bytes()), inverse)
		} else if got>>i&1 == 0 {
			t.Fatalf("lane %d, that has none, has no point", i)
		}
		xy := new(big.Int).Mul(x, y)
		for j, want := range []*big.Int{new(big.Int).Sub(y, x), new(big.Int).Add(y, x), xy.Mul(xy, twoD)} {
			if v := out[j].value(i); v.Cmp(want.Mod(want, prime)) != 0 {
				t.Fatalf("%x in lane %d: number %d is %x, want %x", points[i], i, j, v, want)
			}
		}
	}
}

func TestDecode(t *testing.T) {
	if !lanesHere(t) {
		return
	}
	for chunk := range slices.Chunk(oddEncodings(), 16) {
		holdDecode(t, chunk)
		slices.Reverse(chunk)
		holdDecode(t, chunk)
	}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 32, 32), rapid.SampledFrom(oddEncodings()),
			rapid.Custom(func(t *rapid.T) []byte { return onCurve(rapid.Uint64().Draw(t, "seed"), nil).Bytes() }))
		holdDecode(t, rapid.SliceOfN(some, 0, 16).Draw(t, "points"))
	})
}

// onCurve is some point, plus another.
func onCurve(seed uint64, plus *edwards25519.Point) *edwards25519.Point {
	var wide [64]byte
	binary.LittleEndian.PutUint64(wide[:], seed)
	binary.LittleEndian.PutUint64(wide[20:], seed*0x9e3779b97f4a7c15)
	s, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		panic(err)
	}
	p := new(edwards25519.Point).ScalarBaseMult(s)
	if plus != nil {
		p.Add(p, plus)
	}
	return p
}

// sumInLanes sums up points with weights of digits.
func sumInLanes(t rapid.TB, points [][]byte, digits [][windows]int8) []byte {
	t.Helper()
	w, decoder := new(summer), new(decoder)

	w.clear()
	for len(points) > 0 {
		n := min(len(points), 16)
		e := encoded{y: *one}
		for i, p := range points[:n] {
			e.set(i, p)
		}
		var out [3]lanes
		if decoder.decode(&out, &e) != 1<<16-1 {
			t.Fatal("one is no point")
		}
		var some [16][windows]int8
		for i := range some {
			for j := range some[i] {
				some[i][j] = 77 // of what is not there
			}
		}
		copy(some[:], digits[:n])
		accumulate(&w.buckets, &out, &some, n)
		points, digits = points[n:], digits[n:]
	}
	return w.total().Bytes()
}

// sumByOthers is that sum by voi.
func sumByOthers(points [][]byte, digits [][windows]int8) []byte {
	var all []*curve.EdwardsPoint
	var weights []*scalar.Scalar
	for i, b := range points {
		p, err := curve.NewEdwardsPoint().SetCompressedY((*curve.CompressedEdwardsY)(b))
		if err != nil {
			panic(err)
		}
		// A weight below zero is of the negated point: with a part of small order that is not the
		// same as one modulo the group's order.
		v := new(big.Int)
		for j := windows - 1; j >= 0; j-- {
			v.Add(v.Lsh(v, 8), big.NewInt(int64(digits[i][j])))
		}
		if v.Sign() < 0 {
			p.Neg(p)
		}
		s, err := scalar.NewFromBits(toLittle(v.Abs(v)))
		if err != nil {
			panic(err)
		}
		all, weights = append(all, p), append(weights, s)
	}
	total := curve.NewEdwardsPoint()
	total.Identity()
	if len(all) > 0 {
		total.MultiscalarMulVartime(weights, all)
	}
	var c curve.CompressedEdwardsY
	return c.SetEdwardsPoint(total)[:]
}

func holdSum(t rapid.TB, points [][]byte, digits [][windows]int8) {
	t.Helper()
	if got, want := sumInLanes(t, points, digits), sumByOthers(points, digits); !bytes.Equal(got, want) {
		t.Fatalf("the sum of %d is %x, want %x", len(points), got, want)
	}
}

func TestSum(t *testing.T) {
	if !lanesHere(t) {
		return
	}
	drawDigits := rapid.Custom(func(t *rapid.T) (d [windows]int8) {
		of := rapid.SampledFrom([]*rapid.Generator[int8]{
			rapid.Just(int8(0)), rapid.Just(int8(-128)), rapid.Just(int8(127)), rapid.Int8(), rapid.Int8Range(-1, 1),
		}).Draw(t, "of")
		for i := range d {
			d[i] = of.Draw(t, "digit")
		}
		return d
	})
	rapid.Check(t, func(t *rapid.T) {
		var points [][]byte
		var digits [][windows]int8
		for range rapid.IntRange(0, 40).Draw(t, "points") {
			d := drawDigits.Draw(t, "digits")
			var p []byte
			before := len(points) - 1
			switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
			case kind == 1 && before >= 0: // the same again
				p, d = points[before], digits[before]
			case kind == 2 && before >= 0: // its negative
				q, err := new(edwards25519.Point).SetBytes(points[before])
				if err != nil {
					t.Fatal(err)
				}
				p, d = q.Negate(q).Bytes(), digits[before]
			case kind == 3: // of small order
				var c curve.CompressedEdwardsY
				p = c.SetEdwardsPoint(torsion(rapid.IntRange(0, 7).Draw(t, "multiple")))[:]
			case kind == 4: // of mixed order
				var c curve.CompressedEdwardsY
				plus, err := new(edwards25519.Point).SetBytes(c.SetEdwardsPoint(torsion(rapid.IntRange(1, 7).Draw(t, "multiple")))[:])
				if err != nil {
					t.Fatal(err)
				}
				p = onCurve(rapid.Uint64().Draw(t, "seed"), plus).Bytes()
			default:
				p = onCurve(rapid.Uint64().Draw(t, "seed"), nil).Bytes()
			}
			points, digits = append(points, p), append(digits, d)
		}
		holdSum(t, points, digits)
	})
	// Every digit in every window, and more points than there are buckets.
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{256, 1000} {
		var points [][]byte
		var digits [][windows]int8
		for i := range n {
			points = append(points, onCurve(rng.Uint64(), nil).Bytes())
			var d [windows]int8
			for j := range d {
				if d[j] = int8(rng.Uint32()); n == 256 {
					d[j] = int8(i + 16*j)
				}
			}
			digits = append(digits, d)
		}
		holdSum(t, points, digits)
	}
}

// TestAddIsComplete: each point of small order plus each, and what is most alike: a point and itself,
// its negative, and the neutral one.
func TestAddIsComplete(t *testing.T) {
	if !lanesHere(t) {
		return
	}
	var all []*edwards25519.Point
	for i := range 8 {
		var c curve.CompressedEdwardsY
		p, err := new(edwards25519.Point).SetBytes(c.SetEdwardsPoint(torsion(i))[:])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p, onCurve(1, p), new(edwards25519.Point).Negate(onCurve(1, p)))
	}
	weights := [][windows]int8{{1}, {1}}
	for _, p := range all {
		for _, q := range all {
			want := new(edwards25519.Point).Add(p, q).Bytes()
			if got := sumInLanes(t, [][]byte{p.Bytes(), q.Bytes()}, weights); !bytes.Equal(got, want) {
				t.Errorf("%x + %x is %x, want %x", p.Bytes(), q.Bytes(), got, want)
			}
		}
	}
}

// TestTorsionFree: of the parts of small order of 20 points, each is noticed in every window, with
// whichever digit but 0. In windows of other points, and without such parts, there is nothing to notice.
func TestTorsionFree(t *testing.T) {
	if !lanesHere(t) {
		return
	}
	var small [8]*edwards25519.Point
	for i := range small {
		var c curve.CompressedEdwardsY
		p, err := new(edwards25519.Point).SetBytes(c.SetEdwardsPoint(torsion(i))[:])
		if err != nil {
			t.Fatal(err)
		}
		small[i] = p
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 16).Draw(t, "points")
		bad := rapid.IntRange(0, n-1).Draw(t, "bad")
		part := rapid.IntRange(0, 7).Draw(t, "part")
		window := rapid.IntRange(0, windows-1).Draw(t, "window")
		digit := rapid.OneOf(rapid.Int8(), rapid.SampledFrom([]int8{-128, -127, -1, 0, 1, 127})).Draw(t, "digit")
		w, e, points, digits := new(summer), encoded{y: *one}, new([3]lanes), new([16][windows]int8)
		for i := range n {
			p := onCurve(rapid.Uint64().Draw(t, "seed"), nil)
			if i == bad {
				p.Add(p, small[part])
				digits[i][window] = digit
			} else {
				for j := range digits[i] {
					digits[i][j] = rapid.Int8().Draw(t, "digit")
				}
			}
			e.set(i, p.Bytes())
		}
		if new(decoder).decode(points, &e) != 1<<16-1 {
			t.Fatal("one is no point")
		}
		w.clear()
		accumulate(&w.buckets, points, digits, n)
		if got, want := w.torsionFree(), part == 0 || digit == 0; got != want {
			t.Fatalf("no part of small order: %v, want %v", got, want)
		}
	})
}

// TestWeighted: sums of products, with as many terms as fill all words.
func TestWeighted(t *testing.T) {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	offset := new(big.Int)
	for range windows {
		offset.Add(offset.Lsh(offset, 8), big.NewInt(128))
	}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SampledFrom([]int{4, 8}).Draw(t, "words")
		word := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, 1<<64 - 1}))
		var w weighted
		want := new(big.Int)
		for range rapid.IntRange(0, 20).Draw(t, "terms") {
			u := [2]uint64{word.Draw(t, "u"), word.Draw(t, "u")}
			x := rapid.SliceOfN(word, words, words).Draw(t, "x")
			w.add(u, x)
			z := new(big.Int).SetUint64(u[1])
			z.Add(z.Lsh(z, 64), new(big.Int).SetUint64(u[0])).Sub(z, offset)
			v := new(big.Int)
			for i := words - 1; i >= 0; i-- {
				v.Add(v.Lsh(v, 64), new(big.Int).SetUint64(x[i]))
			}
			want.Add(want, z.Mul(z, v))
		}
		var got [32]byte
		if err := w.scalar().ToBytes(got[:]); err != nil {
			t.Fatal(err)
		}
		if want.Mod(want, order); fromLittle(got[:]).Cmp(want) != 0 {
			t.Fatalf("%x, want %x", got, want)
		}
	})
}

// TestWeightsBind: another R, s, key or message gives other weights, to all.
func TestWeightsBind(t *testing.T) {
	if !lanesHere(t) {
		return
	}
	key, other := newTestKey("key"), newTestKey("other")
	checks := []Check{key.sign([]byte("one"), nil), key.sign([]byte("two"), nil), key.sign([]byte("three"), nil)}
	first := func() uint64 {
		weights, ok := new(laneSpace).hash(checks)
		if !ok {
			t.Fatal("malformed")
		}
		return weights.Uint64()
	}
	was := first()
	if first() != was {
		t.Fatal("the same signatures have other weights")
	}
	for i, c := range checks {
		s, r := slices.Clone(c.Sig), slices.Clone(c.Sig)
		s[40]++
		r[5]++
		for what, changed := range map[string]Check{
			"s": {c.Key, c.Msg, s}, "R": {c.Key, c.Msg, r},
			"key": {other.public, c.Msg, c.Sig}, "message": {c.Key, []byte("four"), c.Sig},
		} {
			checks[i] = changed
			if first() == was {
				t.Errorf("the weights do not depend on %s of %d", what, i)
			}
		}
		checks[i] = c
	}
}

func FuzzDecode(f *testing.F) {
	here := lanesHere(f)
	for _, b := range oddEncodings() {
		f.Add(b)
	}
	before := onCurve(1, nil).Bytes()
	f.Fuzz(func(t *testing.T, b []byte) {
		point := make([]byte, 32)
		copy(point, b)
		if here {
			holdDecode(t, [][]byte{before, point})
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	if !lanesHere(b) {
		return
	}
	e := encoded{y: *one}
	for i := range 16 {
		e.set(i, onCurve(uint64(i), nil).Bytes())
	}
	w, out := new(decoder), new([3]lanes)
	for b.Loop() {
		if w.decode(out, &e) != 1<<16-1 {
			b.Fatal("no points")
		}
	}
	b.ReportMetric(16*float64(b.N)/b.Elapsed().Seconds(), "points/s")
}

func BenchmarkSum(b *testing.B) {
	if !lanesHere(b) {
		return
	}
	w, points, digits := new(summer), new([3]lanes), new([16][windows]int8)
	for i := range digits {
		for j := range digits[i] {
			digits[i][j] = int8(rand.Uint32())
		}
	}
	for i := range points {
		points[i] = *one
	}
	b.Run("accumulate", func(b *testing.B) {
		w.clear()
		for b.Loop() {
			accumulate(&w.buckets, points, digits, 16)
		}
		b.ReportMetric(16*float64(b.N)/b.Elapsed().Seconds(), "points/s")
	})
	b.Run("total", func(b *testing.B) {
		w.clear()
		for b.Loop() {
			w.total()
		}
	})
}
