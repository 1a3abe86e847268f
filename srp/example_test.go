package srp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/srp"
)

func Example() {
	ctx := context.Background()
	group, err := bigdh.Telegram(3) // NewGroup checks the p and g of account.password
	if err != nil {
		log.Fatal(err)
	}
	params := &srp.Params{Group: group, Salt1: []byte("of the server"), Salt2: []byte("another one")}

	// A client sets a password. The server stores the verifier and salt1, not the password.
	verifier, salt1, err := srp.NewVerifier(ctx, params, []byte("correct horse"))
	if err != nil {
		log.Fatal(err)
	}
	params.Salt1 = salt1

	// Later the server sends B, and a client answers with A and M1.
	server, err := srp.NewServer(params, &verifier)
	if err != nil {
		log.Fatal(err)
	}
	b := server.B()
	a, m1, err := srp.Check(ctx, params, []byte("correct horse"), b[:])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("right:", server.Verify(a[:], m1[:]))
	// Output: right: true
}
