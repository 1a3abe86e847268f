package cpuid

import "testing"

func TestOff(t *testing.T) {
	for _, tt := range []struct {
		godebug string
		want    bool
	}{
		{"", false},
		{"cpu.sha=off", true},
		{"cpu.sha=on", false},
		{"cpu.shani=off", false},
		{"cpu.all=off", true},
		{"cpu.all=off,cpu.sha=on", false},
		{"cpu.sha=on,cpu.all=off", true},
		{"madvdontneed=1,cpu.sha=off,x=y", true},
		{"cpu.sha=off,cpu.sha=on", false},
	} {
		if got := off(tt.godebug, "sha"); got != tt.want {
			t.Errorf("off(%q, sha) = %v, want %v", tt.godebug, got, tt.want)
		}
	}
}
