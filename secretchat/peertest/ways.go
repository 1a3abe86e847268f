// Package peertest plays the other end of a secret chat as other people's clients do, for
// tests. It is written from what those clients were seen to do, and from the protocol's
// pages, and shares no code with package secretchat: a mistake would have to be made
// twice to stay unnoticed.
//
// What the clients do differently is in one table, [Clients]: each field of [Ways] is one
// of the differences, and says what it stands for. A [Party] is a client in a chat. It has
// no network and no clock: it takes packets with Receive, hands out its own with Out, and is
// told the time with Tick.
//
// The clients were looked at in these versions, by running them or by reading their
// source:
//
//   - Telegram for Android 12.5.1 (SecretChatHelper), run
//   - TDLib 1.8 (SecretChatActor), run
//   - Telegram for iOS (TelegramCore of 2019 to 2024), read
//   - MadelineProto 8.3.5, run
//   - telethon-secret-chat of 2022, run
//
// The last two were run again in November 2026, each beside its party, and the parties follow
// what was seen then, where it goes beyond the protocol's pages or against them:
//
//	MadelineProto    fails when it answers Resend, and is deaf from then on until its program is
//	                 started anew (Fails); what has come meanwhile it reads then
//	                 has one range that is missing; what follows it must come without a second
//	                 gap, what is below that is dropped, and copies with it (OneGap)
//	                 counts every packet towards the next key, its own requests and copies
//	                 included, and thinks of a week only then (CountsAll)
//	                 has one old key, until there is the next (UntilNext)
//	                 tells its layer again when ours has risen, once the chat is 15 seconds
//	                 old (WhenRaised)
//	                 gives up an exchange at any AcceptKey out of place (AcceptEnds)
//	telethon         would ask for a new key at the hundredth packet, and fails: from then on it
//	                 neither sends nor takes in anything (RenewalFails)
//	                 tells its layer again at each message that it takes in (EachMessage)
//	telethon-mended  is the same with the attribute that it lacks; it counts on after a new key,
//	                 and so asks for the next one at once (CountsOn)
//
// What is left out: MadelineProto is deaf as well after a packet that it cannot decrypt, which
// nobody sends here.
package peertest

// Ways is how a client does what the protocol leaves open, or does not do as it says.
type Ways struct {
	Name string

	// Layers.

	// Announces is the layer of its NotifyLayer. A responder that has a FirstAnnounces
	// begins with that, and tells the other when it has got ours.
	Announces, FirstAnnounces int
	// BareFirst: FirstAnnounces comes without a decryptedMessageLayer.
	BareFirst bool
	// OldService: its service messages are decryptedMessageService#aa48327d, inside a
	// decryptedMessageLayer.
	OldService bool
	// Starts is the wrapper of its first messages. Later it is the layer that it was
	// told, between Least and Most.
	Starts, Least, Most int
	// Confirmed: it leaves Starts when the server has confirmed its NotifyLayer.
	Confirmed bool
	// Downwards: it follows a layer that is told downwards as well.
	Downwards bool
	// Repeats is when it tells its layer again, if the chat is older than 15 seconds.
	Repeats Repeats
	// Knows are the only wrappers that it understands: at another it stops processing
	// messages for good. An announced layer that is not among them counts as the last.
	Knows []int
	// NewText: its texts are #91cc4674 in any wrapper.
	NewText bool

	// Packets.

	V1 V1
	// ReadsV1: it reads MTProto 1.0.
	ReadsV1 bool
	// RandomBytes are the lengths of random_bytes that it draws from.
	RandomBytes []int
	// MinPadding and MaxPadding are how many bytes follow the body in MTProto 2.0.
	MinPadding, MaxPadding int
	// UnknownKey is what it does with a packet under a key that it does not have.
	UnknownKey UnknownKey

	// Numbers.

	// Unordered: it takes what comes as it comes, and counts that.
	Unordered bool
	// Checks: it ends the chat if in_seq_no is wrong or a layer falls.
	Checks bool
	// NoFalling: it ends the chat if in_seq_no falls.
	NoFalling bool
	// OneLow: its in_seq_no is one too low once it has received something.
	OneLow bool
	// MaxWaiting is how many messages wait for one that is missing; one more ends the
	// chat. 0 is no bound.
	MaxWaiting int
	// Copies: among what waits, or all that comes if it is Unordered, copies are not
	// noticed, and processed and counted.
	Copies bool
	// OneGap: it waits for one range, and what comes after that must come in order: it drops
	// what is below the end of what waits, and a second gap ends the chat.
	OneGap bool
	Asks   Asks
	// Answers is how it answers Resend. InTurn says that it waits for the request's turn to
	// do so, and Again that it answers another copy of a request as well.
	Answers       Answers
	InTurn, Again bool

	// Renewal of keys.

	// RenewAfter messages, RenewSent sent or RenewReceived received ones; 0 is never.
	RenewAfter, RenewSent, RenewReceived int
	// Weekly: or after a week.
	Weekly bool
	// CountsAll: all packets count, not texts alone, and only a packet makes it think of time.
	CountsAll bool
	// CountsOn: a new key does not have it count from 0.
	CountsOn bool
	// Renews is how far it takes part at all.
	Renews Renews
	// SmallerWins: if both ask, the smaller id wins.
	SmallerWins bool
	// AbortsOwn: it tells when it drops its own request for the other's.
	AbortsOwn bool
	// Busy is what it does with a request while it has accepted or committed another.
	Busy Busy
	// IgnoresAbort: AbortKey changes nothing.
	IgnoresAbort bool
	// AcceptEnds: AcceptKey out of place ends what goes on, without a word.
	AcceptEnds bool
	// LateSwitch: as initiator it sends under the old key until it has processed
	// something under the new one.
	LateSwitch bool
	// OldKey is until when the old key is there after a switch.
	OldKey OldKey
	// CommitFirst: until it has processed CommitKey, the new key is an unknown one.
	CommitFirst bool
	// AbortsUnknown: AcceptKey and CommitKey out of place are answered with AbortKey, and
	// end what goes on.
	AbortsUnknown bool
}

