//go:build !purego && (amd64 || arm64 || arm || 386 || loong64 || ppc64 || ppc64le || riscv64 || s390x)

package bigdh

const bigmodPortable = false
