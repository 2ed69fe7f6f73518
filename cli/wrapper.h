/* SPDX-License-Identifier: Apache-2.0 */
/* How a protected mail looks to whoever can't open it in their mail program. */
#pragma once

#include "cli/session.h"
#include "client/mail.h"

struct wrapper_ask {
    const char *branding;   /* NULL: the tenant's default */
    const char **languages; /* NULL: the branding's first */
    const char *sender, *sender_name;
    const char *content_id;
};

/* Ask the authority for it. NULL: it didn't answer, which is told; the mail then gets a plain text. */
const struct mail_notice *wrapper_ask(struct session *s, const struct wrapper_ask *ask);
