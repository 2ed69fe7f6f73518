# SPDX-License-Identifier: Apache-2.0
"""What a tenant's own sealing key opens, by other libraries than ours."""
import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def fields_of(message):
    """Of a message of protobuf whose fields have numbers below 16, by their numbers."""
    found, at = {}, 0
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte, at = message[at], at + 1
            value, shift = value | (byte & 0x7f) << shift, shift + 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            at, value = at + value, message[at:at + value]
        found[tag >> 3] = value
    return found


def content_key_of(license_, keys):
    """As docs/formats.md §6.1 says, by other libraries than ours."""
    outer = fields_of(license_)
    header, sealed = fields_of(outer[2]), outer[3]
    secret, = (base64.urlsafe_b64decode(one["k"] + "=") for one in keys if one["kid"] == f"sealing-{header[5]}")
    derived = HKDF(hashes.SHA256(), 32, header[4], b"chancery publishing license 1").derive(secret)
    nonce, box = sealed[:12], sealed[12:60]
    return AESGCM(derived).decrypt(nonce, box, b"content key\0" + sealed[-16:] + outer[2])
