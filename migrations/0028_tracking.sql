-- SPDX-License-Identifier: Apache-2.0
-- What owners are shown and told of their content (docs/policy.md §3.13): whose groups aren't shown, and which contents'
-- owners want a mail.

ALTER TABLE tenant ADD COLUMN do_not_track text[] NOT NULL DEFAULT '{}';
-- Decided with the license: who joins or leaves a group later changes nothing of what was.
ALTER TABLE audit ADD COLUMN untracked boolean NOT NULL DEFAULT false;
ALTER TABLE content ADD COLUMN notify_owner boolean NOT NULL DEFAULT false;

-- A mail to an owner about what became of one content within a period: [begins_at, ends_at), by the times of the log. The
-- gate makes the row with the first decision of the period, in its transaction.
--
-- mail_state: 1 to be mailed, 2 mailed, 3 given up. mail_at: when it is tried next; while somebody tries, when others may. A
-- decision's transaction begins before it is committed, so a period is told some seconds after its end.
CREATE TABLE owner_notice (
    notice uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant uuid NOT NULL,
    content uuid NOT NULL,
    owner text NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > begins_at),
    mail_state smallint NOT NULL DEFAULT 1 CHECK (mail_state BETWEEN 1 AND 3),
    mail_tries integer NOT NULL DEFAULT 0,
    mail_at timestamptz NOT NULL,
    UNIQUE (tenant, content, begins_at)
);
CREATE INDEX owner_notice_to_mail ON owner_notice (mail_at) WHERE mail_state = 1;
-- How many were mailed to whom.
CREATE INDEX owner_notice_by_owner ON owner_notice (tenant, owner, mail_at) WHERE mail_state = 2;
CREATE INDEX owner_notice_by_age ON owner_notice (begins_at) WHERE mail_state > 0;

SELECT isolate('owner_notice', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, UPDATE, DELETE ON owner_notice TO chancery_server, chancery_node;

-- The period of five minutes in which a time lies.
CREATE FUNCTION owner_notice_period(at timestamptz, OUT begins_at timestamptz, OUT ends_at timestamptz)
LANGUAGE sql IMMUTABLE AS $$
    SELECT b, b + interval '5 minutes'
    FROM date_bin('5 minutes', at, timestamptz '2000-01-01T00:00:00Z') AS b
$$;
GRANT EXECUTE ON FUNCTION owner_notice_period(timestamptz) TO chancery_server, chancery_node;
