-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Takes away: an index, without which older programs only take longer to find what is to be mailed.
-- Mails to owners: taking some that wait costs what is taken, however many wait, and of whom (server/store/sql/notices.sql). Whose
-- boundary they are of stands with them, so that nobody reads past those of others. A tenant keeps its boundary. What was mailed needs none.

ALTER TABLE owner_notice ADD COLUMN boundary text NOT NULL DEFAULT '';
UPDATE owner_notice o SET boundary = t.boundary FROM tenant t WHERE t.tenant = o.tenant AND o.mail_state = 1;

CREATE FUNCTION owner_notice_boundary() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    SELECT t.boundary INTO NEW.boundary FROM tenant t WHERE t.tenant = NEW.tenant;
    RETURN NEW;
END
$$;
CREATE TRIGGER owner_notice_boundary BEFORE INSERT ON owner_notice FOR EACH ROW EXECUTE FUNCTION owner_notice_boundary();

-- Each is meant by its predicate (0013_audit_at_size.sql).
DROP INDEX owner_notice_to_mail;
CREATE INDEX owner_notice_due ON owner_notice (boundary, mail_at) WHERE mail_state = 1 AND length(boundary) > 0;
CREATE INDEX owner_notice_turn ON owner_notice (boundary, tenant, mail_at) WHERE mail_state = 1 AND length(owner) > 0;
