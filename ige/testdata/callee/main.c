// Does the library keep d8 to d15, which belong to C callers? See .ci/test-arm.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

extern int Kernels(void);

int main(void) {
	uint64_t before[8], after[8];
	for (int i = 0; i < 8; i++)
		before[i] = 0x0123456789abcdefULL * (i + 1);
	__asm__ volatile("vldm %0, {d8-d15}" ::"r"(before)
			 : "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15", "memory");
	int used = Kernels();
	__asm__ volatile("vstm %0, {d8-d15}" ::"r"(after) : "memory");
	int kept = memcmp(before, after, sizeof before) == 0;
	printf("kernels in use: %d, d8 to d15 kept: %d\n", used, kept);
	return !(used && kept);
}
