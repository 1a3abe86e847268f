// Compares the drop-in with the original. They have one module path, so that the
// drop-in comes under another name here; a directory that replaces a module may
// have any.
module github.com/mtcore/mtcore/compat/gotdige/internal/difftest

go 1.25.0

require (
	github.com/gotd/ige v0.3.0
	gotdige.invalid v0.0.0
)

require (
	github.com/go-faster/xor v1.0.0 // indirect
	github.com/mtcore/mtcore v0.0.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
)

replace (
	github.com/mtcore/mtcore => ../../../..
	gotdige.invalid => ../..
)
