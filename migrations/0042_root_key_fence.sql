-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Takes away: root_key_meet and root_key_end, for others of the same arguments that tell more: programs before read what they did.
-- Nothing is wrapped by a root key that does not wrap any more, whoever writes (docs/policy.md §13).

-- What is wrapped is wrapped by the root key that wraps when it is committed. SQLSTATE RM004: by another one. A root key begins only while
-- nobody who has passed here is on the way, and whoever comes meanwhile waits for that: in READ COMMITTED the look comes after the lock.
CREATE FUNCTION root_key_fence() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('chancery root_key_fence', 0));
    IF NEW.root_version IS DISTINCT FROM root_key_wraps() THEN
        RAISE EXCEPTION 'root key % does not wrap', lpad(to_hex(NEW.root_version), 8, '0') USING ERRCODE = 'RM004';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tenant_key_fence BEFORE INSERT OR UPDATE OF wrapped, root_version ON tenant_key FOR EACH ROW
    WHEN (NEW.wrapped <> '') EXECUTE FUNCTION root_key_fence();
CREATE TRIGGER key_import_fence BEFORE INSERT OR UPDATE OF wrapped, root_version ON key_import FOR EACH ROW
    WHEN (NEW.wrapped <> '') EXECUTE FUNCTION root_key_fence();

