#!/usr/bin/env bash
# Builds InfluxDB 2 from source, once, outside the checkout, and prints where it
# is. No package of it exists in Debian, and the tests talk to the real one.
#
# It needs a C compiler and cargo: its Flux engine is Rust inside a Go module,
# which InfluxData's own pkg-config compiles and hands to the Go linker. The
# browser's pages are not built; the server works without them.
set -euo pipefail

version=${1:-2.9.1}
dir=${CITYWATCH_CACHE:-$HOME/.cache/citywatch}/influxd-$version
if [ -x "$dir/influxd" ]; then
	echo "$dir/influxd"
	exit
fi

for tool in go cargo cc; do
	if ! command -v $tool >/dev/null; then
		echo "influxd $version needs $tool to be built: install Go, Rust (rustup.rs) and gcc" >&2
		exit 1
	fi
done

echo "building influxd $version into $dir (about 4 minutes on 2 cores)" >&2
mkdir -p "$dir"
tmp=$(mktemp -d "$dir/build.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# A module of its own, since InfluxDB's replace directives rule out `go install`
# and its dependencies must not mix with ours.
go mod init influxd2 >&2
go get -tool "github.com/influxdata/influxdb/v2/cmd/influxd@v$version" >&2
go build -mod=mod -o pkg-config github.com/influxdata/pkg-config >&2

# The installed toolchain instead of the older one that the Rust part asks
# rustup to download; newer compilers warn about it, and warnings are errors
# there unless capped.
RUSTUP_TOOLCHAIN=stable RUSTFLAGS=--cap-lints=warn PKG_CONFIG=$tmp/pkg-config CGO_ENABLED=1 \
	go build -mod=mod -tags sqlite_foreign_keys,sqlite_json \
	-ldflags "-s -w -X main.version=v$version" \
	-o influxd github.com/influxdata/influxdb/v2/cmd/influxd >&2

mv influxd "$dir/influxd"
echo "$dir/influxd"
