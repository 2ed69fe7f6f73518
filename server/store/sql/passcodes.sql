-- SPDX-License-Identifier: Apache-2.0
-- One-time passcodes, and the mails in which they are sent (docs/policy.md §9). The database's clock says how long
-- they last.

-- name: start_passcode :admin
-- params: act @act, passcode uuid, content content_id, template template_id?, address text,
--   network text, portal component_id, request uuid?, reference text, language text,
--   key_version int4, is_nobodys bool, target text, lasts_s int4, address_max int8,
--   address_network_max int8, content_max int8, network_max int8, portal_max int8, tenant_max int8
-- columns: problem int4, passcode uuid, reference text, expires_at timestamptz
-- problem: as passcode_limit says; 3 for a request that has started one for somebody or something else. One that was
-- started by this request is given again. Each is recorded.
WITH known AS MATERIALIZED (
    SELECT passcode, reference, expires_at, content = :content AND address = :address AS is_same
    FROM passcode_of_request(:portal, :request)
), asked AS MATERIALIZED (
    SELECT CASE WHEN k.passcode IS NULL
                THEN passcode_limit(:act.tenant, :content, :address, :network, :portal,
                                    :address_max, :address_network_max, :content_max,
                                    :network_max, :portal_max, :tenant_max, :lasts_s)
                WHEN k.is_same THEN 0 ELSE 3 END AS problem,
           k.passcode IS NOT NULL AS is_known
    FROM (SELECT) AS one LEFT JOIN known k ON true
), made AS (
    INSERT INTO passcode (passcode, tenant, content, address, network, portal, request, reference,
                          language, key_version, expires_at, is_nobodys)
    SELECT :passcode, :act.tenant, :content, :address, :network, :portal, :request, :reference,
           :language, :key_version, now() + make_interval(secs => :lasts_s), :is_nobodys
    FROM asked WHERE problem = 0 AND NOT is_known
), noted AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, template, client_address, user_agent,
                       correlation_id, target)
    SELECT :act.tenant, now(), :act.event, :act.operation, problem = 0,
           CASE problem WHEN 0 THEN 'OK' WHEN 1 THEN 'PASSCODE_LIMIT'
                        WHEN 2 THEN 'PASSCODE_QUEUE_FULL' ELSE 'REQUEST_ID_REUSED' END,
           :act.user_address, :act.component, :act.component_name, :content, :template,
           :act.client_address, :act.user_agent, :act.correlation_id,
           CASE WHEN problem <> 0 THEN :address WHEN is_known THEN :address || ': asked for again'
                ELSE :target END
    FROM asked
)
SELECT a.problem, coalesce(k.passcode, :passcode) AS passcode,
       coalesce(k.reference, :reference) AS reference,
       coalesce(k.expires_at, now() + make_interval(secs => :lasts_s)) AS expires_at
FROM asked a LEFT JOIN known k ON true;

-- name: find_passcode :admin
-- params: passcode uuid, portal component_id
-- columns: tenant tenant_id, content content_id, address text, key_version int4
-- Only for the portal that has started it.
SELECT tenant, content, address, key_version FROM passcode
WHERE passcode = :passcode AND portal = :portal;

