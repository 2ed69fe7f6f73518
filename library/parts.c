/* SPDX-License-Identifier: Apache-2.0 */
#include "library/parts.h"

#include <string.h>

/* Lists have room for a power of two; at one they are full. */
static bool is_full(size_t count)
{
    return (count & (count - 1)) == 0;
}

rc parts_add_text(struct arena *arena, char ***items, size_t *count, const char *text,
                  struct err *err)
{
    char *copy = arena_strdup(arena, text);
    ARENA_ENSURE(copy, err);
    if (is_full(*count)) {
        char **moved = ARENA_ARRAY(arena, char *, *count == 0 ? 1 : 2 * *count);
        ARENA_ENSURE(moved, err);
        if (*count > 0) {
            memcpy(moved, *items, *count * sizeof *moved);
        }
        *items = moved;
    }
    (*items)[(*count)++] = copy;
    return OK;
}

/* Make room for one grant more, and one without rights for this principal; NULL over budget. */
static Chancery__V1__Grant *grant_new(struct arena *arena, struct parts_grants *grants,
                                      const char *principal)
{
    if (grants->count == grants->room) {
        size_t room = grants->room == 0 ? 4 : 2 * grants->room;
        Chancery__V1__Grant **moved = ARENA_ARRAY(arena, Chancery__V1__Grant *, room);
        if (moved == NULL) {
            return NULL;
        }
        for (size_t i = 0; i < grants->count; i++) {
            moved[i] = grants->items[i];
        }
        grants->items = moved;
        grants->room = room;
    }
    Chancery__V1__Grant *grant = ARENA_NEW(arena, Chancery__V1__Grant);
    if (grant == NULL) {
        return NULL;
    }
    chancery__v1__grant__init(grant);
    if (!parts_add_text(arena, &grant->principals, &grant->n_principals, principal, NULL).ok) {
        return NULL;
    }
    grants->items[grants->count++] = grant;
    return grant;
}

/* What a principal has, or a new one; NULL over budget. */
static Chancery__V1__Grant *grant_of(struct arena *arena, struct parts_grants *grants,
                                     const char *principal)
{
    for (size_t i = 0; i < grants->count; i++) {
        if (strcmp(grants->items[i]->principals[0], principal) == 0) {
            return grants->items[i];
        }
    }
    return grant_new(arena, grants, principal);
}

static const ProtobufCEnumValue *standard(struct arena *arena, const char *right)
{
    const char *name = arena_printf(arena, "RIGHT_%s", right);
    return name == NULL ? NULL
                        : protobuf_c_enum_descriptor_get_value_by_name(
                              &chancery__v1__right__descriptor, name);
}

/* A name that is no standard right goes out as a custom one: the authority knows the tenant's. */
rc parts_add_grant(struct arena *arena, struct parts_grants *grants, const char *principal,
                   const char *right, struct err *err)
{
    Chancery__V1__Grant *grant = grant_of(arena, grants, principal);
    ARENA_ENSURE(grant, err);
    const ProtobufCEnumValue *value = standard(arena, right);
    if (value == NULL) {
        return parts_add_text(arena, &grant->custom_rights, &grant->n_custom_rights, right, err);
    }
    if (is_full(grant->n_rights)) {
        size_t room = grant->n_rights == 0 ? 1 : 2 * grant->n_rights;
        Chancery__V1__Right *moved = ARENA_ARRAY(arena, Chancery__V1__Right, room);
        ARENA_ENSURE(moved, err);
        if (grant->n_rights > 0) {
            memcpy(moved, grant->rights, grant->n_rights * sizeof *moved);
        }
        grant->rights = moved;
    }
    grant->rights[grant->n_rights++] = (Chancery__V1__Right)value->value;
    return OK;
}
