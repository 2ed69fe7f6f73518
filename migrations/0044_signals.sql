-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Shared signals: what identity providers push about a tenant's people (docs/signals.md).

-- It has had a transmitter: from then on the state of its people is asked for.
ALTER TABLE tenant ADD COLUMN has_signals boolean NOT NULL DEFAULT false;

CREATE TABLE signal_transmitter (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    transmitter uuid NOT NULL,
    iss text COLLATE "C" NOT NULL,
    audiences text[] NOT NULL,
    subject_issuers text[] NOT NULL,
    jwks_url text NOT NULL,
    jwks_json text NOT NULL,
    push_token_hash bytea NOT NULL, -- SHA-256; empty: none is asked for
    stream_state smallint NOT NULL DEFAULT 0 CHECK (stream_state BETWEEN 0 AND 3),
    received_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, transmitter),
    UNIQUE (tenant, iss)
);

-- Who has registered it, by the iss and sub of their token, as signals may name them: iss, a space, sub. Empty: the token
-- had no sub, or it was registered before.
ALTER TABLE device ADD COLUMN subject text NOT NULL DEFAULT '';

-- Security Event Tokens that were accepted, by the SHA-256 of iss and jti, for longer than they are taken.
CREATE TABLE signal_seen (
    tenant uuid NOT NULL,
    token_hash bytea NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, token_hash)
);
CREATE INDEX signal_seen_at ON signal_seen (seen_at);

-- What a transmitter has said of a person, by one name. switched and not_before are seconds of the identity provider's
-- clock, as the times in its tokens are: only these are compared with them. switched: when `disabled` became what it is;
-- -1: nothing was said of it. A transmitter that is gone leaves its rows.
CREATE TABLE signal_state (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    scope uuid NOT NULL,
    transmitter uuid NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)), -- 1 address, 2 iss, a space, sub
    name text NOT NULL,
    disabled boolean NOT NULL,
    switched bigint NOT NULL,
    not_before bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, scope, transmitter)
);

