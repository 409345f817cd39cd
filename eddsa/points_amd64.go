//go:build !purego

package eddsa

import (
	"encoding/binary"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// Constants of the curve, in every lane.
var (
	one        = everywhere([5]uint64{1})
	d          = everywhere([5]uint64{929955233495203, 466365720129213, 1662059464998953, 2033849074728123, 1442794654840575})
	twoD       = everywhere([5]uint64{1859910466990425, 932731440258426, 1072319116312658, 1815898335770999, 633789495995903})
	rootMinus1 = everywhere([5]uint64{1718705420411056, 234908883556509, 2233514472574048, 2117202627021982, 765476049583133})
	nothing    = new(lanes)
)

func everywhere(limbs [5]uint64) *lanes {
	e := new(lanes)
	for half := range e {
		for i := range e[half] {
			for lane := range e[half][i] {
				e[half][i][lane] = limbs[i]
			}
		}
	}
	return e
}

// encoded are 16 points as they are in signatures. Without a point a lane has the neutral one.
type encoded struct {
	y    lanes
	sign uint16 // of x, a bit for each lane
}

// set puts the 32 bytes of a point into a lane.
func (e *encoded) set(lane int, b []byte) {
	const mask = 1<<51 - 1
	w0, w1 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	w2, w3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
	y := &e.y[lane>>3&1]
	lane7 := lane & 7
	y[0][lane7] = w0 & mask
	y[1][lane7] = (w0>>51 | w1<<13) & mask
	y[2][lane7] = (w1>>38 | w2<<26) & mask
	y[3][lane7] = (w2>>25 | w3<<39) & mask
	y[4][lane7] = w3 >> 12 & mask
	e.sign = e.sign&^(1<<lane) | uint16(w3>>63)<<lane
}

// A decoder has the room that it takes to decode points.
type decoder struct {
	u, v, uv, r, t, t2 lanes
}

// decode gives y − x, y + x and 2dxy of each point, and tells the lanes in which there is one.
// As by ZIP 215, y may be p or more, and 0 have a sign.
func (w *decoder) decode(out *[3]lanes, e *encoded) uint16 {
	// x² = u/v, u = y² − 1, v = dy² + 1; v is never 0.
	square(&w.t, &e.y, 1)
	sub(&w.u, &w.t, one)
	mul(&w.v, &w.t, d)
	add(&w.v, &w.v, one)
	// r = u(uv)^((p−5)/8) is a root of u/v or of −u/v, if either has one. Of −u/v a root times
	// one of −1 is one of u/v.
	mul(&w.uv, &w.u, &w.v)
	w.power(&w.r, &w.uv)
	mul(&w.r, &w.r, &w.u)
	square(&w.t, &w.r, 1)
	mul(&w.t, &w.t, &w.v)
	sub(&w.t2, &w.t, &w.u)
	direct := zero(&w.t2)
	add(&w.t2, &w.t, &w.u)
	turned := zero(&w.t2)
	mul(&w.t, &w.r, rootMinus1)
	choose(&w.r, &w.t, &w.r, direct)
	sub(&w.t, nothing, &w.r)
	choose(&w.r, &w.r, &w.t, odd(&w.r)^e.sign)
	sub(&out[0], &e.y, &w.r)
	add(&out[1], &e.y, &w.r)
	mul(&w.t, &w.r, &e.y)
	mul(&out[2], &w.t, twoD)
	return direct | turned
}

// power sets out to a^((p−5)/8) = a^(2^252 − 3).
func (w *decoder) power(out, a *lanes) {
	t, t2 := &w.t, &w.t2
	square(t, a, 1)  // 2
	square(t2, t, 2) // 8
	mul(t2, t2, a)   // 9
	mul(t, t, t2)    // 11
	square(t, t, 1)  // 22
	mul(t, t, t2)    // 31 = 2^5 − 1
	// each of the next doubles the ones, or adds some to them
	square(t2, t, 5)
	mul(t, t2, t) // 2^10 − 1
	square(t2, t, 10)
	mul(t2, t2, t) // 2^20 − 1
	square(out, t2, 20)
	mul(t2, out, t2) // 2^40 − 1
	square(t2, t2, 10)
	mul(t, t2, t) // 2^50 − 1
	square(t2, t, 50)
	mul(t2, t2, t) // 2^100 − 1
	square(out, t2, 100)
	mul(t2, out, t2) // 2^200 − 1
	square(t2, t2, 50)
	mul(t, t2, t)   // 2^250 − 1
	square(t, t, 2) // 2^252 − 4
	mul(out, t, a)
}

// A point is one in every lane: Y − X, Y + X, Z and T, where x = X/Z, y = Y/Z and xy = T/Z.
type point [4]lanes

// An adder has the room that it takes to add points.
type adder struct {
	a, b, c, d, e, f, g, h lanes
}

// add adds two points, by a formula that holds for any two of the curve: it has no
// exceptions, as −1 is a square and d is none (Hisil, Wong, Carter and Dawson,
// "Twisted Edwards Curves Revisited", 3.1). So does accumulate.
func (w *adder) add(out, p, q *point) {
	mul(&w.a, &p[0], &q[0])
	mul(&w.b, &p[1], &q[1])
	mul(&w.c, &p[3], &q[3])
	mul(&w.c, &w.c, twoD)
	mul(&w.d, &p[2], &q[2])
	add(&w.d, &w.d, &w.d)
	sub(&w.e, &w.b, &w.a)
	sub(&w.f, &w.d, &w.c)
	add(&w.g, &w.d, &w.c)
	add(&w.h, &w.b, &w.a)
	mul(&w.a, &w.e, &w.f)
	mul(&w.b, &w.g, &w.h)
	sub(&out[0], &w.b, &w.a)
	add(&out[1], &w.b, &w.a)
	mul(&out[2], &w.f, &w.g)
	mul(&out[3], &w.e, &w.h)
}

var neutral = point{*one, *one, *one, {}}

// A summer has the room that it takes to sum up points with weights.
type summer struct {
	buckets        buckets
	run, sum, next point
	bits           [8]point
	adder          adder
}

// clear empties the buckets.
func (w *summer) clear() {
	empty := [20]uint64{0: 1, 5: 1, 10: 1}
	for i := range w.buckets {
		for j := range w.buckets[i] {
			w.buckets[i][j] = empty
		}
	}
}

// total sums up the buckets: those of a window, each times its number, by a running sum, and
// windows times powers of 256.
func (w *summer) total() *edwards25519.Point {
	w.run, w.sum = neutral, neutral
	for at := len(w.buckets[0]) - 1; at > 0; at-- {
		w.gather(at)
		w.adder.add(&w.run, &w.run, &w.next)
		w.adder.add(&w.sum, &w.sum, &w.run)
	}
	total := edwards25519.NewIdentityPoint()
	for window := windows - 1; window >= 0; window-- {
		for range 8 {
			total.Add(total, total)
		}
		total.Add(total, w.sum.lane(window))
	}
	return total
}

// gather sets next to a bucket of each window, in its lane.
func (w *summer) gather(at int) {
	for window := range windows {
		half, lane := window/8, window%8
		bucket := &w.buckets[window][at]
		for i := range 5 {
			w.next[0][half][i][lane] = bucket[i]
			w.next[1][half][i][lane] = bucket[5+i]
			w.next[2][half][i][lane] = bucket[10+i]
			w.next[3][half][i][lane] = bucket[15+i]
		}
	}
}

// torsionFree reports whether no point that was added has a part of small order. It looks at
// the sum of those whose digit in a window has a bit set, in its absolute value: for each
// window and bit. Of a point that has such a part, whatever the others are, at most one
// digit above zero and one below leave no sum with one. So digits that are chosen at random hide it
// with a probability of 2^-7 in each window, and of 2^-112 in all.
func (w *summer) torsionFree() bool {
	for bit := range w.bits {
		w.bits[bit] = neutral
	}
	for at := 1; at < len(w.buckets[0]); at++ {
		w.gather(at)
		for bit := range w.bits {
			if at>>bit&1 == 1 {
				w.adder.add(&w.bits[bit], &w.bits[bit], &w.next)
			}
		}
	}
	for bit := range w.bits {
		if !w.timesOrder(&w.bits[bit]) {
			return false
		}
	}
	return true
}

// order is that of the base point.
var order = [4]uint64{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 1 << 60}

// timesOrder reports whether the points of all lanes times the order are the neutral one.
func (w *summer) timesOrder(p *point) bool {
	w.run = *p // the topmost bit
	for i := 251; i >= 0; i-- {
		w.adder.add(&w.run, &w.run, &w.run)
		if order[i/64]>>(i%64)&1 == 1 {
			w.adder.add(&w.run, &w.run, p)
		}
	}
	// Y = Z: with y = 1, x² = (y² − 1)/(dy² + 1) is 0.
	y := &w.adder.a
	add(y, &w.run[1], &w.run[0])
	sub(y, y, &w.run[2])
	sub(y, y, &w.run[2])
	return zero(y) == 1<<16-1
}

// lane gives the point of one lane. X, Y, Z and T are twice as much as in p.
func (p *point) lane(lane int) *edwards25519.Point {
	minus, plus := p[0].element(lane), p[1].element(lane)
	var x, y, z, t field.Element
	x.Subtract(plus, minus)
	y.Add(plus, minus)
	z.Add(p[2].element(lane), p[2].element(lane))
	t.Add(p[3].element(lane), p[3].element(lane))
	out, err := new(edwards25519.Point).SetExtendedCoordinates(&x, &y, &z, &t)
	if err != nil {
		panic("eddsa: a sum is not on the curve")
	}
	return out
}

// element gives the element of one lane.
func (e *lanes) element(lane int) *field.Element {
	const mask = 1<<51 - 1
	var l [5]uint64
	for i := range l {
		l[i] = e[lane/8][i][lane%8]
	}
	// After the first round the value is below 2^255 + 2^6, and so is a carry of the second
	// followed by nothing: that leaves all limbs below 2^51.
	for range 2 {
		var carry uint64
		for i := range l {
			l[i] += carry
			l[i], carry = l[i]&mask, l[i]>>51
		}
		l[0] += 19 * carry
	}
	var b [32]byte
	binary.LittleEndian.PutUint64(b[:], l[0]|l[1]<<51)
	binary.LittleEndian.PutUint64(b[8:], l[1]>>13|l[2]<<38)
	binary.LittleEndian.PutUint64(b[16:], l[2]>>26|l[3]<<25)
	binary.LittleEndian.PutUint64(b[24:], l[3]>>39|l[4]<<12)
	out, err := new(field.Element).SetBytes(b[:])
	if err != nil {
		panic(err)
	}
	return out
}
