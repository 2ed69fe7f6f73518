-- SPDX-License-Identifier: Apache-2.0
-- Groups have aliases and can be renamed, as users do. What is asked for by an address finds the entry that has it, be it the
-- primary one or an alias; memberships are the entry's, not the address's. And a change by which one admin could come to others'
-- content is told from others (docs/policy.md §6.1).

-- nested: the group of this directory that the member is, named by one of its addresses; NULL: a person, or somebody elsewhere.
-- So the way up from a person goes from group to group by one look into an index each. No foreign key: it would be checked for
-- every member of an import.
ALTER TABLE directory_member
    DROP CONSTRAINT directory_member_tenant_group_address_fkey,
    ADD FOREIGN KEY (tenant, group_address) REFERENCES directory_entry (tenant, address)
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD COLUMN nested text COLLATE "C";
UPDATE directory_member m SET nested = m.member FROM directory_entry e
    WHERE e.tenant = m.tenant AND e.address = m.member AND e.kind = 2;
CREATE INDEX directory_member_nested ON directory_member (tenant, nested) WHERE nested IS NOT NULL;

-- Addresses that users had. A group that gets one would get what was sent to a person.
CREATE TABLE directory_former (
    tenant uuid NOT NULL REFERENCES directory (tenant),
    address text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, address)
);
SELECT isolate('directory_former', '{tenant} = {boundaries}');
GRANT SELECT, INSERT ON directory_former TO chancery_server, chancery_node;

-- People who protected in the name of another of their addresses. Components, and whoever is the owner too, take no room.
CREATE INDEX content_by_issuer ON content (tenant, issuer) WHERE issuer <> owner AND issuer LIKE '%@%';

DROP FUNCTION directory_check(uuid, text, text[], smallint[], text[], text[], text[]),
    directory_rename(uuid, text, text), directory_add(uuid, text[], text[]), directory_remove(uuid, text, text[]),
    directory_delete(uuid, text, smallint),
    directory_put(uuid, text, text[], text[], boolean[], text[], text[], text[], text[], text[], text[], text[]);

-- The tenant's row is locked before the epoch, as acts lock them that may need approval (approval_not_needed).
CREATE OR REPLACE FUNCTION directory_change(which uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM directory WHERE tenant = which) THEN
        PERFORM FROM tenant WHERE tenant = which FOR NO KEY UPDATE;
    END IF;
    PERFORM epoch_raise(directory_scope(which));
    INSERT INTO directory (tenant) VALUES (which) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        UPDATE tenant SET has_directory = true WHERE tenant = which;
        PERFORM epoch_raise(which);
    END IF;
END
$$;

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

-- What a change of a directory has made. names: addresses that an entry didn't have before; owners, kinds: whose they are now.
-- aliased: whether entries have more than one. groups, members: who is a member now and wasn't before by an address that counts.
-- claims: groups that have another external id. gone, gone_owners: addresses that entries no longer have. guests: entries that were
-- guests; risen: those that are none any more.
CREATE TYPE directory_delta AS (names text[], owners text[], kinds smallint[], aliased boolean, groups text[], members text[],
                                claims text[], gone text[], gone_owners text[], guests text[], risen text[]);

-- What is a member of groups by addresses that its entry gives up, or that are no longer its primary one, is their member by the
-- primary one: memberships are the entry's, and who gets such an address later inherits nothing. Returns the pairs of group and
-- member that count more than before: those which counted are left out.
CREATE FUNCTION directory_move(which uuid, gone text[], owners text[], OUT groups text[], OUT members text[])
LANGUAGE plpgsql AS $$
BEGIN
    SELECT array_agg(m.group_address) FILTER (WHERE NOT m.counted), array_agg(m.owner) FILTER (WHERE NOT m.counted)
        INTO groups, members FROM (
        SELECT m.group_address, g.owner, EXISTS (
                SELECT FROM tenant_domain d WHERE d.tenant = which AND d.verified AND d.domain = split_part(g.address, '@', -1))
            AND EXISTS (SELECT FROM directory_name n WHERE n.tenant = which AND n.address = g.owner) AS counted
            FROM unnest(gone, owners) AS g (address, owner), LATERAL (
                SELECT m.group_address FROM directory_member m WHERE m.tenant = which AND m.member = g.address OFFSET 0) AS m
        ) AS m;
    INSERT INTO directory_member (tenant, group_address, member, nested)
        SELECT which, m.group_address, g.owner, m.nested FROM unnest(gone, owners) AS g (address, owner), LATERAL (
            SELECT m.group_address, m.nested FROM directory_member m
            WHERE m.tenant = which AND m.member = g.address OFFSET 0) AS m
        ON CONFLICT DO NOTHING;
    DELETE FROM directory_member WHERE tenant = which AND member = ANY (gone);
