package envelope

import (
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/stack"
	"github.com/mtcore/mtcore/kdf"
)

// Job is one message in a batch.
type Job struct {
	Key     *Key // may be the same in several jobs
	Side    kdf.Side
	Padding Padding // for SealBatch

	// Src is the plaintext or the packet. The result is appended to Dst, which is left
	// alone if there is an error.
	Dst, Src []byte
	// Err is set by SealBatch and OpenBatch.
	Err error
}

// SealBatch does what [Key.Seal] does for each job, but hashes and encrypts several
// messages at once, which takes a CPU with the instructions for it hardly longer than one
// message. It sets each job's Err and returns the first one, by index, that is not nil. It
// panics, before it has written anything, if one of the calls would.
//
// If the output of one job overlaps a buffer of another, the results of both are undefined.
func SealBatch(jobs []Job) error {
	for i := range jobs {
		j := &jobs[i]
		j.check()
		j.Padding.check()
		checkSeal(j.Dst, j.Src)
	}
	backends.Ready()
	stack.Reserve48K()
	for rest := jobs; len(rest) > 0; {
		n := min(len(rest), batchSize)
		switch {
		case n == 1:
			rest[0].seal()
		case n <= fewSize:
			sealFew(rest[:n])
		case n <= someSize:
			sealSome(rest[:n])
		default:
			sealGroup(rest[:n])
		}
		rest = rest[n:]
	}
	return firstError(jobs)
}

// OpenBatch does what [Key.Open] does for each job, in the manner of [SealBatch]. A packet
// that is refused does not affect the others.
func OpenBatch(jobs []Job) error {
	for i := range jobs {
		j := &jobs[i]
		j.check()
		checkOpen(j.Dst, j.Src)
	}
	backends.Ready()
	stack.Reserve48K()
	for rest := jobs; len(rest) > 0; {
		n := min(len(rest), batchSize)
		switch {
		case n == 1:
			rest[0].open()
		case n <= fewSize:
			openFew(rest[:n])
		case n <= someSize:
			openSome(rest[:n])
		default:
			openGroup(rest[:n])
		}
		rest = rest[n:]
	}
	return firstError(jobs)
}

// batchSize is how many jobs are worked on at a time: enough for all lanes of the widest
// kernels of packages ige and kdf, with some to spare for lanes that are done early.
const batchSize = 32

// someSize and fewSize are how many jobs get by with less room. All of it takes as long to clear
// as it takes to open a short message.
const (
	someSize = 16
	fewSize  = 4
)

// check panics on what only the programmer can have got wrong.
func (j *Job) check() {
	if j.Key == nil {
		panic("envelope: job without a key")
	}
	if j.Side > kdf.Server {
		panic("envelope: invalid side")
	}
}

func firstError(jobs []Job) error {
	for i := range jobs {
		if jobs[i].Err != nil {
			return jobs[i].Err
		}
	}
	return nil
}

// seal is SealBatch for one job.
func (j *Job) seal() {
	out, err := j.Key.Seal(j.Dst, j.Side, j.Src, j.Padding)
	if j.Err = err; err == nil {
		j.Dst = out
	}
}

// sealGroup is SealBatch for up to batchSize jobs.
func sealGroup(jobs []Job) {
	var (
		room  [groupRoom]byte
		order [batchSize]uint64
		keys  [batchSize]kdf.Job
		ms    [batchSize]ige.Message
	)
	sealJobs(jobs, room[:], order[:], keys[:], ms[:])
}

// sealSome is SealBatch for up to someSize jobs.
func sealSome(jobs []Job) {
	var (
		room  [groupRoom]byte
		order [someSize]uint64
		keys  [someSize]kdf.Job
		ms    [someSize]ige.Message
	)
	sealJobs(jobs, room[:], order[:], keys[:], ms[:])
}

// sealFew is SealBatch for up to fewSize jobs.
func sealFew(jobs []Job) {
	var (
		room  [messageRoom]byte
		order [fewSize]uint64
		keys  [fewSize]kdf.Job
		ms    [fewSize]ige.Message
	)
	sealJobs(jobs, room[:], order[:], keys[:], ms[:])
}

