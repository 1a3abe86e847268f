package main

import (
	"github.com/mtcore/mtcore/bench/internal/batch"
	"github.com/mtcore/mtcore/bench/internal/bigdh"
	"github.com/mtcore/mtcore/bench/internal/client"
	"github.com/mtcore/mtcore/bench/internal/envelope"
	"github.com/mtcore/mtcore/bench/internal/ige"
	"github.com/mtcore/mtcore/bench/internal/kdf"
	"github.com/mtcore/mtcore/bench/internal/login"
	"github.com/mtcore/mtcore/bench/internal/secretchat"
	"github.com/mtcore/mtcore/bench/internal/suite"
)

// allSuites lists the suites in the order of the output, with their names.
var allSuites = []struct {
	name  string
	make  func(suite.Options) suite.Suite
	asked bool // whether it is only measured on request
}{
	{name: "ige", make: ige.New},
	{name: "batch", make: batch.New},
	{name: "kdf", make: kdf.New},
	{name: "envelope", make: envelope.New},
	{name: "bigdh", make: bigdh.New},
	{name: "secretchat", make: secretchat.New},
	{name: "handshake", make: secretchat.NewHandshake},
	{name: "login", make: login.New},
	{name: "state", make: secretchat.NewState},
	{name: "client", make: client.New, asked: true},
}

func suiteNames() []string {
	var names []string
	for _, s := range allSuites {
		names = append(names, s.name)
	}
	return names
}
