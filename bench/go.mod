module github.com/mtcore/mtcore/bench

go 1.25.0

require (
	filippo.io/bigmod v0.1.0
	github.com/gotd/ige v0.3.0
	github.com/gotd/td v0.161.0
	github.com/minio/sha256-simd v1.0.1
	github.com/mtcore/mtcore v0.0.0
	golang.org/x/perf v0.0.0-20250909190841-7e13e04d9366
	golang.org/x/term v0.44.0
)

require (
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794 // indirect
	github.com/go-faster/errors v0.7.1 // indirect
	github.com/go-faster/jx v1.2.0 // indirect
	github.com/go-faster/xor v1.0.0 // indirect
	github.com/gotd/log v0.1.0 // indirect
	github.com/klauspost/cpuid/v2 v2.2.3 // indirect
	github.com/segmentio/asm v1.2.1 // indirect
	golang.org/x/sys v0.47.0 // indirect
)

replace github.com/mtcore/mtcore => ../
