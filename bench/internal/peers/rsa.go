package peers

import (
	"crypto/rand"
	"crypto/rsa"

	"github.com/mtcore/mtcore/bench/internal/suite"
)

// stdRSA has no operation without padding. Removing that of PKCS #1 takes hardly any time.
var stdRSA = &Peer{
	ID: "std-rsa",
	RSAOpens: []RSA{{
		suite.Label{Way: "std-rsa.decrypt", Who: "crypto/rsa", How: "DecryptPKCS1v15"},
		func(k *rsa.PrivateKey) func() error {
			c := suite.Must(rsa.EncryptPKCS1v15(rand.Reader, &k.PublicKey, []byte("a message")))
			return func() error {
				_, err := rsa.DecryptPKCS1v15(nil, k, c)
				return err
			}
		},
	}},
}
