#!/usr/bin/env bash
# Fails when something that is made from other files is not what making it again
# gives: go.mod and go.sum, and the pages' bundle.
set -euo pipefail
cd "$(dirname "$0")/.."

go mod tidy -diff || { echo "drift: run go mod tidy" >&2; exit 1; }

# What differs from the last commit, before and after, so that it can be run on
# a tree with changes too.
state() { git status --porcelain; git diff HEAD --binary | git hash-object --stdin; }

if [ -f dashboards/web/package.json ] && [ ! -d dashboards/web/node_modules ]; then
	echo "drift: dashboards/web/node_modules is missing, run tools/deps.sh" >&2
	exit 1
fi
before=$(state)
# The pages alone: the simulated cameras' clips take minutes to draw, and every
# version of the encoder codes them in its own way.
go generate ./dashboards/...
if ! diff <(echo "$before") <(state); then
	echo "drift: go generate changed files, commit them with their sources" >&2
	exit 1
fi
