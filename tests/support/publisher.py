# SPDX-License-Identifier: Apache-2.0
"""A publisher who protects without asking, as any client would by docs/formats.md §6.2: with a JOSE library, AES-GCM and
protobuf's wire format. What it makes can be wrong in any part."""
import hashlib
import json
import os
import time
import types

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from jwcrypto import jwe, jwk

from proofs import AUTHORITY, b64url, sign

PROOF, LICENSE = "chancery-publisher-proof+jwt", "offline-license+jws"
TEMPLATE, DO_NOT_FORWARD, ENCRYPT_ONLY, CUSTOM = 1, 2, 3, 4
DAY = 24 * 3600


def _varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def _field(number, value):
    if isinstance(value, bytes):
        return _varint(number << 3 | 2) + _varint(len(value)) + value
    return _varint(number << 3) + _varint(value) if value else b""


def _names(names):
    return b"".join(name.encode() + b"\0" for name in names)


def sealed_grant(kind, names, rights):
    """chancery.internal.v1.SealedGrant; rights by their numbers."""
    return _field(1, kind) + _field(2, _names(names)) + _field(3, sum(1 << right - 1 for right in rights))


def sealed_policy(owner, issuer, at, recipients=("bob@fabrikam.com",), kind=DO_NOT_FORWARD, **more):
    """chancery.internal.v1.SealedPolicy, its fields in their order. grants: of sealed_grant, with the number of principals."""
    grants = more.get("grants", ())
    principals = more.get("principals", len(grants))
    fields = [(1, owner.encode()), (2, issuer.encode()), (3, kind)]
    fields += [(4, more["template"])] if "template" in more else []
    fields += [(5, one) for one in grants]
    fields += [(6, _names(recipients)), (7, at), (8, more.get("expires_at", 0)), (9, 1)]
    fields += [(11, len(recipients)), (12, principals)]
    return b"".join(_field(number, value) for number, value in fields)


def payload_of(compact):
    text = compact.split(".")[1]
    return json.loads(__import__("base64").urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Publisher:
    def __init__(self, **kind):
        self.key = jwk.JWK.generate(**(kind or {"kty": "EC", "crv": "P-256"}))
        self.alg = {"P-256": "ES256", "P-384": "ES384"}.get(self.key.export(as_dict=True).get("crv"), "PS256")
        self.answer = self.certificate = self.claims = None

    def proof(self, key=None, **changes):
        claims = {"aud": AUTHORITY, "iat": int(time.time()), **changes.pop("claims", {})}
        return sign({"alg": changes.get("alg", self.alg), "typ": changes.get("typ", PROOF)}, claims, key or self.key)

    def request(self, **fields):
        return {"publisher_public_jwk": self.key.export_public(), "proof": self.proof(), **fields}

    def certified(self, world, who=None, token=None, user_token=None, **fields):
        """With a certificate: the gateway's of Contoso, unless somebody else asks."""
        who = who if who or token else world.gateway
        self.answer = world.call("PublishingService/GetPublisherCertificate", self.request(**fields), who, token, user_token)
        self.certificate = self.answer.certificate
        self.claims = payload_of(self.certificate)
        return self

    def seal(self, policy, exchange=None, thumbprint=None, key=None):
        """The content's key, the JWE and the policy's box."""
        key, policy_key, nonce = key or os.urandom(32), os.urandom(32), os.urandom(12)
        secret = b"chancery offline license 1\0" + hashlib.sha256(json.dumps({
            name: value for name, value in sorted(self.key.export_public(as_dict=True).items())
            if name in ("crv", "kty", "x", "y", "e", "n")}, separators=(",", ":"), sort_keys=True).encode()).digest()
        secret = secret if thumbprint is None else b"chancery offline license 1\0" + thumbprint
        token = jwe.JWE(secret + key + policy_key, json.dumps({"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}))
        token.add_recipient(jwk.JWK.from_json(exchange or self.answer.exchange_public_jwk))
        compact = token.serialize(compact=True)
        box = nonce + AESGCM(policy_key).encrypt(nonce, policy, b"chancery offline policy 1\0" + compact.encode())
        return key, compact, b64url(box)

    def protect(self, owner="alice@contoso.com", name="offline", header=None, **more):  # pylint: disable=R0914
        """A license, made now. claims: members of the payload to change; None leaves one out. signer: another key.
        policy: its bytes. at_ms: when it was protected."""
        at_ms = more.pop("at_ms", int(time.time() * 1000))
        claims, signer = more.pop("claims", {}), more.pop("signer", None)
        seal = {key: more.pop(key) for key in ("exchange", "thumbprint", "key") if key in more}
        policy = more.pop("policy", None) or sealed_policy(owner, more.pop("issuer", self.claims["sub"]),
                                                           more.pop("policy_at", at_ms // 1000), **more)
        key, sealed, box = self.seal(policy, **seal)
        payload = {"v": 1, "at": at_ms, "url": AUTHORITY, "bnd": self.claims["bnd"], "tid": self.claims["tid"], "nam": name,
                   "crt": self.certificate, "key": sealed, "pol": box, **claims}
        payload = {member: value for member, value in payload.items() if value is not None}
        header = {"alg": self.alg, "typ": LICENSE, **(header or {})}
        compact = sign({member: value for member, value in header.items() if value is not None}, payload, signer or self.key)
        return types.SimpleNamespace(publishing_license=compact.encode(), key=key, payload=payload,
                                     content_id=content_id(compact, payload.get("at")))


def content_id(compact, at_ms):
    """UUIDv8: the time, and what was signed."""
    if not isinstance(at_ms, int) or not 0 <= at_ms < 1 << 48:
        return None  # no license
    signed = compact.rpartition(".")[0].encode()
    digest = hashlib.sha256(b"chancery offline content 1\0" + signed).digest()
    raw = bytearray(at_ms.to_bytes(6, "big") + digest[:10])
    raw[6], raw[8] = 0x80 | raw[6] & 0x0f, 0x80 | raw[8] & 0x3f
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
