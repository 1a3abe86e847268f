package main

import "slices"

// mautrix is the copy of gotd/td that mautrix/telegram, a bridge, has in its tree, changed. It
// has no version, and is patched by -dir.
var mautrix = client{
	name:  "mautrix/telegram",
	tried: []string{"3df4c4ae"},
	rewrites: append(without(gotd.rewrites, "MessageKeyV1", "KeysV1", "EncryptBindMessage", "Cipher.Decrypt",
		"ClientExchange.Run", "ServerExchange.Run", "decryptLocal", "encryptLocal", "dhConfig.randomExp", "dhConfig.computeKey"),
		rewrite{
			dirs:  []string{"crypto"},
			fn:    "Cipher.DecryptRaw",
			known: []string{"c8c70c137c5a0038"},
			sig:   "(k AuthKey, encrypted *EncryptedMessage) ([]byte, error)",
			// decryptMessage compares msg_key, in the pass that decrypts.
			body: `return c.decryptMessage(k, encrypted)`,
		},
		rewrite{
			dirs:  []string{"crypto"},
			fn:    "Cipher.Decrypt",
			known: []string{"6acac1c78245a52f"},
			sig:   "(k AuthKey, encrypted *EncryptedMessage) (*EncryptedMessageData, error)",
			edits: []edit{
				{"case paddingLen > maxPadding:", "case paddingLen < 12, paddingLen > maxPadding:"},
				{"padding %d of message is too big", "padding %d of message is out of range"},
			},
		},
		withBody(gotd.rewrites, "ClientExchange.Run", "f97a9f704c63ed2e"),
		withBody(gotd.rewrites, "ServerExchange.Run", "6ba09941faf42a3a"),
	),
}

// without leaves functions out of a table.
func without(table []rewrite, fns ...string) []rewrite {
	return slices.DeleteFunc(slices.Clone(table), func(rw rewrite) bool { return slices.Contains(fns, rw.fn) })
}

// withBody returns the entry of a function for another body, in which the same is edited.
func withBody(table []rewrite, fn, hash string) rewrite {
	i := slices.IndexFunc(table, func(rw rewrite) bool { return rw.fn == fn })
	rw := table[i]
	rw.known = []string{hash}
	return rw
}
