/* SPDX-License-Identifier: Apache-2.0 */
/* A template between its message and its row. */
#pragma once

#include "chancery/v1/template.pb-c.h"
#include "service/common/scope.h"

enum { TEMPLATES_MAX = 500 }; /* of one tenant */
enum { TEMPLATE_NAMES_MAX = 64, TEMPLATE_TEXT_MAX = 1024 };

/* Which parts of a message to take: all of them when it is made, those of the mask when it is changed. */
enum template_part {
    TEMPLATE_NAMES = 1,
    TEMPLATE_DESCRIPTIONS = 2,
    TEMPLATE_GRANTS = 4,
    TEMPLATE_EXPIRY = 8,
    TEMPLATE_OFFLINE = 16,
    TEMPLATE_SCOPE = 32,
    TEMPLATE_REFERRAL = 64,
    TEMPLATE_ALL = 127,
};

/* Read these parts into the row, all limits checked. */
step template_read(struct call *c, const Chancery__V1__Template *from, unsigned parts,
                   struct template_row *row);
/* Write a row as a message; NULL over budget. */
Chancery__V1__Template *template_write(struct call *c, const struct template_row *row,
                                       const char *tenant);
