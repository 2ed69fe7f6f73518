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

SELECT isolate(name, '{tenant} = {boundaries}')
FROM unnest(ARRAY['signal_transmitter', 'signal_seen', 'signal_state']::regclass[]) AS name;
GRANT SELECT, INSERT, UPDATE, DELETE ON signal_transmitter, signal_seen, signal_state TO chancery_server, chancery_node;
GRANT EXECUTE ON FUNCTION signal_scope(uuid, smallint, text), signal_state_of(uuid, uuid), signal_limit_holds(uuid, bigint)
    TO chancery_server, chancery_node;
