-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Takes away: the check of an approval's state, for a wider one: programs before write and read the narrower states.
-- What waits for a second admin keeps nothing secret beyond its end, an import that waits has its import key until then, and an
-- approved export can be taken back (docs/policy.md §6.2, §12).

ALTER TABLE approval
    -- The fields of the request that are secret, also encrypted ones: packed, to be read behind `request`. Empty once it was decided.
    ADD COLUMN secret bytea NOT NULL DEFAULT '',
    -- The import key that it needs.
    ADD COLUMN import uuid,
    DROP CONSTRAINT approval_state_check,
    -- 6: canceled, after it was approved. 5, expired, is never stored.
    ADD CONSTRAINT approval_state_check CHECK (state IN (1, 2, 3, 4, 6));

-- Customers' wrapped keys of requests from before stood in the request itself. Import keys last for a day, so whoever waits asks again.
UPDATE approval SET request = '' WHERE act = 'import_key';

-- Whoever decides, by whatever statement: what is secret goes with it.
CREATE FUNCTION approval_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.secret := '';
    RETURN NEW;
END
$$;
CREATE TRIGGER approval_forgets BEFORE UPDATE OF state ON approval FOR EACH ROW WHEN (NEW.state <> 1)
    EXECUTE FUNCTION approval_forget();

-- Those that end without anybody deciding.
CREATE INDEX approval_with_secret ON approval (expires_at) WHERE secret <> '';
