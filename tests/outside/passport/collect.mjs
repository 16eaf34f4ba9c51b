// usage: node collect.mjs URL FILE MAX. Reads the public log, and keeps the passports of up to MAX of its pieces in both forms, the keys that
// their issuers show, and the status lists that they name, each in both forms: all that a verifier needs, in one file. First it withdraws one
// piece as its cooperative, so that there is a revoked passport among them.
import { writeFileSync } from "node:fs";
const [url, file, most] = process.argv.slice(2);
const ask = async (path, accept, more = {}) => {
  for (let i = 0; i < 60; i++) {
    const answer = await fetch(path.startsWith("http") ? path : url + path, { ...more, headers: { accept, ...more.headers } });
    const busy = [429, 503].includes(answer.status) || answer.headers.has("retry-after");
    if (!busy) {
      if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`);
      return Buffer.from(await answer.arrayBuffer());
    }
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error(`${path} is busy`);
};
const json = async (path, more) => JSON.parse((await ask(path, "application/json", more)).toString() || "null");
const post = (path, body, headers = {}) => json(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });
const size = async () => Number((await ask("/log/checkpoint", "*/*")).toString().split("\n")[1]);
const entries = async (length) => {
  const all = [];
  for (let index = 0; index * 256 < length; index++) {
    const width = Math.min(256, length - index * 256);
    const digits = String(index).padStart(3, "0") + (width < 256 ? `.p/${width}` : "");
    const bundle = await ask(`/log/tile/entries/${digits}`, "*/*");
    for (let at = 0; at < bundle.length; ) {
      const end = at + 2 + bundle.readUInt16BE(at);
      all.push(JSON.parse(bundle.subarray(at + 2, end)));
      at = end;
    }
  }
  return all;
};

// Who just began may still be signing what is queued.
for (let i = 0; i < 60 && (await size()) < 10; i++) await new Promise((done) => setTimeout(done, 500));
const sold = (await entries(await size())).filter(({ type }) => type === "shipped").map(({ item }) => item.split("/").pop());
const session = await post("/v1/auth/sessions", { identifier: "savitri@lal-darwaza.example", password: "haat demonstration" });
const authorization = { authorization: `Bearer ${session.token}` };
const at = "/v1/manage/cooperatives/lal-darwaza-mahila-chhapai-sahkari";
// More pieces than the story sold: some with a tag of their own, on a shelf.
for (const { id } of (await json(`${at}/batches?limit=4`, { headers: authorization })).data.filter(({ quantity, minted }) => minted < quantity)) await post(`${at}/batches/${id}/items`, { count: 1 }, authorization);
const own = (await json(`${at}/items?state=shipped&limit=100`, { headers: authorization })).data.find(({ code }) => sold.includes(code));
if (!own) throw new Error("no piece of the cooperative was shipped");
const before = await size();
await post(`${at}/items/${own.id}/events`, { type: "withdrawn", reason: "stolen" }, authorization);
for (let i = 0; i < 60 && (await size()) === before; i++) await new Promise((done) => setTimeout(done, 500));

const all = await entries(await size());
const codes = [...new Set([own.code, ...sold, ...all.filter(({ type }) => type === "minted").map(({ item }) => item.split("/").pop())])].slice(0, Number(most));
const kept = { revoked: own.code, items: [], documents: {}, lists: {} };
const both = async (path) => ({ embedded: (await ask(path, "application/vc")).toString(), token: (await ask(path, "application/vc+jwt")).toString() });
const resolve = async (did) => {
  const parts = did.split(":").slice(3);
  kept.documents[did] ??= await json(parts.length ? `/${parts.join("/")}/did.json` : "/.well-known/did.json");
};
let spent = 0;
for (const code of codes) {
  const begun = performance.now();
  const forms = await both(`/v1/provenance/items/${code}/passport`);
  spent += performance.now() - begun;
  kept.items.push({ code, ...forms });
  const { issuer, credentialStatus } = JSON.parse(forms.embedded);
  await resolve(issuer.id);
  kept.lists[credentialStatus.statusListCredential] ??= await both(new URL(credentialStatus.statusListCredential).pathname);
}
for (const { embedded } of Object.values(kept.lists)) await resolve(JSON.parse(embedded).issuer);
writeFileSync(file, JSON.stringify(kept));
console.log(`${kept.items.length} passports in two forms, ${Object.keys(kept.documents).length} issuers, ${(spent / codes.length / 2).toFixed(1)} ms each over HTTP`);
