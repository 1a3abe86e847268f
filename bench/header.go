package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/mtcore/mtcore/ige"
)

// printHeader prints what the numbers depend on.
func printHeader(w io.Writer) {
	fmt.Fprintf(w, "cpu       %s\n", cpuName())
	fmt.Fprintf(w, "system    %s/%s, %s\n", runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Fprintf(w, "backends  ige: %s\n", ige.Backend())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "github.com/gotd/ige" {
				fmt.Fprintf(w, "peer      %s %s\n", dep.Path, dep.Version)
			}
		}
		if commit := commitOf(info); commit != "" {
			fmt.Fprintf(w, "commit    %s\n", commit)
		}
	}
	fmt.Fprintln(w)
}

// commitOf returns the commit that the program was built from, if go recorded it.
func commitOf(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := settings["vcs.revision"]
	if settings["vcs.modified"] == "true" {
		commit += ", modified"
	}
	return commit
}

// cpuName asks the operating system, and returns the architecture if that does not
// tell.
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

// cpuinfoName returns the name in the text of /proc/cpuinfo. It differs between
// architectures what that is called, and most of arm64 does not have one.
func cpuinfoName(text string) string {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name", "Hardware", "cpu model":
			return strings.TrimSpace(value)
		}
	}
	return ""
}
