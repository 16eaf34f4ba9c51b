#!/usr/bin/env bash
# What others' tools say of api-spec/openapi.json: a validator (PyPI openapi-spec-validator), and a typed client
# (npm openapi-typescript) whose types the TypeScript compiler takes. Exits 77 where the packages cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
spec=$PWD/api-spec/openapi.json
tools=$PWD/target/outside
mkdir -p "$tools"

command -v python3 >/dev/null && command -v npm >/dev/null || { echo "python3 or npm is not here"; exit 77; }
if [ ! -x "$tools/validate/bin/openapi-spec-validator" ]; then
  python3 -m venv "$tools/validate" && "$tools/validate/bin/pip" install --quiet --disable-pip-version-check openapi-spec-validator==0.9.0 ||
    { echo "the validator cannot be had"; exit 77; }
fi
if [ ! -x "$tools/types/node_modules/.bin/tsc" ]; then
  mkdir -p "$tools/types" && echo '{"private": true}' >"$tools/types/package.json"
  (cd "$tools/types" && npm install --silent --no-audit --no-fund openapi-typescript@7.13.0 typescript@5.9) || { echo "the generator cannot be had"; exit 77; }
fi

# It prints the whole document when it finds something: the beginning says what.
said=$("$tools/validate/bin/openapi-spec-validator" --schema 3.1 "$spec" 2>&1) || { echo "${said:0:2000}"; exit 1; }
echo "${said:0:200}"

cd "$tools/types"
node_modules/.bin/openapi-typescript "$spec" --output api.ts
# One use of it, so that an empty file would not do.
cat >use.ts <<'TS'
import type { components, operations, paths } from "./api";
type Products = paths["/v1/store/products"]["get"]["responses"]["200"]["content"]["application/json"];
export const first = (page: Products): string | undefined => page.data[0]?.price_from.formatted;
type Body = operations["create_cart"]["requestBody"]["content"]["application/json"];
export const cart: Body = { currency: "EUR", lines: [] };
export const code = (problem: components["schemas"]["Problem"]): string => problem.code;
TS
node_modules/.bin/tsc --noEmit --strict --target es2022 --module es2022 --moduleResolution bundler api.ts use.ts
# Negative control: what the document does not have is refused.
printf 'import { first } from "./use";\nexport const wrong: number = first({ data: 1 });\n' >wrong.ts
if node_modules/.bin/tsc --noEmit --strict --target es2022 --module es2022 --moduleResolution bundler wrong.ts >/dev/null; then
  echo "control: a wrong use of the types was taken"
  exit 1
fi
echo "a validator and a typed client take the document"
