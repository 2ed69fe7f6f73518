-- SPDX-License-Identifier: Apache-2.0
-- Safe retries (docs/policy.md §5.2).

-- By which version of the tenant's sealing key the content key was derived, so that a retry derives the same one after a
-- rotation too. NULL: it is random, because the request had no id; or older than this, and then no retry gets it again.
ALTER TABLE content ADD COLUMN key_version integer CHECK (key_version > 0);

-- What an admin's request with an id has made: a template's id. It stays when that is deleted, so that a retry which comes
-- late does not make it again. request_hash: of the request and who asked.
CREATE TABLE request (
    tenant uuid NOT NULL REFERENCES tenant (tenant),
    request uuid NOT NULL,
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    made uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, request)
);
INSERT INTO request (tenant, request, request_hash, made, created_at)
    SELECT tenant, request_id, request_hash, template, created_at FROM template
    WHERE request_id IS NOT NULL AND length(request_hash) = 32;
DROP INDEX template_request;
ALTER TABLE template DROP COLUMN request_id, DROP COLUMN request_hash;

SELECT isolate('request', '{tenant} = {boundaries}');
GRANT SELECT, INSERT ON request TO chancery_server, chancery_node;
