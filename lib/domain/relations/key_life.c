/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/key_life.h"

static const struct key_version *find(struct key_versions all, uint32_t version)
{
    for (size_t i = 0; i < all.count; i++) {
        if (all.items[i].version == version) {
            return &all.items[i];
        }
    }
    return NULL;
}

const struct key_version *key_life_active(struct key_versions all)
{
    for (size_t i = 0; i < all.count; i++) {
        if (all.items[i].state == KEY_ACTIVE) {
            return &all.items[i];
        }
    }
    return NULL;
}

static bool is_in_state_for(const struct key_version *key, enum key_act act)
{
    bool is_archived = key->state == KEY_ARCHIVED, is_revoked = key->state == KEY_IS_REVOKED;
    switch (act) {
    case KEY_REVOKE:
        return is_archived;
    case KEY_ACTIVATE:
        return is_archived && !key->is_shut;
    case KEY_RESTORE:
        return is_revoked && !key->is_destroying;
    case KEY_DESTROY:
        return is_archived || (is_revoked && !key->is_destroying);
    case KEY_CANCEL_DESTROY:
        return is_revoked && key->is_destroying;
    }
    return false;
}

enum key_verdict key_life_check(struct key_versions all, uint32_t version, enum key_act act)
{
    const struct key_version *key = find(all, version);
    bool takes_away = act == KEY_REVOKE || act == KEY_DESTROY;
    if (key == NULL) {
        return KEY_MISSING;
    }
    if (takes_away && key->state == KEY_ACTIVE) {
        return KEY_IN_USE;
    }
    if (!is_in_state_for(key, act)) {
        return KEY_WRONG_STATE;
    }
    return act == KEY_DESTROY && key_life_active(all) == NULL ? KEY_IN_USE : KEY_MAY;
}

uint32_t key_life_min(struct key_versions all)
{
    uint32_t shut = 0;
    for (size_t i = 0; i < all.count; i++) {
        shut = all.items[i].is_shut && all.items[i].version > shut ? all.items[i].version : shut;
    }
    return shut + 1;
}

enum key_verdict key_life_check_min(struct key_versions all, uint32_t version)
{
    const struct key_version *active = key_life_active(all);
    if (find(all, version) == NULL) {
        return KEY_MISSING;
    }
    return active == NULL || version > active->version ? KEY_WRONG_STATE : KEY_MAY;
}

uint32_t key_life_next(struct key_versions all)
{
    uint32_t newest = 0;
    for (size_t i = 0; i < all.count; i++) {
        newest = all.items[i].version > newest ? all.items[i].version : newest;
    }
    return newest + 1;
}

bool key_life_may_rotate_after(uint32_t days)
{
    return days == 0 || (days >= KEY_ROTATION_DAYS_MIN && days <= KEY_ROTATION_DAYS_MAX);
}

bool key_life_has_room(struct key_versions all, enum key_purpose purpose)
{
    size_t count = 0;
    for (size_t i = 0; i < all.count; i++) {
        count += all.items[i].state != KEY_IS_DESTROYED;
    }
    return count < (purpose == KEY_SIGNING ? KEY_SIGNING_VERSIONS_MAX : KEY_VERSIONS_MAX);
}
