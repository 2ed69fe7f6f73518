-- SPDX-License-Identifier: Apache-2.0
-- Sinks of the audit log: how far each has come (docs/ARCHITECTURE.md, "Sinks of the log").

-- The log of all tenants in the order of time, for those who take all of it. Like the log's other indexes it is meant by its
-- predicate (0013_audit_at_size.sql). Without the event: rows of one transaction have one time, so they share an entry.
CREATE INDEX audit_of_all ON audit (at) WHERE length(reason) > 0;

-- reader: the role of nodes that see some boundaries only, because each sees another log; '' for those that see everything.
-- Of the nodes with a sink of this name the holder sends, and nobody else until the time has passed. All times are the
-- database's. What was sent up to (at, event) has arrived.
CREATE TABLE audit_sink (
    name text NOT NULL,
    reader text NOT NULL,
    at timestamptz NOT NULL DEFAULT 'epoch',
    event uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    asked_at timestamptz NOT NULL DEFAULT 'epoch', -- what the clock said then
    sent bigint NOT NULL DEFAULT 0,
    problem text NOT NULL DEFAULT '', -- a reason, while it can't send
    holder uuid NOT NULL,
    held_until timestamptz NOT NULL,
    seen_at timestamptz NOT NULL, -- when a node served it last; never in the future (audit_sink_seen)
    PRIMARY KEY (name, reader)
);
GRANT SELECT, INSERT, UPDATE ON audit_sink TO chancery_server, chancery_node;
SELECT isolate('audit_sink', 'reader = current_user');

CREATE FUNCTION audit_sink_reader() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN pg_has_role(current_user, 'chancery_server', 'USAGE') THEN '' ELSE current_user END
$$;
REVOKE ALL ON FUNCTION audit_sink_reader() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_sink_reader() TO chancery_server, chancery_node;

-- A node's role writes its own rows. One that is seen for ever would keep every month of the log.
CREATE FUNCTION audit_sink_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.seen_at := least(NEW.seen_at, now());
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_sink_seen BEFORE INSERT OR UPDATE ON audit_sink FOR EACH ROW EXECUTE FUNCTION audit_sink_seen();

-- A month stays until every sink has passed it, but for those that no node has served for a month.
CREATE OR REPLACE FUNCTION audit_is_awaited(before timestamptz, as_of timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM audit_sink s WHERE s.at < before AND s.seen_at > as_of - interval '30 days')
$$;
