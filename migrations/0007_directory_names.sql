-- SPDX-License-Identifier: Apache-2.0
-- Groups have aliases and can be renamed, as users do. What is asked for by an address finds the entry that has it, be it the
-- primary one or an alias; memberships are the entry's, not the address's.

-- nested: the group of this directory that the member is, named by one of its addresses; NULL: a person, or somebody elsewhere.
-- So the way up from a person goes from group to group by one look into an index each.
ALTER TABLE directory_member
    DROP CONSTRAINT directory_member_tenant_group_address_fkey,
    ADD FOREIGN KEY (tenant, group_address) REFERENCES directory_entry (tenant, address)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD COLUMN nested text COLLATE "C",
    ADD FOREIGN KEY (tenant, nested) REFERENCES directory_entry (tenant, address) ON UPDATE CASCADE ON DELETE CASCADE;
UPDATE directory_member m SET nested = m.member FROM directory_entry e
    WHERE e.tenant = m.tenant AND e.address = m.member AND e.kind = 2;
CREATE INDEX directory_member_nested ON directory_member (tenant, nested) WHERE nested IS NOT NULL;

DROP FUNCTION directory_check(uuid, text, text[], smallint[], text[], text[], text[]),
    directory_rename(uuid, text, text), directory_add(uuid, text[], text[]), directory_remove(uuid, text, text[]),
    directory_put(uuid, text, text[], text[], boolean[], text[], text[], text[], text[], text[], text[], text[]);

