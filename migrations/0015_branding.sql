-- SPDX-License-Identifier: Apache-2.0
-- Brandings: how a tenant's protected mail looks to whoever reads it outside (docs/policy.md §3.10).

CREATE TABLE branding (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    branding text NOT NULL CHECK (branding ~ '^[a-z0-9-]{1,64}$'),
    mark bigint NOT NULL DEFAULT mark_new(),
    display_name text NOT NULL,
    logo bytea NOT NULL CHECK (length(logo) <= 40960), -- empty: none
    background_color text NOT NULL,
    accent_color text NOT NULL,
    privacy_url text NOT NULL,
    external_expiry_days integer NOT NULL DEFAULT 0 CHECK (external_expiry_days BETWEEN 0 AND 730),
    sign_ins integer NOT NULL DEFAULT 0, -- a bit for each kind of sign-in, 0: any
    -- Parallel arrays: a language tag and what is said in it.
    languages text[] NOT NULL,
    introductions text[] NOT NULL,
    bodies text[] NOT NULL,
    buttons text[] NOT NULL,
    disclaimers text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, branding),
    CHECK (cardinality(languages) = cardinality(introductions)),
    CHECK (cardinality(languages) = cardinality(bodies)),
    CHECK (cardinality(languages) = cardinality(buttons)),
    CHECK (cardinality(languages) = cardinality(disclaimers))
);
SELECT isolate('branding', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, UPDATE, DELETE ON branding TO chancery_server, chancery_node;

-- As limit_holds, for these alone: true, or RM003.
CREATE FUNCTION branding_limit_holds(of_tenant uuid, most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit branding %s', of_tenant), 0));
    SELECT count(*) INTO held FROM branding WHERE tenant = of_tenant;
    IF held >= most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;
