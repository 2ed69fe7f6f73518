-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
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

-- Entries that an identity provider has touched. An entry without a row has the id that its address spells (scim_entry_id). user_name:
-- of a user, in lower case; of a group its name for people, likewise. document: the rest, as JSON of SCIM.
CREATE TABLE scim_entry (
    tenant uuid NOT NULL,
    address text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    is_user boolean NOT NULL,
    user_name text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (tenant, address),
    UNIQUE (tenant, id),
    FOREIGN KEY (tenant, address) REFERENCES directory_entry (tenant, address) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE UNIQUE INDEX scim_entry_user_name ON scim_entry (tenant, user_name) WHERE is_user;
CREATE INDEX scim_entry_group_name ON scim_entry (tenant, user_name) WHERE NOT is_user;
CREATE INDEX scim_entry_external ON scim_entry (tenant, external_id) WHERE external_id <> '';
SELECT isolate('scim_entry', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, UPDATE, DELETE ON scim_entry TO chancery_server, chancery_node;

-- disabled: no call of theirs is taken. shut: whoever had the address was removed by their identity provider, and is kept out until
-- somebody is put with it again.
ALTER TABLE directory_entry ADD COLUMN disabled boolean NOT NULL DEFAULT false;
ALTER TABLE directory_former ADD COLUMN shut boolean NOT NULL DEFAULT false;
GRANT UPDATE ON directory_former TO chancery_server, chancery_node;

-- The id of an entry that no identity provider has touched: it says the address, so that it leads back.
CREATE FUNCTION scim_entry_id(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'a' || encode(convert_to(address, 'UTF8'), 'hex')
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
    SELECT encode(substr(sha256(convert_to(ROW(e.address, e.kind, e.display_name, e.guest, e.disabled, e.external_id, names, s.id,
                                               s.external_id, s.document)::text, 'UTF8')), 1, 16), 'hex')
$$;

-- The same of the entry that has this primary address; NULL: there is none.
CREATE FUNCTION scim_state(which uuid, entry text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT scim_digest(e, ARRAY(SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = e.address
                                ORDER BY n.address), s)
    FROM directory_entry e LEFT JOIN scim_entry s ON s.tenant = e.tenant AND s.address = e.address
    WHERE e.tenant = which AND e.address = entry
$$;

-- Put an entry as its identity provider says it. was: its address until now; '': it is made. seen: its state (scim_state) when it was
-- read. group_id: of a group, what tokens call it. added, removed: members, by the addresses that they have or by ids of SCIM;
-- replaces: all others go. Problems beside those of directory_apply: 7, it is another one than was seen; 8, a member's id leads nowhere.
CREATE FUNCTION scim_put(which uuid, was text, seen text, of_id text, kind_put smallint, address_now text, shown text, aliases text[],
                         is_disabled boolean, group_id text, named text, external text, said text, added text[],
                         added_ids text[], removed text[], removed_ids text[], replaces boolean)
RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    guarded constant boolean := directory_is_guarded(which);
    is_person constant boolean := kind_put = 1;
    is_guest boolean := false;
    joins text[] := added;
    leaves text[] := removed;
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
        WHERE (SELECT s.id FROM scim_entry s WHERE s.tenant = which AND s.id = a.id) IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    joins := joins || ARRAY(SELECT s.address FROM unnest(added_ids) AS a (id), LATERAL (
        SELECT s.address FROM scim_entry s WHERE s.tenant = which AND s.id = a.id OFFSET 0) AS s);
    leaves := leaves || ARRAY(SELECT s.address FROM unnest(removed_ids) AS r (id), LATERAL (
        SELECT s.address FROM scim_entry s WHERE s.tenant = which AND s.id = r.id OFFSET 0) AS s);
    IF NOT is_person AND was <> '' THEN
        PERFORM scim_take_members(which, was, leaves, replaces, joins);
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
    UPDATE directory_entry e SET disabled = is_disabled
        WHERE e.tenant = which AND e.address = address_now AND e.disabled <> is_disabled;
    INSERT INTO scim_entry AS s (tenant, address, id, is_user, user_name, external_id, document)
        VALUES (which, address_now, of_id, is_person, named, external, said)
        ON CONFLICT (tenant, address) DO UPDATE
            SET user_name = excluded.user_name, external_id = excluded.external_id, document = excluded.document;
    RETURN (0, scim_state(which, address_now), (SELECT k.epoch FROM epoch k WHERE k.scope = directory_scope(which)),
            o.changed)::directory_outcome;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;

-- Remove members from a group by whatever of their addresses, or all but those who stay. Each is found by one look into the index,
-- whatever PostgreSQL believes of the table: thousands compared with thousands would take longer than a statement may. The
-- directory's lock is had, so rows stay where they are meanwhile.
CREATE FUNCTION scim_take_members(which uuid, grp text, leaves text[], replaces boolean, stay text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    meant constant text[] := CASE WHEN replaces THEN stay ELSE leaves END;
    names text[] := meant || ARRAY(
        SELECT n.address FROM unnest(meant) AS m (address), LATERAL (
            SELECT x.entry FROM directory_name x WHERE x.tenant = which AND x.address = m.address OFFSET 0) AS x, LATERAL (
            SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = x.entry OFFSET 0) AS n);
BEGIN
    IF replaces THEN
        names := ARRAY(SELECT d.member FROM directory_member d WHERE d.tenant = which AND d.group_address = grp
                       EXCEPT SELECT n.address FROM unnest(names) AS n (address));
    END IF;
    DELETE FROM directory_member d WHERE d.ctid = ANY (ARRAY(
        SELECT m.place FROM unnest(names) AS n (address), LATERAL (
            SELECT m.ctid AS place FROM directory_member m
            WHERE m.tenant = which AND m.group_address = grp AND m.member = n.address OFFSET 0) AS m));
END
$$;

-- Remove an entry as its identity provider says it: a person is kept out by all the addresses that they had.
CREATE FUNCTION scim_delete(which uuid, gone text, seen text, kind smallint) RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    names text[];
    o directory_outcome;
BEGIN
    PERFORM directory_is_guarded(which); -- the tenant is locked before its directory
    PERFORM directory_change(which);
    IF scim_state(which, gone) IS DISTINCT FROM seen THEN
        RETURN (7, gone, '', 0)::directory_outcome;
    END IF;
    names := ARRAY(SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = gone);
    o := directory_delete(which, gone, kind, true);
    IF o.problem = 0 AND kind = 1 THEN
        UPDATE directory_former f SET shut = true WHERE f.tenant = which AND f.address = ANY (names);
    END IF;
    RETURN o;
END
$$;
GRANT EXECUTE ON FUNCTION scim_entry_id(text), directory_token_limit_holds(uuid, bigint), scim_state(uuid, text),
    scim_digest(directory_entry, text[], scim_entry),
    scim_put(uuid, text, text, text, smallint, text, text, text[], boolean, text, text, text, text, text[], text[], text[], text[],
             boolean), scim_take_members(uuid, text, text[], boolean, text[]), scim_delete(uuid, text, text, smallint)
    TO chancery_server, chancery_node;
