/* SPDX-License-Identifier: Apache-2.0 */
/* chancery context, in parts. */
#pragma once

#include "cli/answer.h"
#include "cli/contexts.h"

struct context_args {
    const char *format;
    enum answer answer;
    const char *profile; /* add: the file to take over */
    const char *server, *ca, *authority_url, *certificate, *key, *token, *dpop_key;
    const char *issuer, *client_id, *client_secret, *issuer_ca; /* by whom to sign in */
    const char **scopes;
    bool is_replacing, is_used;
};

/* chancery context add NAME */
int context_add(struct session *s, const struct context_args *args, const char *name);
