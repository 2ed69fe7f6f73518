/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail_mime.h"

#include "client/mail.h"

void mail_mime_start(void)
{
    static bool is_started;
    if (!is_started) {
        g_mime_init();
        is_started = true;
    }
}

void mail_start(void)
{
    mail_mime_start();
}

GMimeMessage *mail_mime_parse(struct slice bytes)
{
    mail_mime_start();
    if (!mail_mime_check(bytes, NULL).ok) {
        return NULL;
    }
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)bytes.ptr, bytes.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

rc mail_mime_take(struct arena *arena, GMimeStream *stream, struct slice *out, struct err *err)
{
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    rc result = arena_dup_slice(arena, slice_of(bytes->data, bytes->len), out, err);
    g_object_unref(stream);
    return result;
}
