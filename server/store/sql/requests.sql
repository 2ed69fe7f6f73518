-- SPDX-License-Identifier: Apache-2.0
-- What admins' requests with an id have made.

-- name: note_request :admin :revoke :bulk
-- params: tenant tenant_id, request uuid, request_hash bytea, made uuid
-- In the transaction of the act. Fails when a request of this id has made something.
INSERT INTO request (tenant, request, request_hash, made)
VALUES (:tenant, :request, :request_hash, :made);

-- name: find_request :admin
-- params: tenant tenant_id, request uuid
-- columns: request_hash bytea, made uuid
SELECT request_hash, made FROM request WHERE tenant = :tenant AND request = :request;
