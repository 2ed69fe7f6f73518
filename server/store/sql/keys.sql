-- SPDX-License-Identifier: Apache-2.0
-- Keys of tenants.

-- group: new_key
-- members: purpose int8, root_version int8, wrapped bytea, public_jwk text

-- name: create_keys :admin
-- params: tenant tenant_id, keys @new_key[]
-- The second statement of create_tenant's segment, because row-level security must find the tenant.
INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped, public_jwk)
SELECT :tenant, k.purpose, 1, 1, k.root_version, k.wrapped, k.public_jwk
FROM unnest(:keys.*) AS k (:keys.names);

-- group: key
-- members: purpose int2, version int4, state int2, public_jwk text, mark int8,
--   created_at timestamptz, changed_at timestamptz, destroy_at timestamptz, is_shut bool
-- What people may know of a version.

-- fragment: key_columns
 purpose, version, state, public_jwk, mark, created_at, changed_at, destroy_at, is_shut;

-- name: list_keys :admin
-- params: tenant tenant_id, after_purpose int2, after_version int4, limit int8
-- columns: key @key
SELECT {key_columns}
FROM tenant_key
WHERE tenant = :tenant AND (purpose, version) > (:after_purpose, :after_version)
ORDER BY purpose, version
LIMIT :limit;

-- name: find_keys :admin
-- params: tenant tenant_id, purpose int2
-- columns: key @key
-- All of a purpose.
SELECT {key_columns}
FROM tenant_key
WHERE tenant = :tenant AND purpose = :purpose
ORDER BY version;

-- group: key_rotation
-- members: purpose int2, former int4, former_mark int8, version int4, root_version int4, wrapped bytea,
--   public_jwk text
-- A version that becomes the active one, and the one that was (former 0: there is none).

-- name: rotate_key :admin
-- params: act @act, to @key_rotation, target text
-- columns: key @key
-- No row when the former one is not in the state that was read.
WITH former AS (
    UPDATE tenant_key SET state = 2
    WHERE tenant = :act.tenant AND purpose = :to.purpose AND version = :to.former
      AND mark = :to.former_mark AND state = 1
    RETURNING version
), made AS (
    INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped, public_jwk)
    SELECT :act.tenant, :to.purpose, :to.version, 1, :to.root_version, :to.wrapped, :to.public_jwk
    WHERE :to.former = 0 OR EXISTS (SELECT FROM former)
    RETURNING {key_columns}
)
SELECT {key_columns}, epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :target) AS _ FROM made;

-- name: activate_key :admin
-- params: act @act, purpose int2, former int4, former_mark int8, version int4, mark int8, target text
-- columns: key @key
-- No row when one of the two (former 0: there is none) is not in the state that was read.
WITH former AS (
    UPDATE tenant_key SET state = 2
    WHERE tenant = :act.tenant AND purpose = :purpose AND version = :former AND mark = :former_mark
      AND state = 1
    RETURNING version
), made AS (
    UPDATE tenant_key SET state = 1
    WHERE tenant = :act.tenant AND purpose = :purpose AND version = :version AND mark = :mark
      AND (:former = 0 OR EXISTS (SELECT FROM former))
    RETURNING {key_columns}
)
SELECT {key_columns}, epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :target) AS _ FROM made;

-- name: revoke_key :revoke
-- params: act @act, purpose int2, version int4, mark int8, target text
-- columns: key @key
WITH made AS (
    UPDATE tenant_key SET state = 3
    WHERE tenant = :act.tenant AND purpose = :purpose AND version = :version AND mark = :mark
    RETURNING {key_columns}
)
SELECT {key_columns}, epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :target) AS _ FROM made;

-- name: change_key :admin
-- params: act @act, purpose int2, version int4, mark int8, state int2, destroy_days int4,
--   target text
-- columns: key @key
-- destroy_days: after which it will be destroyed; 0: it won't.
WITH made AS (
    UPDATE tenant_key
    SET state = :state, destroy_at = now() + make_interval(days => nullif(:destroy_days, 0))
    WHERE tenant = :act.tenant AND purpose = :purpose AND version = :version AND mark = :mark
    RETURNING {key_columns}
)
SELECT {key_columns}, epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :target) AS _ FROM made;

