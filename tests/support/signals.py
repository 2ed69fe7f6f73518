# SPDX-License-Identifier: Apache-2.0
"""An identity provider that signals (docs/signals.md): Security Event Tokens of a key of its own, pushed by HTTP."""
import json
import secrets
import time

from jwcrypto import jwk, jwt

from http_calls import fetch

CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
SSF = "https://schemas.openid.net/secevent/ssf/event-type/"


def email(address):
    return {"format": "email", "email": address}


class Transmitter:
    """Registered for a tenant with an issuer of its own, which is not the one of its tokens."""

    def __init__(self, world, tenant, iss=None, **more):
        self.w, self.tenant = world, tenant
        self.iss, self.audience = iss or f"https://signals.{tenant.domain}", "https://rms.example.org"
        self.key = jwk.JWK.generate(kty="EC", crv="P-256", kid=secrets.token_hex(4))
        with_push_token = more.pop("with_push_token", False)
        self.added = world.call("SignalService/AddSignalTransmitter", {"transmitter": {
            "issuer": self.iss, "audiences": [self.audience], "subject_issuers": [tenant.issuer.iss],
            "jwks_json": json.dumps({"keys": [self.key.export_public(as_dict=True)]}), **more},
            "with_push_token": with_push_token}, tenant.admin)
        self.id, self.path = self.added.transmitter.transmitter_id, self.added.push_path

    def claims(self, events, subject=None, **changes):
        claims = {"iss": self.iss, "aud": self.audience, "iat": int(time.time()), "jti": secrets.token_hex(8),
                  **({"sub_id": subject} if subject else {}), "events": events, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims, key=None, **header):
        header = {"alg": "ES256", "kid": self.key["kid"], "typ": "secevent+jwt", **header}
        token = jwt.JWT(header={name: value for name, value in header.items() if value is not None}, claims=claims)
        token.make_signed_token(key or self.key)
        return token.serialize()

    def push(self, token, on=None, path=None, headers=(), version="--http2"):
        """The answer of HTTP."""
        where = type("Where", (), {"a": on or self.w.a})
        return fetch(where, version, path or self.path, "content-type: application/secevent+jwt", *headers, body=token.encode())

    def say(self, event, subject, on=None, at=None, **members):
        """Push an event, and see that it is taken."""
        body = {"event_timestamp": at, **members} if at else members
        answer = self.push(self.sign(self.claims({event: body}, subject)), on)
        assert (answer.status, answer.body) == (202, b""), (answer.status, answer.body)
