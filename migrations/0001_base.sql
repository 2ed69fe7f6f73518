-- SPDX-License-Identifier: Apache-2.0
-- The whole schema of the first release.
--
-- Every primary key begins with the tenant where there is one, ids are UUIDs made by the server (version 7), and the
-- zero UUID stands for the platform. The server's role may only insert into audit. Text from outside is
-- bounded by the server; the checks here hold even against its bugs.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_server') THEN
        CREATE ROLE chancery_server NOLOGIN;
    END IF;
END
$$;

-- Raised in the same transaction as every change to a scope's rows: a tenant's id, or the zero UUID.
CREATE TABLE epoch (
    scope uuid PRIMARY KEY,
    epoch bigint NOT NULL
);

CREATE FUNCTION epoch_raise(which uuid) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO epoch (scope, epoch) VALUES (which, 1)
    ON CONFLICT (scope) DO UPDATE SET epoch = epoch.epoch + 1
    RETURNING epoch.epoch
$$;

CREATE TABLE boundary (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$' AND name <> 'external'),
    display_name text NOT NULL,
    suite smallint NOT NULL CHECK (suite IN (1, 2)),
    fips boolean NOT NULL,
    authority_url text NOT NULL DEFAULT '',
    portal_url text NOT NULL DEFAULT '',
    built_in boolean NOT NULL DEFAULT false
);

INSERT INTO boundary (name, display_name, suite, fips, built_in) VALUES
    ('commercial', 'Commercial', 1, false, true),
    ('gcc', 'Government Community Cloud', 1, false, true),
    ('gcc-high', 'Government Community Cloud High', 2, false, true),
    ('dod', 'Department of Defense', 2, false, true);

-- Rules that differ from the built-in ones: 1 native, 2 portal, 3 block.
CREATE TABLE boundary_rule (
    content_boundary text NOT NULL REFERENCES boundary (name),
    reader_boundary text NOT NULL,
    rule smallint NOT NULL CHECK (rule IN (1, 2, 3)),
    PRIMARY KEY (content_boundary, reader_boundary)
);

CREATE TABLE tenant (
    tenant uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
    display_name text NOT NULL,
    boundary text NOT NULL REFERENCES boundary (name),
    state smallint NOT NULL CHECK (state IN (1, 2)),
    license_cap_days integer NOT NULL CHECK (license_cap_days BETWEEN 0 AND 365),
    onboarding text[] NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Several tenants may claim a domain, so that nobody can keep its owner out; one at most has proven it.
CREATE TABLE tenant_domain (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    domain text NOT NULL,
    verified boolean NOT NULL DEFAULT false,
    proof text NOT NULL,
    PRIMARY KEY (tenant, domain)
);
CREATE UNIQUE INDEX tenant_domain_verified ON tenant_domain (domain) WHERE verified;

-- Whether another tenant, in whatever boundary, has proven the domain. A definer's function, because rows of other
-- boundaries can't be seen by everybody; the index above holds all the same.
CREATE FUNCTION domain_is_taken(which text, own uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM tenant_domain WHERE domain = which AND verified AND tenant <> own)
$$;

-- 1 user, 2 application, 3 platform.
CREATE TABLE exclusion (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    kind smallint NOT NULL CHECK (kind IN (1, 2, 3)),
    value text NOT NULL,
    PRIMARY KEY (tenant, kind, value)
);

-- Purposes: 1 sealing, 2 exchange, 3 signing. States: 1 active, 2 archived, 3 revoked, 4 destroyed.
CREATE TABLE tenant_key (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    purpose smallint NOT NULL CHECK (purpose IN (1, 2, 3)),
    version integer NOT NULL CHECK (version > 0),
    state smallint NOT NULL CHECK (state IN (1, 2, 3, 4)),
    root_version integer NOT NULL,
    wrapped bytea NOT NULL,
    public_jwk text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, purpose, version),
    CHECK ((state = 4) = (length(wrapped) = 0))
);
CREATE UNIQUE INDEX tenant_key_active ON tenant_key (tenant, purpose) WHERE state = 1;

-- Known text under each root key: a server with another root key sees it at start.
CREATE TABLE root_key_check (
    root_version integer PRIMARY KEY,
    wrapped bytea NOT NULL
);

CREATE TABLE template (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    template uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    archived boolean NOT NULL DEFAULT false,
    scope text[] NOT NULL DEFAULT '{}',
    expires_at timestamptz,
    expires_after_days integer CHECK (expires_after_days BETWEEN 1 AND 36500),
    offline_days integer NOT NULL CHECK (offline_days BETWEEN -1 AND 9999),
    referral_contact text NOT NULL DEFAULT '',
    -- Parallel arrays: one principal and its rights ("VIEW,EDIT").
    grant_principals text[] NOT NULL,
    grant_rights text[] NOT NULL,
    -- Parallel arrays of language tag and text.
    name_languages text[] NOT NULL,
    name_texts text[] NOT NULL,
    description_languages text[] NOT NULL DEFAULT '{}',
    description_texts text[] NOT NULL DEFAULT '{}',
    request_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, template),
    CHECK (expires_at IS NULL OR expires_after_days IS NULL),
    CHECK (cardinality(grant_principals) = cardinality(grant_rights)),
    CHECK (cardinality(name_languages) = cardinality(name_texts)),
    CHECK (cardinality(description_languages) = cardinality(description_texts))
);
CREATE UNIQUE INDEX template_request ON template (tenant, request_id) WHERE request_id IS NOT NULL;

