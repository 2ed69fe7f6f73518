-- SPDX-License-Identifier: Apache-2.0
-- Keys' life (docs/policy.md §12).

-- mark: what an etag is made of. destroy_at: when it will be, or was, destroyed; a revoked version with a date will be.
ALTER TABLE tenant_key
    ADD COLUMN mark bigint NOT NULL DEFAULT mark_new(),
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN destroy_at timestamptz CHECK (destroy_at IS NULL OR state IN (3, 4));
UPDATE tenant_key SET changed_at = created_at;

-- Whoever changes a version has another mark, by whatever statement.
CREATE FUNCTION tenant_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mark := mark_new();
    IF NEW.state <> OLD.state THEN
        NEW.changed_at := now();
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tenant_key_changed BEFORE UPDATE ON tenant_key FOR EACH ROW EXECUTE FUNCTION tenant_key_changed();

-- What is due.
CREATE INDEX tenant_key_destroying ON tenant_key (destroy_at) WHERE state = 3 AND destroy_at IS NOT NULL;
