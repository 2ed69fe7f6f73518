-- SPDX-License-Identifier: Apache-2.0
-- Devices and mailboxes that people have registered (docs/policy.md §8.9).

-- group: device
-- members: address text, thumbprint text, display_name text, public_jwk text,
--   component component_id, registered_at timestamptz, ends_at timestamptz

-- fragment: device_columns
d.address, d.thumbprint, d.display_name, d.public_jwk, d.component, d.registered_at, d.ends_at;

-- name: register_device :admin
-- params: act @act, address text, thumbprint text, display_name text, public_jwk text,
--   issuer_tenant uuid, issuer issuer_id, subject text, gateway component_id?, days int4, max int8,
--   target text
-- columns: device @device
-- One that is there is renewed.
WITH put AS (
    INSERT INTO device AS d (tenant, address, thumbprint, display_name, public_jwk, issuer_tenant,
                             issuer, subject, component, ends_at)
    SELECT :act.tenant, :address, :thumbprint, :display_name, :public_jwk, :issuer_tenant, :issuer,
           :subject, :gateway, now() + make_interval(days => :days)
    WHERE device_limit_holds(:act.tenant, :address, :thumbprint, :max)
    ON CONFLICT (tenant, address, thumbprint) DO UPDATE
    SET display_name = excluded.display_name, public_jwk = excluded.public_jwk,
        issuer_tenant = excluded.issuer_tenant, issuer = excluded.issuer,
        subject = excluded.subject, component = excluded.component, registered_at = now(), ends_at = excluded.ends_at
    RETURNING {device_columns}
)
SELECT {device_columns}, audit_admin(:act.*, :target) AS _ FROM put d;

-- name: list_devices :report
-- params: tenant tenant_id, after_address text, after_thumbprint text, limit int8
-- columns: device @device
SELECT {device_columns}
FROM device d
WHERE d.tenant = :tenant AND (d.address, d.thumbprint) > (:after_address, :after_thumbprint)
  AND d.ends_at > now()
ORDER BY d.address, d.thumbprint
LIMIT :limit;

-- name: list_own_devices :report
-- params: tenant tenant_id, addresses text[], after_address text, after_thumbprint text, limit int8
-- columns: device @device
-- Of one person, by all of their addresses: those that are named, and those of the directory's entry that has one.
SELECT {device_columns}
FROM (SELECT a.address FROM unnest(:addresses) AS a (address)
      UNION
      SELECT o.address
      FROM unnest(:addresses) AS a (address),
           LATERAL (SELECT n.entry FROM directory_name n
                    WHERE n.tenant = :tenant AND n.address = a.address
                    OFFSET 0) AS n,
           LATERAL (SELECT o.address FROM directory_name o
                    WHERE o.tenant = :tenant AND o.entry = n.entry
                    OFFSET 0) AS o) AS p (address),
     LATERAL (SELECT * FROM device d
              WHERE d.tenant = :tenant AND d.address = p.address
                AND (d.address, d.thumbprint) > (:after_address, :after_thumbprint)
                AND d.ends_at > now()
              ORDER BY d.address, d.thumbprint
              LIMIT :limit) AS d
ORDER BY d.address, d.thumbprint
LIMIT :limit;

-- name: delete_device :revoke
-- params: act @act, addresses text[], thumbprint text
-- addresses: of whom it may be, by all that the directory has of them. No row when it is nobody's of them.
WITH gone AS (
    DELETE FROM device
    WHERE tenant = :act.tenant AND address = ANY (person_names(:act.tenant, :addresses)) AND thumbprint = :thumbprint
    RETURNING address
)
SELECT audit_admin(:act.*, string_agg(address, ' ' ORDER BY address) || ': ' || :thumbprint) AS _
FROM gone HAVING count(*) > 0;

-- name: find_devices :people
-- params: addresses text[], thumbprints text[]
-- columns: tenant tenant_id, address text?, thumbprint text?, public_jwk text?, subject text?
-- One row for each address, in their order. tenant: whose domain it is, if that tenant is active; the rest: the device
-- that is meant and counts now, if there is one. Thumbprint '': the one that was registered last, by
-- whichever of the person's addresses. Who has said who they are must still be trusted for their
-- tenant, and a mailbox's gateway be one.
SELECT t.tenant, d.address, d.thumbprint, d.public_jwk, d.subject
FROM unnest(:addresses, :thumbprints) WITH ORDINALITY AS a (address, thumbprint, at)
LEFT JOIN LATERAL (
    SELECT o.tenant FROM tenant_domain d JOIN tenant o ON o.tenant = d.tenant AND o.state = 1
    WHERE d.domain = split_part(a.address, '@', -1) AND d.verified
    OFFSET 0
) AS t ON true
LEFT JOIN LATERAL (
    SELECT v.address, v.thumbprint, v.public_jwk, v.subject
    FROM (SELECT a.address
          UNION
          SELECT o.address
          FROM directory_name n,
               LATERAL (SELECT o.address FROM directory_name o
                        WHERE o.tenant = n.tenant AND o.entry = n.entry
                        OFFSET 0) AS o
          WHERE n.tenant = t.tenant AND n.address = a.address) AS p (address),
         LATERAL (SELECT * FROM device k
                  WHERE k.tenant = t.tenant AND k.address = p.address AND k.ends_at > now()
                    AND (a.thumbprint = '' OR k.thumbprint = a.thumbprint)
                  OFFSET 0) AS v
    WHERE EXISTS (SELECT FROM issuer i
                  WHERE i.tenant = v.issuer_tenant AND i.issuer = v.issuer AND NOT i.disabled
                    AND issuer_holds(i)
                    AND (i.kind <> 2 OR EXISTS (SELECT FROM issuer_tenant m
                                                WHERE m.issuer = i.issuer
                                                  AND m.tenant = v.tenant)))
      AND (v.component IS NULL
           OR EXISTS (SELECT FROM component c
                      WHERE c.tenant = v.tenant AND c.component = v.component
                        AND c.role = 1 AND NOT c.disabled))
    ORDER BY v.registered_at DESC, v.thumbprint
    LIMIT 1
) AS d ON true
ORDER BY a.at;