-- Since when workers were heard without a gap of a minute: for so long whoever lives was able to say which root keys they open.
CREATE TABLE root_key_heard (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    since timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
INSERT INTO root_key_heard (since, seen_at) VALUES (now(), now());
GRANT SELECT, UPDATE ON root_key_heard TO chancery_server, chancery_node;

DROP FUNCTION root_key_meet(uuid, bigint[], integer, integer, bytea, uuid), root_key_end(integer, uuid);

-- A worker says which root keys it opens, by which it wraps, and by which it wishes to; it hears by which it must. A root key that
-- nobody has wrapped by begins when every worker opens it, and never before: what it wraps must open everywhere. A worker that was not
-- seen for two minutes is gone, unless nobody could be seen: after a gap none begins for two minutes.
-- waiting: workers that don't open the wished one; -1: all do, and somebody is on the way with what the former one has wrapped, so ask again
-- soon. Nobody waits for that one here: being heard is not to be undone with it. quiet_s: for so many seconds none begins. lacking: a root key that this worker would
-- need and does not have, so that it must not serve; 0: none; lacking_rows: what lies under it. One that has served and lacks one by now
-- counts on. One at a time: who comes meanwhile finds out what was begun.
CREATE FUNCTION root_key_meet(own uuid, own_opens bigint[], own_wraps integer, wish integer, wish_check bytea, event uuid,
                              OUT wraps integer, OUT waiting bigint, OUT quiet_s bigint, OUT lacking integer, OUT lacking_rows bigint)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    met_at timestamptz;
    heard_since timestamptz;
BEGIN
    LOCK TABLE root_key_worker IN SHARE ROW EXCLUSIVE MODE;
    met_at := clock_timestamp();
    UPDATE root_key_heard h
    SET since = CASE WHEN h.seen_at < met_at - interval '1 minute' THEN met_at ELSE h.since END, seen_at = met_at
    RETURNING h.since INTO heard_since;
    wraps := root_key_wraps();
    waiting := 0;
    quiet_s := 0;
    lacking_rows := 0;
    lacking := (SELECT c.root_version FROM root_key_check c
                WHERE c.root_version <> ALL (own_opens)
                  AND (c.root_version = root_key_wraps()
                       OR EXISTS (SELECT FROM tenant_key k WHERE k.root_version = c.root_version AND k.wrapped <> '')
                       OR EXISTS (SELECT FROM key_import i WHERE i.root_version = c.root_version AND i.wrapped <> ''))
                ORDER BY c.begun_at DESC LIMIT 1);
    IF lacking IS NOT NULL THEN
        lacking_rows := coalesce((SELECT r.lying FROM root_key_rows() r WHERE r.root_version = lacking), 0);
        UPDATE root_key_worker w SET opens = own_opens, wraps = own_wraps, seen_at = met_at WHERE w.worker = own;
        RETURN;
    END IF;
    lacking := 0;
    INSERT INTO root_key_check (root_version, wrapped, begun_at, ended_at) VALUES (wish, wish_check, NULL, NULL)
        ON CONFLICT DO NOTHING;
    DELETE FROM root_key_worker w WHERE w.seen_at < met_at - interval '2 minutes';
    INSERT INTO root_key_worker (worker, opens, wraps, seen_at) VALUES (own, own_opens, own_wraps, met_at)
        ON CONFLICT (worker) DO UPDATE SET opens = EXCLUDED.opens, wraps = EXCLUDED.wraps, seen_at = EXCLUDED.seen_at;
    IF NOT EXISTS (SELECT FROM root_key_check c WHERE c.root_version = wish AND c.begun_at IS NULL) THEN
        RETURN;
    END IF;
    waiting := (SELECT count(*) FROM root_key_worker w WHERE wish <> ALL (w.opens));
    quiet_s := greatest(0, ceil(extract(epoch FROM heard_since + interval '2 minutes' - met_at)));
    IF waiting = 0 AND quiet_s = 0 THEN
        IF NOT pg_try_advisory_xact_lock(hashtextextended('chancery root_key_fence', 0)) THEN
            waiting := -1;
            RETURN;
        END IF;
        wraps := wish;
        UPDATE root_key_check c
        SET begun_at = greatest(clock_timestamp(), (SELECT max(o.begun_at) FROM root_key_check o) + interval '1 microsecond')
        WHERE c.root_version = wish;
        PERFORM audit_admin('00000000-0000-0000-0000-000000000000', event, 'begin_root_key', NULL, NULL, '', '', '', '',
                            'root key ' || lpad(to_hex(wish), 8, '0') || ': keys are wrapped by it from now on');
    END IF;
END
$$;

-- By which is wrapped, how many rows are left under others, and whether going over to it is over: none is left, and no worker wraps by
-- another. Only who wraps by it says so.
CREATE FUNCTION root_key_end(own_wraps integer, event uuid,
                             OUT wraps integer, OUT lying bigint, OUT is_over boolean, OUT has_ended boolean)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    wraps := root_key_wraps();
    lying := root_key_left(wraps);
    is_over := lying = 0 AND own_wraps = root_key_end.wraps
               AND NOT EXISTS (SELECT FROM root_key_worker w WHERE w.wraps <> own_wraps AND w.seen_at >= now() - interval '2 minutes');
    has_ended := false;
    IF is_over THEN
        UPDATE root_key_check c SET ended_at = now() WHERE c.root_version = own_wraps AND c.ended_at IS NULL;
        has_ended := FOUND;
    END IF;
    IF has_ended THEN
        PERFORM audit_admin('00000000-0000-0000-0000-000000000000', event, 'end_root_key', NULL, NULL, '', '', '', '',
                            'root key ' || lpad(to_hex(own_wraps), 8, '0') || ': nothing lies under another one');
    END IF;
END
$$;

-- The import keys for which a second admin is asked. Whoever asks meanwhile waits (limit_holds), and finds what was pushed out gone.
CREATE FUNCTION key_imports_awaited(of_tenant uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit approval %s', of_tenant), 0));
    RETURN QUERY SELECT a.import FROM approval a
                 WHERE a.tenant = of_tenant AND a.import IS NOT NULL AND a.state = 1 AND now() < a.expires_at;
END
$$;

-- Who is asked to let a key in needs its import key until then; SQLSTATE P0002: it is not there. A program that knows of no such column
-- would keep the customer's wrapped key where it stays; it is told that something came between, so that its client asks again.
CREATE FUNCTION approval_holds_import() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.import IS NULL THEN
        RAISE EXCEPTION 'a request to import a key names its import key' USING ERRCODE = '40001';
    END IF;
    PERFORM FROM key_import i
    WHERE i.tenant = NEW.tenant AND i.import = NEW.import AND i.wrapped <> '' AND i.expires_at > now()
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the import key is not there' USING ERRCODE = 'P0002';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER approval_holds_import BEFORE INSERT ON approval FOR EACH ROW WHEN (NEW.act = 'import_key')
    EXECUTE FUNCTION approval_holds_import();

REVOKE ALL ON FUNCTION root_key_meet(uuid, bigint[], integer, integer, bytea, uuid), root_key_end(integer, uuid),
    key_imports_awaited(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION root_key_meet(uuid, bigint[], integer, integer, bytea, uuid), root_key_end(integer, uuid),
    key_imports_awaited(uuid) TO chancery_server, chancery_node;
