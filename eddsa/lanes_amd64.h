// Elements of the field of 2^255 - 19, in 5 limbs of 51 bits, 8 of them in the lanes of 5
// registers.
//
// VPMADD52LUQ and VPMADD52HUQ multiply the low 52 bits of two lanes, and add the low or the
// high 52 bits of the product. So what is multiplied has limbs below 2^52: "narrow". What
// CARRY leaves has limbs below 2^51 + 2^16. A product that is not yet carried has limbs below
// 2^61: "wide". Differences are taken with a multiple of the prime added, so that no limb is
// ever below zero.
//
// Z31 is 19, Z30 the mask of 51 bits, Z29 the lowest limb of 2^10 p, and Z28 the others of it.

DATA ·word19<>(SB)/8, $19
GLOBL ·word19<>(SB), RODATA|NOPTR, $8
DATA ·mask51<>(SB)/8, $0x7ffffffffffff
GLOBL ·mask51<>(SB), RODATA|NOPTR, $8

// 2^10 p, for the difference of two wide ones.
DATA ·wide0<>(SB)/8, $0x1fffffffffffb400
GLOBL ·wide0<>(SB), RODATA|NOPTR, $8
DATA ·wide1<>(SB)/8, $0x1ffffffffffffc00
GLOBL ·wide1<>(SB), RODATA|NOPTR, $8

#define CONSTANTS \
	VPBROADCASTQ ·word19<>(SB), Z31; \
	VPBROADCASTQ ·mask51<>(SB), Z30; \
	VPBROADCASTQ ·wide0<>(SB), Z29;  \
	VPBROADCASTQ ·wide1<>(SB), Z28

#define LOAD(at, base, r0, r1, r2, r3, r4) \
	VMOVDQU64 at+0(base), r0;   \
	VMOVDQU64 at+64(base), r1;  \
	VMOVDQU64 at+128(base), r2; \
	VMOVDQU64 at+192(base), r3; \
	VMOVDQU64 at+256(base), r4

#define STORE(r0, r1, r2, r3, r4, at, base) \
	VMOVDQU64 r0, at+0(base);   \
	VMOVDQU64 r1, at+64(base);  \
	VMOVDQU64 r2, at+128(base); \
	VMOVDQU64 r3, at+192(base); \
	VMOVDQU64 r4, at+256(base)

#define ZERO \
	VPXORQ Z0, Z0, Z0; \
	VPXORQ Z1, Z1, Z1; \
	VPXORQ Z2, Z2, Z2; \
	VPXORQ Z3, Z3, Z3; \
	VPXORQ Z4, Z4, Z4; \
	VPXORQ Z5, Z5, Z5; \
	VPXORQ Z6, Z6, Z6; \
	VPXORQ Z7, Z7, Z7; \
	VPXORQ Z8, Z8, Z8; \
	VPXORQ Z9, Z9, Z9

// ROW adds the products of b with Z10 to Z14 to five columns.
#define ROW(op, b, c0, c1, c2, c3, c4) \
	op b, Z10, c0; \
	op b, Z11, c1; \
	op b, Z12, c2; \
	op b, Z13, c3; \
	op b, Z14, c4

// FOLD adds the upper five columns times 19 to the lower five, as 2^255 is 19.
#define FOLD \
	VPMULLQ Z31, Z5, Z5; \
	VPMULLQ Z31, Z6, Z6; \
	VPMULLQ Z31, Z7, Z7; \
	VPMULLQ Z31, Z8, Z8; \
	VPMULLQ Z31, Z9, Z9; \
	VPADDQ  Z5, Z0, Z0;  \
	VPADDQ  Z6, Z1, Z1;  \
	VPADDQ  Z7, Z2, Z2;  \
	VPADDQ  Z8, Z3, Z3;  \
	VPADDQ  Z9, Z4, Z4

// MUL multiplies Z10 to Z14 by Z15 to Z19, both narrow. The product is wide, in Z0 to Z4. The
// high half of a product counts at 2^52, which is twice the place of the next limb: high
// halves come first, are doubled, and low ones are added. A column has at most 5 low halves
// and 4 doubled high ones, or 4 and 5: below 14 * 2^52, and (1 + 19 * 14) * 2^52 < 2^61.
// Z5 to Z9 are lost.
#define MUL \
	ZERO; \
	ROW(VPMADD52HUQ, Z15, Z1, Z2, Z3, Z4, Z5); \
	ROW(VPMADD52HUQ, Z16, Z2, Z3, Z4, Z5, Z6); \
	ROW(VPMADD52HUQ, Z17, Z3, Z4, Z5, Z6, Z7); \
	ROW(VPMADD52HUQ, Z18, Z4, Z5, Z6, Z7, Z8); \
	ROW(VPMADD52HUQ, Z19, Z5, Z6, Z7, Z8, Z9); \
	VPADDQ Z1, Z1, Z1; \
	VPADDQ Z2, Z2, Z2; \
	VPADDQ Z3, Z3, Z3; \
	VPADDQ Z4, Z4, Z4; \
	VPADDQ Z5, Z5, Z5; \
	VPADDQ Z6, Z6, Z6; \
	VPADDQ Z7, Z7, Z7; \
	VPADDQ Z8, Z8, Z8; \
	VPADDQ Z9, Z9, Z9; \
	ROW(VPMADD52LUQ, Z15, Z0, Z1, Z2, Z3, Z4); \
	ROW(VPMADD52LUQ, Z16, Z1, Z2, Z3, Z4, Z5); \
	ROW(VPMADD52LUQ, Z17, Z2, Z3, Z4, Z5, Z6); \
	ROW(VPMADD52LUQ, Z18, Z3, Z4, Z5, Z6, Z7); \
	ROW(VPMADD52LUQ, Z19, Z4, Z5, Z6, Z7, Z8); \
	FOLD

