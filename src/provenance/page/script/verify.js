// An item's record, checked where it is read: nothing is asked of anybody. The rules are those of crates/passport, and both are
// held to the same vectors. Hashes and signatures are done here, because a browser has none to lend on a plain http address.
// `verify` is for other programs too: bytes of a bundle in, steps out.

const utf8 = (text) => new TextEncoder().encode(text);
const read = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const must = (holds, why) => {
  if (!holds) throw new Error(why);
};
const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
};
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

// SHA-2 (FIPS 180-4). Its constants are the first 64 bits behind the point of roots of primes; SHA-256 takes the first 32 of them.
const primes = [];
for (let n = 2; primes.length < 80; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const fraction = (prime, degree) => {
  const radicand = BigInt(prime) << (64n * degree);
  let root = 0n;
  for (let bit = 1n << 67n; bit; bit >>= 1n) if ((root + bit) ** degree <= radicand) root += bit;
  return BigInt.asUintN(64, root);
};
const K64 = primes.map((prime) => fraction(prime, 3n));
const H64 = primes.slice(0, 8).map((prime) => fraction(prime, 2n));
const high = (word) => Number(word >> 32n) | 0;
const [K32, H32] = [K64.map(high), H64.map(high)];

const padded = (message, block, length) => {
  const bytes = new Uint8Array(Math.ceil((message.length + 1 + length) / block) * block);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(bytes.length - 8, BigInt(message.length) * 8n);
  return view;
};

export function sha256(message) {
  const turn = (word, by) => (word >>> by) | (word << (32 - by));
  const [data, hash, w] = [padded(message, 64, 8), Int32Array.from(H32), new Int32Array(64)];
  for (let at = 0; at < data.byteLength; at += 64) {
    for (let i = 0; i < 64; i++) {
      const [x, y] = [w[i - 15], w[i - 2]];
      if (i < 16) w[i] = data.getInt32(at + 4 * i);
      else w[i] = w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i++) {
      const t = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K32[i] + w[i];
      const u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t) | 0, c, b, a, (t + u) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (hash[i] += word));
  }
  const out = new DataView(new ArrayBuffer(32));
  hash.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer);
}

export function sha512(message) {
  const turn = (word, by) => BigInt.asUintN(64, (word >> by) | (word << (64n - by)));
  const [data, hash, w] = [padded(message, 128, 16), BigUint64Array.from(H64), new BigUint64Array(80)];
  for (let at = 0; at < data.byteLength; at += 128) {
    for (let i = 0; i < 80; i++) {
      const [x, y] = [w[i - 15], w[i - 2]];
      if (i < 16) w[i] = data.getBigUint64(at + 8 * i);
      else w[i] = w[i - 16] + (turn(x, 1n) ^ turn(x, 8n) ^ (x >> 7n)) + w[i - 7] + (turn(y, 19n) ^ turn(y, 61n) ^ (y >> 6n));
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 80; i++) {
      const t = h + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (~e & g)) + K64[i] + w[i];
      const u = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, BigInt.asUintN(64, d + t), c, b, a, BigInt.asUintN(64, t + u)];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (hash[i] += word));
  }
  const out = new DataView(new ArrayBuffer(64));
  hash.forEach((word, i) => out.setBigUint64(8 * i, word));
  return new Uint8Array(out.buffer);
}

