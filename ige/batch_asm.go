//go:build (amd64 || arm64) && gc && !purego

package ige

import (
	"math/bits"
	"unsafe"

	"github.com/mtcore/mtcore/ige/asm"
)

// batchWidth is how many messages to work on at a time.
func batchWidth() int {
	switch {
	case useVAES512:
		return 16
	case useAES():
		return 8
	default:
		return slicedLanes
	}
}

// kernelWidth is how many lanes the kernel for so many messages works on.
func kernelWidth(live int) int {
	switch {
	case !useAES():
		return live
	case live <= 2:
		return 2
	case live <= 4:
		return 4
	case live <= 8:
		return 8
	default:
		return (live + 3) / 4 * 4
	}
}

// worthBatching reports whether a batch repays its preparation, so that it takes no longer than its messages
// one at a time: what can be done beside the longest message has to be long enough. The numbers are blocks
// that one stream would do meanwhile, from measurements of all counts up to 40 and lengths up to 70 blocks.
func worthBatching(s sizes) bool {
	blocks := s.beside() / BlockSize
	switch {
	case useVAES512 && s.count <= batchLanes: // wider kernels take longer to begin
		return 4*blocks >= 7*teamWidth(s.count)-2*s.count
	case useVAES512:
		return blocks >= 26*s.teams()
	case !useAES():
		return !useNEON && s.count > 1 // NEON's kernels work on one message at a time
	case useArmv8 && s.equal():
		return blocks >= 4+s.count
	case useArmv8:
		return 4*blocks >= 32+15*s.count
	case s.count <= groupLanes && s.equal():
		return blocks >= 14
	case s.count <= groupLanes:
		return blocks >= 16
	case s.equal() || s.count <= batchWidth():
		return blocks >= pick(useVAES256, 20, 28)*s.teams()
	default:
		return blocks >= pick(useVAES256, 25, 36)*s.teams()
	}
}

// pick returns a if cond is true, and otherwise b.
func pick(cond bool, a, b int) int {
	if cond {
		return a
	}
	return b
}

// teams is how many teams the messages make.
func (s *sizes) teams() int { return (s.count + batchWidth() - 1) / batchWidth() }

// tiny reports whether there is so little to do that what is around the kernels matters: it is a
// short way to what cryptTogether would find out.
func (s *sizes) tiny(decrypting bool) bool {
	switch {
	case !useAESNI || s.beside() >= pick(useVAES512, 10, 14)*BlockSize:
		return false
	case s.equal():
		return s.longest <= overlapBlocks*BlockSize && (s.beside() <= 2*BlockSize || !useVAES512) && !(useVAES256 && decrypting)
	default:
		return true
	}
}

// overlapBlocks is up to how many blocks messages are so short that a CPU overlaps two of them by itself,
// if they come one after the other, as well as a kernel for two does.
const overlapBlocks = 3

// short reports whether there is something to do that a single call of a kernel does. In a loop of such
// calls a CPU begins the next message before it is done with a short one, unless there are many
// instructions in between.
func (m *Message) short() bool { return m.todo() && len(m.Src) <= maxCall && useAES() }

func (m *Message) encryptShort() { asm.EncryptKey(&m.Key, &m.IV, m.Dst[:len(m.Src)], m.Src) }

func (m *Message) decryptShort() { asm.DecryptKey(&m.Key, &m.IV, m.Dst[:len(m.Src)], m.Src) }

// teamWidth is the number of lanes of the kernel that does so many messages at once.
func teamWidth(count int) int {
	return max(2*groupLanes, (count+groupLanes-1)/groupLanes*groupLanes)
}

// crypt does the messages of t. The memory for their keys is no larger than they need, since it
// has to be cleared twice.
func (t *team) crypt(ms []Message, decrypting bool) {
	t.sort(ms)
	order := t.order[:t.count]
	switch {
	case t.count == 0:
	case t.count > 1 && oneShotForMany() && t.longest <= maxBatchBlocks*BlockSize:
		cryptTeam(ms, order, decrypting)
	case t.count <= groupLanes:
		var keys [groupSize + cacheLine]byte
		cryptExpanded(keys[misalignment(&keys[0]):], ms, order, decrypting)
		clear(keys[:])
	case t.count <= 2*groupLanes:
		var keys [2*groupSize + cacheLine]byte
		cryptExpanded(keys[misalignment(&keys[0]):], ms, order, decrypting)
		clear(keys[:])
	default:
		var keys [batchLanes/groupLanes*groupSize + cacheLine]byte
		cryptExpanded(keys[misalignment(&keys[0]):], ms, order, decrypting)
		clear(keys[:])
	}
}

