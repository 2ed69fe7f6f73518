/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a tenant's keys (docs/policy.md §12): what may be done to a version. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/values/key_purpose.h"
#include "domain/values/key_state.h"

enum {
    KEY_VERSIONS_MAX = 200,        /* of one purpose, that are not destroyed; */
    KEY_SIGNING_VERSIONS_MAX = 64, /* as many as a published key set has */
    KEY_DESTROY_DAYS_MIN = 7,
    KEY_DESTROY_DAYS_MAX = 90,
    KEY_DESTROY_DAYS_DEFAULT = 30,
    KEY_ROTATION_DAYS_MIN = 30,
    KEY_ROTATION_DAYS_MAX = 3650,
};

struct key_version {
    uint32_t version;
    enum key_state state;
    bool is_destroying; /* it is revoked, and has a date */
    bool is_shut;       /* it is below the lowest that opens */
};
/* All of one purpose. Borrows. */
struct key_versions {
    const struct key_version *items;
    size_t count;
};

enum key_act { KEY_REVOKE, KEY_RESTORE, KEY_DESTROY, KEY_CANCEL_DESTROY, KEY_ACTIVATE };

enum key_verdict {
    KEY_MAY,
    KEY_MISSING,     /* there is no such version */
    KEY_WRONG_STATE, /* not in the state that it has */
    KEY_IN_USE,      /* it is the active one, or none is: the purpose would be without one */
};
/* Whether it may be done to a version. */
enum key_verdict key_life_check(struct key_versions all, uint32_t version, enum key_act act);

/* The lowest version that opens (docs/policy.md §12.3). */
uint32_t key_life_min(struct key_versions all);
/* Whether this one may be it: KEY_WRONG_STATE above the active one. */
enum key_verdict key_life_check_min(struct key_versions all, uint32_t version);

/* NULL: none is active. */
const struct key_version *key_life_active(struct key_versions all);
/* The number of the next one: no number comes twice. */
uint32_t key_life_next(struct key_versions all);
/* Whether keys may be rotated by themselves at this age; 0: they aren't. */
bool key_life_may_rotate_after(uint32_t days);
/* Whether the purpose may have one more. */
bool key_life_has_room(struct key_versions all, enum key_purpose purpose);
