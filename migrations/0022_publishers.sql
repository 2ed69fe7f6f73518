-- SPDX-License-Identifier: Apache-2.0
-- Publisher certificates that were taken back (docs/policy.md §5.7). Asked only when content that was protected
-- without a request is seen for the first time, which may be years after the certificate has ended: so no row goes.

-- publisher: a certificate's serial, a component's id or a user's address. Its certificates until then are revoked.
CREATE TABLE publisher_revocation (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    publisher text NOT NULL,
    issued_until timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    PRIMARY KEY (tenant, publisher)
);

SELECT isolate('publisher_revocation', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, UPDATE ON publisher_revocation TO chancery_server, chancery_node;

-- As limit_holds, for these alone: true, or RM003. What is revoked again takes no room.
CREATE FUNCTION publisher_limit_holds(of_tenant uuid, named text, most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit publisher %s', of_tenant), 0));
    SELECT count(*) INTO held FROM publisher_revocation p WHERE p.tenant = of_tenant AND p.publisher <> named;
    IF held >= most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION publisher_limit_holds(uuid, text, bigint) TO chancery_server, chancery_node;
