#!/usr/bin/env bash
# Go's own implementation of such logs (Debian: golang-go and golang-golang-x-mod-dev; sumdb/note and sumdb/tlog) against a running
# `haat serve` with the demonstration's data: every entry's inclusion, every pair of trees' consistency, the
# note's signature, and that of a witness (`haat witness`), which the service asks by itself.
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
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

# A world with sold, shipped and paid pieces, then the same data served.
target/debug/haat demo --exit --port 0 --data-dir "$work/cluster" >"$work/story" 2>&1 || { tail -n 20 "$work/story"; exit 1; }
# started NAME LINE COMMAND…: in the background; what stands behind LINE in what it says is `found`, its process `started`.
started() {
  local name=$1 line=$2
  shift 2
  "$@" >"$work/$name.out" 2>"$work/$name" &
  started=$!
  servers+=("$started")
  found=
  for _ in $(seq 120); do
    found=$(sed -n "s/^$line\(http:.*\)\$/\1/p" "$work/$name")
    [ -n "$found" ] && return
    kill -0 "$started" 2>/dev/null || break
    sleep 0.5
  done
  cat "$work/$name"
  exit 1
}
serve() { started "$1" "listening on " target/debug/haat serve --development --data-dir "$work/cluster" --bind 127.0.0.1:0 "${@:2}"; }

# Its key is read first: a witness is told of the logs that it watches.
serve before
before=$started
key=$(curl -sf "$found/log/key" 2>/dev/null || wget -qO- "$found/log/key")
kill "$before" && wait "$before" 2>/dev/null || true
started witness "witness listening on " target/debug/haat witness --dir "$work/book" --name north.example/witness --log "$key" --bind 127.0.0.1:0
witness=$(cat "$work/witness.out")
printf 'log %s\nwitness north %s %s\nquorum north\n' "$key" "$witness" "$found" >"$work/policy"
serve log --log-policy "$work/policy"
url=$found

GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/cache" go build -o "$work/check" tests/outside/log/check.go
"$work/check" "$url/log" "$witness"
# Control: a server that changes one byte of what it serves is refused.
if "$work/check" "$url/log" "$witness" tamper >"$work/control" 2>&1; then
  echo "control: a changed log was believed"
  exit 1
fi
echo "control: a changed log is refused ($(tail -n 1 "$work/control"))"
