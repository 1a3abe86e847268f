package tl

import (
	"bytes"
	"testing"
)

// exchangeParsers parse a message of an exchange, or the content of one, and serialise it
// again. They return the length that they parsed.
var exchangeParsers = map[string]func(b []byte) (again []byte, n int, err error){
	"req_pq_multi": func(b []byte) ([]byte, int, error) {
		m, err := ParseReqPQMulti(b)
		return m.Append(nil), len(b), err
	},
	"resPQ": func(b []byte) ([]byte, int, error) {
		m, err := ParseResPQ(b)
		return m.Append(nil), len(b), err
	},
	"p_q_inner_data": func(b []byte) ([]byte, int, error) {
		m, n, err := ParsePQInnerData(b)
		return m.Append(nil), n, err
	},
	"req_DH_params": func(b []byte) ([]byte, int, error) {
		m, err := ParseReqDHParams(b)
		return m.Append(nil), len(b), err
	},
	"server_DH_params_ok": func(b []byte) ([]byte, int, error) {
		m, err := ParseServerDHParams(b)
		return m.AppendServerDHParams(nil), len(b), err
	},
	"server_DH_inner_data": func(b []byte) ([]byte, int, error) {
		m, n, err := ParseServerDHInnerData(b)
		return m.Append(nil), n, err
	},
	"set_client_DH_params": func(b []byte) ([]byte, int, error) {
		m, err := ParseSetClientDHParams(b)
		return m.AppendSetClientDHParams(nil), len(b), err
	},
	"client_DH_inner_data": func(b []byte) ([]byte, int, error) {
		m, n, err := ParseClientDHInnerData(b)
		return m.Append(nil), n, err
	},
	"dh_gen": func(b []byte) ([]byte, int, error) {
		m, err := ParseDHGen(b)
		return m.Append(nil), len(b), err
	},
	"bind_auth_key_inner": func(b []byte) ([]byte, int, error) {
		m, err := ParseBindAuthKeyInner(b)
		return m.Append(nil), len(b), err
	},
}

// exchangeMessages returns examples of each of them, with different numbers in each field.
func exchangeMessages() map[string][][]byte {
	nonce, serverNonce, newNonce := Int128{1, 2, 3}, Int128{15: 4}, Int256{5, 31: 6}
	long := bytes.Repeat([]byte{7}, 256)
	resPQ := ResPQ{nonce, serverNonce, []byte{1, 2, 3, 4, 5, 6, 7, 8}, []int64{-1, 2}}
	none := ResPQ{nonce, serverNonce, nil, []int64{}}
	inner := PQInnerData{[]byte{9}, []byte{8, 8}, []byte{7, 7, 7}, nonce, serverNonce, newNonce[:], -2, false, 0}
	temporary := inner
	temporary.Temporary, temporary.ExpiresIn = true, 86400
	req := ReqDHParams{nonce, serverNonce, []byte{1}, []byte{2}, -5, long}
	encrypted := Encrypted{nonce, serverNonce, long}
	server := ServerDHInnerData{nonce, serverNonce, 3, long, long[1:], 1 << 30}
	client := ClientDHInnerData{nonce, serverNonce, -9, long}
	bind := BindAuthKeyInner{1, -2, 3, -4, 5}
	gens := [][]byte{}
	for _, answer := range []Answer{GenOK, GenRetry, GenFail} {
		m := DHGen{answer, nonce, serverNonce, Int128{9, 9}}
		gens = append(gens, m.Append(nil))
	}
	return map[string][][]byte{
		"req_pq_multi":         {(&ReqPQMulti{nonce}).Append(nil)},
		"resPQ":                {resPQ.Append(nil), none.Append(nil)},
		"p_q_inner_data":       {inner.Append(nil), temporary.Append(nil)},
		"req_DH_params":        {req.Append(nil)},
		"server_DH_params_ok":  {encrypted.AppendServerDHParams(nil)},
		"server_DH_inner_data": {server.Append(nil)},
		"set_client_DH_params": {encrypted.AppendSetClientDHParams(nil)},
		"client_DH_inner_data": {client.Append(nil)},
		"dh_gen":               gens,
		"bind_auth_key_inner":  {bind.Append(nil)},
	}
}

// TestExchange: each parser reads what was written and nothing else: not less, not more,
// and not another message.
func TestExchange(t *testing.T) {
	messages := exchangeMessages()
	if len(messages) != len(exchangeParsers) {
		t.Fatalf("%d kinds of messages, and %d parsers", len(messages), len(exchangeParsers))
	}
	for name, parse := range exchangeParsers {
		for other, list := range messages {
			for _, message := range list {
				again, n, err := parse(message)
				if other != name {
					if err != ErrMalformed {
						t.Errorf("%s is taken for %s: %v", other, name, err)
					}
					continue
				}
				if err != nil || n != len(message) || !bytes.Equal(again, message) {
					t.Errorf("%s: %x, %d bytes, %v, want %x", name, again, n, err, message)
				}
				for cut := range message {
					if _, _, err := parse(message[:cut:cut]); err != ErrMalformed {
						t.Errorf("%s, %d bytes of %d: %v, want %v", name, cut, len(message), err, ErrMalformed)
					}
				}
				// Only what is inside another message may have something after it.
				_, n, err = parse(append(bytes.Clone(message), 0, 0, 0, 0))
				if inside := n == len(message); inside != (err == nil) {
					t.Errorf("%s, with more: %d bytes, %v", name, n, err)
				}
			}
		}
	}
}

// FuzzExchange: what was parsed and serialised again parses to the same value.
func FuzzExchange(f *testing.F) {
	for _, list := range exchangeMessages() {
		for _, message := range list {
			f.Add(message)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, parse := range exchangeParsers {
			first, n, err := parse(data)
			if err != nil {
				if err != ErrMalformed {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if n > len(data) {
				t.Errorf("%s: %d bytes of %d", name, n, len(data))
			}
			again, _, err := parse(first)
			if err != nil || !bytes.Equal(again, first) {
				t.Errorf("%s: %x, then %x, %v", name, first, again, err)
			}
		}
	})
}
