package mtcore

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mtcore/mtcore"

// mayImport is the direction of imports: for each package of this module, what
// it may link, directly or through others, besides the standard library. Kernels
// import nothing; primitives do not know each other; no client pulls in a
// generator or a peer.
var mayImport = map[string][]string{
	"authkey": {"bigdh", "bigdh/asm", "envelope", "envelope/asm", "ige", "ige/asm", "kdf", "kdf/asm",
		"internal/alias", "internal/cpuid", "internal/impl", "internal/limbs", "internal/pq", "internal/tl", "golang.org/x/sys/cpu",
		"github.com/minio/sha256-simd", "github.com/klauspost/cpuid/v2"},
	"internal/cpuid":         {"golang.org/x/sys/cpu"},
	"internal/impl":          {},
	"internal/impltest":      {"internal/impl"},
	"internal/alias":         {},
	"internal/alloctest":     {"internal/impl", "internal/impltest"},
	"internal/asmlint":       {},
	"internal/ct":            {"golang.org/x/sys/unix"},
	"internal/blockmodetest": {},
	"internal/dudect":        {},
	"internal/guardtest":     {},
	"internal/limbs":         {},
	"internal/results":       {},
	"internal/wipetest":      {},
	"ige/asm":                {},
	"ige":                    {"ige/asm", "internal/alias", "internal/cpuid", "internal/impl", "golang.org/x/sys/cpu"},
	"kdf/asm":                {},
	"kdf": {"kdf/asm", "internal/cpuid", "internal/impl", "golang.org/x/sys/cpu",
		"github.com/minio/sha256-simd", "github.com/klauspost/cpuid/v2"},
	"envelope/asm": {},
	"envelope": {"envelope/asm", "ige", "ige/asm", "kdf", "kdf/asm",
		"internal/alias", "internal/cpuid", "internal/impl", "golang.org/x/sys/cpu",
		"github.com/minio/sha256-simd", "github.com/klauspost/cpuid/v2"},
	"bigdh/asm":   {},
	"bigdh":       {"bigdh/asm", "internal/cpuid", "internal/impl", "internal/limbs", "golang.org/x/sys/cpu"},
	"internal/pq": {},
	"internal/rsa2048": {"bigdh", "bigdh/asm", "internal/cpuid", "internal/impl", "internal/limbs",
		"golang.org/x/sys/cpu"},
	"internal/tl": {},
	"secretchat/peertest": {"bigdh", "bigdh/asm", "envelope", "envelope/asm", "ige", "ige/asm", "kdf", "kdf/asm",
		"internal/alias", "internal/cpuid", "internal/impl", "internal/limbs", "internal/tl", "golang.org/x/sys/cpu",
		"github.com/minio/sha256-simd", "github.com/klauspost/cpuid/v2"},
	"secretchat": {"bigdh", "bigdh/asm", "envelope", "envelope/asm", "ige", "ige/asm", "kdf", "kdf/asm",
		"internal/alias", "internal/cpuid", "internal/impl", "internal/limbs", "internal/tl", "golang.org/x/sys/cpu",
		"github.com/minio/sha256-simd", "github.com/klauspost/cpuid/v2",
		"golang.org/x/crypto/chacha20poly1305", "golang.org/x/crypto/chacha20",
		"golang.org/x/crypto/internal/alias", "golang.org/x/crypto/internal/poly1305"},
}

func TestImportDirection(t *testing.T) {
	for _, pkg := range goList(t, "./...") {
		name, inside := strings.CutPrefix(pkg, module+"/")
		if !inside || strings.HasPrefix(name, "examples/") {
			continue // this package, which has tests only, and programs
		}
		allowed, ok := mayImport[name]
		if !ok {
			t.Errorf("%s is not in the table of import directions", name)
			continue
		}
		for _, dep := range goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg) {
			dep = strings.TrimPrefix(dep, module+"/")
			if dep != name && !slices.Contains(allowed, dep) {
				t.Errorf("%s must not import %s", name, dep)
			}
		}
	}
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	return strings.Fields(string(out))
}
