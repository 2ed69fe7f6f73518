-- SPDX-License-Identifier: Apache-2.0
-- When a key version came into its state, and when it may be destroyed (docs/policy.md §12). One that is going to be
-- destroyed, and one that is kept after all, are in another state than before, although both rest as revoked.

CREATE OR REPLACE FUNCTION tenant_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mark := mark_new();
    IF NEW.state <> OLD.state OR (NEW.destroy_at IS NULL) <> (OLD.destroy_at IS NULL) THEN
        NEW.changed_at := now();
    END IF;
    RETURN NEW;
END
$$;

-- Of a disabled tenant nothing is destroyed, because nobody there could say that it is needed. When it is enabled again, they
-- have at least the shortest delay for that (KEY_DESTROY_DAYS_MIN).
CREATE FUNCTION tenant_is_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tenant_key SET destroy_at = greatest(destroy_at, now() + interval '7 days')
    WHERE tenant = NEW.tenant AND state = 3 AND destroy_at IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER tenant_is_back AFTER UPDATE OF state ON tenant FOR EACH ROW
    WHEN (OLD.state <> 1 AND NEW.state = 1) EXECUTE FUNCTION tenant_is_back();
