-- SPDX-License-Identifier: Apache-2.0
-- Publishers who protect without asking: may they still, and who may not any more (docs/policy.md §5.7).

-- name: revoke_publisher :revoke
-- params: act @act, publisher text, reason text, max int8
-- A person's address stands for all that the directory has of them now.
WITH made AS (
    INSERT INTO publisher_revocation (tenant, publisher, reason)
    SELECT :act.tenant, n.name, :reason
    FROM unnest(person_names(:act.tenant, ARRAY[:publisher])) AS n (name)
    WHERE publisher_limit_holds(:act.tenant, person_names(:act.tenant, ARRAY[:publisher]), :max)
    ON CONFLICT (tenant, publisher) DO UPDATE
    SET issued_until = now(), reason = EXCLUDED.reason
    RETURNING publisher
)
SELECT epoch_raise(:act.tenant) AS _,
       audit_admin(:act.*, :publisher || CASE WHEN :reason = '' THEN '' ELSE ': ' || :reason END) AS _
FROM made LIMIT 1;

-- name: find_publisher :read
-- params: tenant tenant_id, content content_id, named text[], component component_id?,
--   issued_at timestamptz
-- columns: is_registered bool, is_revoked bool, all_names text[]
-- named: the certificate's serial, the component's id, each address. all_names: these, and all that the directory has of the person now. Once
-- for each content, when no row of it is there yet. A standby that takes over may have another clock than the database that has
-- dated the certificate: so a minute counts too.
SELECT EXISTS (SELECT FROM content c
               WHERE c.tenant = :tenant AND c.content = :content) AS is_registered,
       EXISTS (SELECT FROM publisher_revocation p
               WHERE p.tenant = :tenant
                 AND p.publisher = ANY (n.all_names)
                 AND :issued_at <= p.issued_until + interval '1 minute')
       OR (:component IS NOT NULL
           AND NOT EXISTS (SELECT FROM component k
                           WHERE k.component = :component AND NOT k.disabled)) AS is_revoked,
       n.all_names
FROM person_names(:tenant, :named) AS n (all_names);

-- name: date_publisher :read
-- params: tenant tenant_id, named text[]
-- columns: issued_at timestamptz
-- When a certificate is given, by the clock which dates revocations; and behind the last one of these names, whose minute may not
-- be over. To the millisecond, as serials have it: of two revocations and a certificate between them it is one of the later.
SELECT greatest(date_trunc('milliseconds', now()),
                (SELECT date_trunc('milliseconds', max(p.issued_until)) + interval '60.001 seconds'
                 FROM publisher_revocation p
                 WHERE p.tenant = :tenant
                   AND p.publisher = ANY (person_names(:tenant, :named)))) AS issued_at;
