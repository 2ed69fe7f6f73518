/* SPDX-License-Identifier: Apache-2.0 */
/* Brandings. Changes are one statement each, as in store/resource/change.h. */
#pragma once

#include "domain/values/sign_in.h"
#include "store/resource/change.h"

enum { BRANDINGS_MAX = 50 /* of one tenant */ };

/* The branding of mail for which none is named. */
#define BRANDING_DEFAULT "default"

struct branding_row {
    const char *name;
    int64_t mark; /* of its state (base/ids.h) */
    const char *display_name;
    struct slice logo; /* empty: none, or not read */
    const char *background_color, *accent_color, *privacy_url;
    int32_t external_expiry_days; /* 0: never */
    uint32_t sign_ins;            /* 1 << enum sign_in; 0: any */
    /* Parallel: a language and what is said in it. */
    const char *const *languages, *const *introductions, *const *bodies, *const *buttons;
    const char *const *disclaimers, *const *portal_texts;
    size_t text_count;
    int64_t created_at, updated_at;
};

/* R_LIMIT_EXCEEDED, R_ALREADY_EXISTS. */
void branding_store_create(struct change_op *op, const struct branding_row *row);
/* row->mark must be what is stored, else R_NOT_FOUND. */
void branding_store_update(struct change_op *op, const struct branding_row *row);
void branding_store_delete(struct change_op *op, const char *name, int64_t mark);
/* Fills op->brandings: one, or none. */
void branding_store_get(struct change_op *op, const char *name);
/* How mail looks for which this branding is named: by it, else by the default, else by none, whose name
 * is "". Fills op->brandings with one, and op->text with what the tenant is called. R_NOT_FOUND: no
 * such tenant. */
void branding_store_find_look(struct change_op *op, const char *name);
/* Those behind a name, without logos. */
void branding_store_list(struct change_op *op, const char *after, size_t limit);
