/* SPDX-License-Identifier: Apache-2.0 */
/* A publisher as it is kept: its key, its certificate, and what belongs to it. JSON, which holds a private key. Pure; any
 * thread. */
#pragma once

#include "base/arena.h"

enum { PUBLISHER_FILE_MAX = 64 * 1024 };

struct publisher_file {
    const char *key_pem;
    const char *certificate; /* a compact JWS */
    const char *exchange_jwk;
    const char *authority_url, *portal_url;
};

rc publisher_file_write(struct arena *arena, const struct publisher_file *file, struct slice *out,
                        struct err *err);
/* Texts lie in the arena, the key too. R_INPUT_INVALID. */
rc publisher_file_read(struct arena *arena, struct slice bytes, struct publisher_file *out,
                       struct err *err);
