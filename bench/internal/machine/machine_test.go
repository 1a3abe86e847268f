package machine

import "testing"

func TestCPUInfoName(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n", "Some CPU @ 3 GHz"},
		{"CPU implementer\t: 0x41\nCPU part\t: 0xd05\n\nCPU implementer\t: 0x41\nCPU part\t: 0xd05\n\nCPU implementer\t: 0x41\nCPU part\t: 0xd41\n", "Cortex-A55 + Cortex-A78"},
		{"CPU implementer\t: 0x61\nCPU part\t: 0x022\n", "implementer 0x61 part 0x022"},
		{"processor\t: 0\nCPU implementer\t: 0x41\n\nHardware\t: Some board\n", "Some board"},
		{"", ""},
	} {
		if got := cpuinfoName(tt.text); got != tt.want {
			t.Errorf("cpuinfoName(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
