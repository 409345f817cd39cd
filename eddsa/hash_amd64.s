//go:build !purego

#include "textflag.h"

// SHA-512 of eight messages, each in a lane: FIPS 180-4, 6.4.2.

// The order of bytes in a word, the other way round.
DATA ·swap<>+0(SB)/8, $0x0001020304050607
DATA ·swap<>+8(SB)/8, $0x08090a0b0c0d0e0f
GLOBL ·swap<>(SB), RODATA|NOPTR, $16

DATA ·rounds<>+0(SB)/8, $0x428a2f98d728ae22
DATA ·rounds<>+8(SB)/8, $0x7137449123ef65cd
DATA ·rounds<>+16(SB)/8, $0xb5c0fbcfec4d3b2f
DATA ·rounds<>+24(SB)/8, $0xe9b5dba58189dbbc
DATA ·rounds<>+32(SB)/8, $0x3956c25bf348b538
DATA ·rounds<>+40(SB)/8, $0x59f111f1b605d019
DATA ·rounds<>+48(SB)/8, $0x923f82a4af194f9b
DATA ·rounds<>+56(SB)/8, $0xab1c5ed5da6d8118
DATA ·rounds<>+64(SB)/8, $0xd807aa98a3030242
DATA ·rounds<>+72(SB)/8, $0x12835b0145706fbe
DATA ·rounds<>+80(SB)/8, $0x243185be4ee4b28c
DATA ·rounds<>+88(SB)/8, $0x550c7dc3d5ffb4e2
DATA ·rounds<>+96(SB)/8, $0x72be5d74f27b896f
DATA ·rounds<>+104(SB)/8, $0x80deb1fe3b1696b1
DATA ·rounds<>+112(SB)/8, $0x9bdc06a725c71235
DATA ·rounds<>+120(SB)/8, $0xc19bf174cf692694
DATA ·rounds<>+128(SB)/8, $0xe49b69c19ef14ad2
DATA ·rounds<>+136(SB)/8, $0xefbe4786384f25e3
DATA ·rounds<>+144(SB)/8, $0x0fc19dc68b8cd5b5
DATA ·rounds<>+152(SB)/8, $0x240ca1cc77ac9c65
DATA ·rounds<>+160(SB)/8, $0x2de92c6f592b0275
DATA ·rounds<>+168(SB)/8, $0x4a7484aa6ea6e483
DATA ·rounds<>+176(SB)/8, $0x5cb0a9dcbd41fbd4
DATA ·rounds<>+184(SB)/8, $0x76f988da831153b5
DATA ·rounds<>+192(SB)/8, $0x983e5152ee66dfab
DATA ·rounds<>+200(SB)/8, $0xa831c66d2db43210
DATA ·rounds<>+208(SB)/8, $0xb00327c898fb213f
DATA ·rounds<>+216(SB)/8, $0xbf597fc7beef0ee4
DATA ·rounds<>+224(SB)/8, $0xc6e00bf33da88fc2
DATA ·rounds<>+232(SB)/8, $0xd5a79147930aa725
DATA ·rounds<>+240(SB)/8, $0x06ca6351e003826f
DATA ·rounds<>+248(SB)/8, $0x142929670a0e6e70
DATA ·rounds<>+256(SB)/8, $0x27b70a8546d22ffc
DATA ·rounds<>+264(SB)/8, $0x2e1b21385c26c926
DATA ·rounds<>+272(SB)/8, $0x4d2c6dfc5ac42aed
DATA ·rounds<>+280(SB)/8, $0x53380d139d95b3df
DATA ·rounds<>+288(SB)/8, $0x650a73548baf63de
DATA ·rounds<>+296(SB)/8, $0x766a0abb3c77b2a8
DATA ·rounds<>+304(SB)/8, $0x81c2c92e47edaee6
DATA ·rounds<>+312(SB)/8, $0x92722c851482353b
DATA ·rounds<>+320(SB)/8, $0xa2bfe8a14cf10364
DATA ·rounds<>+328(SB)/8, $0xa81a664bbc423001
DATA ·rounds<>+336(SB)/8, $0xc24b8b70d0f89791
DATA ·rounds<>+344(SB)/8, $0xc76c51a30654be30
DATA ·rounds<>+352(SB)/8, $0xd192e819d6ef5218
DATA ·rounds<>+360(SB)/8, $0xd69906245565a910
DATA ·rounds<>+368(SB)/8, $0xf40e35855771202a
DATA ·rounds<>+376(SB)/8, $0x106aa07032bbd1b8
DATA ·rounds<>+384(SB)/8, $0x19a4c116b8d2d0c8
DATA ·rounds<>+392(SB)/8, $0x1e376c085141ab53
DATA ·rounds<>+400(SB)/8, $0x2748774cdf8eeb99
DATA ·rounds<>+408(SB)/8, $0x34b0bcb5e19b48a8
DATA ·rounds<>+416(SB)/8, $0x391c0cb3c5c95a63
DATA ·rounds<>+424(SB)/8, $0x4ed8aa4ae3418acb
DATA ·rounds<>+432(SB)/8, $0x5b9cca4f7763e373
DATA ·rounds<>+440(SB)/8, $0x682e6ff3d6b2b8a3
DATA ·rounds<>+448(SB)/8, $0x748f82ee5defb2fc
DATA ·rounds<>+456(SB)/8, $0x78a5636f43172f60
DATA ·rounds<>+464(SB)/8, $0x84c87814a1f0ab72
DATA ·rounds<>+472(SB)/8, $0x8cc702081a6439ec
DATA ·rounds<>+480(SB)/8, $0x90befffa23631e28
DATA ·rounds<>+488(SB)/8, $0xa4506cebde82bde9
DATA ·rounds<>+496(SB)/8, $0xbef9a3f7b2c67915
DATA ·rounds<>+504(SB)/8, $0xc67178f2e372532b
DATA ·rounds<>+512(SB)/8, $0xca273eceea26619c
DATA ·rounds<>+520(SB)/8, $0xd186b8c721c0c207
DATA ·rounds<>+528(SB)/8, $0xeada7dd6cde0eb1e
DATA ·rounds<>+536(SB)/8, $0xf57d4f7fee6ed178
DATA ·rounds<>+544(SB)/8, $0x06f067aa72176fba
DATA ·rounds<>+552(SB)/8, $0x0a637dc5a2c898a6
DATA ·rounds<>+560(SB)/8, $0x113f9804bef90dae
DATA ·rounds<>+568(SB)/8, $0x1b710b35131c471b
DATA ·rounds<>+576(SB)/8, $0x28db77f523047d84
DATA ·rounds<>+584(SB)/8, $0x32caab7b40c72493
DATA ·rounds<>+592(SB)/8, $0x3c9ebe0a15c9bebc
DATA ·rounds<>+600(SB)/8, $0x431d67c49c100d4c
DATA ·rounds<>+608(SB)/8, $0x4cc5d4becb3e42b6
DATA ·rounds<>+616(SB)/8, $0x597f299cfc657e2a
DATA ·rounds<>+624(SB)/8, $0x5fcb6fab3ad6faec
DATA ·rounds<>+632(SB)/8, $0x6c44198c4a475817
GLOBL ·rounds<>(SB), RODATA|NOPTR, $640

