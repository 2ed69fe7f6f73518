-- SPDX-License-Identifier: Apache-2.0
-- What a tenant has proven of an issuer (docs/policy.md §8.1), and limits that hold when requests come at once (§11).

-- Whether one more fits: true, or it fails with SQLSTATE RM003. `most`: how many there may be in a scope; `again`: what is
-- put again doesn't count as one more ('': nothing).
--
-- Who asks holds the lock of this scope's kind until the end of the transaction, and counts after it has the lock: a function
-- that is VOLATILE sees, in READ COMMITTED, what was committed before each of its statements. So of requests that come at
-- once each counts what the one before has made. Every INSERT of what has a limit asks here.
CREATE FUNCTION limit_holds(what text, of_scope uuid, most bigint, again text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit %s %s', what, of_scope), 0));
    CASE what
        WHEN 'template' THEN
            SELECT count(*) INTO held FROM template WHERE tenant = of_scope;
        WHEN 'super_user' THEN
            SELECT count(*) INTO held FROM super_user
                WHERE tenant = of_scope AND expires_at > now() AND principal <> again;
        WHEN 'approval' THEN
            SELECT count(*) INTO held FROM approval WHERE tenant = of_scope AND state = 1 AND now() < expires_at;
        WHEN 'domain' THEN
            SELECT count(*) INTO held FROM tenant_domain WHERE tenant = of_scope;
        WHEN 'exclusion' THEN
            SELECT count(*) INTO held FROM exclusion WHERE tenant = of_scope;
        WHEN 'issuer' THEN
            SELECT count(*) INTO held FROM issuer WHERE tenant = of_scope;
        WHEN 'component' THEN
            SELECT count(*) INTO held FROM component WHERE tenant = of_scope;
        WHEN 'mapping' THEN
            SELECT count(*) INTO held FROM issuer_tenant WHERE tenant = of_scope;
        WHEN 'partner' THEN
            SELECT count(*) INTO held FROM partner_consent WHERE tenant = of_scope;
        WHEN 'boundary' THEN
            SELECT count(*) INTO held FROM boundary;
    END CASE;
    IF held >= most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;

-- A tenant's consents are counted: others' proposals don't use up its room.
CREATE INDEX partner_consent_by_tenant ON partner_consent (tenant);

-- A directory may have a million users and groups, and ten million members: too many to be counted for each change, so the
-- count is kept. Changes of one directory stand in line (directory_change).
ALTER TABLE directory
    ADD COLUMN entries bigint NOT NULL DEFAULT 0,
    ADD COLUMN members bigint NOT NULL DEFAULT 0;
UPDATE directory d
SET entries = (SELECT count(*) FROM directory_entry e WHERE e.tenant = d.tenant),
    members = (SELECT count(*) FROM directory_member m WHERE m.tenant = d.tenant);

GRANT UPDATE (entries, members) ON directory TO chancery_server, chancery_node;

CREATE FUNCTION directory_tally() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one constant integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
    is_full boolean;
BEGIN
    IF TG_TABLE_NAME = 'directory_entry' THEN
        WITH tallied AS (
            UPDATE directory d SET entries = d.entries + one * c.n
            FROM (SELECT tenant, count(*) AS n FROM changed GROUP BY tenant) AS c WHERE d.tenant = c.tenant
            RETURNING d.entries > 1000000 AS is_over
        ) SELECT coalesce(bool_or(is_over), false) INTO is_full FROM tallied;
    ELSE
        WITH tallied AS (
            UPDATE directory d SET members = d.members + one * c.n
            FROM (SELECT tenant, count(*) AS n FROM changed GROUP BY tenant) AS c WHERE d.tenant = c.tenant
            RETURNING d.members > 10000000 AS is_over
        ) SELECT coalesce(bool_or(is_over), false) INTO is_full FROM tallied;
    END IF;
    IF is_full AND TG_OP = 'INSERT' THEN
        RAISE EXCEPTION 'the directory is full' USING ERRCODE = 'RM003';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER directory_entry_added AFTER INSERT ON directory_entry REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION directory_tally();
CREATE TRIGGER directory_entry_removed AFTER DELETE ON directory_entry REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION directory_tally();
CREATE TRIGGER directory_member_added AFTER INSERT ON directory_member REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION directory_tally();
CREATE TRIGGER directory_member_removed AFTER DELETE ON directory_member REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION directory_tally();

-- What proves that an issuer's tenant may register its iss: 1 a platform admin's word, 2 the domain in which its host lies,
-- 3 a platform admin's mapping in the template that covers it. proof_name: that host, or that template; proof_value: what
-- is mapped there. A proof is looked at whenever the issuer is looked for, so that one that is gone counts no more.
ALTER TABLE issuer
    ADD COLUMN proof smallint NOT NULL DEFAULT 1 CHECK (proof IN (1, 2, 3)),
    ADD COLUMN proof_name text NOT NULL DEFAULT '',
    ADD COLUMN proof_value text NOT NULL DEFAULT '',
    ADD CHECK (proof = 1 OR tenant <> '00000000-0000-0000-0000-000000000000'),
    DROP CONSTRAINT issuer_iss_key;

-- An iss whose proof has gone to another tenant may be that one's too. A platform admin's word is given once.
CREATE UNIQUE INDEX issuer_by_iss ON issuer (iss, tenant);
CREATE UNIQUE INDEX issuer_by_word ON issuer (iss) WHERE proof = 1;
CREATE INDEX issuer_by_proof ON issuer (proof_name) WHERE proof = 2;

-- Whose a host is: the tenant that has proven the nearest domain, the host itself or one above it; NULL: nobody's.
CREATE FUNCTION domain_keeper(host text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT d.tenant
    FROM (SELECT string_to_array(host, '.') AS labels) h, generate_series(1, cardinality(h.labels)) AS n,
         LATERAL (SELECT tenant FROM tenant_domain
                  WHERE domain = array_to_string(h.labels[n:], '.') AND verified OFFSET 0) AS d
    ORDER BY n LIMIT 1
$$;

-- Whether a platform admin has mapped what covers an iss to this tenant.
CREATE FUNCTION issuer_is_mapped(template text, claimed text, of_tenant uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM issuer i JOIN issuer_tenant m ON m.issuer = i.issuer
                   WHERE i.iss = template AND i.kind = 2 AND m.value = claimed AND m.tenant = of_tenant)
$$;

-- Whether what proves an issuer still does.
CREATE FUNCTION issuer_holds(i issuer) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE i.proof WHEN 1 THEN true
                        WHEN 2 THEN coalesce(domain_keeper(i.proof_name) = i.tenant, false)
                        ELSE issuer_is_mapped(i.proof_name, i.proof_value, i.tenant) END
$$;

-- Two locks, always taken in this order and before any epoch's: between what changes proofs and what is registered on them,
-- and between those who register the same iss.
CREATE FUNCTION issuer_lock_proofs(to_change boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    key constant bigint := hashtextextended('chancery issuers'' proofs', 0);
BEGIN
    IF to_change THEN
        PERFORM pg_advisory_xact_lock(key);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(key);
    END IF;
END
$$;

-- Whether an iss may be registered for a tenant or the platform, and what proves it. Outcomes: 0 it may; 1 nothing proves it;
-- 2 it is registered; 3 it is covered by a template that means somebody else by it. Who has not proven it learns nothing
-- of what others have registered: that is looked at last.
CREATE TYPE issuer_judgment AS (outcome integer, proof smallint, proof_name text, proof_value text);
CREATE FUNCTION issuer_judge(of_tenant uuid, its_iss text, its_host text, template text, claimed text, by_platform boolean)
RETURNS issuer_judgment LANGUAGE plpgsql AS $$
DECLARE
    j issuer_judgment := (0, 1, '', '');
BEGIN
    PERFORM issuer_lock_proofs(false);
    IF domain_keeper(its_host) = of_tenant THEN
        j := (0, 2, its_host, '');
    ELSIF issuer_is_mapped(template, claimed, of_tenant) AND NOT by_platform THEN
        j := (0, 3, template, claimed);
    ELSIF NOT by_platform THEN
        j.outcome := 1;
        RETURN j;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('chancery iss ' || its_iss, 0));
    IF EXISTS (SELECT FROM issuer i WHERE i.iss = its_iss AND (i.tenant = of_tenant OR issuer_holds(i))) THEN
        j.outcome := 2;
    ELSIF NOT by_platform AND issuer_is_covered(template, claimed, of_tenant) THEN
        j.outcome := 3;
    END IF;
    RETURN j;
END
$$;

-- Raise the epochs of all for whom it matters whose a domain is, after it has changed: of its tenant, of the tenants whose
-- issuers lie in it, and of the platform, on which holds what is remembered of domains that nobody has. Tenants in order
-- and the platform last, as everywhere, so that two acts don't lock each other.
CREATE FUNCTION domain_raise(of_tenant uuid, which text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    PERFORM issuer_lock_proofs(true);
    FOR one IN SELECT of_tenant AS tenant UNION SELECT i.tenant FROM issuer i
               WHERE i.proof = 2 AND (i.proof_name = which OR right(i.proof_name, length(which) + 1) = '.' || which)
               ORDER BY tenant LOOP
        PERFORM epoch_raise(one.tenant);
    END LOOP;
    PERFORM epoch_raise('00000000-0000-0000-0000-000000000000');
END
$$;

-- Issuers that tenants have registered before: what lies in their domains or is mapped to them is proven by that; for others
-- there is a platform admin's word if the log says that one registered it. The rest is proven by nothing until its host is
-- in a domain of its tenant.
WITH part AS (
    SELECT tenant, issuer, coalesce(substring(iss FROM '^https://([a-z0-9.-]+)(?::[0-9]+)?(?:/[^?#]*)?$'), '') AS host,
           regexp_replace(iss, '/[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(/|$)', '/{tenantid}\1') AS template,
           substring(iss FROM '/([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})(?:/|$)') AS claimed
    FROM issuer WHERE tenant <> '00000000-0000-0000-0000-000000000000'
), known AS (
    SELECT p.*, coalesce(domain_keeper(host) = tenant, false) AS is_own, issuer_is_mapped(template, claimed, tenant) AS is_mapped
    FROM part p
)
UPDATE issuer i
SET proof = CASE WHEN k.is_own OR NOT k.is_mapped THEN 2 ELSE 3 END,
    proof_name = CASE WHEN k.is_own OR NOT k.is_mapped THEN k.host ELSE k.template END,
    proof_value = CASE WHEN k.is_own OR NOT k.is_mapped THEN '' ELSE k.claimed END
FROM known k
WHERE k.tenant = i.tenant AND k.issuer = i.issuer
  AND (k.is_own OR NOT EXISTS (
      SELECT FROM audit a JOIN component c ON c.component = a.component
      WHERE a.tenant = i.tenant AND a.operation = 'create_issuer' AND a.target = i.iss
        AND c.tenant = '00000000-0000-0000-0000-000000000000' AND c.role = 7));
