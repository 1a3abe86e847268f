package results

import "strings"

// Reports from before rows had ids are recognised by the labels of their tables. The labels below
// are those of that time, whatever they are now; nothing is added here.

// upgrade gives the rows of an old report their ids. It reports whether any had none.
func (r *Report) upgrade() bool {
	old := false
	for i := range r.Results {
		x := &r.Results[i]
		if x.Way != "" {
			continue
		}
		old = true
		x.Way = oldWay(x.Who, x.How)
		for j := range x.Ratios {
			q := &x.Ratios[j]
			q.ID = oldColumn(q.Title)
			q.Of = RowName(oldWay(q.Who, q.How), oldBackend(q.Who))
		}
		if x.Min == 0 && x.Max == 0 && len(x.Samples) > 0 {
			x.Min, x.Max = x.Low, x.High
			for _, s := range x.Samples {
				x.Min, x.Max = min(x.Min, s), max(x.Max, s)
			}
		}
	}
	for i := range r.Targets {
		if t := &r.Targets[i]; t.ID == "" {
			t.ID = oldColumn(t.Column)
		}
	}
	return old
}

func oldBackend(who string) string {
	backend, ours := strings.CutPrefix(who, "mtcore ")
	if !ours {
		return ""
	}
	return backend
}

func oldWay(who, how string) Way {
	if oldBackend(who) != "" || who == "mtcore" {
		who = "mtcore"
	}
	if way, ok := oldWays[[2]string{who, how}]; ok {
		return way
	}
	if backend, ok := strings.CutPrefix(how, "AES rounds of many, "); ok && who == "limit" {
		return Way("limit.aes-many." + backend)
	}
	return Way(slug(who) + "." + slug(how))
}

func oldColumn(title string) Column {
	if id, ok := oldColumns[title]; ok {
		return id
	}
	return Column(slug(title))
}

// slug makes an id from an unknown label, which is better than refusing the report.
func slug(label string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(label), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}

var oldWays = map[[2]string]Way{
	{"mtcore", "one-shot, key expanded"}:                          OneShot,
	{"mtcore", "Cipher reused"}:                                   "mtcore.cipher-reused",
	{"mtcore", "gotd API, aes.NewCipher"}:                         "mtcore.dropin-new",
	{"mtcore", "gotd API, block reused"}:                          "mtcore.dropin-reused",
	{"mtcore", "gotd API, DecryptAES256Blocks"}:                   "mtcore.dropin-key",
	{"gotd/ige", "gotd API, aes.NewCipher"}:                       GotdIGE,
	{"gotd/ige", "gotd API, block reused"}:                        "gotd-ige.reused",
	{"gotd/ige", "gotd API, DecryptAES256Blocks"}:                 "gotd-ige.key",
	{"like gogram", "aes.NewCipher, xors of bytes"}:               GogramIGE,
	{"limit", "14 dependent AES rounds a block"}:                  LimitAES,
	{"mtcore", "batch"}:                                           Batch,
	{"mtcore", "one at a time"}:                                   OneByOne,
	{"limit", "AES rounds of one stream"}:                         "limit.aes-one",
	{"mtcore", "AuthKey.Derive"}:                                  Derive,
	{"mtcore", "AuthKey.MsgKey"}:                                  "mtcore.msg-key",
	{"gotd/td", "crypto.Keys"}:                                    "gotd-td.keys",
	{"gotd/td", "crypto.MessageKey"}:                              "gotd-td.message-key",
	{"like gogram", "concatenates, crypto/sha256"}:                "gogram.hash",
	{"crypto/sha256", "Reset, Write, Sum"}:                        "std-sha256.reused",
	{"sha256-simd", "Reset, Write, Sum"}:                          "sha256-simd.reused",
	{"part", "one block of SHA-256"}:                              SHA256Block,
	{"limit", "SHA-256 of as many blocks"}:                        "limit.sha256",
	{"mtcore", "Key.Seal"}:                                        Seal,
	{"mtcore", "Key.Seal, random bytes not counted"}:              "mtcore.seal-free",
	{"mtcore", "Key.Open"}:                                        Open,
	{"gotd/td", "Cipher.Encrypt"}:                                 GotdSeal,
	{"gotd/td", "Cipher.Encrypt, random bytes for free"}:          "gotd-td.encrypt-free",
	{"gotd/td", "Cipher.DecryptFromBuffer"}:                       GotdOpen,
	{"like gogram", "least padding, three hashes, aes.NewCipher"}: GogramSeal,
	{"like gogram", "three hashes, aes.NewCipher"}:                GogramOpen,
	{"part", "ige.Message alone"}:                                 "part.ige",
	{"part", "12 bytes of crypto/rand"}:                           "part.random",
	{"limit", "dependent AES rounds"}:                             LimitAES,
	{"limit", "SHA-256, then dependent AES rounds"}:               LimitHashAES,
	{"mtcore", "Group.Exp"}:                                       Exp,
	{"mtcore", "PrivateKey.DH"}:                                   DH,
	{"mtcore", "NewPrivateKey"}:                                   NewKey,
	{"mtcore", "DHBatch"}:                                         "mtcore.dh-batch",
	{"mtcore", "NewGroup, Telegram's prime"}:                      KnownGroup,
	{"mtcore", "NewGroup, checked before"}:                        SeenGroup,
	{"mtcore", "NewGroup, unknown"}:                               NewGroup,
	{"math/big", "Int.Exp, not constant-time"}:                    MathBigPowers,
	{"math/big", "ProbablyPrime(64) of p and (p-1)/2"}:            "math-big.prime",
	{"filippo.io/bigmod", "Nat.Exp"}:                              "bigmod.exp",
	{"OpenSSL", "BN_mod_exp_mont_consttime"}:                      "openssl.exp",
	{"OpenSSL", "BN_check_prime of p and (p-1)/2"}:                "openssl.prime",
	{"GMP", "mpz_powm_sec"}:                                       "gmp.exp",
	{"gotd/td", "crypto.CheckDH"}:                                 "gotd-td.check-dh",
	{"mtcore", "Chat.Encrypt, Chat.Receive"}:                      ChatMessage,
	{"mtcore", "the same, states sealed and stored"}:              "mtcore.message-stored",
	{"mtcore", "envelope alone"}:                                  "mtcore.envelope-alone",
	{"mtcore", "FileKey.Encrypter"}:                               FileEncrypt,
	{"mtcore", "FileKey.Decrypter"}:                               FileDecrypt,
	{"mtcore", "package ige alone"}:                               "mtcore.ige-alone",
	{"mtcore", "Request, Accept, Complete"}:                       Handshake,
	{"mtcore", "four powers"}:                                     "mtcore.four-powers",
	{"math/big", "four powers"}:                                   "math-big.four-powers",
}

var oldColumns = map[string]Column{
	"ns/op": Ns, "allocs/op": Allocs, "vs gotd": VsGotd, "vs gogram": VsGogram, "vs peer": VsPeer,
	"vs one": VsOne, "× one": OfOne, "× limit": OfLimit, "× IGE": OfIGE, "× block": "of-block",
	"× bigmod": "of-bigmod", "× OpenSSL": "of-openssl", "× Exp": "of-exp",
	"× seal+open": OfEnvelope, "× 4 powers": OfPowers,
}
