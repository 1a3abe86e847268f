package results

import (
	"fmt"
	"strings"
)

// Tables and pages find rows and columns by what follows, and never by what they are called there:
// a label may be changed at any time, an id never. The id of a case is its suite and what is done to
// how much; that of a row is the way that it was done in, of ours with the backend; that of a column
// is what the row is compared with.

// A Way is how somebody does the work of a case: "who.how".
type Way string

// The ways that more than one program names. Others are where their contender is, in
// bench/internal, and bench/testdata/rows.txt has all of them.
const (
	OneShot     Way = "mtcore.oneshot" // ige.Message
	Batch       Way = "mtcore.batch"
	OneByOne    Way = "mtcore.one-by-one"
	Derive      Way = "mtcore.derive"
	Seal        Way = "mtcore.seal"
	Open        Way = "mtcore.open"
	Exp         Way = "mtcore.exp"
	DH          Way = "mtcore.dh"
	NewKey      Way = "mtcore.new-key"
	KnownGroup  Way = "mtcore.group-known"   // the check of a prime that is Telegram's,
	SeenGroup   Way = "mtcore.group-seen"    // that was checked before,
	NewGroup    Way = "mtcore.group-unknown" // that is not known
	ChatMessage Way = "mtcore.message"
	FileEncrypt Way = "mtcore.file-encrypt"
	FileDecrypt Way = "mtcore.file-decrypt"
	Handshake   Way = "mtcore.handshake"

	GotdIGE       Way = "gotd-ige.new"
	GotdOneByOne  Way = "gotd-ige.one-by-one"
	GotdSeal      Way = "gotd-td.encrypt"
	GotdOpen      Way = "gotd-td.decrypt"
	TDOneByOne    Way = "gotd-td.one-by-one"
	GogramIGE     Way = "gogram.ige"
	GogramSeal    Way = "gogram.seal"
	GogramOpen    Way = "gogram.open"
	LimitAES      Way = "limit.aes-latency"
	LimitHashAES  Way = "limit.sha256-then-aes"
	SHA256Block   Way = "part.sha256-block"
	MathBigPowers Way = "math-big.exp"
)

// A Column is what a value of a row is: its time, or a comparison with another row.
type Column string

const (
	Ns         Column = "ns"
	Allocs     Column = "allocs"
	VsGotd     Column = "vs-gotd"
	VsGogram   Column = "vs-gogram"
	VsPeer     Column = "vs-peer" // the fastest that does the same
	VsOne      Column = "vs-one"  // a batch beside one message at a time
	OfOne      Column = "of-one"
	OfLimit    Column = "of-limit"
	OfIGE      Column = "of-ige"
	OfEnvelope Column = "of-envelope"
	OfPowers   Column = "of-powers"
)

// A CaseID is what identifies a case. Op is of its suite; Count and Size are as in Result.
type CaseID struct {
	Suite, Op   string
	Count, Size int
}

func (c CaseID) String() string {
	return fmt.Sprintf("%s/%s/%dx%d", c.Suite, strings.ReplaceAll(c.Op, " ", "-"), c.Count, c.Size)
}

// Row returns the id of a row of the case; backend is empty if the way is not ours, or if it is about
// the best backend, whichever that is.
func (c CaseID) Row(way Way, backend string) string { return c.String() + "/" + RowName(way, backend) }

// RowName identifies a row within its case.
func RowName(way Way, backend string) string {
	if backend == "" {
		return string(way)
	}
	return string(way) + "@" + backend
}

// CaseID returns the id of the result's case.
func (r *Result) CaseID() CaseID { return CaseID{r.Suite, r.Op, r.Count, r.Size} }

// Row identifies the result within its case.
func (r *Result) Row() string { return RowName(r.Way, r.Backend) }

// ID identifies the result in any report: such as "ige/encrypt/1x16384/mtcore.oneshot@AES-NI".
func (r *Result) ID() string { return r.CaseID().Row(r.Way, r.Backend) }
