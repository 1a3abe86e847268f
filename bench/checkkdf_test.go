package main

import (
	"strings"
	"testing"

	"github.com/mtcore/mtcore/kdf"
)

func TestCheckKDF(t *testing.T) {
	settings := settingsOf("kdf")
	lines := 0
	if err := checkKDF(settings, ourDeriver, keyDerivers(), func(string) { lines++ }); err != nil {
		t.Fatal(err)
	}
	if got, want := lines, 1+len(settings); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestCheckKDFFindsErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		f    func(key, iv *[32]byte, m *kdf.MsgKey, side kdf.Side, length int)
		want string
	}{
		{"a bit of a key", func(key, _ *[32]byte, _ *kdf.MsgKey, side kdf.Side, _ int) {
			if side == kdf.Server {
				key[31] ^= 1
			}
		}, "from side 1: key: byte 31 is "},
		{"an iv", func(_, iv *[32]byte, _ *kdf.MsgKey, _ kdf.Side, _ int) { iv[0] ^= 0x80 }, "from side 0: iv: byte 0 is "},
		{"a length", func(_, _ *[32]byte, m *kdf.MsgKey, _ kdf.Side, length int) {
			if length == 256 {
				m[7] ^= 2
			}
		}, "256 bytes from side 0: msg_key: byte 7 is "},
	} {
		planted := func(k *kdf.AuthKey) (deriveFunc, msgKeyFunc) {
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
		err := checkKDF(settingsOf("kdf"), planted, keyDerivers(), func(string) {})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
		peers := keyDerivers()
		peers[1].prepare = planted
		err = checkKDF(settingsOf("kdf"), ourDeriver, peers, func(string) {})
		if err == nil || !strings.HasPrefix(err.Error(), gogramName) {
			t.Errorf("%s, of a peer: error %v, want one about %s", tt.name, err, gogramName)
		}
	}
}
