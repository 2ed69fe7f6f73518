# SPDX-License-Identifier: Apache-2.0
"""A customer who brings a key, as an HSM would wrap it (docs/formats.md §4.4). A key is bytes or a private one."""
import functools
import os
import types
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from jwcrypto import jwk

from authority import new_id
from proofs import b64url


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def der_of(key):
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def thumbprint_of(key):
    return (jwk.JWK(kty="oct", k=b64url(key)) if isinstance(key, bytes) else jwk.JWK.from_pem(pem_of(key))).thumbprint()


_RSA = functools.lru_cache(lambda: rsa.generate_private_key(65537, 3072))  # it takes long


def insert(world, tenant, boundary="commercial"):
    """An import key as GetImportKey would have made it (docs/formats.md §4.4), at once."""
    with open(f"{world.a.folder}/root.key", "rb") as file:
        root = file.read()
    id_, nonce = new_id(), os.urandom(12)
    aad = (b"chancery tenant key 1\0" + f"{boundary} import {id_}".encode() + b"\0" + uuid.UUID(tenant.id).bytes + b"\x02" + bytes(4))
    sealed = nonce + AESGCM(root).encrypt(nonce, der_of(_RSA()), aad)
    world.sql("INSERT INTO key_import (tenant, import, wrapped, expires_at) VALUES "
              f"('{tenant.id}', '{id_}', '\\x{sealed.hex()}', now() + interval '1 day')")
    public = jwk.JWK.from_pem(_RSA().public_key().public_bytes(serialization.Encoding.PEM,
                                                               serialization.PublicFormat.SubjectPublicKeyInfo))
    return types.SimpleNamespace(import_id=id_, public_jwk=public.export_public())


def wrapped(got, key, kek=None, digest=hashes.SHA256):
    kek = kek or os.urandom(32)
    oaep = padding.OAEP(mgf=padding.MGF1(digest()), algorithm=digest(), label=None)
    return rsa_of(got).encrypt(kek, oaep) + aes_key_wrap_with_padding(kek, key if isinstance(key, bytes) else der_of(key))


def rsa_of(got):
    return serialization.load_pem_public_key(jwk.JWK.from_json(got.public_jwk).export_to_pem())


def request(got, purpose, key, **more):
    return {"import_id": got.import_id, "purpose": purpose, "thumbprint": more.pop("thumbprint", None) or thumbprint_of(key),
            "wrapped_key": more.pop("bytes_", None) or wrapped(got, key), **more}
