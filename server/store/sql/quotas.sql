-- SPDX-License-Identifier: Apache-2.0
-- Quotas and rates of tenants (docs/policy.md §11.1).

-- name: lease_quota :read
-- params: tenant tenant_id, quota int2, wanted int8
-- columns: begins timestamptz, most int8, used int8, granted int8, left_us int8
-- Take a part of what is left in this day or month of UTC. used: with what is granted now. left_us: until the period ends.
-- No row when the tenant has no such quota by now. The row is locked until this is committed, so leases of one quota
-- stand in line, and no two of them take the same.
WITH asked AS (
    SELECT CASE :quota WHEN 1 THEN t.contents_per_day WHEN 2 THEN t.contents_per_month
                       ELSE t.licenses_per_day END::int8 AS most,
           quota_begin(:quota, now()) AS begins
    FROM tenant t WHERE t.tenant = :tenant
), past AS (
    DELETE FROM quota_use q
    WHERE q.tenant = :tenant AND q.quota = :quota
      AND q.begins < (SELECT a.begins FROM asked a) - interval '70 days'
), leased AS (
    INSERT INTO quota_use AS q (tenant, quota, begins, used, granted)
    SELECT :tenant, :quota, a.begins, quota_lease(a.most, 0, :wanted), quota_lease(a.most, 0, :wanted)
    FROM asked a WHERE a.most > 0
    ON CONFLICT (tenant, quota, begins) DO UPDATE
    SET granted = quota_lease((SELECT a.most FROM asked a), q.used, :wanted),
        used = q.used + quota_lease((SELECT a.most FROM asked a), q.used, :wanted)
    RETURNING used, granted
)
SELECT a.begins, a.most, l.used, l.granted,
       (extract(epoch FROM quota_end(:quota, now()) - now()) * 1000000)::int8 AS left_us
FROM leased l, asked a;

-- name: return_quota :read
-- params: tenant tenant_id, quota int2, begins timestamptz, unspent int8
-- What of a lease was not spent goes back, to the period in which it was leased.
UPDATE quota_use q SET used = greatest(q.used - :unspent, 0)
WHERE q.tenant = :tenant AND q.quota = :quota AND q.begins = :begins;

-- group: rate_use
-- members: bucket uuid, demand int8

-- name: exchange_rates :bulk
-- params: worker uuid, uses @rate_use[]
-- columns: bucket uuid, others int8
-- Tell how often this worker is asked, and hear how often the others are together. Who was silent for 3 s has gone.
WITH use AS (
    SELECT u.* FROM unnest(:uses.*) AS u (:uses.names)
), told AS (
    INSERT INTO rate_use (bucket, worker, demand, at)
    SELECT u.bucket, :worker, u.demand, clock_timestamp() FROM use u ORDER BY u.bucket
    ON CONFLICT (bucket, worker) DO UPDATE SET demand = EXCLUDED.demand, at = EXCLUDED.at
), gone AS (
    DELETE FROM rate_use r
    WHERE (r.bucket, r.worker) IN (
        SELECT o.bucket, o.worker FROM rate_use o
        WHERE o.at < clock_timestamp() - interval '10 seconds' AND o.worker <> :worker
        LIMIT 1000 FOR UPDATE SKIP LOCKED)
)
SELECT u.bucket, coalesce(o.demand, 0)::int8 AS others
FROM use u
LEFT JOIN LATERAL (
    SELECT sum(r.demand) AS demand FROM rate_use r
    WHERE r.bucket = u.bucket AND r.worker <> :worker
      AND r.at > clock_timestamp() - interval '3 seconds' OFFSET 0
) AS o ON true;

-- name: find_made_content :read
-- params: tenant tenant_id, request_id uuid
-- columns: content content_id, request_hash bytea, key_version int8, created_at timestamptz, now timestamptz
-- What a request id has made, as the gate would tell it.
SELECT c.content, c.request_hash, coalesce(c.key_version, 0)::int8 AS key_version, c.created_at, now() AS now
FROM content c
WHERE c.request_id = :request_id AND c.tenant IS NOT DISTINCT FROM :tenant;
