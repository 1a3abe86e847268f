// Does the library keep the registers that belong to its callers, which have to be as they were when a
// function returns? Its argument is how many backends the library must have, at least.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int Kernels(void);
extern int spoil(void); // changes all of them

// observe calls callee with what is in before in the registers, and puts what is in them then into
// after.
extern int observe(void);
int (*callee)(void);

// GENERAL registers of a word, and VECTORS of so many bytes after them.
#if defined __aarch64__
#define GENERAL 10
#define VECTORS 8
#define VECTOR_SIZE 8
#elif defined __arm__
#define GENERAL 8
#define VECTORS 8
#define VECTOR_SIZE 8
#elif defined _WIN32
#define GENERAL 8
#define VECTORS 10
#define VECTOR_SIZE 16
#else
#define GENERAL 6
#define VECTORS 0
#define VECTOR_SIZE 0
#endif

struct registers {
	uintptr_t general[GENERAL];
	unsigned char vectors[VECTORS][VECTOR_SIZE];
};
struct registers before, after;

#if defined _WIN32
#define FUNCTION(name)
#else
#define FUNCTION(name) ".type " name ", %function\n"
#endif

#if defined __aarch64__
__asm__(".text\n"
	".globl observe\n" FUNCTION("observe")
	"observe:\n"
	"	stp x29, x30, [sp, #-176]!\n"
	"	stp x19, x20, [sp, #16]\n	stp x21, x22, [sp, #32]\n	stp x23, x24, [sp, #48]\n"
	"	stp x25, x26, [sp, #64]\n	stp x27, x28, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n	stp d10, d11, [sp, #112]\n	stp d12, d13, [sp, #128]\n	stp d14, d15, [sp, #144]\n"
	"	adrp x9, before\n	add x9, x9, :lo12:before\n"
	"	ldp x19, x20, [x9]\n	ldp x21, x22, [x9, #16]\n	ldp x23, x24, [x9, #32]\n"
	"	ldp x25, x26, [x9, #48]\n	ldp x27, x28, [x9, #64]\n"
	"	ldp d8, d9, [x9, #80]\n	ldp d10, d11, [x9, #96]\n	ldp d12, d13, [x9, #112]\n	ldp d14, d15, [x9, #128]\n"
	"	adrp x9, callee\n	ldr x9, [x9, :lo12:callee]\n	blr x9\n"
	"	adrp x9, after\n	add x9, x9, :lo12:after\n"
	"	stp x19, x20, [x9]\n	stp x21, x22, [x9, #16]\n	stp x23, x24, [x9, #32]\n"
	"	stp x25, x26, [x9, #48]\n	stp x27, x28, [x9, #64]\n"
	"	stp d8, d9, [x9, #80]\n	stp d10, d11, [x9, #96]\n	stp d12, d13, [x9, #112]\n	stp d14, d15, [x9, #128]\n"
	"	ldp d8, d9, [sp, #96]\n	ldp d10, d11, [sp, #112]\n	ldp d12, d13, [sp, #128]\n	ldp d14, d15, [sp, #144]\n"
	"	ldp x19, x20, [sp, #16]\n	ldp x21, x22, [sp, #32]\n	ldp x23, x24, [sp, #48]\n"
	"	ldp x25, x26, [sp, #64]\n	ldp x27, x28, [sp, #80]\n"
	"	ldp x29, x30, [sp], #176\n	ret\n"
	".globl spoil\n" FUNCTION("spoil")
	"spoil:\n"
	"	mov x19, #0\n	mov x20, #0\n	mov x21, #0\n	mov x22, #0\n	mov x23, #0\n"
	"	mov x24, #0\n	mov x25, #0\n	mov x26, #0\n	mov x27, #0\n	mov x28, #0\n"
	"	fmov d8, xzr\n	fmov d9, xzr\n	fmov d10, xzr\n	fmov d11, xzr\n"
	"	fmov d12, xzr\n	fmov d13, xzr\n	fmov d14, xzr\n	fmov d15, xzr\n	ret\n");

