package mtcore

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mtcore/mtcore"

// mayImport is the direction of imports that ARCHITECTURE.md describes: for each package of
// this module, what it imports apart from the standard library. Kernels import nothing;
// primitives do not import each other; no client pulls in a generator or a peer.
var mayImport = map[string][]string{
	"internal/alias":         {},
	"internal/alloctest":     {"internal/impltest"},
	"internal/asmlint":       {},
	"internal/blockmodetest": {},
	"internal/contract":      {},
	"internal/cpuid":         {"golang.org/x/sys/cpu"},
	"internal/ct":            {"bigdh/asm", "envelope/asm", "ige/asm", "kdf/asm", "internal/impl", "internal/impltest", "golang.org/x/sys/unix"},
	"internal/dudect":        {},
	"internal/kdfspec":       {},
	"internal/guardtest":     {},
	"internal/impl":          {},
	"internal/impltest":      {"internal/contract", "internal/impl"},
	"internal/limbs":         {},
	"internal/machine":       {},
	"internal/machine/a32":   {},
	"internal/machine/a64":   {},
	"internal/machine/x86":   {},
	"internal/pq":            {},
	"internal/prove":         {},
	"internal/prove/cpu":     {"internal/cpuid", "internal/impltest", "internal/machine/a32", "internal/machine/a64", "internal/machine/x86"},
	"internal/prove/exec":    {"internal/machine", "internal/machine/a32", "internal/machine/a64", "internal/machine/x86", "internal/prove/term"},
	"internal/prove/number":  {},
	"internal/prove/numexec": {"internal/machine", "internal/machine/a64", "internal/machine/x86", "internal/prove/exec", "internal/prove/number"},
	"internal/prove/term":    {},
	"internal/redact":        {},
	"internal/rsa2048":       {"bigdh", "bigdh/asm", "internal/cpuid", "internal/impl", "internal/limbs", "internal/redact", "internal/stack"},
	"internal/registers":     {},
	"internal/results":       {},
	"internal/rsapad":        {"ige", "internal/rsa2048", "internal/stack"},
	"internal/sha1":          {},
	"internal/srpcore":       {"bigdh", "internal/secret"},
	"internal/secret":        {},
	"internal/stack":         {},
	"internal/tl":            {},
	"internal/vectortest":    {},
	"internal/wipetest":      {"internal/stack"},

	"internal/redact/redacttest": {},

	"ige/asm":      {},
	"kdf/asm":      {},
	"bigdh/asm":    {},
	"envelope/asm": {},

	"ige":      {"ige/asm", "internal/alias", "internal/cpuid", "internal/impl", "internal/redact", "internal/stack"},
	"kdf":      {"kdf/asm", "internal/cpuid", "internal/impl", "internal/kdfspec", "internal/redact", "internal/sha1", "internal/stack", "github.com/minio/sha256-simd"},
	"bigdh":    {"bigdh/asm", "internal/cpuid", "internal/impl", "internal/limbs", "internal/redact", "internal/stack"},
	"envelope": {"envelope/asm", "ige", "kdf", "internal/alias", "internal/cpuid", "internal/impl", "internal/kdfspec", "internal/sha1", "internal/stack"},

	"compat/adapter":      {"bigdh", "envelope", "ige", "kdf", "internal/pq", "internal/rsa2048", "internal/rsapad", "internal/sha1", "internal/srpcore", "internal/stack"},
	"authkey":             {"bigdh", "envelope", "ige", "kdf", "internal/pq", "internal/redact", "internal/rsa2048", "internal/rsapad", "internal/secret", "internal/stack", "internal/tl"},
	"secretchat":          {"bigdh", "envelope", "ige", "kdf", "internal/redact", "internal/tl", "golang.org/x/crypto/chacha20", "golang.org/x/crypto/chacha20poly1305"},
	"srp":                 {"bigdh", "internal/redact", "internal/srpcore", "internal/stack"},
	"secretchat/peertest": {"bigdh", "envelope", "ige", "kdf", "internal/tl"},
}

func TestImportDirection(t *testing.T) {
	imports := map[string][]string{}
	for _, env := range []string{"GOARCH=amd64", "GOARCH=arm64", "GOARCH=arm", "GOARCH=s390x", "GOFLAGS=-tags=purego"} {
		for pkg, list := range goList(t, env) {
			imports[pkg] = append(imports[pkg], list...)
		}
	}
	for pkg, list := range imports {
		allowed, ok := mayImport[pkg]
		if !ok {
			t.Errorf("%s is not in mayImport, imports_test.go: say there what it may import", pkg)
		}
		slices.Sort(list)
		for _, dep := range slices.Compact(list) {
			if ok && !slices.Contains(allowed, dep) {
				t.Errorf("%s must not import %s: mayImport, imports_test.go, does not list it", pkg, dep)
			}
		}
	}
	for pkg, allowed := range mayImport {
		for _, dep := range allowed {
			if !slices.Contains(imports[pkg], dep) {
				t.Errorf("%s does not import %s: remove it from mayImport, imports_test.go", pkg, dep)
			}
		}
		if _, ok := imports[pkg]; !ok {
			t.Errorf("there is no package %s: remove it from mayImport, imports_test.go", pkg)
		}
	}
}

// goList returns what each package imports from outside the standard library, on the
// platform of env. Programs and this package are left out.
func goList(t *testing.T, env string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", env)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", env, cmd, err)
	}
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg, inside := strings.CutPrefix(words[0], module+"/")
		if !inside || strings.HasPrefix(pkg, "examples/") {
			continue
		}
		imports[pkg] = nil
		for _, dep := range words[1:] {
			if first, _, _ := strings.Cut(dep, "/"); strings.Contains(first, ".") {
				imports[pkg] = append(imports[pkg], strings.TrimPrefix(dep, module+"/"))
			}
		}
	}
	return imports
}
