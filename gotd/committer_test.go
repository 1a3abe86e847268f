package gotd

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/mtcore/mtcore/secretchat"
)

// gate is a store whose commits wait until they are let through, with a result.
type gate struct {
	mu      sync.Mutex
	keys    []string // that are on disk
	commits int
	through chan func() error
}

func (g *gate) Load([]byte, func(key, value []byte) error) error { return nil }

func (g *gate) Commit(changes []Change) error {
	result := <-g.through
	g.mu.Lock()
	defer g.mu.Unlock()
	g.commits++
	if err := result(); err != nil {
		return err
	}
	for _, c := range changes {
		g.keys = append(g.keys, string(c.Key))
	}
	return nil
}

// TestCommitter: nobody returns before the disk has what he has given, also those who join another's
// batch, and an error is everybody's who was in it or comes later.
func TestCommitter(t *testing.T) {
	for name, result := range map[string]func() error{
		"ok":     func() error { return nil },
		"failed": func() error { return errors.New("disk full") },
		"panics": func() error { panic("store") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gate{through: make(chan func() error)}
				c := &committer{store: g}
				returned := map[string]error{}
				var mu sync.Mutex
				commit := func(key string) {
					err := c.commit([]Change{{Key: []byte(key)}})
					mu.Lock()
					defer mu.Unlock()
					returned[key] = err
				}
				go commit("first")
				synctest.Wait()
				const joined = 5 // of which one begins the second batch
				for i := range joined {
					go commit(fmt.Sprint(i))
					synctest.Wait()
				}
				if len(returned) != 0 {
					t.Fatalf("returned before the disk: %v", returned)
				}
				g.through <- func() error { return nil }
				synctest.Wait()
				if err, ok := returned["first"]; !ok || err != nil || len(returned) != 1 {
					t.Fatalf("after the first commit: %v", returned)
				}
				g.through <- result
				synctest.Wait()
				if len(returned) != 1+joined || g.commits != 2 {
					t.Fatalf("%d have returned after %d commits, want %d after 2", len(returned), g.commits, 1+joined)
				}
				ok := name == "ok"
				for key, err := range returned {
					if key != "first" && (err == nil) != ok || err != nil && !errors.Is(err, secretchat.ErrStore) {
						t.Errorf("%s: %v", key, err)
					}
				}
				if want := 1 + joined; ok && len(g.keys) != want || !ok && len(g.keys) != 1 {
					t.Errorf("on disk are %q", g.keys)
				}
				if !ok {
					if err := c.commit([]Change{{Key: []byte("later")}}); !errors.Is(err, secretchat.ErrStore) || g.commits != 2 {
						t.Errorf("after the end: %v, %d commits", err, g.commits)
					}
				}
			})
		})
	}
}
