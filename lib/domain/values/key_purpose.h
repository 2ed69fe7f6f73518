/* SPDX-License-Identifier: Apache-2.0 */
/* What a key of a tenant's set is for. The numbers stand in the database and in what
 * authenticates a wrapped key, so they never change. */
#pragma once

enum key_purpose {
    KEY_SEALING = 1,  /* AES: seals the publishing licenses that the authority makes */
    KEY_EXCHANGE = 2, /* EC: publishers encrypt to its public half */
    KEY_SIGNING = 3,  /* EC: signs licenses */
};

/* As people and the log call it. */
const char *key_purpose_name(enum key_purpose purpose);
