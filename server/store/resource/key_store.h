/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants' public signing keys, and whether the root key is the database's. */
#pragma once

#include "store/resource/change.h"

/* Leave our known text under the root key if there is none, and read what is there. */
void admin_root_key_check(struct admin_op *op, struct slice wrapped);

/* The public signing keys of all tenants in these boundaries that may have signed a license that is still
 * valid: active and archived ones. */
struct signing_keys {
    struct store_op op;
    const char **jwks; /* each a public JWK */
    size_t count;
};
void signing_keys_submit(struct signing_keys *keys, const char *const *boundaries, size_t count);
