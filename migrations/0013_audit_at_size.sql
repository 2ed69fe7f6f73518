-- SPDX-License-Identifier: Apache-2.0
-- The log and the contents at size: every list has one index that serves it, and the log's partitions are made in time
-- without anybody waiting.
--
-- One index serves each statement, whatever PostgreSQL has counted so far. A plan for a table that was never analyzed, or that
-- was empty, finds all indexes that fit equally good; and to one that was, an index with the wrong order and a filter looks good
-- when what is asked for is frequent, though perhaps not for the last year. So each index is partial, and a statement says the
-- predicate of the one that it means. Predicates that hold for every row are only names; the planner can't conclude one from
-- another (tests/regress/test_plans_rested_on_statistics.py).

-- --- contents ---------------------------------------------------------------------------------------

-- By tenant and content there is the primary key alone.
DROP INDEX content_by_owner, content_request;
-- An address is one tenant's, or was another's before; so the tenant is not needed to find few rows.
CREATE INDEX content_by_owner ON content (owner, content) WHERE owner > '';
CREATE INDEX content_by_owner_and_issuer ON content (owner, issuer, content) WHERE length(owner) > 0;
CREATE UNIQUE INDEX content_request ON content (request_id, tenant) WHERE request_id IS NOT NULL;

-- --- the log ----------------------------------------------------------------------------------------

ALTER TABLE audit DROP CONSTRAINT audit_pkey;
DROP INDEX audit_by_content;
CREATE UNIQUE INDEX audit_by_time ON audit (tenant, at, event) WHERE length(operation) > 0;
CREATE INDEX audit_by_content ON audit (tenant, content, at, event) WHERE content IS NOT NULL;
CREATE INDEX audit_by_user ON audit (tenant, user_address, at, event) WHERE user_address IS NOT NULL;
-- A granted license, which is what there is most of, costs no more than these three.
CREATE INDEX audit_by_operation ON audit (tenant, operation, at, event) WHERE operation <> 'acquire_license';
CREATE INDEX audit_by_reason ON audit (tenant, reason, at, event) WHERE reason <> 'OK';
CREATE INDEX audit_denied ON audit (tenant, at, event) WHERE NOT granted;
CREATE INDEX audit_by_power ON audit (tenant, power, at, event) WHERE power <> '';
CREATE INDEX audit_with_power ON audit (tenant, at, event) WHERE length(power) > 0;

CREATE OR REPLACE FUNCTION approval_performed(of_tenant uuid, which uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit WHERE tenant = of_tenant AND at = now() AND event = which AND length(operation) > 0) THEN
        RAISE EXCEPTION 'the act changed nothing' USING ERRCODE = 'RM001';
    END IF;
END
$$;

-- --- partitions -------------------------------------------------------------------------------------

-- Months, with audit_early before and audit_rest after them, so that there is a place for every row whatever the clock says.
-- No DEFAULT: beside one PostgreSQL refuses DETACH PARTITION … CONCURRENTLY, and looks into all of them for the newest rows.

DROP FUNCTION audit_make_partitions(integer);

-- The partitions and their bounds, NULL for none; without those that are being detached.
CREATE FUNCTION audit_partitions(OUT name text, OUT low timestamptz, OUT high timestamptz) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = public, pg_temp SET TimeZone = 'UTC' AS $$
    SELECT c.relname, substring(b.text FROM 'FROM \(''([^'']+)''\)')::timestamptz,
           substring(b.text FROM 'TO \(''([^'']+)''\)')::timestamptz
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) AS b (text)
    WHERE i.inhparent = 'audit'::regclass AND NOT i.inhdetachpending
$$;

-- A name for the partition of a month that nothing has.
CREATE FUNCTION audit_partition_name(month timestamptz) RETURNS text LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
    name text := 'audit_' || to_char(month, 'YYYYMM');
BEGIN
    WHILE to_regclass(name) IS NOT NULL LOOP
        name := name || '_';
    END LOOP;
    RETURN name;
END
$$;

