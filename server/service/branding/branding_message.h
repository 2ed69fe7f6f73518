/* SPDX-License-Identifier: Apache-2.0 */
/* A branding between its message and its row. */
#pragma once

#include "chancery/v1/branding.pb-c.h"
#include "service/common/limits.h"
#include "service/common/resources.h"
#include "store/resource/branding_store.h"
#include "wrapper/logo.h"

enum {
    BRANDING_TEXTS_MAX = 64,
    BRANDING_MEMORY = 2 << 20, /* to show the largest one, as much as a request that makes it has */
};

/* Whether it is `[a-z0-9-]{1,64}`; else R_FIELD_INVALID. */
step branding_name_check(struct call *c, const char *field, const char *name);
/* A row as a message; NULL over budget. `tenant`: the short name. */
Chancery__V1__Branding *branding_message_write(struct call *c, const struct branding_row *row,
                                               const char *tenant);
/* What it says in one of its languages, by the number there; NULL over budget. */
Chancery__V1__BrandingText *branding_message_write_text(struct call *c,
                                                        const struct branding_row *row, size_t i);
/* Whether they are at most as many as a wrapper has, and language tags; else R_FIELD_INVALID. */
step branding_check_languages(struct call *c, char **languages, size_t count);
/* NULL for an empty image, or over budget. */
Chancery__V1__Logo *branding_message_write_logo(struct call *c, struct slice image);
