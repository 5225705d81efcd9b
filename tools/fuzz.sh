#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, each for a while.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}

grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -r -n1 dirname | sort -u | while read -r dir; do
	grep -hoE '^func Fuzz\w*' "$dir"/*_test.go | cut -d' ' -f2 | while read -r target; do
		echo "== $dir $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$dir" </dev/null
	done
done
