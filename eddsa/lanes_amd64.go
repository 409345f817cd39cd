//go:build !purego

package eddsa

import "golang.org/x/sys/cpu"

// canLanes says whether this machine has what the assembly here takes, and its system keeps
// the registers.
var canLanes = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512IFMA

// lanes are 16 elements of the field of 2^255 − 19: eight in the lanes of five registers,
// each a limb of 51 bits, and eight more. Limbs are redundant. What a function takes may have
// any below 2^52; what it gives has each below 2^51 + 2^16. Results may be where arguments are.
type lanes [2][5][8]uint64

// mul multiplies.
//
//go:noescape
func mul(out, a, b *lanes)

// square squares n times, at least once.
//
//go:noescape
func square(out, a *lanes, n int)

// add adds.
//
//go:noescape
func add(out, a, b *lanes)

// sub subtracts b from a.
//
//go:noescape
func sub(out, a, b *lanes)

// choose takes b where mask has a bit, and a elsewhere.
//
//go:noescape
func choose(out, a, b *lanes, mask uint16)

// canonical gives the form in which the value is below p and each limb below 2^51.
//
//go:noescape
func canonical(out, a *lanes)

// zero tells the lanes in which the value is 0.
//
//go:noescape
func zero(a *lanes) uint16

// odd tells the lanes in which the value, below p, is odd.
//
//go:noescape
func odd(a *lanes) uint16

// windows is how many digits a weight has. Each is of one window of buckets.
const windows = 16

// buckets are the sums of the points of which a window's digit has some absolute value, but
// for those of 0, which mean nothing: Y − X, Y + X, Z and T of each, five limbs of each of them.
type buckets [windows][129][20]uint64

// accumulate adds n points, up to 16, at least one, to the buckets of their digits, and subtracts
// them for digits below zero. A point is y − x, y + x and 2dxy. Buckets have limbs as lanes have
// that functions give, and points too.
//
//go:noescape
func accumulate(b *buckets, points *[3]lanes, digits *[16][windows]int8, n int)
