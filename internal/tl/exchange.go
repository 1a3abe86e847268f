package tl

// The exchange of an authorization key, in the order of its messages. Each of them has a
// Parse function, which refuses trailing bytes, and an Append method. Slices that hold
// numbers are big-endian.
//
// See https://core.telegram.org/mtproto/auth_key.

const (
	idReqPQMulti        = 0xbe7e8ef1 // req_pq_multi
	idResPQ             = 0x05162463
	idPQInnerDataDC     = 0xa9f55f95 // p_q_inner_data_dc
	idPQInnerDataTempDC = 0x56fddf88
	idReqDHParams       = 0xd712e4be
	idServerDHParamsOK  = 0xd0e8075c
	idServerDHInnerData = 0xb5890dba
	idClientDHInnerData = 0x6643b654
	idSetClientDHParams = 0xf5045f1f
	idDHGenOK           = 0x3bcbf734
	idDHGenRetry        = 0x46dc1fb9
	idDHGenFail         = 0xa69dae02
	idBindAuthKeyInner  = 0x75a3f765
)

// Nonces are strings of a fixed size, not numbers: none of their zeros may get lost.
type (
	Int128 = [16]byte
	Int256 = [32]byte
)

// ReqPQMulti is req_pq_multi, with which a client begins.
type ReqPQMulti struct {
	Nonce Int128
}

// ParseReqPQMulti parses req_pq_multi#be7e8ef1.
func ParseReqPQMulti(b []byte) (m ReqPQMulti, err error) {
	r := reader{b: b}
	r.constructor(idReqPQMulti)
	r.array(m.Nonce[:])
	return m, r.end()
}

// Append appends the serialised m to b.
func (m *ReqPQMulti) Append(b []byte) []byte {
	b = appendID(b, idReqPQMulti)
	return append(b, m.Nonce[:]...)
}

// ResPQ is resPQ, the server's answer to req_pq_multi.
type ResPQ struct {
	Nonce, ServerNonce Int128
	PQ                 []byte
	Fingerprints       []int64
}

// ParseResPQ parses resPQ#05162463.
func ParseResPQ(b []byte) (m ResPQ, err error) {
	r := reader{b: b}
	r.constructor(idResPQ)
	r.array(m.Nonce[:])
	r.array(m.ServerNonce[:])
	m.PQ = r.bytes()
	m.Fingerprints = r.longs()
	return m, r.end()
}

// Append appends the serialised m to b.
func (m *ResPQ) Append(b []byte) []byte {
	b = appendID(b, idResPQ)
	b = append(b, m.Nonce[:]...)
	b = append(b, m.ServerNonce[:]...)
	b = appendBytes(b, m.PQ)
	return appendLongs(b, m.Fingerprints)
}

// PQInnerData is what a client encrypts with the server's RSA key: p_q_inner_data_dc, or
// p_q_inner_data_temp_dc if Temporary.
type PQInnerData struct {
	PQ, P, Q           []byte
	Nonce, ServerNonce Int128
	NewNonce           []byte // secret, of 32 bytes: not an array, so that nobody copies it
	DC                 int32
	Temporary          bool
	ExpiresIn          int32 // seconds, if Temporary
}

// ParsePQInnerData parses p_q_inner_data_dc#a9f55f95 or p_q_inner_data_temp_dc#56fddf88 at
// the beginning of b, and returns its length.
func ParsePQInnerData(b []byte) (m PQInnerData, n int, err error) {
	r := reader{b: b}
	switch r.id() {
	case idPQInnerDataDC:
	case idPQInnerDataTempDC:
		m.Temporary = true
	default:
		r.bad = true
	}
	m.PQ = r.bytes()
	m.P = r.bytes()
	m.Q = r.bytes()
	r.array(m.Nonce[:])
	r.array(m.ServerNonce[:])
	m.NewNonce = r.take(len(Int256{}))
	m.DC = r.int()
	if m.Temporary {
		m.ExpiresIn = r.int()
	}
	return m, len(b) - len(r.b), r.ok()
}

