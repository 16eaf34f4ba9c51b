#!/usr/bin/env bash
# Go's own implementation of such logs (Debian: golang-go and golang-golang-x-mod-dev; sumdb/note and sumdb/tlog) against a running
# `haat serve` with the demonstration's data: every entry's inclusion, every pair of trees' consistency, and the note's signature.
# Exits 77 where the packages cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=/usr/share/gocode/src/golang.org/x/mod/sumdb
if ! command -v go >/dev/null || [ ! -d "$packages/tlog" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends golang-go golang-golang-x-mod-dev >/dev/null 2>&1 || true
  fi
fi
command -v go >/dev/null && [ -d "$packages/tlog" ] || { echo "Go or its package x/mod is not here"; exit 77; }

[ -x target/debug/haat ] || cargo build --locked --quiet --bin haat
work=$(mktemp -d)
chmod 755 "$work"
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

# A world with sold, shipped and paid pieces, then the same data served.
target/debug/haat demo --exit --port 0 --data-dir "$work/cluster" >"$work/story" 2>&1 || { tail -n 20 "$work/story"; exit 1; }
target/debug/haat serve --development --data-dir "$work/cluster" --bind 127.0.0.1:0 2>"$work/log" &
server=$!
url=
for _ in $(seq 120); do
  url=$(sed -n 's/^listening on \(http:.*\)$/\1/p' "$work/log")
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.5
done
[ -n "$url" ] || { cat "$work/log"; exit 1; }

GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/cache" go build -o "$work/check" tests/outside/log/check.go
"$work/check" "$url/log"
# Control: a server that changes one byte of what it serves is refused.
if "$work/check" "$url/log" tamper >"$work/control" 2>&1; then
  echo "control: a changed log was believed"
  exit 1
fi
echo "control: a changed log is refused ($(tail -n 1 "$work/control"))"
