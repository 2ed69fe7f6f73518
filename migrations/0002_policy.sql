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

-- Kinds: 1 user, 2 group. A group's external id is what the identity provider calls it in tokens.
CREATE TABLE directory_entry (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    address text NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    display_name text NOT NULL DEFAULT '',
    guest boolean NOT NULL DEFAULT false,
    external_id text,
    PRIMARY KEY (tenant, address),
    CHECK (kind = 1 OR NOT guest),
    CHECK (kind = 2 OR external_id IS NULL)
);
CREATE UNIQUE INDEX directory_entry_external ON directory_entry (tenant, external_id) WHERE external_id IS NOT NULL;

-- Every address of an entry, the primary one included: an address belongs to one entry of a tenant.
CREATE TABLE directory_name (
    tenant uuid NOT NULL,
    address text NOT NULL,
    entry text NOT NULL,
    PRIMARY KEY (tenant, address),
    FOREIGN KEY (tenant, entry) REFERENCES directory_entry (tenant, address) ON DELETE CASCADE
);
CREATE INDEX directory_name_by_entry ON directory_name (tenant, entry);

-- Members are addresses: of users and groups of this directory, or of people elsewhere.
CREATE TABLE directory_member (
    tenant uuid NOT NULL,
    group_address text NOT NULL,
    member text NOT NULL,
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
    started_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, import)
);

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
    content_consents boolean NOT NULL,
    reader_consents boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (content_tenant, reader_tenant),
    CHECK (content_tenant <> reader_tenant),
    CHECK (content_consents OR reader_consents)
);
CREATE INDEX partner_exception_by_reader ON partner_exception (reader_tenant);

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

GRANT SELECT, INSERT, UPDATE, DELETE ON directory_entry, directory_name, directory_member, directory_import, super_user,
    partner_exception, issuer_tenant TO chancery_server;
GRANT SELECT, INSERT, UPDATE ON approval, content_amendment TO chancery_server;
GRANT SELECT, INSERT, DELETE ON token_proof TO chancery_server;
