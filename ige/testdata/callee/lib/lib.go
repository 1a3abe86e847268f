// Package main is what main.c calls: each kernel for 32-bit ARM.
package main

import "C"

import "github.com/mtcore/mtcore/ige"

// Kernels calls them, and returns 1 if they are in use.
//
//export Kernels
func Kernels() C.int {
	m := ige.Message{Dst: make([]byte, 64), Src: make([]byte, 64)}
	m.Encrypt()
	m.Decrypt()
	c, err := ige.NewCipher(m.Key[:])
	if err != nil {
		panic(err)
	}
	ige.NewEncrypter(c, &m.IV).CryptBlocks(m.Dst, m.Src)
	ige.NewDecrypter(c, &m.IV).CryptBlocks(m.Dst, m.Src)
	if ige.Backend() != "Armv8" {
		return 0
	}
	return 1
}

func main() {}
