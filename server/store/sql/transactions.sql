-- SPDX-License-Identifier: Apache-2.0
-- The ends of a transaction of several operations (server/store/pg/pg_transaction.h). All others are one
-- operation, and need neither.

-- name: transaction_begin :acts
BEGIN;

-- name: together_begin :acts
-- Right behind BEGIN: from here on the platform's epoch is compared and raised by together_settle.
SELECT together_begin() AS _;

-- name: together_settle :acts
-- The last one before COMMIT. Fails when the platform's epoch is not the one on which an act was decided.
SELECT together_settle() AS _;

-- name: transaction_commit :acts
-- After a statement that failed it rolls back, and says so by its command tag.
COMMIT;

-- name: transaction_rollback :acts
ROLLBACK;
