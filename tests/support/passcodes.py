# SPDX-License-Identifier: Apache-2.0
"""The code of a one-time passcode, as docs/formats.md §4.2 and §11.1 have it, by other means than ours."""
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def sealing_key(world, tenant, boundary="commercial", version=1):
    """A tenant's sealing key, unwrapped by the root key."""
    with open(f"{world.a.folder}/root.key", "rb") as file:
        root = file.read()
    wrapped = bytes.fromhex(world.sql(f"SELECT encode(wrapped, 'hex') FROM tenant_key WHERE tenant = '{tenant.id}' AND "
                                      f"purpose = 1 AND version = {version}"))
    ref = uuid.UUID(tenant.id).bytes + b"\x01" + version.to_bytes(4, "big")
    aad = b"chancery tenant key 1\0" + boundary.encode() + b"\0" + ref
    return AESGCM(root).decrypt(wrapped[:12], wrapped[12:], aad)


def code_of(key, passcode, content, address):
    info = b"chancery passcode 1\0" + uuid.UUID(content).bytes + address.encode()
    derived = HKDF(hashes.SHA256(), 8, uuid.UUID(passcode).bytes, info).derive(key)
    return f"{int.from_bytes(derived, 'big') % 10 ** 8:08d}"
