-- SPDX-License-Identifier: Apache-2.0
-- How long the log is kept (docs/ARCHITECTURE.md, "How long the log is kept"). A month that is older goes as a whole, by the
-- hand of the schema's owner: the server may call for it, and has no say in what is old.

-- Without a row for ever. The owner alone writes it (chancery migrate --keep-log).
CREATE TABLE audit_retention (
    the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only),
    months integer NOT NULL CHECK (months BETWEEN 1 AND 1200)
);

-- Months that are to go, and all that have gone, which readers of the log are told of.
CREATE TABLE audit_month (
    low timestamptz PRIMARY KEY,
    high timestamptz NOT NULL,
    name text NOT NULL, -- the table; '': the owner took it out by hand, and keeps it
    due_since timestamptz NOT NULL,
    gone_at timestamptz, -- out of the log since
    dropped_at timestamptz
);
GRANT SELECT ON audit_month TO chancery_server, chancery_node;

-- Before this time records are missing, of whichever tenant; NULL: none are.
CREATE FUNCTION audit_kept_since() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT max(high) FROM audit_month WHERE gone_at IS NOT NULL
$$;

CREATE FUNCTION audit_months_text(months timestamptz[]) RETURNS text LANGUAGE sql STABLE SET TimeZone = 'UTC' AS $$
    SELECT string_agg(to_char(m, 'YYYY-MM'), ', ' ORDER BY m) FROM unnest(months) AS m
$$;

-- A record in the platform's log, by nobody.
CREATE FUNCTION audit_note(which uuid, operation text, target text) RETURNS void LANGUAGE sql AS $$
    SELECT audit_admin('00000000-0000-0000-0000-000000000000', which, operation, NULL, NULL, '', 'local', '', '', target)
$$;

-- What the owner took out by hand has gone, too: it lies between audit_early and the oldest month. Returns whether that is new.
CREATE FUNCTION audit_note_gap(which uuid) RETURNS boolean LANGUAGE plpgsql
SET search_path = public, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
    first timestamptz;
    behind timestamptz;
BEGIN
    SELECT p.high INTO STRICT first FROM audit_partitions() p WHERE p.name = 'audit_early';
    SELECT min(p.low) INTO STRICT behind FROM audit_partitions() p;
    IF behind <= first THEN
        RETURN false;
    END IF;
    INSERT INTO audit_month AS m (low, high, name, due_since, gone_at, dropped_at)
    VALUES (first, behind, '', now(), now(), now())
    ON CONFLICT (low) DO UPDATE
    SET high = EXCLUDED.high, gone_at = coalesce(m.gone_at, now()),
        dropped_at = CASE WHEN m.gone_at IS NULL THEN now() ELSE m.dropped_at END
    WHERE m.gone_at IS NULL OR m.high < EXCLUDED.high;
    IF FOUND THEN
        PERFORM audit_note(which, 'log_month_gone', 'all before ' || to_char(behind, 'YYYY-MM') || ': taken out by hand');
    END IF;
    RETURN FOUND;
END
$$;

