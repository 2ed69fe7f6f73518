-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Acts that are one transaction (docs/declared.md §4) hold what they lock until its COMMIT. The platform's epoch is every tenant's, so
-- such a transaction compares and raises it once, when all of its acts are done (together_settle). Nobody sees what it has made before
-- the epoch is another one: both are committed at once.

-- Set by together_begin until the end of the transaction. Its other two say what is left to do: `known` is the epoch on which it was
-- decided, `raises` that it is to be raised.
CREATE FUNCTION together_is_on(which uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT which = '00000000-0000-0000-0000-000000000000' AND coalesce(current_setting('chancery.together', true), '') = 'on'
$$;

CREATE FUNCTION together_begin() RETURNS void LANGUAGE sql AS $$
    SELECT set_config('chancery.together', 'on', true), set_config('chancery.together_known', '', true),
           set_config('chancery.together_raises', '', true)
$$;

CREATE OR REPLACE FUNCTION epoch_raise(which uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    raised bigint;
BEGIN
    IF together_is_on(which) THEN
        PERFORM set_config('chancery.together_raises', 'on', true);
        RETURN 0;
    END IF;
    INSERT INTO epoch AS e (scope, epoch) VALUES (which, mark_new())
    ON CONFLICT (scope) DO UPDATE SET epoch = EXCLUDED.epoch
    RETURNING e.epoch INTO raised;
    RETURN raised;
END
$$;

-- Of two acts of a transaction both are decided on the same epoch, or one of them is stale.
CREATE FUNCTION together_know(is_known bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before text := current_setting('chancery.together_known', true);
BEGIN
    IF before NOT IN ('', is_known::text) THEN
        RAISE EXCEPTION 'something has changed' USING ERRCODE = 'RM002';
    END IF;
    PERFORM set_config('chancery.together_known', is_known::text, true);
END
$$;

-- A tenant's own epoch is locked as the act that follows raises it. Those of others are shared: acts of two tenants that rest on the same
-- one don't wait for each other, and whoever raises it waits for both.
CREATE FUNCTION approval_unmoved_one(of_tenant uuid, which uuid, is_known bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    is_now bigint;
BEGIN
    IF which <> of_tenant AND together_is_on(which) THEN
        PERFORM together_know(is_known);
        RETURN;
    END IF;
    INSERT INTO epoch (scope, epoch) VALUES (which, 0) ON CONFLICT DO NOTHING;
    IF which = of_tenant THEN
        SELECT e.epoch INTO is_now FROM epoch e WHERE e.scope = which FOR UPDATE;
    ELSE
        SELECT e.epoch INTO is_now FROM epoch e WHERE e.scope = which FOR SHARE;
    END IF;
    IF is_now <> is_known THEN
        RAISE EXCEPTION 'something has changed' USING ERRCODE = 'RM002';
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION approval_unmoved(of_tenant uuid, scopes uuid[], epochs bigint[], always boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    known record;
BEGIN
    IF NOT always AND (SELECT approvals FROM tenant WHERE tenant = of_tenant) = 0 THEN
        RETURN;
    END IF;
    FOR known IN SELECT s.scope, s.epoch FROM unnest(scopes, epochs) AS s (scope, epoch) ORDER BY s.scope DESC LOOP
        PERFORM approval_unmoved_one(of_tenant, known.scope, known.epoch);
    END LOOP;
END
$$;

-- The last statement before the COMMIT: whoever waits for the platform's epoch waits for no other act.
CREATE FUNCTION together_settle() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    platform constant uuid := '00000000-0000-0000-0000-000000000000';
    is_known text := coalesce(current_setting('chancery.together_known', true), '');
    raises boolean := coalesce(current_setting('chancery.together_raises', true), '') = 'on';
BEGIN
    PERFORM set_config('chancery.together', '', true);
    IF raises AND is_known <> '' THEN -- it is raised below: not locked twice
        PERFORM approval_unmoved_one(platform, platform, is_known::bigint);
    ELSIF is_known <> '' THEN
        PERFORM approval_unmoved_one(NULL, platform, is_known::bigint);
    END IF;
    IF raises THEN
        PERFORM epoch_raise(platform);
    END IF;
END
$$;
