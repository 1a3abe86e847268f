//go:build (amd64 || arm64) && gc && !purego

package kdf

import "encoding/binary"

// SHA-256 by kernels that take whole blocks only: what is hashed, the part of the
// authorization key and then the plaintext, is cut into blocks and padded here.

const (
	blockSize = 64

	// maxCall bounds one call of a kernel, in blocks of all its hashes: the scheduler
	// cannot preempt assembly, and 64 KiB take some 35 µs.
	maxCall = 64 << 10 / blockSize
)

// initial is the state before the first block, FIPS 180-4, 5.3.3.
var initial = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// lane is a hash on its way.
type lane struct {
	state [8]uint32
	job   int // its index, if it is one of a batch

	// Numbers of blocks: those hashed so far; those that the input fills; and all,
	// one or two more with the padding.
	done, full, total int

	// buf has the first block, in which the part of the key is, followed by what is
	// after the full ones. All other blocks are hashed where they are in the plaintext.
	buf [3 * blockSize]byte
}

// start prepares l to hash part and padded.
func (l *lane) start(part *[hashPartSize]byte, padded []byte) {
	n := len(part) + len(padded)
	l.state = initial
	l.done, l.full, l.total = 0, n/blockSize, (n+1+8+blockSize-1)/blockSize

	clear(l.buf[:])
	copy(l.buf[:], part[:])
	copy(l.buf[len(part):blockSize], padded)
	end := l.buf[:]
	if l.full > 0 {
		end = l.buf[blockSize:]
		copy(end, padded[l.full*blockSize-len(part):])
	}
	// The padding of FIPS 180-4, 5.1.1.
	end[n%blockSize] = 0x80
	length := end[(l.total-l.full)*blockSize-8:]
	binary.BigEndian.PutUint64(length, 8*uint64(n))
}

// next returns the address of the next block, and how many there are at it in a row.
func (l *lane) next(padded []byte) (p *byte, blocks int) {
	switch {
	case l.full <= 1: // all blocks are in buf
		return &l.buf[l.done*blockSize], l.total - l.done
	case l.done == 0:
		return &l.buf[0], 1
	case l.done < l.full:
		return &padded[l.done*blockSize-hashPartSize], l.full - l.done
	default:
		return &l.buf[(1+l.done-l.full)*blockSize], l.total - l.done
	}
}

// finish hashes all there is left.
func (l *lane) finish(padded []byte) {
	for l.done < l.total {
		p, n := l.next(padded)
		n = min(n, maxCall)
		blocksSHA(&l.state, p, n)
		l.done += n
	}
}

// msgKey sets m to bytes 8 to 24 of the digest.
func (l *lane) msgKey(m *MsgKey) {
	for i, word := range l.state[2:6] {
		binary.BigEndian.PutUint32(m[4*i:], word)
	}
}

func (l *lane) wipe() { *l = lane{} }

// startJob prepares l to hash what a job says.
func (l *lane) startJob(jobs []Job, i int) {
	l.job = i
	j := &jobs[i]
	l.start(j.AuthKey.hashPart(j.Side), j.Padded)
}

// startJobs starts the first jobs, in as many of the lanes as there are jobs for, and
// returns these.
func startJobs(ls []lane, jobs []Job) []lane {
	ls = ls[:min(len(ls), len(jobs))]
	for i := range ls {
		ls[i].startJob(jobs, i)
	}
	return ls
}

// msgKeyPairs is msgKeyBatch, two hashes at a time.
func msgKeyPairs(jobs []Job) {
	var ls [2]lane
	busy := startJobs(ls[:], jobs)
	finishJobs(busy, jobs, len(busy))
}

// finishJobs finishes the hashes of all lanes, and then those of the jobs from next on,
// two at a time.
func finishJobs(ls []lane, jobs []Job, next int) {
	for len(ls) > 1 {
		a, b := &ls[0], &ls[1]
		pa, na := a.next(jobs[a.job].Padded)
		pb, nb := b.next(jobs[b.job].Padded)
		n := min(na, nb, maxCall/2)
		blocks2SHA(&a.state, &b.state, pa, pb, n)
		a.done += n
		b.done += n
		ls, next = refill(ls, 2, jobs, next)
	}
	if len(ls) == 1 {
		ls[0].finish(jobs[ls[0].job].Padded)
		refill(ls, 1, jobs, next)
	}
}

// refill takes the message keys of those of the first n lanes that are done and starts
// other jobs in their place, from next on. When there are none any more it moves lanes
// from the end into the gaps. It returns the lanes that are busy.
func refill(ls []lane, n int, jobs []Job, next int) ([]lane, int) {
	for i := n - 1; i >= 0; i-- {
		l := &ls[i]
		if l.done < l.total {
			continue
		}
		l.msgKey(&jobs[l.job].MsgKey)
		if next < len(jobs) {
			l.startJob(jobs, next)
			next++
			continue
		}
		last := len(ls) - 1
		if i != last {
			*l = ls[last]
		}
		ls[last].wipe()
		ls = ls[:last]
	}
	return ls, next
}
