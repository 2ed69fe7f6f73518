-- SPDX-License-Identifier: Apache-2.0
-- Which claim says that the address of an issuer's tokens is verified; empty: email_verified, where the address is email
-- (docs/policy.md §8.2).

ALTER TABLE issuer ADD COLUMN claim_verified text NOT NULL DEFAULT '';
