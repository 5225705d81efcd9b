#!/usr/bin/env bash
# Builds go2rtc for the benchmark, once, outside the checkout, and prints where
# it is.
#
# Not by `go install`: that asks the module proxy which versions there are, and
# some proxies refuse it for this module.
set -euo pipefail

version=${1:-1.9.14}
dir=${CITYWATCH_CACHE:-$HOME/.cache/citywatch}/go2rtc-$version
if [ ! -x "$dir/go2rtc" ]; then
	echo "building go2rtc $version into $dir" >&2
	mkdir -p "$dir"
	tmp=$(mktemp -d "$dir/build.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	source=$(go mod download -json "github.com/AlexxIT/go2rtc@v$version" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
	env -u GOOS -u GOARCH CGO_ENABLED=0 go -C "$source" build -trimpath -ldflags="-s -w" -o "$tmp/go2rtc" . >&2
	mv "$tmp/go2rtc" "$dir/go2rtc"
fi
echo "$dir/go2rtc"
