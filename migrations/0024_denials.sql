-- SPDX-License-Identifier: Apache-2.0
-- Partners whom a tenant keeps away (docs/policy.md §7.2).

-- side: 1 they may not open the tenant's content, 2 its people may not open theirs. partner: `tenant:` or `domain:`, as
-- principals are written.
CREATE TABLE denial (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    side smallint NOT NULL CHECK (side IN (1, 2)),
    partner text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, side, partner)
);
-- Which tenants keep their people from a sender's content: asked once for all recipients of a mail.
CREATE INDEX denial_of_content ON denial (partner, tenant) WHERE side = 2;

-- What a tenant's people may not open is asked where the content is, in whatever boundary.
SELECT isolate('denial', 'side = 2 OR {tenant} = {boundaries}', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, DELETE ON denial TO chancery_server, chancery_node;

-- As limit_holds, for these alone: true, or RM003.
CREATE FUNCTION denial_limit_holds(of_tenant uuid, most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit denial %s', of_tenant), 0));
    SELECT count(*) INTO held FROM denial WHERE tenant = of_tenant;
    IF held >= most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION denial_limit_holds(uuid, bigint) TO chancery_server, chancery_node;
