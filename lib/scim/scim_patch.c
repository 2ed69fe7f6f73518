/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/scim_patch.h"

#include <strings.h>

/* Attributes may also stand in an object that has the name of their schema (RFC 7644 §3.5.2): what is read over there would be
 * somebody who is not shut out. Recursion ends, as JSON has few levels. */
/* NOLINTBEGIN(misc-no-recursion) */
static bool apply_at(struct arena *arena, const struct scim_path *path, enum scim_change change,
                     const json_t *value, scim_change_fn apply, void *of, struct scim_fault *fault)
{
    size_t len = scim_schema_length(path->attribute);
    if (len == 0 || path->attribute[len] != '\0') {
        return apply(of, change, path, value, fault);
    }
    if (change == SCIM_REMOVE || path->filter != NULL) {
        return scim_fail(fault, "noTarget", "path", "It must name an attribute of the schema.");
    }
    return json_is_object(value)
               ? scim_members_each(arena, value, change, apply, of, fault)
               : scim_fail(fault, "invalidSyntax", "value",
                           "What has the name of a schema must be an object of its attributes.");
}

bool scim_members_each(struct arena *arena, const json_t *resource, enum scim_change change,
                       scim_change_fn apply, void *of, struct scim_fault *fault)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)resource, key, value)
    {
        struct scim_path path;
        if (!scim_path_parse(arena, slice_str(key), &path, fault) ||
            !apply_at(arena, &path, change, value, apply, of, fault)) {
            return false;
        }
    }
    return true;
}
/* NOLINTEND(misc-no-recursion) */

static bool read_change(const json_t *operation, enum scim_change *out, struct scim_fault *fault)
{
    static const char *const words[] = {"add", "replace", "remove"};
    const char *word = json_string_value(scim_json_get(operation, "op"));
    for (size_t i = 0; word != NULL && i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(word, words[i]) == 0) {
            *out = (enum scim_change)i;
            return true;
        }
    }
    return scim_fail(fault, "invalidSyntax", "op", "It must be add, replace or remove.");
}

static bool apply_one(struct arena *arena, const json_t *operation, scim_change_fn apply, void *of,
                      struct scim_fault *fault)
{
    enum scim_change change;
    struct scim_path path;
    const json_t *at = scim_json_get(operation, "path");
    const json_t *value = scim_json_get(operation, "value");
    if (!read_change(operation, &change, fault)) {
        return false;
    }
    if (at != NULL && !json_is_string(at)) {
        return scim_fail(fault, "invalidPath", "path", "It must be a text.");
    }
    if (at != NULL && json_string_length(at) > 0) {
        return scim_path_parse(arena, slice_of(json_string_value(at), json_string_length(at)),
                               &path, fault) &&
               apply_at(arena, &path, change, value, apply, of, fault);
    }
    if (change == SCIM_REMOVE) {
        return scim_fail(fault, "noTarget", "path", "What is removed must be named.");
    }
    return json_is_object(value) ? scim_members_each(arena, value, change, apply, of, fault)
                                 : scim_fail(fault, "invalidSyntax", "value",
                                             "Without a path it must be an object of attributes.");
}

bool scim_patch_each(struct arena *arena, const json_t *body, scim_change_fn apply, void *of,
                     struct scim_fault *fault)
{
    const json_t *operations = scim_json_get(body, "Operations");
    size_t count = json_array_size(operations);
    if (!json_is_array(operations) || count == 0) {
        return scim_fail(fault, "invalidSyntax", "Operations", "It must be a list of operations.");
    }
    if (count > SCIM_OPERATIONS_MAX) {
        return scim_fail(fault, "tooMany", "Operations", "At most 1,000 in one request.");
    }
    for (size_t i = 0; i < count; i++) {
        if (!apply_one(arena, json_array_get(operations, i), apply, of, fault)) {
            return false;
        }
    }
    return true;
}
