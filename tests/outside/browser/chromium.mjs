// usage: node chromium.mjs CHROMIUM URL CODE VECTORS FOLDER. The item page in a real browser over plain http: its button, its file field
// with the network cut, the vectors in the module as it is served, and pictures of it in FOLDER. Exits 1 and says what is not as it should be.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare, known, PUBLISHED } from "./vectors.mjs";

const [program, url, code, vectorsPath, folder] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "chromium-"));
const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
const browser = spawn(program, options, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const fail = (why) => {
  console.log(`WRONG chromium: ${why}`);
  process.exitCode = 1;
};
const deadline = setTimeout(() => (fail("it took longer than four minutes"), browser.kill("SIGKILL"), process.exit(1)), 240000);

// The browser's own protocol: JSON messages that end in a zero byte.
let [next, rest, session] = [1, Buffer.alloc(0), undefined];
const [waiting, events] = [new Map(), []];
browser.stdio[4].on("data", (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
    const message = JSON.parse(rest.subarray(0, end).toString());
    if (message.id) waiting.get(message.id)(message);
    else events.push(message);
  }
});
const call = (method, params = {}) =>
  new Promise((done, broken) => {
    const id = next++;
    waiting.set(id, ({ result, error }) => (error ? broken(new Error(`${method}: ${error.message}`)) : done(result)));
    browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
  });
const evaluate = async (expression) => {
  const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
};
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const until = async (expression, what) => {
  for (let i = 0; i < 200; i++, await pause(50)) if (await evaluate(expression)) return;
  throw new Error(`${what} did not come`);
};
const open = async (path, lang) => {
  await call("Page.navigate", { url: `${url}${path}?lang=${lang}` });
  await until(`document.readyState === "complete" && document.documentElement.lang === "${lang}" && document.getElementById("check")?.hidden === false`, "the page");
  await evaluate(`document.querySelectorAll("details").forEach((d) => { d.open = true; })`);
};
const SHOWN = `(() => { const s = document.querySelector("#check [role=status]"); const of = (o) => [...document.querySelectorAll("#check li." + o)].filter((l) => !l.hidden).map((l) => l.dataset.step);
  return { key: Object.keys(s.dataset).find((k) => s.textContent.startsWith(s.dataset[k])), text: s.textContent, passed: of("passed"), failed: of("failed"), open: of("open") }; })()`;
