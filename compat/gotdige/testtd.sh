#!/bin/sh
# Runs gotd/td's own tests with this drop-in in place of gotd/ige, as in a client. It needs go, and a module proxy or the modules in the cache.
#
#	testtd.sh                    tests
#	testtd.sh -bench             tests, then its Cipher before and after
#	testtd.sh -bench -count 9    the median of that many runs each; the default is 5
#
# It changes nothing but a temporary directory, which it removes.
set -eu

td=github.com/gotd/td@v0.161.0

usage() {
	echo "usage: $0 [-bench] [-count n]" >&2
	exit 2
}

bench=no
count=5
while [ $# -gt 0 ]; do
	case $1 in
	-bench) bench=yes ;;
	-count)
		[ $# -gt 1 ] || usage
		count=$2
		shift
		;;
	*) usage ;;
	esac
	shift
done
[ "$count" -ge 1 ] 2>/dev/null || usage

fail() {
	echo "testtd: $*" >&2
	exit 1
}

dropin=$(cd "$(dirname "$0")" && pwd -P)
repo=$(cd "$dropin/../.." && pwd -P)

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
tmp=$(cd "$tmp" && pwd -P)

# Only the modules named here are used, with go.mod and go.sum made by this script.
GOWORK=off
GOFLAGS="$(go env GOFLAGS) -mod=mod"
export GOWORK GOFLAGS

echo "== $td with the drop-in"
cd "$tmp"
download=$(go mod download -json "$td") || fail "cannot download $td: $download"
dir=$(echo "$download" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
[ -d "$dir" ] || fail "cannot find the source of $td"
cp -R "$dir" before
chmod -R u+w before
cp "$dropin/testdata/td_bench_test.go" before/crypto/dropin_bench_test.go
cp -R before after

cd after
go mod edit \
	-require github.com/mtcore/mtcore@v0.0.0 \
	-replace "github.com/mtcore/mtcore=$repo" \
	-replace "github.com/gotd/ige=$dropin"

# Without the drop-in the tests below would pass as well, and prove nothing.
ige=$(go list -deps -f '{{.ImportPath}} {{.Dir}}' ./crypto | grep '^github.com/gotd/ige ') ||
	fail "gotd/td does not import github.com/gotd/ige"
[ "$ige" = "github.com/gotd/ige $dropin" ] || fail "the drop-in is not in use: $ige"
go list -deps ./crypto | grep -q '^github.com/mtcore/mtcore/ige$' ||
	fail "the drop-in does not use mtcore"
go list -m -f '{{.Path}} {{.Version}} is replaced by module {{.Replace.GoMod}}' github.com/gotd/ige |
	sed "s|$repo|.|"

go test -count=1 ./crypto/... ./exchange/... ./session/tdesktop/...

[ $bench = yes ] || exit 0

# Two binaries take turns, so that both see the machine in the same state.
echo "== Cipher with gotd/ige (before) and with the drop-in (after), median of $count"
for side in before after; do
	(cd "$tmp/$side" && go test -c -o "$tmp/$side.test" ./crypto)
done
run=0
while [ $run -lt "$count" ]; do
	for side in before after; do
		(cd "$tmp/$side/crypto" && "$tmp/$side.test" -test.run '^$' -test.bench '^BenchmarkCipher$' -test.benchtime 200ms) \
			>"$tmp/output" || fail "the benchmark failed: $(cat "$tmp/output")"
		sed -n "s/^BenchmarkCipher/$side &/p" "$tmp/output"
	done
	run=$((run + 1))
done >"$tmp/results"

awk '
# side name-procs iterations ns "ns/op" MB/s "MB/s" bytes "B/op" allocs "allocs/op"
{
	name = $2
	sub(/^BenchmarkCipher\//, "", name)
	sub(/-[0-9]+$/, "", name)
	if (!(name in seen)) { seen[name]; names[++n] = name }
	ns[$1, name, ++runs[$1, name]] = $4
	allocs[$1, name] = $(NF - 1)
}
function median(side, name,   m, i, j, x, v) {
	m = runs[side, name]
	for (i = 1; i <= m; i++) {
		x = ns[side, name, i]
		for (j = i - 1; j >= 1 && v[j] > x; j--) v[j + 1] = v[j]
		v[j + 1] = x
	}
	return m % 2 ? v[(m + 1) / 2] : (v[m / 2] + v[m / 2 + 1]) / 2
}
END {
	if (n == 0) { print "testtd: no results" > "/dev/stderr"; exit 1 }
	printf "%-36s %13s %13s %8s  %s\n", "", "before ns/op", "after ns/op", "speedup", "allocs/op"
	for (i = 1; i <= n; i++) {
		b = median("before", names[i])
		a = median("after", names[i])
		printf "%-36s %13.1f %13.1f %7.2fx  %d -> %d\n", names[i], b, a, b / a,
			allocs["before", names[i]], allocs["after", names[i]]
	}
}' "$tmp/results"