-- Whether somebody still has to read a month.
CREATE FUNCTION audit_is_awaited(before timestamptz, as_of timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT false
$$;

-- Write down which months are due. They go a week later, so that there is time to see it in the log and to keep it for longer;
-- and so that a clock that is wrong for a while takes nothing away. Returns whether there are new ones.
CREATE FUNCTION audit_announce(cutoff timestamptz, as_of timestamptz, which uuid) RETURNS boolean LANGUAGE plpgsql
SET search_path = public, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
    months timestamptz[];
BEGIN
    WITH due AS (
        INSERT INTO audit_month (low, high, name, due_since)
        SELECT p.low, p.high, p.name, as_of FROM audit_partitions() p
        WHERE p.low IS NOT NULL AND p.high <= cutoff
        ON CONFLICT (low) DO NOTHING
        RETURNING low)
    SELECT array_agg(low) INTO months FROM due;
    IF months IS NULL THEN
        RETURN false;
    END IF;
    PERFORM audit_note(which, 'log_month_due', audit_months_text(months) || ': from ' ||
                       to_char(as_of + interval '7 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' on');
    RETURN true;
END
$$;

-- Take the oldest month out of the log, if it is due for a week. DETACH PARTITION … CONCURRENTLY can't be in a function, and only
-- the owner may do it. So the log is locked, for a few milliseconds, and nobody waits longer behind that than lock_timeout says:
-- beside pg_dump it fails (55P03), to be tried again. audit_early takes the month's place at once, so that there is a place for
-- every row.
CREATE FUNCTION audit_take_out(due audit_month, which uuid, as_of timestamptz) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp SET TimeZone = 'UTC' SET lock_timeout = '25ms' AS $$
BEGIN
    LOCK TABLE ONLY audit IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE audit_early, %I IN ACCESS EXCLUSIVE MODE', due.name);
    EXECUTE format('ALTER TABLE audit DETACH PARTITION %I', due.name);
    PERFORM audit_move_end('audit_early', 'MINVALUE', quote_literal(due.high));
    UPDATE audit_month SET gone_at = as_of WHERE low = due.low;
    PERFORM audit_note(which, 'log_month_gone', audit_months_text(ARRAY[due.low]));
END
$$;

-- One step of what is to be done; returns which: '' nothing. 'gone': a month is out of the log. 'dropped': its table, in a
-- transaction of its own, because deleting large files takes long. 'due': months are announced. 'awaited': a month stays,
-- because somebody has not read it yet. 'gap': the owner has taken one out by hand. 'large': audit_early holds more than
-- `most` bytes of rows, which takes long to look through.
CREATE FUNCTION audit_retain_at(as_of timestamptz, most bigint, which uuid) RETURNS text LANGUAGE plpgsql
SET search_path = public, pg_temp SET TimeZone = 'UTC' SET lock_timeout = '25ms' AS $$
DECLARE
    cutoff timestamptz;
    due audit_month;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('chancery audit_extend')) THEN
        RETURN '';
    END IF;
    SELECT * INTO due FROM audit_month WHERE gone_at IS NOT NULL AND dropped_at IS NULL ORDER BY low LIMIT 1;
    IF FOUND THEN
        EXECUTE format('DROP TABLE IF EXISTS %I', due.name);
        UPDATE audit_month SET dropped_at = as_of WHERE low = due.low;
        RETURN 'dropped';
    END IF;
    IF audit_note_gap(which) THEN
        RETURN 'gap';
    END IF;
    SELECT date_trunc('month', as_of) - make_interval(months => months) INTO cutoff FROM audit_retention;
    -- It is to be kept for longer by now, or the clock was ahead.
    DELETE FROM audit_month WHERE gone_at IS NULL AND (cutoff IS NULL OR high > cutoff OR due_since > as_of);
    IF cutoff IS NULL THEN
        RETURN '';
    ELSIF audit_announce(cutoff, as_of, which) THEN
        RETURN 'due';
    END IF;
    SELECT m.* INTO due FROM audit_month m JOIN audit_partitions() p ON p.name = m.name AND p.low = m.low
    WHERE m.gone_at IS NULL AND NOT EXISTS (SELECT FROM audit_partitions() o WHERE o.high IS NOT NULL AND o.low < m.low)
      AND m.due_since <= as_of - interval '7 days';
    IF NOT FOUND THEN
        RETURN '';
    ELSIF audit_is_awaited(due.high, as_of) THEN
        RETURN 'awaited';
    ELSIF pg_relation_size('audit_early') > most THEN
        RETURN 'large';
    END IF;
    PERFORM audit_take_out(due, which, as_of);
    RETURN 'gone';
END
$$;

-- The same by the clock, for the server's role. 32 MiB: as when months are made.
CREATE FUNCTION audit_retain(which uuid) RETURNS text LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT audit_retain_at(now(), 32 << 20, which)
$$;

REVOKE ALL ON FUNCTION audit_note(uuid, text, text), audit_note_gap(uuid), audit_is_awaited(timestamptz, timestamptz),
    audit_announce(timestamptz, timestamptz, uuid), audit_take_out(audit_month, uuid, timestamptz),
    audit_retain_at(timestamptz, bigint, uuid), audit_retain(uuid), audit_kept_since(),
    audit_months_text(timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_retain(uuid), audit_kept_since() TO chancery_server, chancery_node;
