/* SPDX-License-Identifier: Apache-2.0 */
/* Templates as an admin sees them. Changes are one statement each, as in
 * store/resource/change.h. */
#pragma once

#include "store/resource/change.h"

enum { TEMPLATES_MAX = 500 /* of one tenant, archived ones included */ };

/* A template as an admin sees it. */
struct template_row {
    struct template_id id;
    int64_t version; /* counts changes, for people */
    int64_t mark;    /* of its state (base/ids.h) */
    bool archived;
    const char *const *scope; /* principals */
    size_t scope_count;
    int64_t expires_at; /* microseconds; 0: none */
    int32_t expires_after_days;
    int32_t offline_days;
    const char *referral_contact;
    const char *const *principals; /* parallel to rights */
    const char *const *rights;     /* "VIEW,EDIT" */
    size_t grant_count;
    const char *const *name_languages, *const *name_texts;
    size_t name_count;
    const char *const *description_languages, *const *description_texts;
    size_t description_count;
    int64_t created_at, updated_at;
};

/* R_LIMIT_EXCEEDED. */
void template_store_create(struct change_op *op, const struct template_row *row);
/* row->mark must be what is stored, else R_NOT_FOUND. */
void template_store_update(struct change_op *op, const struct template_row *row);
void template_store_archive(struct change_op *op, struct template_id id, bool archived);
/* R_PRECONDITION_FAILED while content refers to it and `force` is not set. */
void template_store_delete(struct change_op *op, struct template_id id, bool force);
/* Zero ids: any, from the first. Fills op->templates. */
void template_store_list(struct change_op *op, struct template_id only, struct template_id after,
                         size_t limit);
