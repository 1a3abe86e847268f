// Package weave merges lists of instructions that do not depend on each other, for
// CPUs that see only so many instructions ahead.
package weave

// Evenly calls all functions of all lists. Each list is called in its order, and at
// any time about the same part of each has been called. An element of a list is
// what must not be torn apart: mostly one instruction.
func Evenly(lists ...[]func()) {
	total := 0
	for _, list := range lists {
		total += len(list)
	}
	called := make([]int, len(lists))
	for range total {
		next := 0
		for i := range lists {
			// The middle of the next element of i, as a part of the list, comes first.
			if (2*called[i]+1)*len(lists[next]) < (2*called[next]+1)*len(lists[i]) {
				next = i
			}
		}
		lists[next][called[next]]()
		called[next]++
	}
}
