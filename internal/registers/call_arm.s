//go:build gc && !purego

#include "funcdata.h"
#include "textflag.h"

// func call(fn uintptr, args *[16]uintptr, d *dump, wide bool)
TEXT ·call(SB), 0, $68-13
	NO_LOCAL_POINTERS
	MOVW args+4(FP), R0
	MOVW 0(R0), R1
	MOVW R1, 4(R13)
	MOVW 4(R0), R1
	MOVW R1, 8(R13)
	MOVW 8(R0), R1
	MOVW R1, 12(R13)
	MOVW 12(R0), R1
	MOVW R1, 16(R13)
	MOVW 16(R0), R1
	MOVW R1, 20(R13)
	MOVW 20(R0), R1
	MOVW R1, 24(R13)
	MOVW 24(R0), R1
	MOVW R1, 28(R13)
	MOVW 28(R0), R1
	MOVW R1, 32(R13)
	MOVW 32(R0), R1
	MOVW R1, 36(R13)
	MOVW 36(R0), R1
	MOVW R1, 40(R13)
	MOVW 40(R0), R1
	MOVW R1, 44(R13)
	MOVW 44(R0), R1
	MOVW R1, 48(R13)
	MOVW 48(R0), R1
	MOVW R1, 52(R13)
	MOVW 52(R0), R1
	MOVW R1, 56(R13)
	MOVW 56(R0), R1
	MOVW R1, 60(R13)
	MOVW 60(R0), R1
	MOVW R1, 64(R13)
	WORD $0xf2800050 // vmov.i32 q0, #0
	WORD $0xf2802050 // vmov.i32 q1, #0
	WORD $0xf2804050 // vmov.i32 q2, #0
	WORD $0xf2806050 // vmov.i32 q3, #0
	WORD $0xf2808050 // vmov.i32 q4, #0
	WORD $0xf280a050 // vmov.i32 q5, #0
	WORD $0xf280c050 // vmov.i32 q6, #0
	WORD $0xf280e050 // vmov.i32 q7, #0
	WORD $0xf2c00050 // vmov.i32 q8, #0
	WORD $0xf2c02050 // vmov.i32 q9, #0
	WORD $0xf2c04050 // vmov.i32 q10, #0
	WORD $0xf2c06050 // vmov.i32 q11, #0
	WORD $0xf2c08050 // vmov.i32 q12, #0
	WORD $0xf2c0a050 // vmov.i32 q13, #0
	WORD $0xf2c0c050 // vmov.i32 q14, #0
	WORD $0xf2c0e050 // vmov.i32 q15, #0
	// Nothing is left of what was done before
	MOVW $0, R0
	MOVW $0, R1
	MOVW $0, R2
	MOVW $0, R3
	MOVW $0, R5
	MOVW $0, R6
	MOVW $0, R7
	MOVW $0, R8
	MOVW $0, R9
	MOVW fn+0(FP), R4
	CALL (R4)
	MOVW d+8(FP), R11
	MOVW R0, 0(R11)
	MOVW R1, 4(R11)
	MOVW R2, 8(R11)
	MOVW R3, 12(R11)
	MOVW R4, 16(R11)
	MOVW R5, 20(R11)
	MOVW R6, 24(R11)
	MOVW R7, 28(R11)
	MOVW R8, 32(R11)
	MOVW R9, 36(R11)
	MOVW CPSR, R0
	MOVW R0, 40(R11)
	ADD  $64, R11, R0
	WORD $0xeca00b20 // vstmia r0!, {d0-d15}
	WORD $0xece00b20 // vstmia r0!, {d16-d31}
	RET
