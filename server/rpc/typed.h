/* SPDX-License-Identifier: Apache-2.0 */
/* A method's request and reply by their types: acquire_license_request(c), acquire_license_response(c),
 * acquire_license_reply(c, r), and so for every method. A flow that takes another method's is caught by the
 * compiler where the types differ, and by the engine in any case. */
#pragma once

#include "rpc/call.h"

/* For the accessors below: abort when the call is not of METHODS[index]. */
const void *call_request_of(const struct call *c, size_t index);
/* An empty reply message in the call's arena; NULL over budget, with call_err filled. */
void *call_response_of(struct call *c, size_t index);
step call_reply_of(struct call *c, size_t index, const void *response);

#define METHOD(name, index, request, response)                                \
    struct request;                                                           \
    struct response;                                                          \
    static inline const struct request *name##_request(const struct call *c)  \
    {                                                                         \
        return call_request_of(c, index);                                     \
    }                                                                         \
    static inline struct response *name##_response(struct call *c)            \
    {                                                                         \
        return call_response_of(c, index);                                    \
    }                                                                         \
    static inline step name##_reply(struct call *c, const struct response *r) \
    {                                                                         \
        return call_reply_of(c, index, r);                                    \
    }
#include "methods.def"
#undef METHOD
