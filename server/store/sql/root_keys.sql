-- SPDX-License-Identifier: Apache-2.0
-- Root keys: which ones this database knows, by which is wrapped, and going over to another (docs/policy.md §13).

-- name: root_key_check :admin
-- params: wrapped bytea
-- columns: version int4, wrapped bytea
-- All known texts. Whoever comes first to a database leaves one.
WITH made AS (
    INSERT INTO root_key_check (root_version, wrapped) VALUES (1, :wrapped)
    ON CONFLICT DO NOTHING
    RETURNING root_version, wrapped
)
SELECT root_version AS version, wrapped FROM made
UNION ALL
SELECT root_version, wrapped FROM root_key_check;

-- name: root_key_meet :admin
-- params: worker uuid, opens int8[], wraps int4, wish int4, wish_check bytea, event event_id
-- columns: wraps int4, waiting int8, quiet_s int8, lacking int4, lacking_rows int8
SELECT wraps, waiting, quiet_s, lacking, lacking_rows
FROM root_key_meet(:worker, :opens, :wraps, :wish, :wish_check, :event);

-- group: root_opened
-- members: root int8, wrap text, kid text, event text

-- name: note_root_openings :admin
-- params: opened @root_opened[]
-- columns: noted int8
-- What is known is left; of several who say the same at once one is first.
WITH made AS (
    INSERT INTO root_key_opening (root_version, kid)
    SELECT DISTINCT o.root::integer, o.kid FROM unnest(:opened.*) AS o (:opened.names)
    ORDER BY 1, 2 -- so that nobody waits for each other
    ON CONFLICT DO NOTHING
    RETURNING root_version, kid
), said AS (
    SELECT DISTINCT ON (m.root_version, m.kid) m.root_version, m.kid, o.wrap, o.event
    FROM made m JOIN unnest(:opened.*) AS o (:opened.names) ON o.root = m.root_version AND o.kid = m.kid
)
SELECT count(audit_admin('00000000-0000-0000-0000-000000000000', event::uuid, 'open_root_key_wrap', NULL, NULL, '', '', '',
                         '', 'root key ' || lpad(to_hex(root_version), 8, '0') || ': opened by the wrap ' || wrap || ', to the key '
                         || kid || ', for the first time'))::int8 AS noted
FROM said;

-- name: root_key_end :bulk
-- params: wraps int4, event event_id
-- columns: wraps int4, lying int8, is_over bool, has_ended bool
SELECT wraps, lying, is_over, has_ended FROM root_key_end(:wraps, :event);

-- name: read_former_wraps :bulk
-- params: wraps int4, after_root int4, after tenant_id, after_purpose int2, after_version int4, limit int8
-- columns: root int4, tenant tenant_id, boundary text, purpose int2, version int4, wrapped bytea
-- What lies under other root keys, behind a place. Two ranges of one index, without what lies between.
SELECT f.root, f.tenant, t.boundary, f.purpose, f.version, f.wrapped
FROM (
    (SELECT root_version AS root, tenant, purpose, version, wrapped FROM tenant_key
     WHERE wrapped <> '' AND root_version < :wraps
       AND (root_version, tenant, purpose, version) > (:after_root, :after, :after_purpose, :after_version)
     ORDER BY root_version, tenant, purpose, version LIMIT :limit)
    UNION ALL
    (SELECT root_version, tenant, purpose, version, wrapped FROM tenant_key
     WHERE wrapped <> '' AND root_version > :wraps
       AND (root_version, tenant, purpose, version) > (:after_root, :after, :after_purpose, :after_version)
     ORDER BY root_version, tenant, purpose, version LIMIT :limit)
    ORDER BY root, tenant, purpose, version
    LIMIT :limit
) AS f JOIN tenant t USING (tenant)
ORDER BY f.root, f.tenant, f.purpose, f.version;

-- group: rewrapped
-- members: tenant text, purpose int8, version int8, former bytea, wrapped bytea

-- name: rewrap_keys :bulk
-- params: wraps int4, rows @rewrapped[]
-- columns: count int8
-- Those that rest as they were read. Another node may be at it: what it holds is left to it.
WITH held AS MATERIALIZED (
    SELECT k.tenant, k.purpose, k.version, r.wrapped
    FROM unnest(:rows.*) AS r (:rows.names)
    CROSS JOIN LATERAL (
        SELECT tenant, purpose, version FROM tenant_key o
        WHERE o.tenant = r.tenant::uuid AND o.purpose = r.purpose::smallint AND o.version = r.version::integer
          AND o.wrapped = r.former
        FOR UPDATE SKIP LOCKED
    ) AS k
), made AS (
    UPDATE tenant_key k SET wrapped = h.wrapped, root_version = :wraps
    FROM held h
    WHERE k.tenant = h.tenant AND k.purpose = h.purpose AND k.version = h.version
    RETURNING 1
)
SELECT count(*)::int8 AS count FROM made;
