-- SPDX-License-Identifier: Apache-2.0
-- Mails to owners about their content (docs/policy.md §3.13). The gate makes their rows (gate.sql).

-- name: claim_notices :bulk
-- params: served text[], after tenant_id, look_max int8, max int8, lease_s int4, of_owner_max int4,
--   named_max int4, counted_max int4, switch_bit int4
-- columns: notice uuid, content content_id, owner text, display_name text, is_over bool,
--   is_too_many bool, opened int8, refused int8, events text[], mail_tries int4, seen tenant_id
-- Those of served boundaries (empty: of all) that are due, and nobody else's until the lease ends. Tenants take turns: it
-- walks from one that has something waiting to the next, look_max of them behind `after`; the oldest ones of all are looked
-- at besides. So it costs what it takes, whatever waits. seen: where the next claim walks on; zero: from the beginning.
-- is_over: the tenant or the content wants none by now, or the owner's address is the tenant's no more, or theirs who is
-- shut out, or it is a day old. is_too_many: so many went to this owner within an hour by now, those before it in this claim
-- included; of other workers' claims at that moment nobody knows. Counted are counted_max of the
-- attempts that were made in the period, and named the first named_max, without what isn't shown in tracking and what the owner
-- did, by whichever address the tenant's directory has of them in a domain that it has verified.
WITH RECURSIVE mailed AS MATERIALIZED (
    SELECT b.name FROM boundary b WHERE cardinality(:served) = 0 OR b.name = ANY (:served)
), walk AS (
    SELECT :after AS tenant, 0::int8 AS n
    UNION ALL
    SELECT next.tenant, w.n + 1
    FROM walk w CROSS JOIN LATERAL (
        SELECT first.tenant
        FROM mailed b CROSS JOIN LATERAL (
            SELECT o.tenant FROM owner_notice o
            WHERE o.mail_state = 1 AND length(o.owner) > 0 AND o.boundary = b.name
              AND o.tenant > w.tenant
            ORDER BY o.tenant LIMIT 1) AS first
        ORDER BY first.tenant LIMIT 1) AS next
    WHERE w.n < :look_max
), due AS (
    SELECT d.notice, d.mail_at, d.tenant
    FROM walk w JOIN tenant t USING (tenant) CROSS JOIN LATERAL (
        SELECT o.notice, o.mail_at, o.tenant FROM owner_notice o
        WHERE o.mail_state = 1 AND length(o.owner) > 0 AND o.boundary = t.boundary
          AND o.tenant = t.tenant AND o.mail_at <= now()
        ORDER BY o.mail_at LIMIT :max) AS d
    WHERE w.n > 0
    UNION
    SELECT d.notice, d.mail_at, d.tenant
    FROM mailed b CROSS JOIN LATERAL (
        SELECT o.notice, o.mail_at, o.tenant FROM owner_notice o
        WHERE o.mail_state = 1 AND length(o.boundary) > 0 AND o.boundary = b.name
          AND o.mail_at <= now()
        ORDER BY o.mail_at LIMIT :max) AS d
), mine AS MATERIALIZED (
    SELECT l.notice
    FROM (
        SELECT d.notice FROM due d
        ORDER BY row_number() OVER (PARTITION BY d.tenant ORDER BY d.mail_at), d.mail_at
    ) AS d CROSS JOIN LATERAL (
        SELECT o.notice FROM owner_notice o
        WHERE o.notice = d.notice AND o.mail_state = 1 AND o.mail_at <= now()
        FOR UPDATE SKIP LOCKED) AS l
    LIMIT :max
), taken AS (
    UPDATE owner_notice o
    SET mail_at = now() + make_interval(secs => :lease_s), mail_tries = o.mail_tries + 1
    WHERE o.notice IN (SELECT notice FROM mine)
    RETURNING o.*
)
SELECT k.notice, k.content, k.owner, coalesce(c.display_name, '') AS display_name,
       (t.state <> 1 OR t.switches & :switch_bit = 0 OR c.notify_owner IS NOT TRUE
        OR k.begins_at < now() - interval '1 day' OR d.domain IS NULL OR x.value IS NOT NULL) AS is_over,
       (SELECT count(*) FROM owner_notice s
        WHERE s.tenant = k.tenant AND s.owner = k.owner AND s.mail_state = 2
          AND s.mail_at > now() - interval '1 hour')
       + row_number() OVER (PARTITION BY k.tenant, k.owner ORDER BY k.begins_at, k.notice)
           > :of_owner_max AS is_too_many,
       a.opened, a.refused, a.events, k.mail_tries,
       (SELECT CASE WHEN w.n = :look_max THEN w.tenant
                    ELSE '00000000-0000-0000-0000-000000000000' END
        FROM walk w ORDER BY w.n DESC LIMIT 1) AS seen
