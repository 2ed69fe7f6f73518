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

/* The public signing keys of all tenants in these boundaries that may have signed a license that
 * is still valid: active and archived ones. */
struct signing_keys {
    struct store_op op;
    const char **jwks; /* each a public JWK */
    size_t count;
};
void key_store_list_signing(struct signing_keys *keys, const char *const *boundaries, size_t count);
