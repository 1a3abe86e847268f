package gotd

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/secretchat"
)

// TestOptionsArePassedOn: an application can set every option of secretchat's but those that the
// manager itself has to set, and its clock, which Run has.
func TestOptionsArePassedOn(t *testing.T) {
	own := []string{"ChatID", "PeerID", "Store", "ServerRandom", "Clock"}
	theirs := reflect.TypeFor[secretchat.Options]()
	for i := range theirs.NumField() {
		name := theirs.Field(i).Name
		if slices.Contains(own, name) {
			continue
		}
		m := new(Manager)
		ours := reflect.ValueOf(&m.opt).Elem().FieldByName(name)
		if !ours.IsValid() {
			t.Errorf("Options has no %s", name)
			continue
		}
		switch {
		case ours.CanInt():
			ours.SetInt(7)
		case ours.Kind() == reflect.Bool:
			ours.SetBool(true)
		default:
			ours.Set(reflect.ValueOf(secretchat.StateKey{7}))
		}
		got := newChat(m, 1).options()
		if got := reflect.ValueOf(got).Field(i); !got.Equal(ours) {
			t.Errorf("%s: a chat has %v, want %v", name, got, ours)
		}
	}
}

// TestOptionsNegative: what only the programmer can have got wrong shows before the first chat.
func TestOptionsNegative(t *testing.T) {
	for _, opt := range []Options{{AskAfter: -1}, {MaxUnacknowledged: -1}, {MaxUnacknowledgedBytes: -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("AskAfter %v, MaxUnacknowledged %d, MaxUnacknowledgedBytes %d: no panic",
						opt.AskAfter, opt.MaxUnacknowledged, opt.MaxUnacknowledgedBytes)
				}
			}()
			opt.Store, opt.StateKey = struct{ Store }{}, secretchat.StateKey{1}
			opt.Handler = func(context.Context, Event) error { return nil }
			opt.check()
		}()
	}
}
