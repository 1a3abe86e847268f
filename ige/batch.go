package ige

import (
	"math/bits"
	"unsafe"

	"github.com/mtcore/mtcore/internal/stack"
)

// EncryptBatch does what calling Encrypt on each message does, but works on
// several messages at once, which a CPU with AES instructions does in hardly more
// time than on one. It panics before it has written anything if one of the calls
// would. Messages may have any lengths and come in any order.
//
// If a message's Dst overlaps another message or one of its buffers, the bytes
// written to either are undefined.
func EncryptBatch(ms []Message) {
	if len(ms) == 1 {
		ms[0].Encrypt()
		return
	}
	s := sizes{count: len(ms)}
	for i := range ms {
		if m := &ms[i]; !blocksFit(m.Dst, m.Src) {
			checkBlocks(m.Dst, m.Src)
		}
		s.add(len(ms[i].Src))
	}
	backends.Ready()
	if !s.tiny(false) && cryptTogether(ms, s, false) {
		return
	}
	for i := range ms {
		if m := &ms[i]; m.short() {
			m.encryptShort()
		} else if m.todo() {
			encryptMessage(&m.Key, &m.IV, m.Dst, m.Src)
		}
	}
}

// DecryptBatch does what calling Decrypt on each message does, in the manner of
// EncryptBatch. It sets each message's Err and returns the first one, by index, that is not
// nil. A message with an error does not affect the others.
func DecryptBatch(ms []Message) error {
	if len(ms) == 1 {
		ms[0].Err = ms[0].Decrypt()
		return ms[0].Err
	}
	s := sizes{count: len(ms)}
	lengths, stale := 0, false
	for i := range ms {
		m := &ms[i]
		checkBuffers(m.Dst, m.Src)
		s.add(len(m.Src))
		lengths |= len(m.Src)
		stale = stale || m.Err != nil
	}
	var first error
	if stale || lengths%BlockSize != 0 {
		first = setErrs(ms)
	}
	backends.Ready()
	if !s.tiny(true) && cryptTogether(ms, s, true) {
		return first
	}
	for i := range ms {
		if m := &ms[i]; m.short() {
			m.decryptShort()
		} else if m.todo() {
			decryptMessage(&m.Key, &m.IV, m.Dst, m.Src)
		}
	}
	return first
}

// setErrs sets each message's Err and returns the first one that is not nil.
func setErrs(ms []Message) (first error) {
	for i := range ms {
		ms[i].Err = nil
		if len(ms[i].Src)%BlockSize != 0 {
			ms[i].Err = ErrPartialBlock
			if first == nil {
				first = ErrPartialBlock
			}
		}
	}
	return first
}

// cryptTogether does all messages in the way that takes the least time, unless that is one after the
// other: then it does nothing and returns false.
func cryptTogether(ms []Message, s sizes, decrypting bool) bool {
	worth := worthBatching(s)
	switch {
	case oneShotPays(s, worth, decrypting):
		cryptOneShot(ms, s.longest/BlockSize, decrypting)
	case worth:
		cryptBatch(ms, s, decrypting)
	default:
		return false
	}
	return true
}

// crypt does one message, if there is something to do.
func (m *Message) crypt(decrypting bool) {
	switch {
	case !m.todo():
	case decrypting:
		decryptMessage(&m.Key, &m.IV, m.Dst, m.Src)
	default:
		encryptMessage(&m.Key, &m.IV, m.Dst, m.Src)
	}
}

// todo reports whether there is something to do. DecryptBatch has said so if Src is malformed.
func (m *Message) todo() bool { return len(m.Src) > 0 && len(m.Src)%BlockSize == 0 }

// sizes says how many messages are in a batch, and how long they are in bytes. Those that there
// is nothing to do for are among them.
type sizes struct{ count, sum, longest int }

func (s *sizes) add(n int) {
	s.sum += n
	s.longest = max(s.longest, n)
}

// beside is how many bytes can be done beside the longest message.
func (s *sizes) beside() int { return s.sum - s.longest }

