// A plugin for qemu-user that writes down what one thread does: the address of each instruction
// before it is executed, and of each piece of memory that it reads or writes. See trace_qemu in
// package ct, which compiles and loads it. The thread tells when by system calls that do nothing.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What is used of qemu's interface for plugins, whose header Debian does not have.
#define EXPORT __attribute__((visibility("default")))
enum { NO_REGISTERS = 0, READS_AND_WRITES = 3 };
typedef uint64_t id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
extern void qemu_plugin_register_vcpu_tb_trans_cb(id, void (*)(id, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *), int, void *);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, void (*)(unsigned, uint32_t, uint64_t, void *), int, int, void *);
extern void qemu_plugin_register_vcpu_init_cb(id, void (*)(id, unsigned));
extern void qemu_plugin_register_vcpu_syscall_ret_cb(id, void (*)(id, unsigned, int64_t, int64_t));
extern void qemu_plugin_register_vcpu_syscall_cb(
	id, void (*)(id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));
EXPORT int qemu_plugin_version = 1;

// First arguments of a system call, as in qemu_linux.go.
enum { FREEZE = 0x6d740001, BEGIN, END, THAW };

static FILE *out;
static _Atomic bool frozen, recording;
static _Atomic unsigned recorded; // the thread
enum { THREADS = 1024 };
static _Atomic bool running[THREADS]; // and not in a system call

static void event(uint64_t pc, uint64_t address) {
	uint64_t e[] = {pc, address};
	if (fwrite_unlocked(e, sizeof e, 1, out) != 1)
		exit(1); // the reader has seen enough
}

static void on_instruction(unsigned thread, void *pc) {
	if (recording && thread == recorded)
		event((uintptr_t)pc, 0);
}

static void on_access(unsigned thread, uint32_t info, uint64_t address, void *pc) {
	if (recording && thread == recorded)
		event((uintptr_t)pc, address);
}

static void on_translation(id plugin, struct qemu_plugin_tb *block) {
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		void *pc = (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn);
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, NO_REGISTERS, pc);
		qemu_plugin_register_vcpu_mem_cb(insn, on_access, NO_REGISTERS, READS_AND_WRITES, pc);
	}
}

static void on_thread(id plugin, unsigned thread) {
	if (thread >= THREADS)
		abort();
	running[thread] = true;
}

// freeze waits until no other thread runs. Those in system calls stay there: they hold no locks
// that somebody else might need, neither qemu's nor those of Go's runtime.
static void freeze(unsigned thread) {
	recorded = thread;
	frozen = true;
	for (unsigned i = 0; i < THREADS; i++)
		while (i != thread && running[i])
			usleep(100);
}

static void on_syscall(id plugin, unsigned thread, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
		       uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
	running[thread] = false;
	switch ((uint32_t)a) {
	case FREEZE:
		freeze(thread);
		break;
	case BEGIN:
		recording = true;
		break;
	case END:
		recording = false;
		event(0, 0);
		break;
	case THAW:
		fflush(out);
		frozen = false;
		break;
	}
}

static void on_return(id plugin, unsigned thread, int64_t number, int64_t result) {
	running[thread] = true; // before it looks, so that freeze does not miss it
	while (frozen && thread != recorded) {
		running[thread] = false;
		usleep(1000);
		running[thread] = true;
	}
}

EXPORT int qemu_plugin_install(id plugin, const void *info, int argc, char **argv) {
	if (argc != 1 || strncmp(argv[0], "fd=", 3) != 0 || !(out = fdopen(atoi(argv[0] + 3), "w")))
		return 1;
	setvbuf(out, NULL, _IOFBF, 1 << 16);
	qemu_plugin_register_vcpu_tb_trans_cb(plugin, on_translation);
	qemu_plugin_register_vcpu_init_cb(plugin, on_thread);
	qemu_plugin_register_vcpu_syscall_cb(plugin, on_syscall);
	qemu_plugin_register_vcpu_syscall_ret_cb(plugin, on_return);
	return 0;
}
