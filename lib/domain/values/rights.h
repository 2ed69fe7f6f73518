/* SPDX-License-Identifier: Apache-2.0 */
/* Usage rights: 14 standard ones as a bit set, a tenant's own as names. Pure; any thread.
 *
 * OWNER implies all rights; of custom ones those that the policy names, which a set alone does not
 * know (effective_policy.h). Every right, custom ones included, implies VIEW. Numbers and order are those of chancery.v1.Right: bit n is right n + 1. */
#pragma once

#include "base/arena.h"

enum right {
    RIGHT_VIEW = 1 << 0,
    RIGHT_EDIT = 1 << 1,
    RIGHT_DOCEDIT = 1 << 2,
    RIGHT_COMMENT = 1 << 3,
    RIGHT_PRINT = 1 << 4,
    RIGHT_EXTRACT = 1 << 5,
    RIGHT_EXPORT = 1 << 6,
    RIGHT_FORWARD = 1 << 7,
    RIGHT_REPLY = 1 << 8,
    RIGHT_REPLYALL = 1 << 9,
    RIGHT_OBJMODEL = 1 << 10,
    RIGHT_VIEWRIGHTSDATA = 1 << 11,
    RIGHT_EDITRIGHTSDATA = 1 << 12,
    RIGHT_OWNER = 1 << 13,
};

enum {
    RIGHTS_STANDARD = 14,
    RIGHTS_ALL = (1 << RIGHTS_STANDARD) - 1,
    RIGHTS_CUSTOM_MAX = 16, /* in one policy, and in the amendments of one content */
    RIGHTS_UNION_MAX = 2 * RIGHTS_CUSTOM_MAX, /* in a policy and its amendments together */
    RIGHT_NAME_MAX = 32,
    RIGHTS_TEXT_MAX = (RIGHTS_STANDARD + RIGHTS_UNION_MAX) * (RIGHT_NAME_MAX + 1),
};

/* The field's presets (names as in Office's permission levels). */
enum {
    RIGHTS_VIEWER =
        RIGHT_VIEW | RIGHT_VIEWRIGHTSDATA | RIGHT_REPLY | RIGHT_REPLYALL | RIGHT_OBJMODEL,
    RIGHTS_REVIEWER = RIGHTS_VIEWER | RIGHT_DOCEDIT | RIGHT_EDIT | RIGHT_COMMENT | RIGHT_FORWARD,
    RIGHTS_CO_AUTHOR = RIGHTS_REVIEWER | RIGHT_EXTRACT | RIGHT_PRINT,
    RIGHTS_CO_OWNER = RIGHTS_ALL,
    RIGHTS_DO_NOT_FORWARD = RIGHT_VIEW | RIGHT_EDIT | RIGHT_DOCEDIT | RIGHT_REPLY | RIGHT_REPLYALL |
                            RIGHT_OBJMODEL | RIGHT_VIEWRIGHTSDATA,
    RIGHTS_ENCRYPT_ONLY = RIGHTS_ALL & ~(RIGHT_EXPORT | RIGHT_OWNER),
};

/* A set of rights. Custom names lie in somebody's arena, sorted by nothing, each once. */
struct rights {
    uint32_t bits;
    size_t custom_count;
    const char *custom[RIGHTS_UNION_MAX];
};

/* Name of standard right number `index`, 0 to RIGHTS_STANDARD − 1. */
const char *rights_standard_name(size_t index);
/* Whether the name has the form of a custom right, `[A-Z0-9_]{1,32}`, and is not a standard one. */
bool rights_is_custom_name(struct slice name);
/* Whether the set has this custom right. */
bool rights_has_custom(const struct rights *rights, struct slice name);
/* Add a right by its name; copies a custom name. R_POLICY_INVALID when it is neither standard nor
 * of custom form, or there are too many custom ones. */
rc rights_add_name(struct arena *arena, struct rights *rights, struct slice name, struct err *err);
/* Add all of `from`. There must be room: two sets of a policy's size have it. */
void rights_add(struct rights *rights, const struct rights *from);
/* Add what the present rights imply, but for custom ones. */
void rights_close(struct rights *rights);
bool rights_are_none(const struct rights *rights);
/* Whether each right of `some` is among those of `one` or of `other`. */
bool rights_are_within(const struct rights *some, const struct rights *one,
                       const struct rights *other);
/* Read names with commas between, as they are stored: "VIEW,EDIT,SIGN". */
rc rights_parse(struct arena *arena, struct slice text, struct rights *out, struct err *err);
/* Write names with commas between, standard ones first. */
void rights_format(const struct rights *rights, char out[RIGHTS_TEXT_MAX + 1]);
