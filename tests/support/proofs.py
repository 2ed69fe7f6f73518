# SPDX-License-Identifier: Apache-2.0
"""Bound tokens and their proofs as any client would make them: DPoP (RFC 9449), certificates (RFC 8705), access
tokens of components (RFC 9068), proofs of components' certificates (docs/formats.md §3.6)."""
import base64
import hashlib
import json
import secrets
import ssl
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwcrypto import jwk, jws, jwt

AUTHORITY = "https://rms.example.org"


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint_of(identity):
    """What a token says of the client certificate that it is bound to."""
    return {"x5t#S256": b64url(identity.fingerprint)}


def sign(header, claims, key):
    token = jws.JWS(claims if isinstance(claims, str) else json.dumps(claims))
    token.add_signature(key, None, json.dumps(header), None)
    return token.serialize(compact=True)


class Prover:
    """A client with a key of its own, which proves that it holds it."""

    def __init__(self, **kind):
        self.key = jwk.JWK.generate(**(kind or {"kty": "EC", "crv": "P-256"}))
        self.alg = {"RSA": "PS256", "OKP": "EdDSA"}.get(self.key["kty"], "ES256")
        self.cnf = {"jkt": self.key.thumbprint()}

    def header(self, **changes):
        header = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.key.export_public(as_dict=True), **changes}
        return {name: value for name, value in header.items() if value is not None}

    def claims(self, token, method, **changes):
        claims = {"jti": secrets.token_urlsafe(16), "htm": "POST", "htu": f"{AUTHORITY}/chancery.v1.{method}",
                  "iat": int(time.time()), "ath": b64url(hashlib.sha256(token.encode()).digest()), **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def proof(self, token, method, header=None, key=None, **changes):
        return sign(self.header(**(header or {})), self.claims(token, method, **changes), key or self.key)

    def metadata(self, token, method, scheme="DPoP", **changes):
        return [("authorization", f"{scheme} {token}"), ("dpop", self.proof(token, method, **changes))]


def certificate_proof(identity, whose, name, key=None, header=None, **changes):
    """A proof that the key of this certificate is held, for a component of this name; None leaves a member out. Signed by
    ES256 whatever the header says."""
    der = ssl.PEM_cert_to_DER_cert(identity.certificate.decode())
    header = {"alg": "ES256", "typ": "chancery-component-proof+jwt", "x5c": [base64.b64encode(der).decode()],
              **(header or {})}
    claims = {"aud": AUTHORITY, "tenant": whose, "sub": name, "iat": int(time.time()), **changes}
    text = ".".join(b64url(json.dumps({member: value for member, value in part.items() if value is not None}).encode())
                    for part in (header, claims))
    signature = serialization.load_pem_private_key(key or identity.key, None).sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    return f"{text}.{b64url(b''.join(number.to_bytes(32, 'big') for number in decode_dss_signature(signature)))}"


def access_token(issuer, subject, typ="at+jwt", **changes):
    """A component's access token."""
    now = int(time.time())
    claims = {"iss": issuer.iss, "aud": issuer.audience, "iat": now, "exp": now + 600, "sub": subject,
              "client_id": subject, "jti": secrets.token_hex(8), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    token = jwt.JWT(header={"alg": "ES256", "kid": issuer.key["kid"], "typ": typ}, claims=claims)
    token.make_signed_token(issuer.key)
    return token.serialize()


def device_proof(token, key, header=None, signer=None, **changes):
    """A proof that a device's key is held, for whoever has this token (docs/formats.md §3.7); None leaves a member out."""
    alg = "PS256" if key["kty"] == "RSA" else {"P-256": "ES256", "P-384": "ES384"}.get(key.get("crv"), "EdDSA")
    header = {"typ": "chancery-device-proof+jwt", "alg": alg, "jwk": key.export_public(as_dict=True), **(header or {})}
    claims = {"aud": AUTHORITY, "ath": b64url(hashlib.sha256(token.encode()).digest()), "iat": int(time.time()), **changes}
    header, claims = ({name: value for name, value in part.items() if value is not None} for part in (header, claims))
    return sign(header, claims, signer or key)
