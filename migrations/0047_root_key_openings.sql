-- SPDX-License-Identifier: Apache-2.0
-- Works with: schema_range
-- By which wraps root keys were opened (docs/policy.md §13.1).

-- kid: the thumbprint of the key to which it is wrapped, which neither names nor opens anything.
CREATE TABLE root_key_opening (
    root_version integer NOT NULL,
    kid text COLLATE "C" NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (root_version, kid)
);
GRANT SELECT, INSERT ON root_key_opening TO chancery_server, chancery_node;
