-- SPDX-License-Identifier: Apache-2.0
-- Answers of readers without an account (docs/policy.md §5.3).

-- group: answer
-- members: content content_id, kind text, owner text, issuer text, template template_id?,
--   display_name text, request uuid?, request_hash bytea?, key_version int8, drops_added bool
-- The content that an answer is. drops_added: whoever was let in among the recipients by an amendment is none of it.

-- name: find_answerer :read
-- params: tenant tenant_id, content content_id
-- columns: reader text
-- Who has answered, by an address of theirs. No row for content that is no answer.
SELECT answered_by AS reader FROM content
WHERE tenant = :tenant AND content = :content AND answered_by IS NOT NULL;

-- name: make_answer :admin
-- params: act @act, content content_id, mark int8, addresses text, known @known_epoch[],
--   made @answer, protected event_id, policy_version int8, rights text, channel text, power text,
--   life_s int4, reader_max int8, thread_max int8
-- columns: problem int4, content content_id, key_version int8
-- problem: as answer_check says. What holds of the content that is answered holds of the answer: who is shut out, and what
-- was amended. Recorded as an act on the one, and as a protection of the other.
WITH asked AS MATERIALIZED (
    SELECT problem, shut_out, of_thread
    FROM answer_check(:act.tenant, :content, :mark, string_to_array(:addresses, ' '), :known.*,
                      :made.request, :made.request_hash, :life_s, :act.user_address, :reader_max,
                      :thread_max)
), again AS (
    SELECT c.content, c.key_version FROM content c, asked a
    WHERE a.problem = 3 AND c.tenant = :act.tenant AND c.request_id = :made.request
), made AS (
    INSERT INTO content (tenant, content, owner, issuer, template, display_name, request_id,
                         request_hash, key_version, answers, thread, answered_by, revoked_users,
                         amendment, amendment_mark)
    SELECT :act.tenant, :made.content, :made.owner, :made.issuer, :made.template,
           :made.display_name, :made.request, :made.request_hash,
           nullif(:made.key_version, 0)::int4, :content, a.of_thread, :act.user_address,
           a.shut_out, c.amendment, CASE c.amendment WHEN 0 THEN 0 ELSE mark_new() END
    FROM asked a, content c
    WHERE a.problem = 0 AND c.tenant = :act.tenant AND c.content = :content
    RETURNING content, key_version
), amended AS (
    INSERT INTO content_amendment (tenant, content, version, grant_principals, grant_rights,
                                   recipients, removed, name_versions, changes_expiry, expires_at)
    SELECT m.tenant, :made.content, m.version, m.grant_principals, m.grant_rights,
           CASE WHEN :made.drops_added THEN '{}' ELSE m.recipients END, m.removed,
           CASE WHEN :made.drops_added
                THEN without_middle(m.name_versions, cardinality(m.grant_principals),
                                    cardinality(m.recipients))
                ELSE m.name_versions END,
           m.changes_expiry, m.expires_at
    FROM content_amendment m, asked a
    WHERE a.problem = 0 AND m.tenant = :act.tenant AND m.content = :content
), noted AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, template, policy_version, rights, channel, power,
                       client_address, user_agent, correlation_id, target)
    SELECT :act.tenant, now(), :act.event, :act.operation, a.problem IN (0, 3),
           CASE a.problem WHEN 2 THEN 'ANSWER_LIMIT' WHEN 4 THEN 'REQUEST_ID_REUSED'
                          WHEN 5 THEN 'REVOKED' ELSE 'OK' END,
           :act.user_address, :act.component, :act.component_name, :content, :made.template,
           :policy_version, :rights,
           CASE WHEN a.problem IN (0, 3) THEN :channel ELSE '' END,
           CASE WHEN a.problem IN (0, 3) THEN :power ELSE '' END,
           :act.client_address, :act.user_agent, :act.correlation_id,
           CASE a.problem WHEN 0 THEN :made.kind || ': content ' || :made.content::text
                          WHEN 3 THEN :made.kind || ': again by request id '
                                      || :made.request::text
                          ELSE :made.kind END
    FROM asked a WHERE a.problem <> 1
), protected AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, template, policy_version, client_address,
                       user_agent, correlation_id, target)
    SELECT :act.tenant, now(), :protected, 'protect', true, 'OK', :act.user_address,
           :act.component, :act.component_name, m.content, :made.template, :policy_version,
           :act.client_address, :act.user_agent, :act.correlation_id,
           :made.kind || ' to content ' || :content::text
    FROM made m
)
SELECT CASE WHEN a.problem IN (0, 3) AND x.content IS NULL THEN 1 ELSE a.problem END AS problem,
       x.content, coalesce(x.key_version, 0)::int8 AS key_version
FROM asked a LEFT JOIN (SELECT * FROM made UNION ALL SELECT * FROM again) x ON true;
