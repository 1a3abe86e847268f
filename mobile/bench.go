package mobile

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

// Bench measures this device, for about three seconds, and returns the results as JSON, which
// the program in bench draws beside those of other machines. Call it on a thread of its
// own, with the app in the foreground: in the background a phone gives it a small core,
// or none.
func Bench() string {
	text, err := RunBench("", nil)
	if err != nil {
		panic("mobile: internal error: " + err.Error()) // nothing can cancel it
	}
	return text
}

// RunBench is Bench with a name for the device, such as its model, and a Progress, in cases
// measured, which may be null.
func RunBench(device string, progress Progress) (string, error) {
	out := thisReport(device)
	cases, err := benchCases()
	if err != nil {
		return "", err
	}
	for i, c := range cases {
		if err := report(progress, int64(i), int64(len(cases))); err != nil {
			return "", err
		}
		out.Results = append(out.Results, c.measure())
	}
	if err := report(progress, int64(len(cases)), int64(len(cases))); err != nil {
		return "", err
	}
	out.Time = time.Now().UTC()
	text, err := out.Marshal()
	return string(text), err
}

// thisReport returns a report without results, marked as partial, since the program in bench
// measures more.
func thisReport(device string) *results.Report {
	if device == "" {
		device = runtime.GOOS + "/" + runtime.GOARCH
	}
	return &results.Report{
		Schema:  results.Schema,
		Partial: true,
		Machine: results.Machine{
			Name: device, CPU: device, OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(),
			Features: []string{},
			Backends: map[string][]string{
				"ige": {ige.Backend()}, "kdf": {kdf.Backend()},
				"envelope": {envelope.Backend()}, "bigdh": {bigdh.Backend()},
			},
		},
		Build: results.Build{Go: runtime.Version(), Peers: map[string]string{}},
	}
}

// benchCase is a piece of work to measure. Its id and way are those that the program in bench
// uses, so that results can be compared; its name is for people.
type benchCase struct {
	id        results.CaseID
	way       results.Way
	name, how string
	backend   string
	run       func()
}

const (
	benchSlice  = 6 * time.Millisecond
	benchRounds = 20
)

// measure runs the case in many short rounds, so that the median ignores whatever else the
// device is doing.
func (c *benchCase) measure() results.Result {
	runtime.GC()
	// The shorter of two, in case one is interrupted.
	n := 1
	for min(c.time(n), c.time(n)) < benchSlice/2 {
		n *= 2
	}
	samples := make([]float64, benchRounds)
	for i := range samples {
		samples[i] = float64(c.time(n)) / float64(n)
	}
	ns := slices.Sorted(slices.Values(samples))
	return results.Result{
		Suite: c.id.Suite, Case: c.name, Op: c.id.Op, Count: c.id.Count, Size: c.id.Size, Bytes: c.id.Count * c.id.Size,
		Kind: results.Ours, Way: c.way, Who: "mtcore " + c.backend, How: c.how, Backend: c.backend,
		Rounds: benchRounds, Ns: ns[benchRounds/2], Low: ns[benchRounds/4], High: ns[benchRounds*3/4],
		Min: ns[0], Max: ns[benchRounds-1], Samples: samples,
	}
}

func (c *benchCase) time(n int) time.Duration {
	start := time.Now()
	for range n {
		c.run()
	}
	return time.Since(start)
}

func benchCases() ([]benchCase, error) {
	cases := append(igeCases(), deriveCase())
	sealed, err := envelopeCases()
	if err != nil {
		return nil, err
	}
	powers, err := dhCases()
	if err != nil {
		return nil, err
	}
	return slices.Concat(cases, sealed, powers), nil
}

// benchSizes are those of messages.
var benchSizes = []int{64, 1 << 10, 16 << 10}

func igeCases() []benchCase {
	var cases []benchCase
	for _, size := range benchSizes {
		buf := make([]byte, size)
		m := &ige.Message{Dst: buf, Src: buf}
		add := func(op string, run func()) {
			cases = append(cases, benchCase{
				results.CaseID{Suite: "ige", Op: op, Count: 1, Size: size}, results.OneShot,
				op + " " + results.Size(size), "one-shot, key expanded", ige.Backend(), run,
			})
		}
		add("encrypt", m.Encrypt)
		add("decrypt", func() { m.Decrypt() })
	}
	const count, size = 16, 4 << 10
	batch := make([]ige.Message, count)
	for i := range batch {
		buf := make([]byte, size)
		batch[i] = ige.Message{Dst: buf, Src: buf}
	}
	add := func(op string, run func()) {
		cases = append(cases, benchCase{
			results.CaseID{Suite: "batch", Op: op + " batch", Count: count, Size: size}, results.Batch,
			fmt.Sprintf("%s %d × %s", op, count, results.Size(size)), "batch", ige.Backend(), run,
		})
	}
	add("encrypt", func() { ige.EncryptBatch(batch) })
	add("decrypt", func() { ige.DecryptBatch(batch) })
	return cases
}

func deriveCase() benchCase {
	auth := kdf.AuthKey(input("auth key", AuthKeySize))
	var key, iv [32]byte
	var m kdf.MsgKey
	id := results.CaseID{Suite: "kdf", Op: "derive", Count: 1}
	return benchCase{id, results.Derive, "derive", "AuthKey.Derive", kdf.Backend(), func() {
		auth.Derive(&key, &iv, kdf.Client, &m)
		m = kdf.MsgKey(key[:])
	}}
}

func envelopeCases() ([]benchCase, error) {
	var cases []benchCase
	auth := kdf.AuthKey(input("auth key", AuthKeySize))
	k := envelope.NewKey(&auth)
	for _, size := range benchSizes {
		// Plaintext and padding together have this size.
		plaintext := make([]byte, size-12)
		packet, err := k.Seal(nil, kdf.Client, plaintext, envelope.PadMinimal)
		if err != nil {
			return nil, err
		}
		buf := make([]byte, 0, size+MaxOverhead)
		add := func(op string, way results.Way, how string, run func()) {
			cases = append(cases, benchCase{
				results.CaseID{Suite: "envelope", Op: op, Count: 1, Size: size}, way,
				op + " " + results.Size(size), how, envelope.Backend(), run,
			})
		}
		add("seal", results.Seal, "Key.Seal", func() { k.Seal(buf, kdf.Client, plaintext, envelope.PadRandom) })
		add("open", results.Open, "Key.Open", func() { k.Open(buf, kdf.Client, packet) })
	}
	return cases, nil
}

func dhCases() ([]benchCase, error) {
	group, err := bigdh.Telegram(3)
	if err != nil {
		return nil, err
	}
	x := input("exponent", bigdh.Size)
	own, err := group.NewPrivateKey(x)
	if err != nil {
		return nil, err
	}
	peer, err := group.NewPrivateKey(input("another", bigdh.Size))
	if err != nil {
		return nil, err
	}
	var secret [bigdh.Size]byte
	id := func(op string) results.CaseID { return results.CaseID{Suite: "bigdh", Op: op, Count: 1} }
	return []benchCase{
		{id("exp"), results.DH, "y^x, 2048 bits", "PrivateKey.DH", bigdh.Backend(), func() { own.DH(&secret, peer.PublicKey()) }},
		{id("exp generator"), results.NewKey, "3^x, 2048 bits", "NewPrivateKey", bigdh.Backend(), func() { group.NewPrivateKey(x) }},
	}, nil
}