-- name: try_passcode :admin
-- params: act @act, passcode uuid, content content_id, is_right bool, tries_max int4
-- columns: is_over bool, is_used bool
-- Counts a try and uses the passcode up if it was right; of several at once one wins, because each waits for
-- the row. is_over: it had ended before, or the clock has gone back since, by which it would last longer. Being right about what was mailed to nobody is being wrong. Each try is recorded;
-- only a right one proves the address.
WITH tried AS (
    UPDATE passcode SET tries = tries + 1,
        used_at = CASE WHEN :is_right AND NOT is_nobodys THEN now() END
    WHERE passcode = :passcode AND used_at IS NULL AND tries < :tries_max AND now() < expires_at
      AND now() > created_at - interval '1 minute'
    RETURNING used_at IS NOT NULL AS is_used
), outcome AS (
    SELECT NOT EXISTS (SELECT FROM tried) AS is_over,
           coalesce((SELECT is_used FROM tried), false) AS is_used
), noted AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, client_address, user_agent, correlation_id, target)
    SELECT :act.tenant, now(), :act.event, :act.operation, is_used,
           CASE WHEN is_used THEN 'OK' WHEN is_over THEN 'PASSCODE_ENDED'
                ELSE 'PASSCODE_WRONG' END,
           CASE WHEN is_used THEN :act.user_address END, :act.component, :act.component_name,
           :content, :act.client_address, :act.user_agent, :act.correlation_id,
           :act.user_address
    FROM outcome
)
SELECT is_over, is_used FROM outcome;

-- name: claim_passcode_mails :bulk
-- params: served text[], max int8, lease_s int4
-- columns: passcode uuid, tenant tenant_id, boundary text, content content_id, address text,
--   reference text, language text, key_version int4, wrapped bytea, is_nobodys bool, is_over bool,
--   mail_tries int4
-- Those of served boundaries (empty: of all) that are due, and nobody else's until the lease ends. Tenants take turns, so that one whose mails wait in
-- thousands holds up no other's.
WITH due AS (
    SELECT w.passcode, w.mail_at,
           row_number() OVER (PARTITION BY w.tenant ORDER BY w.mail_at) AS turn
    FROM passcode w JOIN tenant t USING (tenant)
    WHERE w.mail_state = 1 AND w.mail_at <= now()
      AND (cardinality(:served) = 0 OR t.boundary = ANY (:served))
), mine AS (
    SELECT p.passcode FROM passcode p JOIN due d USING (passcode)
    WHERE p.mail_state = 1 AND p.mail_at <= now()
    ORDER BY d.turn, d.mail_at LIMIT :max
    FOR UPDATE OF p SKIP LOCKED
)
UPDATE passcode p
SET mail_at = now() + make_interval(secs => :lease_s), mail_tries = p.mail_tries + 1
FROM tenant t, tenant_key k
WHERE p.passcode IN (SELECT passcode FROM mine) AND t.tenant = p.tenant AND k.tenant = p.tenant
  AND k.purpose = 1 AND k.version = p.key_version
RETURNING p.passcode, p.tenant, t.boundary, p.content, p.address, p.reference, p.language,
          p.key_version, coalesce(k.wrapped, '') AS wrapped, p.is_nobodys,
          (now() >= p.expires_at OR t.passcodes_off OR t.state <> 1 OR k.state NOT IN (1, 2) OR k.is_shut)
              AS is_over, p.mail_tries;

-- name: settle_passcode_mail :bulk
-- params: passcode uuid, event event_id, state int2, wait_s int4, reason text, target text
-- What has become of a mail. state 1: it is tried again after so many seconds. The end of one that was to be sent is
-- recorded; nobody's is not, because its start says that nothing is mailed.
WITH settled AS (
    UPDATE passcode SET mail_state = :state, mail_at = now() + make_interval(secs => :wait_s)
    WHERE passcode = :passcode AND mail_state = 1
    RETURNING tenant, content
)
INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component_name,
                   content, client_address, user_agent, correlation_id, target)
SELECT tenant, now(), :event, 'mail_passcode', :reason = 'OK', :reason, NULL, '', content, '', '',
       '', :target
FROM settled WHERE :state IN (2, 3);

-- name: sweep_passcodes :bulk
-- params: keep_s int4, max int8
-- columns: swept int8
WITH gone AS (
    DELETE FROM passcode
    WHERE passcode IN (SELECT passcode FROM passcode
                       WHERE created_at < now() - make_interval(secs => :keep_s)
                       ORDER BY created_at LIMIT :max
                       FOR UPDATE SKIP LOCKED) -- another node sweeps too
    RETURNING 1
)
SELECT count(*)::int8 AS swept FROM gone;