-- Take the rows before a time out of audit_rest.
CREATE FUNCTION audit_take_rest(until timestamptz, name text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp SET TimeZone = 'UTC' AS $$
BEGIN
    EXECUTE format('WITH moved AS (DELETE FROM audit_rest WHERE at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
                   until, name);
END
$$;

-- Put audit_early or audit_rest where the months leave room. Who calls has locked audit and it; each of its rows is looked at.
CREATE FUNCTION audit_move_end(name text, low text, high text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE audit DETACH PARTITION %I', name);
    EXECUTE format('ALTER TABLE audit ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, low, high);
END
$$;

-- Make the partitions of the month of `as_of` and the next `ahead` ones, as far as they are not there; a year's worth at most.
-- Returns how many were made, or -1: audit_rest holds more than `most` bytes of rows, which takes long to sort out.
--
-- Rows that have come into audit_rest because their month was not there move to it. What is new is made and filled aside, with a
-- CHECK that saves the look at each row. Then audit and its ends are locked, for a few milliseconds, and nobody waits longer
-- behind that than lock_timeout says: beside pg_dump it fails (55P03), to be tried again. So months are made early.
--
-- What was detached is covered by audit_early when the next month is made.
CREATE FUNCTION audit_extend(ahead integer, as_of timestamptz, most bigint) RETURNS integer LANGUAGE plpgsql
SET search_path = public, pg_temp SET TimeZone = 'UTC' SET lock_timeout = '25ms' AS $$
DECLARE
    one constant interval := '1 month';
    first timestamptz;
    last timestamptz;
    oldest timestamptz;
    month timestamptz;
    made text[] := '{}';
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('chancery audit_extend')) THEN
        RETURN 0;
    END IF;
    SELECT p.low INTO STRICT first FROM audit_partitions() p WHERE p.name = 'audit_rest';
    SELECT min(p.low) INTO oldest FROM audit_partitions() p;
    last := least(date_trunc('month', as_of) + one * (least(ahead, 24) + 1), first + one * 12);
    IF last <= first THEN
        RETURN 0;
    ELSIF pg_relation_size('audit_rest') > most THEN
        RETURN -1;
    END IF;
    FOR month IN SELECT * FROM generate_series(first, last - one, one) LOOP
        made := made || audit_partition_name(month);
        EXECUTE format('CREATE TABLE %I (LIKE audit INCLUDING ALL, CONSTRAINT its_month CHECK (at >= %L AND at < %L))',
                       made[cardinality(made)], month, month + one);
        PERFORM audit_take_rest(month + one, made[cardinality(made)]);
    END LOOP;
    LOCK TABLE ONLY audit IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE audit_rest, audit_early IN ACCESS EXCLUSIVE MODE;
    FOR i IN 1 .. cardinality(made) LOOP
        PERFORM audit_take_rest(first + one * i, made[i]); -- what came meanwhile
    END LOOP;
    PERFORM audit_move_end('audit_rest', quote_literal(last), 'MAXVALUE');
    FOR i IN 1 .. cardinality(made) LOOP
        EXECUTE format('ALTER TABLE audit ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', made[i], first + one * (i - 1),
                       first + one * i);
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT its_month', made[i]);
    END LOOP;
    IF pg_relation_size('audit_early') <= most
       AND oldest > (SELECT p.high FROM audit_partitions() p WHERE p.name = 'audit_early') THEN
        PERFORM audit_move_end('audit_early', 'MINVALUE', quote_literal(oldest));
    END IF;
    RETURN cardinality(made);
END
$$;

-- The same by the clock, for the server's role, which may not create tables. 32 MiB: about 100,000 rows, 3 seconds.
CREATE FUNCTION audit_make_partitions(ahead integer) RETURNS integer LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT audit_extend(ahead, now(), 32 << 20)
$$;

REVOKE ALL ON FUNCTION audit_partitions(), audit_partition_name(timestamptz), audit_take_rest(timestamptz, text),
    audit_move_end(text, text, text), audit_extend(integer, timestamptz, bigint), audit_make_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_make_partitions(integer) TO chancery_server, chancery_node;

-- From a log with a DEFAULT partition. Months that nobody made, between others, are made now.
DO $$
DECLARE
    first timestamptz;
    last timestamptz;
    month timestamptz;
BEGIN
    SET LOCAL TimeZone = 'UTC';
    ALTER TABLE audit DETACH PARTITION audit_rest;
    ALTER TABLE audit_rest RENAME TO audit_default;
    SELECT min(low), max(high) INTO first, last FROM audit_partitions();
    EXECUTE format('CREATE TABLE audit_early PARTITION OF audit FOR VALUES FROM (MINVALUE) TO (%L)', first);
    EXECUTE format('CREATE TABLE audit_rest PARTITION OF audit FOR VALUES FROM (%L) TO (MAXVALUE)', last);
    FOR month IN SELECT m FROM generate_series(first, last - interval '1 month', interval '1 month') AS m
                 WHERE m NOT IN (SELECT low FROM audit_partitions() WHERE low IS NOT NULL) LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF audit FOR VALUES FROM (%L) TO (%L)', audit_partition_name(month), month,
                       month + interval '1 month');
    END LOOP;
    INSERT INTO audit SELECT * FROM audit_default;
    DROP TABLE audit_default;
END
$$;

-- It has no primary key to tell by which row was deleted, if somebody follows it by logical replication.
ALTER TABLE audit_rest REPLICA IDENTITY FULL;

-- --- other lists ------------------------------------------------------------------------------------

CREATE INDEX partner_exception_of_content ON partner_exception (content_tenant, exception);
CREATE INDEX partner_exception_of_reader ON partner_exception (reader_tenant, exception);
DROP INDEX partner_exception_by_reader;
-- Who has an address in a domain.
CREATE INDEX directory_name_by_domain ON directory_name (tenant, split_part(address, '@', -1), address)
    WHERE length(address) > 0;

-- --- upkeep -----------------------------------------------------------------------------------------

-- Nodes that sweep at once pass over each other's rows, for which PostgreSQL asks who may change them.
GRANT UPDATE (expires_at) ON token_proof TO chancery_server, chancery_node;
