/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/json.h"

#include "base/encode.h"

enum { DUMP_USUAL = 1024 /* bytes: the claims of a use license have some 600 */ };

static void json_release(void *value)
{
    json_decref(value);
}

rc json_own(struct arena *arena, json_t *value, struct err *err)
{
    ENSURE(value != NULL, err, R_ARENA_EXHAUSTED);
    return arena_on_free(arena, json_release, value, err);
}

/* Check depth and count before parsing, over the raw text: jansson recurses per level and allocates
 * per value, so both must be bounded first. A bracket inside a string is not a level. */
static bool within_limits(struct slice text, size_t values_max)
{
    size_t depth = 0, values = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        if (c == '{' || c == '[') {
            depth++;
            values++;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0 ? 1 : 0;
        }
        values += c == ',' ? 1 : 0;
        if (depth > JSON_DEPTH_MAX || values > values_max) {
            return false;
        }
    }
    return true;
}

rc json_parse_object(struct arena *arena, struct slice text, size_t max_bytes,
                     enum reason malformed, json_t **out, struct err *err)
{
    return json_parse_large(arena, text, max_bytes, JSON_VALUES_MAX, malformed, out, err);
}

rc json_parse_large(struct arena *arena, struct slice text, size_t max_bytes, size_t max_values,
                    enum reason malformed, json_t **out, struct err *err)
{
    ENSURE(text.len > 0 && text.len <= max_bytes, err, malformed);
    ENSURE(within_limits(text, max_values), err, malformed);
    json_error_t where;
    json_t *root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        FAIL(err, malformed, "JSON at byte %d", where.position);
    }
    TRY(json_own(arena, root, err));
    ENSURE(json_typeof(root) == JSON_OBJECT, err, malformed);
    *out = root;
    return OK;
}

rc json_get_text(const json_t *object, const char *name, enum reason malformed, struct slice *out,
                 struct err *err)
{
    const json_t *value = json_object_get(object, name);
    *out = SLICE_NONE;
    if (value == NULL) {
        return OK;
    }
    if (json_typeof(value) != JSON_STRING) {
        FAIL(err, malformed, "member %s is not a string", name);
    }
    *out = slice_of(json_string_value(value), json_string_length(value));
    return OK;
}

rc json_need_text(const json_t *object, const char *name, enum reason malformed, struct slice *out,
                  struct err *err)
{
    if (json_object_get(object, name) == NULL) {
        FAIL(err, malformed, "member %s is missing", name);
    }
    return json_get_text(object, name, malformed, out, err);
}

rc json_dump(struct arena *arena, const json_t *value, struct slice *out, struct err *err)
{
    const size_t flags = JSON_COMPACT | JSON_SORT_KEYS;
    char *text = arena_alloc(arena, DUMP_USUAL + 1);
    ARENA_ENSURE(text, err);
    /* Writing sorts the members, so what has a usual size is written once. */
    size_t len = json_dumpb(value, text, DUMP_USUAL, flags);
    if (len > DUMP_USUAL) {
        text = arena_alloc(arena, len + 1);
        ARENA_ENSURE(text, err);
        ENSURE(json_dumpb(value, text, len, flags) == len, err, R_INTERNAL);
    }
    text[len] = '\0';
    *out = slice_of(text, len);
    return OK;
}
