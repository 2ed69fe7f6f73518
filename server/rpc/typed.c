/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/typed.h"

#include "rpc/call_internal.h"

static void check(const struct call *c, size_t index)
{
    CH_ASSERT(index < METHOD_COUNT && c->method == &METHODS[index]);
}

const void *call_request_of(const struct call *c, size_t index)
{
    check(c, index);
    return c->request;
}

void *call_response_of(struct call *c, size_t index)
{
    check(c, index);
    return call_message(c, c->method->response);
}

step call_reply_of(struct call *c, size_t index, const void *response)
{
    check(c, index);
    return call_reply(c, response);
}
