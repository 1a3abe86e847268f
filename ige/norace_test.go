//go:build !race && !asan && !msan

package ige

import "testing"

func needAllocs(*testing.T) {}
