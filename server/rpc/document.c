/* SPDX-License-Identifier: Apache-2.0 */
/* A body that is a document of another standard (net_request.document_of) becomes the request of its method: a
 * message of two texts, what it is of and the document. So it is checked as whatever any client sends. */
#include "base/buf.h"
#include "rpc/call_internal.h"

enum { OF = 1, DOCUMENT = 2, LENGTH_DELIMITED = 2, VARINT_BITS = 7 };

static void add_varint(struct buf *buf, size_t value)
{
    for (; value >> VARINT_BITS != 0; value >>= VARINT_BITS) {
        buf_add_byte(buf, (uint8_t)(value | 0x80));
    }
    buf_add_byte(buf, (uint8_t)value);
}

static void add_text(struct buf *buf, unsigned number, struct slice text)
{
    buf_add_byte(buf, (uint8_t)(number << 3 | LENGTH_DELIMITED));
    add_varint(buf, text.len);
    buf_add(buf, text);
}

rc document_pack(struct arena *arena, const char *of, struct slice document, struct slice *out,
                 struct err *err)
{
    struct buf buf;
    buf_init(&buf, arena);
    add_text(&buf, OF, slice_str(of));
    add_text(&buf, DOCUMENT, document);
    return buf_finish(&buf, out, err);
}
