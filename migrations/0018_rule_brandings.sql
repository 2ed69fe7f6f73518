-- SPDX-License-Identifier: Apache-2.0
-- A rule names a branding that there is (docs/policy.md §10.3). Of rules that were saved before, nobody knows it here: their
-- definitions are read by the server only.
ALTER TABLE mail_rule ADD COLUMN branding text;
ALTER TABLE mail_rule ADD CONSTRAINT mail_rule_branding FOREIGN KEY (tenant, branding) REFERENCES branding (tenant, branding);
CREATE INDEX mail_rule_by_branding ON mail_rule (tenant, branding) WHERE branding IS NOT NULL;

DROP FUNCTION mail_rule_create(uuid, uuid, integer, text, smallint, bytea, uuid, integer, integer);
DROP FUNCTION mail_rule_update(uuid, uuid, bigint, text, smallint, bytea, uuid, integer, integer);

-- Whether there is a branding. A key's lock keeps it from being deleted meanwhile.
CREATE FUNCTION mail_rule_branding_holds(of_tenant uuid, which text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF which IS NULL THEN
        RETURN true;
    END IF;
    PERFORM FROM branding WHERE tenant = of_tenant AND branding = which FOR KEY SHARE;
    RETURN FOUND;
END
$$;

-- Insert a rule at a place, 0 or one beyond the last: behind all others. Its place, or 0: its template doesn't hold; -1: its
-- branding doesn't.
CREATE FUNCTION mail_rule_create(of_tenant uuid, new_rule uuid, place integer, new_name text, new_mode smallint,
                                 new_definition bytea, new_template uuid, new_branding text, new_values integer,
                                 new_patterns integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    last integer;
BEGIN
    PERFORM mail_rule_turn(of_tenant);
    IF NOT mail_rule_template_holds(of_tenant, new_template) THEN
        RETURN 0;
    END IF;
    IF NOT mail_rule_branding_holds(of_tenant, new_branding) THEN
        RETURN -1;
    END IF;
    SELECT coalesce(max(position), 0) INTO last FROM mail_rule WHERE tenant = of_tenant;
    IF place = 0 OR place > last THEN
        place := last + 1;
    END IF;
    UPDATE mail_rule SET position = position + 1 WHERE tenant = of_tenant AND position >= place;
    INSERT INTO mail_rule (tenant, rule, position, name, mode, definition, template, branding, value_count, pattern_count)
    VALUES (of_tenant, new_rule, place, new_name, new_mode, new_definition, new_template, new_branding, new_values,
            new_patterns);
    RETURN place;
END
$$;

-- Its place, or 0: its template doesn't hold; -1: its branding doesn't; NULL: it hasn't this mark. What was archived since is
-- in nobody's way who names the rule otherwise or switches it off (mode 3).
CREATE FUNCTION mail_rule_update(of_tenant uuid, of_rule uuid, of_mark bigint, new_name text, new_mode smallint,
                                 new_definition bytea, new_template uuid, new_branding text, new_values integer,
                                 new_patterns integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    was record;
    place integer;
BEGIN
    PERFORM mail_rule_turn(of_tenant);
    SELECT mode, template, branding INTO was FROM mail_rule WHERE tenant = of_tenant AND rule = of_rule AND mark = of_mark;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF (new_template IS DISTINCT FROM was.template OR new_mode NOT IN (was.mode, 3))
       AND NOT mail_rule_template_holds(of_tenant, new_template) THEN
        RETURN 0;
    END IF;
    IF (new_branding IS DISTINCT FROM was.branding OR new_mode NOT IN (was.mode, 3))
       AND NOT mail_rule_branding_holds(of_tenant, new_branding) THEN
        RETURN -1;
    END IF;
    UPDATE mail_rule SET name = new_name, mode = new_mode, definition = new_definition, template = new_template,
                         branding = new_branding, value_count = new_values, pattern_count = new_patterns,
                         updated_at = now()
    WHERE tenant = of_tenant AND rule = of_rule AND mark = of_mark
    RETURNING position INTO place;
    RETURN place;
END
$$;
