-- SPDX-License-Identifier: Apache-2.0
-- Two persons by effect (docs/policy.md §6): what an act changes is kept with its request, and nothing on which it was decided
-- whether an act needs a second person, or what it means, changes before the act.

ALTER TABLE approval
    -- Parallel arrays: what changes, from what, to what. Cut; `digest` covers all of it.
    ADD COLUMN change_fields text[] NOT NULL DEFAULT '{}',
    ADD COLUMN change_before text[] NOT NULL DEFAULT '{}',
    ADD COLUMN change_after text[] NOT NULL DEFAULT '{}',
    ADD COLUMN changes_left_out bigint NOT NULL DEFAULT 0,
    -- SHA-256 over the act, its sentence and all that it changes. Empty in requests from before this migration: what they would do
    -- was not shown in full, so they are never approved.
    ADD COLUMN digest bytea NOT NULL DEFAULT '',
    -- The asker's role, as chancery.v1.Role; 0 in requests from before this migration.
    ADD COLUMN requested_as smallint NOT NULL DEFAULT 0,
    ADD CHECK (cardinality(change_fields) = cardinality(change_before)
               AND cardinality(change_fields) = cardinality(change_after));

-- An act of one admin alone: the tenant requires no approval of it. Locks the row, so that none is required meanwhile. The lock
-- is the one that changing the tenant takes, so that two changes of it stand in line.
CREATE OR REPLACE FUNCTION approval_not_needed(of_tenant uuid, bits integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    required integer;
BEGIN
    SELECT approvals INTO required FROM tenant WHERE tenant = of_tenant FOR NO KEY UPDATE;
    IF required & bits <> 0 THEN
        RAISE EXCEPTION 'the tenant requires approval' USING ERRCODE = 'RM002';
    END IF;
END
$$;

-- The scopes on which it was decided whether an act needs approval, and what it means, are what they were. Comes after
-- approval_not_needed, which has locked the tenant; locks the epochs in the order in which acts raise them, so that they stay
-- what they are until the commit. Where nothing is required nothing is compared, unless `always`.
CREATE FUNCTION approval_unmoved(of_tenant uuid, scopes uuid[], epochs bigint[], always boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    known record;
    is_now bigint;
BEGIN
    IF NOT always AND (SELECT approvals FROM tenant WHERE tenant = of_tenant) = 0 THEN
        RETURN;
    END IF;
    FOR known IN SELECT s.scope, s.epoch FROM unnest(scopes, epochs) AS s (scope, epoch) ORDER BY s.scope DESC LOOP
        INSERT INTO epoch (scope, epoch) VALUES (known.scope, 0) ON CONFLICT DO NOTHING;
        SELECT e.epoch INTO is_now FROM epoch e WHERE e.scope = known.scope FOR UPDATE;
        IF is_now <> known.epoch THEN
            RAISE EXCEPTION 'something has changed' USING ERRCODE = 'RM002';
        END IF;
    END LOOP;
END
$$;

-- Mark a request as approved; returns what the log says of it. Two admins are two who are admins now: whoever asked is still one,
-- with the role in which they asked, and switched on.
CREATE OR REPLACE FUNCTION approval_take(of_tenant uuid, which uuid, decider uuid, decider_name text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    platform constant uuid := '00000000-0000-0000-0000-000000000000';
    said text;
BEGIN
    UPDATE approval a SET state = 2, decided_by = decider, decided_by_name = decider_name, decided_at = now()
    WHERE tenant = of_tenant AND approval = which AND state = 1 AND now() < expires_at AND requested_by <> decider
        AND EXISTS (SELECT FROM component k WHERE k.component = a.requested_by AND k.tenant IN (of_tenant, platform)
                    AND k.role = a.requested_as AND NOT k.disabled)
    RETURNING requested_by_name || ' asked: ' || summary INTO said;
    IF said IS NULL THEN
        RAISE EXCEPTION 'the request is not pending, or whoever asked is an admin no longer' USING ERRCODE = 'RM001';
    END IF;
    RETURN said;
END
$$;
