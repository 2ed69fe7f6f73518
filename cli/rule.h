/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `chancery rule` share. */
#pragma once

#include "cli/verbs.h"

struct rule_args {
    struct verb_args common; /* first */
    const char *file, *position;
    const char *mail; /* a message to explain, or what follows of one */
    const char *sender, *subject, *body;
};

/* The verb `explain`. */
int rule_explain(struct session *s, const struct verb_args *args);