-- name: set_min_key_version :revoke
-- params: act @act, purpose int2, former int4, version int4, mark int8, target text
-- columns: key @key
-- The lowest version that opens, instead of the former one; its own row has another mark each time. No row when the former
-- one is another by now, the version is not as it was read, or is above the active one.
WITH held AS MATERIALIZED (
    SELECT version, state, mark, is_shut FROM tenant_key
    WHERE tenant = :act.tenant AND purpose = :purpose
    ORDER BY version
    FOR UPDATE -- nobody sets it, or activates one, meanwhile
), is_as_read AS (
    SELECT coalesce(max(version) FILTER (WHERE is_shut), 0) + 1 = :former
           AND bool_or(version = :version AND mark = :mark)
           AND bool_or(version >= :version AND state = 1) AS yes
    FROM held
), made AS (
    UPDATE tenant_key SET is_shut = version < :version
    WHERE tenant = :act.tenant AND purpose = :purpose AND (SELECT yes FROM is_as_read)
      AND (version = :version OR is_shut <> (version < :version))
    RETURNING {key_columns}
)
SELECT {key_columns}, epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :target) AS _
FROM made WHERE version = :version;

-- name: allow_export :admin
-- params: act @act, target text
-- A second admin lets the first one export: their approval says to which key.
SELECT audit_admin(:act.*, :target) AS _;

-- name: export_keys :admin
-- params: act @act, approval approval_id?, request bytea, days int4, target text
-- columns: purpose int2, version int4, state int2, wrapped bytea, boundary text, left_out int8
-- The versions that may leave. approval: by which the one who asks may do what this request says, for so many days; without
-- one they need none. No row when that does not hold.
WITH allowed AS MATERIALIZED (
    SELECT audit_admin(:act.*, :target) AS said
    WHERE :approval IS NULL OR EXISTS (
        SELECT FROM approval
        WHERE tenant = :act.tenant AND approval = :approval AND state = 2 AND act = 'export_keys'
          AND requested_by = :act.component AND request = :request
          AND decided_at > now() - make_interval(days => :days)
        FOR SHARE) -- what is canceled at once is canceled before it, or after
)
SELECT k.purpose, k.version, k.state, k.wrapped, t.boundary,
       (SELECT count(*) FROM tenant_key
        WHERE tenant = :act.tenant AND (state = 3 OR (state = 2 AND is_shut))) AS left_out
FROM allowed CROSS JOIN tenant t JOIN tenant_key k USING (tenant)
WHERE t.tenant = :act.tenant AND k.state IN (1, 2) AND NOT k.is_shut
ORDER BY k.purpose, k.version;

-- name: cancel_export :revoke
-- params: act @act, approval approval_id, days int4, why text
-- Nothing leaves by an approval any more, which allowed it for so many days. No row when it allows nothing.
WITH made AS (
    UPDATE approval
    SET state = 6, decided_by = :act.component, decided_by_name = :act.component_name,
        decided_at = now()
    WHERE tenant = :act.tenant AND approval = :approval AND act = 'export_keys' AND state = 2
      AND decided_at > now() - make_interval(days => :days)
    RETURNING requested_by_name || ' asked: ' || summary || :why AS said
)
SELECT audit_admin(:act.*, said) AS _ FROM made;

-- name: make_key_import :admin
-- params: act @act, import uuid, root_version int4, wrapped bytea, days int4, most int8
-- columns: expires_at timestamptz
-- A tenant keeps `most` that have not ended: those for which a second admin is asked, and of the others those that can be
-- used, the newest first. No row when as many wait for a second admin.
WITH held AS (
    SELECT i.import, i.expires_at, i.wrapped <> '' AS is_usable,
           i.import IN (SELECT key_imports_awaited(:act.tenant)) AS is_awaited
    FROM key_import i
    WHERE i.tenant = :act.tenant AND i.expires_at > now()
), room AS (
    SELECT :most - count(*) AS others FROM held WHERE is_awaited
), gone AS (
    DELETE FROM key_import
    WHERE tenant = :act.tenant AND (SELECT others FROM room) > 0
      AND (expires_at <= now() OR import IN (
          SELECT import FROM held WHERE NOT is_awaited
          ORDER BY is_usable DESC, expires_at DESC OFFSET (SELECT greatest(others - 1, 0) FROM room)))
), made AS (
    INSERT INTO key_import (tenant, import, root_version, wrapped, expires_at)
    SELECT :act.tenant, :import, :root_version, :wrapped, now() + make_interval(days => :days)
    FROM room WHERE others > 0
    RETURNING expires_at
)
SELECT expires_at, audit_admin(:act.*, :import::text) AS _ FROM made;

-- name: find_key_import :admin
-- params: tenant tenant_id, import uuid
-- columns: wrapped bytea
-- One that can still be used.
SELECT wrapped FROM key_import
WHERE tenant = :tenant AND import = :import AND expires_at > now() AND wrapped <> '';