-- tenant: whose it is; zero for consumer and platform issuers. Kinds as chancery.v1.IssuerKind.
CREATE TABLE issuer (
    tenant uuid NOT NULL,
    issuer uuid NOT NULL,
    boundary text NOT NULL REFERENCES boundary (name),
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
    iss text NOT NULL UNIQUE,
    audiences text[] NOT NULL CHECK (cardinality(audiences) > 0),
    algorithms text[] NOT NULL CHECK (cardinality(algorithms) > 0),
    jwks_url text NOT NULL DEFAULT '',
    jwks_json text NOT NULL DEFAULT '',
    claim_address text NOT NULL DEFAULT '',
    claim_aliases text[] NOT NULL DEFAULT '{}',
    claim_groups text NOT NULL DEFAULT '',
    claim_tenant text NOT NULL DEFAULT '',
    domains text[] NOT NULL DEFAULT '{}',
    clock_skew_seconds integer NOT NULL DEFAULT 60 CHECK (clock_skew_seconds BETWEEN 0 AND 300),
    disabled boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, issuer),
    CHECK ((jwks_url = '') <> (jwks_json = ''))
);
CREATE INDEX issuer_by_id ON issuer (issuer);

-- tenant: whose it is; zero for the platform's. Roles as chancery.v1.Role.
CREATE TABLE component (
    tenant uuid NOT NULL,
    component uuid NOT NULL,
    name text NOT NULL,
    role smallint NOT NULL CHECK (role BETWEEN 1 AND 7),
    boundary text NOT NULL DEFAULT '',
    sender_domains text[] NOT NULL DEFAULT '{}',
    disabled boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, component),
    UNIQUE (tenant, name)
);
CREATE INDEX component_by_id ON component (component);

CREATE TABLE component_certificate (
    fingerprint bytea PRIMARY KEY CHECK (length(fingerprint) = 32),
    tenant uuid NOT NULL,
    component uuid NOT NULL,
    FOREIGN KEY (tenant, component) REFERENCES component (tenant, component) ON DELETE CASCADE
);
CREATE INDEX component_certificate_by_component ON component_certificate (tenant, component);

-- One row per protected content: what is needed to revoke and track it. No policy, no key.
CREATE TABLE content (
    tenant uuid NOT NULL,
    content uuid NOT NULL,
    owner text NOT NULL,
    issuer text NOT NULL,
    template uuid,
    display_name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    revoked_users text[] NOT NULL DEFAULT '{}',
    request_id uuid,
    request_hash bytea,
    PRIMARY KEY (tenant, content)
);
CREATE UNIQUE INDEX content_request ON content (tenant, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX content_by_owner ON content (tenant, owner, content);
CREATE INDEX content_by_template ON content (tenant, template) WHERE template IS NOT NULL;

CREATE TABLE audit (
    tenant uuid NOT NULL,
    at timestamptz NOT NULL,
    event uuid NOT NULL,
    operation text NOT NULL,
    granted boolean NOT NULL,
    reason text NOT NULL,
    user_address text,
    component uuid,
    component_name text,
    content uuid,
    template uuid,
    policy_version bigint NOT NULL DEFAULT 0,
    rights text NOT NULL DEFAULT '',
    channel text NOT NULL DEFAULT '',
    power text NOT NULL DEFAULT '',
    client_address text NOT NULL,
    user_agent text NOT NULL,
    correlation_id text NOT NULL,
    target text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, at, event)
) PARTITION BY RANGE (at);
CREATE INDEX audit_by_content ON audit (tenant, content, at) WHERE content IS NOT NULL;

-- Catches rows when nobody made partitions in time, so that no decision fails for that.
CREATE TABLE audit_rest PARTITION OF audit DEFAULT;

-- Makes the partitions of this month and the next `ahead` ones; returns how many were made. A definer's
-- function, because the server's role may not create tables.
CREATE FUNCTION audit_make_partitions(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', now() AT TIME ZONE 'UTC');
    name text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('chancery audit_make_partitions'));
    FOR i IN 0 .. least(ahead, 24) LOOP
        name := 'audit_' || to_char(first + make_interval(months => i), 'YYYYMM');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF audit FOR VALUES FROM (%L) TO (%L)', name,
                           to_char(first + make_interval(months => i), 'YYYY-MM-DD') || 'T00:00:00Z',
                           to_char(first + make_interval(months => i + 1), 'YYYY-MM-DD') || 'T00:00:00Z');
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END
$$;

SELECT audit_make_partitions(2);

-- The record of an admin act, in the transaction of the act.
CREATE FUNCTION audit_admin(tenant uuid, event uuid, operation text, user_address text, component uuid,
                            component_name text, client_address text, user_agent text,
                            correlation_id text, target text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component, component_name,
                       client_address, user_agent, correlation_id, target)
    VALUES (tenant, now(), event, operation, true, 'OK', user_address, component, component_name,
            client_address, user_agent, correlation_id, target)
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO chancery_server;
GRANT SELECT, INSERT, UPDATE ON epoch TO chancery_server;
GRANT SELECT, INSERT, UPDATE ON boundary, boundary_rule, tenant, content TO chancery_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_domain, exclusion, template, issuer, component,
    component_certificate TO chancery_server;
GRANT SELECT, INSERT, UPDATE ON tenant_key TO chancery_server;
GRANT SELECT, INSERT ON root_key_check TO chancery_server;
GRANT SELECT, INSERT ON audit TO chancery_server;
GRANT SELECT ON schema_migration TO chancery_server;
REVOKE ALL ON FUNCTION audit_make_partitions(integer), domain_is_taken(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_make_partitions(integer), domain_is_taken(text, uuid) TO chancery_server;
