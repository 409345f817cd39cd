//go:build !purego

#include "textflag.h"

// Elements of the field of 2^255 - 19, in 5 limbs of 51 bits, 8 of them in the lanes of
// 5 registers. A sum in register r of lane l is of lane l's element alone.
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
DATA ·word160<>(SB)/8, $160
GLOBL ·word160<>(SB), RODATA|NOPTR, $8
DATA ·word1<>(SB)/8, $1
GLOBL ·word1<>(SB), RODATA|NOPTR, $8
DATA ·mask51<>(SB)/8, $0x7ffffffffffff
GLOBL ·mask51<>(SB), RODATA|NOPTR, $8

// 2^10 p, for the difference of two wide ones.
DATA ·wide0<>(SB)/8, $0x1fffffffffffb400
GLOBL ·wide0<>(SB), RODATA|NOPTR, $8
DATA ·wide1<>(SB)/8, $0x1ffffffffffffc00
GLOBL ·wide1<>(SB), RODATA|NOPTR, $8

// 4 p, for the difference of two narrow ones.
DATA ·four0<>(SB)/8, $0x1fffffffffffb4
GLOBL ·four0<>(SB), RODATA|NOPTR, $8
DATA ·four1<>(SB)/8, $0x1ffffffffffffc
GLOBL ·four1<>(SB), RODATA|NOPTR, $8

// 2 p, to negate what was carried, which gives a narrow one.
DATA ·two0<>(SB)/8, $0xfffffffffffda
GLOBL ·two0<>(SB), RODATA|NOPTR, $8
DATA ·two1<>(SB)/8, $0xffffffffffffe
GLOBL ·two1<>(SB), RODATA|NOPTR, $8

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