-- Under which scope a person has their epoch, by one name; the same as signals_scope of the program.
CREATE FUNCTION signal_scope(of_tenant uuid, kind smallint, name text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(substring(sha256(convert_to(format('chancery signal %s %s %s', of_tenant, kind, name), 'UTF8')) FOR 16),
                  'hex')::uuid
$$;

-- What holds of a person under a scope. People are known in every boundary, so whoever may look at no row of the
-- tenant is told this much (docs/ARCHITECTURE.md, "Boundaries").
CREATE FUNCTION signal_state_of(of_tenant uuid, of_scope uuid, OUT disabled boolean, OUT not_before bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(bool_or(s.disabled), false), coalesce(max(s.not_before), 0)
    FROM signal_state s WHERE s.tenant = of_tenant AND s.scope = of_scope
$$;
REVOKE ALL ON FUNCTION signal_state_of(uuid, uuid) FROM PUBLIC;

-- As limit_holds, for these alone: true, or RM003.
CREATE FUNCTION signal_limit_holds(of_tenant uuid, most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit signal %s', of_tenant), 0));
    SELECT count(*) INTO held FROM signal_transmitter WHERE tenant = of_tenant;
    IF held >= most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;

-- What of all of this is swept: `session-revoked` and the like, when no token is left that they could be about.
CREATE INDEX signal_state_past ON signal_state (updated_at) WHERE NOT disabled;

-- What was said of a person by one name holds by all that they have, so that a token's names are enough to look it up by.
-- from_names and to_names: pairs, of one person each. Whoever is told nothing new keeps their epoch.
CREATE FUNCTION signal_follow(which uuid, from_names text[], to_names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    told uuid[];
BEGIN
    WITH said AS (
        SELECT DISTINCT signal_scope(which, 1::smallint, p.target) AS scope, p.target AS name, s.transmitter, s.disabled,
               s.switched, s.not_before
        FROM unnest(from_names, to_names) AS p (source, target), LATERAL (
            SELECT * FROM signal_state s
            WHERE s.tenant = which AND s.scope = signal_scope(which, 1::smallint, p.source) OFFSET 0) AS s
        WHERE p.source <> p.target
    ), merged AS (
        SELECT DISTINCT ON (s.scope, s.transmitter) s.scope, s.transmitter, s.name, s.disabled, s.switched,
               max(s.not_before) OVER (PARTITION BY s.scope, s.transmitter) AS not_before
        FROM said s ORDER BY s.scope, s.transmitter, s.switched DESC, s.disabled DESC
    ), stored AS (
        INSERT INTO signal_state AS s (tenant, scope, transmitter, kind, name, disabled, switched, not_before)
        SELECT which, m.scope, m.transmitter, 1, m.name, m.disabled, m.switched, m.not_before
        FROM merged m ORDER BY m.scope, m.transmitter
        ON CONFLICT (tenant, scope, transmitter) DO UPDATE
        SET disabled = CASE WHEN excluded.switched > s.switched THEN excluded.disabled
                            ELSE s.disabled OR (excluded.switched = s.switched AND excluded.disabled)
                       END,
            switched = greatest(s.switched, excluded.switched),
            not_before = greatest(s.not_before, excluded.not_before), updated_at = now()
        WHERE excluded.switched > s.switched OR excluded.not_before > s.not_before
            OR (excluded.switched = s.switched AND excluded.disabled AND NOT s.disabled)
        RETURNING scope
    ) SELECT array_agg(DISTINCT o.scope ORDER BY o.scope) INTO told FROM stored o;
    PERFORM epoch_raise(o.scope) FROM unnest(told) WITH ORDINALITY AS o (scope, n) ORDER BY o.n;
END
$$;

-- Who gets a name by which nothing was said yet, and who loses one by which something was. A person who is renamed has no
-- name for a moment (directory_put), but an entry, whose address is their name after it.
CREATE FUNCTION signal_name_comes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which uuid;
BEGIN
    FOR which IN SELECT DISTINCT c.tenant FROM changed c WHERE EXISTS (
            SELECT FROM tenant t WHERE t.tenant = c.tenant AND t.has_signals) LOOP
        PERFORM signal_follow(which, array_agg(o.address), array_agg(c.address))
            FROM changed c, LATERAL (
                SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = c.entry OFFSET 0) AS o
            WHERE c.tenant = which;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE FUNCTION signal_name_goes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which uuid;
BEGIN
    FOR which IN SELECT DISTINCT c.tenant FROM changed c WHERE EXISTS (
            SELECT FROM tenant t WHERE t.tenant = c.tenant AND t.has_signals) LOOP
        PERFORM signal_follow(which, array_agg(c.address), array_agg(o.address))
            FROM changed c, LATERAL (
                SELECT e.address FROM directory_entry e WHERE e.tenant = which AND e.address = c.entry
                UNION
                SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = c.entry OFFSET 0) AS o
            WHERE c.tenant = which;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER signal_name_comes AFTER INSERT ON directory_name REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION signal_name_comes();
CREATE TRIGGER signal_name_goes AFTER DELETE ON directory_name REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION signal_name_goes();

SELECT isolate(name, '{tenant} = {boundaries}')
FROM unnest(ARRAY['signal_transmitter', 'signal_seen', 'signal_state']::regclass[]) AS name;
GRANT SELECT, INSERT, UPDATE, DELETE ON signal_transmitter, signal_seen, signal_state TO chancery_server, chancery_node;
GRANT EXECUTE ON FUNCTION signal_scope(uuid, smallint, text), signal_state_of(uuid, uuid), signal_limit_holds(uuid, bigint),
    signal_follow(uuid, text[], text[]), signal_name_comes(), signal_name_goes()
    TO chancery_server, chancery_node;