// SQUARE is MUL of a0 to a4 by themselves. Products of two different limbs come twice, so
// their high halves count four times, their low ones and the high halves of squares twice.
#define SQUARE(a0, a1, a2, a3, a4) \
	ZERO; \
	VPMADD52HUQ a0, a1, Z2; \
	VPMADD52HUQ a0, a2, Z3; \
	VPMADD52HUQ a0, a3, Z4; \
	VPMADD52HUQ a0, a4, Z5; \
	VPMADD52HUQ a2, a3, Z6; \
	VPMADD52HUQ a2, a4, Z7; \
	VPMADD52HUQ a3, a4, Z8; \
	VPMADD52HUQ a1, a2, Z4; \
	VPMADD52HUQ a1, a3, Z5; \
	VPMADD52HUQ a1, a4, Z6; \
	VPADDQ Z2, Z2, Z2; \
	VPADDQ Z3, Z3, Z3; \
	VPADDQ Z4, Z4, Z4; \
	VPADDQ Z5, Z5, Z5; \
	VPADDQ Z6, Z6, Z6; \
	VPADDQ Z7, Z7, Z7; \
	VPADDQ Z8, Z8, Z8; \
	VPMADD52HUQ a0, a0, Z1; \
	VPMADD52LUQ a0, a2, Z2; \
	VPMADD52HUQ a1, a1, Z3; \
	VPMADD52LUQ a0, a4, Z4; \
	VPMADD52HUQ a2, a2, Z5; \
	VPMADD52LUQ a2, a4, Z6; \
	VPMADD52HUQ a3, a3, Z7; \
	VPMADD52HUQ a4, a4, Z9; \
	VPMADD52LUQ a0, a1, Z1; \
	VPMADD52LUQ a0, a3, Z3; \
	VPMADD52LUQ a1, a3, Z4; \
	VPMADD52LUQ a1, a4, Z5; \
	VPMADD52LUQ a3, a4, Z7; \
	VPMADD52LUQ a1, a2, Z3; \
	VPMADD52LUQ a2, a3, Z5; \
	VPADDQ Z1, Z1, Z1; \
	VPADDQ Z2, Z2, Z2; \
	VPADDQ Z3, Z3, Z3; \
	VPADDQ Z4, Z4, Z4; \
	VPADDQ Z5, Z5, Z5; \
	VPADDQ Z6, Z6, Z6; \
	VPADDQ Z7, Z7, Z7; \
	VPADDQ Z8, Z8, Z8; \
	VPADDQ Z9, Z9, Z9; \
	VPMADD52LUQ a0, a0, Z0; \
	VPMADD52LUQ a1, a1, Z2; \
	VPMADD52LUQ a2, a2, Z4; \
	VPMADD52LUQ a3, a3, Z6; \
	VPMADD52LUQ a4, a4, Z8; \
	FOLD

// CARRY brings limbs below 2^63 to below 2^51 + 2^16, each of which hands its upper bits to
// the next at once. It gives the limbs in r0 to r4, from s0 to s4, which may be the same.
// Z5 to Z9 are lost.
#define CARRY(s0, s1, s2, s3, s4, r0, r1, r2, r3, r4) \
	VPSRLQ $51, s0, Z5;      \
	VPSRLQ $51, s1, Z6;      \
	VPSRLQ $51, s2, Z7;      \
	VPSRLQ $51, s3, Z8;      \
	VPSRLQ $51, s4, Z9;      \
	VPANDQ Z30, s0, r0;      \
	VPANDQ Z30, s1, r1;      \
	VPANDQ Z30, s2, r2;      \
	VPANDQ Z30, s3, r3;      \
	VPANDQ Z30, s4, r4;      \
	VPMADD52LUQ Z31, Z9, r0; \
	VPADDQ Z5, r1, r1;       \
	VPADDQ Z6, r2, r2;       \
	VPADDQ Z7, r3, r3;       \
	VPADDQ Z8, r4, r4