// PSTATE.DIT is not kept by convention, but kernels leave it as it was.
static uint64_t timing(void) {
	uint64_t x;
	__asm__ volatile("mrs %0, s3_3_c4_c2_5" : "=r"(x));
	return x;
}
static void set_timing(uint64_t x) { __asm__ volatile("msr s3_3_c4_c2_5, %0" ::"r"(x)); }
#elif defined __arm__
__asm__(".text\n	.arm\n	.fpu neon\n"
	".globl observe\n" FUNCTION("observe")
	"observe:\n"
	"	push {r4-r11, lr}\n	sub sp, sp, #4\n	vpush {d8-d15}\n"
	"	ldr r0, =before\n	ldm r0!, {r4-r11}\n	vldm r0, {d8-d15}\n"
	"	ldr r1, =callee\n	ldr r1, [r1]\n	blx r1\n"
	"	ldr r1, =after\n	stm r1!, {r4-r11}\n	vstm r1, {d8-d15}\n"
	"	vpop {d8-d15}\n	add sp, sp, #4\n	pop {r4-r11, pc}\n"
	".globl spoil\n" FUNCTION("spoil")
	"spoil:\n"
	"	mov r4, #0\n	mov r5, #0\n	mov r6, #0\n	mov r7, #0\n	mov r8, #0\n	mov r9, #0\n	mov r10, #0\n	mov r11, #0\n"
	"	vmov.i8 q4, #0\n	vmov.i8 q5, #0\n	vmov.i8 q6, #0\n	vmov.i8 q7, #0\n	bx lr\n"
	"	.ltorg\n");
#elif defined _WIN32
__asm__(".text\n"
	".globl observe\n" FUNCTION("observe")
	"observe:\n"
	"	push %rbx\n	push %rbp\n	push %rdi\n	push %rsi\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	sub $232, %rsp\n" // 32 bytes for the callee, the vectors behind them
	"	movups %xmm6, 32(%rsp)\n	movups %xmm7, 48(%rsp)\n	movups %xmm8, 64(%rsp)\n	movups %xmm9, 80(%rsp)\n"
	"	movups %xmm10, 96(%rsp)\n	movups %xmm11, 112(%rsp)\n	movups %xmm12, 128(%rsp)\n	movups %xmm13, 144(%rsp)\n"
	"	movups %xmm14, 160(%rsp)\n	movups %xmm15, 176(%rsp)\n"
	"	lea before(%rip), %rax\n"
	"	mov (%rax), %rbx\n	mov 8(%rax), %rbp\n	mov 16(%rax), %rdi\n	mov 24(%rax), %rsi\n"
	"	mov 32(%rax), %r12\n	mov 40(%rax), %r13\n	mov 48(%rax), %r14\n	mov 56(%rax), %r15\n"
	"	movups 64(%rax), %xmm6\n	movups 80(%rax), %xmm7\n	movups 96(%rax), %xmm8\n	movups 112(%rax), %xmm9\n"
	"	movups 128(%rax), %xmm10\n	movups 144(%rax), %xmm11\n	movups 160(%rax), %xmm12\n	movups 176(%rax), %xmm13\n"
	"	movups 192(%rax), %xmm14\n	movups 208(%rax), %xmm15\n"
	"	call *callee(%rip)\n"
	"	lea after(%rip), %rcx\n"
	"	mov %rbx, (%rcx)\n	mov %rbp, 8(%rcx)\n	mov %rdi, 16(%rcx)\n	mov %rsi, 24(%rcx)\n"
	"	mov %r12, 32(%rcx)\n	mov %r13, 40(%rcx)\n	mov %r14, 48(%rcx)\n	mov %r15, 56(%rcx)\n"
	"	movups %xmm6, 64(%rcx)\n	movups %xmm7, 80(%rcx)\n	movups %xmm8, 96(%rcx)\n	movups %xmm9, 112(%rcx)\n"
	"	movups %xmm10, 128(%rcx)\n	movups %xmm11, 144(%rcx)\n	movups %xmm12, 160(%rcx)\n	movups %xmm13, 176(%rcx)\n"
	"	movups %xmm14, 192(%rcx)\n	movups %xmm15, 208(%rcx)\n"
	"	movups 32(%rsp), %xmm6\n	movups 48(%rsp), %xmm7\n	movups 64(%rsp), %xmm8\n	movups 80(%rsp), %xmm9\n"
	"	movups 96(%rsp), %xmm10\n	movups 112(%rsp), %xmm11\n	movups 128(%rsp), %xmm12\n	movups 144(%rsp), %xmm13\n"
	"	movups 160(%rsp), %xmm14\n	movups 176(%rsp), %xmm15\n"
	"	add $232, %rsp\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rsi\n	pop %rdi\n	pop %rbp\n	pop %rbx\n	ret\n"
	".globl spoil\n" FUNCTION("spoil")
	"spoil:\n"
	"	xor %ebx, %ebx\n	xor %ebp, %ebp\n	xor %edi, %edi\n	xor %esi, %esi\n"
	"	xor %r12d, %r12d\n	xor %r13d, %r13d\n	xor %r14d, %r14d\n	xor %r15d, %r15d\n"
	"	xorps %xmm6, %xmm6\n	xorps %xmm7, %xmm7\n	xorps %xmm8, %xmm8\n	xorps %xmm9, %xmm9\n	xorps %xmm10, %xmm10\n"
	"	xorps %xmm11, %xmm11\n	xorps %xmm12, %xmm12\n	xorps %xmm13, %xmm13\n	xorps %xmm14, %xmm14\n	xorps %xmm15, %xmm15\n	ret\n");
