-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Takes away: an index, without which older programs only take longer to find what is to be mailed; and what filled a column once.
-- In slices: SELECT owner_notice_fill($1)
-- Mails to owners, as 0037_notice_turns.sql has begun.

-- Each is meant by its predicate (0013_audit_at_size.sql).
CREATE INDEX IF NOT EXISTS owner_notice_due ON owner_notice (boundary, mail_at) WHERE mail_state = 1 AND length(boundary) > 0;
CREATE INDEX IF NOT EXISTS owner_notice_turn ON owner_notice (boundary, tenant, mail_at) WHERE mail_state = 1 AND length(owner) > 0;
DROP INDEX owner_notice_to_mail;
DROP FUNCTION owner_notice_fill(text);
