/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/reply.h"

#include <string.h>

#include "service/common/proto_field.h"

/* --- whole replies ---------------------------------------------------------------------------- */

step reply_over_budget(struct call *c)
{
    return call_err(c)->reason != R_NONE ? STEP_FAILED : call_fail(c, R_ARENA_EXHAUSTED, "reply");
}

step reply_empty(struct call *c)
{
    return call_reply(c, call_message(c, call_method(c)->response));
}

void reply_set_message(void *response, const void *message)
{
    const ProtobufCMessage *r = response, *m = message;
    const ProtobufCFieldDescriptor *field = proto_field_of(r->descriptor, false, m->descriptor);
    *(const void **)proto_field_at(response, field) = message;
}

step reply_message(struct call *c, const void *message)
{
    void *response = message == NULL ? NULL : call_message(c, call_method(c)->response);
    if (response == NULL) {
        return reply_over_budget(c);
    }
    reply_set_message(response, message);
    return call_reply(c, response);
}

/* --- values ----------------------------------------------------------------------------------- */

char *reply_text(const char *text)
{
    return (char *)(uintptr_t)(text == NULL ? "" : text);
}

char *reply_slice(struct call *c, struct slice text)
{
    return arena_dup(call_arena(c), text);
}

ProtobufCBinaryData reply_bytes(struct slice bytes)
{
    return (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.ptr};
}

char *reply_uuid(struct call *c, struct uuid id)
{
    char *text = arena_alloc(call_arena(c), UUID_TEXT_BYTES);
    if (text != NULL) {
        uuid_format(id, text);
        text[uuid_is_zero(id) ? 0 : UUID_TEXT_BYTES - 1] = '\0';
    }
    return text;
}

Google__Protobuf__Timestamp *reply_time(struct call *c, int64_t unix_us)
{
    Google__Protobuf__Timestamp *time =
        unix_us == 0 ? NULL : ARENA_NEW(call_arena(c), Google__Protobuf__Timestamp);
    if (time != NULL) {
        google__protobuf__timestamp__init(time);
        time->seconds = unix_us / 1000000;
        time->nanos = (int32_t)(unix_us % 1000000) * 1000;
    }
    return time;
}

size_t reply_rights(struct call *c, const struct rights *rights, int **out)
{
    size_t count = 0;
    *out = ARENA_ARRAY(call_arena(c), int, RIGHTS_STANDARD);
    for (size_t i = 0; *out != NULL && i < RIGHTS_STANDARD; i++) {
        if ((rights->bits & 1U << i) != 0) {
            (*out)[count++] = (int)i + 1;
        }
    }
    return count;
}

char **reply_texts(struct call *c, const char *const *texts, size_t count)
{
    char **list = ARENA_ARRAY(call_arena(c), char *, count + 1);
    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = reply_text(texts[i]);
    }
    return list;
}

size_t reply_custom_rights(struct call *c, const struct rights *rights, char ***out)
{
    *out = reply_texts(c, rights->custom, rights->custom_count);
    return *out == NULL ? 0 : rights->custom_count;
}

bool reply_recorded_rights(struct call *c, const char *list, struct rights *out)
{
    struct slice rest = slice_str(list);
    *out = (struct rights){0};
    while (rest.len > 0 && out->custom_count < RIGHTS_UNION_MAX) {
        ptrdiff_t comma = slice_find(rest, ',');
        size_t end = comma < 0 ? rest.len : (size_t)comma;
        struct rights one;
        if (!rights_parse(call_arena(c), slice_cut(rest, 0, end), &one, NULL).ok) {
            return false;
        }
        rights_add(out, &one);
        rest = slice_cut(rest, end + 1, rest.len);
    }
    return true;
}
