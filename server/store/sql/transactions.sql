-- SPDX-License-Identifier: Apache-2.0
-- The ends of a transaction of several operations (server/store/pg/pg_transaction.h). All others are one
-- operation, and need neither.

-- name: transaction_begin :acts
BEGIN;

-- name: transaction_commit :acts
-- After a statement that failed it rolls back, and says so by its command tag.
COMMIT;

-- name: transaction_rollback :acts
ROLLBACK;
