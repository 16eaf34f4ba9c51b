#!/usr/bin/env bash
# Schemathesis (PyPI) against a running `haat serve` on a private cluster, for a bounded time: first as nobody, then as somebody who
# manages a cooperative and operates the platform. No 5xx but 503, no status, media type or shape that the document does not have.
# Usage: schemathesis.sh [SECONDS, 80 if absent] [SEED]. Exits 77 where the package cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-80}
seed=${2:-20261125}
tools=$PWD/target/outside
mkdir -p "$tools"

command -v python3 >/dev/null || { echo "python3 is not here"; exit 77; }
if [ ! -x "$tools/schemathesis/bin/schemathesis" ]; then
  python3 -m venv "$tools/schemathesis" && "$tools/schemathesis/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5 ||
    { echo "schemathesis cannot be had"; exit 77; }
fi
[ -x target/debug/haat ] || cargo build --locked --quiet --bin haat

work=$(mktemp -d)
chmod 755 "$work"
target/debug/haat serve --development --data-dir "$work/cluster" --bind 127.0.0.1:0 2>"$work/log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 120); do
  url=$(sed -n 's/^listening on \(http:.*\)$/\1/p' "$work/log")
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.5
done
[ -n "$url" ] || { cat "$work/log"; exit 1; }

# Somebody who may do everything, by the same rows that the program writes.
psql=$(command -v psql || ls /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -n 1)
token=session_of_schemathesis
hash=$(printf %s "$token" | sha256sum | cut -d ' ' -f 1)
socket=$(sed -n 5p "$(find "$work/cluster" -name postmaster.pid)")
"$psql" --quiet --set ON_ERROR_STOP=1 --host "$socket" --username haat postgres <<SQL
INSERT INTO cooperatives (id, slug, name, legal_form, about, country, district, currency, locale, state, commission_bp, premium_bp, contact_email, version, created_at, updated_at)
  VALUES ('019ab000-0000-7000-8000-000000000001', 'bagru', 'Bagru', 'society', '', 'IN', 'Jaipur', 'INR', 'hi', 'approved', 1500, 1000, 'b@coop.example', 1, '2026-01-01', '2026-01-01');
INSERT INTO accounts (id, email, name, locale, created_at, updated_at)
  VALUES ('019ab000-0000-7000-8000-000000000002', 'all@people.example', 'A', 'en', '2026-01-01', '2026-01-01');
INSERT INTO memberships (id, account_id, coop_id, role, created_at) VALUES
  ('019ab000-0000-7000-8000-000000000003', '019ab000-0000-7000-8000-000000000002', '019ab000-0000-7000-8000-000000000001', 'manager', '2026-01-01'),
  ('019ab000-0000-7000-8000-000000000004', '019ab000-0000-7000-8000-000000000002', NULL, 'operator', '2026-01-01');
INSERT INTO sessions (id, account_id, token_hash, created_at, expires_at)
  VALUES ('019ab000-0000-7000-8000-000000000005', '019ab000-0000-7000-8000-000000000002', '\\x$hash', '2026-01-01', '2099-01-01');
INSERT INTO fx_rates VALUES ('EUR', 'INR', '2026-01-02', '100.00', 'an example');
SQL

# Ours is the only cooperative: random names would only ever meet 404.
cat >"$work/schemathesis.toml" <<'TOML'
[parameters]
coop = "bagru"
TOML
# 503 is an honest answer and documented; every other 5xx fails by its status. 429 would hide the rest: stay below the limit.
checks=status_code_conformance,content_type_conformance,response_schema_conformance
run() {
  timeout --kill-after 10 $(($1 + 60)) "$tools/schemathesis/bin/schemathesis" --config-file "$work/schemathesis.toml" run "$url/openapi.json" \
    --checks "$checks" --max-time "$1" --seed "$seed" --rate-limit 18/s --phases examples,coverage,fuzzing --no-color --warnings off \
    --exclude-operation-id delete_session --exclude-operation-id delete_all_sessions --exclude-operation-id update_password "${@:2}"
}
outcome=0
run $((seconds / 4)) || outcome=1
run $((seconds * 3 / 4)) --header "Authorization: Bearer $token" || outcome=1
if grep -E '"level":"ERROR"| ERROR ' "$work/log" | head -n 20; then
  echo "the server's log has errors"
  outcome=1
fi
exit $outcome