// WORDS brings four words of each of eight messages into lanes. Messages are read in the order in which
// no lane has to be moved afterwards.
#define WORDS(at, w0, w1, w2, w3) \
	VMOVDQU64 at(R8)(AX*1), Y24;                \
	VMOVDQU64 at(R9)(AX*1), Y25;                \
	VMOVDQU64 at(R12)(AX*1), Y26;               \
	VMOVDQU64 at(R13)(AX*1), Y27;               \
	VINSERTI64X4 $1, at(R10)(AX*1), Z24, Z24;   \
	VINSERTI64X4 $1, at(R11)(AX*1), Z25, Z25;   \
	VINSERTI64X4 $1, at(R14)(AX*1), Z26, Z26;   \
	VINSERTI64X4 $1, at(R15)(AX*1), Z27, Z27;   \
	VPSHUFB Z31, Z24, Z24;                      \
	VPSHUFB Z31, Z25, Z25;                      \
	VPSHUFB Z31, Z26, Z26;                      \
	VPSHUFB Z31, Z27, Z27;                      \
	VPUNPCKLQDQ Z25, Z24, Z28;                  \
	VPUNPCKHQDQ Z25, Z24, Z29;                  \
	VPUNPCKLQDQ Z27, Z26, Z25;                  \
	VPUNPCKHQDQ Z27, Z26, Z24;                  \
	VSHUFI64X2 $0x88, Z25, Z28, w0;             \
	VSHUFI64X2 $0x88, Z24, Z29, w1;             \
	VSHUFI64X2 $0xdd, Z25, Z28, w2;             \
	VSHUFI64X2 $0xdd, Z24, Z29, w3

// ROUND is a round with word w and the constant at CX. It leaves what is the next round's a in h,
// and its e in d.
#define ROUND(a, b, c, d, e, f, g, h, w, at) \
	VPADDQ.BCST at(CX), w, Z24;      \
	VPRORQ $14, e, Z25;              \
	VPRORQ $18, e, Z26;              \
	VPRORQ $41, e, Z27;              \
	VPADDQ h, Z24, Z24;              \
	VPTERNLOGQ $0x96, Z25, Z26, Z27; \
	VMOVDQA64 e, Z28;                \
	VPTERNLOGQ $0xca, g, f, Z28;     \
	VPADDQ Z27, Z24, Z24;            \
	VPADDQ Z28, Z24, Z24;            \
	VPRORQ $28, a, Z25;              \
	VPRORQ $34, a, Z26;              \
	VPRORQ $39, a, Z27;              \
	VPTERNLOGQ $0x96, Z25, Z26, Z27; \
	VMOVDQA64 a, Z28;                \
	VPTERNLOGQ $0xe8, c, b, Z28;     \
	VPADDQ Z24, d, d;                \
	VPADDQ Z27, Z24, Z24;            \
	VPADDQ Z28, Z24, h

