#!/usr/bin/env bash
# Prints llvm-mca's cycles for one AES round, both in the kernels that this command generates
# and in the table-based AES of the standard library. It takes the first loop of each
# function. Needs Debian's llvm.
#
# In this model every load hits the first-level cache and every branch is predicted. The
# figures are for comparison; they promise nothing.
set -euo pipefail
cd "$(dirname "$0")/../../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
GOARCH=arm64 CGO_ENABLED=0 go test -c -o "$tmp/ige.test" ./ige

# loop prints the instructions from the target of the first backward branch to that branch.
loop() { # function
	local addresses=() texts=() address text i j
	while read -r address text; do
		addresses+=($((address))) texts+=("$text")
	done < <(go tool objdump -gnu -s "$1" "$tmp/ige.test" | sed -nE 's|^[^\t]*\t+ *(0x[0-9a-f]+)\t.*// ([^\t]*[^\t ]).*|\1 \2|p')
	for i in "${!texts[@]}"; do
		[[ ${texts[i]} =~ ^b\..*\.\+(0xffffff[0-9a-f]*) ]] || continue
		echo start:
		for ((j = 0; j <= i; j++)); do
			((addresses[j] < addresses[i] + BASH_REMATCH[1])) || echo "${texts[j]}"
		done | sed -E '/^nop/d; s/^(b\.[a-z]+) .*/\1 start/; s/^(adrp [^,]*,).*/\1 symbol/'
		return
	done
}

for cpu in cortex-a72 cortex-a53; do
	for function in asm.EncryptNEON asm.DecryptNEON fips140/aes.{en,de}cryptBlockGeneric; do
		loop "$function" >"$tmp/loop.s"
		llvm-mca -mtriple=aarch64 -mcpu=$cpu -iterations=100 "$tmp/loop.s" |
			awk -v name="$cpu $function" '/^Instructions/ { n = $2 } /^Total Cycles/ {
				printf "%-45s %3d instructions, %6.2f cycles\n", name, n / 100, $3 / 100 }'
	done
done
