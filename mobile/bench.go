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

// Bench measures this device, for about three seconds, and returns the results as JSON. Call
// it on a thread of its own, with the app in the foreground: in the background a phone
// gives it a small core, or none.
func Bench() string {
	text, err := RunBench(nil)
	if err != nil {
		panic("mobile: internal error: " + err.Error()) // nobody is there to end it
	}
	return text
}

// RunBench is Bench with a Progress, in cases measured, which may be null.
func RunBench(progress Progress) (string, error) {
	out := benchReport{
		Schema: "mtcore-mobile-bench/1",
		Go:     runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Backends: map[string]string{
			"ige": ige.Backend(), "kdf": kdf.Backend(), "envelope": envelope.Backend(), "bigdh": bigdh.Backend(),
		},
	}
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
	text, err := json.MarshalIndent(out, "", "\t")
	return string(text), err
}

type benchReport struct {
	Schema   string            `json:"schema"`
	Go       string            `json:"go"`
	OS       string            `json:"os"`
	Arch     string            `json:"arch"`
	CPUs     int               `json:"cpus"`
	Backends map[string]string `json:"backends"`
	Results  []benchResult     `json:"results"`
}

// benchResult has medians and minima over all rounds.
type benchResult struct {
	Suite    string  `json:"suite"`
	Case     string  `json:"case"`
	Bytes    int     `json:"bytes"` // worked on by one call, 0 if that says nothing
	NsPerOp  float64 `json:"ns_per_op"`
	MinNs    float64 `json:"min_ns_per_op"`
	MBPerSec float64 `json:"mb_per_s,omitempty"` // of 10⁶ bytes
	Rounds   int     `json:"rounds"`
}

type benchCase struct {
	suite, name string
	bytes       int
	op          func()
}

const (
	benchSlice  = 3 * time.Millisecond
	benchRounds = 41
)

// measure runs the case in many short rounds, so that the median ignores what else the
// device had to do.
func (c *benchCase) measure() benchResult {
	runtime.GC()
	n := 1
	for c.run(n) < benchSlice/2 {
		n *= 2
	}
	ns := make([]float64, benchRounds)
	for i := range ns {
		ns[i] = float64(c.run(n)) / float64(n)
	}
	slices.Sort(ns)
	r := benchResult{
		Suite: c.suite, Case: c.name, Bytes: c.bytes,
		NsPerOp: ns[benchRounds/2], MinNs: ns[0], Rounds: benchRounds,
	}
	r.MBPerSec = float64(c.bytes) / r.NsPerOp * 1e3
	return r
}

func (c *benchCase) run(n int) time.Duration {
	start := time.Now()
	for range n {
		c.op()
	}
	return time.Since(start)
}

func benchCases() ([]benchCase, error) {
	var cases []benchCase
	add := func(suite, name string, bytes int, op func()) {
		cases = append(cases, benchCase{suite, name, bytes, op})
	}

	const kib = 1 << 10
	var m ige.Message
	for _, size := range []struct {
		name string
		n    int
	}{{"64 B", 64}, {"1 KiB", kib}, {"16 KiB", 16 * kib}, {"256 KiB", 256 * kib}} {
		buf := make([]byte, size.n)
		message := m
		message.Dst, message.Src = buf, buf
		add("ige", "encrypt "+size.name, size.n, message.Encrypt)
		add("ige", "decrypt "+size.name, size.n, func() { message.Decrypt() })
	}
	batch := make([]ige.Message, 16)
	for i := range batch {
		buf := make([]byte, 4*kib)
		batch[i] = ige.Message{Dst: buf, Src: buf}
	}
	add("ige", "encrypt 16 × 4 KiB", 64*kib, func() { ige.EncryptBatch(batch) })
	add("ige", "decrypt 16 × 4 KiB", 64*kib, func() { ige.DecryptBatch(batch) })

	auth := kdf.AuthKey(input("auth key", AuthKeySize))
	var key, iv [32]byte
	add("kdf", "key and iv", 0, func() { auth.Derive(&key, &iv, kdf.Client, new(kdf.MsgKey)) })

	sealer := envelope.NewKey(&auth)
	for _, size := range []struct {
		name string
		n    int
	}{{"64 B", 64}, {"1 KiB", kib}, {"16 KiB", 16 * kib}} {
		plaintext := make([]byte, size.n)
		buf := make([]byte, 0, size.n+MaxOverhead)
		packet, err := sealer.Seal(nil, kdf.Client, plaintext, envelope.PadMinimal)
		if err != nil {
			return nil, err
		}
		add("envelope", "seal "+size.name, size.n, func() {
			sealer.Seal(buf, kdf.Client, plaintext, envelope.PadMinimal)
		})
		add("envelope", "open "+size.name, size.n, func() { sealer.Open(buf, kdf.Client, packet) })
	}

	group, err := bigdh.Telegram(3)
	if err != nil {
		return nil, err
	}
	own, err := group.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	peer, err := group.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	var secret [bigdh.Size]byte
	add("bigdh", "new key", 0, func() { group.GenerateKey(nil) })
	add("bigdh", "shared secret", 0, func() { own.DH(&secret, peer.PublicKey()) })
	return cases, nil
}
