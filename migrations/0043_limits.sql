-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- How much tenants may do: quotas, and calls a second (docs/policy.md §11.1).

-- 0: no limit, and of calls a second none of its own.
ALTER TABLE tenant
    ADD COLUMN contents_per_day integer NOT NULL DEFAULT 0 CHECK (contents_per_day >= 0),
    ADD COLUMN contents_per_month integer NOT NULL DEFAULT 0 CHECK (contents_per_month >= 0),
    ADD COLUMN licenses_per_day integer NOT NULL DEFAULT 0 CHECK (licenses_per_day >= 0),
    ADD COLUMN calls_per_second integer NOT NULL DEFAULT 0 CHECK (calls_per_second >= 0),
    ADD COLUMN component_calls_per_second integer NOT NULL DEFAULT 0 CHECK (component_calls_per_second >= 0),
    ADD COLUMN principal_calls_per_second integer NOT NULL DEFAULT 0 CHECK (principal_calls_per_second >= 0);

-- What of a quota is used up or leased to a worker, which spends it or gives it back. So it never says less than is used.
CREATE TABLE quota_use (
    tenant uuid NOT NULL REFERENCES tenant,
    quota smallint NOT NULL,       -- enum quota (domain/values/tenant_limits.h)
    begins timestamptz NOT NULL,   -- the period, in UTC
    used bigint NOT NULL CHECK (used >= 0),
    granted bigint NOT NULL DEFAULT 0, -- by the last lease
    PRIMARY KEY (tenant, quota, begins)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON quota_use TO chancery_server, chancery_node;
SELECT isolate('quota_use', '{tenant} = {boundaries}');

-- How large a lease is: what is wanted, or a 64th of what is left, so that near the end hardly anything lies unused.
CREATE FUNCTION quota_lease(most bigint, used bigint, wanted bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(least(most - used, greatest(wanted, least((most - used) / 64, 1000))), 0)
$$;

-- The day or month of UTC in which a quota counts (docs/policy.md §11.1), and when that ends.
CREATE FUNCTION quota_begin(quota integer, at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT date_trunc(CASE quota WHEN 2 THEN 'month' ELSE 'day' END, at, 'UTC')
$$;
CREATE FUNCTION quota_end(quota integer, at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT (date_trunc(CASE quota WHEN 2 THEN 'month' ELSE 'day' END, at AT TIME ZONE 'UTC')
            + CASE quota WHEN 2 THEN interval '1 month' ELSE interval '1 day' END) AT TIME ZONE 'UTC'
$$;

-- How often workers are asked by those near a limit of calls a second. Nobody misses it after a crash.
CREATE UNLOGGED TABLE rate_use (
    bucket uuid NOT NULL,          -- a hash of whom the limit is of
    worker uuid NOT NULL,
    demand bigint NOT NULL,        -- calls a second, refused ones too
    at timestamptz NOT NULL,
    PRIMARY KEY (bucket, worker)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_use TO chancery_server, chancery_node;
