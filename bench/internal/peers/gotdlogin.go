package peers

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"

	"github.com/gotd/td/bin"
	td "github.com/gotd/td/crypto"
	tdsrp "github.com/gotd/td/crypto/srp"
	"github.com/gotd/td/exchange"

	"github.com/mtcore/mtcore/bench/internal/suite"
)

// gotd/td's ways for a login.
var (
	tdFactorer = Factorer{suite.Label{Way: "gotd-td.pq", Who: tdName, How: "crypto.DecomposePQ"}, tdFactor}
	tdSeal     = RSA{suite.Label{Way: "gotd-td.rsa-pad", Who: tdName, How: "crypto.RSAPad"}, tdSealRSAPad}
	tdOpen     = RSA{suite.Label{Way: "gotd-td.decode-rsa-pad", Who: tdName, How: "crypto.DecodeRSAPad"}, tdOpenRSAPad}
	tdExchange = Exchange{suite.Label{Way: "gotd-td.exchange", Who: tdName, How: "exchange, both sides"}, tdRun}
	tdSRP      = SRP{suite.Label{Way: "gotd-td.srp", Who: tdName, How: "srp.Hash"}, tdCheck}
)

func tdFactor(pq uint64) (p, q uint64) {
	a, b, err := td.DecomposePQ(new(big.Int).SetUint64(pq), rand.Reader)
	if err != nil {
		panic(err)
	}
	return a.Uint64(), b.Uint64()
}

func tdSealRSAPad(k *rsa.PrivateKey) func() error {
	data := make([]byte, 96)
	return func() error {
		_, err := td.RSAPad(data, &k.PublicKey, rand.Reader)
		return err
	}
}

func tdOpenRSAPad(k *rsa.PrivateKey) func() error {
	data := suite.Must(td.RSAPad(make([]byte, 96), &k.PublicKey, rand.Reader))
	return func() error {
		_, err := td.DecodeRSAPad(data, k)
		return err
	}
}

func tdCheck(password, salt1, salt2, srpB []byte) (a, m1 []byte, err error) {
	prime := suite.Telegram().Prime()
	random := make([]byte, 256)
	rand.Read(random)
	answer, err := tdsrp.NewSRP(rand.Reader).Hash(password, srpB, random, tdsrp.Input{Salt1: salt1, Salt2: salt2, G: 3, P: prime[:]})
	return answer.A, answer.M1, err
}

// tdRun makes both sides of gotd/td exchange a key.
func tdRun(k *rsa.PrivateKey) error {
	ctx := context.Background()
	key := exchange.PrivateKey{RSA: k}
	client, server := newWire()
	type served struct {
		exchange.ServerExchangeResult
		err error
	}
	done := make(chan served)
	go func() {
		r, err := exchange.NewExchanger(server, 2).Server(key).Run(ctx)
		done <- served{r, err}
	}()
	r, err := exchange.NewExchanger(client, 2).Client([]exchange.PublicKey{key.Public()}).Run(ctx)
	if err != nil {
		return err
	}
	switch s := <-done; {
	case s.err != nil:
		return s.err
	case s.Key != r.AuthKey:
		return errors.New("two sides with different keys")
	}
	return nil
}

// A wire is a connection in memory, with the interface that gotd/td expects.
type wire struct {
	in, out chan []byte
}

func newWire() (a, b wire) {
	there, back := make(chan []byte, 1), make(chan []byte, 1)
	return wire{back, there}, wire{there, back}
}

func (w wire) Send(_ context.Context, b *bin.Buffer) error {
	w.out <- b.Copy()
	return nil
}

func (w wire) Recv(_ context.Context, b *bin.Buffer) error {
	b.ResetTo(<-w.in)
	return nil
}

func (w wire) Close() error { return nil }
