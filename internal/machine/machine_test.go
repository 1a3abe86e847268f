package machine

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// TestBuild looks for every function of every assembly file.
func TestBuild(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	for _, arch := range []string{"amd64", "arm64", "arm"} {
		kernels, err := Build(t.TempDir(), arch)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, k := range kernels {
			found[k.String()] = true
			if len(k.Code) == 0 {
				t.Errorf("%s: %v is empty", arch, k)
			}
		}
		files, _ := filepath.Glob("../../*/asm/*_" + arch + ".s")
		text := regexp.MustCompile(`(?m)^TEXT ·(\w+)\(SB\)`)
		n := 0
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range text.FindAllSubmatch(data, -1) {
				n++
				name := filepath.Base(filepath.Dir(filepath.Dir(f))) + "." + string(m[1])
				if !found[name] {
					t.Errorf("%s: no program has %s: add a package whose tests call it to callers, in machine.go", arch, name)
				}
			}
		}
		if n == 0 || n != len(kernels) {
			t.Errorf("%s: %d functions in files, %d in programs", arch, n, len(kernels))
		}
	}
}