// Ed25519 (RFC 8032, section 5.1), as strictly as the server: s below the order, no point of small order, one encoding of R.
const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (n) => ((n %= P) < 0n ? n + P : n);
const pow = (base, exponent) => {
  let power = 1n;
  for (; exponent; exponent >>= 1n, base = (base * base) % P) if (exponent & 1n) power = (power * base) % P;
  return power;
};
const D = mod(-121665n * pow(121666n, P - 2n));
const ROOT = pow(2n, (P - 1n) / 4n);
const NEUTRAL = [0n, 1n, 1n, 0n];
const little = (bytes) => bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
const plus = ([x, y, z, t], [u, v, w, s]) => {
  const [a, b, c, d] = [((y - x) * (v - u)) % P, ((y + x) * (v + u)) % P, ((2n * t * s) % P) * D % P, (2n * z * w) % P];
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
};
const twice = ([x, y, z]) => {
  const [a, b, c] = [(x * x) % P, (y * y) % P, (2n * z * z) % P];
  const [e, g, h] = [((x + y) ** 2n - a - b) % P, b - a, -a - b];
  return [mod(e * (g - c)), mod(g * h), mod((g - c) * g), mod(e * h)];
};
const point = (bytes) => {
  const all = little(bytes);
  const y = BigInt.asUintN(255, all) % P;
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  let x = (u * pow(v, 3n) * pow(u * pow(v, 7n) % P, (P - 5n) / 8n)) % P;
  const found = (v * x * x) % P;
  if (found === mod(-u) && u) x = (x * ROOT) % P;
  else if (found !== u) return null;
  if ((x & 1n) !== all >> 255n) x = mod(-x);
  return [x, y, 1n, (x * y) % P];
};
const BASE = point(new Uint8Array(32).fill(0x66).fill(0x58, 0, 1));
const isSmall = (p) => {
  for (let i = 0; i < 3; i++) p = twice(p);
  return p[0] === 0n && p[1] === p[2];
};
// A key that may sign: 32 bytes of a point, not of small order.
const usable = (bytes) => {
  const p = bytes.length === 32 ? point(bytes) : null;
  return p && !isSmall(p);
};

export function ed25519(key, message, signature) {
  const [a, r, s] = [point(key), signature.subarray(0, 32), little(signature.subarray(32))];
  if (signature.length !== 64 || key.length !== 32 || !a || isSmall(a) || s >= ORDER) return false;
  const k = little(sha512(join(r, key, message))) % ORDER;
  const minus = [mod(-a[0]), a[1], 1n, mod(-a[3])];
  const table = [NEUTRAL, BASE, minus, plus(BASE, minus)];
  let sum = NEUTRAL;
  for (let bit = 252n; bit >= 0n; bit--) {
    sum = twice(sum);
    const which = Number(((s >> bit) & 1n) | (((k >> bit) & 1n) << 1n));
    if (which) sum = plus(sum, table[which]);
  }
  const inverse = pow(sum[2], P - 2n);
  const [x, y] = [(sum[0] * inverse) % P, (sum[1] * inverse) % P];
  return !isSmall(sum) && little(r) === (y | ((x & 1n) << 255n));
}

// Base64 in the two alphabets (RFC 4648, sections 4 and 5); a value has one spelling, so what would be written otherwise is refused.
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const coder = (letters, padding) => {
  const encode = (bytes) => {
    let out = "";
    for (let at = 0; at < bytes.length; at += 3) {
      const word = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      const some = Math.min(bytes.length - at, 3) + 1;
      for (let i = 0; i < 4; i++) out += i < some ? letters[(word >> (18 - 6 * i)) & 63] : padding;
    }
    return out;
  };
  const decode = (text) => {
    const plain = text.replace(/=+$/, "");
    const bytes = new Uint8Array((plain.length * 6) >> 3);
    for (let at = 0, bits = 0, have = 0, out = 0; at < plain.length; at++) {
      [bits, have] = [((bits << 6) | letters.indexOf(plain[at])) & 0xffff, have + 6];
      if (have >= 8) bytes[out++] = bits >> (have -= 8);
    }
    return encode(bytes) === text ? bytes : null;
  };
  return { encode, decode };
};
export const base64url = coder(LETTERS + "-_", "");
const base64 = coder(LETTERS + "+/", "=");
const bytesOf = (text, length, why) => {
  const bytes = typeof text === "string" ? base64url.decode(text) : null;
  must(bytes && (length === undefined || bytes.length === length), why);
  return bytes;
};
const leafHash = (bytes) => base64url.encode(sha256(join([0], bytes)));

