#!/usr/bin/env bash
# Passports of a running `haat serve` with the demonstration's data, held against software that nobody here wrote: npm jose, canonicalize and
# @noble/ed25519 (tokens and embedded proofs); PyPI dppvalidator (UNTP's schema, models and rules), openvc-core (did:web, proof and status
# list), rfc8785 and PyNaCl. Every one verifies and has no error, and none does with any one value changed. Exits 77 where the packages
# cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/outside/passport
tools=$PWD/target/outside/passport
mkdir -p "$tools"

command -v python3 >/dev/null && command -v npm >/dev/null || { echo "python3 or npm is not here"; exit 77; }
if [ ! -x "$tools/venv/bin/dppvalidator" ] || [ ! -d "$tools/venv/lib" ]; then
  python3 -m venv "$tools/venv" &&
    "$tools/venv/bin/pip" install --quiet --disable-pip-version-check dppvalidator==0.5.1 openvc-core==1.37.0 rfc8785==0.1.4 pynacl==1.6.2 ||
    { echo "the packages of PyPI cannot be had"; exit 77; }
fi
if [ ! -d "$tools/node_modules/jose" ]; then
  echo '{"private": true, "type": "module"}' >"$tools/package.json"
  (cd "$tools" && npm install --silent --no-audit --no-fund jose@6.2.18 canonicalize@4.0.0 @noble/ed25519@3.2.0) ||
    { echo "the packages of npm cannot be had"; exit 77; }
fi

[ -x target/debug/haat ] || cargo build --locked --quiet --bin haat
work=$(mktemp -d)
chmod 755 "$work"
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

target/debug/haat demo --exit --port 0 --data-dir "$work/cluster" >"$work/story" 2>&1 || { tail -n 20 "$work/story"; exit 1; }
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });')
target/debug/haat serve --development --data-dir "$work/cluster" --bind "127.0.0.1:$port" --public-url "http://127.0.0.1:$port" 2>"$work/log" &
server=$!
url=
for _ in $(seq 120); do
  url=$(sed -n 's/^listening on \(http:.*\)$/\1/p' "$work/log")
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.5
done
[ -n "$url" ] || { cat "$work/log"; exit 1; }

node "$here/collect.mjs" "$url" "$work/kept.json" 40
# Where its packages are: node looks for them beside the script.
cp "$here/check.mjs" "$tools/check.mjs"
node "$tools/check.mjs" "$work/kept.json"
"$tools/venv/bin/python" "$here/check.py" "$work/kept.json"
