/* SPDX-License-Identifier: Apache-2.0 */
/* The repeated field of a reply, filled row by row. Long lists yield to the loop. */
#pragma once

#include "methods.h"
#include "rpc/call.h"

/* The rows of a list, and how each becomes an element of the reply. */
struct list_rows {
    const ProtobufCMessageDescriptor
        *type; /* which repeated field: that of these messages; NULL: of texts */
    size_t count;
    bool may_end; /* before all are written, when memory gets short: a page */
    void *(*write)(struct call *c, size_t row); /* a message or a text; NULL over budget */
};

/* In a flow's state. */
struct list_reply {
    void *response; /* of the method's type; NULL: not begun */
    void **elements;
    size_t written;
    size_t packed_bytes; /* of what is written */
};

/* Write the rows into the call's reply. NEXT: reply->response is complete but for its other fields.
 * `self` is the step to which the call comes back when it yields. */
step list_reply_fill(struct call *c, struct list_reply *reply, const struct list_rows *rows,
                     step_fn self);
/* The same, and reply. */
step list_reply_send(struct call *c, struct list_reply *reply, const struct list_rows *rows,
                     step_fn self);
