module github.com/mtcore/mtcore/bench

go 1.25.0

require (
	github.com/gotd/ige v0.3.0
	github.com/mtcore/mtcore v0.0.0
	golang.org/x/term v0.44.0
)

require (
	github.com/go-faster/xor v1.0.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
)

replace github.com/mtcore/mtcore => ../
