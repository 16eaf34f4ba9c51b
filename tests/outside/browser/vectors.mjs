// The item page's verifier against what the Rust verifier said of the same bundles (crates/passport/tests/records/vectors.rs), and its
// hashes and signatures against published vectors. Runs in node and in a browser: `run` needs nothing but its arguments.

// FIPS 180-4's examples, RFC 8032, section 7.1 (tests 1, 2, 3 and SHA(abc)).
const HASHES = [
  ["abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"],
  ["", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"],
  ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", null],
  ["abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 1, null,
    "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"],
  ["a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"],
];
const SIGNATURES = [
  ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"],
  ["3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"],
  ["fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"],
  ["ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"],
];

export function known(module, HASHES, SIGNATURES) {
  const wrong = [];
  const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const bytes = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  for (const [text, times, short, long] of HASHES) {
    const message = new TextEncoder().encode(text.repeat(times));
    if (short && hex(module.sha256(message)) !== short) wrong.push(`SHA-256 of ${text}`);
    if (long && hex(module.sha512(message)) !== long) wrong.push(`SHA-512 of ${text}`);
  }
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  SIGNATURES.forEach(([key, message, signature], at) => {
    const verified = (k, m, s) => module.ed25519(bytes(k), bytes(m), bytes(s));
    if (!verified(key, message, signature)) wrong.push(`signature ${at} is refused`);
    if (verified(key, `${message}00`, signature)) wrong.push(`signature ${at} over another message`);
    for (let bit = 0; bit < 512; bit += 37) {
      const flipped = bytes(signature);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      if (verified(key, message, hex(flipped))) wrong.push(`signature ${at} with bit ${bit} flipped`);
    }
    // The same signature with s a group order further on, and one by a point of small order, which would fit any message.
    let s = bytes(signature).slice(32).reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n) + order;
    const further = bytes(signature);
    for (let i = 32; i < 64; i++, s >>= 8n) further[i] = Number(s & 255n);
    if (verified(key, message, hex(further))) wrong.push(`signature ${at} with s beyond the order`);
    const neutral = `01${"00".repeat(31)}`;
    if (verified(neutral, message, neutral + "00".repeat(32))) wrong.push("a key of small order");
  });
  return wrong;
}

export function compare(module, { bundles, verdicts, cases }) {
  const { base64url, canonical, parse, verify } = module;
  const utf8 = (text) => new TextEncoder().encode(text);
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const other = (letter) => (letter === "A" ? "B" : "A");
  const emptied = (value) => {
    if (typeof value === "boolean") return !value;
    if (typeof value === "string") return "";
    if (Array.isArray(value)) return [];
    return value !== null && typeof value === "object" ? {} : 0;
  };
  const CHANGES = {
    append: (value) => `${value}a`,
    first: ([letter, ...rest]) => [other(letter), ...rest].join(""),
    last: (value) => [...value].map((letter, at, all) => (at === all.length - 1 ? other(letter) : letter)).join(""),
    empty: emptied,
    null: () => null,
    more: (value) => value + 1,
    less: (value) => value - 1,
    list: (value) => [value],
  };
  const change = (document, place, how) => {
    if (place.includes("#")) {
      const [leaf, inside] = place.split("#");
      return change(document, leaf, (text) => base64url.encode(utf8(canonical(change(parse(base64url.decode(text), 1e6), inside, how)))));
    }
    const way = place.split("/").slice(1);
    if (!way.length) return typeof how === "function" ? how(document) : CHANGES[how](document);
    const key = way.pop();
    const parent = way.reduce((value, step) => value[step], document);
    if (how === "remove") Array.isArray(parent) ? parent.splice(Number(key), 1) : delete parent[key];
    else parent[key] = typeof how === "function" ? how(parent[key]) : CHANGES[how](parent[key]);
    return document;
  };
  const marks = { passed: "+", failed: "-", open: "?" };
  const [wrong, begun] = [[], performance.now()];
  let refused = 0;
  for (const [name, place, how, index] of cases) {
    let [bytes, beforehand] = [null, {}];
    if (place === "text") bytes = utf8(canonical(bundles[name]).replace(how[0], () => how[1]));
    else {
      let document = copy(bundles[name]);
      if (place === "known") beforehand = how;
      else if (place === "put") for (const [leaf, signed] of Object.entries(how)) change(document, leaf, () => signed);
      else document = change(document, place, how);
      bytes = utf8(JSON.stringify(document));
    }
    const verdict = verify(bytes, beforehand);
    const told = verdict.steps.map((step) => step.name + marks[step.outcome]).join(" ");
    refused += !verdict.ok;
    if (told !== verdicts[index] || verdict.ok === told.includes("-")) wrong.push(`${name} ${place} ${JSON.stringify(how).slice(0, 60)}: ${told}, not ${verdicts[index]}`);
  }
  return { cases: cases.length, refused, wrong, ms: performance.now() - begun };
}

export const PUBLISHED = [HASHES, SIGNATURES];
