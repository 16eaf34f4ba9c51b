#!/usr/bin/env bash
# The item page's own verifier against the Rust verifier's vectors: in node, and in a real Chromium over plain http on an address that is not
# loopback, with the network and without. Exits 77 where node is not here; without Chromium, only node's part is run. PICTURES=DIR keeps pictures.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v node >/dev/null || { echo "node is not here"; exit 77; }
vectors=crates/passport/tests/records/golden/vectors.json
node tests/outside/browser/node.mjs src/provenance/page/script/verify.js "$vectors"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
address=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m 1 -E '^[0-9.]+$' || true)
if [ -z "$chromium" ] || [ -z "$address" ]; then
  echo "no Chromium or no address but loopback here: only node was asked"
  exit 0
fi

[ -x target/debug/haat ] || cargo build --locked --quiet --bin haat
work=$(mktemp -d)
chmod 755 "$work"
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
mkdir "$work/pictures"

target/debug/haat demo --exit --port 0 --data-dir "$work/cluster" >"$work/story" 2>&1 || { tail -n 20 "$work/story"; exit 1; }
# A port that is known beforehand: pictures are linked by it.
port=$(node -e 'const s = require("net").createServer().listen(0, process.argv[1], () => { console.log(s.address().port); s.close(); });' "$address")
target/debug/haat serve --development --data-dir "$work/cluster" --bind "$address:$port" --public-url "http://$address:$port" 2>"$work/log" &
server=$!
url=
for _ in $(seq 120); do
  url=$(sed -n 's/^listening on \(http:.*\)$/\1/p' "$work/log")
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.5
done
[ -n "$url" ] || { cat "$work/log"; exit 1; }

# A piece that the story sold, found as anybody can: by reading the public log.
code=$(node tests/outside/browser/piece.mjs "$url")
node tests/outside/browser/chromium.mjs "$chromium" "$url" "$code" "$vectors" "$work/pictures"
if [ -n "${PICTURES:-}" ]; then
  mkdir -p "$PICTURES"
  cp "$work"/pictures/*.png "$PICTURES"
fi