// Strict JSON: no key twice, whole numbers within ±(2^53 − 1), no lone surrogates, 128 levels at most.
export function parse(bytes, limit) {
  must(bytes.length <= limit, "too long");
  let text = "";
  try {
    text = read.decode(bytes);
  } catch {
    must(false, "not UTF-8");
  }
  let at = 0;
  const space = () => {
    while (" \t\n\r".includes(text[at] || "x")) at++;
  };
  const take = (character) => text[at] === character && (at++, true);
  const need = (character) => must(take(character), `expected ${character}`);
  const string = () => {
    const start = at;
    need('"');
    for (; text[at] !== '"'; at++) {
      must(at < text.length, "a string without end");
      if (text[at] === "\\") at++;
    }
    const raw = text.slice(start, ++at);
    let value;
    try {
      value = JSON.parse(raw);
    } catch {
      must(false, "not a string");
    }
    must(!/[\ud800-\udfff]/u.test(value), "half a character");
    return value;
  };
  const value = (depth) => {
    space();
    const first = text[at];
    if (first === '"') return string();
    if (first === "{" || first === "[") {
      must(depth < 128, "nested too deep");
      at++;
      const [end, into] = first === "{" ? ["}", Object.create(null)] : ["]", []];
      space();
      if (take(end)) return into;
      do {
        space();
        if (first === "[") into.push(value(depth + 1));
        else {
          const key = string();
          must(!(key in into), "a key twice");
          space();
          need(":");
          into[key] = value(depth + 1);
        }
        space();
      } while (take(","));
      need(end);
      return into;
    }
    const word = /[-+.eE0-9]+|true|false|null/y;
    word.lastIndex = at;
    const [found] = word.exec(text) || [];
    must(found, "no value");
    at += found.length;
    if (/[a-df-z]/.test(found)) return JSON.parse(found);
    must(/^(0|-?[1-9]\d*)$/.test(found) && Number.isSafeInteger(Number(found)), "not a whole number");
    return Number(found);
  };
  const whole = value(0);
  space();
  must(at === text.length, "more than one value");
  return whole;
}

// The one canonical text of a value (RFC 8785): keys by UTF-16 code unit, the shortest escapes.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

