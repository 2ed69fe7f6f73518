-- SPDX-License-Identifier: Apache-2.0
-- Whether a tenant's gateways open its mail on its way (docs/policy.md §3.12): 1 off, 2 optional, 3 mandatory.

ALTER TABLE tenant ADD COLUMN transport_decryption smallint NOT NULL DEFAULT 1
    CHECK (transport_decryption BETWEEN 1 AND 3);