-- The group that has this address; NULL: none.
CREATE FUNCTION directory_group(which uuid, named text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT e.address FROM directory_name n JOIN directory_entry e ON e.tenant = n.tenant AND e.address = n.entry
    WHERE n.tenant = which AND n.address = named AND e.kind = 2
$$;

-- Whether entries may be put with these names. An entry that is put loses the names it had, so that entries which are put
-- together may exchange them; so does the one that is renamed, which is the first.
CREATE FUNCTION directory_check(which uuid, previous text, entries text[], kinds smallint[], external_ids text[],
                                names text[], owners text[]) RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome;
BEGIN
    SELECT 5, n.address, min(n.owner), 0 INTO o FROM unnest(names, owners) AS n (address, owner)
        GROUP BY n.address HAVING count(*) > 1 LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    SELECT 5, e.id, min(e.address), 0 INTO o FROM unnest(entries, external_ids) AS e (address, id)
        WHERE e.id <> '' GROUP BY e.id HAVING count(*) > 1 LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    IF previous <> '' AND NOT EXISTS (SELECT FROM directory_entry e WHERE e.tenant = which AND e.address = previous
                                      AND e.kind = kinds[1]) THEN
        RETURN (1, previous, '', 0)::directory_outcome;
    END IF;
    SELECT 2, i.address, n.entry, 0 INTO o FROM unnest(names, owners) AS i (address, owner), LATERAL (
            SELECT n.entry FROM directory_name n WHERE n.tenant = which AND n.address = i.address OFFSET 0) AS n
        WHERE n.entry <> i.owner AND n.entry <> previous AND n.entry <> ALL (entries) LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    SELECT 2, e.address, e.address, 0 INTO o FROM unnest(entries, kinds) AS e (address, kind), LATERAL (
            SELECT d.kind FROM directory_entry d WHERE d.tenant = which AND d.address = e.address OFFSET 0) AS d
        WHERE d.kind <> e.kind OR (previous <> '' AND e.address <> previous) LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    SELECT 3, e.id, d.address, 0 INTO o FROM unnest(entries, external_ids) AS e (address, id), LATERAL (
            SELECT d.address FROM directory_entry d WHERE d.tenant = which AND d.external_id = e.id
                AND d.external_id IS NOT NULL OFFSET 0) AS d
        WHERE e.id <> '' AND d.address <> e.address AND d.address <> previous LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    RETURN (0, '', '', 0)::directory_outcome;
END
$$;

-- Take addresses away from entries. What the entries are members of by these addresses they stay members of, by their
-- primary one: who gets such an address later inherits nothing.
CREATE FUNCTION directory_release(which uuid, gone text[], owners text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(gone) = 0 THEN
        RETURN;
    END IF;
    INSERT INTO directory_member (tenant, group_address, member, nested)
        SELECT which, m.group_address, g.owner, m.nested FROM unnest(gone, owners) AS g (address, owner), LATERAL (
            SELECT m.group_address, m.nested FROM directory_member m
            WHERE m.tenant = which AND m.member = g.address OFFSET 0) AS m
        ON CONFLICT DO NOTHING;
    DELETE FROM directory_member WHERE tenant = which AND member = ANY (gone);
    DELETE FROM directory_name WHERE tenant = which AND address = ANY (gone);
END
$$;

-- Give an entry another primary address. Its memberships follow, and so do a group's members.
CREATE FUNCTION directory_rename(which uuid, previous text, address_now text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE directory_entry SET address = address_now WHERE tenant = which AND address = previous;
    INSERT INTO directory_member (tenant, group_address, member, nested)
        SELECT which, m.group_address, address_now, m.nested FROM directory_member m
            WHERE m.tenant = which AND m.member = previous
        ON CONFLICT DO NOTHING;
    DELETE FROM directory_member WHERE tenant = which AND member = previous;
END
$$;

-- Entries that have got addresses: what was a member of a group by an address that is a group's now, is that group. Returns the
-- groups that became members in this way.
CREATE FUNCTION directory_nest(which uuid, names text[], owners text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    one record;
    joined text[] := '{}';
BEGIN
    FOR one IN SELECT n.owner, m.group_address, m.member FROM unnest(names, owners) AS n (address, owner), LATERAL (
            SELECT m.group_address, m.member FROM directory_member m WHERE m.tenant = which AND m.member = n.address
                AND m.nested IS NULL OFFSET 0) AS m
            WHERE (SELECT e.kind FROM directory_entry e WHERE e.tenant = which AND e.address = n.owner) = 2 LOOP
        UPDATE directory_member SET nested = one.owner
            WHERE tenant = which AND group_address = one.group_address AND member = one.member;
        joined := joined || one.owner;
    END LOOP;
    RETURN joined;
END
$$;

-- Add members: parallel arrays; the groups by whatever of their addresses. `joined`: groups that became members by getting an
-- address. A new circle goes through one of those, or through one of the new pairs, and that one's member is a group; so it is
-- enough to climb from the groups of such pairs.
CREATE FUNCTION directory_add(which uuid, groups text[], members text[], joined text[]) RETURNS directory_outcome
LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome;
    added bigint;
    alias text;
    entry text;
BEGIN
    FOR alias IN SELECT n.grp FROM (SELECT DISTINCT grp FROM unnest(groups) AS g (grp)) AS n
            WHERE (SELECT e.kind FROM directory_entry e WHERE e.tenant = which AND e.address = n.grp) IS DISTINCT FROM 2 LOOP
        entry := directory_group(which, alias);
        IF entry IS NULL THEN
            RETURN (1, alias, '', 0)::directory_outcome;
        END IF;
        groups := array_replace(groups, alias, entry);
    END LOOP;
    WITH added AS (
        INSERT INTO directory_member (tenant, group_address, member, nested)
            SELECT which, n.grp, n.member, nullif(coalesce(
                (SELECT CASE e.kind WHEN 2 THEN e.address ELSE '' END FROM directory_entry e
                 WHERE e.tenant = which AND e.address = n.member),
                directory_group(which, n.member)), '')
            FROM unnest(groups, members) AS n (grp, member) ON CONFLICT DO NOTHING
            RETURNING group_address, nested
    ) SELECT count(*), joined || array_agg(DISTINCT a.group_address) FILTER (WHERE a.nested IS NOT NULL)
        INTO added, joined FROM added a;
    WITH RECURSIVE above AS (
        SELECT s.grp COLLATE "C" AS grp, m.at FROM unnest(joined) AS s (grp), LATERAL (
            SELECT m.group_address AS at FROM directory_member m WHERE m.tenant = which AND m.nested = s.grp OFFSET 0) AS m
        UNION
        SELECT a.grp, m.at FROM above a, LATERAL (
            SELECT m.group_address AS at FROM directory_member m WHERE m.tenant = which AND m.nested = a.at OFFSET 0) AS m
    ) SELECT 4, a.grp, '', 0 INTO o FROM above a WHERE a.at = a.grp LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    RETURN (0, '', '', added)::directory_outcome;
END
$$;

-- Put users, groups, their aliases and members, each as parallel arrays; `previous`: the address that the one entry had, or ''.
-- A problem undoes everything, the raised epoch included.
CREATE FUNCTION directory_put(which uuid, previous text, user_addresses text[], user_names text[], user_guests boolean[],
                              aliases text[], alias_owners text[], group_addresses text[], group_names text[],
                              group_ids text[], member_groups text[], members text[])
RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome;
    entries text[] := user_addresses || group_addresses;
    names text[] := entries || aliases;
    owners text[] := entries || alias_owners;
    gone text[];
    gone_owners text[];
    new_names text[];
    new_owners text[];
    joined text[];
BEGIN
    PERFORM directory_change(which);
    o := directory_check(which, previous, entries,
                         array_fill(1::smallint, ARRAY[cardinality(user_addresses)])
                             || array_fill(2::smallint, ARRAY[cardinality(group_addresses)]),
                         array_fill(''::text, ARRAY[cardinality(user_addresses)]) || group_ids, names, owners);
    IF o.problem <> 0 THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    IF previous <> '' AND previous <> entries[1] THEN
        PERFORM directory_rename(which, previous, entries[1]);
    END IF;
    INSERT INTO directory_entry AS d (tenant, address, kind, display_name, guest, external_id)
        SELECT which, u.address, 1, u.name, u.guest, NULL
            FROM unnest(user_addresses, user_names, user_guests) AS u (address, name, guest)
        UNION ALL
        SELECT which, g.address, 2, g.name, false, nullif(g.id, '')
            FROM unnest(group_addresses, group_names, group_ids) AS g (address, name, id)
        ON CONFLICT (tenant, address) DO UPDATE
            SET display_name = excluded.display_name, guest = excluded.guest, external_id = excluded.external_id
            WHERE (d.display_name, d.guest, d.external_id)
                IS DISTINCT FROM (excluded.display_name, excluded.guest, excluded.external_id);
    SELECT coalesce(array_agg(g.address), '{}'), coalesce(array_agg(g.owner), '{}') INTO gone, gone_owners FROM (
        SELECT n.address, e.address AS owner FROM unnest(entries) AS e (address), LATERAL (
            SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = e.address OFFSET 0) AS n
        EXCEPT SELECT n.address, n.owner FROM unnest(names, owners) AS n (address, owner)) AS g;
    PERFORM directory_release(which, gone, gone_owners);
    WITH added AS (
        INSERT INTO directory_name (tenant, address, entry)
            SELECT which, n.address, n.owner FROM unnest(names, owners) AS n (address, owner) ON CONFLICT DO NOTHING
            RETURNING address, entry
    ) SELECT array_agg(a.address), array_agg(a.entry) INTO new_names, new_owners FROM added a;
    IF cardinality(group_addresses) > 0 THEN
        joined := directory_nest(which, new_names, new_owners);
    END IF;
    o := directory_add(which, member_groups, members, joined);
    IF o.problem <> 0 THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    RETURN o;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;

-- Remove members, by whatever of their addresses, from a group.
CREATE FUNCTION directory_remove(which uuid, grp text, members text[]) RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome := (1, grp, '', 0);
    entry text;
    removed bigint;
BEGIN
    PERFORM directory_change(which);
    entry := directory_group(which, grp);
    IF entry IS NULL THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    WITH gone AS (
        DELETE FROM directory_member d WHERE d.tenant = which AND d.group_address = entry AND d.member = ANY (members || ARRAY(
            SELECT n.address FROM unnest(members) AS m (address), LATERAL (
                SELECT x.entry FROM directory_name x WHERE x.tenant = which AND x.address = m.address OFFSET 0) AS x, LATERAL (
                SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = x.entry OFFSET 0) AS n))
        RETURNING d.member
    ) SELECT count(DISTINCT coalesce((SELECT n.entry FROM directory_name n WHERE n.tenant = which AND n.address = g.member),
                                     g.member)) INTO removed FROM gone g;
    RETURN (0, '', '', removed)::directory_outcome;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;
