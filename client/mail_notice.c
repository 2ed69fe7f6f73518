/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail_notice.h"

static GMimePart *part_of(const char *media_type, struct slice bytes, GMimeContentEncoding encoding)
{
    GMimePart *part = g_mime_part_new();
    GMimeContentType *type = g_mime_content_type_parse(NULL, media_type);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)bytes.ptr, bytes.len);
    GMimeDataWrapper *content =
        g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
    g_mime_object_set_content_type(GMIME_OBJECT(part), type);
    g_mime_part_set_content(part, content);
    g_mime_part_set_content_encoding(part, encoding);
    g_object_unref(type);
    g_object_unref(content);
    g_object_unref(stream);
    return part;
}

/* Not by g_mime_text_part_set_text, which chooses a character set: the HTML says UTF-8 of itself. */
static GMimeObject *text(const char *media_type, const char *words)
{
    return GMIME_OBJECT(
        part_of(media_type, slice_str(words), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE));
}

static GMimeObject *picture(const struct mail_notice *notice)
{
    GMimePart *part = part_of(notice->logo_type, notice->logo, GMIME_CONTENT_ENCODING_BASE64);
    g_mime_part_set_content_id(part, notice->logo_id);
    g_mime_object_set_disposition(GMIME_OBJECT(part), "inline");
    return GMIME_OBJECT(part);
}

static void add(GMimeMultipart *multipart, GMimeObject *part)
{
    g_mime_multipart_add(multipart, part);
    g_object_unref(part);
}

GMimeObject *mail_notice_part(const struct mail_notice *notice)
{
    GMimeMultipart *alternative = g_mime_multipart_new_with_subtype("alternative");
    add(alternative, text("text/plain; charset=utf-8", notice->text));
    if (notice->logo.len == 0) {
        add(alternative, text("text/html; charset=utf-8", notice->html));
        return GMIME_OBJECT(alternative);
    }
    GMimeMultipart *related = g_mime_multipart_new_with_subtype("related");
    g_mime_object_set_content_type_parameter(GMIME_OBJECT(related), "type", "text/html");
    add(related, text("text/html; charset=utf-8", notice->html));
    add(related, picture(notice));
    add(alternative, GMIME_OBJECT(related));
    return GMIME_OBJECT(alternative);
}
