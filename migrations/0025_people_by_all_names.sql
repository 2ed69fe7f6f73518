-- SPDX-License-Identifier: Apache-2.0
-- Publishers are taken back, and devices counted, by all addresses of a person (docs/policy.md §5.7, §8.9).

-- What is named, and all addresses of the directory's entries that have one of these names. Names that are no address are
-- in no directory.
CREATE FUNCTION person_names(of_tenant uuid, named text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(DISTINCT a.name) FROM (
        SELECT u.name COLLATE "C" AS name FROM unnest(named) AS u (name)
        UNION ALL
        SELECT o.address
        FROM unnest(named) AS u (name), LATERAL (
                SELECT k.entry FROM directory_name k WHERE k.tenant = of_tenant AND k.address = u.name OFFSET 0) AS k, LATERAL (
                SELECT o.address FROM directory_name o WHERE o.tenant = of_tenant AND o.entry = k.entry OFFSET 0) AS o
    ) AS a
$$;

-- As before, of several names at once.
CREATE FUNCTION publisher_limit_holds(of_tenant uuid, named text[], most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit publisher %s', of_tenant), 0));
    SELECT count(*) INTO held FROM publisher_revocation p WHERE p.tenant = of_tenant AND p.publisher <> ALL (named);
    IF held + cardinality(named) > most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;

-- A person's devices are counted by all of their addresses: who is known by another one has no more of them. The lock is that of the
-- directory's entry, or of the address that is in none.
CREATE OR REPLACE FUNCTION device_limit_holds(of_tenant uuid, of_address text, again text, most bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    person text[] := person_names(of_tenant, ARRAY[of_address]);
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit device %s %s', of_tenant, person[1]), 0));
    DELETE FROM device WHERE tenant = of_tenant AND (address, thumbprint) IN (
        SELECT d.address, d.thumbprint FROM device d
        WHERE d.tenant = of_tenant AND d.ends_at <= now() AND NOT (d.address = of_address AND d.thumbprint = again)
        ORDER BY d.ends_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    SELECT count(*) INTO held FROM device d
        WHERE d.tenant = of_tenant AND d.address = ANY (person) AND d.ends_at > now()
          AND NOT (d.address = of_address AND d.thumbprint = again);
    IF held >= most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;

GRANT EXECUTE ON FUNCTION person_names(uuid, text[]), publisher_limit_holds(uuid, text[], bigint)
    TO chancery_server, chancery_node;
