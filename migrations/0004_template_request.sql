-- SPDX-License-Identifier: Apache-2.0
-- A template that was made by a request with an id keeps what the request was, so that a retry gets the same template and
-- whoever comes with the same id for something else does not (docs/policy.md §5.2).

ALTER TABLE template ADD COLUMN request_hash bytea;
