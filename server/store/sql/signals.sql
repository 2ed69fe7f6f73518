-- SPDX-License-Identifier: Apache-2.0
-- Shared signals (docs/signals.md).

-- group: transmitter
-- members: transmitter uuid, iss text, audiences text[], subject_issuers text[], jwks_url text,
--   jwks_json text, push_token_hash bytea, stream_state int2

-- name: add_transmitter :admin
-- params: act @act, transmitter uuid, iss text, audiences text[], subject_issuers text[],
--   jwks_url text, jwks_json text, push_token_hash bytea, max int8
-- columns: created_at timestamptz
WITH made AS (
    INSERT INTO signal_transmitter (tenant, transmitter, iss, audiences, subject_issuers, jwks_url,
                                    jwks_json, push_token_hash)
    SELECT :act.tenant, :transmitter, :iss, :audiences, :subject_issuers, :jwks_url, :jwks_json,
           :push_token_hash
    WHERE signal_limit_holds(:act.tenant, :max)
    RETURNING iss, created_at
), switched AS (
    UPDATE tenant SET has_signals = true
    WHERE tenant = (SELECT :act.tenant FROM made) AND NOT has_signals
)
SELECT created_at, epoch_raise(:act.tenant) AS _, audit_admin(:act.*, iss) AS _ FROM made;

-- name: remove_transmitter :revoke
-- params: act @act, transmitter uuid
WITH gone AS (
    DELETE FROM signal_transmitter WHERE tenant = :act.tenant AND transmitter = :transmitter
    RETURNING iss
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, iss) AS _ FROM gone;

-- name: list_transmitters :admin
-- params: tenant tenant_id, after uuid, limit int8
-- columns: transmitter @transmitter, received_at timestamptz, created_at timestamptz
SELECT transmitter, iss, audiences, subject_issuers, jwks_url, jwks_json, push_token_hash,
       stream_state, coalesce(received_at, 'epoch') AS received_at, created_at
FROM signal_transmitter
WHERE tenant = :tenant AND transmitter > :after
ORDER BY transmitter
LIMIT :limit;

-- name: find_transmitter :read
-- params: tenant tenant_id, iss text
-- columns: transmitter @transmitter, boundary text, authority_url text, state int2, domains text[]
-- Whose token says that it is of this iss, and what of the tenant is needed to judge it. No row: it is
-- none of this tenant's.
SELECT s.transmitter, s.iss, s.audiences, s.subject_issuers, s.jwks_url, s.jwks_json,
       s.push_token_hash, s.stream_state, t.boundary, b.authority_url, t.state,
       ARRAY(SELECT d.domain FROM tenant_domain d WHERE d.tenant = t.tenant AND d.verified) AS domains
FROM tenant t JOIN signal_transmitter s ON s.tenant = t.tenant JOIN boundary b ON b.name = t.boundary
WHERE t.tenant = :tenant AND s.iss = :iss;

-- group: signal_change
-- members: kind int8, name text, turn int8, at int8, not_before int8
-- What a token says of a person by one name. turn: 1 disabled, 2 enabled, 0 neither, at the time `at`.

-- name: receive_signal :revoke
-- params: act @act, transmitter uuid, token_hash bytea, stream_state int2, note text,
--   changes @signal_change[]
-- columns: is_new bool
-- Each token counts once. A person whom an address names is meant by all of their addresses in the
-- directory. The people's epochs are raised in one order, so that two tokens wait for each other and never
-- both. What happened earlier doesn't undo what happened later; of two at one time, disabling holds.
WITH seen AS (
    INSERT INTO signal_seen (tenant, token_hash)
    SELECT s.tenant, :token_hash FROM signal_transmitter s
    WHERE s.tenant = :act.tenant AND s.transmitter = :transmitter
    ON CONFLICT DO NOTHING
    RETURNING tenant
), change AS (
    SELECT c.* FROM seen, unnest(:changes.*) AS c (:changes.names)
), named AS (
    SELECT c.kind, c.name, c.turn, c.at, c.not_before FROM change c
    UNION
    SELECT c.kind, o.address, c.turn, c.at, c.not_before
    FROM change c,
         LATERAL (SELECT n.entry FROM directory_name n
                  WHERE n.tenant = :act.tenant AND n.address = c.name OFFSET 0) AS n,
         LATERAL (SELECT o.address FROM directory_name o
                  WHERE o.tenant = :act.tenant AND o.entry = n.entry OFFSET 0) AS o
    WHERE c.kind = 1
), merged AS (
    SELECT signal_scope(:act.tenant, n.kind::int2, n.name) AS scope, n.kind::int2 AS kind, n.name,
           (array_agg(n.turn ORDER BY n.at DESC, n.turn) FILTER (WHERE n.turn <> 0))[1] AS turn,
           coalesce(max(n.at) FILTER (WHERE n.turn <> 0), -1) AS switched,
           max(n.not_before) AS not_before
    FROM named n GROUP BY n.kind, n.name
), stored AS (
    INSERT INTO signal_state AS s (tenant, scope, transmitter, kind, name, disabled, switched,
                                   not_before)
    SELECT :act.tenant, m.scope, :transmitter, m.kind, m.name, m.turn IS NOT DISTINCT FROM 1,
           m.switched, m.not_before
    FROM merged m ORDER BY m.scope
    ON CONFLICT (tenant, scope, transmitter) DO UPDATE
    SET disabled = CASE WHEN excluded.switched > s.switched THEN excluded.disabled
                        ELSE s.disabled OR (excluded.switched = s.switched AND excluded.disabled)
                   END,
        switched = greatest(s.switched, excluded.switched),
        not_before = greatest(s.not_before, excluded.not_before), updated_at = now()
    RETURNING scope
), raised AS (
    SELECT epoch_raise(o.scope) FROM (SELECT scope FROM stored ORDER BY scope OFFSET 0) AS o
), noted AS (
    UPDATE signal_transmitter s
    SET received_at = now(),
        stream_state = CASE WHEN :stream_state = 0 THEN s.stream_state ELSE :stream_state END
    WHERE s.tenant = (SELECT tenant FROM seen) AND s.transmitter = :transmitter
), recorded AS (
    SELECT audit_admin(:act.*, :note) FROM seen
)
SELECT EXISTS (SELECT FROM seen) AS is_new, (SELECT count(*) FROM raised) AS _,
       (SELECT count(*) FROM recorded) AS _;