END
$$;

-- Take addresses away from entries. Returns what directory_move does.
CREATE FUNCTION directory_release(which uuid, gone text[], owners text[], OUT groups text[], OUT members text[])
LANGUAGE plpgsql AS $$
BEGIN
    SELECT m.groups, m.members INTO groups, members FROM directory_move(which, gone, owners) AS m;
    INSERT INTO directory_former (tenant, address)
        SELECT which, g.address FROM unnest(gone, owners) AS g (address, owner)
            WHERE (SELECT e.kind FROM directory_entry e WHERE e.tenant = which AND e.address = g.owner) = 1
        ON CONFLICT DO NOTHING;
    DELETE FROM directory_name WHERE tenant = which AND address = ANY (gone);
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
-- enough to climb from the groups of such pairs. new_groups, new_members: the pairs that are new, if careful.
CREATE FUNCTION directory_add(which uuid, groups text[], members text[], joined text[], careful boolean,
                              OUT o directory_outcome, OUT new_groups text[], OUT new_members text[]) LANGUAGE plpgsql AS $$
DECLARE
    alias text;
    entry text;
    nesting text[];
    added bigint;
BEGIN
    FOR alias IN SELECT n.grp FROM (SELECT DISTINCT grp FROM unnest(groups) AS g (grp)) AS n
            WHERE (SELECT e.kind FROM directory_entry e WHERE e.tenant = which AND e.address = n.grp) IS DISTINCT FROM 2 LOOP
        entry := directory_group(which, alias);
        IF entry IS NULL THEN
            o := (1, alias, '', 0);
            RETURN;
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
            RETURNING group_address, member, nested
    ) SELECT count(*), array_agg(a.group_address) FILTER (WHERE a.nested IS NOT NULL),
             array_agg(a.group_address) FILTER (WHERE careful), array_agg(a.member) FILTER (WHERE careful)
        INTO added, nesting, new_groups, new_members FROM added a;
    WITH RECURSIVE above AS (
        SELECT s.grp, m.at FROM (SELECT DISTINCT grp COLLATE "C" AS grp FROM unnest(joined || nesting) AS s (grp)) AS s, LATERAL (
            SELECT m.group_address AS at FROM directory_member m WHERE m.tenant = which AND m.nested = s.grp OFFSET 0) AS m
        UNION
        SELECT a.grp, m.at FROM above a, LATERAL (
            SELECT m.group_address AS at FROM directory_member m WHERE m.tenant = which AND m.nested = a.at OFFSET 0) AS m
    ) SELECT 4, a.grp, '', 0 INTO o FROM above a WHERE a.at = a.grp LIMIT 1;
    IF NOT FOUND THEN
        o := (0, '', '', added);
    END IF;
END
$$;

