-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Mails to owners: taking some that wait costs what is taken, however many wait, and of whom (server/store/sql/notices.sql). Whose
-- boundary they are of stands with them, so that nobody reads past those of others. A tenant keeps its boundary. What was mailed needs
-- none. Those that wait already get theirs in 0039, so that no decision waits for that.

ALTER TABLE owner_notice ADD COLUMN boundary text NOT NULL DEFAULT '';

CREATE FUNCTION owner_notice_boundary() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    SELECT t.boundary INTO NEW.boundary FROM tenant t WHERE t.tenant = NEW.tenant;
    RETURN NEW;
END
$$;
CREATE TRIGGER owner_notice_boundary BEFORE INSERT ON owner_notice FOR EACH ROW EXECUTE FUNCTION owner_notice_boundary();

-- Those behind a place, a thousand at a time; where the next begin, or NULL behind the last ones.
CREATE FUNCTION owner_notice_fill(behind text) RETURNS text LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH slice AS MATERIALIZED (
        SELECT notice FROM owner_notice
        WHERE notice > coalesce(nullif(behind, ''), '00000000-0000-0000-0000-000000000000')::uuid
        ORDER BY notice LIMIT 1000
    ), filled AS (
        UPDATE owner_notice o SET boundary = t.boundary
        FROM slice s, tenant t
        WHERE o.notice = s.notice AND t.tenant = o.tenant AND o.mail_state = 1 AND o.boundary = ''
    )
    SELECT max(notice::text COLLATE "C") FROM slice
$$;
