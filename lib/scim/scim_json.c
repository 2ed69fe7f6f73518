/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/scim_json.h"

#include <stdlib.h>
#include <strings.h>

#include "base/utf8.h"

static int compare_keys(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names don't differ by case, so what is said twice but for it could be read either way. */
static bool has_key_twice(const json_t *object)
{
    const char *keys[SCIM_OBJECT_MEMBERS_MAX];
    size_t count = 0;
    for (void *i = json_object_iter((json_t *)(uintptr_t)object); i != NULL;
         i = json_object_iter_next((json_t *)(uintptr_t)object, i)) {
        keys[count++] = json_object_iter_key(i);
    }
    qsort(keys, count, sizeof keys[0], compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (strcasecmp(keys[i - 1], keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Recursion ends, as JSON has few levels. */
/* NOLINTBEGIN(misc-no-recursion) */
static bool is_plain(const json_t *value)
{
    size_t index;
    const char *key;
    json_t *part;
    if (json_object_size(value) > SCIM_OBJECT_MEMBERS_MAX ||
        (json_is_object(value) && has_key_twice(value))) {
        return false;
    }
    json_array_foreach(value, index, part)
    {
        if (!is_plain(part)) {
            return false;
        }
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, part)
    {
        if (!is_plain(part)) {
            return false;
        }
    }
    return true;
}
/* NOLINTEND(misc-no-recursion) */

bool scim_json_parse(struct arena *arena, struct slice body, json_t **out, struct scim_fault *fault)
{
    struct err err = {0};
    size_t usual = body.len / SCIM_VALUE_BYTES_USUAL + SCIM_VALUES_ALWAYS;
    size_t values = usual < SCIM_BODY_VALUES_MAX ? usual : SCIM_BODY_VALUES_MAX;
    if (json_parse_large(arena, body, body.len, values, R_JSON_MALFORMED, out, &err).ok &&
        is_plain(*out)) {
        return true;
    }
    return err.reason == R_ARENA_EXHAUSTED
               ? scim_over_budget(fault)
               : scim_fail(fault, "invalidSyntax", "body",
                           "It must be one JSON object in UTF-8, without a member twice, "
                           "by whatever case, and at most 128 members in an object.");
}

json_t *scim_json_get(const json_t *object, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (strcasecmp(key, name) == 0) {
            return json_is_null(value) ? NULL : value;
        }
    }
    return NULL;
}

bool scim_json_text(const json_t *value, const char *attribute, const char **out,
                    struct scim_fault *fault)
{
    *out = "";
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    struct slice text = slice_of(json_string_value(value), json_string_length(value));
    if (!json_is_string(value) || text.len > SCIM_TEXT_MAX || !utf8_is_printable(text)) {
        return scim_fail(fault, "invalidValue", attribute,
                         "It must be a text of one line, of at most 256 bytes.");
    }
    *out = json_string_value(value);
    return true;
}

bool scim_json_bool(const json_t *value, const char *attribute, bool *out, struct scim_fault *fault)
{
    const char *text = json_string_value(value);
    bool is_true = json_is_true(value) || (text != NULL && strcasecmp(text, "true") == 0);
    bool is_false = json_is_false(value) || (text != NULL && strcasecmp(text, "false") == 0);
    *out = is_true;
    return is_true || is_false
               ? true
               : scim_fail(fault, "invalidValue", attribute, "It must be true or false.");
}
