/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/value.h"

char *value_text(const char *text)
{
    return (char *)(uintptr_t)(text == NULL ? "" : text);
}

char *value_uuid(struct arena *arena, struct uuid id)
{
    char *text = arena_alloc(arena, UUID_TEXT_BYTES);
    if (text != NULL) {
        uuid_format(id, text);
        text[uuid_is_zero(id) ? 0 : UUID_TEXT_BYTES - 1] = '\0';
    }
    return text;
}

Google__Protobuf__Timestamp *value_time(struct arena *arena, int64_t unix_us)
{
    Google__Protobuf__Timestamp *time =
        unix_us == 0 ? NULL : ARENA_NEW(arena, Google__Protobuf__Timestamp);
    if (time != NULL) {
        google__protobuf__timestamp__init(time);
        time->seconds = unix_us / 1000000;
        time->nanos = (int32_t)(unix_us % 1000000) * 1000;
    }
    return time;
}

size_t value_rights(struct arena *arena, const struct rights *rights, int **out)
{
    size_t count = 0;
    *out = ARENA_ARRAY(arena, int, RIGHTS_STANDARD);
    for (size_t i = 0; *out != NULL && i < RIGHTS_STANDARD; i++) {
        if ((rights->bits & 1U << i) != 0) {
            (*out)[count++] = (int)i + 1;
        }
    }
    return count;
}

char **value_texts(struct arena *arena, const char *const *texts, size_t count)
{
    char **list = ARENA_ARRAY(arena, char *, count + 1);
    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = value_text(texts[i]);
    }
    return list;
}

size_t value_custom_rights(struct arena *arena, const struct rights *rights, char ***out)
{
    *out = value_texts(arena, rights->custom, rights->custom_count);
    return *out == NULL ? 0 : rights->custom_count;
}

bool value_recorded_rights(struct arena *arena, const char *list, struct rights *out)
{
    struct slice rest = slice_str(list);
    *out = (struct rights){0};
    while (rest.len > 0 && out->custom_count < RIGHTS_UNION_MAX) {
        ptrdiff_t comma = slice_find(rest, ',');
        size_t end = comma < 0 ? rest.len : (size_t)comma;
        struct rights one;
        if (!rights_parse(arena, slice_cut(rest, 0, end), &one, NULL).ok) {
            return false;
        }
        rights_add(out, &one);
        rest = slice_cut(rest, end + 1, rest.len);
    }
    return true;
}