// Append appends the serialised m to b.
func (m *PQInnerData) Append(b []byte) []byte {
	if m.Temporary {
		b = appendID(b, idPQInnerDataTempDC)
	} else {
		b = appendID(b, idPQInnerDataDC)
	}
	b = appendBytes(b, m.PQ)
	b = appendBytes(b, m.P)
	b = appendBytes(b, m.Q)
	b = append(b, m.Nonce[:]...)
	b = append(b, m.ServerNonce[:]...)
	b = append(b, m.NewNonce...)
	b = appendInt(b, m.DC)
	if m.Temporary {
		b = appendInt(b, m.ExpiresIn)
	}
	return b
}

// ReqDHParams is req_DH_params, which proves the client's work.
type ReqDHParams struct {
	Nonce, ServerNonce Int128
	P, Q               []byte
	Fingerprint        int64
	EncryptedData      []byte
}

// ParseReqDHParams parses req_DH_params#d712e4be.
func ParseReqDHParams(b []byte) (m ReqDHParams, err error) {
	r := reader{b: b}
	r.constructor(idReqDHParams)
	r.array(m.Nonce[:])
	r.array(m.ServerNonce[:])
	m.P = r.bytes()
	m.Q = r.bytes()
	m.Fingerprint = r.long()
	m.EncryptedData = r.bytes()
	return m, r.end()
}

// Append appends the serialised m to b.
func (m *ReqDHParams) Append(b []byte) []byte {
	b = appendID(b, idReqDHParams)
	b = append(b, m.Nonce[:]...)
	b = append(b, m.ServerNonce[:]...)
	b = appendBytes(b, m.P)
	b = appendBytes(b, m.Q)
	b = appendLong(b, m.Fingerprint)
	return appendBytes(b, m.EncryptedData)
}

// Encrypted is a message with encrypted data: server_DH_params_ok, or
// set_client_DH_params.
type Encrypted struct {
	Nonce, ServerNonce Int128
	Data               []byte
}

// ParseServerDHParams parses server_DH_params_ok#d0e8075c.
func ParseServerDHParams(b []byte) (Encrypted, error) { return parseEncrypted(b, idServerDHParamsOK) }

// ParseSetClientDHParams parses set_client_DH_params#f5045f1f.
func ParseSetClientDHParams(b []byte) (Encrypted, error) {
	return parseEncrypted(b, idSetClientDHParams)
}

func parseEncrypted(b []byte, id uint32) (m Encrypted, err error) {
	r := reader{b: b}
	r.constructor(id)
	r.array(m.Nonce[:])
	r.array(m.ServerNonce[:])
	m.Data = r.bytes()
	return m, r.end()
}

// AppendServerDHParams appends m to b as a server_DH_params_ok.
func (m *Encrypted) AppendServerDHParams(b []byte) []byte { return m.append(b, idServerDHParamsOK) }

// AppendSetClientDHParams appends m to b as a set_client_DH_params.
func (m *Encrypted) AppendSetClientDHParams(b []byte) []byte {
	return m.append(b, idSetClientDHParams)
}

func (m *Encrypted) append(b []byte, id uint32) []byte {
	b = appendID(b, id)
	b = append(b, m.Nonce[:]...)
	b = append(b, m.ServerNonce[:]...)
	return appendBytes(b, m.Data)
}

// ServerDHInnerData is the content of server_DH_params_ok.
type ServerDHInnerData struct {
	Nonce, ServerNonce Int128
	G                  int32
	Prime, GA          []byte
	ServerTime         int32
}

// ParseServerDHInnerData parses server_DH_inner_data#b5890dba at the beginning of b, and
// returns its length.
func ParseServerDHInnerData(b []byte) (m ServerDHInnerData, n int, err error) {
	r := reader{b: b}
	r.constructor(idServerDHInnerData)
	r.array(m.Nonce[:])
	r.array(m.ServerNonce[:])
	m.G = r.int()
	m.Prime = r.bytes()
	m.GA = r.bytes()
	m.ServerTime = r.int()
	return m, len(b) - len(r.b), r.ok()
}

// Append appends the serialised m to b.
func (m *ServerDHInnerData) Append(b []byte) []byte {
	b = appendID(b, idServerDHInnerData)
	b = append(b, m.Nonce[:]...)
	b = append(b, m.ServerNonce[:]...)
	b = appendInt(b, m.G)
	b = appendBytes(b, m.Prime)
	b = appendBytes(b, m.GA)
	return appendInt(b, m.ServerTime)
}

// ClientDHInnerData is the content of set_client_DH_params.
type ClientDHInnerData struct {
	Nonce, ServerNonce Int128
	RetryID            int64
	GB                 []byte
}

