//go:build valgrind && linux && gc && !purego

package rsapad

import (
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
)

func TestMemcheck(t *testing.T) {
	for name, c := range map[string]ct.Case{"valid": openCase(validX()), "planted index": plantedCase()} {
		t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
	}
}
