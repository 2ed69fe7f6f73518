/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/scim_group.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void scim_group_init(struct scim_group *group, struct arena *arena)
{
    *group = (struct scim_group){
        .arena = arena, .id = "", .display_name = "", .external_id = "", .address = ""};
}

/* --- members -------------------------------------------------------------------------------------- */

static bool note_member(struct scim_group *group, const char *value, bool is_added,
                        struct scim_fault *fault)
{
    if (group->change_count == SCIM_MEMBERS_MAX) {
        return scim_fail(fault, "tooMany", "members", "At most 10,000 in one request.");
    }
    if (group->changes == NULL) {
        group->changes = ARENA_ARRAY(group->arena, struct scim_member_change, SCIM_MEMBERS_MAX);
    }
    if (group->changes == NULL) {
        return scim_over_budget(fault);
    }
    group->changes[group->change_count] = (struct scim_member_change){
        .value = value, .order = group->change_count, .is_added = is_added};
    group->change_count++;
    return true;
}

static bool note_value(struct scim_group *group, const json_t *item, bool is_added,
                       struct scim_fault *fault)
{
    const json_t *value = json_is_object(item) ? scim_json_get(item, "value") : item;
    const char *text = json_string_value(value);
    if (text == NULL || text[0] == '\0') {
        return scim_fail(fault, "invalidValue", "members",
                         "Each must be an object with an id as its value.");
    }
    return note_member(group, text, is_added, fault);
}

static bool note_values(struct scim_group *group, const json_t *value, bool is_added,
                        struct scim_fault *fault)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value)) {
        return value == NULL || json_is_null(value) || note_value(group, value, is_added, fault);
    }
    for (size_t i = 0; i < count; i++) {
        if (!note_value(group, json_array_get(value, i), is_added, fault)) {
            return false;
        }
    }
    return true;
}

static void forget_members(struct scim_group *group)
{
    group->replaces = true;
    group->change_count = 0;
}

/* members[value eq "…" or value eq "…"]: as deep as filters may be nested. */
/* NOLINTBEGIN(misc-no-recursion) */
static bool remove_meant(struct scim_group *group, const struct scim_filter *filter,
                         struct scim_fault *fault)
{
    if (filter->op == SCIM_OR) {
        return remove_meant(group, filter->left, fault) &&
               remove_meant(group, filter->right, fault);
    }
    if (filter->op != SCIM_EQ || strcmp(filter->attribute, "value") != 0) {
        return scim_fail(fault, "invalidFilter", "members", "It may only ask for value eq \"…\".");
    }
    return note_member(group, filter->value, false, fault);
}
/* NOLINTEND(misc-no-recursion) */

static bool change_members(struct scim_group *group, enum scim_change change,
                           const struct scim_path *path, const json_t *value,
                           struct scim_fault *fault)
{
    bool says_any = value != NULL && !json_is_null(value);
    if (path->sub[0] != '\0' || (path->filter != NULL && change != SCIM_REMOVE)) {
        return scim_fail(fault, "mutability", "members",
                         "Members are added and removed, and not changed.");
    }
    if (path->filter != NULL) {
        return remove_meant(group, path->filter, fault);
    }
    if (change == SCIM_REPLACE || (change == SCIM_REMOVE && !says_any)) {
        forget_members(group);
    }
    return note_values(group, value, change != SCIM_REMOVE, fault);
}

static int by_value(const void *a, const void *b)
{
    const struct scim_member_change *x = a, *y = b;
    int order = strcmp(x->value, y->value);
    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

/* Of what is said of one member the last word counts. */
static void settle(struct scim_group *group)
{
    size_t kept = 0;
    if (group->change_count == 0) {
        return;
    }
    qsort(group->changes, group->change_count, sizeof group->changes[0], by_value);
    for (size_t i = 0; i < group->change_count; i++) {
        bool is_last = i + 1 == group->change_count ||
                       strcmp(group->changes[i].value, group->changes[i + 1].value) != 0;
        if (is_last) {
            group->changes[kept++] = group->changes[i];
        }
    }
    group->change_count = kept;
}

/* --- all ------------------------------------------------------------------------------------------ */

static bool change_group(void *of, enum scim_change change, const struct scim_path *path,
                         const json_t *value, struct scim_fault *fault)
{
    struct scim_group *group = of;
    const struct {
        const char *name;
        const char **text;
    } texts[] = {{"displayname", &group->display_name},
                 {"externalid", &group->external_id},
                 {SCIM_GROUP_EXTENSION ":address", &group->address}};
    if (strcasecmp(path->attribute, SCIM_GROUP_EXTENSION) == 0 && json_is_object(value)) {
        return scim_json_text(change == SCIM_REMOVE ? NULL : scim_json_get(value, "address"),
                              "address", &group->address, fault);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcasecmp(path->attribute, texts[i].name) == 0 && path->filter == NULL) {
            return scim_json_text(change == SCIM_REMOVE ? NULL : value, path->attribute,
                                  texts[i].text, fault);
        }
    }
    return strcmp(path->attribute, "members") == 0
               ? change_members(group, change, path, value, fault)
               : true;
}

bool scim_group_read(struct scim_group *group, const json_t *resource, struct scim_fault *fault)
{
    forget_members(group);
    if (!scim_members_each(group->arena, resource, SCIM_ADD, change_group, group, fault)) {
        return false;
    }
    settle(group);
    return true;
}

bool scim_group_patch(struct scim_group *group, const json_t *body, struct scim_fault *fault)
{
    if (!scim_patch_each(group->arena, body, change_group, group, fault)) {
        return false;
    }
    settle(group);
    return true;
}

bool scim_group_keep(struct scim_group *group, struct arena *arena)
{
    const char **texts[] = {&group->display_name, &group->external_id, &group->address};
    bool is_kept = true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = arena_strdup(arena, *texts[i]);
        is_kept = is_kept && *texts[i] != NULL;
    }
    for (size_t i = 0; i < group->change_count && is_kept; i++) {
        group->changes[i].value = arena_strdup(arena, group->changes[i].value);
        is_kept = group->changes[i].value != NULL;
    }
    return is_kept;
}

void scim_group_write(const struct scim_group *group, struct buf *out)
{
    buf_add_str(out, "\"displayName\":");
    buf_add_json_text(out, group->display_name);
    if (group->external_id[0] != '\0') {
        buf_add_str(out, ",\"externalId\":");
        buf_add_json_text(out, group->external_id);
    }
    if (group->address[0] != '\0') {
        buf_add_str(out, ",\"" SCIM_GROUP_EXTENSION "\":{\"address\":");
        buf_add_json_text(out, group->address);
        buf_add_str(out, "}");
    }
}

/* --- filters -------------------------------------------------------------------------------------- */

static size_t values(const void *of, const char *attribute, long element, struct scim_value *out,
                     size_t max)
{
    const struct scim_group *group = of;
    const struct {
        const char *name, *value;
        bool is_exact;
    } texts[] = {{.name = "id", .value = group->id, .is_exact = true},
                 {.name = "externalid", .value = group->external_id, .is_exact = true},
                 {.name = "displayname", .value = group->display_name, .is_exact = false}};
    (void)element, (void)max;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(attribute, texts[i].name) == 0 && texts[i].value[0] != '\0') {
            out[0] = (struct scim_value){texts[i].value, texts[i].is_exact};
            return 1;
        }
    }
    return 0;
}

static size_t no_elements(const void *of, const char *attribute)
{
    (void)of, (void)attribute;
    return 0;
}

struct scim_subject scim_group_subject(const struct scim_group *group)
{
    return (struct scim_subject){.of = group, .values = values, .elements = no_elements};
}
