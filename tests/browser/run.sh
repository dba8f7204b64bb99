#!/bin/sh
# Runs the browser tests: run.sh [binary]. Exit code 77 (skipped) when node, npm or chromium are missing.
set -eu
cd "$(dirname "$0")"
[ $# -eq 0 ] || BINARY=$(realpath "$1")
export BINARY="${BINARY:-$(realpath ../../build/release/evenkeel)}"
for tool in node npm chromium; do
  command -v "$tool" >/dev/null || { echo "browser tests skipped: $tool is not installed"; exit 77; }
done
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --silent
exec node --test stats.test.mjs