-- Whom addresses stand for: the names of their entries; of groups also their external ids, and their members at any depth by all
-- of theirs. NULL: more than `most`.
CREATE FUNCTION directory_behind(which uuid, addresses text[], most integer) RETURNS text[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE below AS (
        SELECT coalesce(n.entry, a.address COLLATE "C") AS at FROM unnest(addresses) AS a (address) LEFT JOIN LATERAL (
            SELECT n.entry FROM directory_name n WHERE n.tenant = which AND n.address = a.address OFFSET 0) AS n ON true
        UNION
        SELECT coalesce(n.entry, m.member) FROM below b, LATERAL (
            SELECT m.member FROM directory_member m WHERE m.tenant = which AND m.group_address = b.at OFFSET 0) AS m
            LEFT JOIN LATERAL (
            SELECT n.entry FROM directory_name n WHERE n.tenant = which AND n.address = m.member OFFSET 0) AS n ON true
    ), found AS (
        SELECT at FROM below LIMIT most + 1
    ) SELECT CASE WHEN (SELECT count(*) FROM found) <= most THEN ARRAY(
        SELECT at AS name FROM found
        UNION
        SELECT n.address FROM found f, LATERAL (
            SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = f.at OFFSET 0) AS n
        UNION
        SELECT e.external_id FROM found f, LATERAL (
            SELECT e.external_id FROM directory_entry e WHERE e.tenant = which AND e.address = f.at OFFSET 0) AS e
            WHERE e.external_id IS NOT NULL
        ORDER BY name) END
$$;

-- Whether by a change, which was made, one admin could come to others' content (docs/policy.md §6.1); what: the address by which;
-- NULL: no. holder: the entry that has it, or the group of which it is a member. let_in: all who come to something by the change.
CREATE FUNCTION directory_effect(which uuid, d directory_delta, OUT what text, OUT holder text, OUT let_in text[])
LANGUAGE plpgsql AS $$
DECLARE
    powered_users text[];
    powered_groups text[];
BEGIN
    SELECT array_agg(substr(s.principal, 6)) FILTER (WHERE s.principal LIKE 'user:%'),
           array_agg(directory_group(which, substr(s.principal, 7))) FILTER (WHERE s.principal LIKE 'group:%')
        INTO powered_users, powered_groups FROM super_user s WHERE s.tenant = which AND s.expires_at > now();
    WITH RECURSIVE name AS (
        SELECT * FROM unnest(d.names, d.owners, d.kinds) AS n (address, owner, kind)
    ), joined AS (
        -- A person gets another address: nobody knows whose else it is.
        SELECT n.address, n.owner FROM name n WHERE d.aliased AND n.kind = 1 AND EXISTS (
            SELECT FROM directory_name x WHERE x.tenant = which AND x.entry = n.owner AND x.address <> n.address)
    ), taken AS (
        -- A group gets an address that is known as a person's: its members get what was sent to that.
        SELECT n.address, n.owner FROM name n WHERE n.kind = 2 AND (
            EXISTS (SELECT FROM directory_former f WHERE f.tenant = which AND f.address = n.address)
            OR EXISTS (SELECT FROM content c WHERE c.tenant = which AND c.owner = n.address)
            OR EXISTS (SELECT FROM content c WHERE c.tenant = which AND c.issuer = n.address AND c.issuer <> c.owner
                       AND c.issuer LIKE '%@%')
            OR EXISTS (SELECT FROM super_user s WHERE s.tenant = which AND s.principal = 'user:' || n.address)
            OR EXISTS (SELECT FROM exclusion x WHERE x.tenant = which AND x.kind = 1 AND x.value = n.address)
            OR EXISTS (SELECT FROM audit a WHERE a.tenant = which AND a.user_address = n.address))
    ), banned AS (
        -- Who loses an address, and was excluded by one of those that they had.
        SELECT DISTINCT g.owner FROM unnest(d.gone, d.gone_owners) AS g (address, owner)
        WHERE (SELECT e.kind FROM directory_entry e WHERE e.tenant = which AND e.address = g.owner) = 1 AND (
            EXISTS (SELECT FROM exclusion x WHERE x.tenant = which AND x.kind = 1 AND x.value = g.address)
            OR EXISTS (SELECT FROM directory_name n JOIN exclusion x ON x.tenant = which AND x.kind = 1 AND x.value = n.address
                       WHERE n.tenant = which AND n.entry = g.owner AND n.address <> ALL (coalesce(d.names, '{}'))))
    ), freed AS (
        -- The addresses of such a person that part from those by which they are excluded: the one that is taken away, or those
        -- that stay.
        SELECT g.address, g.owner FROM unnest(d.gone, d.gone_owners) AS g (address, owner)
        WHERE g.owner IN (SELECT b.owner FROM banned b) AND NOT EXISTS (
            SELECT FROM exclusion x WHERE x.tenant = which AND x.kind = 1 AND x.value = g.address)
        UNION ALL
        SELECT n.address, b.owner FROM banned b, LATERAL (
            SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = b.owner OFFSET 0) AS n
        WHERE n.address <> ALL (coalesce(d.names, '{}')) AND NOT EXISTS (
            SELECT FROM directory_name k JOIN exclusion x ON x.tenant = which AND x.kind = 1 AND x.value = k.address
            WHERE k.tenant = which AND k.entry = b.owner)
    ), risen AS (
        -- A guest who is one no more, or of whom the directory no longer knows that: guests have no power.
        SELECT n.address, r.address AS owner FROM unnest(d.risen) AS r (address), LATERAL (
            SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = r.address OFFSET 0) AS n
        UNION ALL
        SELECT g.address, g.owner FROM unnest(d.gone, d.gone_owners) AS g (address, owner) WHERE g.owner = ANY (d.guests)
    ), named AS (
        -- Tokens name groups too, and nobody knows which: of those who are members by their address, not of guests from elsewhere.
        SELECT r.address, r.owner FROM risen r WHERE powered_groups IS NOT NULL AND EXISTS (
            SELECT FROM tenant_domain t WHERE t.tenant = which AND t.domain = split_part(r.address, '@', -1) AND t.verified)
    ), person AS (
        -- Those who share from now on what one of their addresses has.
        SELECT n.address, j.owner FROM (SELECT DISTINCT owner FROM joined) AS j, LATERAL (
            SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = j.owner OFFSET 0) AS n
        UNION ALL
        SELECT r.address, r.owner FROM risen r
    ), start AS (
        -- What becomes a member of a group, or has become somebody else; a group that tokens, or grants of power, may name by
        -- another address or external id.
        SELECT p.member AS address, p.grp AS owner, p.grp FROM unnest(d.groups, d.members) AS p (grp, member)
        UNION ALL
        SELECT n.address, n.owner, n.owner FROM name n WHERE n.kind = 2
        UNION ALL
        SELECT c.grp, c.grp, c.grp FROM unnest(d.claims) AS c (grp)
        UNION ALL
        SELECT p.address, p.owner, m.group_address FROM person p, LATERAL (
            SELECT m.group_address FROM directory_member m WHERE m.tenant = which AND m.member = p.address OFFSET 0) AS m
    ), above AS (
        SELECT s.grp COLLATE "C" AS grp, s.grp COLLATE "C" AS at FROM start s WHERE powered_groups IS NOT NULL
        UNION
        SELECT a.grp, m.at FROM above a, LATERAL (
            SELECT m.group_address AS at FROM directory_member m WHERE m.tenant = which AND m.nested = a.at OFFSET 0) AS m
    ), power AS (
        SELECT DISTINCT a.grp FROM above a WHERE a.at = ANY (powered_groups)
    ), found AS (
        SELECT 1 AS rank, j.address, j.owner, NULL AS let_in FROM joined j
        UNION ALL
        SELECT 2, t.address, t.owner, t.owner FROM taken t
        UNION ALL
        SELECT 3, f.address, f.owner, f.address FROM freed f
        UNION ALL
        SELECT 4, p.address, p.owner, p.address FROM person p WHERE p.address = ANY (powered_users)
        UNION ALL
        SELECT 4, n.address, n.owner, n.address FROM named n
        UNION ALL
        SELECT 5, s.address, s.owner, s.address FROM start s WHERE s.grp IN (SELECT p.grp FROM power p)
    ) SELECT f.address, f.owner, ARRAY(SELECT DISTINCT g.let_in FROM found g WHERE g.let_in IS NOT NULL)
        INTO what, holder, let_in FROM found f
        ORDER BY f.rank, f.address = f.owner, f.address, f.owner LIMIT 1;
END
$$;

-- Put users, groups, their aliases and members, each as parallel arrays; `previous`: the address that the one entry had, or ''.
-- careful: tell whether by it one admin could come to others' content (directory_effect), as problem 6; let_in: who comes to
-- something by it.
CREATE FUNCTION directory_apply(which uuid, previous text, user_addresses text[], user_names text[], user_guests boolean[],
                                aliases text[], alias_owners text[], group_addresses text[], group_names text[],
                                group_ids text[], member_groups text[], members text[], careful boolean,
                                OUT o directory_outcome, OUT let_in text[]) LANGUAGE plpgsql AS $$
DECLARE
    entries constant text[] := user_addresses || group_addresses;
    names constant text[] := entries || aliases;
    owners constant text[] := entries || alias_owners;
    d directory_delta;
    moved record;
    added record;
    effect record;
BEGIN
    PERFORM directory_change(which);
    o := directory_check(which, previous, entries,
                         array_fill(1::smallint, ARRAY[cardinality(user_addresses)])
                             || array_fill(2::smallint, ARRAY[cardinality(group_addresses)]),
                         array_fill(''::text, ARRAY[cardinality(user_addresses)]) || group_ids, names, owners);
    IF o.problem <> 0 THEN
        RETURN;
    END IF;
    IF previous <> '' AND previous <> entries[1] THEN
        UPDATE directory_entry SET address = entries[1] WHERE tenant = which AND address = previous;
        UPDATE directory_member SET nested = entries[1] WHERE tenant = which AND nested = previous;
        moved := directory_move(which, ARRAY[previous], ARRAY[entries[1]]);
        d.groups := moved.groups;
        d.members := moved.members;
    END IF;
    IF careful THEN
        d.guests := ARRAY(SELECT u.address FROM unnest(user_addresses) AS u (address), LATERAL (
            SELECT e.guest FROM directory_entry e WHERE e.tenant = which AND e.address = u.address OFFSET 0) AS e WHERE e.guest);
        d.risen := ARRAY(SELECT u.address FROM unnest(user_addresses, user_guests) AS u (address, guest)
            WHERE u.address = ANY (d.guests) AND NOT u.guest);
        d.claims := ARRAY(SELECT g.address FROM unnest(group_addresses, group_ids) AS g (address, id)
            WHERE g.id <> '' AND g.id IS DISTINCT FROM (
                SELECT e.external_id FROM directory_entry e WHERE e.tenant = which AND e.address = g.address));
    END IF;
    INSERT INTO directory_entry AS e (tenant, address, kind, display_name, guest, external_id)
        SELECT which, u.address, 1, u.name, u.guest, NULL
            FROM unnest(user_addresses, user_names, user_guests) AS u (address, name, guest)
        UNION ALL
        SELECT which, g.address, 2, g.name, false, nullif(g.id, '')
            FROM unnest(group_addresses, group_names, group_ids) AS g (address, name, id)
        ON CONFLICT (tenant, address) DO UPDATE
            SET display_name = excluded.display_name, guest = excluded.guest, external_id = excluded.external_id
            WHERE (e.display_name, e.guest, e.external_id)
                IS DISTINCT FROM (excluded.display_name, excluded.guest, excluded.external_id);
    SELECT array_agg(g.address), array_agg(g.owner) INTO d.gone, d.gone_owners FROM (
        SELECT n.address, e.address AS owner FROM unnest(entries) AS e (address), LATERAL (
            SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = e.address OFFSET 0) AS n
        EXCEPT SELECT n.address, n.owner FROM unnest(names, owners) AS n (address, owner)) AS g;
    IF d.gone IS NOT NULL THEN
        moved := directory_release(which, d.gone, d.gone_owners);
        d.groups := d.groups || moved.groups;
        d.members := d.members || moved.members;
    END IF;
    WITH added AS (
        INSERT INTO directory_name (tenant, address, entry)
            SELECT which, n.address, n.owner FROM unnest(names, owners) AS n (address, owner) ON CONFLICT DO NOTHING
            RETURNING address, entry
    ) SELECT array_agg(a.address), array_agg(a.entry) INTO d.names, d.owners FROM added a
        WHERE careful OR cardinality(group_addresses) > 0;
    IF careful THEN
        d.aliased := cardinality(aliases) > 0;
        d.kinds := CASE 0 WHEN cardinality(group_addresses) THEN array_fill(1::smallint, ARRAY[coalesce(cardinality(d.names), 0)])
                          WHEN cardinality(user_addresses) THEN array_fill(2::smallint, ARRAY[coalesce(cardinality(d.names), 0)])
                          ELSE ARRAY(SELECT e.kind FROM unnest(d.owners) WITH ORDINALITY AS n (address, at), LATERAL (
            SELECT e.kind FROM directory_entry e WHERE e.tenant = which AND e.address = n.address OFFSET 0) AS e ORDER BY n.at) END;
    END IF;
    added := directory_add(which, member_groups, members,
                           CASE WHEN cardinality(group_addresses) > 0 THEN directory_nest(which, d.names, d.owners) END, careful);
    o := added.o;
    IF o.problem <> 0 OR NOT careful THEN
        RETURN;
    END IF;
    d.groups := d.groups || added.new_groups;
    d.members := d.members || added.new_members;
    effect := directory_effect(which, d);
    let_in := effect.let_in;
    IF effect.what IS NOT NULL THEN
        o := (6, effect.what, effect.holder, o.changed);
    END IF;
END
$$;

-- Whether the tenant requires a second admin for what lets one admin in. Its row is locked, so that neither that nor who holds
-- power changes meanwhile: granting power locks it too (approval_not_needed). To be asked before directory_change.
CREATE FUNCTION directory_is_guarded(which uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    content_access constant integer := 1 << 1; -- chancery.v1.ApprovalOperation
    required integer;
BEGIN
    SELECT approvals INTO required FROM tenant WHERE tenant = which FOR NO KEY UPDATE;
    RETURN coalesce(required & content_access <> 0, true);
END
$$;

-- The same as an admin's act. alone: no second one has approved it, so that what lets somebody in is problem 6 where the tenant
-- requires that. A problem undoes everything, the raised epoch included.
CREATE FUNCTION directory_put(which uuid, previous text, user_addresses text[], user_names text[], user_guests boolean[],
                              aliases text[], alias_owners text[], group_addresses text[], group_names text[],
                              group_ids text[], member_groups text[], members text[], alone boolean DEFAULT false)
RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    made record;
    o directory_outcome;
BEGIN
    made := directory_apply(which, previous, user_addresses, user_names, user_guests, aliases, alias_owners, group_addresses,
                            group_names, group_ids, member_groups, members, alone AND directory_is_guarded(which));
    o := made.o;
    IF o.problem <> 0 THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    RETURN o;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;

-- What putting this would come to: its outcome, and who comes to something by it, those behind groups included. NULL: more than
-- `most`. Everything is undone.
CREATE FUNCTION directory_look(which uuid, previous text, user_addresses text[], user_names text[], user_guests boolean[],
                               aliases text[], alias_owners text[], group_addresses text[], group_names text[],
                               group_ids text[], member_groups text[], members text[], most integer,
                               OUT o directory_outcome, OUT behind text[]) LANGUAGE plpgsql AS $$
DECLARE
    made record;
BEGIN
    made := directory_apply(which, previous, user_addresses, user_names, user_guests, aliases, alias_owners, group_addresses,
                            group_names, group_ids, member_groups, members, true);
    o := made.o;
    behind := directory_behind(which, made.let_in, most);
    RAISE SQLSTATE 'CH001';
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN;
END
$$;

-- Whether by removing a user one admin could come to others' content, as problem 6: a guest who holds power, or may hold it by the
-- groups of their token, is one no more, and who is excluded by one of several addresses is not by the others.
CREATE FUNCTION directory_look_delete(which uuid, address_gone text) RETURNS directory_outcome LANGUAGE plpgsql STABLE AS $$
DECLARE
    o directory_outcome;
BEGIN
    SELECT CASE WHEN e.guest AND EXISTS (
                    SELECT FROM super_user s WHERE s.tenant = which AND s.expires_at > now()
                        AND (s.principal = 'user:' || e.address OR s.principal LIKE 'group:%' AND EXISTS (
                            SELECT FROM tenant_domain d WHERE d.tenant = which AND d.verified
                                AND d.domain = split_part(e.address, '@', -1))))
                OR (SELECT count(*) FROM directory_name n WHERE n.tenant = which AND n.entry = e.address) > 1 AND EXISTS (
                    SELECT FROM directory_name n JOIN exclusion x ON x.tenant = which AND x.kind = 1 AND x.value = n.address
                    WHERE n.tenant = which AND n.entry = e.address) THEN 6 ELSE 0 END,
           e.address, e.address, 0 INTO o FROM directory_entry e
        WHERE e.tenant = which AND e.address = address_gone AND e.kind = 1;
    IF NOT FOUND THEN
        o := (1, address_gone, '', 0);
    END IF;
    RETURN o;
END
$$;

-- Remove a user or a group, and what it is a member of: who gets the address later inherits nothing.
CREATE FUNCTION directory_delete(which uuid, address_gone text, kind_gone smallint, alone boolean DEFAULT false)
RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    guarded constant boolean := kind_gone = 1 AND alone AND directory_is_guarded(which);
    o directory_outcome := (1, address_gone, '', 0);
    gone text[];
BEGIN
    PERFORM directory_change(which);
    IF NOT EXISTS (SELECT FROM directory_entry e WHERE e.tenant = which AND e.address = address_gone
                   AND e.kind = kind_gone) THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    IF guarded THEN
        o := directory_look_delete(which, address_gone);
        IF o.problem <> 0 THEN
            RAISE SQLSTATE 'CH001';
        END IF;
    END IF;
    gone := ARRAY(SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = address_gone);
    DELETE FROM directory_member m WHERE m.tenant = which AND m.member = ANY (gone);
    DELETE FROM directory_entry WHERE tenant = which AND address = address_gone;
    IF kind_gone = 1 THEN
        INSERT INTO directory_former (tenant, address) SELECT which, g.address FROM unnest(gone) AS g (address)
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN (0, '', '', 1)::directory_outcome;
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

-- The record of an admin's act that was refused.
CREATE FUNCTION audit_refused(tenant uuid, event uuid, operation text, user_address text, component uuid,
                              component_name text, client_address text, user_agent text, correlation_id text, target text,
                              why text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component, component_name,
                       client_address, user_agent, correlation_id, target)
    VALUES (tenant, now(), event, operation, false, why, user_address, component, component_name,
            client_address, user_agent, correlation_id, target)
$$;