// sealJobs is SealBatch for as many jobs as there is room for in what else it is given, which is
// empty, and apart from room for padding. In each of its passes, the messages are next to each
// other, the longest first: packages kdf and ige like them so, and need not put them in order. As
// in opening.start, structs are filled in where they are.
func sealJobs(jobs []Job, room []byte, order []uint64, keys []kdf.Job, ms []ige.Message) {
	const index = 8 // bits, above which order has the lengths
	random := randomPadding{room: room}
	var lengths [batchSize]uint64
	n, left := 0, 0
	for i := range jobs {
		j := &jobs[i]
		least, most := j.Padding.bounds(len(j.Src))
		if !j.Key.fits(len(j.Src), most) {
			j.Err = ErrTooLong
			continue
		}
		j.Err = nil
		padding := random.length(least, most, len(jobs)-i)
		left += padding
		lengths[n] = uint64(len(j.Src)+padding)<<index | uint64(i)
		n++
	}
	order = order[:n]
	sortLongestFirst(order, lengths[:n])
	for i, x := range order {
		j, k := &jobs[x&(1<<index-1)], &keys[i]
		padding := int(x>>index) - len(j.Src)
		out, body := frame(j.Dst, j.Src, random.take(padding, left))
		left -= padding
		j.Dst = out
		k.AuthKey, k.Side, k.Padded = j.Key.auth, j.Side, body
	}
	kdf.MsgKeyBatch(keys[:n])
	kdf.DeriveBatch(keys[:n])
	for i := range n {
		k := &keys[i]
		setMessage(&ms[i], k, k.Padded, k.Padded)
	}
	ige.EncryptBatch(ms[:n])
	for i, x := range order {
		j, k := &jobs[x&(1<<index-1)], &keys[i]
		j.Key.putHeader(j.Dst[len(j.Dst)-len(k.Padded)-HeaderSize:], &k.MsgKey)
	}
	random.wipe()
	clear(keys[:n])
	clear(ms[:n])
}

// sortLongestFirst sorts up to batchSize different numbers, the largest first. It counts how many of
// the others are larger than each, without a branch: as padding is random, those of a common sort
// would be predicted wrong about once for each number.
func sortLongestFirst(sorted, numbers []uint64) {
	var larger [batchSize]uint8
	for i, x := range numbers {
		n := i
		for j, y := range numbers[:i] {
			less := int((y - x) >> 63) // as both are less than 2^63
			n -= less
			larger[j%batchSize] += uint8(less)
		}
		larger[i] = uint8(n)
	}
	for i, x := range numbers {
		sorted[larger[i]] = x
	}
}

// open is OpenBatch for one job.
func (j *Job) open() {
	out, err := j.Key.Open(j.Dst, j.Side, j.Src)
	if j.Err = err; err == nil {
		j.Dst = out
	}
}

// openGroup is OpenBatch for up to batchSize jobs.
func openGroup(jobs []Job) {
	var (
		of [batchSize]*Job
		os [batchSize]opening
	)
	openJobs(jobs, of[:], os[:])
}

// openSome is OpenBatch for up to someSize jobs.
func openSome(jobs []Job) {
	var (
		of [someSize]*Job
		os [someSize]opening
	)
	openJobs(jobs, of[:], os[:])
}

// openFew is OpenBatch for up to fewSize jobs.
func openFew(jobs []Job) {
	var (
		of [fewSize]*Job
		os [fewSize]opening
	)
	openJobs(jobs, of[:], os[:])
}

// openJobs is OpenBatch for as many jobs as there is room for in of and os, which are empty.
func openJobs(jobs []Job, of []*Job, os []opening) {
	n := 0
	for i := range jobs {
		j := &jobs[i]
		j.Err = ErrDecrypt
		if !j.Key.wellSized(j.Src) {
			continue
		}
		of[n] = j
		os[n].start(j.Key, j.Side, j.Dst, j.Src)
		n++
	}
	decryptAndHashBatch(os[:n])
	for i := range n {
		if out := os[i].finish(); out != nil {
			of[i].Dst, of[i].Err = out, nil
		}
	}
}

// decryptAndHashWide is decryptAndHashGeneric for up to batchSize messages, with each pass
// over all of them.
func decryptAndHashWide(os []opening) {
	var (
		keys [batchSize]kdf.Job
		ms   [batchSize]ige.Message
	)
	for i := range os {
		o, k := &os[i], &keys[i]
		k.AuthKey, k.Side, k.MsgKey, k.Padded = o.auth, o.side, o.msgKey, o.dst
	}
	kdf.DeriveBatch(keys[:len(os)])
	for i := range os {
		setMessage(&ms[i], &keys[i], os[i].dst, os[i].src)
	}
	if err := ige.DecryptBatch(ms[:len(os)]); err != nil {
		panic("envelope: internal error: " + err.Error())
	}
	kdf.MsgKeyBatch(keys[:len(os)])
	for i := range os {
		os[i].got = keys[i].MsgKey
	}
	clear(keys[:len(os)])
	clear(ms[:len(os)])
}

// setMessage gives m the key and the iv of k. It copies them with copy: assigning both in one
// statement would leave them on the stack as well.
func setMessage(m *ige.Message, k *kdf.Job, dst, src []byte) {
	copy(m.Key[:], k.Key[:])
	copy(m.IV[:], k.IV[:])
	m.Dst, m.Src = dst, src
}
