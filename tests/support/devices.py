# SPDX-License-Identifier: Apache-2.0
"""People who register their devices."""
from jwcrypto import jwk

from authority import Reader
from proofs import Prover, device_proof

REGISTER, LIST, DELETE = "DeviceService/RegisterDevice", "DeviceService/ListDevices", "DeviceService/DeleteDevice"


class Person:
    """Somebody with a token that is bound to a key."""

    def __init__(self, world, tenant, name, **claims):
        self.w, self.prover = world, Prover()
        self.token = tenant.token(name, cnf=self.prover.cnf, **claims)
        self.address = name if "@" in name else f"{name}@{tenant.domain}"

    def call(self, path, request):
        return self.w.call(path, request, metadata=self.prover.metadata(self.token, path))

    def register(self, key=None, proof=None, **more):
        key = key or new_key()
        return self.call(REGISTER, {"proof": proof or device_proof(self.token, key), **more}).device

    def thumbprints(self):
        return [device.thumbprint for device in self.call(LIST, {}).devices]


def new_key(**kind):
    return jwk.JWK.generate(**(kind or {"kty": "EC", "crv": "P-256"}))


def device_of(person, **kind):
    """A device of theirs that is registered, as whoever opens content with it."""
    reader = Reader(**kind)
    person.register(reader.key)
    return reader
