-- SPDX-License-Identifier: Apache-2.0
-- The whole policy: directories, super users, approvals, partner exceptions, amendments, and the rest of identities.

ALTER TABLE tenant
    -- Set for good when the first user or group is put: a tenant without a directory costs no lookup.
    ADD COLUMN has_directory boolean NOT NULL DEFAULT false,
    ADD COLUMN needs_bound_users boolean NOT NULL DEFAULT false,
    ADD COLUMN needs_bound_components boolean NOT NULL DEFAULT false,
    -- What a second admin must approve: 1 << number of chancery.v1.ApprovalOperation.
    ADD COLUMN approvals integer NOT NULL DEFAULT 0 CHECK (approvals BETWEEN 0 AND 62);

-- The scope under which a tenant's directory has an epoch of its own, so that a change of it does not drop the
-- tenant's templates and keys from caches: the tenant's UUIDv7 with version 8 (RFC 9562 §5.8).
CREATE FUNCTION directory_scope(tenant uuid) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT overlay(tenant::text PLACING '8' FROM 15 FOR 1)::uuid
$$;

-- A tenant has a row here from its first user or group on, for good. Who sees tenant.has_directory but not this row
-- serves another boundary and can't see the directory: for him nobody is a member.
CREATE TABLE directory (
    tenant uuid PRIMARY KEY REFERENCES tenant (tenant),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Kinds: 1 user, 2 group. A group's external id is what the identity provider calls it in tokens. Addresses are
-- compared and sorted by bytes, as the server does it.
CREATE TABLE directory_entry (
    tenant uuid NOT NULL REFERENCES directory (tenant),
    address text COLLATE "C" NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    display_name text NOT NULL DEFAULT '',
    guest boolean NOT NULL DEFAULT false,
    external_id text COLLATE "C" CHECK (external_id <> ''),
    PRIMARY KEY (tenant, address),
    CHECK (kind = 1 OR NOT guest),
    CHECK (kind = 2 OR external_id IS NULL)
);
CREATE INDEX directory_entry_by_kind ON directory_entry (tenant, kind, address);
CREATE UNIQUE INDEX directory_entry_external ON directory_entry (tenant, external_id) WHERE external_id IS NOT NULL;

-- Every address of an entry, the primary one included: an address belongs to one entry of a tenant.
CREATE TABLE directory_name (
    tenant uuid NOT NULL,
    address text COLLATE "C" NOT NULL,
    entry text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, address),
    FOREIGN KEY (tenant, entry) REFERENCES directory_entry (tenant, address) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX directory_name_by_entry ON directory_name (tenant, entry);

-- Members are addresses: of users and groups of this directory, or of people elsewhere.
CREATE TABLE directory_member (
    tenant uuid NOT NULL,
    group_address text COLLATE "C" NOT NULL,
    member text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, group_address, member),
    FOREIGN KEY (tenant, group_address) REFERENCES directory_entry (tenant, address) ON DELETE CASCADE
);
CREATE INDEX directory_member_by_member ON directory_member (tenant, member);

-- How far an import has come.
CREATE TABLE directory_import (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    import uuid NOT NULL,
    users bigint NOT NULL DEFAULT 0,
    groups bigint NOT NULL DEFAULT 0,
    members bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, import)
);

-- Every change of a directory begins here. The epoch's row is the lock under which the changes of one directory stand in
-- line: what is checked after it stays true until the commit, because in READ COMMITTED each further statement of a
-- function sees what was committed before it.
CREATE FUNCTION directory_change(which uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM epoch_raise(directory_scope(which));
    INSERT INTO directory (tenant) VALUES (which) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        UPDATE tenant SET has_directory = true WHERE tenant = which;
        PERFORM epoch_raise(which);
    END IF;
END
$$;

-- What a change answers. Problems: 0 none, 1 there is no such entry, 2 the address is another entry's, 3 the external id is
-- another group's, 4 the group would contain itself, 5 it stands twice in the request. `what` is at fault, `holder` has it.
CREATE TYPE directory_outcome AS (problem integer, what text, holder text, changed bigint);

-- How the tables are looked into below: LATERAL (… OFFSET 0) is an index lookup for each element, whatever the planner believes
-- of tables that have grown a hundredfold since they were analyzed. Joins would now and then become products.

-- Whether entries may be put with these names. An entry that is put loses the names it had, so that entries which are put
-- together may exchange them; so does the one that is renamed.
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
                                      AND e.kind = 1) THEN
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
        WHERE e.id <> '' AND d.address <> e.address LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    RETURN (0, '', '', 0)::directory_outcome;
