-- SPDX-License-Identifier: Apache-2.0
-- Keys of people's devices and mailboxes (docs/policy.md §8.9), for which licenses are made before they are asked for.

-- address: by which the person was known. issuer: who has said so. component: the gateway whose mailbox it is; NULL: a device.
CREATE TABLE device (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    address text COLLATE "C" NOT NULL,
    thumbprint text COLLATE "C" NOT NULL CHECK (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
    display_name text NOT NULL,
    public_jwk text NOT NULL,
    issuer_tenant uuid NOT NULL,
    issuer uuid NOT NULL,
    component uuid,
    registered_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, address, thumbprint),
    FOREIGN KEY (issuer_tenant, issuer) REFERENCES issuer (tenant, issuer) ON DELETE CASCADE,
    FOREIGN KEY (tenant, component) REFERENCES component (tenant, component) ON DELETE CASCADE
);
CREATE INDEX device_by_issuer ON device (issuer_tenant, issuer);
CREATE INDEX device_by_component ON device (tenant, component) WHERE component IS NOT NULL;
CREATE INDEX device_by_end ON device (tenant, ends_at);

SELECT isolate('device', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, UPDATE, DELETE ON device TO chancery_server, chancery_node;

-- An address that comes into a directory, or leaves it, or goes to another entry there, may be another person's from then on:
-- its devices are nobody's. Names go from entry to entry by being removed and put again (directory_put).
CREATE FUNCTION device_forget_names() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which uuid;
BEGIN
    FOR which IN SELECT DISTINCT c.tenant FROM changed c LOOP
        IF EXISTS (SELECT FROM device d WHERE d.tenant = which) THEN
            DELETE FROM device d WHERE d.tenant = which
                AND d.address = ANY (ARRAY(SELECT c.address FROM changed c WHERE c.tenant = which));
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER device_name_comes AFTER INSERT ON directory_name REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION device_forget_names();
CREATE TRIGGER device_name_goes AFTER DELETE ON directory_name REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION device_forget_names();

-- As limit_holds, of one person: true, or RM003. Who registers again takes no more room. What has ended goes, a hundred at a time.
CREATE FUNCTION device_limit_holds(of_tenant uuid, of_address text, again text, most bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit device %s %s', of_tenant, of_address), 0));
    DELETE FROM device WHERE tenant = of_tenant AND (address, thumbprint) IN (
        SELECT d.address, d.thumbprint FROM device d
        WHERE d.tenant = of_tenant AND d.ends_at <= now() AND NOT (d.address = of_address AND d.thumbprint = again)
        ORDER BY d.ends_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    SELECT count(*) INTO held FROM device d
        WHERE d.tenant = of_tenant AND d.address = of_address AND d.thumbprint <> again AND d.ends_at > now();
    IF held >= most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION device_limit_holds(uuid, text, text, bigint), device_forget_names() TO chancery_server, chancery_node;
