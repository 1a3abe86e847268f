package mobile

import (
	"encoding/json"
	"runtime"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
)

// Bench measures this device, for about three seconds, and returns the results as JSON, which
// the program in bench draws beside those of other machines. Call it on a thread of its
// own, with the app in the foreground: in the background a phone gives it a small core,
// or none.
func Bench() string {
	text, err := RunBench("", nil)
	if err != nil {
		panic("mobile: internal error: " + err.Error()) // nobody is there to end it
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
	text, err := json.MarshalIndent(out, "", "\t")
	return string(text), err
}

// benchReport and what it consists of have the format of the program in bench, with the
// fields that this one can fill. Package report over there says what they mean.
type benchReport struct {
	Schema  string        `json:"schema"`
	Time    time.Time     `json:"time"`
	Machine benchMachine  `json:"machine"`
	Build   benchBuild    `json:"build"`
	Results []benchResult `json:"results"`
	Targets []struct{}    `json:"targets"`
}

type benchMachine struct {
	Name     string              `json:"name"`
	CPU      string              `json:"cpu"`
	OS       string              `json:"os"`
	Arch     string              `json:"arch"`
	Cores    int                 `json:"cores"`
	Features []string            `json:"features"`
	Backends map[string][]string `json:"backends"`
}

type benchBuild struct {
	Go    string            `json:"go"`
	Peers map[string]string `json:"peers"`
}

type benchResult struct {
	Suite   string    `json:"suite"`
	Case    string    `json:"case"`
	Op      string    `json:"op"`
	Count   int       `json:"count"`
	Size    int       `json:"size"`
	Bytes   int       `json:"bytes"`
	Kind    string    `json:"kind"`
	Who     string    `json:"who"`
	How     string    `json:"how"`
	Backend string    `json:"backend"`
	Rounds  int       `json:"rounds"`
	Ns      float64   `json:"ns"`
	Low     float64   `json:"low"`
	High    float64   `json:"high"`
	Samples []float64 `json:"samples"`
}

func thisReport(device string) benchReport {
	if device == "" {
		device = runtime.GOOS + "/" + runtime.GOARCH
	}
	return benchReport{
		Schema: "mtcore-bench/1",
		Machine: benchMachine{
			Name: device, CPU: device, OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(),
			Features: []string{},
			Backends: map[string][]string{
				"ige": {ige.Backend()}, "kdf": {kdf.Backend()},
				"envelope": {envelope.Backend()}, "bigdh": {bigdh.Backend()},
			},
		},
		Build:   benchBuild{Go: runtime.Version(), Peers: map[string]string{}},
		Targets: []struct{}{},
	}
}

// benchCase is some work: count messages of size bytes.
type benchCase struct {
	suite, name, op, how, backend string
	count, size                   int
	run                           func()
}

const (
	benchSlice  = 6 * time.Millisecond
	benchRounds = 20
)

// measure runs the case in many short rounds, so that the median ignores what else the
// device had to do.
func (c *benchCase) measure() benchResult {
	runtime.GC()
	// The shorter of two, in case that one is interrupted.
	n := 1
	for min(c.time(n), c.time(n)) < benchSlice/2 {
		n *= 2
	}
	samples := make([]float64, benchRounds)
	for i := range samples {
		samples[i] = float64(c.time(n)) / float64(n)
	}
	ns := slices.Sorted(slices.Values(samples))
	return benchResult{
		Suite: c.suite, Case: c.name, Op: c.op, Count: c.count, Size: c.size, Bytes: c.count * c.size,
		Kind: "mtcore", Who: "mtcore " + c.backend, How: c.how, Backend: c.backend,
		Rounds: benchRounds, Ns: ns[benchRounds/2], Low: ns[benchRounds/4], High: ns[benchRounds*3/4], Samples: samples,
	}
}

func (c *benchCase) time(n int) time.Duration {
	start := time.Now()
	for range n {
		c.run()
	}
	return time.Since(start)
}

// benchCases have the names that they have in bench.
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
var benchSizes = []struct {
	name string
	n    int
}{{"64 B", 64}, {"1 KiB", 1 << 10}, {"16 KiB", 16 << 10}}

func igeCases() []benchCase {
	var cases []benchCase
	add := func(suite, op, name, how string, count, size int, run func()) {
		cases = append(cases, benchCase{suite, name, op, how, ige.Backend(), count, size, run})
	}
	for _, size := range benchSizes {
		buf := make([]byte, size.n)
		m := &ige.Message{Dst: buf, Src: buf}
		add("ige", "encrypt", "encrypt "+size.name, "one-shot, key expanded", 1, size.n, m.Encrypt)
		add("ige", "decrypt", "decrypt "+size.name, "one-shot, key expanded", 1, size.n, func() { m.Decrypt() })
	}
	const count, size = 16, 4 << 10
	batch := make([]ige.Message, count)
	for i := range batch {
		buf := make([]byte, size)
		batch[i] = ige.Message{Dst: buf, Src: buf}
	}
	add("batch", "encrypt batch", "encrypt 16 × 4 KiB", "batch", count, size, func() { ige.EncryptBatch(batch) })
	add("batch", "decrypt batch", "decrypt 16 × 4 KiB", "batch", count, size, func() { ige.DecryptBatch(batch) })
	return cases
}

func deriveCase() benchCase {
	auth := kdf.AuthKey(input("auth key", AuthKeySize))
	var key, iv [32]byte
	var m kdf.MsgKey
	return benchCase{"kdf", "derive", "derive", "AuthKey.Derive", kdf.Backend(), 1, 0, func() {
		auth.Derive(&key, &iv, kdf.Client, &m)
		m = kdf.MsgKey(key[:])
	}}
}

func envelopeCases() ([]benchCase, error) {
	var cases []benchCase
	auth := kdf.AuthKey(input("auth key", AuthKeySize))
	k := envelope.NewKey(&auth)
	for _, size := range benchSizes {
		// Of a plaintext and its padding.
		plaintext := make([]byte, size.n-12)
		packet, err := k.Seal(nil, kdf.Client, plaintext, envelope.PadMinimal)
		if err != nil {
			return nil, err
		}
		buf := make([]byte, 0, size.n+MaxOverhead)
		add := func(op, how string, run func()) {
			cases = append(cases, benchCase{"envelope", op + " " + size.name, op, how, envelope.Backend(), 1, size.n, run})
		}
		add("seal", "Key.Seal", func() { k.Seal(buf, kdf.Client, plaintext, envelope.PadRandom) })
		add("open", "Key.Open", func() { k.Open(buf, kdf.Client, packet) })
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
	return []benchCase{
		{"bigdh", "y^x, 2048 bits", "exp", "PrivateKey.DH", bigdh.Backend(), 1, 0, func() { own.DH(&secret, peer.PublicKey()) }},
		{"bigdh", "3^x, 2048 bits", "exp generator", "NewPrivateKey", bigdh.Backend(), 1, 0, func() { group.NewPrivateKey(x) }},
	}, nil
}