-- name: signal_states :read
-- params: tenant tenant_id, scopes text[]
-- columns: epoch int8, disabled bool, not_before int8
-- A row for each scope, in their order: what holds of a person under it, and the epoch on which it does.
SELECT coalesce((SELECT e.epoch FROM epoch e WHERE e.scope = p.scope::uuid), 0)::int8 AS epoch,
       s.disabled, s.not_before
FROM unnest(:scopes) WITH ORDINALITY AS p (scope, n),
     LATERAL signal_state_of(:tenant, p.scope::uuid) AS s
ORDER BY p.n;

-- name: list_signaled :admin
-- params: tenant tenant_id, after_scope uuid, after_transmitter uuid, limit int8
-- columns: scope uuid, transmitter uuid, kind int2, name text, disabled bool, not_before int8,
--   updated_at timestamptz
SELECT scope, transmitter, kind, name, disabled, not_before, updated_at
FROM signal_state
WHERE tenant = :tenant AND (scope, transmitter) > (:after_scope, :after_transmitter)
ORDER BY scope, transmitter
LIMIT :limit;

-- name: find_signaled :admin
-- params: tenant tenant_id, scope uuid
-- columns: found bool
SELECT EXISTS (SELECT FROM signal_state WHERE tenant = :tenant AND scope = :scope) AS found;

-- name: clear_signaled :admin
-- params: act @act, kind int2, name text
-- By an address it clears all of the person's in the directory. Rows are locked in the order in which signals are stored.
WITH named AS (
    SELECT :name AS name
    UNION
    SELECT o.address
    FROM directory_name n JOIN directory_name o ON o.tenant = n.tenant AND o.entry = n.entry
    WHERE :kind = 1 AND n.tenant = :act.tenant AND n.address = :name
), locked AS (
    SELECT s.scope, s.transmitter FROM signal_state s
    WHERE s.tenant = :act.tenant
      AND s.scope IN (SELECT signal_scope(:act.tenant, :kind, n.name) FROM named n)
    ORDER BY s.scope, s.transmitter
    FOR UPDATE
), gone AS (
    DELETE FROM signal_state s USING locked l
    WHERE s.tenant = :act.tenant AND s.scope = l.scope AND s.transmitter = l.transmitter
    RETURNING s.scope
), raised AS (
    SELECT epoch_raise(o.scope) FROM (SELECT DISTINCT scope FROM gone ORDER BY scope OFFSET 0) AS o
)
SELECT (SELECT count(*) FROM raised) AS _, audit_admin(:act.*, :name) AS _
WHERE EXISTS (SELECT FROM gone);

-- name: sweep_signals :bulk
-- params: keep_s int4, keep_state_s int4, max int8
-- columns: swept int8
-- Tokens that are too old to be taken again; and what is about identity tokens that are too old to be any. Whoever is
-- disabled stays so. Epochs stay: without a row they are compared with nothing.
WITH past AS (
    DELETE FROM signal_state
    WHERE (tenant, scope, transmitter) IN (SELECT tenant, scope, transmitter FROM signal_state
                                           WHERE NOT disabled
                                             AND updated_at < now() - make_interval(secs => :keep_state_s)
                                           ORDER BY updated_at LIMIT :max
                                           FOR UPDATE SKIP LOCKED)
    RETURNING 1
), gone AS (
    DELETE FROM signal_seen
    WHERE (tenant, token_hash) IN (SELECT tenant, token_hash FROM signal_seen
                                   WHERE seen_at < now() - make_interval(secs => :keep_s)
                                   ORDER BY seen_at LIMIT :max
                                   FOR UPDATE SKIP LOCKED) -- another node sweeps too
    RETURNING 1
)
SELECT greatest((SELECT count(*) FROM gone), (SELECT count(*) FROM past))::int8 AS swept;
