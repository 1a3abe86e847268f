module github.com/mtcore/mtcore

go 1.25.0

require (
	github.com/minio/sha256-simd v1.0.1
	golang.org/x/crypto v0.53.0
	golang.org/x/sys v0.46.0
)

require github.com/klauspost/cpuid/v2 v2.2.3 // indirect
