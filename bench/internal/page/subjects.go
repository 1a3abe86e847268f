package page

import "github.com/mtcore/mtcore/internal/results"

// A subject describes a section before its charts are drawn.
type subject struct {
	title, text string
	charts      []chart
}

func size(c *results.Case) int { return c.Size }

func one(c *results.Case) bool { return c.Count == 1 && c.Size > 0 }

// Sizes that every whole run has.
var usualSizes = []int{64, 1 << 10, 16 << 10, 1 << 20}

// Sizes of messages in batches.
var batchSizes = []int{64, 256, 1 << 10, 4 << 10, 16 << 10}

var subjects = []subject{
	{"A client made with gotd/td", "CPU time of a real client: as it comes, with the drop-in for gotd/ige, and with all of its cryptography moved to " +
		"mtcore by mtpatch. A tenth of a small call is cryptography: expect nothing there.",
		[]chart{
			client("exchange of an authorization key", "exchange", 0),
			client("check of a password", "password", 0),
			client("upload of a part, 512 KiB", "upload", 512<<10),
			client("download of a part, 512 KiB", "download", 512<<10),
			client("small call", "call", 0),
		}},
	{"AES-256-IGE", "One message after the other, with the key expanded for each. Each block has to wait for the one before, " +
		"so no implementation can beat the latency of the AES instructions, which is measured in the same run; " +
		"only short messages overlap with the next.",
		[]chart{igeCurve("encrypt"), igeCurve("decrypt")}},
	{"Batches of AES-256-IGE", "Many messages at once on one core, each with its own key.",
		[]chart{
			family{"encrypt", "batch", "encrypt batch", results.Batch, batchSizes, 4 << 10, results.GotdOneByOne},
			family{"decrypt", "batch", "decrypt batch", results.Batch, batchSizes, 4 << 10, results.GotdOneByOne},
		}},
	{"Whole messages of MTProto 2.0", "Hash, derive the key, encrypt; or decrypt and verify. To seal, the hash must be complete before " +
		"encryption can begin; to open, both run at once.",
		[]chart{
			envelopeCurve("seal", results.Seal, results.GotdSeal, results.GogramSeal, "limit: SHA-256, then AES", results.LimitHashAES),
			envelopeCurve("open", results.Open, results.GotdOpen, results.GogramOpen, "limit: latency of AES", results.LimitAES),
			family{"seal, batches", "envelope", "seal batch", results.Batch, batchSizes, 1 << 10, results.TDOneByOne},
			family{"open, batches", "envelope", "open batch", results.Batch, batchSizes, 1 << 10, results.TDOneByOne},
		}},
	{"Key derivation", "From a message key to the AES key and iv.",
		[]chart{times{title: "derive", id: results.CaseID{Suite: "kdf", Op: "derive", Count: 1}, ours: results.Derive, parts: true}}},
	{"Diffie–Hellman", "Modulo a prime of 2048 bits, in constant time except for math/big. The check of a new prime lets no composite number " +
		"past, whoever chose it; Telegram's own prime is known, and checking it takes no time.",
		[]chart{
			times{title: "power of any number", id: results.CaseID{Suite: "bigdh", Op: "exp", Count: 1}, ours: results.Exp, or: results.DH},
			times{title: "power of the generator", id: results.CaseID{Suite: "bigdh", Op: "exp generator", Count: 1}, ours: results.NewKey},
			times{title: "check of an unknown prime", id: results.CaseID{Suite: "bigdh", Op: "check prime", Count: 1}, ours: results.NewGroup},
		}},
	{"Secret chats", "A message from one side to the other, with everything around it: sequence numbers, acknowledgements, a new key after " +
		"every 100 messages; and the handshake, both sides together, most of which is four powers.",
		[]chart{
			times{title: "message of 256 bytes", id: results.CaseID{Suite: "secretchat", Op: "message", Count: 1, Size: 256}, ours: results.ChatMessage},
			times{title: "message of 4 KiB", id: results.CaseID{Suite: "secretchat", Op: "message", Count: 1, Size: 4 << 10}, ours: results.ChatMessage},
			times{title: "handshake", id: results.CaseID{Suite: "handshake", Op: "handshake", Count: 1}, ours: results.Handshake},
		}},
}

func client(title, op string, size int) choices {
	return choices{title, results.CaseID{Suite: "client", Op: op, Count: 1, Size: size}, []contender{
		{name: "mtpatch", way: results.ClientPatched, kind: results.Ours},
		{name: "drop-in", way: results.ClientDropIn, kind: results.Ours},
		{name: "as it comes", way: results.GotdClient, kind: results.Peer},
	}}
}

func igeCurve(op string) curve {
	return curve{
		title: op, suite: "ige", op: op, along: size, shown: one, sizes: true,
		contenders: []contender{
			{name: "mtcore", way: results.OneShot, kind: results.Ours},
			{name: "gotd/ige", way: results.GotdIGE, kind: results.Peer},
			{name: "like gogram", way: results.GogramIGE, kind: results.Peer},
			{name: "limit: latency of AES", way: results.LimitAES, kind: results.Limit},
		},
	}
}

func envelopeCurve(op string, ours, td, gogram results.Way, limitName string, limit results.Way) curve {
	return curve{
		title: op, suite: "envelope", op: op, along: size, shown: one, sizes: true,
		contenders: []contender{
			{name: "mtcore", way: ours, kind: results.Ours},
			{name: "gotd/td", way: td, kind: results.Peer},
			{name: "like gogram", way: gogram, kind: results.Peer},
			{name: limitName, way: limit, kind: results.Limit},
		},
	}
}
