//go:build !purego

#include "textflag.h"
#include "lanes_amd64.h"

DATA ·word160<>(SB)/8, $160
GLOBL ·word160<>(SB), RODATA|NOPTR, $8

// 2 p, to negate what was carried, which gives a narrow one.
DATA ·two0<>(SB)/8, $0xfffffffffffda
GLOBL ·two0<>(SB), RODATA|NOPTR, $8
DATA ·two1<>(SB)/8, $0xffffffffffffe
GLOBL ·two1<>(SB), RODATA|NOPTR, $8

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
