package kdf

import (
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/kdf"
)

func TestCheckKDF(t *testing.T) {
	settings := suite.SettingsOf("kdf")
	lines := 0
	if err := New(suite.Options{}).Check(func(string) { lines++ }); err != nil {
		t.Fatal(err)
	}
	if got, want := lines, 1+len(settings); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestCheckKDFFindsErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		hash bool // whether the hash is wrong
		f    func(key, iv *[32]byte, m *kdf.MsgKey, side kdf.Side, length int)
		want string
	}{
		{"a bit of a key", false, func(key, _ *[32]byte, _ *kdf.MsgKey, side kdf.Side, _ int) {
			if side == kdf.Server {
				key[31] ^= 1
			}
		}, "from side 1: key: byte 31 is "},
		{"an iv", false, func(_, iv *[32]byte, _ *kdf.MsgKey, _ kdf.Side, _ int) { iv[0] ^= 0x80 }, "from side 0: iv: byte 0 is "},
		{"a length", true, func(_, _ *[32]byte, m *kdf.MsgKey, _ kdf.Side, length int) {
			if length == 256 {
				m[7] ^= 2
			}
		}, "256 bytes from side 0: msg_key: byte 7 is "},
	} {
		planted := func(k *kdf.AuthKey) (peers.DeriveFunc, peers.MsgKeyFunc) {
			derive := func(key, iv *[32]byte, side kdf.Side, m *kdf.MsgKey) {
				k.Derive(key, iv, side, m)
				tt.f(key, iv, new(kdf.MsgKey), side, 0)
			}
			msgKey := func(side kdf.Side, padded []byte) kdf.MsgKey {
				m := k.MsgKey(side, padded)
				tt.f(new([32]byte), new([32]byte), &m, side, len(padded))
				return m
			}
			return derive, msgKey
		}
		err := check(suite.SettingsOf("kdf"), planted, peers.KDFs(), func(string) {})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
		for i := range peers.KDFs()[1:] {
			others := peers.KDFs()
			p := &others[1+i]
			real, hasDerive := p.Prepare, p.Derive.Way != ""
			p.Prepare = func(k *kdf.AuthKey) (peers.DeriveFunc, peers.MsgKeyFunc) {
				derive, msgKey := planted(k)
				if !hasDerive {
					derive, _ = real(k)
				}
				return derive, msgKey
			}
			err = check(nil, ours, others, func(string) {})
			if found := err != nil && strings.HasPrefix(err.Error(), p.MsgKey.Who); found != (hasDerive || tt.hash) {
				t.Errorf("%s, of %s: error %v", tt.name, p.MsgKey.Who, err)
			}
		}
	}
}
