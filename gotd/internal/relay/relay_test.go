package relay

import (
	"context"
	"testing"
	"time"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/tg"
)

// TestConnect: a client gets through, and so do updates.
func TestConnect(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s := New()
	u, err := s.AddUser(10)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	updates := tg.NewUpdateDispatcher()
	arrived := make(chan int, 1)
	updates.OnNewEncryptedMessage(func(_ context.Context, _ tg.Entities, u *tg.UpdateNewEncryptedMessage) error {
		arrived <- u.Qts
		return nil
	})
	options := u.Options()
	options.UpdateHandler = updates
	client := telegram.NewClient(1, "hash", options)
	err = client.Run(ctx, func(ctx context.Context) error {
		self, err := client.Self(ctx)
		if err != nil {
			return err
		}
		if self.ID != 10 {
			t.Errorf("self is user %d, want 10", self.ID)
		}
		s.mu.Lock()
		u.deliver(&tg.EncryptedMessageService{ChatID: 1})
		s.mu.Unlock()
		if qts := <-arrived; qts != 1 {
			t.Errorf("got qts %d, want 1", qts)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
