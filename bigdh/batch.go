package bigdh

import "github.com/mtcore/mtcore/internal/stack"

// DHJob is one shared secret of a batch.
type DHJob struct {
	Key    *PrivateKey
	Peer   *PublicKey
	Secret [Size]byte
	Err    error
}

// DHBatch sets the Secret and the Err of each job as [PrivateKey.DH] would. It panics if one of the
// keys was wiped; jobs before that one may be done by then.
//
// With IFMA it computes eight at once, a secret in each lane of the vectors, whatever their groups,
// and what is left over one at a time. On Zen 4 eight take 0.85 of the time of one after another, and
// could not take less than 0.75: eight products of digits per cycle limit both. A server
// divides its jobs among its cores first.
func DHBatch(jobs []DHJob) {
	var group [lanes]*DHJob
	n := 0
	for i := range jobs {
		j := &jobs[i]
		j.Key.checkUsable()
		if !j.Key.public.group.equal(&j.Peer.group) {
			j.Err = ErrPublicKey
			continue
		}
		group[n] = j
		if n++; n == lanes {
			dhGroup(&group)
			n = 0
		}
	}
	for _, j := range group[:n] {
		j.Err = j.Key.DH(&j.Secret, j.Peer)
	}
}

// lanes is how many powers are computed at once.
const lanes = 8

// power is one of them.
type power struct {
	m    *modulus
	dst  *[Size]byte
	base *[Size]byte // below the modulus
	exp  []byte      // big-endian, of the same length in all lanes, but not empty
}

// dhGroup does jobs whose keys have been checked.
func dhGroup(jobs *[lanes]*DHJob) {
	if !useIFMA {
		for _, j := range jobs {
			j.Err = j.Key.DH(&j.Secret, j.Peer)
		}
		return
	}
	stack.Reserve80K()
	var powers [lanes]power
	for i, j := range jobs {
		powers[i] = power{&j.Key.public.group.p.m, &j.Secret, &j.Peer.y, j.Key.x[:]}
		j.Err = nil
	}
	exp8IFMA(&powers)
}
