-- SPDX-License-Identifier: Apache-2.0
-- Boundaries and the rules between them.

-- group: boundary
-- members: name text, display_name text, suite int2, fips bool, authority_url text,
--   portal_url text, built_in bool

-- name: create_boundary :admin
-- params: act @act, name text, display_name text, suite int2, fips bool, authority_url text,
--   portal_url text, max int8
WITH made AS (
    INSERT INTO boundary (name, display_name, suite, fips, authority_url, portal_url)
    SELECT :name, :display_name, :suite, :fips, :authority_url, :portal_url
    WHERE limit_holds('boundary', {platform}, :max)
    RETURNING name
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, name) AS _ FROM made;

-- name: lock_boundary :admin
-- params: name text
-- Before a change: a tenant that is made at the same time is then seen by it, or sees it.
SELECT name AS _ FROM boundary WHERE name = :name FOR UPDATE;

-- name: update_boundary :admin
-- params: act @act, name text, display_name text?, suite int2?, fips bool?, authority_url text?,
--   portal_url text?
-- columns: boundary @boundary
-- NULL leaves a value. No row: the suite can't change while the boundary has tenants.
WITH made AS (
    UPDATE boundary
    SET display_name = coalesce(:display_name, display_name), suite = coalesce(:suite, suite),
        fips = coalesce(:fips, fips), authority_url = coalesce(:authority_url, authority_url),
        portal_url = coalesce(:portal_url, portal_url)
    WHERE name = :name
      AND (coalesce(:suite, suite) = suite
           OR NOT EXISTS (SELECT FROM tenant WHERE boundary = :name))
    RETURNING name, display_name, suite, fips, authority_url, portal_url, built_in
)
SELECT name, display_name, suite, fips, authority_url, portal_url, built_in,
       epoch_raise(:act.tenant) AS _, audit_admin(:act.*, name) AS _
FROM made;

-- name: list_boundaries :admin
-- params: only text?, after text, limit int8
-- columns: boundary @boundary
SELECT name, display_name, suite, fips, authority_url, portal_url, built_in
FROM boundary
WHERE (:only IS NULL OR name = :only) AND name > :after
ORDER BY name
LIMIT :limit;

-- name: list_rules :admin
-- params: only text?, after text, limit int8
-- columns: content_boundary text, reader_boundary text, rule int2
-- Of the boundaries that list_boundaries finds by the same parameters.
SELECT content_boundary, reader_boundary, rule
FROM boundary_rule
WHERE content_boundary IN (
    SELECT name FROM boundary
    WHERE (:only IS NULL OR name = :only) AND name > :after
    ORDER BY name
    LIMIT :limit
)
ORDER BY content_boundary, reader_boundary;

-- name: set_rule :admin
-- params: act @act, content_boundary text, reader_boundary text, rule int2, target text
-- rule 0: the built-in one.
WITH gone AS (
    DELETE FROM boundary_rule
    WHERE :rule = 0 AND content_boundary = :content_boundary
      AND reader_boundary = :reader_boundary
), made AS (
    INSERT INTO boundary_rule (content_boundary, reader_boundary, rule)
    SELECT :content_boundary, :reader_boundary, :rule WHERE :rule <> 0
    ON CONFLICT (content_boundary, reader_boundary) DO UPDATE SET rule = excluded.rule
)
SELECT epoch_raise(:act.tenant) AS _, audit_admin(:act.*, :target) AS _;

-- name: check_boundaries :admin
-- columns: name text, fips bool, is_granted bool
-- What an operator should know of every boundary: does it demand FIPS, does our role see it?
SELECT name, fips,
       pg_has_role('chancery_server', 'USAGE')
         OR name IN (SELECT boundary FROM served_boundary) AS is_granted
FROM boundary
ORDER BY name;