// V1 is when a client sends MTProto 1.0.
type V1 uint8

const (
	NeverV1 V1 = iota
	// V1Below47: in all that it wraps in layer 46 or below.
	V1Below47
	// V1UntilV2: until it has got a packet in 2.0, or has been told a layer of 73.
	V1UntilV2
)

// Repeats is when a client tells its layer again.
type Repeats uint8

const (
	NeverRepeats Repeats = iota
	WhenRaised           // a layer that it is told is higher than before
	EachMessage
)

// UnknownKey is what becomes of a packet under an unknown key.
type UnknownKey uint8

const (
	Dropped   UnknownKey = iota
	Kept                 // and tried again with each new key
	Discarded            // the chat is
)

// Asks is when a client asks for what is missing.
type Asks uint8

const (
	NeverAsks Asks = iota
	// OncePerHole: when a hole shows, as far as it was not asked for.
	OncePerHole
	// OncePerStart: for each first missing number once, as long as the program runs.
	OncePerStart
	// PerBatch: for each batch of packets, one after another, and so also late, when the
	// hole is long closed.
	PerBatch
	// PerMessage: with each message that waits, for the range that was missing first.
	PerMessage
)

// Answers is how a client answers Resend.
type Answers uint8

const (
	// NoAnswer: not at all, or in a way that is of no use.
	NoAnswer Answers = iota
	// SameCiphertext: what it has sent, bit by bit.
	SameCiphertext
	// TwiceEach: encrypted anew, each message twice, and each start once as long as the
	// program runs. What it does not have is DeleteMessages, with in_seq_no = out_seq_no +
	// 1, also for numbers that were never used.
	TwiceEach
	// Today: encrypted anew under the key of that number, with the in_seq_no of now. If
	// it does not have what is asked for, it stops processing messages for good.
	Today
	// Fails: at a request it stops reading, until the program is started anew.
	Fails
)

// Renews is how far a client takes part in the renewal of keys.
type Renews uint8

const (
	NeverRenews Renews = iota
	Renewing
	// AsInitiator: as responder it never gets beyond AcceptKey.
	AsInitiator
	// RenewalFails: it does nothing about requests; and once it would make one, it neither
	// sends nor takes in anything more.
	RenewalFails
)

// Busy is what a client does with a request while it is in another exchange.
type Busy uint8

const (
	AbortsNew     Busy = iota // AbortKey for the new one
	LargerReplace             // a smaller id is ignored, a larger one replaces the exchange, with AbortKey for the old
	Replaces                  // the new one replaces the exchange
	LargerWins                // the same without AbortKey
)

// OldKey is until when a client keeps an old key.
type OldKey uint8

