# SPDX-License-Identifier: Apache-2.0
"""Makes a hundred thousand tenants in seconds, by set-based SQL. Tenants with traffic have real
keys: the keys of one tenant, wrapped for each of them (docs/formats.md §4.2), because making keys
would take minutes."""
import os
import uuid

import psycopg2
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg2.extras import execute_values

BOUNDARY = "commercial"
MAKE = """
CREATE TEMP TABLE made AS SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS tenant, n
    FROM generate_series(0, %(count)s - 1) AS n;
INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days)
    SELECT tenant, 't' || n, 'Tenant ' || n, %(boundary)s, 1, 30 FROM made;
INSERT INTO tenant_domain (tenant, domain, verified, proof) SELECT tenant, 't' || n || '.example', true, '' FROM made;
INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped, public_jwk)
    SELECT made.tenant, purpose, 1, 1, 1, k.wrapped, k.public_jwk FROM made, tenant_key k WHERE k.tenant = %(like)s;
INSERT INTO issuer (tenant, issuer, boundary, kind, iss, audiences, algorithms, jwks_json)
    SELECT tenant, tenant, %(boundary)s, 1, 'https://idp.t' || n || '.example', '{chancery}', '{ES256}', %(jwks)s
    FROM made;
"""


def tenant_id(number):
    return uuid.UUID(f"01900000-0000-7000-8000-{number:012x}")


def associated(tenant, purpose):
    """The associated data that binds a wrapped key to its tenant, boundary, purpose and version
    (docs/formats.md §4.2)."""
    return (b"chancery tenant key 1\0" + BOUNDARY.encode() + b"\0" + tenant.bytes + bytes([purpose])
            + (1).to_bytes(4, "big"))


def make_tenants(postgres, root_key, like, jwks, count, with_traffic):
    """Make tenants t0, t1, …, each with the domain tN.example and the issuer
    https://idp.tN.example."""
    root = AESGCM(root_key)
    with psycopg2.connect(postgres.conninfo) as connection, connection.cursor() as cursor:
        cursor.execute(MAKE, {"count": count, "boundary": BOUNDARY, "like": str(like), "jwks": jwks})
        cursor.execute("SELECT purpose, wrapped FROM tenant_key WHERE tenant = %s", (str(like),))
        plain = {purpose: root.decrypt(bytes(wrapped[:12]), bytes(wrapped[12:]), associated(like, purpose))
                 for purpose, wrapped in cursor.fetchall()}
        rows = []
        for number in range(with_traffic):
            tenant, nonce = tenant_id(number), os.urandom(12)
            rows += [(str(tenant), purpose, nonce + root.encrypt(nonce, key, associated(tenant, purpose)))
                     for purpose, key in plain.items()]
        execute_values(cursor, "UPDATE tenant_key k SET wrapped = v.wrapped FROM (VALUES %s) AS v (tenant, purpose, wrapped)"
                               " WHERE k.tenant = v.tenant::uuid AND k.purpose = v.purpose", rows, page_size=5000)
    postgres.sql("VACUUM ANALYZE")
