// A command that puts the crypto of an existing client on mtcore. It imports no module of
// ours, and so needs no replace: Go refuses `go run …@VERSION` of a module that has one.
module github.com/mtcore/mtcore/compat/mtpatch

go 1.25.0
