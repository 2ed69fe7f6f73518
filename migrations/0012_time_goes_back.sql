-- SPDX-License-Identifier: Apache-2.0
-- A database may go back to an older state: a restored backup, a failover to a standby that lagged (docs/threat-model.md).
-- What workers and clients remember of the lost state must never be taken for the state that comes after it, so nothing
-- by which a state is recognized counts up: a count comes to the same number again, with something else behind it.

-- A mark: 62 random bits, never 0, which stands for "there is none". The same one never comes twice, in whatever history.
CREATE FUNCTION mark_new() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (hashtextextended(gen_random_uuid()::text, 0) & 9223372036854775806) + 1
$$;

-- The epoch of a scope is a mark. What was remembered until now on a count is forgotten.
CREATE OR REPLACE FUNCTION epoch_raise(which uuid) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO epoch (scope, epoch) VALUES (which, mark_new())
    ON CONFLICT (scope) DO UPDATE SET epoch = EXCLUDED.epoch
    RETURNING epoch.epoch
$$;
UPDATE epoch SET epoch = mark_new();

-- Which state of the amendment holds; 0: there was never one. `amendment` counts for people. Whoever changes that one has
-- another mark, by whatever statement.
ALTER TABLE content ADD COLUMN amendment_mark bigint NOT NULL DEFAULT 0;
CREATE FUNCTION content_amended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.amendment_mark := mark_new();
    RETURN NEW;
END
$$;
UPDATE content SET amendment_mark = mark_new() WHERE amendment <> 0;
CREATE TRIGGER content_amended BEFORE UPDATE OF amendment ON content FOR EACH ROW EXECUTE FUNCTION content_amended();

-- What an etag is made of.
ALTER TABLE tenant ADD COLUMN mark bigint NOT NULL DEFAULT mark_new();
ALTER TABLE template ADD COLUMN mark bigint NOT NULL DEFAULT mark_new();
ALTER TABLE issuer ADD COLUMN mark bigint NOT NULL DEFAULT mark_new();
ALTER TABLE component ADD COLUMN mark bigint NOT NULL DEFAULT mark_new();

-- One row, which is marked about once a minute while somebody serves. Whoever has seen a number and meets a lower one, or
-- the same one with another mark, knows that the database has gone back.
CREATE TABLE history (
    the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only),
    number bigint NOT NULL,
    mark bigint NOT NULL,
    marked_at timestamptz NOT NULL,
    previous_at timestamptz NOT NULL -- when it was marked before
);
INSERT INTO history (number, mark, marked_at, previous_at) VALUES (1, mark_new(), now(), now());
GRANT SELECT, UPDATE ON history TO chancery_server, chancery_node;

-- Since when a component is registered, by the database's clock: its id says it by that of the node that made it. Who
-- approves must be older than the request (docs/policy.md §6.2), which has its time from the database too.
ALTER TABLE component ADD COLUMN created_at timestamptz;
UPDATE component
SET created_at = CASE WHEN substr(component::text, 15, 1) = '7'
    THEN least(now(), to_timestamp(('x' || substr(replace(component::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0))
    ELSE now() END;
ALTER TABLE component ALTER COLUMN created_at SET NOT NULL, ALTER COLUMN created_at SET DEFAULT now();
