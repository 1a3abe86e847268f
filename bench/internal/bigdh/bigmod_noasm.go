//go:build purego || !(amd64 || arm64 || arm || 386 || loong64 || ppc64 || ppc64le || riscv64 || s390x)

package bigdh

// bigmodPortable says that filippo.io/bigmod has no assembly in this program. mtcore's generic backend
// never has any, so the two can be compared.
const bigmodPortable = true