// cryptExpanded does the messages of order, which begin at the same time, with keys that are expanded
// first. Lanes that the kernel has beyond them repeat the first one.
func cryptExpanded(keys []byte, ms []Message, order []int, decrypting bool) {
	var state [2 * batchLanes * BlockSize]byte
	c, p := state[:batchLanes*BlockSize], state[batchLanes*BlockSize:]
	if decrypting {
		c, p = p, c
	}
	var dst, src [batchLanes]*byte
	var key [batchLanes]*[KeySize]byte
	width := kernelWidth(len(order))
	for j := range key[:width] {
		i := order[0]
		if j < len(order) {
			i = order[j]
		}
		m := &ms[i]
		dst[j], src[j], key[j] = &m.Dst[0], &m.Src[0], &m.Key
		copy((*[BlockSize]byte)(c[j*BlockSize:])[:], m.IV[:BlockSize])
		copy((*[BlockSize]byte)(p[j*BlockSize:])[:], m.IV[BlockSize:])
	}
	expandKeys(keys, &key, width, decrypting)
	longest, shortest := len(ms[order[0]].Src), len(ms[order[len(order)-1]].Src)
	if longest == shortest && longest <= maxBatchBlocks*BlockSize {
		cryptLanes(keys, &state, &dst, &src, width, longest/BlockSize, decrypting)
	} else {
		cryptUnequal(keys, &state, &dst, &src, ms, order, decrypting)
	}
	clear(state[:])
}

// idleBlocks is how far a kernel goes with lanes whose messages are done, which write what
// nobody looks at.
const idleBlocks = 32

// cryptUnequal does the messages of order, the longest first, so that lanes are done from the
// last one on: none has to move, and what is left of each is known by a number that all share. It
// is what short messages of different lengths want, with which the lanes change every few blocks.
func cryptUnequal(keys []byte, state *[2 * batchLanes * BlockSize]byte, dsts, srcs *[batchLanes]*byte, ms []Message, order []int, decrypting bool) {
	dst, src := *dsts, *srcs
	var idle [idleBlocks * BlockSize]byte
	live, spare := len(order), kernelWidth(len(order)) // lanes from len(order) to spare repeat lane 0
	for done := 0; live > 0; {
		n := min(len(ms[order[live-1]].Src)-done, maxBatchBlocks*BlockSize)
		width := kernelWidth(live)
		if live < min(width, len(order)) {
			n = min(n, len(idle))
		}
		cryptLanes(keys, state, &dst, &src, width, n/BlockSize, decrypting)
		done += n
		for live > 0 && len(ms[order[live-1]].Src) == done {
			live--
			dst[live], src[live] = &idle[0], &idle[0]
		}
		if live == 0 {
			break
		}
		for j := range spare {
			if j < live || j >= len(order) {
				dst[j] = (*byte)(unsafe.Add(unsafe.Pointer(dst[j]), n))
				src[j] = (*byte)(unsafe.Add(unsafe.Pointer(src[j]), n))
			}
		}
	}
	clear(idle[:])
}

// expandKeys expands the keys of the first lanes.
func expandKeys(keys []byte, key *[batchLanes]*[KeySize]byte, width int, decrypting bool) {
	if useVAES256 {
		expandKeysVAES(keys, key, width, decrypting)
		return
	}
	for j := range width {
		group := (*[groupSize]byte)(keys[j/groupLanes*groupSize:])
		if decrypting {
			asm.ExpandDecrypt1(group, j%groupLanes, key[j])
		} else {
			asm.ExpandEncrypt1(group, j%groupLanes, key[j])
		}
	}
}

// cryptLanes takes so many lanes, for which there has to be a kernel, through n blocks.
func cryptLanes(keys []byte, state *[2 * batchLanes * BlockSize]byte, dst, src *[batchLanes]*byte, width, n int, decrypting bool) {
	switch k := &keys[0]; {
	case width > 2 && useVAES256:
		cryptLanesVAES(k, state, dst, src, width, n, decrypting)
	case width <= 2 && decrypting:
		asm.DecryptBatch2(k, state, dst, src, n)
	case width <= 2:
		asm.EncryptBatch2(k, state, dst, src, n)
	case width <= 4 && decrypting:
		asm.DecryptBatch4(k, state, dst, src, n)
	case width <= 4:
		asm.EncryptBatch4(k, state, dst, src, n)
	case decrypting:
		asm.DecryptBatch8(k, state, dst, src, n)
	default:
		asm.EncryptBatch8(k, state, dst, src, n)
	}
}

// expandLanes expands the keys of the lanes of l whose bits are set.
func expandLanes(l *lanes, fresh uint) {
	if !useAES() {
		expandLanesGeneric(l, fresh)
		return
	}
	for fresh != 0 {
		// Groups that have something fresh. Lanes that are in use already get the same schedule again.
		j := bits.TrailingZeros(fresh) / groupLanes * groupLanes
		var key [batchLanes]*[KeySize]byte
		for i := range groupLanes {
			key[i] = &l.ms[l.work[j+i].message].Key
		}
		expandKeys(l.group(j)[:], &key, groupLanes, l.decrypting)
		fresh &^= (1<<groupLanes - 1) << j
	}
}

// runLanes takes all lanes of l that hold messages through n blocks, with the kernel of
// kernelWidth(live) lanes.
func runLanes(l *lanes, live, n int) {
	if !useAES() {
		cryptLanesGeneric(l, live, n)
		return
	}
	var dst, src [batchLanes]*byte
	width := kernelWidth(live)
	for j := range width {
		d, s := l.rest(j)
		dst[j], src[j] = &d[0], &s[0]
	}
	cryptLanes(l.unaligned[l.alignment:], &l.state, &dst, &src, width, n, l.decrypting)
}
