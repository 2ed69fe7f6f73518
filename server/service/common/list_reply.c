/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/list_reply.h"

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
    *proto_field_count_at(reply->response, field) = rows->count;
    return STEP_NEXT;
}

step list_reply_fill(struct call *c, struct list_reply *reply, const struct list_rows *rows,
                     step_fn self)
{
    if (reply->response == NULL && step_failed(begin(c, reply, rows))) {
        return STEP_FAILED;
    }
    struct mono_time since = clock_mono();
    while (reply->written < rows->count) {
        void *element = rows->write(c, reply->written);
        if (element == NULL) {
            return reply_over_budget(c);
        }
        reply->elements[reply->written++] = element;
        if (reply->written < rows->count && cursor_should_yield(c, since)) {
            return call_yield(c, self);
        }
    }
    return STEP_NEXT;
}

step list_reply_send(struct call *c, struct list_reply *reply, const struct list_rows *rows,
                     step_fn self)
{
    step result = list_reply_fill(c, reply, rows, self);
    return result.kind == STEP_KIND_NEXT ? call_reply(c, reply->response) : result;
}
