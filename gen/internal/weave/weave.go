// Package weave merges lists of instructions that do not depend on each other, for CPUs
// that see only a limited number of instructions ahead.
package weave

// Evenly calls all functions of all lists. Each list is called in order, and at any time
// about the same share of each has been called. An element of a list is a unit that must
// stay together, mostly one instruction.
func Evenly(lists ...[]func()) {
	total := 0
	for _, list := range lists {
		total += len(list)
	}
	called := make([]int, len(lists))
	for range total {
		next := 0
		for i := range lists {
			// Next is the element whose middle comes first, as a fraction of its list.
			if (2*called[i]+1)*len(lists[next]) < (2*called[next]+1)*len(lists[i]) {
				next = i
			}
		}
		lists[next][called[next]]()
		called[next]++
	}
}
