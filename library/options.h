/* SPDX-License-Identifier: Apache-2.0 */
/* Where and as whom to ask. One thread. */
#pragma once

#include <chancery/session.h>

#include "base/arena.h"
#include "base/secret.h"

struct chancery_options {
    /* Owned; NULL: not set. */
    char *server, *ca_file, *certificate_file, *key_file, *token_file, *dpop_key_file,
        *authority_url, *user_agent;
    chancery_token_fn token_function;
    void *token_arg;
    bool loopback_without_tls;
    int64_t timeout_ms;
};

chancery_options *options_copy(const chancery_options *options);
/* The user's token as it is now, NUL-terminated; NULL if there is to be none. R_PROFILE_INVALID for
 * one that is no token, R_FILE_UNREADABLE. */
rc options_token(const chancery_options *options, struct secret **out, struct err *err);
/* Whether all that is named fits together and can be read: R_PROFILE_INVALID, R_FILE_UNREADABLE. */
rc options_check(const chancery_options *options, struct err *err);
