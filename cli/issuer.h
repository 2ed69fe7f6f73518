/* SPDX-License-Identifier: Apache-2.0 */
/* chancery issuer, in parts. */
#pragma once

#include "chancery/v1/issuer.pb-c.h"
#include "cli/verbs.h"

struct issuer_args {
    struct verb_args common;
    const char *file;
    const char **fields;
    const char *discover, *ca, *kind, *boundary; /* create */
    const char **audiences;
};

/* What `create` registers: what -f says; over that, what the options say; and what then is missing, as the provider of
 * --discover says it. Returns an exit code. */
int issuer_read(struct session *s, const struct issuer_args *args, Chancery__V1__Issuer **out);
