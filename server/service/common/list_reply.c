/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/list_reply.h"

#include <string.h>

#include "service/common/cursor.h"
#include "service/common/proto_field.h"
#include "service/common/reply.h"

static step begin(struct call *c, struct list_reply *reply, const struct list_rows *rows)
{
    reply->response = call_message(c, call_method(c)->response);
    reply->elements = ARENA_ARRAY(call_arena(c), void *, rows->count + 1);
    if (reply->response == NULL || reply->elements == NULL) {
        return reply_over_budget(c);
    }
    const ProtobufCFieldDescriptor *field =
        proto_field_of(call_method(c)->response, true, rows->type);
    *(void ***)proto_field_at(reply->response, field) = reply->elements;
    return STEP_NEXT;
}

static size_t packed_bytes(const struct list_rows *rows, const void *element)
{
    enum { OVERHEAD = 8 }; /* of a field: its number and its length */
    size_t bytes =
        rows->type == NULL ? strlen(element) : protobuf_c_message_get_packed_size(element);
    return bytes + OVERHEAD;
}

/* Whether what is written leaves too little for one more: it will be packed, and so will the next one. A third
 * of a call's memory is what the largest row needs, as a message and as bytes. */
static bool is_full(struct call *c, const struct list_reply *reply)
{
    size_t left = arena_left(call_arena(c)), all = arena_used(call_arena(c)) + left;
    return reply->written > 0 && left < reply->packed_bytes + all / 3;
}

step list_reply_fill(struct call *c, struct list_reply *reply, const struct list_rows *rows,
                     step_fn self)
{
    if (reply->response == NULL && step_failed(begin(c, reply, rows))) {
        return STEP_FAILED;
    }
    struct mono_time since = clock_mono();
    while (reply->written < rows->count && !(rows->may_end && is_full(c, reply))) {
        void *element = rows->write(c, reply->written);
        if (element == NULL) {
            return reply_over_budget(c);
        }
        reply->elements[reply->written++] = element;
        reply->packed_bytes += packed_bytes(rows, element);
        if (reply->written < rows->count && cursor_should_yield(c, since)) {
            return call_yield(c, self);
        }
    }
    *proto_field_count_at(reply->response, proto_field_of(call_method(c)->response, true,
                                                          rows->type)) = reply->written;
    return STEP_NEXT;
}

step list_reply_send(struct call *c, struct list_reply *reply, const struct list_rows *rows,
                     step_fn self)
{
    step result = list_reply_fill(c, reply, rows, self);
    return result.kind == STEP_KIND_NEXT ? call_reply(c, reply->response) : result;
}
