-- SPDX-License-Identifier: Apache-2.0
-- Up to which time the log is settled: no record of an earlier one can appear any more. A record has the time at which its
-- transaction began, and appears when that commits, so records don't appear in the order of their times. Whoever reads on from a
-- place must not pass one that is still to come (docs/ARCHITECTURE.md, "Reading the log on").

-- The roles whose sessions may write what the asking role reads: those who write everywhere, and those who serve one of its
-- boundaries. Superusers and the owner write no records: the sessions of a backup hold nothing up.
CREATE FUNCTION audit_writers() RETURNS SETOF oid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT r.oid
    FROM pg_roles r
    WHERE NOT r.rolsuper
      AND (pg_has_role(r.oid, 'chancery_server', 'USAGE')
           OR (pg_has_role(r.oid, 'chancery_node', 'USAGE')
               AND (pg_has_role(session_user, 'chancery_server', 'USAGE')
                    OR EXISTS (SELECT
                               FROM boundary_role mine, boundary_role its
                               WHERE its.boundary = mine.boundary
                                 AND pg_has_role(session_user, to_regrole(quote_ident(mine.role))::oid, 'USAGE')
                                 AND pg_has_role(r.oid, to_regrole(quote_ident(its.role))::oid, 'USAGE')))))
$$;
REVOKE ALL ON FUNCTION audit_writers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_writers() TO chancery_server, chancery_node;
