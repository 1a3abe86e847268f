//go:build !unix

package main

import "errors"

// cpuTime always fails here.
func cpuTime() (ns int64, err error) { return 0, errors.New("CPU times are only known on Unix") }
