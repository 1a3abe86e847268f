// Package machine describes the machine and the program that produced the results.
package machine

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/results"
)

// Print prints the machine and the build.
func Print(w io.Writer, m results.Machine, b results.Build) {
	fmt.Fprintf(w, "cpu       %s\n", m.CPU)
	fmt.Fprintf(w, "system    %s/%s, %s\n", m.OS, m.Arch, b.Go)
	for _, p := range impl.Packages() {
		fmt.Fprintf(w, "backends  %s: %s\n", p.Name(), p)
	}
	for _, path := range slices.Sorted(maps.Keys(b.Peers)) {
		fmt.Fprintf(w, "peer      %s %s\n", path, b.Peers[path])
	}
	if b.Commit != "" {
		fmt.Fprintf(w, "commit    %s%s\n", b.Commit, map[bool]string{true: ", modified"}[b.Modified])
	}
	fmt.Fprintln(w)
}

// This describes the machine that the program runs on. Its name is that of the CPU unless
// the user gives it one.
func This(name string) results.Machine {
	m := results.Machine{
		Name: name, CPU: cpuName(), OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(),
		Features: features(), Backends: map[string][]string{},
	}
	if m.Name == "" {
		m.Name = m.CPU
	}
	for _, p := range impl.Packages() {
		for _, s := range p.States() {
			m.Backends[p.Name()] = append(m.Backends[p.Name()], s.Name)
		}
	}
	return m
}

// features names the features that mtcore knows to use and the CPU has.
func features() []string {
	has := []string{}
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"aes", cpuid.X86HasAES || cpuid.ARM64HasAES},
		{"avx", cpuid.X86HasAVX},
		{"avx2", cpuid.X86HasAVX2},
		{"avx512f", cpuid.X86HasAVX512F},
		{"avx512bw", cpuid.X86HasAVX512BW},
		{"avx512dq", cpuid.X86HasAVX512DQ},
		{"avx512ifma", cpuid.X86HasAVX512IFMA},
		{"avx512vl", cpuid.X86HasAVX512VL},
		{"adx", cpuid.X86HasADX},
		{"bmi2", cpuid.X86HasBMI2},
		{"sha", cpuid.X86HasSHA},
		{"sha2", cpuid.ARM64HasSHA2},
		{"vaes", cpuid.X86HasVAES},
	} {
		if f.has {
			has = append(has, f.name)
		}
	}
	return has
}

// Build describes the program.
func Build() results.Build {
	b := results.Build{Go: runtime.Version(), Peers: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, dep := range info.Deps {
		if slices.ContainsFunc(peers.All(), func(p *peers.Peer) bool { return p.Module == dep.Path }) {
			b.Peers[dep.Path] = dep.Version
		}
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "-tags":
			b.Tags = s.Value
		}
	}
	return b
}

// cpuName asks the operating system, and returns the architecture if it does not tell.
func cpuName() string {
	switch runtime.GOOS {
	case "linux", "android":
		text, _ := os.ReadFile("/proc/cpuinfo")
		if name := cpuinfoName(string(text)); name != "" {
			return name
		}
	case "darwin":
		if name, err := exec.Command("sysctl", "-n", "machdep.cpu.brand_string").Output(); err == nil {
			return strings.TrimSpace(string(name))
		}
	case "windows":
		if name := os.Getenv("PROCESSOR_IDENTIFIER"); name != "" {
			return name
		}
	}
	return runtime.GOARCH
}

// cpuinfoName returns the name in the text of /proc/cpuinfo. Architectures call it by
// different names, and arm64 mostly has only numbers for the designs of its cores.
func cpuinfoName(text string) string {
	var implementer string
	var parts []string
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "model name", "Hardware", "cpu model":
			return value
		case "CPU implementer":
			implementer = value
		case "CPU part":
			if name := armCore(implementer, value); !slices.Contains(parts, name) {
				parts = append(parts, name)
			}
		}
	}
	return strings.Join(parts, " + ")
}

// armCores are Arm's cores for phones and servers, by their number in the register
// MIDR_EL1.
var armCores = map[string]string{
	"0xd03": "Cortex-A53", "0xd04": "Cortex-A35", "0xd05": "Cortex-A55", "0xd07": "Cortex-A57",
	"0xd08": "Cortex-A72", "0xd09": "Cortex-A73", "0xd0a": "Cortex-A75", "0xd0b": "Cortex-A76",
	"0xd0c": "Neoverse-N1", "0xd0d": "Cortex-A77", "0xd40": "Neoverse-V1", "0xd41": "Cortex-A78",
	"0xd44": "Cortex-X1", "0xd46": "Cortex-A510", "0xd47": "Cortex-A710", "0xd48": "Cortex-X2",
	"0xd49": "Neoverse-N2", "0xd4d": "Cortex-A715", "0xd4e": "Cortex-X3", "0xd4f": "Neoverse-V2",
	"0xd80": "Cortex-A520", "0xd81": "Cortex-A720", "0xd82": "Cortex-X4",
}

// armCore returns the name of a core, or its number if the name is unknown.
func armCore(implementer, part string) string {
	if name, ok := armCores[part]; ok && implementer == "0x41" {
		return name
	}
	return fmt.Sprintf("implementer %s part %s", implementer, part)
}
