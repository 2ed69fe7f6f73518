/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail_decode.h"

#include <string.h>

enum { ENCODING_MAX = 64 };

static struct slice bytes_of(GByteArray *array)
{
    return slice_of(array->data, array->len);
}

/* The first token of a structured field: without white space, comments and quotation marks. */
static void first_token(const char *value, char out[ENCODING_MAX])
{
    size_t len = 0;
    int depth = 0;
    for (; *value != '\0' && len + 1 < ENCODING_MAX; value++) {
        bool is_blank = strchr(" \t\r\n\"", *value) != NULL;
        depth += *value == '(' ? 1 : 0;
        if (depth == 0 && !is_blank) {
            out[len++] = *value;
        } else if (depth == 0 && len > 0) {
            break;
        }
        depth -= *value == ')' && depth > 0 ? 1 : 0;
    }
    out[len] = '\0';
}

GMimeContentEncoding mail_decode_encoding(GMimeObject *object)
{
    char token[ENCODING_MAX];
    const char *value = g_mime_object_get_header(object, "Content-Transfer-Encoding");
    first_token(value == NULL ? "" : value, token);
    return g_mime_content_encoding_from_string(token);
}

/* Each piece up to its padding is decoded by itself. */
static void add_base64(GByteArray *out, struct slice encoded)
{
    while (encoded.len > 0) {
        ptrdiff_t padding = slice_find(encoded, '=');
        size_t len = padding < 0 ? encoded.len : (size_t)padding + 1;
        while (padding >= 0 && len < encoded.len && encoded.ptr[len] == '=') {
            len++;
        }
        int state = 0;
        guint32 save = 0;
        guint at = out->len;
        g_byte_array_set_size(out, at + (guint)len + 3);
        size_t made =
            g_mime_encoding_base64_decode_step(encoded.ptr, len, out->data + at, &state, &save);
        g_byte_array_set_size(out, at + (guint)made);
        encoded = slice_cut(encoded, len, encoded.len);
    }
}

/* Without the white space at the ends of lines, which transports may have added (RFC 2045 §6.7, rule 3). */
static GByteArray *trim_lines(struct slice text)
{
    GByteArray *out = g_byte_array_sized_new((guint)text.len);
    while (text.len > 0) {
        ptrdiff_t end = slice_find(text, '\n');
        size_t len = end < 0 ? text.len : (size_t)end, kept = len;
        while (kept > 0 && strchr(" \t\r", text.ptr[kept - 1]) != NULL && text.ptr[kept - 1] != 0) {
            kept--;
        }
        g_byte_array_append(out, text.ptr, (guint)kept);
        if (end >= 0) {
            g_byte_array_append(out, (const guint8 *)"\n", 1);
        }
        text = slice_cut(text, end < 0 ? len : len + 1, text.len);
    }
    return out;
}

static void add_quoted(GByteArray *out, struct slice encoded)
{
    int state = 0;
    guint32 save = 0;
    GByteArray *trimmed = trim_lines(encoded);
    g_byte_array_set_size(out, trimmed->len + 8);
    size_t made =
        g_mime_encoding_quoted_decode_step(trimmed->data, trimmed->len, out->data, &state, &save);
    g_byte_array_set_size(out, (guint)made);
    g_byte_array_unref(trimmed);
}

/* What is written to a stream goes through a filter, or through none. */
static GByteArray *filtered(struct slice bytes, GMimeFilter *filter)
{
    GByteArray *out = g_byte_array_new();
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(out);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeStream *way = g_mime_stream_filter_new(stream);
    if (filter != NULL) {
        g_mime_stream_filter_add(GMIME_STREAM_FILTER(way), filter);
    }
    g_mime_stream_write(way, (const char *)bytes.ptr, bytes.len);
    g_mime_stream_flush(way);
    g_object_unref(way);
    g_object_unref(stream);
    return out;
}

GByteArray *mail_decode_bytes(struct slice encoded, GMimeContentEncoding encoding)
{
    if (encoding == GMIME_CONTENT_ENCODING_UUENCODE) {
        GMimeFilter *filter = g_mime_filter_basic_new(encoding, FALSE);
        GByteArray *decoded = filtered(encoded, filter);
        g_object_unref(filter);
        return decoded;
    }
    GByteArray *out = g_byte_array_new();
    if (encoding == GMIME_CONTENT_ENCODING_BASE64) {
        add_base64(out, encoded);
    } else if (encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE) {
        add_quoted(out, encoded);
    } else if (encoded.len > 0) {
        g_byte_array_append(out, encoded.ptr, (guint)encoded.len);
    }
    return out;
}

GByteArray *mail_decode_part(GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *from = content == NULL ? NULL : g_mime_data_wrapper_get_stream(content);
    GByteArray *raw = g_byte_array_new();
    GMimeStream *to = g_mime_stream_mem_new_with_byte_array(raw);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(to), FALSE);
    if (from != NULL) {
        g_mime_stream_reset(from);
        g_mime_stream_write_to_stream(from, to);
    }
    g_object_unref(to);
    GByteArray *out = mail_decode_bytes(bytes_of(raw), mail_decode_encoding(GMIME_OBJECT(part)));
    g_byte_array_unref(raw);
    return out;
}

GByteArray *mail_decode_charset(struct slice text, const char *charset)
{
    GMimeFilter *filter = g_mime_filter_charset_new(charset, "utf-8");
    if (filter == NULL) {
        return NULL;
    }
    GByteArray *out = filtered(text, filter);
    g_object_unref(filter);
    return out;
}