FROM taken k
JOIN tenant t ON t.tenant = k.tenant
LEFT JOIN LATERAL (SELECT c.display_name, c.notify_owner FROM content c
                   WHERE c.tenant = k.tenant AND c.content = k.content OFFSET 0) c ON true
LEFT JOIN LATERAL (SELECT v.domain FROM tenant_domain v
                   WHERE v.tenant = k.tenant AND v.domain = split_part(k.owner, '@', -1)
                     AND v.verified OFFSET 0) d ON true
LEFT JOIN LATERAL (SELECT e.value FROM exclusion e
                   WHERE e.tenant = k.tenant AND e.kind = 1 AND e.value = k.owner OFFSET 0) x ON true
CROSS JOIN LATERAL (
    SELECT k.owner || coalesce(array_agg(n.address), '{}') AS addresses
    FROM directory_name o
    JOIN directory_name n ON n.tenant = o.tenant AND n.entry = o.entry
    JOIN tenant_domain v ON v.tenant = n.tenant AND v.domain = split_part(n.address, '@', -1)
                        AND v.verified
    WHERE o.tenant = k.tenant AND o.address = k.owner OFFSET 0) own
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE l.granted) AS opened,
           count(*) FILTER (WHERE NOT l.granted) AS refused,
           coalesce(array_agg(to_char(l.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || '  '
                              || l.user_address || '  ' || l.reason ORDER BY l.n)
                    FILTER (WHERE l.n <= :named_max), '{}') AS events
    FROM (
        SELECT s.*, row_number() OVER (ORDER BY s.at) AS n
        FROM (
            SELECT e.at, e.granted, e.reason, e.user_address FROM audit e
            WHERE e.tenant = k.tenant AND e.content = k.content
              AND e.at >= k.begins_at AND e.at < k.ends_at
              AND e.operation = 'acquire_license' AND NOT e.untracked
              AND e.user_address IS NOT NULL AND e.user_address <> ALL (own.addresses)
            ORDER BY e.at LIMIT :counted_max
        ) AS s
    ) AS l
) AS a;

-- name: settle_notice :bulk
-- params: notice uuid, event event_id, state int2, wait_s int4, reason text, target text
-- What has become of a mail. state 1: it is tried again after so many seconds. Its end is recorded, but for
-- target '': nobody wanted it any more.
WITH settled AS (
    UPDATE owner_notice SET mail_state = :state, mail_at = now() + make_interval(secs => :wait_s)
    WHERE notice = :notice AND mail_state = 1
    RETURNING tenant, content
)
INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component_name,
                   content, client_address, user_agent, correlation_id, target)
SELECT tenant, now(), :event, 'notify_owner', :reason = 'OK', :reason, NULL, '', content, '', '',
       '', :target
FROM settled WHERE :state IN (2, 3) AND :target <> '';

-- name: sweep_notices :bulk
-- params: keep_s int4, max int8
-- columns: swept int8
WITH gone AS (
    DELETE FROM owner_notice
    WHERE notice IN (SELECT notice FROM owner_notice
                     WHERE begins_at < now() - make_interval(secs => :keep_s) AND mail_state > 0
                     ORDER BY begins_at LIMIT :max
                     FOR UPDATE SKIP LOCKED) -- another node sweeps too
    RETURNING 1
)
SELECT count(*)::int8 AS swept FROM gone;
