//go:build !unix

package main

import "errors"

// cpuTime has no answer here.
func cpuTime() (ns int64, err error) { return 0, errors.New("CPU times are only known on Unix") }
