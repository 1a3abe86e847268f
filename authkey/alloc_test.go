package authkey

import (
	"context"
	"testing"

	"github.com/mtcore/mtcore/internal/alloctest"
)

// TestAllocations counts the allocations of both sides; neither makes many.
func TestAllocations(t *testing.T) {
	key := serverKey()
	keys := []*PublicKey{key.PublicKey()}
	ctx := context.Background()
	got := alloctest.PerRun(t, 10, func() {
		c, s := NewClient(ClientOptions{Keys: keys, DC: 2}), NewServer(ServerOptions{Key: key, DC: 2})
		message := c.Start()
		for message != nil {
			var err error
			if message, err = s.Step(ctx, message); err != nil {
				t.Fatal(err)
			}
			if message, err = c.Step(ctx, message); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Result(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Result(); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%v allocations, on both sides", got)
	if got > 2*20 {
		t.Errorf("%v allocations on both sides, want 20 on each", got)
	}
}
