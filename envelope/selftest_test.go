package envelope

import (
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// TestReady: whoever comes first, tests.
func TestReady(t *testing.T) {
	jobs, _ := newOpenBatch(64)
	j := &jobs[0]
	m := kdf.MsgKey(j.Src[keyIDSize:HeaderSize])
	impltest.Ready(t, backends, "Open", func() { j.Key.Open(nil, j.Side, j.Src) })
	impltest.Ready(t, backends, "OpenBody", func() { OpenBody(nil, j.Key.auth, j.Side, &m, j.Src[HeaderSize:]) })
	impltest.Ready(t, backends, "OpenBatch", func() { OpenBatch(jobs) })
	impltest.Ready(t, backends, "Backend", func() { Backend() })
}

func TestSelfTest(t *testing.T) { impltest.SelfTest(t, backends, selfTest) }

func BenchmarkSelfTest(b *testing.B) { impltest.BenchmarkSelfTest(b, backends, selfTest) }
