/* SPDX-License-Identifier: Apache-2.0 */
/* The groups that a token names: by address, or by an id of the identity provider. */
#include <jansson.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "domain/values/address.h"
#include "identity/claims.h"
#include "obs/log.h"

struct group_lists {
    const char **addresses, **ids;
    size_t address_count, id_count;
};

static bool has_text(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static rc add_id(struct arena *arena, struct slice text, struct group_lists *lists, struct err *err)
{
    if (text.len == 0 || text.len > TOKEN_GROUP_ID_MAX || !utf8_is_printable(text)) {
        return OK; /* it can name no group */
    }
    const char *id = arena_dup(arena, text);
    ARENA_ENSURE(id, err);
    if (lists->id_count < TOKEN_GROUPS_MAX && !has_text(lists->ids, lists->id_count, id)) {
        lists->ids[lists->id_count++] = id;
    }
    return OK;
}

/* What is no text names no group, and takes the others away from nobody. */
static rc add_group(struct arena *arena, const json_t *value, struct group_lists *lists,
                    struct err *err)
{
    struct err ignored = {0};
    const char *address;
    struct slice text = slice_of(json_string_value(value), json_string_length(value));
    if (!address_normalize(arena, text, &address, &ignored).ok) {
        ENSURE(ignored.reason == R_FIELD_INVALID, err, R_ARENA_EXHAUSTED);
        return add_id(arena, text, lists, err);
    }
    if (lists->address_count < TOKEN_GROUPS_MAX &&
        !has_text(lists->addresses, lists->address_count, address)) {
        lists->addresses[lists->address_count++] = address;
    }
    return OK;
}

/* Entra leaves the groups out of a token that would become too large, and says so: by a reference to where they
 * could be asked for (distributed claims, OpenID Connect Core §5.6.2), or by `hasgroups`. We never follow such a
 * reference: its address comes from the token. */
static bool leaves_groups_out(const json_t *payload, const char *claim)
{
    return json_object_get(json_object_get(payload, "_claim_names"), claim) != NULL ||
           json_is_true(json_object_get(payload, "hasgroups"));
}

rc claims_read_groups(struct arena *arena, const struct token *token, const struct issuer *issuer,
                      struct token_claims *out, struct err *err)
{
    const json_t *payload = token->payload;
    const char *claim = issuer->claim_groups;
    const json_t *value = claim[0] == '\0' ? NULL : json_object_get(payload, claim);
    if (claim[0] != '\0' && leaves_groups_out(payload, claim)) {
        log_event(LOG_WARNING, "identity.groups_overage", F_ID("issuer", issuer->id),
                  F_STR("using", "the directory's groups alone"));
        out->groups_overage = true;
        return OK;
    }
    if (value == NULL) {
        return OK;
    }
    struct group_lists lists = {.addresses = ARENA_ARRAY(arena, const char *, TOKEN_GROUPS_MAX),
                                .ids = ARENA_ARRAY(arena, const char *, TOKEN_GROUPS_MAX)};
    ENSURE(lists.addresses != NULL && lists.ids != NULL, err, R_ARENA_EXHAUSTED);
    if (!json_is_array(value)) {
        TRY(add_group(arena, value, &lists, err));
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        TRY(add_group(arena, json_array_get(value, i), &lists, err));
    }
    /* Sorted once, here, and not with every call (base/texts.c). */
    if (lists.address_count > 0) {
        qsort(lists.addresses, lists.address_count, sizeof lists.addresses[0], compare_text);
    }
    out->groups = lists.addresses;
    out->group_count = lists.address_count;
    out->group_ids = lists.ids;
    out->group_id_count = lists.id_count;
    return OK;
}