const shown = async () => {
  await until(`(() => { const s = document.querySelector("#check [role=status]"); return s.textContent && s.textContent !== s.dataset.busy; })()`, "a verdict");
  return evaluate(SHOWN);
};
const expect = (what, holds, found) => (holds ? console.log(`chromium: ${what}`) : fail(`${what}: ${JSON.stringify(found)}`));
const press = async (selector) => {
  await evaluate(`document.querySelector("#check [role=status]").textContent = ""; document.querySelector(${JSON.stringify(selector)}).click()`);
  return shown();
};
const choose = async (file) => {
  await evaluate(`document.querySelector("#check [role=status]").textContent = ""`);
  const { result } = await call("Runtime.evaluate", { expression: `document.querySelector("#check input[type=file]")` });
  await call("DOM.setFileInputFiles", { files: [file], objectId: result.objectId });
  return shown();
};
const picture = async (name, width, dark) => {
  await call("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: true });
  await call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  const { data } = await call("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
  writeFileSync(join(folder, `${name}.png`), Buffer.from(data, "base64"));
};

try {
  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  session = (await call("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  for (const domain of ["Page", "Runtime", "Network", "Log", "DOM"]) await call(`${domain}.enable`);
  await open(`/i/${code}`, "en");
  expect("plain http, where a browser lends no hashes", await evaluate("!isSecureContext && crypto.subtle === undefined"));

  const online = await press("#check button[type=button]");
  expect("the button says whole", online.key === "whole" && online.passed.includes("log") && ["signer", "signer,newest"].includes(String(online.open)), online);
  const script = await evaluate(`document.querySelector("script").src`);
  const took = await evaluate(`(async () => { const { verify } = await import("${script}"); const bytes = new Uint8Array(await (await fetch("/v1/provenance/items/${code}/bundle")).arrayBuffer());
    const log = (await (await fetch("/log/key")).text()).trim(); const times = []; for (let i = 0; i < 9; i++) { const begun = performance.now(); if (!verify(bytes, { log }).ok) return -1; times.push(performance.now() - begun); }
    return { first: times[0], median: times.sort((a, b) => a - b)[4], bytes: bytes.length }; })()`);
  expect(`a record of ${took.bytes} bytes is checked in ${took.first?.toFixed(1)} ms at first, ${took.median?.toFixed(1)} ms in the median`, took.first > 0, took);

  const key = await evaluate(`document.querySelector("#check .signer").textContent.split(": ").pop()`);
  const type = (name, value) => evaluate(`document.querySelector("#check [name=${name}]").value = ${JSON.stringify(value)}`);
  await type("signer", key);
  const same = await press("#check form button");
  expect("the right fingerprint from elsewhere holds", same.key === "whole" && same.passed.includes("signer"), same);
  await type("signer", key.replace(/^./, (c) => (c === "A" ? "B" : "A")));
  const strange = await press("#check form button");
  expect("another fingerprint does not", strange.key === "broken" && String(strange.failed) === "signer", strange);
  await type("signer", "");

  const vectors = readFileSync(vectorsPath, "utf8");
  const found = await evaluate(`(async () => { const module = await import("${script}"); return [(${known})(module, ${PUBLISHED.map((v) => JSON.stringify(v))}), (${compare})(module, ${vectors})]; })()`);
  const [{ cases, refused, wrong, ms }, published] = [found[1], found[0]];
  expect(`${cases} bundles, ${refused} refused, ${wrong.length} judged otherwise, ${Math.round(ms)} ms; published vectors: ${published.length} wrong`, !wrong.length && !published.length, [published, wrong.slice(0, 5)]);

  const fetched = async (of) => JSON.parse(await evaluate(`fetch("/v1/provenance/items/${of}/bundle").then((answer) => answer.text())`));
  const save = (name, value) => {
    const file = join(folder, name);
    writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
    return file;
  };
  const whole = await fetched(code);
  const files = [save("whole.json", whole), save("other.json", JSON.parse(vectors).bundles.plain), save("noise.json", "not a record")];
  whole.leaves[0].signature = whole.leaves[0].signature.replace(/^./, (c) => (c === "A" ? "B" : "A"));
  files.push(save("changed.json", whole));

  await call("Network.emulateNetworkConditions", { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  const cut = await press("#check button[type=button]");
  expect("with the network cut, the button says so", cut.key === "unreached", cut);
  for (const [at, [key, failed]] of [["whole", ""], ["other", ""], ["unread", "file"], ["broken", "item_records"]].entries()) {
    const judged = await choose(files[at]);
    expect(`with the network cut, ${files[at].split("/").pop()} is called ${key}`, judged.key === key && String(judged.failed) === failed, judged);
  }
  await call("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });

  for (const lang of ["en", "hi"]) {
    await open(`/i/${code}`, lang);
    await press("#check button[type=button]");
    for (const dark of [false, true]) await picture(`${lang}-${dark ? "dark" : "light"}`, 360, dark);
    await choose(files[3]);
    await picture(`${lang}-broken`, 360, false);
  }
  const asked = events.filter(({ method }) => method === "Network.requestWillBeSent").map(({ params }) => params.request.url);
  const foreign = asked.filter((address) => !address.startsWith(`${url}/`) && !/^(about|data|blob|chrome):/.test(address));
  expect("nobody else was asked", !foreign.length && asked.length > 5, foreign);
  // An icon is asked for by the browser itself, and is none of the page's.
  const complaints = events.filter(({ method, params }) => method === "Log.entryAdded" && params.entry.level === "error" && !/ERR_INTERNET_DISCONNECTED/.test(params.entry.text) && !params.entry.url?.endsWith("/favicon.ico"));
  const thrown = events.filter(({ method }) => method === "Runtime.exceptionThrown");
  expect("the browser complains of nothing", !complaints.length && !thrown.length, [...complaints, ...thrown].map(({ params }) => params));
} catch (error) {
  fail(error.stack);
}
clearTimeout(deadline);
// Its helpers end a little later than it, and write until then.
browser.once("exit", () => rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
browser.kill();
