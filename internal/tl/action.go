package tl

// ActionID is the constructor of a DecryptedMessageAction.
type ActionID uint32

const (
	SetMessageTTL      ActionID = 0xa1733aec // TTL
	ReadMessages       ActionID = 0x0c4f40be // IDs
	DeleteMessages     ActionID = 0x65614304 // IDs
	ScreenshotMessages ActionID = 0x8ac1f475 // IDs
	FlushHistory       ActionID = 0x6719e45c
	Resend             ActionID = 0x511110b0 // Start, End
	NotifyLayer        ActionID = 0xf3048883 // Layer
	Typing             ActionID = 0xccb27641 // Typing
	RequestKey         ActionID = 0xf3c9611b // ExchangeID, G
	AcceptKey          ActionID = 0x6fe1735b // ExchangeID, G, Fingerprint
	AbortKey           ActionID = 0xdd05ec6b // ExchangeID
	CommitKey          ActionID = 0xec2e0b9b // ExchangeID, Fingerprint
	Noop               ActionID = 0xa82fdd63
)

// Action is a DecryptedMessageAction. Which fields it has depends on ID.
type Action struct {
	ID          ActionID
	TTL         int32
	IDs         []int64
	Start, End  int32 // out_seq_no of the first and of the last message
	Layer       int32
	ExchangeID  int64
	G           []byte // g_a or g_b
	Fingerprint int64
	// Typing is a SendMessageAction, which is not parsed.
	Typing []byte
}

// action reads an action that is all that is left, unless it is not known.
func (r *reader) action() (a Action) {
	a.ID = ActionID(r.id())
	switch a.ID {
	case SetMessageTTL:
		a.TTL = r.int()
	case ReadMessages, DeleteMessages, ScreenshotMessages:
		a.IDs = r.longs()
	case FlushHistory, Noop:
	case Resend:
		a.Start = r.int()
		a.End = r.int()
	case NotifyLayer:
		a.Layer = r.int()
	case Typing:
		a.Typing = r.rest()
		if len(a.Typing) < wordSize {
			r.bad = true
		}
	case RequestKey:
		a.ExchangeID = r.long()
		a.G = r.bytes()
	case AcceptKey:
		a.ExchangeID = r.long()
		a.G = r.bytes()
		a.Fingerprint = r.long()
	case AbortKey:
		a.ExchangeID = r.long()
	case CommitKey:
		a.ExchangeID = r.long()
		a.Fingerprint = r.long()
	default:
		return a
	}
	if len(r.b) != 0 {
		r.bad = true
	}
	return a
}

// known reports whether action knows the fields of a.
func (a *Action) known() bool {
	switch a.ID {
	case SetMessageTTL, ReadMessages, DeleteMessages, ScreenshotMessages, FlushHistory,
		Resend, NotifyLayer, Typing, RequestKey, AcceptKey, AbortKey, CommitKey, Noop:
		return true
	}
	return false
}

func (a *Action) append(b []byte) []byte {
	b = appendID(b, uint32(a.ID))
	switch a.ID {
	case SetMessageTTL:
		return appendInt(b, a.TTL)
	case ReadMessages, DeleteMessages, ScreenshotMessages:
		return appendLongs(b, a.IDs)
	case FlushHistory, Noop:
		return b
	case Resend:
		return appendInt(appendInt(b, a.Start), a.End)
	case NotifyLayer:
		return appendInt(b, a.Layer)
	case Typing:
		return append(b, a.Typing...)
	case RequestKey:
		return appendBytes(appendLong(b, a.ExchangeID), a.G)
	case AcceptKey:
		return appendLong(appendBytes(appendLong(b, a.ExchangeID), a.G), a.Fingerprint)
	case AbortKey:
		return appendLong(b, a.ExchangeID)
	case CommitKey:
		return appendLong(appendLong(b, a.ExchangeID), a.Fingerprint)
	}
	panic("tl: unknown action")
}
