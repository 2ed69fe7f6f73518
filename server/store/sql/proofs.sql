-- SPDX-License-Identifier: Apache-2.0
-- Proofs of possession that were used (RFC 9449 §11.1).

-- name: claim_proof :read
-- params: proof bytea, keep_s int4
-- One row if nobody has used it. How long it is kept is counted from now by the clock that the sweep
-- asks too.
INSERT INTO token_proof (proof, expires_at)
VALUES (:proof, now() + make_interval(secs => :keep_s))
ON CONFLICT DO NOTHING
RETURNING 1 AS _;

-- name: sweep_proofs :admin
-- params: max int8
-- columns: swept int8
WITH gone AS (
    DELETE FROM token_proof
    WHERE proof IN (SELECT proof FROM token_proof WHERE expires_at < now()
                    ORDER BY expires_at LIMIT :max)
    RETURNING 1
)
SELECT count(*)::int8 AS swept FROM gone;
