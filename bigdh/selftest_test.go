package bigdh

import (
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestSelfTestAnswer computes the known answer by math/big.
func TestSelfTestAnswer(t *testing.T) {
	var b, c [Size]byte
	seed := impl.Fill(b[:], 0)
	impl.Fill(c[:], seed)
	x, y := new(big.Int).SetBytes(b[:]), new(big.Int).SetBytes(c[:])
	p := toBig(&telegramPrime().m.n)
	x.Exp(x, big.NewInt(8), p)
	y.Exp(y, big.NewInt(3), p)
	x.Mul(x, y).Mod(x, p)
	var z nat
	setBig(&z, x)
	sum := uint64(0)
	for _, word := range z {
		sum = sum*0x9e3779b97f4a7c15 + word
	}
	if testResult != sum {
		t.Errorf("testResult = %#x, want %#x", uint64(testResult), sum)
	}
}

// TestReady: who makes a modulus, without which nothing can be computed, tests.
func TestReady(t *testing.T) {
	p := telegramPrime().bytes
	impltest.Ready(t, backends, "NewModulus", func() { NewModulus(p[:]) })
	impltest.Ready(t, backends, "NewGroup", func() { newPrime(&p) })
	impltest.Ready(t, backends, "isSafePrimeVarTime", func() { isSafePrimeVarTime(t.Context(), &telegramPrime().m.n) })
	impltest.Ready(t, backends, "Backend", func() { Backend() })
}

func TestSelfTest(t *testing.T) { impltest.SelfTest(t, backends, selfTest) }

func BenchmarkSelfTest(b *testing.B) { impltest.BenchmarkSelfTest(b, backends, selfTest) }
