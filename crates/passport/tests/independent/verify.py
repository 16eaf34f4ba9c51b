#!/usr/bin/env python3
"""Verifies a haat-item-bundle-v1 with software that is not Haat's: PyPI's rfc8785 (canonical JSON) and pynacl (libsodium's
Ed25519), and Python's own hashlib, base64 and json. Written from the format's description, not from the Rust code.

    pip install rfc8785 pynacl
    python3 verify.py bundle.json      # exit 0: whole and unchanged; 1: not; 2: cannot be read
"""

import base64
import hashlib
import json
import sys

import nacl.exceptions
import nacl.signing
import rfc8785

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LEAF_FIELDS = {"v", "type", "item", "seq", "prev", "day", "by", "evidence", "facts", "sd", "key"}
BATCH_EVENTS = {"created", "made", "quality_check"}
ITEM_EVENTS = {"minted", "made", "quality_check", "packed", "shipped", "sold", "sale_undone", "paid", "withdrawn"}


class Wrong(Exception):
    """Something does not hold; the message says what."""


def expect(condition, what):
    if not condition:
        raise Wrong(what)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    expect(b64(data) == text, f"{text[:20]}… has a second spelling")
    return data


def no_duplicates(pairs):
    expect(len({key for key, _ in pairs}) == len(pairs), "a key appears twice in one object")
    return dict(pairs)


def no_fractions(text):
    raise Wrong(f"{text} is not a whole number")


def strict(data):
    return json.loads(data, object_pairs_hook=no_duplicates, parse_float=no_fractions, parse_constant=no_fractions)


def check_code(code):
    """Crockford base 32 in groups of four; the polynomial over GF(32) vanishes at its generator."""
    expect([len(group) for group in code.split("-")] == [4, 4, 4], f"{code} is not a code")
    total = 0
    for character in code.replace("-", ""):
        total <<= 1
        if total & 32:
            total = (total & 31) ^ 5
        total ^= ALPHABET.index(character)
    expect(total == 0, f"the check character of {code} is wrong")


def read_keys(chain):
    keys = {}
    for key in chain["keys"]:
        expect(set(key) == {"id", "public", "by", "name"}, "a key has other fields")
        content = rfc8785.dumps([key["public"], key["by"], key["name"]])
        computed = b64(hashlib.sha256(b"haat-key-v1\n" + content).digest())
        expect(computed == key["id"], f"the id of the key of {key['name']} does not fit its contents")
        expect(key["id"] not in keys, "a key is listed twice")
        keys[key["id"]] = key
    return keys


def read_leaf(signed, keys):
    data = unb64(signed["bytes"])
    leaf = strict(data)
    expect(len(data) <= 65535, "a leaf is too long")
    expect(rfc8785.dumps(leaf) == data, "a leaf is not in canonical form")
    expect(leaf["v"] == 1 and LEAF_FIELDS - set(leaf) <= {"prev"} and set(leaf) <= LEAF_FIELDS, "a leaf has other fields")
    expect(leaf["sd"] == sorted(set(leaf["sd"])), "the digests of a leaf are not sorted")
    key = keys.get(leaf["key"])
    expect(key is not None, f"record {leaf['seq']}: unknown key")
    expect(key["by"] == leaf["by"], f"record {leaf['seq']}: the key is of someone else")
    try:
        nacl.signing.VerifyKey(unb64(key["public"])).verify(b"haat-leaf-v1\n" + data, unb64(signed["signature"]))
    except nacl.exceptions.BadSignatureError as error:
        raise Wrong(f"record {leaf['seq']}: {error}") from error
    return leaf, b64(hashlib.sha256(b"\x00" + data).digest())


def verify_chain(chain, first, events):
    """The leaves with their hashes, if all hang together."""
    keys = read_keys(chain)
    records = [read_leaf(signed, keys) for signed in chain["leaves"]]
    expect(records, "there is no record")
    previous, day = None, ""
    for seq, (leaf, digest) in enumerate(records):
        expect(leaf["seq"] == seq, f"record {seq} is missing")
        expect(leaf.get("prev") == previous, f"record {seq} does not link to the one before")
        expect(("prev" in leaf) == (seq > 0), f"record {seq}: prev must be absent at 0 only")
        expect(leaf["item"] == chain["item"], f"record {seq} is of another item")
        expect(leaf["by"] == records[0][0]["by"], f"record {seq} is asserted by someone else")
        expect(leaf["day"] >= day, f"record {seq} goes back in time")
        expect(leaf["type"] in events and (leaf["type"] == first) == (seq == 0), f"record {seq}: {leaf['type']} is misplaced")
        previous, day = digest, leaf["day"]
    expect({leaf["key"] for leaf, _ in records} == set(keys), "a key signed nothing")
    expect(chain["item"].rsplit("/", 1)[1] == chain["code"], "the code is not that of the address")
    check_code(chain["code"])
    committed = {digest for leaf, _ in records for digest in leaf["sd"]}
    expect(len(set(chain["disclosures"])) == len(chain["disclosures"]), "a disclosure is there twice")
    for disclosure in chain["disclosures"]:
        salt, name, _ = strict(unb64(disclosure))
        expect(len(unb64(salt)) == 16, f"the salt of {name} is not 16 bytes")
        expect(b64(hashlib.sha256(disclosure.encode()).digest()) in committed, f"no record holds the digest of {name}")
    return records


def verify(data):
    bundle = strict(data)
    expect(bundle.get("format") == "haat-item-bundle-v1", "not a haat-item-bundle-v1")
    fields = {"item", "code", "leaves", "disclosures", "keys"}
    expect(set(bundle) - {"log"} == fields | {"format", "batch"}, "the bundle has other fields")
    expect(set(bundle["batch"]) == fields, "the batch has other fields")
    item = verify_chain(bundle, "minted", ITEM_EVENTS)
    batch = verify_chain(bundle["batch"], "created", BATCH_EVENTS)
    minted, created = item[0][0], batch[0][0]
    expect(minted["facts"]["batch"] == bundle["batch"]["item"], "the item is of another batch")
    heads = {digest: leaf for leaf, digest in batch}
    expect(minted["facts"]["batch_head"] in heads, "the item is from a state of the batch that is not here")
    expect(minted["day"] >= heads[minted["facts"]["batch_head"]]["day"], "the item is older than its batch")
    expect(minted["by"] == created["by"], "item and batch are of different cooperatives")
    expect(1 <= minted["facts"]["serial"] <= created["facts"]["quantity"], "the batch has fewer pieces")
    return len(item), len(batch)


def main():
    try:
        with open(sys.argv[1], "rb") as file:
            data = file.read()
    except (IndexError, OSError) as error:
        print(f"cannot read a bundle: {error!r}\n{__doc__}", file=sys.stderr)
        return 2
    try:
        of_item, of_batch = verify(data)
    except (Wrong, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"NOT VALID: {error}")
        return 1
    print(f"valid: {of_item} records of the item and {of_batch} of its batch, whole and unchanged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
