package gotd

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSends: messages are found by number and by id, and none that are over.
func TestSends(t *testing.T) {
	const numbers = 300
	var list []*sendRecord
	for seq := range numbers {
		if seq%3 > 0 { // others are the driver's
			list = append(list, &sendRecord{Seq: seq, RandomID: int64(1000 + seq)})
		}
	}
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	s := newSends(slices.Clone(list))
	s.add(&sendRecord{Seq: numbers, RandomID: 1000 + numbers})
	list = append(list, s.find(numbers))
	for len(list) > 0 {
		for seq := range numbers + 1 {
			want := slices.IndexFunc(list, func(r *sendRecord) bool { return r.Seq == seq })
			got := s.find(seq)
			if (got != nil) != (want >= 0) || got != nil && got != list[want] || s.ids[int64(1000+seq)] != (want >= 0) {
				t.Fatalf("%d messages left: number %d is %v, want it: %v", len(list), seq, got, want >= 0)
			}
		}
		for range 20 {
			if n := len(list); n > 0 {
				s.remove(list[n-1])
				s.remove(list[n-1])
				list = list[:n-1]
			}
		}
	}
	if s.list != nil || s.ids != nil {
		t.Errorf("%d messages and %d ids are left", len(s.list), len(s.ids))
	}
}