END
$$;

-- Give a user another primary address. His memberships follow.
CREATE FUNCTION directory_rename(which uuid, previous text, address_now text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE directory_entry SET address = address_now WHERE tenant = which AND address = previous;
    INSERT INTO directory_member (tenant, group_address, member)
        SELECT which, m.group_address, address_now FROM directory_member m WHERE m.tenant = which AND m.member = previous
        ON CONFLICT DO NOTHING;
    DELETE FROM directory_member WHERE tenant = which AND member = previous;
END
$$;

-- Add members: parallel arrays. A new circle goes through one of the new pairs, and that one's member has members itself;
-- so it is enough to climb from the groups of such pairs.
CREATE FUNCTION directory_add(which uuid, groups text[], members text[]) RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome;
    added bigint;
BEGIN
    SELECT 1, n.grp, '', 0 INTO o FROM (SELECT DISTINCT grp FROM unnest(groups) AS g (grp)) AS n
        WHERE (SELECT e.kind FROM directory_entry e WHERE e.tenant = which AND e.address = n.grp) IS DISTINCT FROM 2 LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    INSERT INTO directory_member (tenant, group_address, member)
        SELECT which, n.grp, n.member FROM unnest(groups, members) AS n (grp, member) ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    WITH RECURSIVE start AS (
        SELECT DISTINCT n.grp COLLATE "C" AS grp FROM unnest(groups, members) AS n (grp, member), LATERAL (
            SELECT FROM directory_member m WHERE m.tenant = which AND m.group_address = n.member LIMIT 1) AS m
    ), above AS (
        SELECT s.grp, m.at FROM start s, LATERAL (
            SELECT m.group_address AS at FROM directory_member m WHERE m.tenant = which AND m.member = s.grp OFFSET 0) AS m
        UNION
        SELECT a.grp, m.at FROM above a, LATERAL (
            SELECT m.group_address AS at FROM directory_member m WHERE m.tenant = which AND m.member = a.at OFFSET 0) AS m
    ) SELECT 4, a.grp, '', 0 INTO o FROM above a WHERE a.at = a.grp LIMIT 1;
    IF FOUND THEN
        RETURN o;
    END IF;
    RETURN (0, '', '', added)::directory_outcome;
END
$$;

-- Put users, their aliases, groups and members, each as parallel arrays; `previous`: the address that the one user had, or ''.
-- A problem undoes everything, the raised epoch included.
CREATE FUNCTION directory_put(which uuid, previous text, user_addresses text[], user_names text[], user_guests boolean[],
                              aliases text[], alias_owners text[], group_addresses text[], group_names text[],
                              group_ids text[], member_groups text[], members text[])
RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome;
    names text[] := user_addresses || group_addresses || aliases;
    owners text[] := user_addresses || group_addresses || alias_owners;
BEGIN
    PERFORM directory_change(which);
    o := directory_check(which, previous, user_addresses || group_addresses,
                         array_fill(1::smallint, ARRAY[cardinality(user_addresses)])
                             || array_fill(2::smallint, ARRAY[cardinality(group_addresses)]),
                         array_fill(''::text, ARRAY[cardinality(user_addresses)]) || group_ids, names, owners);
    IF o.problem <> 0 THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    IF previous <> '' AND previous <> user_addresses[1] THEN
        PERFORM directory_rename(which, previous, user_addresses[1]);
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
    DELETE FROM directory_name WHERE tenant = which AND address = ANY (ARRAY(
        SELECT gone.address FROM (
            SELECT n.address, u.address AS owner FROM unnest(user_addresses) AS u (address), LATERAL (
                SELECT n.address FROM directory_name n WHERE n.tenant = which AND n.entry = u.address OFFSET 0) AS n
            EXCEPT SELECT n.address, n.owner FROM unnest(names, owners) AS n (address, owner)) AS gone));
    INSERT INTO directory_name (tenant, address, entry)
        SELECT which, n.address, n.owner FROM unnest(names, owners) AS n (address, owner) ON CONFLICT DO NOTHING;
    o := directory_add(which, member_groups, members);
    IF o.problem <> 0 THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    RETURN o;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;

-- Remove a user or a group, and what it is a member of: who gets the address later inherits nothing.
CREATE FUNCTION directory_delete(which uuid, address_gone text, kind_gone smallint) RETURNS directory_outcome
LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome := (1, address_gone, '', 0);
BEGIN
    PERFORM directory_change(which);
    IF NOT EXISTS (SELECT FROM directory_entry e WHERE e.tenant = which AND e.address = address_gone
                   AND e.kind = kind_gone) THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    DELETE FROM directory_member m USING directory_name n
        WHERE n.tenant = which AND n.entry = address_gone AND m.tenant = which AND m.member = n.address;
    DELETE FROM directory_entry WHERE tenant = which AND address = address_gone;
    RETURN (0, '', '', 1)::directory_outcome;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;

CREATE FUNCTION directory_remove(which uuid, grp text, members text[]) RETURNS directory_outcome LANGUAGE plpgsql AS $$
DECLARE
    o directory_outcome := (1, grp, '', 0);
    removed bigint;
BEGIN
    PERFORM directory_change(which);
    IF NOT EXISTS (SELECT FROM directory_entry e WHERE e.tenant = which AND e.address = grp AND e.kind = 2) THEN
        RAISE SQLSTATE 'CH001';
    END IF;
    DELETE FROM directory_member WHERE tenant = which AND group_address = grp AND member = ANY (members);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN (0, '', '', removed)::directory_outcome;
EXCEPTION WHEN SQLSTATE 'CH001' THEN
    RETURN o;
END
$$;

-- Count a part of an import that was put, if it was. Counts of imports that began more than 30 days ago are forgotten.
CREATE FUNCTION directory_count(which uuid, import_id uuid, was_put boolean, new_users bigint, new_groups bigint,
                                new_members bigint, OUT users bigint, OUT groups bigint, OUT members bigint)
LANGUAGE plpgsql AS $$
BEGIN
    users := new_users;
    groups := new_groups;
    members := new_members;
    IF was_put AND import_id IS NOT NULL THEN
        DELETE FROM directory_import i WHERE i.tenant = which AND i.started_at < now() - interval '30 days';
        INSERT INTO directory_import AS i (tenant, import, users, groups, members)
            VALUES (which, import_id, new_users, new_groups, new_members)
            ON CONFLICT (tenant, import) DO UPDATE SET users = i.users + excluded.users,
                groups = i.groups + excluded.groups, members = i.members + excluded.members
            RETURNING i.users, i.groups, i.members INTO users, groups, members;
    END IF;
END
$$;

-- principal: user:…, group:… or component:<uuid>.
CREATE TABLE super_user (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    principal text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, principal)
);