// NEXT makes w0, the word of 16 rounds before, that of a round, with those of 15, 7 and 2 before.
#define NEXT(w0, w1, w9, w14) \
	VPRORQ $1, w1, Z25;              \
	VPRORQ $8, w1, Z26;              \
	VPSRLQ $7, w1, Z27;              \
	VPTERNLOGQ $0x96, Z25, Z26, Z27; \
	VPADDQ w9, w0, w0;               \
	VPADDQ Z27, w0, w0;              \
	VPRORQ $19, w14, Z25;            \
	VPRORQ $61, w14, Z26;            \
	VPSRLQ $6, w14, Z27;             \
	VPTERNLOGQ $0x96, Z25, Z26, Z27; \
	VPADDQ Z27, w0, w0

// func hashBlocks(state *[8][8]uint64, messages *[8]*byte, n int)
TEXT ·hashBlocks(SB), NOSPLIT, $0-24
	MOVQ state+0(FP), DI
	MOVQ messages+8(FP), SI
	MOVQ n+16(FP), DX
	VBROADCASTI32X4 ·swap<>(SB), Z31
	MOVQ 0(SI), R8
	MOVQ 8(SI), R9
	MOVQ 16(SI), R10
	MOVQ 24(SI), R11
	MOVQ 32(SI), R12
	MOVQ 40(SI), R13
	MOVQ 48(SI), R14
	MOVQ 56(SI), R15
	XORQ AX, AX
	VMOVDQU64 0(DI), Z0
	VMOVDQU64 64(DI), Z1
	VMOVDQU64 128(DI), Z2
	VMOVDQU64 192(DI), Z3
	VMOVDQU64 256(DI), Z4
	VMOVDQU64 320(DI), Z5
	VMOVDQU64 384(DI), Z6
	VMOVDQU64 448(DI), Z7

block:
	WORDS(0, Z8, Z9, Z10, Z11)
	WORDS(32, Z12, Z13, Z14, Z15)
	WORDS(64, Z16, Z17, Z18, Z19)
	WORDS(96, Z20, Z21, Z22, Z23)
	LEAQ ·rounds<>(SB), CX
	MOVQ $4, BX
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, 0)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z9, 8)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z10, 16)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z11, 24)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z12, 32)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z13, 40)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z14, 48)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z15, 56)
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16, 64)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17, 72)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18, 80)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19, 88)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20, 96)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21, 104)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22, 112)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23, 120)

sixteen:
	ADDQ $128, CX
	NEXT(Z8, Z9, Z17, Z22)
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, 0)
	NEXT(Z9, Z10, Z18, Z23)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z9, 8)
	NEXT(Z10, Z11, Z19, Z8)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z10, 16)
	NEXT(Z11, Z12, Z20, Z9)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z11, 24)
	NEXT(Z12, Z13, Z21, Z10)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z12, 32)
	NEXT(Z13, Z14, Z22, Z11)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z13, 40)
	NEXT(Z14, Z15, Z23, Z12)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z14, 48)
	NEXT(Z15, Z16, Z8, Z13)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z15, 56)
	NEXT(Z16, Z17, Z9, Z14)
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16, 64)
	NEXT(Z17, Z18, Z10, Z15)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17, 72)
	NEXT(Z18, Z19, Z11, Z16)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18, 80)
	NEXT(Z19, Z20, Z12, Z17)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19, 88)
	NEXT(Z20, Z21, Z13, Z18)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20, 96)
	NEXT(Z21, Z22, Z14, Z19)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21, 104)
	NEXT(Z22, Z23, Z15, Z20)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22, 112)
	NEXT(Z23, Z8, Z16, Z21)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23, 120)
	DECQ BX
	JNZ  sixteen
	VPADDQ 0(DI), Z0, Z0
	VPADDQ 64(DI), Z1, Z1
	VPADDQ 128(DI), Z2, Z2
	VPADDQ 192(DI), Z3, Z3
	VPADDQ 256(DI), Z4, Z4
	VPADDQ 320(DI), Z5, Z5
	VPADDQ 384(DI), Z6, Z6
	VPADDQ 448(DI), Z7, Z7
	VMOVDQU64 Z0, 0(DI)
	VMOVDQU64 Z1, 64(DI)
	VMOVDQU64 Z2, 128(DI)
	VMOVDQU64 Z3, 192(DI)
	VMOVDQU64 Z4, 256(DI)
	VMOVDQU64 Z5, 320(DI)
	VMOVDQU64 Z6, 384(DI)
	VMOVDQU64 Z7, 448(DI)
	ADDQ $128, AX
	DECQ DX
	JNZ  block
	VZEROUPPER
	RET