// equal reports whether all messages have the same length.
func (s *sizes) equal() bool { return s.sum == s.count*s.longest }

// useTeams reports whether there are kernels for several lanes, which the generic code does not
// need and NEON's and those of 32-bit ARM are not.
func useTeams() bool { return batchWidth() > slicedLanes }

// cryptBatch does all messages with the kernels for batches.
func cryptBatch(ms []Message, s sizes, decrypting bool) {
	stack.Reserve16K()
	switch {
	case len(ms) <= batchWidth() && useTeams():
		var t team
		for i := range ms {
			if ms[i].todo() {
				t.add(ms, i)
			}
		}
		t.crypt(ms, decrypting)
	case useTeams() && (s.equal() || s.longest <= teamLongest()):
		cryptTeams(ms, s, decrypting)
	default:
		cryptRefilled(ms, decrypting)
	}
}

// teamLongest is up to which length messages of different lengths are done in teams: as long as they are
// short, or as they are for kernels that do a team in one call.
func teamLongest() int {
	if oneShotForMany() {
		return maxBatchBlocks * BlockSize
	}
	return shortSize
}

// cryptTeams does all messages, in teams that begin at the same time and wait for each other at
// the end, rather than to give a lane a new message when it is done. That costs less for each
// message, and more for each byte if there are many of different lengths.
func cryptTeams(ms []Message, all sizes, decrypting bool) {
	q := queue{ms: ms, inOrder: all.equal()}
	for left, more := all.count, true; more && left > 0; {
		teams := (left + batchWidth() - 1) / batchWidth()
		var t team
		for t.count < (left+teams-1)/teams {
			var i int
			if i, more = q.next(); !more {
				break
			}
			t.add(ms, i)
		}
		left -= t.count
		if q.inOrder || worthBatching(t.sizes) {
			t.crypt(ms, decrypting)
			continue
		}
		for _, i := range t.order[:t.count] {
			ms[i].crypt(decrypting)
		}
	}
}

// A team is up to batchLanes messages, by their index, which are done together.
type team struct {
	sizes
	order [batchLanes]int
}

func (t *team) add(ms []Message, i int) {
	t.order[t.count] = i
	t.count++
	t.sizes.add(len(ms[i].Src))
}

// sort puts the longest messages first.
func (t *team) sort(ms []Message) {
	if t.equal() {
		return
	}
	var keys [batchLanes]uint64 // a length, and below it where that is in order
	order := t.order
	for i, at := range order[:t.count] {
		key, j := uint64(len(ms[at].Src))<<4|uint64(i), i
		for ; j > 0 && keys[j-1] < key; j-- {
			keys[j] = keys[j-1]
		}
		keys[j] = key
	}
	for j, key := range keys[:t.count] {
		t.order[j] = order[key%batchLanes]
	}
}

// The batch kernels work on lanes, each of which holds a message. Four lanes are a
// group, whose keys lie together: a register of four lanes is one load.
const (
	groupLanes = 4
	batchLanes = 16 // of the widest kernel
	groupSize  = (maxRounds + 1) * groupLanes * BlockSize
)

// lanes is what the batch kernels work on, in the layout that all of them share.
// Messages are in the first lanes. If a kernel has more lanes than there are
// messages, the others repeat lane 0, or write where nobody looks.
//
// Messages are referred to by their index. Pointers to them, kept in here, would
// make the compiler believe that they outlive the call, and force the caller's
// keys and buffers onto the heap.
type lanes struct {
	ms         []Message
	decrypting bool

	// Round key r of lane j is at 64*r + 16*(j%4) of group j/4. Groups follow one
	// another from alignment on.
	unaligned [batchLanes/groupLanes*groupSize + cacheLine]byte
	alignment int

	// The previous output blocks of all lanes, then the previous input blocks.
	state [2 * batchLanes * BlockSize]byte

	work [batchLanes]work
}

// work says which message is in a lane, and how many bytes of it are done.
type work struct{ message, done int }

const cacheLine = 64

// misalignment is how many bytes after p the next cache line begins.
func misalignment(p *byte) int { return int(-uintptr(unsafe.Pointer(p)) % cacheLine) }