#else
__asm__(".text\n"
	".globl observe\n" FUNCTION("observe")
	"observe:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n	sub $8, %rsp\n"
	"	lea before(%rip), %rax\n"
	"	mov (%rax), %rbx\n	mov 8(%rax), %rbp\n	mov 16(%rax), %r12\n	mov 24(%rax), %r13\n	mov 32(%rax), %r14\n	mov 40(%rax), %r15\n"
	"	call *callee(%rip)\n"
	"	lea after(%rip), %rcx\n"
	"	mov %rbx, (%rcx)\n	mov %rbp, 8(%rcx)\n	mov %r12, 16(%rcx)\n	mov %r13, 24(%rcx)\n	mov %r14, 32(%rcx)\n	mov %r15, 40(%rcx)\n"
	"	add $8, %rsp\n	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n	ret\n"
	".globl spoil\n" FUNCTION("spoil")
	"spoil:\n"
	"	xor %ebx, %ebx\n	xor %ebp, %ebp\n	xor %r12d, %r12d\n	xor %r13d, %r13d\n	xor %r14d, %r14d\n	xor %r15d, %r15d\n	ret\n");
#endif

// differences returns how many registers have changed, and says which ones.
static int differences(void) {
	int n = 0;
	for (int i = 0; i < GENERAL; i++)
		if (before.general[i] != after.general[i] && ++n)
			printf(" general %d", i);
	for (int i = 0; i < VECTORS; i++)
		if (memcmp(before.vectors[i], after.vectors[i], VECTOR_SIZE) != 0 && ++n)
			printf(" vector %d", i);
	return n;
}

int main(int argc, char **argv) {
	for (size_t i = 0; i < sizeof before; i++)
		((unsigned char *)&before)[i] = (unsigned char)(i * 151 + 1);

	callee = Kernels;
	int backends = observe();
	printf("%d backends; not kept, of %d registers:", backends, GENERAL + VECTORS);
	int bad = differences();
#if defined __aarch64__
	for (uint64_t on = 0; on <= 1 << 24; on += 1 << 24) {
		set_timing(on);
		observe();
		if (timing() != on && ++bad)
			printf(" DIT, which was %#llx", (unsigned long long)on);
	}
#endif
	callee = spoil;
	observe();
	printf(" (%d)\nnot kept by a function that keeps none:", bad);
	int spoiled = differences();
	printf(" (%d)\n", spoiled);
	return argc != 2 || backends < atoi(argv[1]) || bad || spoiled != GENERAL + VECTORS;
}
