//go:build !amd64 || !gc || purego

package bigdh

// ifmaConstants are empty where the IFMA backend does not exist.
type ifmaConstants struct{}

func (*ifmaConstants) set(*nat) {}