// maxBatchBlocks bounds what a kernel does with each lane in one call, since
// assembly cannot be preempted: it takes some 10 µs with VAES, and eight lanes of it
// are the 64 KiB of a single stream.
const maxBatchBlocks = 512

// cryptRefilled does all messages. It keeps the lanes full as long as there are messages, and
// runs them with the narrowest kernel that has room for those that are left. A kernel runs
// until the first lane is done.
func cryptRefilled(ms []Message, decrypting bool) {
	l := lanes{ms: ms, decrypting: decrypting}
	// Only speed depends on the alignment: registers of 64 bytes load at half the
	// rate across cache lines.
	l.alignment = misalignment(&l.unaligned[0])
	q := queue{ms: ms}
	live, fresh := 0, uint(0) // fresh has a bit for each lane that needs its key
	for width := batchWidth(); live < width; live++ {
		i, ok := q.next()
		if !ok {
			break
		}
		l.start(live, i)
		fresh |= 1 << live
	}
	used := live
	for live > 1 {
		expandLanes(&l, fresh)
		width := kernelWidth(live)
		for j := live; j < width; j++ {
			l.move(j, 0)
		}
		used = max(used, width)
		n := l.shortest(live)
		runLanes(&l, live, n)
		live, fresh = l.advance(live, n, &q)
	}
	if live == 1 {
		// The single-stream kernel has the shorter critical path.
		l.finish()
	}
	l.wipe(used)
}

// wipe erases what the first so many lanes have held.
func (l *lanes) wipe(used int) {
	for j := 0; j < used; j += groupLanes {
		clear(l.group(j)[:])
	}
	clear(l.state[:])
}

// start gives lane j message i, except for its key.
func (l *lanes) start(j, i int) {
	l.work[j] = work{message: i}
	l.setIV(j, &l.ms[i].IV)
}

// rest returns what is still to be done of the message in lane j.
func (l *lanes) rest(j int) (dst, src []byte) {
	w := l.work[j]
	m := &l.ms[w.message]
	return m.Dst[w.done:], m.Src[w.done:]
}

// shortest returns how many blocks a kernel may do at once.
func (l *lanes) shortest(live int) int {
	n := maxBatchBlocks * BlockSize
	for j := range live {
		w := l.work[j]
		n = min(n, len(l.ms[w.message].Src)-w.done)
	}
	return n / BlockSize
}

// advance takes note that n blocks of each live lane are done, and gives the lanes
// that have finished a new message. When there are no more, it closes the gaps
// with the last lanes. It returns how many lanes are live and which need their keys.
func (l *lanes) advance(live, n int, q *queue) (stillLive int, fresh uint) {
	gaps := uint(0)
	for j := range live {
		w := &l.work[j]
		w.done += n * BlockSize
		if w.done < len(l.ms[w.message].Src) {
			continue
		}
		if i, ok := q.next(); ok {
			l.start(j, i)
			fresh |= 1 << j
		} else {
			gaps |= 1 << j
		}
	}
	// A lane that moves has its key: once the queue is empty it stays so, and the
	// fresh lanes are those before the first gap.
	for j := live - 1; gaps != 0; j-- {
		if gaps>>j&1 == 0 {
			continue
		}
		gaps &^= 1 << j
		live--
		if j < live {
			l.move(j, live)
		}
	}
	return live, fresh
}

// The functions below copy blocks with copy and through pointers: assigning an
// array would leave another copy of it on the stack.

// setIV sets the chaining blocks of lane j.
func (l *lanes) setIV(j int, iv *[IVSize]byte) {
	c, p := l.chaining(j)
	copy(c[:], iv[:BlockSize])
	copy(p[:], iv[BlockSize:])
}

// copyIV sets iv to the one that continues the message of lane j.
func (l *lanes) copyIV(iv *[IVSize]byte, j int) {
	c, p := l.chaining(j)
	copy(iv[:BlockSize], c[:])
	copy(iv[BlockSize:], p[:])
}