-- name: import_key :admin
-- params: act @act, import uuid, to @key_rotation, target text
-- columns: key @key
-- As rotate_key, and the import key is used up. No row when it can't be used, a version is this very key, or the former version
-- is not in the state that was read, so that none came meanwhile: then nothing is changed.
WITH usable AS MATERIALIZED (
    SELECT import FROM key_import
    WHERE tenant = :act.tenant AND import = :import AND expires_at > now() AND wrapped <> ''
      AND (:to.public_jwk = '' OR NOT EXISTS (
          SELECT FROM tenant_key k
          WHERE k.tenant = :act.tenant AND k.purpose = :to.purpose AND k.public_jwk = :to.public_jwk))
    FOR UPDATE
), former AS (
    UPDATE tenant_key SET state = 2
    WHERE tenant = :act.tenant AND purpose = :to.purpose AND version = :to.former
      AND mark = :to.former_mark AND state = 1 AND EXISTS (SELECT FROM usable)
    RETURNING version
), used AS (
    UPDATE key_import SET wrapped = ''
    WHERE tenant = :act.tenant AND import IN (SELECT import FROM usable)
      AND (:to.former = 0 OR EXISTS (SELECT FROM former))
    RETURNING import
), made AS (
    INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped, public_jwk)
    SELECT :act.tenant, :to.purpose, :to.version, 1, :to.root_version, :to.wrapped, :to.public_jwk
    WHERE EXISTS (SELECT FROM used)
    RETURNING {key_columns}
)
SELECT {key_columns}, epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :target) AS _ FROM made;

-- name: sweep_key_imports :bulk
-- params: max int8
-- columns: swept int8
WITH gone AS (
    DELETE FROM key_import
    WHERE (tenant, import) IN (SELECT tenant, import FROM key_import WHERE expires_at <= now()
                               ORDER BY expires_at LIMIT :max
                               FOR UPDATE SKIP LOCKED) -- another node sweeps too
    RETURNING 1
)
SELECT count(*)::int8 AS swept FROM gone;

-- name: destroy_due_key :bulk
-- params: event event_id, now timestamptz
-- columns: version int4
-- One at a time, or no row: each has a record of its own. Of a disabled tenant none: nobody there could say that it
-- is needed. Due is what is due by both clocks, this one and the node's: nothing undoes it when one of them was wrong.
WITH due AS (
    SELECT k.tenant, k.purpose, k.version
    FROM tenant_key k JOIN tenant t USING (tenant)
    WHERE k.state = 3 AND k.destroy_at <= least(now(), :now) AND t.state = 1
    ORDER BY k.destroy_at LIMIT 1
    FOR UPDATE OF k SKIP LOCKED -- another node destroys too
), gone AS (
    UPDATE tenant_key k SET state = 4, wrapped = '', destroy_at = now()
    FROM due d
    WHERE k.tenant = d.tenant AND k.purpose = d.purpose AND k.version = d.version
    RETURNING k.tenant, k.purpose, k.version
)
SELECT version, epoch_raise(tenant) AS _,
       audit_admin(tenant, :event, 'destroy_key', NULL, NULL, '', '', '', '',
                   (ARRAY['sealing', 'exchange', 'signing'])[purpose] || ' key ' || version
                   || ': destroyed') AS _
FROM gone;

-- name: find_due_rotation :bulk
-- params: served text[], skip int8, now timestamptz
-- columns: tenant tenant_id, boundary text, suite int2, purpose int2
-- One whose active version is older than its tenant wants, of a tenant that is enabled and in one of these
-- boundaries (empty: in any); or no row. Old by both clocks, this one and the node's. What has waited longest comes first; skip: so many that can't be done now.
SELECT k.tenant, t.boundary, b.suite, k.purpose
FROM tenant t JOIN boundary b ON b.name = t.boundary JOIN tenant_key k USING (tenant)
WHERE t.key_rotation_days > 0 AND t.state = 1 AND k.state = 1
  AND k.created_at <= least(now(), :now) - make_interval(days => t.key_rotation_days)
  AND (cardinality(:served) = 0 OR t.boundary = ANY (:served))
ORDER BY k.created_at, k.tenant, k.purpose
LIMIT 1 OFFSET :skip;

-- name: tenant_signing_keys :read
-- params: tenant tenant_id, boundaries text[]
-- columns: authority_url text, public_jwk text
-- Of a tenant that is enabled and in one of these boundaries; none: in any. A key set that others read
-- has 64 keys at most (crypto/jwk.h), and each once: older programs let one in twice.
SELECT b.authority_url, k.public_jwk
FROM tenant t JOIN boundary b ON b.name = t.boundary JOIN tenant_key k USING (tenant)
WHERE t.tenant = :tenant AND t.state = 1 AND k.purpose = 3 AND k.state IN (1, 2) AND NOT k.is_shut
  AND (cardinality(:boundaries) = 0 OR t.boundary = ANY (:boundaries))
  AND NOT EXISTS (SELECT FROM tenant_key n
                  WHERE n.tenant = k.tenant AND n.purpose = 3 AND n.state IN (1, 2) AND NOT n.is_shut
                    AND n.version > k.version AND n.public_jwk = k.public_jwk)
ORDER BY k.version DESC
LIMIT 64;
