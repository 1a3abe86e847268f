//go:build unix

package main

import "syscall"

// cpuTime returns the CPU time of this process, in user mode and in the kernel.
func cpuTime() (ns int64, err error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return u.Utime.Nano() + u.Stime.Nano(), nil
}
