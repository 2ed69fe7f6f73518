/* SPDX-License-Identifier: Apache-2.0 */
/* A template between its message and its row. */
#pragma once

#include "chancery/v1/template.pb-c.h"
#include "service/common/resources.h"
#include "store/resource/template_store.h"

enum { TEMPLATE_NAMES_MAX = 64, TEMPLATE_TEXT_MAX = 1024 };
enum {
    TEMPLATE_MEMORY = 2 << 20 /* to show the largest one: as much as a request that makes it has */
};

/* What no field shows by itself: descriptions are in the languages of the names, all of them, or
 * there are none. */
step template_message_check(struct call *c, const struct template_row *row);
/* A row as a message; NULL over budget. `tenant`: the short name. */
Chancery__V1__Template *template_message_write(struct call *c, const struct template_row *row,
                                               const char *tenant);
