-- SPDX-License-Identifier: Apache-2.0
-- One-time passcodes (docs/policy.md §9): what was asked for, and which of them are still to be mailed.

ALTER TABLE tenant ADD COLUMN passcodes_off boolean NOT NULL DEFAULT false;

-- A code is derived from the tenant's sealing key and never stored (docs/formats.md §11.1). What is asked for an address to
-- which the content was not sent has a row like any other, so that every call takes the same way.
--
-- mail_state: 1 to be mailed, 2 mailed, 3 given up, 4 nobody's, not to be mailed. mail_at: when it is tried next; while
-- somebody tries, when others may.
CREATE TABLE passcode (
    passcode uuid PRIMARY KEY,
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    content uuid NOT NULL,
    address text NOT NULL,
    network text NOT NULL,
    portal uuid NOT NULL,
    request uuid, -- by which the portal can ask for it again
    reference text NOT NULL,
    language text NOT NULL,
    key_version integer NOT NULL CHECK (key_version > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    used_at timestamptz,
    is_nobodys boolean NOT NULL,
    mail_state smallint NOT NULL DEFAULT 1 CHECK (mail_state BETWEEN 1 AND 4),
    mail_tries integer NOT NULL DEFAULT 0,
    mail_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX passcode_by_address ON passcode (tenant, address, created_at);
CREATE INDEX passcode_by_content ON passcode (tenant, content, created_at);
CREATE INDEX passcode_by_network ON passcode (tenant, network, created_at);
CREATE INDEX passcode_by_portal ON passcode (tenant, portal, created_at);
CREATE INDEX passcode_to_mail ON passcode (tenant, mail_at) WHERE mail_state = 1;
CREATE UNIQUE INDEX passcode_request ON passcode (portal, request);
CREATE INDEX passcode_by_age ON passcode (created_at);

SELECT isolate('passcode', '{tenant} = {boundaries}');
GRANT SELECT, INSERT, UPDATE, DELETE ON passcode TO chancery_server, chancery_node;

-- Which limit stands in the way of one more passcode: 0 none, 1 too many for one address, content, network or portal within an
-- hour, 2 too many wait to be mailed. Who asks holds the tenant's lock until the end of the transaction and counts after it has
-- the lock, so that of calls on all nodes each counts what the one before has made.
CREATE FUNCTION passcode_limit(of_tenant uuid, of_content uuid, of_address text, of_network text, of_portal uuid,
                               address_most bigint, content_most bigint, network_most bigint, portal_most bigint,
                               waiting_most bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    since constant timestamptz := now() - interval '1 hour';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery passcodes %s', of_tenant), 0));
    IF (SELECT count(*) FROM passcode
        WHERE tenant = of_tenant AND address = of_address AND created_at > since) >= address_most
       OR (SELECT count(*) FROM passcode
           WHERE tenant = of_tenant AND content = of_content AND created_at > since) >= content_most
       OR (SELECT count(*) FROM passcode
           WHERE tenant = of_tenant AND network = of_network AND created_at > since) >= network_most
       OR (SELECT count(*) FROM passcode
           WHERE tenant = of_tenant AND portal = of_portal AND created_at > since) >= portal_most THEN
        RETURN 1;
    END IF;
    IF (SELECT count(*) FROM passcode WHERE tenant = of_tenant AND mail_state = 1) >= waiting_most THEN
        RETURN 2;
    END IF;
    RETURN 0;
END
$$;
GRANT EXECUTE ON FUNCTION passcode_limit(uuid, uuid, text, text, uuid, bigint, bigint, bigint, bigint, bigint)
    TO chancery_server, chancery_node;
