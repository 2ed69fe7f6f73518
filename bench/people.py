# SPDX-License-Identifier: Apache-2.0
"""Who asks in the benchmarks: tenants, tokens and client keys by the ten thousand, and what was protected for them."""
import base64
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from authority import MESSAGES
from measure import frame

IN_FLIGHT = 64


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_jwk(key):
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": base64url(numbers.x.to_bytes(32, "big")),
            "y": base64url(numbers.y.to_bytes(32, "big"))}


def new_client_key():
    """The public JWK of a client that nobody has seen."""
    return json.dumps(public_jwk(ec.generate_private_key(ec.SECP256R1()))).encode()


class Signer:
    """Signs tokens: one key for all issuers, and no JOSE library, to be fast."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.jwks = json.dumps({"keys": [{**public_jwk(self.key), "kid": "k"}]})
        self.head = base64url(json.dumps({"alg": "ES256", "kid": "k", "typ": "JWT"}).encode())

    def token(self, iss, email, **claims):
        body = {"iss": iss, "aud": "chancery", "exp": int(time.time()) + 6 * 3600, "email": email, **claims}
        text = f"{self.head}.{base64url(json.dumps(body, separators=(',', ':')).encode())}"
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def make_tenant(authority, signer, name, domain):
    """A tenant with a verified domain and an issuer; its admin."""
    a = authority
    a.call("TenantService/CreateTenant", {"tenant": {"tenant": name, "boundary": "commercial"}}, a.admin)
    a.call("TenantService/AddDomain", {"tenant": name, "domain": domain}, a.admin)
    a.call("TenantService/VerifyDomain", {"tenant": name, "domain": domain, "asserted": True}, a.admin)
    a.call("IssuerService/CreateIssuer", {"issuer": {
        "tenant": name, "kind": 1, "issuer": f"https://idp.{domain}", "audiences": ["chancery"],
        "algorithms": ["ES256"], "jwks_json": signer.jwks, "claims": {"groups": "groups"}}}, a.admin)
    return a.component(f"{name}-admin", 5, tenant=name)


def protect_all(authority, requests, who=None):
    """Protect by the thousand: the answers to (fields, token), in their order."""
    kind, _ = MESSAGES.method("PublishingService/Protect")
    stub = authority.channel(who).unary_unary("/chancery.v1.PublishingService/Protect", kind.SerializeToString,
                                              MESSAGES("chancery.v1.ProtectResponse").FromString)
    answers = []
    for start in range(0, len(requests), IN_FLIGHT):
        pending = [stub.future(kind(**fields), metadata=[("authorization", f"Bearer {token}")] if token else ())
                   for fields, token in requests[start:start + IN_FLIGHT]]
        answers += [future.result() for future in pending]
    return answers


def record(token, made, client_jwk):
    """What bench/load sends, and what must be in the answer: the content's id."""
    message = MESSAGES("chancery.v1.AcquireLicenseRequest")(publishing_license=made.publishing_license,
                                                           client_public_jwk=client_jwk)
    return token.encode(), frame(message), made.content_id.encode()
