#!/usr/bin/env bash
# Builds vmalert and the VictoriaMetrics that it asks, for the benchmark, once,
# outside the checkout, and prints the folder where they are.
#
# Not by `go install`: that asks the module proxy which versions there are, and
# some proxies refuse it for this module.
set -euo pipefail

version=${1:-1.130.0}
dir=${CITYWATCH_CACHE:-$HOME/.cache/citywatch}/vmalert-$version
if [ ! -x "$dir/vmalert" ] || [ ! -x "$dir/victoria-metrics" ]; then
	echo "building vmalert and VictoriaMetrics $version into $dir" >&2
	mkdir -p "$dir"
	tmp=$(mktemp -d "$dir/build.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	source=$(go mod download -json "github.com/VictoriaMetrics/VictoriaMetrics@v$version" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
	# GOOS and GOARCH would send them elsewhere, and they run here.
	env -u GOOS -u GOARCH CGO_ENABLED=0 go -C "$source" build -trimpath -ldflags="-s -w" -o "$tmp/" ./app/vmalert ./app/victoria-metrics >&2
	mv "$tmp"/vmalert "$tmp"/victoria-metrics "$dir/"
fi
echo "$dir"
