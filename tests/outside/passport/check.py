"""usage: check.py FILE. Passports by four packages of PyPI, none of which is Haat's: dppvalidator (the UNTP schema, models and rules),
openvc-core (the whole way from credential to did:web to status list), rfc8785 and PyNaCl (the embedded proof, by the W3C's text).
openvc-core's own lane for tokens wants the member `vc` of the first data model, which VC-JOSE-COSE forbids: tokens are read by PyJWT here,
through dppvalidator, and by jose in check.mjs."""

import copy
import hashlib
import json
import sys

import rfc8785
from base58 import b58decode
from dppvalidator.validators import ValidationEngine
from dppvalidator.verifier.signatures import verify_jws
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from openvc.did.did_web import DidWebResolver
from openvc.errors import OpenvcError
from openvc.status import CredentialRevoked
from openvc.verify import VerificationPolicy, verify_credential

kept = json.load(open(sys.argv[1]))
documents = {f"https://{did.removeprefix('did:web:').replace(':', '/')}/did.json": document for did, document in kept["documents"].items()}
documents |= {url.replace("/did.json", "/.well-known/did.json"): document for url, document in documents.items() if url.count("/") == 3}


def fail(*why):
    print("WRONG", *why)
    sys.exit(1)


def fetch(url):
    return documents[url]


resolver = DidWebResolver(fetch)


def method(name, kind):
    document = kept["documents"][name.split("#")[0]]
    (found,) = [one for one in document["verificationMethod"] if one["id"] == name and one["type"] == kind]
    assert name in document["assertionMethod"]
    return found


def proven(credential):
    """VC Data Integrity EdDSA Cryptosuites 1.0, section 3.3.2."""
    proof = dict(credential["proof"])
    value = proof.pop("proofValue")
    document = {key: inner for key, inner in credential.items() if key != "proof"}
    if (proof["type"], proof["cryptosuite"], proof["proofPurpose"]) != ("DataIntegrityProof", "eddsa-jcs-2022", "assertionMethod"):
        return False
    message = b"".join(hashlib.sha256(rfc8785.dumps(part)).digest() for part in (proof, document))
    try:
        issuer = document["issuer"]["id"] if isinstance(document["issuer"], dict) else document["issuer"]
        if proof["verificationMethod"].split("#")[0] != issuer or value[0] != "z":
            return False
        key = b58decode(method(proof["verificationMethod"], "Multikey")["publicKeyMultibase"][1:])
        VerifyKey(key[2:]).verify(message, b58decode(value[1:]))
        return key[:2] == b"\xed\x01"
    except (BadSignatureError, KeyError, ValueError, AssertionError):
        return False


def list_of(url):
    """The status list, itself verified."""
    credential = json.loads(kept["lists"][url]["embedded"])
    verify_credential(credential, resolver=resolver)
    return credential


platform = json.loads(next(iter(kept["lists"].values()))["embedded"])["issuer"]
strict = VerificationPolicy(require_status_issuer_binding=True, status_issuer_allowlist=frozenset([platform]))


def whole_way(credential):
    return verify_credential(credential, resolver=resolver, resolve_status_list=list_of, policy=strict)


def changes(value):
    """Each value in turn, made another."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for new in changes(inner):
                yield {**value, key: new}
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            for new in changes(inner):
                yield [*value[:at], new, *value[at + 1 :]]
    elif isinstance(value, str):
        yield value[:-1] + ("2" if value.endswith("1") else "1")
    elif isinstance(value, bool):
        yield not value
    else:
        yield value / 2 + 0.125


engine = ValidationEngine(schema_version="0.7.0", strict_role_enum=True, load_plugins=False)
refused = warned = 0
for at, item in enumerate(kept["items"]):
    credential = json.loads(item["embedded"])
    result = engine.validate(copy.deepcopy(credential))
    if result.errors or not result.valid:
        fail(item["code"], result.errors)
    warned += len(result.warnings)
    if not proven(credential):
        fail(item["code"], "rfc8785 and PyNaCl")
    kid = json.loads(__import__("base64").urlsafe_b64decode(item["token"].split(".")[0] + "=="))["kid"]
    good, payload = verify_jws(item["token"], method(kid, "JsonWebKey")["publicKeyJwk"])
    if not good or payload != {key: inner for key, inner in credential.items() if key != "proof"}:
        fail(item["code"], "the token")
    try:
        found = whole_way(credential)
        if item["code"] == kept["revoked"] or found.status.revoked or found.issuer != credential["issuer"]["id"]:
            fail(item["code"], "openvc-core took a revoked passport")
    except CredentialRevoked:
        if item["code"] != kept["revoked"]:
            fail(item["code"], "openvc-core holds it for revoked")
    if at >= 3:
        continue
    for changed in changes(credential):
        if proven(changed):
            fail(item["code"], "taken with a change", changed)
        # openvc-core puts the document's contexts in the place of the proof's own, which it does not look at.
        if changed["proof"]["@context"] != credential["proof"]["@context"]:
            continue
        try:
            whole_way(changed)
            fail(item["code"], "openvc-core took it with a change", changed)
        except OpenvcError:
            refused += 1

# Controls: what is no passport is found out, and a list that was changed too.
wrong = json.loads(kept["items"][0]["embedded"])
del wrong["credentialSubject"]["idGranularity"]
if not engine.validate(wrong).errors:
    fail("control: a passport without its granularity was taken")
for url, forms in kept["lists"].items():
    for changed in changes(json.loads(forms["embedded"])):
        if proven(changed):
            fail(url, "taken with a change")
print(f"dppvalidator: {len(kept['items'])} passports without an error, {warned} warnings; rfc8785, PyNaCl and openvc-core: all verify, one is revoked, {refused} changed ones are refused")
