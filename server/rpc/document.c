/* SPDX-License-Identifier: Apache-2.0 */
/* A body that is a document of another standard (net_request.document_of) becomes the request of its method: a
 * message of two texts, what it is of and the document. So it is checked as whatever any client sends. */
#include "base/buf.h"
#include "rpc/call_internal.h"
#include "wire/pb_write.h"

enum { OF = 1, DOCUMENT = 2 };

rc document_pack(struct arena *arena, const char *of, struct slice document, struct slice *out,
                 struct err *err)
{
    struct buf buf;
    buf_init(&buf, arena);
    pb_write_bytes(&buf, OF, slice_str(of));
    pb_write_bytes(&buf, DOCUMENT, document);
    return buf_finish(&buf, out, err);
}
