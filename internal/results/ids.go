package results

import (
	"fmt"
	"strings"
)

// Tables and pages find rows and columns by the ids below, never by their labels: a label may be
// changed at any time, an id never. The id of a case is its suite, what is done, and to how much;
// that of a row is the way in which it was done and, for mtcore's own rows, the backend; that of a
// column is what the row is compared with.

// A Way says who does the work of a case, and how: "who.how".
type Way string

// These are the ways that more than one program names. The others are next to their contenders in
// bench/internal; bench/testdata/rows.txt lists them all.
const (
	OneShot     Way = "mtcore.oneshot"    // ige.Message
	DropInNew   Way = "mtcore.dropin-new" // gotd/ige's API, with a new block for each message
	Batch       Way = "mtcore.batch"
	OneByOne    Way = "mtcore.one-by-one"
	Derive      Way = "mtcore.derive"
	Seal        Way = "mtcore.seal"
	Open        Way = "mtcore.open"
	Exp         Way = "mtcore.exp"
	DH          Way = "mtcore.dh"
	NewKey      Way = "mtcore.new-key"
	KnownGroup  Way = "mtcore.group-known"   // checks Telegram's prime
	SeenGroup   Way = "mtcore.group-seen"    // checks a prime that was checked before
	NewGroup    Way = "mtcore.group-unknown" // checks an unknown prime
	ChatMessage Way = "mtcore.message"
	FileEncrypt Way = "mtcore.file-encrypt"
	FileDecrypt Way = "mtcore.file-decrypt"
	Handshake   Way = "mtcore.handshake"

	// A client made with gotd/td, and with its server: with package ige replaced, patched, as they come.
	ClientDropIn  Way = "mtcore.client-dropin"
	ClientPatched Way = "mtcore.client-patched"
	GotdClient    Way = "gotd-td.client"
	BothDropIn    Way = "mtcore.both-dropin"
	BothPatched   Way = "mtcore.both-patched"
	GotdBoth      Way = "gotd-td.both"

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

// A Column says what a value in a row is: its time, or a comparison with another row.
type Column string

const (
	Ns         Column = "ns"
	Allocs     Column = "allocs"
	VsGotd     Column = "vs-gotd"
	VsGogram   Column = "vs-gogram"
	VsPeer     Column = "vs-peer" // the fastest peer that does the same
	VsOne      Column = "vs-one"  // a batch against one message at a time
	OfOne      Column = "of-one"
	OfLimit    Column = "of-limit"
	OfIGE      Column = "of-ige"
	OfEnvelope Column = "of-envelope"
	OfPowers   Column = "of-powers"
)

// A CaseID identifies a case. Op is an operation of the suite; Count and Size are as in Result.
type CaseID struct {
	Suite, Op   string
	Count, Size int
}

func (c CaseID) String() string {
	return fmt.Sprintf("%s/%s/%dx%d", c.Suite, strings.ReplaceAll(c.Op, " ", "-"), c.Count, c.Size)
}

// Row returns the id of a row of the case. The backend is empty if the way is not mtcore's, or if the
// row is that of the best backend, whichever that is.
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

// ID identifies the result in any report, as in "ige/encrypt/1x16384/mtcore.oneshot@AES-NI".
func (r *Result) ID() string { return r.CaseID().Row(r.Way, r.Backend) }
