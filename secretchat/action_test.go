package secretchat

import (
	"testing"

	"github.com/mtcore/mtcore/internal/tl"
)

// TestActions: each action that package tl knows is either the driver's own or an event,
// once.
func TestActions(t *testing.T) {
	rows := map[tl.ActionID]int{}
	for _, a := range actions {
		rows[a.id]++
		if (a.do != nil) == (a.event != 0) {
			t.Errorf("action %#x is the driver's own: %t, and event %d", a.id, a.do != nil, a.event)
		}
		if a.event == EventUnsupported {
			t.Errorf("action %#x is not supported", a.id)
		}
	}
	for _, id := range tl.ActionIDs() {
		if rows[id] != 1 {
			t.Errorf("actions, in action.go, has action %#x of package tl %d times, want once", id, rows[id])
		}
	}
	if got, want := len(rows), len(tl.ActionIDs()); got != want {
		t.Errorf("%d actions, want %d", got, want)
	}
	if a := findAction(1); a.do != nil || a.event != EventUnsupported {
		t.Errorf("an action of a newer layer is %+v", a)
	}
}

// TestLatestLayer: the newest layer of options.go is one that layer.go sends messages in.
func TestLatestLayer(t *testing.T) {
	for _, layer := range []int{MinLayer, LatestLayer} {
		if got := wrapper(layer); got != layer {
			t.Errorf("wrapper, in layer.go, has messages of layer %d in layer %d", layer, got)
		}
	}
}
