//go:build (amd64 || arm64) && gc && !purego

package kdf

import (
	"github.com/mtcore/mtcore/internal/kdfspec"
	"github.com/mtcore/mtcore/kdf/asm"
)

// SHA-256 by kernels that take whole blocks only: what is hashed, the part of the
// authorization key and then the plaintext, is cut into blocks and padded here.

const (
	blockSize = kdfspec.HashBlockSize

	// maxCall bounds one call of a kernel, in blocks of all its hashes: the scheduler
	// cannot preempt assembly, and 64 KiB take some 35 µs.
	maxCall = 64 << 10 / blockSize
)

// digest is a hash on its way.
type digest struct {
	state [8]uint32
	job   int // its index, if it is one of a batch

	// Numbers of blocks: those hashed so far; those that the input fills; and all,
	// one or two more with the padding.
	done, full, total int

	// buf has the first block, in which the part of the key is, followed by what is
	// after the full ones. All other blocks are hashed where they are in the plaintext.
	buf [3 * blockSize]byte
}

// start prepares d to hash part and padded.
func (d *digest) start(part *[hashPartSize]byte, padded []byte) {
	n := len(part) + len(padded)
	d.state = kdfspec.Initial
	d.done, d.full = 0, n/blockSize

	clear(d.buf[:])
	copyPart(d.buf[:], part[:])
	end := d.buf[:]
	if d.full > 0 {
		copyPart(d.buf[hashPartSize:], padded)
		end = d.buf[blockSize:]
		copy(end, padded[d.full*blockSize-len(part):])
	} else {
		copy(d.buf[hashPartSize:], padded)
	}
	d.total = d.full + kdfspec.Pad(end, n%blockSize, n)
}

// copyPart copies hashPartSize bytes, by two instructions for each half.
func copyPart(dst, src []byte) {
	const half = hashPartSize / 2
	copy(dst[:half], src[:half])
	copy(dst[half:2*half], src[half:2*half])
}

// paddedBlocks is how many blocks the hash of n bytes of a plaintext has.
func paddedBlocks(n int) int { return (hashPartSize+n+1+8-1)/blockSize + 1 }

// next returns the address of the next block, and how many there are at it in a row.
func (d *digest) next(padded []byte) (p *byte, blocks int) {
	switch {
	case d.full <= 1: // all blocks are in buf
		return &d.buf[d.done*blockSize], d.total - d.done
	case d.done == 0:
		return &d.buf[0], 1
	case d.done < d.full:
		return &padded[d.done*blockSize-hashPartSize], d.full - d.done
	default:
		return &d.buf[(1+d.done-d.full)*blockSize], d.total - d.done
	}
}

// finish hashes all there is left.
func (d *digest) finish(padded []byte) {
	for d.done < d.total {
		p, n := d.next(padded)
		n = min(n, maxCall)
		asm.Blocks(&d.state, p, n)
		d.done += n
	}
}

// msgKey sets m to bytes 8 to 24 of the result.
func (d *digest) msgKey(m *MsgKey) {
	kdfspec.SetMsgKey((*[MsgKeySize]byte)(m), d.state[2], d.state[3], d.state[4], d.state[5])
}

func (d *digest) wipe() { *d = digest{} }

// startJob prepares d to hash what a job says.
func (d *digest) startJob(jobs []Job, i int) {
	d.job = i
	j := &jobs[i]
	d.start(j.AuthKey.hashPart(j.Side), j.Padded)
}

// sortSize is how many jobs are put in order, at a time.
const sortSize = 64

// msgKeyLanes is msgKeyBatch, two hashes at a time, and sixteen where that is faster.
func msgKeyLanes(jobs []Job) {
	for len(jobs) > 0 {
		some := jobs[:min(len(jobs), sortSize)]
		jobs = jobs[len(some):]
		var order [sortSize]uint8
		rest := order[:len(some)]
		for i := range rest {
			rest[i] = uint8(i)
		}
		if useAVX512 && worthWide(some) {
			longestFirst(rest, some)
			rest = msgKeyAVX512(some, rest)
		}
		msgKeyPairs(some, rest)
	}
}

// longestFirst sorts the indices of jobs, those of the most blocks first.
func longestFirst(order []uint8, jobs []Job) {
	for i, x := range order {
		n := paddedBlocks(len(jobs[x].Padded))
		for ; i > 0 && paddedBlocks(len(jobs[order[i-1]].Padded)) < n; i-- {
			order[i] = order[i-1]
		}
		order[i] = x
	}
}

// msgKeyPairs does the jobs whose indices are in order, two hashes at a time.
func msgKeyPairs(jobs []Job, order []uint8) {
	var ds [2]digest
	n := min(len(ds), len(order))
	for i := range n {
		ds[i].startJob(jobs, int(order[i]))
	}
	finishJobs(ds[:n], jobs, order[n:])
}

// finishJobs finishes the hashes on their way, and then those of the jobs whose indices are in
// order, two at a time.
func finishJobs(ds []digest, jobs []Job, order []uint8) {
	for len(ds) > 1 {
		a, b := &ds[0], &ds[1]
		pa, na := a.next(jobs[a.job].Padded)
		pb, nb := b.next(jobs[b.job].Padded)
		n := min(na, nb, maxCall/2)
		asm.Blocks2(&a.state, &b.state, pa, pb, n)
		a.done += n
		b.done += n
		ds, order = refill(ds, jobs, order)
	}
	if len(ds) == 1 {
		ds[0].finish(jobs[ds[0].job].Padded)
		refill(ds, jobs, order)
	}
}

// refill takes the message keys of those of the first two hashes that are done and starts other
// jobs in their place. When there are none any more it moves hashes from the end into the gaps.
// It returns those that are on their way, and the jobs that are not yet.
func refill(ds []digest, jobs []Job, order []uint8) ([]digest, []uint8) {
	for i := min(len(ds), 2) - 1; i >= 0; i-- {
		d := &ds[i]
		if d.done < d.total {
			continue
		}
		d.msgKey(&jobs[d.job].MsgKey)
		if len(order) > 0 {
			d.startJob(jobs, int(order[0]))
			order = order[1:]
			continue
		}
		last := len(ds) - 1
		if i != last {
			*d = ds[last]
		}
		ds[last].wipe()
		ds = ds[:last]
	}
	return ds, order
}