-- Acts that wait for a second admin. Operations as chancery.v1.ApprovalOperation; states: 1 pending, 2 approved,
-- 3 rejected, 4 withdrawn. act: the flow that asked; request: its message as it was asked for; requested_with: the
-- certificate of who asked.
CREATE TABLE approval (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    approval uuid NOT NULL,
    act text NOT NULL,
    operation smallint NOT NULL CHECK (operation BETWEEN 1 AND 5),
    request bytea NOT NULL,
    summary text NOT NULL,
    requested_by uuid NOT NULL,
    requested_by_name text NOT NULL,
    requested_with bytea NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    state smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4),
    decided_by uuid,
    decided_by_name text NOT NULL DEFAULT '',
    decided_at timestamptz,
    PRIMARY KEY (tenant, approval),
    CHECK (state <> 2 OR decided_by <> requested_by)
);
CREATE INDEX approval_pending ON approval (tenant) WHERE state = 1;

-- Three functions that stand before and after an act in its transaction, and undo it by failing. SQLSTATE RM001: it can't
-- be done in this state; RM002: it must be looked at again.

-- Mark a request as approved; returns what the log says of it.
CREATE FUNCTION approval_take(of_tenant uuid, which uuid, decider uuid, decider_name text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    said text;
BEGIN
    UPDATE approval SET state = 2, decided_by = decider, decided_by_name = decider_name, decided_at = now()
    WHERE tenant = of_tenant AND approval = which AND state = 1 AND now() < expires_at AND requested_by <> decider
    RETURNING requested_by_name || ' asked: ' || summary INTO said;
    IF said IS NULL THEN
        RAISE EXCEPTION 'the request is not pending' USING ERRCODE = 'RM001';
    END IF;
    RETURN said;
END
$$;

-- An act that was performed has left its row in the log.
CREATE FUNCTION approval_performed(of_tenant uuid, which uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit WHERE tenant = of_tenant AND at = now() AND event = which) THEN
        RAISE EXCEPTION 'the act changed nothing' USING ERRCODE = 'RM001';
    END IF;
END
$$;

-- An act of one admin alone: the tenant requires no approval of it. Locks the row, so that none is required meanwhile.
CREATE FUNCTION approval_not_needed(of_tenant uuid, bits integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    required integer;
BEGIN
    SELECT approvals INTO required FROM tenant WHERE tenant = of_tenant FOR SHARE;
    IF required & bits <> 0 THEN
        RAISE EXCEPTION 'the tenant requires approval' USING ERRCODE = 'RM002';
    END IF;
END
$$;

-- Content of one tenant opens natively for members of another, across a boundary, while both consent.
CREATE TABLE partner_exception (
    exception uuid PRIMARY KEY,
    content_tenant uuid NOT NULL REFERENCES tenant (tenant),
    reader_tenant uuid NOT NULL REFERENCES tenant (tenant),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (content_tenant, reader_tenant),
    CHECK (content_tenant <> reader_tenant)
);
CREATE INDEX partner_exception_by_reader ON partner_exception (reader_tenant);

-- A row of its own for each side's consent, so that no node can write that of the other boundary's tenant.
CREATE TABLE partner_consent (
    exception uuid NOT NULL REFERENCES partner_exception (exception) ON DELETE CASCADE,
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    consented_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exception, tenant)
);

-- Which amendment holds; 0: none. It stands in the content's own row, where the gate looks anyway.
ALTER TABLE content ADD COLUMN amendment bigint NOT NULL DEFAULT 0;

-- The sum of all changes to a content's policy so far (domain/amendment.h).
CREATE TABLE content_amendment (
    tenant uuid NOT NULL,
    content uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    -- Parallel arrays: one principal and its rights ("VIEW,EDIT").
    grant_principals text[] NOT NULL,
    grant_rights text[] NOT NULL,
    recipients text[] NOT NULL,
    removed text[] NOT NULL,
    changes_expiry boolean NOT NULL,
    expires_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, content),
    FOREIGN KEY (tenant, content) REFERENCES content (tenant, content),
    CHECK (cardinality(grant_principals) = cardinality(grant_rights)),
    CHECK (changes_expiry OR expires_at IS NULL)
);

