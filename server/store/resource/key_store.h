/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: the tenants' public ones, and whether our root key is the one of this database. */
#pragma once

#include "store/pg/store.h"

/* Our known text, wrapped by the root key of whoever came first to this database. */
struct root_key_check {
    struct store_op op;
    struct slice wrapped; /* what is there */
};
/* Leave our known text if there is none, and read what is there. */
void key_store_check_root(struct root_key_check *check, struct slice wrapped);

/* The public keys of a tenant that may have signed a license that is still valid: active and archived
 * ones, the newest 64, newest first. None if there is no such tenant, if it is disabled, or if it is of
 * no boundary of these (none: of any). */
struct tenant_signing_keys {
    struct store_op op;
    const char *authority_url; /* of its boundary; "" for the node's own */
    const char **jwks;         /* each a public JWK */
    size_t count;
};
void key_store_tenant_signing(struct tenant_signing_keys *keys, struct tenant_id tenant,
                              const char *const *boundaries, size_t count);
