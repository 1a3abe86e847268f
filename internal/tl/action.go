package tl

// ActionID is the constructor of a DecryptedMessageAction.
type ActionID uint32

const (
	SetMessageTTL      ActionID = 0xa1733aec
	ReadMessages       ActionID = 0x0c4f40be
	DeleteMessages     ActionID = 0x65614304
	ScreenshotMessages ActionID = 0x8ac1f475
	FlushHistory       ActionID = 0x6719e45c
	Resend             ActionID = 0x511110b0
	NotifyLayer        ActionID = 0xf3048883
	Typing             ActionID = 0xccb27641
	RequestKey         ActionID = 0xf3c9611b
	AcceptKey          ActionID = 0x6fe1735b
	AbortKey           ActionID = 0xdd05ec6b
	CommitKey          ActionID = 0xec2e0b9b
	Noop               ActionID = 0xa82fdd63
)

// layouts lists all actions, with their fields in the order of the schema.
var layouts = [...]struct {
	id     ActionID
	fields []field
}{
	{SetMessageTTL, []field{fieldTTL}},
	{ReadMessages, []field{fieldIDs}},
	{DeleteMessages, []field{fieldIDs}},
	{ScreenshotMessages, []field{fieldIDs}},
	{FlushHistory, nil},
	{Resend, []field{fieldStart, fieldEnd}},
	{NotifyLayer, []field{fieldLayer}},
	{Typing, []field{fieldTyping}},
	{RequestKey, []field{fieldExchangeID, fieldG}},
	{AcceptKey, []field{fieldExchangeID, fieldG, fieldFingerprint}},
	{AbortKey, []field{fieldExchangeID}},
	{CommitKey, []field{fieldExchangeID, fieldFingerprint}},
	{Noop, nil},
}

// ActionIDs returns the constructors of all actions.
func ActionIDs() []ActionID {
	ids := make([]ActionID, len(layouts))
	for i := range layouts {
		ids[i] = layouts[i].id
	}
	return ids
}

// fieldsOf returns the fields of an action, if it is known.
func fieldsOf(id ActionID) (fields []field, known bool) {
	for i := range layouts {
		if layouts[i].id == id {
			return layouts[i].fields, true
		}
	}
	return nil, false
}

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

// field is a field of Action.
type field uint8

const (
	fieldTTL field = iota
	fieldIDs
	fieldStart
	fieldEnd
	fieldLayer
	fieldExchangeID
	fieldG
	fieldFingerprint
	fieldTyping
)

// action reads an action, which takes up all that is left. Of an unknown action it reads
// only the constructor.
func (r *reader) action() (a Action, known bool) {
	a.ID = ActionID(r.id())
	fields, known := fieldsOf(a.ID)
	if !known {
		return a, false
	}
	for _, f := range fields {
		r.field(f, &a)
	}
	if len(r.b) != 0 {
		r.bad = true
	}
	return a, true
}

func (r *reader) field(f field, a *Action) {
	switch f {
	case fieldTTL:
		a.TTL = r.int()
	case fieldIDs:
		a.IDs = r.longs()
	case fieldStart:
		a.Start = r.int()
	case fieldEnd:
		a.End = r.int()
	case fieldLayer:
		a.Layer = r.int()
	case fieldExchangeID:
		a.ExchangeID = r.long()
	case fieldG:
		a.G = r.bytes()
	case fieldFingerprint:
		a.Fingerprint = r.long()
	case fieldTyping:
		a.Typing = r.rest()
		if len(a.Typing) < wordSize {
			r.bad = true
		}
	}
}

func (a *Action) append(b []byte) []byte {
	fields, known := fieldsOf(a.ID)
	if !known {
		panic("tl: unknown action")
	}
	b = appendID(b, uint32(a.ID))
	for _, f := range fields {
		b = a.appendField(b, f)
	}
	return b
}

func (a *Action) appendField(b []byte, f field) []byte {
	switch f {
	case fieldTTL:
		return appendInt(b, a.TTL)
	case fieldIDs:
		return appendLongs(b, a.IDs)
	case fieldStart:
		return appendInt(b, a.Start)
	case fieldEnd:
		return appendInt(b, a.End)
	case fieldLayer:
		return appendInt(b, a.Layer)
	case fieldExchangeID:
		return appendLong(b, a.ExchangeID)
	case fieldG:
		return appendBytes(b, a.G)
	case fieldFingerprint:
		return appendLong(b, a.Fingerprint)
	default: // fieldTyping
		return append(b, a.Typing...)
	}
}
