//go:build arm64 || arm

package ct

import (
	"bufio"
	_ "embed"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// step is an instruction that is about to be executed, or, with an address, an access to memory by
// the one before.
type step struct{ pc, address uint64 }

// mark is a system call that no kernel knows, and that the plugin does.
type mark uintptr

const (
	freezeMark mark = 0x6d740001 + iota
	beginMark
	endMark
	thawMark
)

func (m mark) call() { syscall.RawSyscall(syscall.SYS_PRCTL, uintptr(m), 0, 0) }

// begin and end tell the plugin where a run is. They run in the subject, as do freeze and thaw,
// between which no other thread gets on.
func begin()  { beginMark.call() }
func end()    { endMark.call() }
func freeze() { freezeMark.call() }
func thaw()   { thawMark.call() }

//go:embed qemu/plugin.c
var plugin []byte

// tracee is a subject under an emulator that has the plugin.
type tracee struct {
	cmd   *exec.Cmd
	steps *bufio.Reader
	pipe  *os.File
}

// startTracee starts the subject. This process is emulated, too, unless the CPU is an ARM one;
// the compiler and the emulator that it starts are not.
func startTracee(t *testing.T) *tracee {
	t.Helper()
	emulator, err := exec.LookPath(map[string]string{"arm64": "qemu-aarch64", "arm": "qemu-arm"}[runtime.GOARCH])
	if err != nil {
		impltest.SkipWithout(t, "qemu-user")
	}
	cc, err := exec.LookPath("gcc")
	if err != nil {
		impltest.SkipWithout(t, "gcc")
	}
	dir, err := os.MkdirTemp("", "plugin") // For qemu a comma, as in the name of a test, ends a path.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	source, library := filepath.Join(dir, "plugin.c"), filepath.Join(dir, "plugin.so")
	if err := os.WriteFile(source, plugin, 0o600); err != nil {
		t.Fatal(err)
	}
	compile := exec.CommandContext(t.Context(), cc, "-O2", "-fPIC", "-shared", "-o", library, source)
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", compile, err, out)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	cmd := subject(t, emulator, "-cpu", "max", "-plugin", library+",fd=3")
	cmd.ExtraFiles = []*os.File{write}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &tracee{cmd, bufio.NewReaderSize(read, 1<<16), read}
}

// run calls f with each step of the next run. It returns true at its end, or false as soon as
// f does.
func (p *tracee) run(t *testing.T, f func(s step) bool) bool {
	t.Helper()
	var b [16]byte
	for {
		if _, err := io.ReadFull(p.steps, b[:]); err != nil {
			t.Fatalf("%v gives no more steps: %v", p.cmd, err)
		}
		s := step{binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])}
		if s == (step{}) {
			return true
		}
		if !f(s) {
			return false
		}
	}
}

func (p *tracee) kill() {
	p.cmd.Process.Kill()
	p.pipe.Close()
	p.cmd.Wait()
}
