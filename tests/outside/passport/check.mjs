// usage: node check.mjs FILE, in a folder where jose, canonicalize and @noble/ed25519 are installed. Tokens by jose; proofs by hand from the
// W3C's text with Erdtman's canonicalize and Miller's ed25519. Nothing of it is Haat's. Each credential must verify, and must not when any one
// of its values is another.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { compactVerify, importJWK } from "jose";
import canonicalize from "canonicalize";
import { verifyAsync } from "@noble/ed25519";

const { items, documents, lists, revoked } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const method = (id, kind) => {
  const document = documents[id.split("#")[0]];
  const found = document?.verificationMethod.filter((one) => one.id === id && one.type === kind && one.controller === document.id);
  if (found?.length !== 1 || !document.assertionMethod.includes(id)) throw new Error(`no key ${id}`);
  return found[0];
};
const LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const base58 = (text) => {
  if (text[0] !== "z") throw new Error("not base58");
  let number = 0n;
  for (const letter of text.slice(1)) {
    if (!LETTERS.includes(letter)) throw new Error("not base58");
    number = number * 58n + BigInt(LETTERS.indexOf(letter));
  }
  const hex = number.toString(16);
  const zeros = /^1*/.exec(text.slice(1))[0].length;
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex")]);
};
const sha256 = (value) => createHash("sha256").update(canonicalize(value)).digest();

const token = async (text) => {
  const { kid } = JSON.parse(Buffer.from(text.split(".")[0], "base64url"));
  const key = await importJWK(method(kid, "JsonWebKey").publicKeyJwk, "EdDSA");
  const { payload, protectedHeader } = await compactVerify(text, key, { algorithms: ["EdDSA"] });
  if (protectedHeader.typ !== "vc+jwt") throw new Error("another type");
  const credential = JSON.parse(Buffer.from(payload));
  if ((credential.issuer.id ?? credential.issuer) !== kid.split("#")[0]) throw new Error("another issuer");
  return credential;
};
const embedded = async (credential) => {
  const { proof, ...document } = credential;
  const { proofValue, ...options } = proof;
  if (options.type !== "DataIntegrityProof" || options.cryptosuite !== "eddsa-jcs-2022" || options.proofPurpose !== "assertionMethod") throw new Error("another proof");
  if (canonicalize(options["@context"]) !== canonicalize(document["@context"])) throw new Error("another context");
  if ((document.issuer.id ?? document.issuer) !== options.verificationMethod.split("#")[0]) throw new Error("another issuer");
  const key = base58(method(options.verificationMethod, "Multikey").publicKeyMultibase);
  if (key[0] !== 0xed || key[1] !== 0x01 || key.length !== 34) throw new Error("another key");
  const good = await verifyAsync(base58(proofValue), Buffer.concat([sha256(options), sha256(document)]), key.subarray(2));
  if (!good) throw new Error("signature");
};
const holds = (act) => act.then(() => true, () => false);
const changes = function* (value, rebuild = (new_) => new_) {
  if (value !== null && typeof value === "object")
    for (const key of Object.keys(value)) yield* changes(value[key], (inner) => rebuild(Array.isArray(value) ? value.with(+key, inner) : { ...value, [key]: inner }));
  else yield rebuild(typeof value === "string" ? (value.endsWith("1") ? value.slice(0, -1) + "2" : value.slice(0, -1) + "1") : typeof value === "number" ? value / 2 + 0.125 : !value);
};
const fail = (...why) => {
  console.log("WRONG", ...why);
  process.exit(1);
};

let refused = 0;
const all = [...items, ...Object.entries(lists).map(([code, forms]) => ({ code, ...forms }))];
for (const [at, one] of all.entries()) {
  const { proof, ...plain } = JSON.parse(one.embedded);
  if (canonicalize(JSON.parse(one.embedded)) !== one.embedded) fail(one.code, "is not canonical");
  if (!(await holds(embedded(JSON.parse(one.embedded))))) fail(one.code, "proof");
  if (canonicalize(await token(one.token)) !== canonicalize(plain)) fail(one.code, "the two forms differ");
  // Every value of the first few, and of the lists: changing them all of all takes minutes and shows no more.
  if (at >= 3 && at < items.length) continue;
  const [header, , signature] = one.token.split(".");
  for (const changed of changes({ ...plain, proof })) {
    if (await holds(embedded(changed))) fail(one.code, "was taken with a change:", JSON.stringify(changed));
    refused++;
  }
  for (const changed of changes(plain)) {
    const forged = [header, Buffer.from(canonicalize(changed)).toString("base64url"), signature].join(".");
    if (await holds(token(forged))) fail(one.code, "a token was taken with a change");
    refused++;
  }
  for (const changed of changes(JSON.parse(Buffer.from(header, "base64url")))) {
    const forged = [Buffer.from(canonicalize(changed)).toString("base64url"), ...one.token.split(".").slice(1)].join(".");
    if (await holds(token(forged))) fail(one.code, "a token was taken with another header");
    refused++;
  }
  const bytes = Buffer.from(signature, "base64url");
  for (let bit = 0; bit < 512; bit += 3) {
    const other = Buffer.from(bytes);
    other[bit >> 3] ^= 1 << (bit & 7);
    if (await holds(token([...one.token.split(".").slice(0, 2), other.toString("base64url")].join(".")))) fail(one.code, "another signature was taken");
    refused++;
  }
}
if (!items.some(({ code }) => code === revoked)) fail("the revoked passport is not among them");
console.log(`jose, canonicalize and @noble/ed25519: ${all.length} credentials verify in both forms, ${refused} changed ones are refused`);
