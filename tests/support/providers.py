# SPDX-License-Identifier: Apache-2.0
"""Identity providers as they are: tokens and key sets in the shapes that Microsoft, Google and Yahoo publish."""
import json
import secrets
import time
import uuid

from jwcrypto import jwk, jwt

MICROSOFT_CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
COMMERCIAL, US_GOVERNMENT, CHINA = ("https://login.microsoftonline.com", "https://login.microsoftonline.us",
                                    "https://login.partner.microsoftonline.cn")


class Provider:
    """Signs what it is told to; `iss` may be a template."""

    def __init__(self, iss, algorithm="RS256", audience="3c9f1d20-8a44-4d0e-9a3b-5a6f0c9d7e11"):
        self.iss, self.algorithm, self.audience = iss, algorithm, audience
        self.keys = [self.make_key()]

    def make_key(self, **members):
        kind = {"kty": "RSA", "size": 2048} if self.algorithm == "RS256" else {"kty": "EC", "crv": "P-256"}
        key = jwk.JWK.generate(kid=secrets.token_urlsafe(20), use="sig", **kind)
        return key, members

    def jwks(self):
        return json.dumps({"keys": [dict(key.export_public(as_dict=True), **members) for key, members in self.keys]})

    def sign(self, claims, key=None):
        now = int(time.time())
        key = key or self.keys[0][0]
        body = {"aud": self.audience, "iat": now, "nbf": now, "exp": now + 3600, **claims}
        token = jwt.JWT(header={"typ": "JWT", "alg": self.algorithm, "kid": key["kid"]}, claims=body)
        token.make_signed_token(key)
        return token.serialize()

    def registration(self, kind, **more):
        return {"kind": kind, "boundary": "commercial", "issuer": self.iss, "audiences": [self.audience],
                "algorithms": [self.algorithm], "jwks_json": self.jwks(), "clock_skew_seconds": 60, **more}


class Entra(Provider):
    """Microsoft Entra in one cloud: one key set for all tenants, without `alg`, each key bound to an issuer."""

    def __init__(self, cloud, path="{tenantid}/v2.0"):
        super().__init__(f"{cloud}/{path}")
        self.keys = [self.make_key(issuer=self.iss), self.make_key(issuer=f"{cloud}/{MICROSOFT_CONSUMERS}/v2.0")]

    def token(self, tenant, address, key=None, **claims):
        body = {"ver": "2.0", "iss": self.iss.replace("{tenantid}", tenant), "sub": secrets.token_urlsafe(32),
                "name": address.split("@", maxsplit=1)[0], "preferred_username": address, "email": address,
                "oid": str(uuid.uuid4()), "tid": tenant, "uti": secrets.token_urlsafe(16), **claims}
        return self.sign({name: value for name, value in body.items() if value is not None}, key)


class MicrosoftAccounts(Provider):
    """Personal Microsoft accounts: the cloud's key set, the one tenant of all consumers, no `email_verified`."""

    def __init__(self, entra):
        super().__init__(f"{COMMERCIAL}/{MICROSOFT_CONSUMERS}/v2.0")
        self.keys = entra.keys

    def token(self, address, **claims):
        return self.sign({"ver": "2.0", "iss": self.iss, "sub": secrets.token_urlsafe(32), "email": address,
                          "preferred_username": address, "oid": "00000000-0000-0000-66f3-3332eca7ea81",
                          "tid": MICROSOFT_CONSUMERS, **claims}, self.keys[1][0])


class Google(Provider):
    def __init__(self):
        super().__init__("https://accounts.google.com",
                         audience="812741506391-h38jh0j4fv0ce1krdkiq0hfvt6n5am.apps.example")
        self.keys = [self.make_key(alg="RS256"), self.make_key(alg="RS256")]

    def token(self, address, **claims):
        return self.sign({"iss": self.iss, "azp": self.audience, "sub": "110169484474386276334", "email": address,
                          "email_verified": True, "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q", "name": "Jane Doe", **claims})


class Yahoo(Provider):
    """Its set has RSA keys of 1024 bits beside the one on P-256, so only that one can be used."""

    def __init__(self):
        super().__init__("https://api.login.yahoo.com", "ES256", "dj0yJmk9V2ZtYm1Gc0VHVGxEJmQ9")
        weak = jwk.JWK.generate(kty="RSA", size=1024, kid="4", use="sig")
        self.keys = [self.make_key(alg="ES256"), (weak, {"alg": "RS256"})]

    def token(self, address, **claims):
        return self.sign({"iss": self.iss, "sub": "FSVIDUW3D7FSVIDUW3D72F2F", "email": address,
                          "email_verified": True, "auth_time": int(time.time()), "nonce": "n-0S6_WzA2Mj", **claims})
