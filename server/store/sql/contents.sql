-- SPDX-License-Identifier: Apache-2.0
-- Content: what is known of it, taking it back, and changing its policy.

-- group: content
-- members: content content_id, owner text, issuer text, template template_id, display_name text,
--   created_at timestamptz, revoked_at timestamptz, revoked_users text[], amendment int8,
--   notify_owner bool, issuer_name text

-- fragment: content_columns
-- The issuer is a person's address or a component's id; a component goes by its name as long as
-- there is one.
c.content, c.owner, c.issuer, c.template, c.display_name, c.created_at, c.revoked_at,
c.revoked_users, c.amendment, c.notify_owner,
coalesce((SELECT k.name FROM component k
          WHERE k.tenant = c.tenant
            AND k.component = CASE WHEN c.issuer ~ '^[0-9a-f-]{36}$' THEN c.issuer::uuid END),
         c.issuer) AS issuer_name;

-- name: find_content :read
-- params: tenant tenant_id, content content_id
-- columns: content @content
SELECT {content_columns} FROM content c WHERE tenant = :tenant AND content = :content;

-- name: recover_content :read
-- params: tenant tenant_id, content content_id, owner text, issuer text, template template_id?,
--   display_name text, protected_at timestamptz
-- What a seal says of content whose row was lost, because the database has gone back. The gate does
-- the same at a license.
INSERT INTO content (tenant, content, owner, issuer, template, display_name, created_at)
VALUES (:tenant, :content, :owner, :issuer, :template, :display_name, :protected_at)
ON CONFLICT (tenant, content) DO NOTHING;

-- name: list_owned_content :report
-- params: tenant tenant_id, before content_id?, limit int8, owners text[], issuer text?
-- columns: content @content
-- Newest first. One index lookup per owner: of the two that begin with the owner the one that is
-- meant by its predicate, and not the primary key, for which no tenant is given
-- (migrations/0013_audit_at_size.sql).
SELECT {content_columns}
FROM unnest(:owners) AS o (address)
CROSS JOIN LATERAL (
    SELECT * FROM content d
    WHERE d.owner = o.address AND d.tenant IS NOT DISTINCT FROM :tenant
      AND (:issuer IS NOT NULL OR d.owner > '')
      AND (:issuer IS NULL OR (d.issuer = :issuer AND length(d.owner) > 0))
      AND (:before IS NULL OR d.content < :before)
    ORDER BY d.content DESC
    LIMIT :limit
) AS c
ORDER BY c.content DESC
LIMIT :limit;

-- name: list_content :report
-- params: tenant tenant_id, before content_id?, limit int8
-- columns: content @content
-- Newest first.
SELECT {content_columns}
FROM content c
WHERE tenant = :tenant AND (:before IS NULL OR content < :before)
ORDER BY content DESC
LIMIT :limit;

-- name: revoke :revoke
-- params: act @act, content content_id, user_address text?, why text, people_max int4
-- columns: revoked_at timestamptz
-- For everybody, for all readers outside ('outside' among the people), or for one person. Who may: the
-- flow has decided. No row when so many people are revoked already; whoever is among them by another
-- address stays.
WITH changed AS (
    UPDATE content
    SET revoked_at = CASE WHEN :user_address IS NULL THEN coalesce(revoked_at, now())
                          ELSE revoked_at END,
        revoked_users = CASE WHEN :user_address IS NULL OR :user_address = ANY (revoked_users)
                                  OR (:user_address <> 'outside' AND
                                      cardinality(array_remove(revoked_users, 'outside')) >= :people_max)
                             THEN revoked_users ELSE revoked_users || :user_address END
    WHERE tenant = :act.tenant AND content = :content
      AND (:user_address IS NULL OR :user_address = ANY (revoked_users)
           OR :user_address = 'outside'
           OR cardinality(array_remove(revoked_users, 'outside')) < :people_max
           OR revoked_users && person_addresses(:user_address))
    RETURNING CASE WHEN :user_address IS NULL THEN revoked_at ELSE now() END AS since, template
), noted AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, template, client_address, user_agent,
                       correlation_id, target)
    SELECT :act.tenant, now(), :act.event, :act.operation, true, 'OK', :act.user_address,
           :act.component, :act.component_name, :content, template, :act.client_address,
           :act.user_agent, :act.correlation_id, concat_ws(': ', :user_address, nullif(:why, ''))
    FROM changed
)
SELECT since AS revoked_at FROM changed;

-- name: restore :revoke
-- params: act @act, content content_id, user_address text?, why text
-- columns: restored_at timestamptz
-- The content, all readers outside, or one person by whichever of their addresses they were revoked. No row when that
-- was not revoked.
WITH changed AS (
    UPDATE content
    SET revoked_at = CASE WHEN :user_address IS NULL THEN NULL ELSE revoked_at END,
        revoked_users = CASE
            WHEN :user_address IS NULL THEN revoked_users
            ELSE ARRAY(SELECT r.address
                       FROM unnest(revoked_users) WITH ORDINALITY AS r (address, n)
                       WHERE r.address <> ALL (person_addresses(:user_address))
                       ORDER BY r.n) END
    WHERE tenant = :act.tenant AND content = :content
      AND CASE WHEN :user_address IS NULL THEN revoked_at IS NOT NULL
               ELSE revoked_users && person_addresses(:user_address) END
    RETURNING template
), noted AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, template, client_address, user_agent,
                       correlation_id, target)
    SELECT :act.tenant, now(), :act.event, :act.operation, true, 'OK', :act.user_address,
           :act.component, :act.component_name, :content, template, :act.client_address,
           :act.user_agent, :act.correlation_id, concat_ws(': ', :user_address, nullif(:why, ''))
    FROM changed
)
SELECT now() AS restored_at FROM changed;

-- name: set_notification :admin
-- params: act @act, content content_id, notify_owner bool, target text
-- columns: template template_id
-- Whether its owner is told by mail. No row when there is no such content.
WITH changed AS (
    UPDATE content SET notify_owner = :notify_owner
    WHERE tenant = :act.tenant AND content = :content
    RETURNING template
), noted AS (
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component,
                       component_name, content, template, client_address, user_agent,
                       correlation_id, target)
    SELECT :act.tenant, now(), :act.event, :act.operation, true, 'OK', :act.user_address,
           :act.component, :act.component_name, :content, template, :act.client_address,
           :act.user_agent, :act.correlation_id, :target
    FROM changed
)
SELECT template FROM changed;
