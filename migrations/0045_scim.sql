-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- Takes away: directory_effect by its name, which another function has by the end that does the same and more.
-- SCIM into a directory (docs/scim.md): tokens of identity providers, what they say of an entry beside what the directory has of
-- its own, and who is deactivated.

-- hash: SHA-256 of the token, which is kept nowhere.
CREATE TABLE directory_token (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    token uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, token),
    UNIQUE (tenant, name)
);
SELECT isolate('directory_token', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, DELETE ON directory_token TO chancery_server, chancery_node;

-- Entries that an identity provider has touched. user_name: of a user, in lower case; of a group its name for people, likewise. document: the rest, as JSON of SCIM.
CREATE TABLE scim_entry (
    tenant uuid NOT NULL,
    address text COLLATE "C" NOT NULL,
    is_user boolean NOT NULL,
    user_name text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (tenant, address),
    FOREIGN KEY (tenant, address) REFERENCES directory_entry (tenant, address) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE UNIQUE INDEX scim_entry_user_name ON scim_entry (tenant, user_name) WHERE is_user;
CREATE INDEX scim_entry_group_name ON scim_entry (tenant, user_name) WHERE NOT is_user;
CREATE INDEX scim_entry_external ON scim_entry (tenant, external_id) WHERE external_id <> '';
SELECT isolate('scim_entry', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, UPDATE, DELETE ON scim_entry TO chancery_server, chancery_node;

-- disabled: no call of theirs is taken. scim_id: what providers call the entry; never made of an address, which somebody else may have
-- tomorrow. owner: the user who had a former address last, while their entry is there; whether they are disabled holds for it too.
-- shut: whoever had it last is gone and was disabled, or was removed by their identity provider. Both count until a user has it again.
ALTER TABLE directory_entry
    ADD COLUMN disabled boolean NOT NULL DEFAULT false,
    ADD COLUMN scim_id text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text;
CREATE UNIQUE INDEX directory_entry_scim_id ON directory_entry (tenant, scim_id);
ALTER TABLE directory_former
    ADD COLUMN shut boolean NOT NULL DEFAULT false,
    ADD COLUMN owner text COLLATE "C",
    ADD FOREIGN KEY (tenant, owner) REFERENCES directory_entry (tenant, address) ON UPDATE CASCADE ON DELETE SET NULL (owner);
CREATE INDEX directory_former_owner ON directory_former (tenant, owner) WHERE owner IS NOT NULL;
GRANT UPDATE ON directory_former TO chancery_server, chancery_node;

-- What providers call a member that is no entry of the directory: it says the address.
CREATE FUNCTION scim_stranger_id(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'a' || encode(convert_to(address, 'UTF8'), 'hex')
$$;

-- Whether an address keeps out whoever has it, as long as it is no user's.
CREATE FUNCTION directory_is_shut(which uuid, named text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM directory_former f WHERE f.tenant = which AND f.address = named
                   AND (f.shut OR (SELECT e.disabled FROM directory_entry e WHERE e.tenant = which AND e.address = f.owner)))
$$;

-- As before, and remembers whose the addresses were.
CREATE OR REPLACE FUNCTION directory_release(which uuid, gone text[], owners text[], OUT groups text[], OUT members text[])
LANGUAGE plpgsql AS $$
BEGIN
    SELECT m.groups, m.members INTO groups, members FROM directory_move(which, gone, owners) AS m;
    INSERT INTO directory_former (tenant, address, owner)
        SELECT which, g.address, g.owner FROM unnest(gone, owners) AS g (address, owner)
            WHERE (SELECT e.kind FROM directory_entry e WHERE e.tenant = which AND e.address = g.owner) = 1
        ON CONFLICT (tenant, address) DO UPDATE SET owner = excluded.owner, shut = false;
    DELETE FROM directory_name WHERE tenant = which AND address = ANY (gone);
END
$$;

-- As before, and keeps out whoever was disabled, by all the addresses that they have had.
CREATE OR REPLACE FUNCTION directory_delete(which uuid, address_gone text, kind_gone smallint, alone boolean DEFAULT false)
RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    guarded constant boolean := kind_gone = 1 AND alone AND directory_is_guarded(which);
    o directory_outcome := (1, address_gone, '', 0);
    gone text[];
    was_disabled boolean;
BEGIN
    PERFORM directory_change(which);
    SELECT e.disabled INTO was_disabled FROM directory_entry e
        WHERE e.tenant = which AND e.address = address_gone AND e.kind = kind_gone;
    IF NOT FOUND THEN
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
    UPDATE directory_former f SET shut = true WHERE f.tenant = which AND f.owner = address_gone AND was_disabled;
    DELETE FROM directory_entry WHERE tenant = which AND address = address_gone;
    IF kind_gone = 1 THEN
        INSERT INTO directory_former (tenant, address, shut) SELECT which, g.address, was_disabled FROM unnest(gone) AS g (address)
            ON CONFLICT (tenant, address) DO UPDATE SET shut = excluded.shut, owner = NULL;
    END IF;
    RETURN (0, '', '', 1)::directory_outcome;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;

-- As before, and: putting a user at an address that keeps out lets in whoever has it.
ALTER FUNCTION directory_effect(uuid, directory_delta) RENAME TO directory_effect_of_names;
CREATE FUNCTION directory_effect(which uuid, d directory_delta, OUT what text, OUT holder text, OUT let_in text[])
LANGUAGE plpgsql AS $$
DECLARE
    back record;
BEGIN
    SELECT e.what, e.holder, e.let_in INTO what, holder, let_in FROM directory_effect_of_names(which, d) AS e;
    FOR back IN SELECT n.address, n.owner FROM unnest(d.names, d.owners, d.kinds) AS n (address, owner, kind)
            WHERE n.kind = 1 AND directory_is_shut(which, n.address)
                AND NOT (SELECT e.disabled FROM directory_entry e WHERE e.tenant = which AND e.address = n.owner)
            ORDER BY n.address LOOP
        holder := CASE WHEN what IS NULL THEN back.owner ELSE holder END;
        what := coalesce(what, back.address);
        let_in := let_in || back.owner;
    END LOOP;
END
$$;

-- Whether one more token has room: true, or RM003. What has ended takes none.
CREATE FUNCTION directory_token_limit_holds(which uuid, most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery limit directory_token %s', which), 0));
    SELECT count(*) INTO held FROM directory_token t WHERE t.tenant = which AND t.expires_at > now();
    IF held >= most THEN
        RAISE EXCEPTION 'there are % already', held USING ERRCODE = 'RM003';
    END IF;
    RETURN true;
END
$$;

-- What an entry is, as a text that differs when it does; members are not part of it.
CREATE FUNCTION scim_digest(e directory_entry, names text[], s scim_entry) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(substr(sha256(convert_to(ROW(e.address, e.kind, e.display_name, e.guest, e.disabled, e.external_id, names,
                                               e.scim_id, s.external_id, s.document)::text, 'UTF8')), 1, 16), 'hex')
$$;

-- The same of the entry that has this primary address; NULL: there is none.
CREATE FUNCTION scim_state(which uuid, entry text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT scim_digest(e, ARRAY(SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = e.address
                                ORDER BY n.address), s)
    FROM directory_entry e LEFT JOIN scim_entry s ON s.tenant = e.tenant AND s.address = e.address
    WHERE e.tenant = which AND e.address = entry
$$;

-- Put an entry as its identity provider says it. was: its address until now; '': it is made. seen: its state (scim_state) when it was
-- read. group_id: of a group, what tokens call it. added_ids, removed_ids: members, by ids of SCIM; added, removed: by addresses, which
-- are no entries of the directory, and so only stay or go. replaces: all others go. What changes nothing raises no epoch. Problems
-- beside those of directory_apply: 7, it is another one than was seen; 8, a member's id leads nowhere.
CREATE FUNCTION scim_put(which uuid, was text, seen text, of_id text, kind_put smallint, address_now text, shown text, aliases text[],
                         is_disabled boolean, group_id text, named text, external text, said text, added text[],
                         added_ids text[], removed text[], removed_ids text[], replaces boolean)
RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    guarded constant boolean := directory_is_guarded(which);
    is_person constant boolean := kind_put = 1;
    is_guest boolean := false;
    joins text[];
    leaves text[];
    dropped bigint := 0;
    made record;
    o directory_outcome;
BEGIN
    PERFORM directory_change(which);
    SELECT 2, named, s.address, 0 INTO o FROM scim_entry s
        WHERE s.tenant = which AND s.is_user AND s.user_name = named AND is_person AND s.address <> was;
    IF FOUND THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    -- A group that nothing else tells from others is the one that has its name: whoever asks again makes no second one.
    SELECT 2, named, s.address, 0 INTO o FROM scim_entry s
        WHERE s.tenant = which AND NOT s.is_user AND s.user_name = named AND NOT is_person AND was = '' AND group_id = '' LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    IF was = '' THEN
        SELECT 2, n.address, n.entry, 0 INTO o FROM directory_name n
            WHERE n.tenant = which AND n.address = ANY (aliases || address_now) LIMIT 1;
        IF FOUND THEN
            RAISE SQLSTATE 'CH001';
        END IF;
    ELSIF scim_state(which, was) IS DISTINCT FROM seen THEN
        o := (7, was, '', 0);
        RAISE SQLSTATE 'CH001';
    END IF;
    SELECT 8, a.id, '', 0 INTO o FROM unnest(added_ids) AS a (id)
        WHERE (SELECT e.scim_id FROM directory_entry e WHERE e.tenant = which AND e.scim_id = a.id) IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    SELECT 8, scim_stranger_id(a.address), '', 0 INTO o FROM unnest(added) AS a (address)
        WHERE (SELECT m.member FROM directory_member m
               WHERE m.tenant = which AND m.group_address = was AND m.member = a.address) IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    joins := added || ARRAY(SELECT e.address FROM unnest(added_ids) AS a (id), LATERAL (
        SELECT e.address FROM directory_entry e WHERE e.tenant = which AND e.scim_id = a.id OFFSET 0) AS e);
    leaves := removed || ARRAY(SELECT e.address FROM unnest(removed_ids) AS r (id), LATERAL (
        SELECT e.address FROM directory_entry e WHERE e.tenant = which AND e.scim_id = r.id OFFSET 0) AS e);
    IF NOT is_person AND was <> '' THEN
        dropped := scim_take_members(which, was, leaves, replaces, joins);
    END IF;
    SELECT e.guest INTO is_guest FROM directory_entry e WHERE e.tenant = which AND e.address = was;
    made := directory_apply(
        which, CASE WHEN was = address_now THEN '' ELSE was END,
        CASE WHEN is_person THEN ARRAY[address_now] ELSE '{}' END, CASE WHEN is_person THEN ARRAY[shown] ELSE '{}' END,
        CASE WHEN is_person THEN ARRAY[coalesce(is_guest, false)] ELSE '{}' END,
        aliases, array_fill(address_now, ARRAY[cardinality(aliases)]),
        CASE WHEN is_person THEN '{}' ELSE ARRAY[address_now] END, CASE WHEN is_person THEN '{}' ELSE ARRAY[shown] END,
        CASE WHEN is_person THEN '{}' ELSE ARRAY[group_id] END,
        array_fill(address_now, ARRAY[cardinality(joins)]), joins, guarded);
    o := made.o;
    IF o.problem <> 0 THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    UPDATE directory_entry e SET disabled = is_disabled, scim_id = of_id
        WHERE e.tenant = which AND e.address = address_now AND (e.disabled, e.scim_id) IS DISTINCT FROM (is_disabled, of_id);
    INSERT INTO scim_entry AS s (tenant, address, is_user, user_name, external_id, document)
        VALUES (which, address_now, is_person, named, external, said)
        ON CONFLICT (tenant, address) DO UPDATE
            SET user_name = excluded.user_name, external_id = excluded.external_id, document = excluded.document;
    IF dropped = 0 AND o.changed = 0 AND scim_state(which, address_now) = seen THEN
        o := (0, seen, '', 0);
        RAISE SQLSTATE 'CH001';
    END IF;
    RETURN (0, scim_state(which, address_now), (SELECT k.epoch FROM epoch k WHERE k.scope = directory_scope(which)),
            o.changed)::directory_outcome;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    IF o.problem = 0 THEN
        o.holder := (SELECT k.epoch FROM epoch k WHERE k.scope = directory_scope(which));
    END IF;
    RETURN o;
END
$$;

-- Remove members from a group by whatever of their addresses, or all but those who stay. Each is found by one look into the index,
-- whatever PostgreSQL believes of the table: thousands compared with thousands would take longer than a statement may. The
-- directory's lock is had, so rows stay where they are meanwhile. Returns how many went.
CREATE FUNCTION scim_take_members(which uuid, grp text, leaves text[], replaces boolean, stay text[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    meant constant text[] := CASE WHEN replaces THEN stay ELSE leaves END;
    names text[] := meant || ARRAY(
        SELECT n.address FROM unnest(meant) AS m (address), LATERAL (
            SELECT x.entry FROM directory_name x WHERE x.tenant = which AND x.address = m.address OFFSET 0) AS x, LATERAL (
            SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = x.entry OFFSET 0) AS n);
    went bigint;
BEGIN
    IF replaces THEN
        names := ARRAY(SELECT d.member FROM directory_member d WHERE d.tenant = which AND d.group_address = grp
                       EXCEPT SELECT n.address FROM unnest(names) AS n (address));
    END IF;
    DELETE FROM directory_member d WHERE d.ctid = ANY (ARRAY(
        SELECT m.place FROM unnest(names) AS n (address), LATERAL (
            SELECT m.ctid AS place FROM directory_member m
            WHERE m.tenant = which AND m.group_address = grp AND m.member = n.address OFFSET 0) AS m));
    GET DIAGNOSTICS went = ROW_COUNT;
    RETURN went;
END
$$;

-- Remove an entry as its identity provider says it: a person is kept out by all the addresses that they have had. So nobody comes in by
-- it, and no second admin is needed.
CREATE FUNCTION scim_delete(which uuid, gone text, seen text, kind smallint) RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome := (7, gone, '', 0);
BEGIN
    PERFORM directory_is_guarded(which); -- the tenant is locked before its directory
    PERFORM directory_change(which);
    IF scim_state(which, gone) IS DISTINCT FROM seen THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    UPDATE directory_entry e SET disabled = true WHERE e.tenant = which AND e.address = gone AND e.kind = 1;
    o := directory_delete(which, gone, kind);
    IF o.problem <> 0 THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    RETURN o;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;
GRANT EXECUTE ON FUNCTION scim_stranger_id(text), directory_is_shut(uuid, text), directory_effect(uuid, directory_delta),
    directory_token_limit_holds(uuid, bigint), scim_state(uuid, text),
    scim_digest(directory_entry, text[], scim_entry),
    scim_put(uuid, text, text, text, smallint, text, text, text[], boolean, text, text, text, text, text[], text[], text[], text[],
             boolean), scim_take_members(uuid, text, text[], boolean, text[]), scim_delete(uuid, text, text, smallint)
    TO chancery_server, chancery_node;
