package page

import "github.com/mtcore/mtcore/bench/internal/report"

// A subject is a section as it is planned.
type subject struct {
	title, text string
	charts      []chart
}

func size(c *report.Case) int { return c.Size }

func one(c *report.Case) bool { return c.Count == 1 && c.Size > 0 }

// The sizes of messages in batches.
var batchSizes = []int{64, 256, 1 << 10, 4 << 10, 16 << 10}

var subjects = []subject{
	{"AES-256-IGE", "One message after the other, with the key expanded for each. Each block has to wait for the one before, " +
		"so that the latency of the AES instructions, measured in the same run, is what no implementation can beat; " +
		"only short messages overlap with the next.",
		[]chart{igeCurve("encrypt"), igeCurve("decrypt")}},
	{"Batches of AES-256-IGE", "Many messages at once on one core, each with its own key.",
		[]chart{
			family{"encrypt", "batch", "encrypt batch", "batch", batchSizes, 4 << 10},
			family{"decrypt", "batch", "decrypt batch", "batch", batchSizes, 4 << 10},
		}},
	{"Whole messages of MTProto 2.0", "Hash, derive the key, encrypt; or decrypt and verify. To seal, the hash must be complete before " +
		"encryption can begin; to open, both run at once.",
		[]chart{
			envelopeCurve("seal", "Key.Seal", "Cipher.Encrypt", "least padding, three hashes, aes.NewCipher", "SHA-256, then dependent AES rounds"),
			envelopeCurve("open", "Key.Open", "Cipher.DecryptFromBuffer", "three hashes, aes.NewCipher", "dependent AES rounds"),
			family{"seal, batches", "envelope", "seal batch", "batch", batchSizes, 1 << 10},
			family{"open, batches", "envelope", "open batch", "batch", batchSizes, 1 << 10},
		}},
	{"Key derivation", "From a message key to the key and the iv of AES.",
		[]chart{times{title: "derive", suite: "kdf", caseName: "derive", ours: []string{"AuthKey.Derive"}, parts: true}}},
	{"Diffie–Hellman", "Modulo a prime of 2048 bits, in constant time but for math/big. A new prime is checked so that nobody gets a composite " +
		"number past it; Telegram's own is known, and checking that takes no time.",
		[]chart{
			times{title: "power of any number", suite: "bigdh", caseName: "y^x, 2048 bits", ours: []string{"Group.Exp"}},
			times{title: "power of the generator", suite: "bigdh", caseName: "3^x, 2048 bits", ours: []string{"NewPrivateKey"}},
			times{title: "check of an unknown prime", suite: "bigdh", caseName: "check of a prime", ours: []string{"NewGroup, unknown"}},
		}},
	{"Secret chats", "A message from one side to the other, with all that comes with it: numbers, acknowledgements, a new key after every " +
		"100 messages; and the handshake, both sides together, of which most is four powers.",
		[]chart{
			times{title: "message of 256 bytes", suite: "secretchat", caseName: "message 256 B", ours: []string{"Chat.Encrypt, Chat.Receive"}},
			times{title: "message of 4 KiB", suite: "secretchat", caseName: "message 4 KiB", ours: []string{"Chat.Encrypt, Chat.Receive"}},
			times{title: "handshake", suite: "handshake", caseName: "handshake of a secret chat", ours: []string{"Request, Accept, Complete"}},
		}},
}

func igeCurve(op string) curve {
	return curve{
		title: op, suite: "ige", op: op, along: size, shown: one, sizes: true,
		contenders: []contender{
			{name: "mtcore", how: "one-shot, key expanded"},
			{name: "gotd/ige", who: "gotd/ige", how: "gotd API, aes.NewCipher"},
			{name: "like gogram", who: "like gogram", how: "aes.NewCipher, xors of bytes"},
			{name: "limit: latency of AES", who: "limit", how: "14 dependent AES rounds a block", kind: report.Limit},
		},
	}
}

func envelopeCurve(op, ours, td, gogram, limit string) curve {
	return curve{
		title: op, suite: "envelope", op: op, along: size, shown: one, sizes: true,
		contenders: []contender{
			{name: "mtcore", how: ours},
			{name: "gotd/td", who: "gotd/td", how: td},
			{name: "like gogram", who: "like gogram", how: gogram},
			{name: "limit: " + limit, who: "limit", how: limit, kind: report.Limit},
		},
	}
}
