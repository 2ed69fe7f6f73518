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
            SELECT count(*) INTO held FROM template
                WHERE tenant = of_scope AND (again = '' OR request_id IS DISTINCT FROM nullif(again, '')::uuid);
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
