#!/usr/bin/env bash
# Builds a Go program at a fixed version, once, outside the checkout, and prints
# where it is.
#
#   tools/gotool.sh NAME VERSION PACKAGE [go install's flags...]
#
# It lands in $CITYWATCH_CACHE/NAME-VERSION/NAME, by default under
# ~/.cache/citywatch, so neither a clean checkout nor another branch builds it
# again.
set -euo pipefail

name=$1 version=$2 package=$3
shift 3

dir=${CITYWATCH_CACHE:-$HOME/.cache/citywatch}/$name-$version
if [ ! -x "$dir/$name" ]; then
	echo "building $name $version into $dir" >&2
	mkdir -p "$dir"
	# A folder of its own beside the target: two builds at once don't meet, and
	# the final rename never leaves half a program behind.
	tmp=$(mktemp -d "$dir/build.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	# GOOS and GOARCH would send it elsewhere, and it runs here.
	env -u GOOS -u GOARCH CGO_ENABLED=0 GOBIN="$tmp" \
		go install -trimpath "$@" "$package@v$version" >&2
	mv "$tmp"/* "$dir/$name"
fi
echo "$dir/$name"
