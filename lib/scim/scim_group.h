/* SPDX-License-Identifier: Apache-2.0 */
/* A group as SCIM has it (RFC 7643 §4.2), and what becomes of its members: they may be thousands, so they are never
 * read to be changed. Pure. */
#pragma once

#include "base/buf.h"
#include "scim/scim_patch.h"

/* Our extension, which says by which mail address policies name the group. */
#define SCIM_GROUP_EXTENSION "urn:ietf:params:scim:schemas:extension:chancery:2.0:Group"

enum { SCIM_MEMBERS_MAX = 10000 };

struct scim_member_change {
    const char *value; /* an id */
    size_t order;
    bool is_added;
};

/* Texts are "" where nothing is said. */
struct scim_group {
    struct arena *arena;
    const char *id; /* only for filters */
    const char *display_name, *external_id, *address;
    bool replaces;                      /* all members go but those who are added */
    struct scim_member_change *changes; /* for each id one, once they were settled */
    size_t change_count;
};

void scim_group_init(struct scim_group *group, struct arena *arena);
/* Read a whole resource: its members replace those that are there. */
bool scim_group_read(struct scim_group *group, const json_t *resource, struct scim_fault *fault);
bool scim_group_patch(struct scim_group *group, const json_t *body, struct scim_fault *fault);
/* Copy the texts, so that they outlive the bodies. false: over budget. */
bool scim_group_keep(struct scim_group *group, struct arena *arena);
/* The members of a group's resource but id, schemas, meta and members, without the brackets; never empty. */
void scim_group_write(const struct scim_group *group, struct buf *out);
struct scim_subject scim_group_subject(const struct scim_group *group);
