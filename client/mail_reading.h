/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client only: a mail that is being read for rules. */
#pragma once

#include <gmime/gmime.h>

#include "base/buf.h"
#include "client/mail_facts.h"

enum { MAIL_KINDS = 9 };

struct mail_reading {
    struct arena *arena;
    struct err *err;
    Chancery__V1__MessageFacts *out;
    struct buf text;
    bool is_kind[MAIL_KINDS]; /* by their numbers */
    bool has_failed;
};

/* The first failure counts: what rules can't look at is no mail that they may let pass. */
void mail_facts_fail(struct mail_reading *f, const char *why);
static inline struct slice mail_facts_bytes(const GByteArray *array)
{
    return slice_of(array->data, array->len);
}

void mail_facts_add_text(struct mail_reading *f, struct slice text);
/* Text of a part, decoded, in each way in which programs may show it. */
void mail_facts_add_part(struct mail_reading *f, GMimeObject *part, struct slice raw);