-- The claim that marks guests of the issuer's tenant; '': none.
ALTER TABLE issuer ADD COLUMN claim_guest text NOT NULL DEFAULT '';

-- Which tenant a multi-tenant issuer means by a value of its tenant claim.
CREATE TABLE issuer_tenant (
    issuer uuid NOT NULL,
    value text NOT NULL,
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    PRIMARY KEY (issuer, value)
);
CREATE INDEX issuer_tenant_by_tenant ON issuer_tenant (tenant);

-- Whether a multi-tenant issuer, in whatever boundary, is this template and means somebody else than `own` by this value.
-- A definer's function, because rows of other boundaries can't be seen by everybody.
CREATE FUNCTION issuer_is_covered(template text, claimed text, own uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM issuer i WHERE i.iss = template AND i.kind = 2 AND NOT EXISTS (
        SELECT FROM issuer_tenant m WHERE m.issuer = i.issuer AND m.value = claimed AND m.tenant = own))
$$;
REVOKE ALL ON FUNCTION issuer_is_covered(text, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION issuer_is_covered(text, text, uuid) TO chancery_server;

-- Components that come with tokens: whose, and the subject that they name.
ALTER TABLE component
    ADD COLUMN issuer uuid,
    ADD COLUMN subject text NOT NULL DEFAULT '',
    ADD CHECK ((issuer IS NULL) = (subject = ''));
CREATE UNIQUE INDEX component_by_subject ON component (issuer, subject) WHERE issuer IS NOT NULL;

-- DPoP proofs that were used (RFC 9449 §11.1), on whatever node. Worth nothing after minutes, so it need not survive a crash
-- of PostgreSQL: a proof is older than the time that a restart takes, or is seen again within its seconds.
CREATE UNLOGGED TABLE token_proof (
    proof bytea PRIMARY KEY CHECK (length(proof) = 32),
    expires_at timestamptz NOT NULL
);
CREATE INDEX token_proof_by_end ON token_proof (expires_at);

GRANT SELECT, INSERT ON directory TO chancery_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON directory_entry, directory_name, directory_member, directory_import, super_user,
    issuer_tenant TO chancery_server;
GRANT SELECT, INSERT, DELETE ON partner_exception, partner_consent TO chancery_server;
GRANT DELETE ON boundary_rule TO chancery_server;
GRANT SELECT, INSERT, UPDATE ON approval, content_amendment TO chancery_server;
GRANT SELECT, INSERT, DELETE ON token_proof TO chancery_server;