// What values may be. A shape is a test, a list [shape] of at least one, or an object whose optional keys end in a question mark.
const isText = (v) => typeof v === "string" && (v.match(/[^]/gu) || []).length <= 200 && v !== "" && !/^\p{White_Space}|\p{White_Space}$|\p{Cc}/u.test(v);
const like = (pattern) => (v) => typeof v === "string" && pattern.test(v);
const whole = (from, to) => (v) => Number.isInteger(v) && v >= from && v <= to;
const oneOf = (...values) => (v) => values.includes(v);
const isFlag = (v) => typeof v === "boolean";
const isString = (v) => typeof v === "string";
const U32 = 2 ** 32 - 1;
const [count, some] = [whole(0, U32), whole(1, U32)];
const isDigest = (v) => isString(v) && base64url.decode(v)?.length === 32;
const isCountry = like(/^[A-Z]{2}$/);
const isDid = (v) => like(/^did:[a-z0-9]+:[\w.:%-]*[\w.%-]$/)(v) && v.length <= 256;
const isDay = (v) => {
  const [, year, month, day] = (isString(v) && /^(\d{4})-(\d\d)-(\d\d)$/.exec(v)) || [];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return year > 0 && day > 0 && day <= ([31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0);
};
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const codeOf = (item) => item.slice(item.lastIndexOf("/") + 1);
const isItem = (v) => {
  if (!like(/^https?:\/\/[\w.~:[\]-][\w.~:[\]/-]*\/(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/)(v) || v.length > 256) return false;
  // The check character: the polynomial over GF(32) must vanish at the generator.
  const times = (n) => (n & 16 ? ((n << 1) & 31) ^ 5 : n << 1);
  return [...codeOf(v).replace(/-/g, "")].reduce((sum, c) => times(sum) ^ ALPHABET.indexOf(c), 0) === 0;
};
const fits = (value, shape) => {
  if (typeof shape === "function") return shape(value);
  if (Array.isArray(shape)) return Array.isArray(value) && value.length > 0 && value.every((item) => fits(item, shape[0]));
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const names = Object.keys(shape).map((name) => name.replace("?", ""));
  return (
    Object.keys(value).every((key) => names.includes(key)) &&
    Object.entries(shape).every(([name, inner]) => {
      const key = name.replace("?", "");
      return key in value ? fits(value[key], inner) : name.endsWith("?");
    })
  );
};
const listOf = (shape) => (v) => Array.isArray(v) && v.every((item) => fits(item, shape));

const PHOTOS = [{ sha256: isDigest, bytes: count, media_type: isText }];
const FACTS = {
  created: { title: isText, "category?": isText, "craft?": isText, quantity: some, "photos?": PHOTOS },
  made: {
    makers: some,
    "craft?": isText,
    "steps?": [{ technique: isText, "minutes?": count }],
    "materials?": [{ name: isText, country: isCountry, fraction: like(/^(0|1|0\.\d{0,5}[1-9])$/), local: isFlag }],
    "place?": { district: isText, country: isCountry, "latitude_tenths?": whole(-900, 900), "longitude_tenths?": whole(-1800, 1800) },
    "photos?": PHOTOS,
  },
  quality_check: { passed: isFlag, "checks?": [isText], "photos?": PHOTOS },
  minted: { batch: isItem, batch_head: isDigest, serial: some, claim: isDigest },
  packed: {},
  shipped: { "carrier?": isText, "destination?": isCountry },
  sold: {},
  sale_undone: { reason: oneOf("cancelled", "refunded", "returned") },
  withdrawn: { reason: oneOf("lost", "stolen", "destroyed", "recalled", "tag_copied") },
  paid: { makers: some, "share_of_price?": { from_percent: whole(0, 100), to_percent: whole(0, 100) } },
};
const OPENS = { created: "batch", minted: "item" };
const LEAF = {
  v: oneOf(1),
  type: (v) => isString(v) && Object.hasOwn(FACTS, v),
  item: isItem,
  seq: count,
  "prev?": isDigest,
  day: isDay,
  by: isDid,
  evidence: oneOf("self", "cooperative", "counterparty", "third_party", "ledger"),
  facts: (v) => v !== null && typeof v === "object" && !Array.isArray(v),
  sd: listOf(isDigest),
  key: isDigest,
};
const isEventId = like(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const millionths = (share) => Number(share[0]) * 1e6 + Number((share.slice(2) + "000000").slice(0, 6));

const parseLeaf = (bytes) => {
  const leaf = parse(bytes, 65535);
  must(fits(leaf, LEAF), "fields");
  const { type, seq, prev, evidence, facts, sd } = leaf;
  must(fits(facts, { ...FACTS[type], "event?": isEventId }), "facts");
  const { materials = [], place = {}, share_of_price: band } = facts;
  must(!materials.length || materials.reduce((sum, material) => sum + millionths(material.fraction), 0) === 1e6, "materials");
  must("latitude_tenths" in place === "longitude_tenths" in place, "place");
  must(!band || band.from_percent <= band.to_percent, "share of the price");
  must((type in OPENS) === (seq === 0), "beginning");
  must((prev === undefined) === (seq === 0), "prev");
  must(type !== "paid" || !["self", "third_party"].includes(evidence), "evidence");
  must(sd.every((digest, at) => at === 0 || sd[at - 1] < digest), "order of digests");
  must(same(utf8(canonical(leaf)), bytes), "not canonical");
  return { ...leaf, bytes, hash: leafHash(bytes) };
};

// The document, before anything in it is believed.
const CHAIN = {
  item: isString,
  code: isString,
  leaves: listOf({ bytes: isString, signature: isString }),
  disclosures: listOf(isString),
  keys: listOf({ id: isString, public: isString, by: isString, name: isString }),
};
const INDEX = whole(0, Number.MAX_SAFE_INTEGER);
const TIP = { place: INDEX, seq: count, path: listOf(isDigest) };
const TIPS = { entry: isString, index: INDEX, path: listOf(isDigest), "item?": TIP, "batch?": TIP };
const COUNT = { v: oneOf(1), type: oneOf("tips"), day: isDay, chains: INDEX, root: isDigest };
const PLACES = listOf((v) => v === null || fits(v, { index: INDEX, path: listOf(isDigest) }));
const DOCUMENT = { ...CHAIN, format: oneOf("haat-item-bundle-v1"), batch: CHAIN, "log?": { checkpoint: isString, item: PLACES, batch: PLACES, "tips?": TIPS } };

const readKeys = (chain) => {
  const keys = new Map();
  chain.keys.forEach((key, at) => {
    must(usable(bytesOf(key.public, 32, `key ${at}`)) && isDid(key.by) && isText(key.name), `key ${at}`);
    const id = base64url.encode(sha256(utf8(`haat-key-v1\n${canonical([key.public, key.by, key.name])}`)));
    must(id === key.id && !keys.has(id), `id of key ${at}`);
    keys.set(id, key);
  });
  return keys;
};

const readRecords = (chain, keys, kind) => {
  const leaves = chain.leaves.map(({ bytes, signature }, at) => {
    const why = `record ${at}`;
    try {
      return { ...parseLeaf(bytesOf(bytes, undefined, "encoding")), signature: bytesOf(signature, 64, "encoding of the signature") };
    } catch (error) {
      throw new Error(`${why}: ${error.message}`);
    }
  });
  must(leaves.length > 0, "no record");
  const first = leaves[0];
  must(OPENS[first.type] === kind, "not a history of this kind");
  leaves.forEach((leaf, at) => {
    const [before, why] = [leaves[at - 1], `record ${at}`];
    must(leaf.seq === at, `${why}: gap`);
    if (before) {
      must(leaf.item === before.item, `${why}: another item`);
      must(leaf.prev === before.hash, `${why}: link`);
      must(leaf.day >= before.day, `${why}: day`);
      must(kind === "item" ? leaf.type !== "created" : ["made", "quality_check"].includes(leaf.type), `${why}: misplaced`);
    }
    must(leaf.by === first.by, `${why}: another voice`);
    const key = keys.get(leaf.key);
    must(key && key.by === leaf.by, `${why}: key`);
    must(ed25519(bytesOf(key.public, 32), join(utf8("haat-leaf-v1\n"), leaf.bytes), leaf.signature), `${why}: signature`);
  });
  must([...keys.keys()].every((id) => leaves.some((leaf) => leaf.key === id)), "a key that signed nothing");
  return leaves;
};

const readAddress = (chain, [first]) => must(chain.item === first.item && chain.code === codeOf(first.item), "not that of the records");

const readDisclosures = (chain, leaves) => {
  const digests = new Set(leaves.flatMap((leaf) => leaf.sd));
  chain.disclosures.forEach((text, at) => {
    const why = `disclosure ${at}`;
    const bytes = bytesOf(text, undefined, why);
    const parts = parse(bytes, 65535);
    must(Array.isArray(parts) && parts.length === 3 && same(utf8(canonical(parts)), bytes), why);
    bytesOf(parts[0], 16, why);
    must(like(/^[a-z][a-z0-9_]{0,63}$/)(parts[1]), why);
    must(chain.disclosures.indexOf(text) === at, `${why}: twice`);
    must(digests.has(base64url.encode(sha256(utf8(text)))), `${why}: not of these records`);
  });
};

const readOrigin = ([minted], batch) => {
  const facts = minted.facts;
  must(facts.batch === batch[0].item, "another batch");
  const head = batch.find((leaf) => leaf.hash === facts.batch_head);
  must(head, "a state of the batch that is not here");
  must(minted.day >= head.day, "older than its batch");
  must(minted.by === batch[0].by, "another cooperative");
  must(facts.serial <= batch[0].facts.quantity, "more pieces than were made");
};

// Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint).
const NAME = /[\p{White_Space}\p{Cc}+]/u;
const parseNote = (note) => {
  const at = note.lastIndexOf("\n\n");
  must(utf8(note).length <= 65536 && at >= 0 && note.endsWith("\n") && note.length >= at + 3, "not a note");
  const text = note.slice(0, at + 1);
  must(!/[\0-\x09\x0b-\x1f]/.test(text), "control characters in a note");
  const signatures = note.slice(at + 2, -1).split("\n").map((line) => {
    const [, name, encoded] = /^— ([^ ]*) ([^]*)$/.exec(line) || [];
    const bytes = encoded === undefined ? null : base64.decode(encoded);
    must(name && !NAME.test(name) && bytes && bytes.length > 4, "a line of a note");
    return { name, id: base64url.encode(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
  });
  return { text, signatures };
};
const parseLogKey = (vkey) => {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([^]*)$/.exec(vkey) || [];
  const key = encoded ? base64.decode(encoded) : null;
  must(key && key[0] === 1 && usable(key.subarray(1)) && !NAME.test(name), "not a key of a log");
  const hash = sha256(join(utf8(`${name}\n`), key)).subarray(0, 4);
  must([...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("") === id, "not a key of a log");
  return { name, id: base64url.encode(hash), key: key.subarray(1) };
};
const decimal = (text) => (/^(0|[1-9]\d{0,19})$/.test(text ?? "") && BigInt(text) < 1n << 64n ? BigInt(text) : null);

// A log may have had several keys: one that signed is enough, and each that says it did must have.
const readCheckpoint = (note, logs) => {
  const { text, signatures } = parseNote(note);
  const lines = signatures.flatMap((line) => logs.filter(({ name, id }) => line.name === name && line.id === id).map((log) => ({ ...line, log })));
  must(!logs.length || lines.length > 0, "not signed by this log");
  must(lines.every(({ log, signature }) => ed25519(log.key, utf8(text), signature)), "signature of the log");
  const [origin, digits, encoded] = text.split("\n");
  const [size, root] = [decimal(digits), encoded === undefined ? null : base64.decode(encoded)];
  must(origin && size !== null && root?.length === 32, "not a checkpoint");
  must(lines.every(({ log }) => origin === log.name), "another log");
  return { origin, size, root };
};

// RFC 9162, section 2.1.3.2.
const isIncluded = (hash, index, size, path, root) => {
  if (index >= size) return false;
  let [at, last] = [index, size - 1n];
  for (const sibling of path) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      hash = sha256(join([1], sibling, hash));
      for (; !(at & 1n) && at; at >>= 1n) last >>= 1n;
    } else hash = sha256(join([1], hash, sibling));
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && same(hash, root);
};

const readLog = (log, chains, keys) => {
  const checkpoint = readCheckpoint(log.checkpoint, keys);
  let [inside, records] = [0, 0];
  for (const [kind, leaves] of Object.entries(chains)) {
    must(log[kind].length === leaves.length, "not one place for each record");
    records += leaves.length;
    log[kind].forEach((entry, at) => {
      if (!entry) return;
      must(isIncluded(base64url.decode(leaves[at].hash), BigInt(entry.index), checkpoint.size, digests(entry.path), checkpoint.root), `${kind} record ${at}: proof`);
      inside++;
    });
  }
  return { origin: checkpoint.origin, size: String(checkpoint.size), signed: keys.length > 0, inside, records, checkpoint };
};

// The log's count of newest records: nothing was left off up to its day. Gives the day, or nothing if these chains are not in it.
const digests = (path) => path.map((hash) => base64url.decode(hash));
const readTips = ({ entry, index, path, ...places }, chains, { size, root }) => {
  const bytes = bytesOf(entry, undefined, "count");
  const count = parse(bytes, 65535);
  must(fits(count, COUNT) && same(utf8(canonical(count)), bytes), "not a count");
  must(isIncluded(sha256(join([0], bytes)), BigInt(index), size, digests(path), root), "a count of another log");
  for (const [kind, { place, seq, path: way }] of Object.entries(places)) {
    const leaf = chains[kind][seq];
    const tip = leaf && sha256(join([0], utf8(canonical([leaf.item, seq, leaf.hash]))));
    must(tip && isIncluded(tip, BigInt(place), BigInt(count.chains), digests(way), base64url.decode(count.root)), `${kind}: records left off`);
  }
  return places.item && places.batch && count.day;
};

// Checks a bundle. `known.keys`: ids of keys that must have signed; `known.log`: the keys that the log may have, as name+hash+key, a line each.
// Gives `{ok, steps: [{name, outcome: "passed" | "failed" | "open", why}], code, signers, log}`; what follows a failed step may be missing.
export function verify(bytes, known = {}) {
  const result = { ok: false, steps: [], code: null, signers: [], log: null };
  const step = (name, outcome, why = "") => result.steps.push({ name, outcome, why });
  const take = (name, act) => {
    try {
      const value = act();
      step(name, "passed");
      return value ?? true;
    } catch (error) {
      step(name, "failed", error.message);
      return null;
    }
  };
  const bundle = take("file", () => {
    const value = parse(bytes, 16 * 1024 * 1024);
    must(fits(value, DOCUMENT), "not the fields of a record");
    return value;
  });
  if (!bundle) return result;
  result.code = bundle.code;
  const history = (chain, kind) => {
    const keys = take(`${kind}_keys`, () => readKeys(chain));
    const leaves = keys && take(`${kind}_records`, () => readRecords(chain, keys, kind));
    if (!leaves) return null;
    const address = take(`${kind}_address`, () => readAddress(chain, leaves));
    const open = take(`${kind}_disclosures`, () => readDisclosures(chain, leaves));
    return address && open && leaves;
  };
  const [item, batch] = [history(bundle, "item"), history(bundle.batch, "batch")];
  if (!item || !batch) return result;
  take("origin", () => readOrigin(item, batch));
  for (const { id, name } of [...bundle.keys, ...bundle.batch.keys]) if (!result.signers.some((signer) => signer.id === id)) result.signers.push({ id, name });
  if (!known.keys) step("signer", "open");
  else take("signer", () => must(result.signers.every(({ id }) => known.keys.includes(id)), "a key that is not among the known ones"));
  if (!bundle.log) {
    if (known.log) step("log", "failed", "no proofs of the log");
    else step("log", "open");
  } else {
    try {
      const { checkpoint, ...log } = readLog(bundle.log, { item, batch }, (known.log || "").split(/\s+/).filter(Boolean).map(parseLogKey));
      result.log = log;
      step("log", log.signed && log.inside === log.records ? "passed" : "open");
      try {
        const day = bundle.log.tips && readTips(bundle.log.tips, { item, batch }, checkpoint);
        if (day) log.day = day;
        step("newest", day && log.signed ? "passed" : "open", day || "");
      } catch (error) {
        step("newest", "failed", error.message);
      }
    } catch (error) {
      step("log", "failed", error.message);
    }
  }
  result.ok = result.steps.every(({ outcome }) => outcome !== "failed");
  return result;
}