// ParseClientDHInnerData parses client_DH_inner_data#6643b654 at the beginning of b, and
// returns its length.
func ParseClientDHInnerData(b []byte) (m ClientDHInnerData, n int, err error) {
	r := reader{b: b}
	r.constructor(idClientDHInnerData)
	r.array(m.Nonce[:])
	r.array(m.ServerNonce[:])
	m.RetryID = r.long()
	m.GB = r.bytes()
	return m, len(b) - len(r.b), r.ok()
}

// Append appends the serialised m to b.
func (m *ClientDHInnerData) Append(b []byte) []byte {
	b = appendID(b, idClientDHInnerData)
	b = append(b, m.Nonce[:]...)
	b = append(b, m.ServerNonce[:]...)
	b = appendLong(b, m.RetryID)
	return appendBytes(b, m.GB)
}

// Answer says how an exchange ends, or that the client has to try again.
type Answer uint8

// These numbers go into NewNonceHash.
const (
	GenOK    Answer = iota + 1 // dh_gen_ok
	GenRetry                   // dh_gen_retry
	GenFail                    // dh_gen_fail
)

var answerIDs = [...]uint32{GenOK: idDHGenOK, GenRetry: idDHGenRetry, GenFail: idDHGenFail}

// DHGen is a Set_client_DH_params_answer.
type DHGen struct {
	Answer             Answer
	Nonce, ServerNonce Int128
	NewNonceHash       Int128
}

// ParseDHGen parses dh_gen_ok#3bcbf734, dh_gen_retry#46dc1fb9 or dh_gen_fail#a69dae02.
func ParseDHGen(b []byte) (m DHGen, err error) {
	r := reader{b: b}
	switch r.id() {
	case idDHGenOK:
		m.Answer = GenOK
	case idDHGenRetry:
		m.Answer = GenRetry
	case idDHGenFail:
		m.Answer = GenFail
	default:
		r.bad = true
	}
	r.array(m.Nonce[:])
	r.array(m.ServerNonce[:])
	r.array(m.NewNonceHash[:])
	return m, r.end()
}

// Append appends the serialised m to b.
func (m *DHGen) Append(b []byte) []byte {
	b = appendID(b, answerIDs[m.Answer])
	b = append(b, m.Nonce[:]...)
	b = append(b, m.ServerNonce[:]...)
	return append(b, m.NewNonceHash[:]...)
}

// BindAuthKeyInner is what binds a temporary key to a permanent one.
type BindAuthKeyInner struct {
	Nonce                int64
	TempKeyID, PermKeyID int64
	TempSessionID        int64
	ExpiresAt            int32
}

// ParseBindAuthKeyInner parses bind_auth_key_inner#75a3f765.
func ParseBindAuthKeyInner(b []byte) (m BindAuthKeyInner, err error) {
	r := reader{b: b}
	r.constructor(idBindAuthKeyInner)
	m.Nonce = r.long()
	m.TempKeyID = r.long()
	m.PermKeyID = r.long()
	m.TempSessionID = r.long()
	m.ExpiresAt = r.int()
	return m, r.end()
}

// Append appends the serialised m to b.
func (m *BindAuthKeyInner) Append(b []byte) []byte {
	b = appendID(b, idBindAuthKeyInner)
	b = appendLong(b, m.Nonce)
	b = appendLong(b, m.TempKeyID)
	b = appendLong(b, m.PermKeyID)
	b = appendLong(b, m.TempSessionID)
	return appendInt(b, m.ExpiresAt)
}

// AppendString appends a string of less than 16 MiB, as in the rsa_public_key from which a
// fingerprint is computed.
func AppendString(b, s []byte) []byte { return appendBytes(b, s) }

// constructor reads the constructor of an object, which must be id.
func (r *reader) constructor(id uint32) {
	if r.id() != id {
		r.bad = true
	}
}

// array fills dst.
func (r *reader) array(dst []byte) { copy(dst, r.take(len(dst))) }

// ok returns ErrMalformed if anything was malformed.
func (r *reader) ok() error {
	if r.bad {
		return ErrMalformed
	}
	return nil
}

// end is like ok, and also requires that nothing is left.
func (r *reader) end() error {
	if len(r.b) > 0 {
		return ErrMalformed
	}
	return r.ok()
}
