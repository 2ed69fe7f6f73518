-- SPDX-License-Identifier: Apache-2.0
-- Of each table its name, how many rows it has, and a sum over all of them: what deploy/backup writes down and
-- deploy/restore-drill compares. Each row's text is hashed, and the hashes are added up, so their order doesn't count.
-- For psql. Without the right to see all rows it fails, rather than summing up some.
SET row_security = off;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = 'postgres';
SET bytea_output = 'hex';
SET extra_float_digits = 1;
SET statement_timeout = 0;
SELECT format('SELECT %L, count(*), coalesce(sum((''x'' || left(encode(sha256(convert_to(t::text, ''UTF8'')), ''hex''), 16))'
              '::bit(64)::bigint), 0) FROM public.%I t', relname, relname)
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY relname COLLATE "C"
\gexec
