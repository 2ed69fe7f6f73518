/* SPDX-License-Identifier: Apache-2.0 */
/* A user as SCIM has them (RFC 7643 §4.1), as far as a directory keeps it. All other attributes are read over. Pure. */
#pragma once

#include "base/buf.h"
#include "scim/scim_patch.h"

enum { SCIM_EMAILS_MAX = 16 };

struct scim_email {
    const char *value, *type;
    bool is_primary;
};

/* Texts are "" where nothing is said. */
struct scim_user {
    struct arena *arena;
    const char *id; /* only for filters */
    const char *user_name, *external_id, *display_name;
    const char *formatted, *given_name, *family_name;
    bool is_active;
    struct scim_email emails[SCIM_EMAILS_MAX];
    size_t email_count;
};

/* Nobody yet: active, and nothing else. */
void scim_user_init(struct scim_user *user, struct arena *arena);
/* Read a whole resource into a user that was just initialized; texts live as long as it. */
bool scim_user_read(struct scim_user *user, const json_t *resource, struct scim_fault *fault);
/* Change a user by a body of PATCH. Nothing counts when it fails. */
bool scim_user_patch(struct scim_user *user, const json_t *body, struct scim_fault *fault);
/* Copy the texts, so that they outlive the bodies. false: over budget. */
bool scim_user_keep(struct scim_user *user, struct arena *arena);
/* A scim_change_fn on a user. */
bool scim_user_change(void *of, enum scim_change change, const struct scim_path *path,
                      const json_t *value, struct scim_fault *fault);
/* The members of a user's resource but id, active, schemas and meta, without the brackets; never empty. */
void scim_user_write(const struct scim_user *user, struct buf *out);
/* What filters look at. Borrows. */
struct scim_subject scim_user_subject(const struct scim_user *user);