// func mul(out, a, b *lanes)
TEXT ·mul(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	CONSTANTS
	LOAD(0, SI, Z10, Z11, Z12, Z13, Z14)
	LOAD(0, DX, Z15, Z16, Z17, Z18, Z19)
	MUL
	CARRY(Z0, Z1, Z2, Z3, Z4, Z20, Z21, Z22, Z23, Z24)
	LOAD(320, SI, Z10, Z11, Z12, Z13, Z14)
	LOAD(320, DX, Z15, Z16, Z17, Z18, Z19)
	STORE(Z20, Z21, Z22, Z23, Z24, 0, DI)
	MUL
	CARRY(Z0, Z1, Z2, Z3, Z4, Z0, Z1, Z2, Z3, Z4)
	STORE(Z0, Z1, Z2, Z3, Z4, 320, DI)
	VZEROUPPER
	RET

// func square(out, a *lanes, n int)
TEXT ·square(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ n+16(FP), CX
	CONSTANTS
	LOAD(0, SI, Z10, Z11, Z12, Z13, Z14)
	LOAD(320, SI, Z15, Z16, Z17, Z18, Z19)

again:
	SQUARE(Z10, Z11, Z12, Z13, Z14)
	CARRY(Z0, Z1, Z2, Z3, Z4, Z10, Z11, Z12, Z13, Z14)
	SQUARE(Z15, Z16, Z17, Z18, Z19)
	CARRY(Z0, Z1, Z2, Z3, Z4, Z15, Z16, Z17, Z18, Z19)
	DECQ CX
	JNZ  again
	STORE(Z10, Z11, Z12, Z13, Z14, 0, DI)
	STORE(Z15, Z16, Z17, Z18, Z19, 320, DI)
	VZEROUPPER
	RET

#define SUM(at) \
	LOAD(at, SI, Z10, Z11, Z12, Z13, Z14); \
	LOAD(at, DX, Z15, Z16, Z17, Z18, Z19); \
	VPADDQ Z15, Z10, Z10; \
	VPADDQ Z16, Z11, Z11; \
	VPADDQ Z17, Z12, Z12; \
	VPADDQ Z18, Z13, Z13; \
	VPADDQ Z19, Z14, Z14; \
	CARRY(Z10, Z11, Z12, Z13, Z14, Z10, Z11, Z12, Z13, Z14); \
	STORE(Z10, Z11, Z12, Z13, Z14, at, DI)

// func add(out, a, b *lanes)
TEXT ·add(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	CONSTANTS
	SUM(0)
	SUM(320)
	VZEROUPPER
	RET

#define DIFFERENCE(at) \
	LOAD(at, SI, Z10, Z11, Z12, Z13, Z14); \
	LOAD(at, DX, Z15, Z16, Z17, Z18, Z19); \
	VPADDQ Z0, Z10, Z10; \
	VPADDQ Z1, Z11, Z11; \
	VPADDQ Z1, Z12, Z12; \
	VPADDQ Z1, Z13, Z13; \
	VPADDQ Z1, Z14, Z14; \
	VPSUBQ Z15, Z10, Z10; \
	VPSUBQ Z16, Z11, Z11; \
	VPSUBQ Z17, Z12, Z12; \
	VPSUBQ Z18, Z13, Z13; \
	VPSUBQ Z19, Z14, Z14; \
	CARRY(Z10, Z11, Z12, Z13, Z14, Z10, Z11, Z12, Z13, Z14); \
	STORE(Z10, Z11, Z12, Z13, Z14, at, DI)

// func sub(out, a, b *lanes)
TEXT ·sub(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	CONSTANTS
	VPBROADCASTQ ·four0<>(SB), Z0
	VPBROADCASTQ ·four1<>(SB), Z1
	DIFFERENCE(0)
	DIFFERENCE(320)
	VZEROUPPER
	RET

#define CHOICE(at, k) \
	LOAD(at, SI, Z10, Z11, Z12, Z13, Z14); \
	VMOVDQU64 at+0(DX), k, Z10;   \
	VMOVDQU64 at+64(DX), k, Z11;  \
	VMOVDQU64 at+128(DX), k, Z12; \
	VMOVDQU64 at+192(DX), k, Z13; \
	VMOVDQU64 at+256(DX), k, Z14; \
	STORE(Z10, Z11, Z12, Z13, Z14, at, DI)

// func choose(out, a, b *lanes, mask uint16)
TEXT ·choose(SB), NOSPLIT, $0-26
	MOVQ    out+0(FP), DI
	MOVQ    a+8(FP), SI
	MOVQ    b+16(FP), DX
	MOVWLZX mask+24(FP), AX
	KMOVW   AX, K1
	SHRL    $8, AX
	KMOVW   AX, K2
	CHOICE(0, K1)
	CHOICE(320, K2)
	VZEROUPPER
	RET

// CANONICAL brings narrow limbs, in Z10 to Z14, to the one form below p. After CARRY the value
// is below 2 p, so that the bit above the 255 of value + 19 says whether it is p or more.
#define CANONICAL \
	CARRY(Z10, Z11, Z12, Z13, Z14, Z10, Z11, Z12, Z13, Z14); \
	VPADDQ Z31, Z10, Z0; \
	VPSRLQ $51, Z0, Z0;  \
	VPADDQ Z11, Z0, Z0;  \
	VPSRLQ $51, Z0, Z0;  \
	VPADDQ Z12, Z0, Z0;  \
	VPSRLQ $51, Z0, Z0;  \
	VPADDQ Z13, Z0, Z0;  \
	VPSRLQ $51, Z0, Z0;  \
	VPADDQ Z14, Z0, Z0;  \
	VPSRLQ $51, Z0, Z0;  \
	VPMADD52LUQ Z31, Z0, Z10; \
	VPSRLQ $51, Z10, Z0; \
	VPADDQ Z0, Z11, Z11; \
	VPSRLQ $51, Z11, Z1; \
	VPADDQ Z1, Z12, Z12; \
	VPSRLQ $51, Z12, Z2; \
	VPADDQ Z2, Z13, Z13; \
	VPSRLQ $51, Z13, Z3; \
	VPADDQ Z3, Z14, Z14; \
	VPANDQ Z30, Z10, Z10; \
	VPANDQ Z30, Z11, Z11; \
	VPANDQ Z30, Z12, Z12; \
	VPANDQ Z30, Z13, Z13; \
	VPANDQ Z30, Z14, Z14

// func canonical(out, a *lanes)
TEXT ·canonical(SB), NOSPLIT, $0-16
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	CONSTANTS
	LOAD(0, SI, Z10, Z11, Z12, Z13, Z14)
	CANONICAL
	STORE(Z10, Z11, Z12, Z13, Z14, 0, DI)
	LOAD(320, SI, Z10, Z11, Z12, Z13, Z14)
	CANONICAL
	STORE(Z10, Z11, Z12, Z13, Z14, 320, DI)
	VZEROUPPER
	RET

// func zero(a *lanes) uint16
TEXT ·zero(SB), NOSPLIT, $0-10
	MOVQ a+0(FP), SI
	CONSTANTS
	LOAD(0, SI, Z10, Z11, Z12, Z13, Z14)
	CANONICAL
	VPORQ     Z10, Z11, Z10
	VPORQ     Z12, Z13, Z12
	VPORQ     Z10, Z12, Z10
	VPORQ     Z10, Z14, Z10
	VPTESTNMQ Z10, Z10, K1
	LOAD(320, SI, Z10, Z11, Z12, Z13, Z14)
	CANONICAL
	VPORQ     Z10, Z11, Z10
	VPORQ     Z12, Z13, Z12
	VPORQ     Z10, Z12, Z10
	VPORQ     Z10, Z14, Z10
	VPTESTNMQ Z10, Z10, K2
	KUNPCKBW  K1, K2, K1
	KMOVW     K1, AX
	MOVW      AX, ret+8(FP)
	VZEROUPPER
	RET

// func odd(a *lanes) uint16
TEXT ·odd(SB), NOSPLIT, $0-10
	MOVQ a+0(FP), SI
	CONSTANTS
	VPBROADCASTQ ·word1<>(SB), Z20
	LOAD(0, SI, Z10, Z11, Z12, Z13, Z14)
	CANONICAL
	VPTESTMQ Z20, Z10, K1
	LOAD(320, SI, Z10, Z11, Z12, Z13, Z14)
	CANONICAL
	VPTESTMQ Z20, Z10, K2
	KUNPCKBW K1, K2, K1
	KMOVW    K1, AX
	MOVW     AX, ret+8(FP)
	VZEROUPPER
	RET

// Where the windows of the lanes begin among the buckets.
DATA ·places<>+0(SB)/8, $(0*129*160)
DATA ·places<>+8(SB)/8, $(1*129*160)
DATA ·places<>+16(SB)/8, $(2*129*160)
DATA ·places<>+24(SB)/8, $(3*129*160)
DATA ·places<>+32(SB)/8, $(4*129*160)
DATA ·places<>+40(SB)/8, $(5*129*160)
DATA ·places<>+48(SB)/8, $(6*129*160)
DATA ·places<>+56(SB)/8, $(7*129*160)
GLOBL ·places<>(SB), RODATA|NOPTR, $64

// Quarters of two registers: the lower two of both in turn, and the upper two.
DATA ·lower<>+0(SB)/8, $0
DATA ·lower<>+8(SB)/8, $1
DATA ·lower<>+16(SB)/8, $8
DATA ·lower<>+24(SB)/8, $9
DATA ·lower<>+32(SB)/8, $2
DATA ·lower<>+40(SB)/8, $3
DATA ·lower<>+48(SB)/8, $10
DATA ·lower<>+56(SB)/8, $11
GLOBL ·lower<>(SB), RODATA|NOPTR, $64
DATA ·upper<>+0(SB)/8, $4
DATA ·upper<>+8(SB)/8, $5
DATA ·upper<>+16(SB)/8, $12
DATA ·upper<>+24(SB)/8, $13
DATA ·upper<>+32(SB)/8, $6
DATA ·upper<>+40(SB)/8, $7
DATA ·upper<>+48(SB)/8, $14
DATA ·upper<>+56(SB)/8, $15
GLOBL ·upper<>(SB), RODATA|NOPTR, $64

// GATHER brings four words of the buckets of R8 to R15 into lanes, and to where BX points. The
// buckets are read in halves of a register, and in the order in which no lane has to be moved
// afterwards.
#define GATHER(at, to) \
	VMOVDQU at(DI)(R8*1), Y0;              \
	VMOVDQU at(DI)(R9*1), Y1;              \
	VMOVDQU at(DI)(R12*1), Y2;             \
	VMOVDQU at(DI)(R13*1), Y3;             \
	VINSERTI64X4 $1, at(DI)(R10*1), Z0, Z0; \
	VINSERTI64X4 $1, at(DI)(R11*1), Z1, Z1; \
	VINSERTI64X4 $1, at(DI)(R14*1), Z2, Z2; \
	VINSERTI64X4 $1, at(DI)(R15*1), Z3, Z3; \
	VPUNPCKLQDQ Z1, Z0, Z4;                \
	VPUNPCKHQDQ Z1, Z0, Z5;                \
	VPUNPCKLQDQ Z3, Z2, Z6;                \
	VPUNPCKHQDQ Z3, Z2, Z7;                \
	VSHUFI64X2 $0x88, Z6, Z4, Z0;          \
	VSHUFI64X2 $0x88, Z7, Z5, Z1;          \
	VSHUFI64X2 $0xdd, Z6, Z4, Z2;          \
	VSHUFI64X2 $0xdd, Z7, Z5, Z3;          \
	VMOVDQU64 Z0, to+0(BX);                \
	VMOVDQU64 Z1, to+64(BX);               \
	VMOVDQU64 Z2, to+128(BX);              \
	VMOVDQU64 Z3, to+192(BX)

// SCATTER is the way back, from four registers. Z20 and Z21 are lower and upper. Z6 to Z9 are
// lost.
#define SCATTER(r0, r1, r2, r3, at) \
	VPUNPCKLQDQ r1, r0, Z6;    \
	VPUNPCKLQDQ r3, r2, Z7;    \
	VPUNPCKHQDQ r1, r0, Z8;    \
	VPUNPCKHQDQ r3, r2, Z9;    \
	VMOVDQA64 Z20, Z22;        \
	VMOVDQA64 Z21, Z23;        \
	VMOVDQA64 Z20, Z24;        \
	VMOVDQA64 Z21, Z25;        \
	VPERMI2Q Z7, Z6, Z22;      \
	VPERMI2Q Z7, Z6, Z23;      \
	VPERMI2Q Z9, Z8, Z24;      \
	VPERMI2Q Z9, Z8, Z25;      \
	VMOVDQU64 Y22, at(DI)(R8*1); \
	VMOVDQU64 Y24, at(DI)(R9*1); \
	VMOVDQU64 Y23, at(DI)(R12*1); \
	VMOVDQU64 Y25, at(DI)(R13*1); \
	VEXTRACTI64X4 $1, Z22, at(DI)(R10*1); \
	VEXTRACTI64X4 $1, Z24, at(DI)(R11*1); \
	VEXTRACTI64X4 $1, Z23, at(DI)(R14*1); \
	VEXTRACTI64X4 $1, Z25, at(DI)(R15*1)

// SPREAD brings an element of the point at SI into all lanes of Z15 to Z19: that at plus, or
// in the lanes of K1 that at minus.
#define SPREAD(plus, minus) \
	VPBROADCASTQ plus+0(SI), Z15;        \
	VPBROADCASTQ plus+64(SI), Z16;       \
	VPBROADCASTQ plus+128(SI), Z17;      \
	VPBROADCASTQ plus+192(SI), Z18;      \
	VPBROADCASTQ plus+256(SI), Z19;      \
	VPBROADCASTQ minus+0(SI), K1, Z15;   \
	VPBROADCASTQ minus+64(SI), K1, Z16;  \
	VPBROADCASTQ minus+128(SI), K1, Z17; \
	VPBROADCASTQ minus+192(SI), K1, Z18; \
	VPBROADCASTQ minus+256(SI), K1, Z19

// BOTH gives, of wide a in Z20 to Z24 and wide b in Z0 to Z4, b - a in the registers of
// b, and b + a in Z10 to Z14; carried.
#define BOTH \
	VPADDQ Z20, Z0, Z10; \
	VPADDQ Z21, Z1, Z11; \
	VPADDQ Z22, Z2, Z12; \
	VPADDQ Z23, Z3, Z13; \
	VPADDQ Z24, Z4, Z14; \
	VPADDQ Z29, Z0, Z0;  \
	VPADDQ Z28, Z1, Z1;  \
	VPADDQ Z28, Z2, Z2;  \
	VPADDQ Z28, Z3, Z3;  \
	VPADDQ Z28, Z4, Z4;  \
	VPSUBQ Z20, Z0, Z0;  \
	VPSUBQ Z21, Z1, Z1;  \
	VPSUBQ Z22, Z2, Z2;  \
	VPSUBQ Z23, Z3, Z3;  \
	VPSUBQ Z24, Z4, Z4;  \
	CARRY(Z0, Z1, Z2, Z3, Z4, Z0, Z1, Z2, Z3, Z4); \
	CARRY(Z10, Z11, Z12, Z13, Z14, Z10, Z11, Z12, Z13, Z14)

#define KEEP \
	VMOVDQA64 Z0, Z20; \
	VMOVDQA64 Z1, Z21; \
	VMOVDQA64 Z2, Z22; \
	VMOVDQA64 Z3, Z23; \
	VMOVDQA64 Z4, Z24

// func accumulate(b *buckets, points *[3]lanes, digits *[16][windows]int8, n int)
//
// What is at BX: a bucket's Y - X at 0, Y + X at 320, Z at 640, T at 960; then e, f, g and h of the
// sum at 1280, 1600, 1920 and 2240; then where the buckets are.
TEXT ·accumulate(SB), 0, $2752-32
	MOVQ b+0(FP), DI
	MOVQ points+8(FP), SI
	MOVQ digits+16(FP), DX
	MOVQ n+24(FP), CX
	LEAQ scratch-2752(SP), BX
	ADDQ $63, BX
	ANDQ $~63, BX
	CONSTANTS
	VPBROADCASTQ ·word160<>(SB), Z27
	VMOVDQU64    ·places<>(SB), Z26
	SHLQ $1, CX
	XORQ AX, AX

again:
	// The buckets of eight digits of a point, one in each window.
	VPMOVSXBQ (DX), Z0
	VPMOVQ2M  Z0, K1
	VPABSQ    Z0, Z0
	VPMULLQ   Z27, Z0, Z0
	VPADDQ    Z26, Z0, Z0
	VMOVDQU64 Z0, 2560(BX)
	MOVQ      2560(BX), R8
	MOVQ      2568(BX), R9
	MOVQ      2576(BX), R10
	MOVQ      2584(BX), R11
	MOVQ      2592(BX), R12
	MOVQ      2600(BX), R13
	MOVQ      2608(BX), R14
	MOVQ      2616(BX), R15
	GATHER(0, 0)
	GATHER(32, 256)
	GATHER(64, 512)
	GATHER(96, 768)
	GATHER(128, 1024)

	// a = (Y - X)(y - x), b = (Y + X)(y + x), e = b - a, h = b + a. Of a point that is subtracted,
	// y - x and y + x are in each other's place.
	LOAD(0, BX, Z10, Z11, Z12, Z13, Z14)
	SPREAD(0, 640)
	MUL
	KEEP
	LOAD(320, BX, Z10, Z11, Z12, Z13, Z14)
	SPREAD(640, 0)
	MUL
	BOTH
	STORE(Z0, Z1, Z2, Z3, Z4, 1280, BX)
	STORE(Z10, Z11, Z12, Z13, Z14, 2240, BX)

	// c = T * 2dxy, d = 2Z, f = d - c, g = d + c. Of one that is subtracted, -xy.
	LOAD(960, BX, Z10, Z11, Z12, Z13, Z14)
	SPREAD(1280, 1280)
	VPBROADCASTQ ·two0<>(SB), Z0
	VPBROADCASTQ ·two1<>(SB), Z1
	VPSUBQ Z15, Z0, K1, Z15
	VPSUBQ Z16, Z1, K1, Z16
	VPSUBQ Z17, Z1, K1, Z17
	VPSUBQ Z18, Z1, K1, Z18
	VPSUBQ Z19, Z1, K1, Z19
	MUL
	KEEP
	LOAD(640, BX, Z0, Z1, Z2, Z3, Z4)
	VPADDQ Z0, Z0, Z0
	VPADDQ Z1, Z1, Z1
	VPADDQ Z2, Z2, Z2
	VPADDQ Z3, Z3, Z3
	VPADDQ Z4, Z4, Z4
	BOTH
	STORE(Z0, Z1, Z2, Z3, Z4, 1600, BX)
	STORE(Z10, Z11, Z12, Z13, Z14, 1920, BX)

	// X = ef, Y = gh, of which Y - X and Y + X are kept, Z = fg, T = eh.
	LOAD(1280, BX, Z10, Z11, Z12, Z13, Z14)
	LOAD(1600, BX, Z15, Z16, Z17, Z18, Z19)
	MUL
	KEEP
	LOAD(1920, BX, Z10, Z11, Z12, Z13, Z14)
	LOAD(2240, BX, Z15, Z16, Z17, Z18, Z19)
	MUL
	BOTH
	STORE(Z0, Z1, Z2, Z3, Z4, 0, BX)
	STORE(Z10, Z11, Z12, Z13, Z14, 320, BX)
	LOAD(1600, BX, Z10, Z11, Z12, Z13, Z14)
	LOAD(1920, BX, Z15, Z16, Z17, Z18, Z19)
	MUL
	CARRY(Z0, Z1, Z2, Z3, Z4, Z0, Z1, Z2, Z3, Z4)
	STORE(Z0, Z1, Z2, Z3, Z4, 640, BX)
	LOAD(1280, BX, Z10, Z11, Z12, Z13, Z14)
	LOAD(2240, BX, Z15, Z16, Z17, Z18, Z19)
	MUL
	CARRY(Z0, Z1, Z2, Z3, Z4, Z0, Z1, Z2, Z3, Z4)

	VMOVDQU64 ·lower<>(SB), Z20
	VMOVDQU64 ·upper<>(SB), Z21
	SCATTER(Z1, Z2, Z3, Z4, 128)
	LOAD(640, BX, Z10, Z11, Z12, Z13, Z14)
	SCATTER(Z12, Z13, Z14, Z0, 96)
	LOAD(320, BX, Z15, Z16, Z17, Z18, Z19)
	SCATTER(Z18, Z19, Z10, Z11, 64)
	LOAD(0, BX, Z0, Z1, Z2, Z3, Z4)
	SCATTER(Z4, Z15, Z16, Z17, 32)
	SCATTER(Z0, Z1, Z2, Z3, 0)

	// The other half of its digits, and then the next point.
	ADDQ $8, DX
	XORQ $(8*129*160), AX
	MOVQ b+0(FP), DI
	ADDQ AX, DI
	TESTQ AX, AX
	JNZ  same
	ADDQ $8, SI
	MOVQ points+8(FP), R8
	SUBQ SI, R8
	CMPQ R8, $-64
	JNE  same
	ADDQ $(320-64), SI

same:
	DECQ CX
	JNZ  again
	VZEROUPPER
	RET
