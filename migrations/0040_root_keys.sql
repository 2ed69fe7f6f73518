-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Several root keys side by side, and going from one to another (docs/policy.md §13).

-- begun_at: since when nodes wrap by it; NULL: not yet. ended_at: since when nothing has lain under another one. A program that knows of one
-- root key leaves the first row of a database, whose key wraps at once.
ALTER TABLE root_key_check
    ADD COLUMN begun_at timestamptz DEFAULT now(),
    ADD COLUMN ended_at timestamptz DEFAULT now();
GRANT UPDATE ON root_key_check TO chancery_server, chancery_node;

-- By which root key an import key is wrapped.
ALTER TABLE key_import ADD COLUMN root_version integer NOT NULL DEFAULT 1;

-- What lies under a root key.
CREATE INDEX tenant_key_root ON tenant_key (root_version, tenant, purpose, version) WHERE wrapped <> '';

-- The workers of all nodes: which root keys each opens, and by which it wraps. One that was not seen for two minutes is gone.
CREATE TABLE root_key_worker (
    worker uuid PRIMARY KEY,
    opens bigint[] NOT NULL,
    wraps integer NOT NULL,
    seen_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON root_key_worker TO chancery_server, chancery_node;

-- Under another root key the same version rests as it was: its etag stays.
CREATE OR REPLACE FUNCTION tenant_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.root_version <> OLD.root_version AND NEW.state = OLD.state AND NEW.destroy_at IS NOT DISTINCT FROM OLD.destroy_at THEN
        RETURN NEW;
    END IF;
    NEW.mark := mark_new();
    IF NEW.state <> OLD.state OR (NEW.destroy_at IS NULL) <> (OLD.destroy_at IS NULL) THEN
        NEW.changed_at := now();
    END IF;
    RETURN NEW;
END
$$;

-- Rows of whatever boundary, which a node's role does not see, by their root key.
CREATE FUNCTION root_key_rows() RETURNS TABLE (root_version integer, lying bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.root_version, count(*)
    FROM (SELECT k.root_version FROM tenant_key k WHERE k.wrapped <> ''
          UNION ALL SELECT i.root_version FROM key_import i WHERE i.wrapped <> '') r
    GROUP BY r.root_version
$$;

-- How many lie under other root keys than this one.
CREATE FUNCTION root_key_left(wraps integer) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT (SELECT count(*) FROM tenant_key k WHERE k.wrapped <> '' AND k.root_version < wraps)
         + (SELECT count(*) FROM tenant_key k WHERE k.wrapped <> '' AND k.root_version > wraps)
         + (SELECT count(*) FROM key_import i WHERE i.wrapped <> '' AND i.root_version <> wraps)
$$;

-- By which root key is wrapped now: the one that was begun last.
CREATE FUNCTION root_key_wraps() RETURNS integer LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT c.root_version FROM root_key_check c WHERE c.begun_at IS NOT NULL ORDER BY c.begun_at DESC, c.root_version LIMIT 1
$$;

-- A worker says which root keys it opens, by which it wraps, and by which it wishes to; it hears by which it must. A root key that
-- nobody has wrapped by begins when every worker opens it, and never before: what it wraps must open everywhere.
-- waiting: workers that don't open the wished one. lacking: a root key that this worker would need and does not have, so that it must not
-- serve; 0: none; lacking_rows: what lies under it. One at a time: who comes meanwhile finds out what was begun.
CREATE FUNCTION root_key_meet(own uuid, own_opens bigint[], own_wraps integer, wish integer, wish_check bytea, event uuid,
                              OUT wraps integer, OUT waiting bigint, OUT lacking integer, OUT lacking_rows bigint)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE root_key_worker IN SHARE ROW EXCLUSIVE MODE;
    wraps := root_key_wraps();
    waiting := 0;
    lacking_rows := 0;
    lacking := (SELECT c.root_version FROM root_key_check c
                WHERE c.root_version <> ALL (own_opens)
                  AND (c.root_version = root_key_wraps()
                       OR EXISTS (SELECT FROM tenant_key k WHERE k.root_version = c.root_version AND k.wrapped <> '')
                       OR EXISTS (SELECT FROM key_import i WHERE i.root_version = c.root_version AND i.wrapped <> ''))
                ORDER BY c.begun_at DESC LIMIT 1);
    IF lacking IS NOT NULL THEN
        lacking_rows := coalesce((SELECT r.lying FROM root_key_rows() r WHERE r.root_version = lacking), 0);
        DELETE FROM root_key_worker w WHERE w.worker = own;
        RETURN;
    END IF;
    lacking := 0;
    INSERT INTO root_key_check (root_version, wrapped, begun_at, ended_at) VALUES (wish, wish_check, NULL, NULL)
        ON CONFLICT DO NOTHING;
    DELETE FROM root_key_worker w WHERE w.seen_at < now() - interval '2 minutes';
    INSERT INTO root_key_worker (worker, opens, wraps, seen_at) VALUES (own, own_opens, own_wraps, now())
        ON CONFLICT (worker) DO UPDATE SET opens = EXCLUDED.opens, wraps = EXCLUDED.wraps, seen_at = EXCLUDED.seen_at;
    IF EXISTS (SELECT FROM root_key_check c WHERE c.root_version = wish AND c.begun_at IS NULL) THEN
        waiting := (SELECT count(*) FROM root_key_worker w WHERE wish <> ALL (w.opens));
    ELSE
        RETURN;
    END IF;
    IF waiting = 0 THEN
        wraps := wish;
        UPDATE root_key_check c
        SET begun_at = greatest(clock_timestamp(), (SELECT max(o.begun_at) FROM root_key_check o) + interval '1 microsecond')
        WHERE c.root_version = wish;
        PERFORM audit_admin('00000000-0000-0000-0000-000000000000', event, 'begin_root_key', NULL, NULL, '', '', '', '',
                            'root key ' || lpad(to_hex(wish), 8, '0') || ': keys are wrapped by it from now on');
    END IF;
END
$$;

-- How many rows are left under other root keys, and whether going over to this one is over: none is left, and no worker wraps by another.
CREATE FUNCTION root_key_end(own_wraps integer, event uuid, OUT lying bigint, OUT is_over boolean, OUT has_ended boolean)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    lying := root_key_left(own_wraps);
    is_over := lying = 0 AND own_wraps = root_key_wraps()
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

REVOKE ALL ON FUNCTION root_key_rows(), root_key_left(integer), root_key_wraps(),
    root_key_meet(uuid, bigint[], integer, integer, bytea, uuid), root_key_end(integer, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION root_key_rows(), root_key_left(integer), root_key_wraps(),
    root_key_meet(uuid, bigint[], integer, integer, bytea, uuid), root_key_end(integer, uuid) TO chancery_server, chancery_node;
