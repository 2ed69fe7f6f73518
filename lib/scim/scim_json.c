/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/scim_json.h"

#include <strings.h>

#include "base/utf8.h"

bool scim_json_parse(struct arena *arena, struct slice body, json_t **out, struct scim_fault *fault)
{
    struct err err = {0};
    if (json_parse_large(arena, body, body.len, SCIM_BODY_VALUES_MAX, R_JSON_MALFORMED, out, &err)
            .ok) {
        return true;
    }
    return err.reason == R_ARENA_EXHAUSTED
               ? scim_over_budget(fault)
               : scim_fail(fault, "invalidSyntax", "body",
                           "It must be one JSON object in UTF-8, without a member twice.");
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
