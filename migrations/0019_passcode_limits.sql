-- SPDX-License-Identifier: Apache-2.0
-- Limits of passcodes that say nothing of whom they were mailed to, that one stranger can't use up for others, and that
-- requests which come at the same moment meet one after the other (docs/policy.md §9.2).

CREATE INDEX passcode_by_tenant ON passcode (tenant, created_at);

-- Whose mailbox an address is, as far as anybody can tell: what stands behind a plus sign (RFC 5233) makes no other one.
CREATE FUNCTION passcode_mailbox(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(address, '^([^+]+)\+.*@', '\1@')
$$;
DROP INDEX passcode_by_address;
CREATE INDEX passcode_by_mailbox ON passcode (tenant, passcode_mailbox(address), created_at);

-- Whose network it is, likewise: who has a /64 of IPv6 mostly has a /48.
CREATE FUNCTION passcode_site(network text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN network LIKE '%/64' THEN network(set_masklen(network::inet, 48))::text ELSE network END
$$;
GRANT EXECUTE ON FUNCTION passcode_mailbox(text), passcode_site(text) TO chancery_server, chancery_node;

DROP FUNCTION passcode_limit(uuid, uuid, text, text, uuid, bigint, bigint, bigint, bigint, bigint);

-- Which limit stands in the way of one more passcode: 0 none, 1 too many within an hour, 2 too many of the tenant within the
-- time that one lasts. What is mailed to nobody counts as the rest does: a limit that counted mails would tell whose
-- they are. Who asks holds the tenant's lock until the end of the transaction and counts after it has the lock, so that of
-- calls on all nodes each counts what the one before has made.
CREATE FUNCTION passcode_limit(of_tenant uuid, of_content uuid, of_address text, of_network text, of_portal uuid,
                               address_most bigint, address_network_most bigint, content_most bigint,
                               network_most bigint, portal_most bigint, tenant_most bigint, lasts_s integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    since constant timestamptz := now() - interval '1 hour';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery passcodes %s', of_tenant), 0));
    IF (SELECT count(*) >= address_most
               OR count(*) FILTER (WHERE passcode_site(network) = passcode_site(of_network)) >= address_network_most
        FROM passcode
        WHERE tenant = of_tenant AND passcode_mailbox(address) = passcode_mailbox(of_address) AND created_at > since)
       OR (SELECT count(*) FROM passcode
           WHERE tenant = of_tenant AND content = of_content AND created_at > since) >= content_most
       OR (SELECT count(*) FROM passcode
           WHERE tenant = of_tenant AND network = of_network AND created_at > since) >= network_most
       OR (SELECT count(*) FROM passcode
           WHERE tenant = of_tenant AND portal = of_portal AND created_at > since) >= portal_most THEN
        RETURN 1;
    END IF;
    IF (SELECT count(*) FROM passcode
        WHERE tenant = of_tenant AND created_at > now() - make_interval(secs => lasts_s)) >= tenant_most THEN
        RETURN 2;
    END IF;
    RETURN 0;
END
$$;
GRANT EXECUTE ON FUNCTION passcode_limit(uuid, uuid, text, text, uuid, bigint, bigint, bigint, bigint, bigint, bigint,
                                         integer) TO chancery_server, chancery_node;

-- What a portal's request has started. Whoever asks holds the request's lock until the end of the transaction, so that of
-- several that come at once the later ones find what the first has made.
CREATE FUNCTION passcode_of_request(of_portal uuid, of_request uuid) RETURNS SETOF passcode LANGUAGE plpgsql AS $$
BEGIN
    IF of_request IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery passcode of %s %s', of_portal, of_request), 0));
    RETURN QUERY SELECT * FROM passcode WHERE portal = of_portal AND request = of_request;
END
$$;
GRANT EXECUTE ON FUNCTION passcode_of_request(uuid, uuid) TO chancery_server, chancery_node;
