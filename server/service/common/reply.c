/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/reply.h"

#include <string.h>

#include "service/common/proto_field.h"
#include "service/common/value.h"

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
    return value_text(text);
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
    return value_uuid(call_arena(c), id);
}

Google__Protobuf__Timestamp *reply_time(struct call *c, int64_t unix_us)
{
    return value_time(call_arena(c), unix_us);
}

size_t reply_rights(struct call *c, const struct rights *rights, int **out)
{
    return value_rights(call_arena(c), rights, out);
}

char **reply_texts(struct call *c, const char *const *texts, size_t count)
{
    return value_texts(call_arena(c), texts, count);
}

size_t reply_custom_rights(struct call *c, const struct rights *rights, char ***out)
{
    return value_custom_rights(call_arena(c), rights, out);
}

bool reply_recorded_rights(struct call *c, const char *list, struct rights *out)
{
    return value_recorded_rights(call_arena(c), list, out);
}