// chaining returns the last ciphertext block and the last plaintext block of lane j.
func (l *lanes) chaining(j int) (c, p *[BlockSize]byte) {
	const half = batchLanes * BlockSize
	out, in := (*[BlockSize]byte)(l.state[j*BlockSize:]), (*[BlockSize]byte)(l.state[half+j*BlockSize:])
	if l.decrypting {
		return in, out
	}
	return out, in
}

// group is where the round keys of the group of lane j are.
func (l *lanes) group(j int) *[groupSize]byte {
	return (*[groupSize]byte)(l.unaligned[l.alignment+j/groupLanes*groupSize:])
}

// roundKey is round key r of lane j.
func (l *lanes) roundKey(r, j int) *[BlockSize]byte {
	return (*[BlockSize]byte)(l.group(j)[(r*groupLanes+j%groupLanes)*BlockSize:])
}

// move makes lane to a copy of lane from.
func (l *lanes) move(to, from int) {
	for r := range maxRounds + 1 {
		copy(l.roundKey(r, to)[:], l.roundKey(r, from)[:])
	}
	c, p := l.chaining(from)
	toC, toP := l.chaining(to)
	copy(toC[:], c[:])
	copy(toP[:], p[:])
	l.work[to] = l.work[from]
}

// finish does what is left of the message in lane 0.
func (l *lanes) finish() {
	var iv [IVSize]byte
	l.copyIV(&iv, 0)
	key := &l.ms[l.work[0].message].Key
	dst, src := l.rest(0)
	if l.decrypting {
		decryptMessage(key, &iv, dst, src)
	} else {
		encryptMessage(key, &iv, dst, src)
	}
	clear(iv[:])
}

// queue deals out messages that have something to do, long ones first, unless told otherwise: a
// long one that came last would be alone in the end, at the speed of a single stream.
//
// It orders the messages of one window at a time. So it needs no memory for the
// order of them all, and the lanes stay full from window to window.
type queue struct {
	ms         []Message
	inOrder    bool               // rather than long ones first
	start, end int                // of the window
	order      [queueWindow]uint8 // indices into the window, the next one last
	left       int                // of order
}

const queueWindow = 256

// next returns the index of a message. It is not ok if there is none left.
func (q *queue) next() (i int, ok bool) {
	for q.inOrder {
		if q.end == len(q.ms) {
			return 0, false
		}
		q.end++
		if q.ms[q.end-1].todo() {
			return q.end - 1, true
		}
	}
	for q.left == 0 {
		if q.end == len(q.ms) {
			return 0, false
		}
		q.start, q.end = q.end, min(q.end+queueWindow, len(q.ms))
		q.sort()
	}
	q.left--
	return q.start + int(q.order[q.left]), true
}

func (q *queue) window() []Message { return q.ms[q.start:q.end] }

// sort fills order with the messages of the window that have something to do, in the order of
// lengthClass, by a counting sort.
func (q *queue) sort() {
	var end [lengthClasses]uint16 // first the size of each class, then where it ends
	window := q.window()
	for i := range window {
		end[lengthClass(len(window[i].Src))]++
	}
	sum := uint16(0)
	for c := 1; c < lengthClasses; c++ {
		sum += end[c]
		end[c] = sum
	}
	q.left = int(sum)
	for i := range window {
		if c := lengthClass(len(window[i].Src)); c > 0 {
			end[c]--
			q.order[end[c]] = uint8(i)
		}
	}
}

// There are classes of lengths up to 2^35, beyond which they are all alike: one for each up to
// shortSize, and then two for each power of two.
const (
	shortSize     = 1 << 10
	lengthClasses = shortSize/BlockSize + 52
)

// lengthClass is 0 for messages of n bytes with nothing to do, and otherwise grows with n.
func lengthClass(n int) int {
	if n%BlockSize != 0 { // DecryptBatch has said so
		return 0
	}
	if n <= shortSize {
		return n / BlockSize
	}
	e := bits.Len(uint(n)) - 2 // so that n>>e is 2 or 3
	return min(shortSize/BlockSize+2*e+n>>e-19, lengthClasses-1)
}
