package main

import (
	"github.com/mtcore/mtcore/bench/internal/batch"
	"github.com/mtcore/mtcore/bench/internal/bigdh"
	"github.com/mtcore/mtcore/bench/internal/envelope"
	"github.com/mtcore/mtcore/bench/internal/ige"
	"github.com/mtcore/mtcore/bench/internal/kdf"
	"github.com/mtcore/mtcore/bench/internal/login"
	"github.com/mtcore/mtcore/bench/internal/secretchat"
	"github.com/mtcore/mtcore/bench/internal/suite"
)

// allSuites are the subjects, in the order of the output. The names are those that the suites have.
var allSuites = []struct {
	name string
	make func(suite.Options) suite.Suite
}{
	{"ige", ige.New},
	{"batch", batch.New},
	{"kdf", kdf.New},
	{"envelope", envelope.New},
	{"bigdh", bigdh.New},
	{"secretchat", secretchat.New},
	{"handshake", secretchat.NewHandshake},
	{"login", login.New},
	{"state", secretchat.NewState},
}

func suiteNames() []string {
	var names []string
	for _, s := range allSuites {
		names = append(names, s.name)
	}
	return names
}