const (
	// UntilNew: until something arrives under the new one.
	UntilNew OldKey = iota
	// UntilProcessed: as initiator it is dropped when the new one is used; as responder,
	// it is kept until a message is processed that arrived under the key that was current then.
	UntilProcessed
	// ForEver: it is never deleted.
	ForEver
	// UntilNext: it is kept until the next exchange has replaced the new one.
	UntilNext
	// NotKept: it is dropped at once.
	NotKept
)

// Clients are the clients that parties play.
var Clients = []*Ways{IOS, Android, TDLib, MadelineProto, Telethon, TelethonMended, Plain}

var (
	// IOS is Telegram for iOS.
	IOS = &Ways{
		Name:      "iOS",
		Announces: 144, FirstAnnounces: 46, Starts: 73, Least: 46, Most: 144,
		Knows: []int{8, 46, 73, 101, 144},
		V1:    V1Below47, ReadsV1: true, RandomBytes: []int{15}, MinPadding: 12, MaxPadding: 27, UnknownKey: Kept,
		Asks: PerBatch, Answers: Today, InTurn: true, Again: true,
		RenewSent: 100, Renews: Renewing, SmallerWins: true, AbortsOwn: true, Busy: Replaces,
		OldKey: ForEver, CommitFirst: true,
	}
	// Android is Telegram for Android.
	Android = &Ways{
		Name:      "Android",
		Announces: 151, Starts: 46, Least: 73, Most: 151, Confirmed: true, NewText: true,
		ReadsV1: true, RandomBytes: []int{15}, MinPadding: 32, MaxPadding: 79, UnknownKey: Dropped,
		OneLow: true, MaxWaiting: 4, Copies: true, Asks: OncePerStart, Answers: TwiceEach, InTurn: true,
		RenewSent: 100, RenewReceived: 120, Weekly: true, Renews: Renewing, AbortsOwn: true, Busy: LargerReplace,
		LateSwitch: true, OldKey: UntilProcessed, AbortsUnknown: true,
	}
	// TDLib is the library, and the apps on it.
	TDLib = &Ways{
		Name:      "TDLib",
		Announces: 144, Starts: 73, Least: 73, Most: 144,
		RandomBytes: []int{31}, MinPadding: 12, MaxPadding: 27, UnknownKey: Dropped,
		Checks: true, NoFalling: true, Asks: OncePerHole, Answers: SameCiphertext,
		RenewAfter: 100, Weekly: true, Renews: Renewing, Busy: AbortsNew, OldKey: UntilNew,
	}
	// MadelineProto is a library in PHP.
	MadelineProto = &Ways{
		Name:      "MadelineProto",
		Announces: 144, Starts: 46, Least: 46, Most: 144, Repeats: WhenRaised,
		V1: V1UntilV2, ReadsV1: true, RandomBytes: []int{15, 19, 23}, MinPadding: 12, MaxPadding: 27, UnknownKey: Discarded,
		NoFalling: true, OneGap: true, Asks: PerMessage, Answers: Fails,
		RenewAfter: 100, Weekly: true, CountsAll: true, Renews: Renewing, Busy: LargerWins, IgnoresAbort: true, AcceptEnds: true,
		OldKey: UntilNext, CommitFirst: true,
	}
	// Telethon is telethon-secret-chat, a library in Python.
	Telethon = func() *Ways {
		w := *TelethonMended
		w.Name, w.Renews = "telethon", RenewalFails
		return &w
	}()
	// TelethonMended is the same as it was meant: it has the attribute without which its
	// renewal of keys fails.
	TelethonMended = &Ways{
		Name:      "telethon-mended",
		Announces: 101, OldService: true, Starts: 101, Least: 46, Most: 1 << 20, Downwards: true, Repeats: EachMessage,
		V1: V1UntilV2, ReadsV1: true, RandomBytes: []int{15, 19, 23}, MinPadding: 12, MaxPadding: 27, UnknownKey: Discarded,
		Unordered: true, Copies: true, Asks: NeverAsks, Answers: NoAnswer,
		RenewAfter: 100, Weekly: true, CountsAll: true, CountsOn: true, Renews: AsInitiator, AcceptEnds: true,
		OldKey: NotKept, CommitFirst: true,
	}
	// Plain is a client that renews no keys and knows nothing of Resend.
	Plain = &Ways{
		Name:      "plain",
		Announces: 73, Starts: 73, Least: 73, Most: 73,
		RandomBytes: []int{15}, MinPadding: 12, MaxPadding: 1024, UnknownKey: Dropped,
		Unordered: true, Asks: NeverAsks, Answers: NoAnswer, Renews: NeverRenews,
	}
)
