-- SPDX-License-Identifier: Apache-2.0
-- Mail-flow rules of tenants (docs/policy.md §10).
CREATE TABLE mail_rule (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    rule uuid NOT NULL,
    position integer NOT NULL, -- from 1, without gaps
    name text NOT NULL,
    mode smallint NOT NULL,
    -- Conditions, exceptions and actions: a packed chancery.v1.Rule, normalized.
    definition bytea NOT NULL,
    template uuid, -- by which it protects
    value_count integer NOT NULL,
    pattern_count integer NOT NULL,
    mark bigint NOT NULL DEFAULT mark_new(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, rule),
    UNIQUE (tenant, name)
);
CREATE INDEX mail_rule_order ON mail_rule (tenant, position, rule);
SELECT isolate('mail_rule', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, UPDATE, DELETE ON mail_rule TO chancery_server, chancery_node;

-- Whatever says what a rule does, or changes it, gives it another mark.
CREATE FUNCTION mail_rule_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mark := mark_new();
    RETURN NEW;
END
$$;
CREATE TRIGGER mail_rule_changed BEFORE UPDATE ON mail_rule FOR EACH ROW
    WHEN ((OLD.name, OLD.mode, OLD.definition) IS DISTINCT FROM (NEW.name, NEW.mode, NEW.definition))
    EXECUTE FUNCTION mail_rule_changed();

-- Changes of one tenant's rules stand in line; what each function looks at after this is what was committed before.
CREATE FUNCTION mail_rule_turn(of_tenant uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery mail_rule %s', of_tenant), 0));
END
$$;

-- What all rules of a tenant may have together; after the change.
CREATE FUNCTION mail_rule_limits(of_tenant uuid, most integer, most_values integer, most_patterns integer,
                                 most_bytes integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held record;
BEGIN
    SELECT count(*) AS rules, coalesce(sum(value_count), 0) AS n_values, coalesce(sum(pattern_count), 0) AS patterns,
           coalesce(sum(octet_length(definition)), 0) AS bytes
    INTO held FROM mail_rule WHERE tenant = of_tenant;
    IF held.rules > most OR held.n_values > most_values OR held.patterns > most_patterns OR held.bytes > most_bytes THEN
        RAISE EXCEPTION 'too much: %', held USING ERRCODE = 'RM003';
    END IF;
END
$$;

-- Whether the template by which a rule protects is one of the tenant's, and published. A key's lock keeps it from being
-- archived meanwhile.
CREATE FUNCTION mail_rule_template_holds(of_tenant uuid, which uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF which IS NULL THEN
        RETURN true;
    END IF;
    PERFORM FROM template WHERE tenant = of_tenant AND template = which AND NOT archived FOR SHARE;
    RETURN FOUND;
END
$$;

-- Insert a rule at a place, 0 or one beyond the last: behind all others. Its place, or 0: its template doesn't hold.
CREATE FUNCTION mail_rule_create(of_tenant uuid, new_rule uuid, place integer, new_name text, new_mode smallint,
                                 new_definition bytea, new_template uuid, new_values integer, new_patterns integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    last integer;
BEGIN
    PERFORM mail_rule_turn(of_tenant);
    IF NOT mail_rule_template_holds(of_tenant, new_template) THEN
        RETURN 0;
    END IF;
    SELECT coalesce(max(position), 0) INTO last FROM mail_rule WHERE tenant = of_tenant;
    IF place = 0 OR place > last THEN
        place := last + 1;
    END IF;
    UPDATE mail_rule SET position = position + 1 WHERE tenant = of_tenant AND position >= place;
    INSERT INTO mail_rule (tenant, rule, position, name, mode, definition, template, value_count, pattern_count)
    VALUES (of_tenant, new_rule, place, new_name, new_mode, new_definition, new_template, new_values, new_patterns);
    RETURN place;
END
$$;

-- Its place, or 0: its template doesn't hold; NULL: it hasn't this mark.
CREATE FUNCTION mail_rule_update(of_tenant uuid, of_rule uuid, of_mark bigint, new_name text, new_mode smallint,
                                 new_definition bytea, new_template uuid, new_values integer, new_patterns integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    place integer;
BEGIN
    PERFORM mail_rule_turn(of_tenant);
    IF NOT mail_rule_template_holds(of_tenant, new_template) THEN
        RETURN 0;
    END IF;
    UPDATE mail_rule SET name = new_name, mode = new_mode, definition = new_definition, template = new_template,
                         value_count = new_values, pattern_count = new_patterns, updated_at = now()
    WHERE tenant = of_tenant AND rule = of_rule AND mark = of_mark
    RETURNING position INTO place;
    RETURN place;
END
$$;

CREATE FUNCTION mail_rule_delete(of_tenant uuid, of_rule uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    place integer;
BEGIN
    PERFORM mail_rule_turn(of_tenant);
    DELETE FROM mail_rule WHERE tenant = of_tenant AND rule = of_rule RETURNING position INTO place;
    UPDATE mail_rule SET position = position - 1 WHERE tenant = of_tenant AND position > place;
    RETURN place IS NOT NULL;
END
$$;

-- False: these are not all rules of the tenant, each once.
CREATE FUNCTION mail_rule_reorder(of_tenant uuid, in_order uuid[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mail_rule_turn(of_tenant);
    IF cardinality(in_order) <> (SELECT count(*) FROM mail_rule WHERE tenant = of_tenant)
       OR EXISTS (SELECT FROM mail_rule WHERE tenant = of_tenant AND rule <> ALL (in_order)) THEN
        RETURN false;
    END IF;
    UPDATE mail_rule m SET position = o.place
    FROM unnest(in_order) WITH ORDINALITY AS o (rule, place)
    WHERE m.tenant = of_tenant AND m.rule = o.rule AND m.position <> o.place;
    RETURN true;
END
$$;
