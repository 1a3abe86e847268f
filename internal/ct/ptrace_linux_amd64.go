package ct

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// step is the execution of an instruction. Besides the instruction itself, these registers
// alone decide which memory it accesses.
type step struct {
	pc, sp, base, index uint64
}

// The subject announces the beginning and the end of a run by a signal to itself, which the
// tracer does not deliver.
const (
	beginSignal = syscall.SIGUSR1
	endSignal   = syscall.SIGUSR2
)

// begin and end tell the tracer where a run is. They run in the subject, as does freeze, which
// writes the number of its thread and waits for an answer, before which all other threads are
// stopped.
func begin() { raise(beginSignal) }
func end()   { raise(endSignal) }

func freeze() {
	// Functions of package os would let the scheduler give this thread's place away while
	// it waits.
	id := strconv.AppendInt(nil, int64(syscall.Gettid()), 10)
	id = append(id, '\n')
	rawIO(syscall.SYS_WRITE, 1, id)
	rawIO(syscall.SYS_READ, 0, id[:1])
}

// thaw has nothing to do: the tracer ends the subject.
func thaw() {}

func rawIO(call uintptr, fd int, b []byte) {
	syscall.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
}

func raise(s syscall.Signal) {
	syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(s))
}

// tracee is a subject with one thread that can be told to run.
type tracee struct {
	cmd      *exec.Cmd
	thread   int
	stopped  []int // the other threads
	operands map[uint64]operand
	undo     func()
}

// startTracee starts the subject. The tracer is a thread, not a process. It and the subject take
// turns, which is several times faster on one CPU.
func startTracee(t *testing.T) *tracee {
	t.Helper()
	runtime.LockOSThread()
	undo := useOneCPU(t)
	cmd := subject(t)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &tracee{cmd: cmd, operands: map[uint64]operand{}, undo: undo}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err == nil {
		p.thread, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err == nil {
		err = p.attach()
	}
	if err == nil {
		_, err = stdin.Write([]byte{'\n'})
	}
	if err != nil {
		p.kill()
		t.Fatalf("cannot trace %v: %v", cmd, err)
	}
	return p
}

// attach stops all threads.
func (p *tracee) attach() error {
	for seen := -1; seen < len(p.stopped); {
		seen = len(p.stopped)
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid))
		if err != nil {
			return err
		}
		for _, entry := range threads {
			thread, err := strconv.Atoi(entry.Name())
			if err != nil {
				return err
			}
			if slices.Contains(p.stopped, thread) {
				continue
			}
			if err := syscall.PtraceAttach(thread); err != nil {
				return fmt.Errorf("ptrace: %w", err)
			}
			if sig, err := wait(thread); err != nil || sig != syscall.SIGSTOP {
				return fmt.Errorf("stopping a thread: signal %v, %w", sig, err)
			}
			p.stopped = append(p.stopped, thread)
		}
	}
	return nil
}

// useOneCPU binds this thread, and the processes it starts, to the CPU it is on.
func useOneCPU(t *testing.T) (undo func()) {
	t.Helper()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	var cpu uint32
	if _, _, err := syscall.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); err != 0 {
		t.Fatal(err)
	}
	one.Set(int(cpu))
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	return func() { unix.SchedSetaffinity(0, &before) }
}

func (p *tracee) kill() {
	p.cmd.Process.Kill()
	for _, thread := range p.stopped {
		if thread != p.cmd.Process.Pid {
			wait(thread)
		}
	}
	p.cmd.Wait()
	p.undo()
	runtime.UnlockOSThread()
}

// continueTo lets the thread run until it raises a signal.
func (p *tracee) continueTo(t *testing.T, want syscall.Signal) {
	t.Helper()
	if err := syscall.PtraceCont(p.thread, 0); err != nil {
		t.Fatal(err)
	}
	if sig, err := wait(p.thread); err != nil || sig != want {
		t.Fatalf("stopped by signal %v, %v; want %v", sig, err, want)
	}
}

// run calls f with each step of the next run. It returns true at its end, or false as soon as
// f does.
func (p *tracee) run(t *testing.T, f func(s step) bool) bool {
	t.Helper()
	p.continueTo(t, beginSignal)
	for {
		s, err := p.step()
		if err != nil {
			t.Fatal(err)
		}
		if !f(s) {
			return false
		}
		if err := syscall.PtraceSingleStep(p.thread); err != nil {
			t.Fatal(err)
		}
		switch sig, err := wait(p.thread); {
		case err != nil:
			t.Fatal(err)
		case sig == endSignal:
			return true
		case sig != syscall.SIGTRAP:
			t.Fatalf("stopped by signal %v after %v", sig, s)
		}
	}
}

// step returns what the thread is about to execute.
func (p *tracee) step() (s step, err error) {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(p.thread, &regs); err != nil {
		return s, err
	}
	o, ok := p.operands[regs.Rip]
	if !ok {
		var code [maxInstruction]byte
		if _, err := syscall.PtracePeekText(p.thread, uintptr(regs.Rip), code[:]); err != nil {
			return s, err
		}
		o = memoryOperand(&code)
		p.operands[regs.Rip] = o
	}
	s = step{pc: regs.Rip, sp: regs.Rsp}
	numbered := [16]uint64{
		regs.Rax, regs.Rcx, regs.Rdx, regs.Rbx, regs.Rsp, regs.Rbp, regs.Rsi, regs.Rdi,
		regs.R8, regs.R9, regs.R10, regs.R11, regs.R12, regs.R13, regs.R14, regs.R15,
	}
	if o.base != none {
		s.base = numbered[o.base]
	}
	if o.index != none {
		s.index = numbered[o.index]
	}
	return s, nil
}

// wait waits until a thread stops, and returns the signal that stopped it.
func wait(thread int) (syscall.Signal, error) {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(thread, &status, syscall.WALL, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, err
		case !status.Stopped():
			return 0, fmt.Errorf("the process ended: %#x", uint32(status))
		default:
			return status.StopSignal(), nil
		}
	}
}
