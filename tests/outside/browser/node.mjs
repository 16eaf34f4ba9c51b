// usage: node node.mjs MODULE VECTORS. Exits 1 if the module says anything else than the vectors.
import { readFileSync, writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { compare, known, PUBLISHED } from "./vectors.mjs";

const [path, vectorsPath] = process.argv.slice(2);
const vectors = JSON.parse(readFileSync(vectorsPath, "utf8"));
// As a module whatever its name ends in, and with a part of it put out of action where that is asked for.
const load = (weaken = (text) => text) => {
  const file = join(mkdtempSync(join(tmpdir(), "verifier-")), "verify.mjs");
  writeFileSync(file, weaken(readFileSync(resolve(path), "utf8")));
  return import(pathToFileURL(file));
};

const module = await load();
const wrong = known(module, ...PUBLISHED);
const { cases, refused, wrong: differing, ms } = compare(module, vectors);
[...wrong, ...differing].slice(0, 20).forEach((line) => console.log(`WRONG ${line}`));
console.log(`node: ${cases} bundles, ${refused} refused, ${differing.length} judged otherwise, ${Math.round(ms)} ms; published vectors: ${wrong.length} wrong`);
if (wrong.length + differing.length) process.exit(1);

// Controls: a verifier that lets one thing pass is found out by the vectors.
const few = { ...vectors, cases: vectors.cases.filter(([, place]) => place === "put" || place.startsWith("/log")) };
for (const guard of ["leaf.prev === before.hash", "same(utf8(canonical(leaf)), bytes)", "isIncluded(base64url.decode", "isIncluded(sha256(join([0], bytes))", "isIncluded(tip, ", "band.from_percent <= band.to_percent"]) {
  const weak = await load((text) => {
    if (!text.includes(guard)) throw new Error(`no guard ${guard}`);
    return text.replace(guard, `true || ${guard}`);
  });
  const found = compare(weak, few).wrong.length;
  console.log(`control: without "${guard}" ${found} are judged otherwise`);
  if (!found) process.exit(1);
}
